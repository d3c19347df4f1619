//! Which taxes come back, by their whole key.

use afterfare::refund_calculation::facts::Conditions;
use afterfare::refund_calculation::rules::{FuelRule, RuleSet, TaxRule};

use super::make::*;

#[test]
fn a_tax_of_the_whole_ticket_needs_a_coupon_where_fates_differ() {
    use afterfare::refund_calculation::facts::Direction;
    use afterfare::refund_calculation::quote::ReasonCode;
    let ticket = round_trip("USD 300.00", "USD 200.00", &["US USD 20.00"]);
    let mut rules = rules(vec![only_for(non_refundable(), Direction::Outbound), free()]);
    assert_eq!(refund(&facts(ticket.clone()), &rules), "USD 220.00", "taxes come back anyway");
    rules.taxes.of_non_refundable = false;
    assert_eq!(quote(&facts(ticket.clone()), &rules).reasons.last(), Some(&ReasonCode::TaxCouponMissing));
    let mut told = ticket;
    told.taxes[0].refundable = Some(true);
    assert_eq!(refund(&facts(told.clone()), &rules), "USD 220.00");
    told.taxes[0].refundable = Some(false);
    assert_eq!(refund(&facts(told), &rules), "USD 200.00");
}

#[test]
fn a_word_about_the_whole_ticket_does_not_say_how_much_was_used() {
    for refundable in [Some(true), Some(false), None] {
        let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &["US USD 20.00"]), 1);
        ticket.used_fare = Some(money("USD 300.00"));
        ticket.taxes[0].refundable = refundable;
        assert_eq!(refund(&facts(ticket), &rules(vec![free()])), "cannot-quote [TaxCouponMissing]");
    }
}

#[test]
fn taxes_of_single_sectors_may_have_a_rule_of_their_own() {
    use afterfare::refund_calculation::facts::Direction;
    let tax_back = |conditions: Vec<Conditions>, whole: bool, sectors: Option<bool>| {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.taxes = vec![tax("US USD 1.00", Some(1)), tax("US USD 2.00", Some(2))];
        let mut rules = rules(conditions);
        (rules.taxes.of_non_refundable, rules.taxes.of_non_refundable_sectors) = (whole, sectors);
        parts(&quote(&facts(ticket), &rules)).tax_returned.minor / 100
    };
    let mixed = || vec![only_for(non_refundable(), Direction::Outbound), free()];
    assert_eq!(tax_back(mixed(), true, None), 3);
    assert_eq!(tax_back(mixed(), true, Some(false)), 2);
    assert_eq!(tax_back(mixed(), false, Some(true)), 3);
    assert_eq!(tax_back(vec![non_refundable()], true, Some(false)), 3);
    assert_eq!(tax_back(vec![non_refundable()], false, Some(true)), 0);
}

#[test]
fn taxes_are_decided_by_their_whole_key() {
    let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &[]), 1);
    ticket.used_fare = Some(money("USD 300.00"));
    ticket.taxes = vec![tax("US USD 1.00", Some(1)), tax("US USD 2.00", Some(2)), tax("YQ USD 4.00", Some(2)), tax("GB USD 8.00", Some(2))];
    (ticket.taxes[3].station, ticket.taxes[3].carrier) = (Some(code("LHR")), Some(code("BA")));
    let returned = |change: &dyn Fn(&mut RuleSet)| {
        let mut rules = rules(vec![free()]);
        change(&mut rules);
        parts(&quote(&facts(ticket.clone()), &rules)).tax_returned.minor / 100
    };
    let rule = TaxRule {
        codes: vec![code("GB")],
        carrier: None,
        station: None,
        ticket_refundable: None,
        voluntary: None,
        coupon_used: None,
        returned: false,
    };
    assert_eq!(returned(&|_| {}), 14, "the tax of the used coupon is gone");
    assert_eq!(returned(&|rules| rules.taxes.fuel = FuelRule::Kept), 10);
    assert_eq!(returned(&|rules| rules.taxes.rules = vec![rule.clone()]), 6);
    let with = |change: &dyn Fn(&mut TaxRule)| {
        let mut rule = rule.clone();
        change(&mut rule);
        returned(&move |rules| rules.taxes.rules = vec![rule.clone()])
    };
    assert_eq!(with(&|rule| rule.station = Some(code("LHR"))), 6);
    assert_eq!(with(&|rule| rule.station = Some(code("LGW"))), 14);
    assert_eq!(with(&|rule| rule.carrier = Some(code("BA"))), 6);
    assert_eq!(with(&|rule| rule.carrier = Some(code("VN"))), 14);
    assert_eq!(with(&|rule| rule.ticket_refundable = Some(true)), 6);
    assert_eq!(with(&|rule| rule.ticket_refundable = Some(false)), 14);
    assert_eq!(with(&|rule| rule.voluntary = Some(true)), 6);
    assert_eq!(with(&|rule| rule.voluntary = Some(false)), 14);
    assert_eq!(with(&|rule| rule.coupon_used = Some(true)), 14);
    let used_too = |rule: &mut TaxRule| (rule.codes, rule.coupon_used, rule.returned) = (vec![code("US")], Some(true), true);
    assert_eq!(with(&|rule| used_too(rule)), 15, "a rule may give the tax of a used coupon back");
}

#[test]
fn fuel_follows_the_fare_or_its_own_rule() {
    let returned = |fuel, conditions: Conditions| {
        let mut rules = rules(vec![conditions]);
        rules.taxes.fuel = fuel;
        parts(&quote(&facts(one_way("USD 100.00", &["YQ USD 4.00", "YR USD 2.00", "US USD 1.00"])), &rules)).tax_returned.minor / 100
    };
    assert_eq!(returned(FuelRule::WithFare, free()), 7);
    assert_eq!(returned(FuelRule::WithFare, non_refundable()), 1);
    assert_eq!(returned(FuelRule::Returned, non_refundable()), 7);
    assert_eq!(returned(FuelRule::Kept, free()), 1);
}
