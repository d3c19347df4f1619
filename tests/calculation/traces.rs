//! The whole way of a few quotes: no step more, none less, each with its numbers.

use afterfare::refund_calculation::facts::{Ancillary, Commission, Direction, EarlierTicket, Facts, Reason};
use afterfare::refund_calculation::rules::{Combination, FeeCap, Hierarchy, RuleSet};
use serde_json::Value;

use super::make::*;

/// `fee outbound USD 50.00`: the step's word and its values in the order of their names.
fn said(step: &Value) -> String {
    let fields = step.as_object().expect("a step");
    let value = |value: &Value| match value {
        Value::Object(money) if money.contains_key("amount") => {
            format!("{} {}", money["currency"].as_str().expect("a currency"), money["amount"].as_str().expect("an amount"))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rest = fields.iter().filter(|(name, _)| *name != "step").map(|(_, field)| value(field));
    std::iter::once(fields["step"].as_str().expect("a word").to_owned()).chain(rest).collect::<Vec<_>>().join(" ")
}

fn trace(facts: &Facts, rules: &RuleSet) -> Vec<String> {
    let quote = quote(facts, rules);
    quote.trace.iter().map(|step| said(&serde_json::to_value(step).expect("json"))).collect()
}

#[test]
fn a_round_trip_with_everything() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.taxes = vec![tax("US USD 20.00", Some(1)), tax("YQ USD 5.00", Some(2))];
    ticket.ancillaries = vec![Ancillary { name: "bag".to_owned(), price: money("USD 30.00"), refundable: false, used: false }];
    ticket.commission = Some(Commission { basis_points: Some(500), amount: None, fee_basis_points: 1000 });
    let mut facts = facts(ticket);
    facts.agency_fee = Some(money("USD 9.00"));
    let mut rules = rules(vec![only_for(with_fee("USD 50.00"), Direction::Outbound), non_refundable()]);
    rules.taxes.of_non_refundable = false;
    rules.host_screens = true;
    let expected = [
        "paid USD 30.00 USD 500.00 1 USD 25.00",
        "window outbound null 14400 H null",
        "fee USD 50.00 outbound",
        "window inbound null 18720 T null",
        "combined F USD 50.00 USD 200.00",
        "fare-kept USD 200.00 1",
        "tax-returned USD 20.00 US",
        "tax-kept USD 5.00 YQ",
        "ancillaries-kept USD 30.00 1",
        "commission-recalled USD 15.00",
        "commission-on-fee USD 5.00",
        "mixed USD 50.00 exchange-tax USD 200.00 USD 500.00 USD 270.00 USD 20.00",
        "mixed USD 50.00 net-remit USD 200.00 USD 500.00 USD 270.00 USD 20.00",
        "refund USD 285.00 USD 555.00 1 USD 270.00",
        "total USD 555.00 USD 285.00 USD 270.00",
        "airline-to-agency USD 260.00",
        "agency-fee USD 9.00",
        "destination deposit-balance",
    ];
    assert_eq!(trace(&facts, &rules), expected);
}

#[test]
fn a_plain_ticket_says_nothing_that_is_not_so() {
    let plain = trace(&facts(one_way("USD 100.00", &[])), &rules(vec![with_fee("USD 40.00")]));
    let expected = [
        "paid USD 0.00 USD 100.00 1 USD 0.00",
        "window outbound null 14400 H null",
        "fee USD 40.00 outbound",
        "refund USD 40.00 USD 100.00 1 USD 60.00",
        "total USD 100.00 USD 40.00 USD 60.00",
        "destination deposit-balance",
    ];
    assert_eq!(plain, expected);
}

#[test]
fn what_is_owed_is_said_and_a_zero_is_not() {
    let owed = |fee: &str| {
        let mut rules = rules(vec![with_fee(fee)]);
        rules.fee_cap = FeeCap::CarryExcess;
        trace(&facts(one_way("USD 100.00", &[])), &rules).into_iter().find(|step| step.starts_with("owed"))
    };
    assert_eq!(owed("USD 100.01").as_deref(), Some("owed USD 0.01 1"));
    assert_eq!(owed("USD 100.00"), None);
    assert_eq!(owed("USD 99.00"), None);
    let capped = |fee: &str| {
        trace(&facts(one_way("USD 100.00", &[])), &rules(vec![with_fee(fee)])).into_iter().find(|step| step.starts_with("capped"))
    };
    assert_eq!(capped("USD 100.01").as_deref(), Some("capped USD 100.00 USD 100.01 1"));
    assert_eq!(capped("USD 100.00"), None);
}

#[test]
fn several_components_say_how_they_were_joined() {
    let steps = |ticket, hierarchy| {
        let mut rules = rules(vec![with_fee("USD 10.00")]);
        (rules.hierarchy, rules.combination) = (hierarchy, Combination::HighestOfJourney);
        trace(&facts(ticket), &rules)
            .into_iter()
            .filter(|step| step.starts_with("ruled") || step.starts_with("combined"))
            .collect::<Vec<_>>()
    };
    let two = || round_trip("USD 300.00", "USD 200.00", &[]);
    assert_eq!(steps(two(), None), ["combined J USD 10.00 USD 0.00"]);
    assert_eq!(steps(two(), Some(Hierarchy::MostRestrictive)), ["ruled M", "combined J USD 10.00 USD 0.00"]);
    assert_eq!(steps(one_way("USD 500.00", &[]), Some(Hierarchy::MostRestrictive)), Vec::<String>::new());
}

#[test]
fn a_chain_says_which_ticket_was_strictest() {
    let mut ticket = one_way("USD 500.00", &[]);
    ticket.components[0].booking_class = Some(code("Y"));
    ticket.document_numbers = vec![code("738-1")];
    ticket.chain = vec![EarlierTicket {
        document_number: code("738-0"),
        issued_on: None,
        fare: money("USD 300.00"),
        fare_basis: None,
        booking_class: Some(code("M")),
    }];
    let mut old = with_fee("USD 90.00");
    old.applies.booking_classes = vec![code("M")];
    old.source = Some("the old fare".to_owned());
    let steps = trace(&facts(ticket.clone()), &rules(vec![old.clone(), with_fee("USD 20.00")]));
    assert_eq!(steps[1..4], ["strictest 738-0 USD 20.00 USD 90.00", "window outbound null 14400 H null", "fee USD 90.00 outbound"]);
    let same = trace(&facts(ticket.clone()), &rules(vec![old.clone(), with_fee("USD 90.00")]));
    assert_eq!(same[1], "strictest 738-1 USD 90.00 USD 90.00", "of equals the ticket itself");
    let quote = quote(&facts(ticket), &rules(vec![old, with_fee("USD 20.00")]));
    let source = quote.sources.get(&afterfare::refund_calculation::rules::Section::Conditions);
    assert_eq!(source.map(String::as_str), Some("the old fare"));
    assert_eq!(quote.windows.len(), 1);
}

#[test]
fn an_involuntary_refund_is_short() {
    let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &[]), 1);
    ticket.used_fare = Some(money("USD 350.00"));
    let mut facts = facts(ticket);
    facts.reason = Reason::Involuntary;
    let expected = [
        "paid USD 0.00 USD 500.00 1 USD 0.00",
        "airline-cause",
        "used-fare USD 350.00 null stated",
        "fare-refund USD 150.00 USD 500.00 USD 350.00",
        "unused-part USD 200.00",
        "refund USD 300.00 USD 500.00 1 USD 200.00",
        "total USD 500.00 USD 300.00 USD 200.00",
        "destination deposit-balance",
    ];
    assert_eq!(trace(&facts, &rules(vec![free()])), expected);
    facts.tickets[0].used_fare = Some(money("USD 300.00"));
    assert!(!trace(&facts, &rules(vec![free()])).iter().any(|step| step.starts_with("unused-part")), "both are the same");
    facts.tickets[0] = fly(facts.tickets[0].clone(), 2);
    assert_eq!(refund(&facts, &rules(vec![free()])), "USD 0.00", "nothing is left to give back");
}
