//! Fees: shares and what they are taken of, limits, rounding, caps, units that stand for each other.

use afterfare::kernel::money::Rounding;
use afterfare::refund_calculation::facts::{Conditions, Fee, FeeBase, FeeUnit, Refundability, Window};
use afterfare::refund_calculation::rules::{FeeCap, LineRounding, RuleSet};

use super::make::*;

#[test]
fn each_line_is_rounded_once_to_its_unit_and_direction() {
    let fee = |direction, unit: Option<&str>, points: u32, fare: &str| {
        let mut rules = rules(vec![conditions(vec![any_time(Refundability::WithFee, Some(Fee::BasisPoints(points)))])]);
        rules.rounding.fee = LineRounding { direction, units: unit.map(money).into_iter().collect() };
        parts(&quote(&facts(one_way(fare, &[])), &rules)).fees.decimal().to_string()
    };
    assert_eq!(fee(Rounding::HalfUp, None, 1000, "USD 0.45"), "0.05", "4.5 cents go up, never to the even cent");
    assert_eq!(fee(Rounding::HalfUp, None, 1000, "USD 0.44"), "0.04");
    assert_eq!(fee(Rounding::Down, None, 1000, "USD 0.49"), "0.04");
    assert_eq!(fee(Rounding::Up, None, 1000, "USD 0.41"), "0.05");
    assert_eq!(fee(Rounding::HalfUp, Some("VND 1000"), 1500, "VND 1230000"), "185000", "184,500 lies in the middle");
    assert_eq!(fee(Rounding::Down, Some("VND 1000"), 1500, "VND 1239999"), "185000");
    assert_eq!(fee(Rounding::Up, Some("JPY 100"), 1000, "JPY 10010"), "1100");
    assert_eq!(fee(Rounding::Up, Some("VND 1000"), 1000, "JPY 10011"), "1002", "a unit of another currency is none of this one");
}

#[test]
fn shares_are_taken_of_what_the_rule_names() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.taxes = vec![tax("YQ USD 40.00", Some(1)), tax("US USD 20.00", Some(1)), tax("YR USD 10.00", Some(2))];
    let fees = |unit, base| {
        let mut conditions = conditions(vec![Window { base, ..any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000))) }]);
        conditions.fee_unit = unit;
        parts(&quote(&facts(ticket.clone()), &rules(vec![conditions]))).fees.decimal().to_string()
    };
    assert_eq!(fees(FeeUnit::Component, FeeBase::Fare), "50.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel), "55.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusTax), "57.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::Fare), "50.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::FarePlusTax), "57.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::Component), "30.00", "the dearest component");
    assert_eq!(fees(FeeUnit::PricingUnit, FeeBase::Fare), "50.00");
    assert_eq!(fees(FeeUnit::Direction, FeeBase::FarePlusFuel), "55.00");
}

#[test]
fn limits_are_the_windows_and_amounts_stay_as_they_are() {
    let mut fees = conditions(vec![any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000)))]);
    fees.windows[0].maximum = Some(money("USD 100.00"));
    fees.no_show = Some(afterfare::refund_calculation::facts::NoShow {
        cutoff_minutes: 180,
        refundability: Refundability::WithFee,
        fee: Some(Fee::Amount(money("USD 300.00"))),
    });
    let mut late = facts(one_way("USD 1000.00", &[]));
    late.requested_at = before_departure(60);
    assert_eq!(refund(&late, &rules(vec![fees])), "USD 600.00", "100 and 300: the window's maximum is not the no-show fee's");
    let charged = |fee: &str, maximum: Option<&str>, unit: &str| {
        let mut own = with_fee(fee);
        own.windows[0].maximum = maximum.map(money);
        let mut rules = rules(vec![own]);
        rules.rounding.fee = LineRounding { direction: Rounding::Up, units: vec![money(unit)] };
        parts(&quote(&facts(one_way("USD 1000.00", &[])), &rules)).fees.decimal().to_string()
    };
    assert_eq!(charged("USD 10.50", None, "USD 1.00"), "10.50");
    assert_eq!(charged("USD 10.50", Some("USD 99.00"), "USD 1.00"), "10.50", "a limit that does not bind changes nothing");
    assert_eq!(charged("USD 200.00", Some("USD 100.50"), "USD 1.00"), "100.50");
    let mut share = conditions(vec![any_time(Refundability::WithFee, Some(Fee::BasisPoints(5000)))]);
    share.windows[0].maximum = Some(money("USD 100.50"));
    let mut rules = rules(vec![share]);
    rules.rounding.fee = LineRounding { direction: Rounding::Up, units: vec![money("USD 1.00")] };
    assert_eq!(
        parts(&quote(&facts(one_way("USD 1000.00", &[])), &rules)).fees,
        money("USD 100.50"),
        "rounding does not lift it above its maximum"
    );
}

#[test]
fn caps_differ_by_what_they_leave() {
    let left = |cap| {
        let mut rules = rules(vec![with_fee("USD 150.00")]);
        rules.fee_cap = cap;
        refund(&facts(one_way("USD 100.00", &["YQ USD 30.00", "US USD 10.00"])), &rules)
    };
    assert_eq!(left(FeeCap::CapFareAndFuel), "USD 10.00");
    assert_eq!(left(FeeCap::CapAll), "USD 0.00");
    assert_eq!(left(FeeCap::CarryExcess), "USD -10.00");
}

#[test]
fn of_equal_fees_the_first_is_charged() {
    use afterfare::refund_calculation::facts::Direction;
    use afterfare::refund_calculation::rules::Combination;
    let charged = |unit, combination, back: Conditions| {
        let mut conditions = vec![only_for(with_fee("USD 50.00"), Direction::Outbound), back];
        for one in &mut conditions {
            one.fee_unit = unit;
        }
        let mut rules = rules(conditions);
        rules.combination = combination;
        let quote = quote(&facts(round_trip("USD 300.00", "USD 200.00", &[])), &rules);
        quote.passengers[0].fees.iter().map(|line| line.charged.minor / 100).collect::<Vec<_>>()
    };
    assert_eq!(charged(FeeUnit::Component, Combination::HighestOfJourney, with_fee("USD 50.00")), [50, 0]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, with_fee("USD 50.00")), [50, 0]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, with_fee("USD 51.00")), [0, 51]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, with_fee("USD 49.00")), [50, 0]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, non_refundable()), [50], "what is lost stands for no fee");
    assert_eq!(charged(FeeUnit::Direction, Combination::SumOfEach, with_fee("USD 50.00")), [50, 50]);
}

/// A fee per ticket of one fare does not stand for a fee per component of another.
#[test]
fn fees_of_different_units_do_not_stand_for_each_other() {
    use afterfare::refund_calculation::facts::Direction;
    let mut per_ticket = only_for(with_fee("USD 50.00"), Direction::Outbound);
    per_ticket.fee_unit = FeeUnit::Ticket;
    let rules = rules(vec![per_ticket, with_fee("USD 80.00")]);
    assert_eq!(refund(&facts(round_trip("USD 300.00", "USD 200.00", &[])), &rules), "USD 370.00");
}

#[test]
fn a_share_with_a_factor_is_rounded_once_and_limits_are_said() {
    use afterfare::refund_calculation::facts::PassengerType;
    use afterfare::refund_calculation::rules::PassengerFactor;
    use afterfare::refund_calculation::trace::Step;
    let mut ticket = one_way("USD 0.30", &[]);
    ticket.passenger_type = PassengerType::Child;
    let mut window = any_time(Refundability::WithFee, Some(Fee::BasisPoints(1500)));
    let mut rules = rules(vec![conditions(vec![window.clone()])]);
    rules.passenger_factors = vec![PassengerFactor { passenger_type: PassengerType::Child, has_seat: None, basis_points: 5000 }];
    assert_eq!(parts(&quote(&facts(ticket.clone()), &rules)).fees.minor, 2, "half of 4.5 cents, not of 5");
    let limited = |window: Window, rules: &mut RuleSet| {
        rules.conditions = vec![conditions(vec![window])];
        let quote = quote(&facts(ticket.clone()), rules);
        quote.trace.iter().any(|step| matches!(step, Step::Limited { .. }))
    };
    window.maximum = Some(money("USD 0.05"));
    assert!(!limited(window.clone(), &mut rules), "4.5 cents are below 5");
    window.maximum = Some(money("USD 0.04"));
    assert!(limited(window.clone(), &mut rules));
    (window.minimum, window.maximum) = (Some(money("USD 0.05")), None);
    assert!(limited(window, &mut rules));
}

#[test]
fn shares_of_a_fare_and_its_taxes_need_to_know_whose_taxes_they_are() {
    let fees = |unit, base, ticket: afterfare::refund_calculation::facts::Ticket| {
        let mut conditions = conditions(vec![Window { base, ..any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000))) }]);
        conditions.fee_unit = unit;
        let quote = quote(&facts(ticket), &rules(vec![conditions]));
        quote.passengers[0].breakdown.map_or_else(|| format!("{:?}", quote.reasons), |parts| parts.fees.decimal().to_string())
    };
    let whole = |no: Option<i64>| {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.taxes = vec![tax("YQ USD 50.00", no)];
        ticket
    };
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, whole(None)), "[TaxCouponMissing]");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, whole(Some(2))), "55.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::FarePlusFuel, whole(None)), "55.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, one_way("USD 500.00", &["YQ USD 50.00"])), "55.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, one_way("USD 500.00", &["US USD 50.00"])), "50.00");
    let two_units = || {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.components[1].pricing_unit = 2;
        ticket.coupons.push(coupon(3, 2, "HAN", "DAD"));
        ticket.taxes = vec![tax("YQ USD 50.00", Some(1)), tax("YQ USD 70.00", Some(3))];
        ticket
    };
    assert_eq!(fees(FeeUnit::PricingUnit, FeeBase::FarePlusFuel, two_units()), "62.00", "35 and 27");
    assert_eq!(fees(FeeUnit::Direction, FeeBase::FarePlusTax, two_units()), "62.00");
    assert_eq!(fees(FeeUnit::Coupon, FeeBase::Fare, two_units()), "70.00", "30, and 20 for each coupon of the second");
    let mut one_direction = two_units();
    one_direction.components[1].direction = afterfare::refund_calculation::facts::Direction::Outbound;
    assert_eq!(fees(FeeUnit::Direction, FeeBase::Fare, one_direction.clone()), "50.00", "one fee for the direction, of both fares");
    assert_eq!(fees(FeeUnit::PricingUnit, FeeBase::Fare, one_direction), "50.00");
}

#[test]
fn a_share_of_a_component_takes_that_components_taxes() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.taxes = vec![tax("YQ USD 50.00", Some(2))];
    let lines = |unit, base| {
        let mut conditions = conditions(vec![Window { base, ..any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000))) }]);
        conditions.fee_unit = unit;
        let quote = quote(&facts(ticket.clone()), &rules(vec![conditions]));
        quote.passengers[0].fees.iter().map(|line| line.rule_amount.decimal().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lines(FeeUnit::Component, FeeBase::FarePlusFuel), ["30.00", "25.00"]);
    assert_eq!(lines(FeeUnit::Coupon, FeeBase::FarePlusTax), ["30.00", "25.00"]);
    assert_eq!(lines(FeeUnit::PricingUnit, FeeBase::Component), ["30.00", "20.00"]);
    assert_eq!(lines(FeeUnit::PricingUnit, FeeBase::Fare), ["50.00", "50.00"]);
}
