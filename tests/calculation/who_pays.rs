//! Whom conditions are for: passenger factors, waivers, which conditions rule which.

use afterfare::refund_calculation::facts::Direction::Outbound;
use afterfare::refund_calculation::facts::{Fee, NoShow, PassengerType, Refundability};
use afterfare::refund_calculation::rules::{Hierarchy, PassengerFactor, Waives};

use super::make::*;

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
