//! The used part: the four-step search, coupons out of sequence, what was flown to its end.

use afterfare::refund_calculation::facts::{CouponStatus, OneWayFare, Publication, Ticket};
use afterfare::refund_calculation::lines::{Rejected, UsedFareStep};
use afterfare::refund_calculation::quote::{Document, Quote, ReasonCode, Verdict};
use afterfare::refund_calculation::rules::{RuleSet, UsedFareMethod};

use super::make::*;

/// A round trip of VND 5,500,000 in class N, flown out; its two fares are not told apart.
fn half_flown(candidates: Vec<OneWayFare>) -> Ticket {
    let mut ticket = one_way("VND 5500000", &[]);
    ticket.components = vec![component(1, None), component(2, None)];
    ticket.coupons = vec![coupon(1, 1, "HAN", "SGN"), coupon(2, 2, "SGN", "HAN")];
    let own = &mut ticket.components[0];
    (own.booking_class, own.fare_basis, own.fare_level, own.validity_days) = (Some(code("N")), Some(code("NRT")), Some(5), Some(30));
    ticket.candidate_fares = candidates;
    fly(ticket, 1)
}

fn classes() -> RuleSet {
    let mut rules = rules(vec![free()]);
    rules.used_fare.booking_classes = ["A", "P", "N", "R", "Q", "L"].map(code).to_vec();
    rules
}

fn candidate(class: &str, basis: &str, level: i64, days: i64, fare: i64) -> OneWayFare {
    OneWayFare {
        fare_basis: code(basis),
        fare_level: Some(level),
        validity_days: Some(days),
        ..one_way_fare(class, &format!("VND {fare}"))
    }
}

fn chosen(ticket: Ticket) -> (UsedFareStep, String) {
    let quote = quote(&facts(ticket), &classes());
    let line = quote.passengers[0].used_fares.first().unwrap_or_else(|| panic!("{:?}", quote.reasons));
    (line.step, line.fare.decimal().to_string())
}

#[test]
fn the_same_fare_basis_goes_before_all_levels() {
    let fares = vec![candidate("N", "NLOW", 5, 30, 2_000_000), candidate("N", "NRT", 9, 1, 2_900_000), candidate("N", "NHI", 6, 90, 1)];
    assert_eq!(chosen(half_flown(fares)), (UsedFareStep::SameFareBasis, "2900000".into()));
}

#[test]
fn the_same_level_needs_equal_or_longer_validity() {
    let with = |days| vec![candidate("N", "NSAME", 5, days, 2_000_000), candidate("N", "NHIGH", 6, 30, 2_500_000)];
    assert_eq!(chosen(half_flown(with(30))), (UsedFareStep::SameLevel, "2000000".into()));
    assert_eq!(chosen(half_flown(with(31))), (UsedFareStep::SameLevel, "2000000".into()));
    assert_eq!(chosen(half_flown(with(29))), (UsedFareStep::HigherLevel, "2500000".into()));
}

#[test]
fn of_higher_levels_the_nearest() {
    let fares =
        vec![candidate("N", "NTOP", 9, 90, 2_100_000), candidate("N", "NNEXT", 6, 30, 2_600_000), candidate("N", "NLESS", 4, 90, 1)];
    let quote = quote(&facts(half_flown(fares)), &classes());
    let line = &quote.passengers[0].used_fares[0];
    assert_eq!((line.step, line.fare_basis), (UsedFareStep::HigherLevel, Some(code("NNEXT"))));
    let why: Vec<_> = line.rejected.iter().map(|one| (one.fare_basis.text().to_owned(), one.rejected)).collect();
    assert_eq!(why, [("NLESS".to_owned(), Rejected::LowerLevel), ("NTOP".to_owned(), Rejected::FurtherAway)]);
}

#[test]
fn only_fares_of_the_same_publication_and_route_count() {
    let mut private = candidate("N", "NRT", 5, 30, 2_000_000);
    private.publication = Publication::Private;
    let mut elsewhere = candidate("N", "NRT", 5, 30, 1_000_000);
    elsewhere.to = code("DAD");
    let higher = candidate("Q", "QOW", 8, 30, 3_200_000);
    let quote_of = quote(&facts(half_flown(vec![private, elsewhere, higher])), &classes());
    let line = &quote_of.passengers[0].used_fares[0];
    assert_eq!((line.step, line.booking_class), (UsedFareStep::NearestHigherClass, Some(code("Q"))));
    let why: Vec<_> = line.rejected.iter().map(|one| one.rejected).collect();
    assert_eq!(why, [Rejected::OtherRoute, Rejected::OtherPublication]);
    let mut unknown = half_flown(vec![higher]);
    unknown.publication = None;
    assert_eq!(quote(&facts(unknown), &classes()).reasons, [ReasonCode::PublicationMissing]);
}

#[test]
fn half_of_the_round_trip_is_decided_to_one_unit() {
    let with = |fare: i64| chosen(half_flown(vec![candidate("R", "ROW", 1, 1, fare), candidate("L", "LOW", 1, 1, 4_000_000)]));
    assert_eq!(with(2_750_000).1, "4000000", "exactly half is rejected");
    assert_eq!(with(2_749_999).1, "4000000");
    assert_eq!(with(2_750_001), (UsedFareStep::NearestHigherClass, "2750001".into()));
    let odd = |fare: i64| {
        let mut ticket = half_flown(vec![candidate("R", "ROW", 1, 1, fare)]);
        ticket.fare = money("VND 5500001");
        quote(&facts(ticket), &classes()).passengers[0].used_fares.len()
    };
    assert_eq!((odd(2_750_000), odd(2_750_001)), (0, 1), "half of an odd fare lies between two units");
}

#[test]
fn a_higher_class_is_higher_and_known() {
    let fares =
        vec![candidate("P", "POW", 1, 1, 9_000_000), candidate("Z", "ZOW", 1, 1, 9_000_000), candidate("L", "LOW", 1, 1, 9_500_000)];
    let quote_of = quote(&facts(half_flown(fares)), &classes());
    let line = &quote_of.passengers[0].used_fares[0];
    assert_eq!(line.booking_class, Some(code("L")));
    let why: Vec<_> = line.rejected.iter().map(|one| (one.booking_class.text().to_owned(), one.rejected)).collect();
    assert_eq!(why, [("P".to_owned(), Rejected::LowerClass), ("Z".to_owned(), Rejected::UnknownClass)]);
    assert_eq!(parts(&quote_of).fare_used, money("VND 5500000"), "a used fare above the fare paid leaves nothing");
    assert_eq!(quote_of.totals.refund, Some(money("VND 0")));
    let mut charging = classes();
    charging.used_fare.charge_above_paid = true;
    assert_eq!(parts(&quote(&facts(half_flown(vec![candidate("L", "LOW", 1, 1, 9_500_000)])), &charging)).fare_used, money("VND 9500000"));
    let mut own_unknown = half_flown(vec![candidate("L", "LOW", 1, 1, 9_500_000)]);
    own_unknown.components[0].booking_class = Some(code("X"));
    assert_eq!(quote(&facts(own_unknown), &classes()).reasons, [ReasonCode::ClassOrderMissing]);
    let none = quote(&facts(half_flown(vec![])), &classes());
    assert_eq!((none.verdict, none.reasons), (Verdict::CannotQuote, vec![ReasonCode::UsedFareMissing]));
}

#[test]
fn a_rule_in_the_fare_or_the_market_decides_first() {
    let mut named = candidate("A", "AMARKET", 1, 1, 1_500_000);
    named.named_by_rule = true;
    assert_eq!(chosen(half_flown(vec![candidate("N", "NRT", 5, 30, 2_000_000), named])), (UsedFareStep::NamedByRule, "1500000".into()));
    let mut stated = half_flown(vec![named]);
    stated.used_fare = Some(money("VND 1234567"));
    assert_eq!(chosen(stated), (UsedFareStep::Stated, "1234567".into()));
    let mut rules = classes();
    rules.conditions[0].used_fare = Some(UsedFareMethod::HalfRoundTrip);
    let half = quote(&facts(half_flown(vec![])), &rules);
    assert_eq!((half.verdict, parts(&half).fare_used), (Verdict::Estimated, money("VND 2750000")));
    rules.conditions[0].used_fare = Some(UsedFareMethod::Manual);
    assert_eq!(quote(&facts(half_flown(vec![])), &rules).reasons, [ReasonCode::UsedFareByHand]);
    rules.conditions[0].used_fare = Some(UsedFareMethod::FareComponentAsTicketed);
    assert_eq!(quote(&facts(half_flown(vec![])), &rules).reasons, [ReasonCode::DirectionFareMissing]);
    let told = quote(&facts(fly(round_trip("VND 2000000", "VND 3500000", &[]), 1)), &rules);
    assert_eq!(parts(&told).fare_used, money("VND 2000000"));
}

#[test]
fn a_one_way_fare_flown_to_its_end_is_its_own() {
    let mut ticket = fly(round_trip("VND 2000000", "VND 3500000", &[]), 1);
    ticket.components[1].pricing_unit = 2;
    let quote = quote(&facts(ticket), &classes());
    assert_eq!((quote.passengers[0].used_fares[0].step, parts(&quote).fare_used), (UsedFareStep::AsTicketed, money("VND 2000000")));
}

#[test]
fn candidates_in_another_currency_are_converted_first() {
    let mut facts = facts(half_flown(vec![OneWayFare { fare: money("USD 120.00"), ..candidate("R", "ROW", 1, 1, 0) }]));
    assert_eq!(quote(&facts, &classes()).reasons, [ReasonCode::NoExchangeRate], "it may be the right one");
    facts.rates = vec![afterfare::refund_calculation::facts::Rate {
        from: currency("USD"),
        to: currency("VND"),
        day: "2026-11-20".parse().expect("a day"),
        rate: "25000".parse().expect("a rate"),
    }];
    assert_eq!(parts(&quote(&facts, &classes())).fare_used, money("VND 3000000"));
}

#[test]
fn a_fully_flown_ticket_gives_nothing() {
    let quote = quote(&facts(fly(round_trip("VND 2000000", "VND 3500000", &["UE VND 100000"]), 2)), &{
        let mut rules = classes();
        rules.used_fare.method = UsedFareMethod::FareComponentAsTicketed;
        rules
    });
    assert_eq!((quote.verdict, quote.totals.refund), (Verdict::NonRefundable, Some(money("VND 0"))));
    assert!(quote.reasons.contains(&ReasonCode::FullyUsed));
    let by_hand = self::quote(&facts(fly(round_trip("VND 2000000", "VND 3500000", &[]), 2)), RuleSet::low_cost());
    assert_eq!(by_hand.verdict, Verdict::NonRefundable, "no used fare is searched for");
    assert_eq!(quote.passengers[0].taxes[0].used, money("VND 100000"));
}

/// What may be the right fare and does not tell enough is not passed over for a dearer one.
#[test]
fn one_way_fares_that_do_not_tell_enough_stop_the_search() {
    let reasons = |fares: Vec<OneWayFare>| quote(&facts(half_flown(fares)), &classes()).reasons;
    let dear = || candidate("R", "ROW", 9, 90, 4_000_000);
    let without = |level: Option<i64>, days: Option<i64>| OneWayFare {
        fare_level: level,
        validity_days: days,
        ..candidate("N", "NX", 5, 30, 2_000_000)
    };
    assert_eq!(reasons(vec![without(None, Some(30)), dear()]), [ReasonCode::CandidateFactMissing]);
    assert_eq!(reasons(vec![without(Some(5), None), dear()]), [ReasonCode::CandidateFactMissing]);
    assert_eq!(reasons(vec![without(Some(4), None), dear()]), [], "a lower level is out whatever its validity");
    assert_eq!(reasons(vec![candidate("N", "NRT", 5, 30, 1), candidate("N", "NRT", 5, 30, 2)]), [ReasonCode::CandidateFactMissing]);
    assert_eq!(reasons(vec![candidate("N", "NRT", 5, 30, 2), candidate("N", "NRT", 5, 30, 2)]), []);
}

#[test]
fn a_one_way_has_no_round_trip_to_be_half_of() {
    let mut ticket = one_way("VND 3000000", &[]);
    ticket.components[0].booking_class = Some(code("N"));
    ticket.coupons.push(coupon(2, 1, "SGN", "DAD"));
    ticket.candidate_fares = vec![candidate("R", "ROW", 1, 1, 1_400_000)];
    let half_way = fly(ticket, 1);
    assert_eq!(parts(&quote(&facts(half_way.clone()), &classes())).fare_used, money("VND 1400000"));
    let mut halving = classes();
    halving.used_fare.method = UsedFareMethod::HalfRoundTrip;
    assert_eq!(quote(&facts(half_way), &halving).reasons, [ReasonCode::UsedFareByHand]);
    let mut two = fly(round_trip("VND 2000000", "VND 3500000", &[]), 1);
    two.components[1].pricing_unit = 2;
    assert_eq!(parts(&quote(&facts(two), &halving)).fare_used, money("VND 2000000"));
}

fn out_of_sequence(change: fn(&mut Ticket)) -> Quote {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    change(&mut ticket);
    let mut rules = rules(vec![free()]);
    rules.no_go = true;
    rules.home_country = Some(code("VN"));
    quote(&facts(ticket), &rules)
}

#[test]
fn coupons_flown_out_of_sequence_go_to_the_branch_office() {
    let skipped = out_of_sequence(|ticket| ticket.coupons[1].status = CouponStatus::Flown);
    assert_eq!((skipped.verdict, skipped.reasons[0]), (Verdict::ManualReview, ReasonCode::OutOfSequence));
    assert_eq!(skipped.documents, [Document::IntroductionLetter, Document::RefundForm, Document::IdentityCard]);
    assert!(skipped.no_go.is_some(), "no-go still applies");
    assert_eq!(skipped.totals.refund, None);
    let swapped = out_of_sequence(|ticket| {
        ticket.coupons.iter_mut().for_each(|coupon| coupon.status = CouponStatus::Flown);
        (ticket.coupons[0].flown_order, ticket.coupons[1].flown_order) = (Some(2), Some(1));
    });
    assert_eq!(swapped.reasons[0], ReasonCode::OutOfSequence);
    let one_told = out_of_sequence(|ticket| {
        ticket.coupons.iter_mut().for_each(|coupon| coupon.status = CouponStatus::Flown);
        ticket.coupons[1].flown_order = Some(1);
    });
    assert_eq!(one_told.reasons[0], ReasonCode::OutOfSequence, "the second was flown first");
    let in_order = out_of_sequence(|ticket| {
        ticket.coupons[0].status = CouponStatus::Flown;
        ticket.used_fare = Some(money("USD 300.00"));
    });
    assert_eq!(in_order.verdict, Verdict::Accurate);
}

#[test]
fn the_nearest_higher_class_is_found_in_any_order_of_letters() {
    let mut rules = classes();
    rules.used_fare.booking_classes = ["N", "B", "C"].map(code).to_vec();
    let ticket = half_flown(vec![candidate("C", "COW", 1, 1, 3_000_000), candidate("B", "BOW", 1, 1, 3_500_000)]);
    let found = quote(&facts(ticket), &rules);
    assert_eq!(found.passengers[0].used_fares[0].booking_class, Some(code("B")));
    assert_eq!(found.passengers[0].used_fares[0].rejected[0].rejected, Rejected::FurtherAway);
    let two_of_one = half_flown(vec![candidate("B", "BHI", 1, 1, 3_600_000), candidate("B", "BLO", 1, 1, 3_500_000)]);
    assert_eq!(quote(&facts(two_of_one), &rules).passengers[0].used_fares[0].fare, money("VND 3500000"));
}
