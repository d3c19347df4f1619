//! The used part: the four-step search, reissued tickets, what a person must do.

use afterfare::refund_calculation::facts::Direction::{Inbound, Outbound};
use afterfare::refund_calculation::facts::{
    CouponStatus, EarlierTicket, Facts, Fee, FormOfPayment, NoShow, OneWayFare, PassengerType, Publication, Refundability, Ticket,
};
use afterfare::refund_calculation::lines::{Rejected, UsedFareStep};
use afterfare::refund_calculation::quote::{Destination, Document, Quote, ReasonCode, Verdict};
use afterfare::refund_calculation::rules::{ChainRule, Hierarchy, PassengerFactor, RuleSet, UsedFareMethod, Waives};
use afterfare::refund_calculation::trace::Step;

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
    let line = quote.used_fares.first().unwrap_or_else(|| panic!("{:?}", quote.reasons));
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
    let line = &quote.used_fares[0];
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
    let line = &quote_of.used_fares[0];
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
        quote(&facts(ticket), &classes()).used_fares.len()
    };
    assert_eq!((odd(2_750_000), odd(2_750_001)), (0, 1), "half of an odd fare lies between two units");
}

#[test]
fn a_higher_class_is_higher_and_known() {
    let fares =
        vec![candidate("P", "POW", 1, 1, 9_000_000), candidate("Z", "ZOW", 1, 1, 9_000_000), candidate("L", "LOW", 1, 1, 9_500_000)];
    let quote_of = quote(&facts(half_flown(fares)), &classes());
    let line = &quote_of.used_fares[0];
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
    assert_eq!((quote.used_fares[0].step, parts(&quote).fare_used), (UsedFareStep::AsTicketed, money("VND 2000000")));
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
    assert_eq!(quote.taxes[0].used, money("VND 100000"));
}

fn earlier(number: &str, fare: &str, class: &str) -> EarlierTicket {
    EarlierTicket { document_number: code(number), issued_on: None, fare: money(fare), fare_basis: None, booking_class: Some(code(class)) }
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

#[test]
fn which_conditions_hold_is_not_guessed() {
    let mut strict = non_refundable();
    strict.applies.booking_classes = vec![code("A")];
    let rules = rules(vec![strict, free()]);
    let with = |class: Option<&str>| {
        let mut ticket = one_way("USD 100.00", &[]);
        ticket.components[0].booking_class = class.map(code);
        refund(&facts(ticket), &rules)
    };
    assert_eq!(with(Some("A")), "USD 0.00");
    assert_eq!(with(Some("Y")), "USD 100.00");
    assert_eq!(with(None), "cannot-quote [FareFactMissing]");
}

fn reissued() -> (Facts, RuleSet) {
    let mut ticket = one_way("USD 500.00", &["US USD 20.00"]);
    ticket.document_numbers = vec![code("738-1111111111")];
    ticket.components[0].booking_class = Some(code("Y"));
    ticket.chain = vec![earlier("738-2222222222", "USD 300.00", "M"), earlier("738-3333333333", "USD 350.00", "K")];
    let of_class = |class: &str, fee: &str| {
        let mut conditions = with_fee(fee);
        conditions.applies.booking_classes = vec![code(class)];
        conditions
    };
    (facts(ticket), rules(vec![of_class("Y", "USD 50.00"), of_class("M", "USD 120.00"), of_class("K", "USD 80.00")]))
}

#[test]
fn the_strictest_ticket_of_the_chain_decides() {
    let (facts, mut rules) = reissued();
    let strict = quote(&facts, &rules);
    assert_eq!(strict.totals.refund, Some(money("USD 400.00")), "500 + 20 − 120, by the oldest ticket");
    let step = strict.trace.iter().find_map(|step| match step {
        Step::Strictest { document, kept, instead_of } => Some((document.map(|one| one.to_string()), *kept, *instead_of)),
        _ => None,
    });
    assert_eq!(step, Some((Some("738-2222222222".to_owned()), money("USD 120.00"), money("USD 50.00"))));
    rules.conditions[1].windows[0] = any_time(Refundability::NonRefundable, None);
    assert_eq!(refund(&facts, &rules), "USD 20.00");
    rules.chain = ChainRule::LockOriginal;
    assert_eq!(refund(&facts, &rules), "USD 170.00", "300 stay locked, of the other 200 the own fee of 50 is taken, 20 of tax");
    let mut classless = facts.clone();
    classless.tickets[0].chain[0].booking_class = None;
    assert_eq!(quote(&classless, &rules).reasons, [ReasonCode::ChainRuleMissing], "which conditions held is not known");
    rules.conditions.remove(2);
    assert_eq!(quote(&facts, &rules).reasons, [ReasonCode::ChainRuleMissing]);
}

/// One component is stricter by the old ticket and the other by the new one: each counts by its strictest.
#[test]
fn the_chain_is_read_component_by_component() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.components[0].booking_class = Some(code("Y"));
    ticket.components[1].booking_class = Some(code("Y"));
    ticket.chain = vec![earlier("738-2222222222", "USD 300.00", "M")];
    let of = |class: &str, direction, fee: &str| {
        let mut conditions = only_for(with_fee(fee), direction);
        conditions.applies.booking_classes = vec![code(class)];
        conditions
    };
    let rules = rules(vec![
        of("Y", Outbound, "USD 10.00"),
        of("Y", Inbound, "USD 90.00"),
        of("M", Outbound, "USD 70.00"),
        of("M", Inbound, "USD 20.00"),
    ]);
    let quote = quote(&facts(ticket), &rules);
    assert_eq!(quote.totals.refund, Some(money("USD 340.00")), "500 − 70 − 90");
    let charged: Vec<_> = quote.fees.iter().map(|line| line.charged).collect();
    assert_eq!(charged, [money("USD 70.00"), money("USD 90.00")]);
}

#[test]
fn accounting_stands_in_after_several_reissues() {
    let (mut facts, mut rules) = reissued();
    rules.accounting_after_reissues = Some(2);
    facts.tickets[0].forms_of_payment = vec![FormOfPayment::AgencyCreditLimit];
    let several = quote(&facts, &rules);
    assert_eq!((several.form_of_payment, several.destination), (Some(FormOfPayment::Accounting), Destination::AgencyAccount));
    facts.tickets[0].chain.pop();
    assert_eq!(quote(&facts, &rules).form_of_payment, None, "one reissue is not several");
    rules.accounting_after_reissues = Some(1);
    facts.tickets[0].forms_of_payment = vec![FormOfPayment::Card];
    assert_eq!(quote(&facts, &rules).form_of_payment, None);
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
fn who_pays_which_share_of_a_fee() {
    let mut ticket = one_way("USD 100.00", &[]);
    let mut rules = rules(vec![with_fee("USD 33.33")]);
    rules.passenger_factors = vec![
        PassengerFactor { passenger_type: PassengerType::Infant, has_seat: Some(false), basis_points: 0 },
        PassengerFactor { passenger_type: PassengerType::Child, has_seat: None, basis_points: 7500 },
    ];
    let mut of = |passenger_type, has_seat| {
        (ticket.passenger_type, ticket.has_seat) = (passenger_type, has_seat);
        refund(&facts(ticket.clone()), &rules)
    };
    assert_eq!(of(PassengerType::Adult, true), "USD 66.67");
    assert_eq!(of(PassengerType::Child, true), "USD 75.00", "75 % of 33.33 is 24.9975, rounded once");
    assert_eq!(of(PassengerType::Infant, false), "USD 100.00");
    assert_eq!(of(PassengerType::Infant, true), "USD 66.67", "an infant pays like all others where no rule says otherwise");
}

#[test]
fn conditions_of_a_pricing_unit_may_rule_each_other() {
    let with = |hierarchy| {
        let mut rules =
            rules(vec![only_for(with_fee("USD 50.00"), afterfare::refund_calculation::facts::Direction::Outbound), with_fee("USD 80.00")]);
        rules.hierarchy = hierarchy;
        refund(&facts(round_trip("USD 300.00", "USD 200.00", &[])), &rules)
    };
    assert_eq!(with(None), "USD 370.00");
    assert_eq!(with(Some(Hierarchy::MostRestrictive)), "USD 340.00");
    assert_eq!(with(Some(Hierarchy::LeastRestrictive)), "USD 400.00");
}

#[test]
fn fees_have_limits_and_fixed_local_amounts() {
    let share = |points, minimum: Option<&str>, maximum: Option<&str>| {
        let mut window = any_time(Refundability::WithFee, Some(Fee::BasisPoints(points)));
        (window.minimum, window.maximum) = (minimum.map(money), maximum.map(money));
        refund(&facts(one_way("USD 500.00", &[])), &rules(vec![conditions(vec![window])]))
    };
    assert_eq!(share(1000, None, None), "USD 450.00");
    assert_eq!(share(1000, Some("USD 60.00"), None), "USD 440.00");
    assert_eq!(share(1000, None, Some("USD 40.00")), "USD 460.00");
    assert_eq!(share(1000, Some("USD 10.00"), Some("USD 90.00")), "USD 450.00");
    let local = |fare: &str| {
        let fee = Fee::LocalAmounts(vec![money("USD 30.00"), money("JPY 4000")]);
        refund(&facts(one_way(fare, &[])), &rules(vec![conditions(vec![any_time(Refundability::WithFee, Some(fee))])]))
    };
    assert_eq!(local("USD 100.00"), "USD 70.00");
    assert_eq!(local("JPY 10000"), "JPY 6000");
    assert_eq!(local("VND 2000000"), "cannot-quote [LocalFeeMissing]", "fixed amounts are not converted");
}

#[test]
fn a_waiver_waives_what_it_says() {
    let mut late = with_fee("USD 50.00");
    late.no_show = Some(NoShow { cutoff_minutes: 180, refundability: Refundability::WithFee, fee: Some(Fee::Amount(money("USD 30.00"))) });
    let with = |waives, conditions: &afterfare::refund_calculation::facts::Conditions| {
        let mut rules = rules(vec![conditions.clone()]);
        rules.taxes.tax_only_fee = Some(money("USD 5.00"));
        let waives = vec![waives];
        rules.waivers = vec![afterfare::refund_calculation::rules::Waiver {
            code: code("W"),
            waives,
            from: None,
            until: Some("2026-12-01".parse().expect("a day")),
        }];
        let mut facts = facts(one_way("USD 300.00", &["US USD 20.00"]));
        (facts.waiver, facts.requested_at) = (Some(code("W")), before_departure(60));
        let now = refund(&facts, &rules);
        facts.requested_at = departure() + jiff::SignedDuration::from_hours(13);
        assert_eq!(refund(&facts, &rules), "manual-review [WaiverUnknown]", "it ended yesterday");
        now
    };
    assert_eq!(with(Waives::Fee, &late), "USD 290.00");
    assert_eq!(with(Waives::NoShow, &late), "USD 270.00");
    assert_eq!(with(Waives::TaxOnlyFee, &non_refundable()), "USD 20.00");
    assert_eq!(with(Waives::Fee, &non_refundable()), "USD 15.00");
    assert_eq!(with(Waives::NonRefundable, &non_refundable()), "USD 320.00");
}

#[test]
fn a_locked_original_is_not_lost_twice() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.components.iter_mut().for_each(|component| component.booking_class = Some(code("Y")));
    ticket.chain = vec![earlier("738-2222222222", "USD 300.00", "M")];
    let mut original = non_refundable();
    original.applies.booking_classes = vec![code("M")];
    let mut rules = rules(vec![original, only_for(non_refundable(), Outbound), with_fee("USD 50.00")]);
    rules.chain = ChainRule::LockOriginal;
    assert_eq!(refund(&facts(ticket.clone()), &rules), "USD 150.00", "the locked 300 are the 300 that are lost");
    rules.conditions.remove(1);
    let mut used = fly(ticket, 1);
    used.used_fare = Some(money("USD 200.00"));
    assert_eq!(refund(&facts(used), &rules), "USD 150.00", "of the locked 300 the used 200 are gone: 500 − 200 − 100 − 50");
}

#[test]
fn of_several_locked_tickets_the_dearest_counts() {
    let locked = |first: &str, second: &str| {
        let (mut facts, mut rules) = reissued();
        facts.tickets[0].chain[0].fare = money(first);
        facts.tickets[0].chain[1].fare = money(second);
        rules.conditions[1].windows[0] = any_time(Refundability::NonRefundable, None);
        rules.conditions[2].windows[0] = any_time(Refundability::NonRefundable, None);
        rules.chain = ChainRule::LockOriginal;
        refund(&facts, &rules)
    };
    assert_eq!(locked("USD 300.00", "USD 350.00"), "USD 120.00", "500 − 350 − 50 + 20");
    assert_eq!(locked("USD 350.00", "USD 300.00"), "USD 120.00");
}

#[test]
fn the_least_restrictive_need_not_be_the_first() {
    let mut rules = rules(vec![only_for(with_fee("USD 80.00"), Outbound), with_fee("USD 50.00")]);
    rules.hierarchy = Some(Hierarchy::LeastRestrictive);
    let ticket = || round_trip("USD 300.00", "USD 200.00", &[]);
    assert_eq!(refund(&facts(ticket()), &rules), "USD 400.00");
    rules.hierarchy = Some(Hierarchy::MostRestrictive);
    assert_eq!(refund(&facts(ticket()), &rules), "USD 340.00");
    let mut units = ticket();
    units.components[1].pricing_unit = 2;
    assert_eq!(refund(&facts(units), &rules), "USD 370.00", "each pricing unit for itself");
    rules.conditions[1] = non_refundable();
    assert_eq!(refund(&facts(ticket()), &rules), "USD 0.00");
    rules.hierarchy = Some(Hierarchy::LeastRestrictive);
    assert_eq!(refund(&facts(ticket()), &rules), "USD 340.00");
}

#[test]
fn a_waiver_holds_from_its_first_day_to_its_last() {
    let with = |from: &str, until: &str| {
        let day = |text: &str| Some(text.parse().expect("a day"));
        let mut rules = rules(vec![with_fee("USD 50.00")]);
        let waives = vec![Waives::Fee];
        rules.waivers = vec![afterfare::refund_calculation::rules::Waiver { code: code("W"), waives, from: day(from), until: day(until) }];
        let mut facts = facts(one_way("USD 300.00", &[]));
        (facts.waiver, facts.requested_at) = (Some(code("W")), instant("2026-11-20T12:00:00Z"));
        refund(&facts, &rules)
    };
    assert_eq!(with("2026-11-20", "2026-11-20"), "USD 300.00");
    assert_eq!(with("2026-11-21", "2026-11-30"), "manual-review [WaiverUnknown]");
    assert_eq!(with("2026-11-01", "2026-11-19"), "manual-review [WaiverUnknown]");
}

#[test]
fn the_nearest_higher_class_is_found_in_any_order_of_letters() {
    let mut rules = classes();
    rules.used_fare.booking_classes = ["N", "B", "C"].map(code).to_vec();
    let ticket = half_flown(vec![candidate("C", "COW", 1, 1, 3_000_000), candidate("B", "BOW", 1, 1, 3_500_000)]);
    let found = quote(&facts(ticket), &rules);
    assert_eq!(found.used_fares[0].booking_class, Some(code("B")));
    assert_eq!(found.used_fares[0].rejected[0].rejected, Rejected::FurtherAway);
    let two_of_one = half_flown(vec![candidate("B", "BHI", 1, 1, 3_600_000), candidate("B", "BLO", 1, 1, 3_500_000)]);
    assert_eq!(quote(&facts(two_of_one), &rules).used_fares[0].fare, money("VND 3500000"));
}

/// The fee of a journey is found through the tickets of a chain as well.
#[test]
fn a_reissued_ticket_carries_the_fee_of_the_journey() {
    let (mut facts, mut rules) = reissued();
    for conditions in &mut rules.conditions {
        conditions.fee_unit = afterfare::refund_calculation::facts::FeeUnit::Journey;
    }
    facts.tickets.push(facts.tickets[0].clone());
    assert_eq!(refund(&facts, &rules), "USD 920.00", "400 with the fee of 120, 520 without");
}
