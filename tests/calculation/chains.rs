//! Reissued tickets: the strictest of the chain, locked originals, the form of payment.

use afterfare::refund_calculation::facts::Direction::{Inbound, Outbound};
use afterfare::refund_calculation::facts::{EarlierTicket, Facts, FormOfPayment, Refundability};
use afterfare::refund_calculation::quote::{Destination, ReasonCode};
use afterfare::refund_calculation::rules::{ChainRule, RuleSet};
use afterfare::refund_calculation::trace::Step;

use super::make::*;

fn earlier(number: &str, fare: &str, class: &str) -> EarlierTicket {
    EarlierTicket { document_number: code(number), issued_on: None, fare: money(fare), fare_basis: None, booking_class: Some(code(class)) }
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
    let charged: Vec<_> = quote.passengers[0].fees.iter().map(|line| line.charged).collect();
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
