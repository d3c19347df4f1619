//! The shared refund calculation: facts in, quote out. Pure: no database, no clock, no page.
//!
//! Every part of the product that names a refund's amount asks [`calculate`]. It explains itself by a trace of steps,
//! and `refund + kept = paid` holds for each passenger and for the whole.
//!
//! What it is told: [`facts`] with [`ticket`], [`event`] and [`conditions`]; the [`rules`] and the [`law`]. What it
//! answers: [`quote`] with its [`lines`] and its [`trace`]. One file answers one question each in between.

pub mod airports;
pub mod ancillaries;
pub mod chain;
pub mod combination;
pub mod commission;
pub mod conditions;
pub mod conversion;
pub mod eligibility;
pub mod event;
pub mod facts;
pub mod fee;
pub mod involuntary;
pub mod law;
pub mod lines;
pub mod market;
pub mod mixed;
pub mod no_go;
pub mod notes;
pub mod penalty;
pub mod quote;
pub mod reckoning;
pub mod refund_form;
pub mod rounding;
pub mod rule_check;
pub mod rules;
pub mod schema;
pub mod sealed;
pub mod settlement;
pub mod tax_rules;
pub mod taxes;
pub mod ticket;
pub mod totals;
pub mod trace;
pub mod used_fare;
pub mod void;

use std::borrow::Cow;

pub use facts::Facts;
pub use quote::Quote;
pub use rules::RuleSet;

use facts::{Reason, Ticket};
use notes::{Given, Notes, Stop};
use quote::{PassengerLine, ReasonCode, Verdict};
use trace::Step;

use crate::kernel::money::{Money, MoneyError};

/// Answers what a refund of these facts comes to under these rules.
///
/// A fact that a rule needs and nobody gave makes the verdict `CannotQuote` with a reason; what a person must do makes
/// it `ManualReview`. Neither is ever guessed. The order in which coupons, components and fares are listed changes
/// nothing.
///
/// # Errors
/// When amounts overflow, which no well-formed facts do.
pub fn calculate(facts: &Facts, rules: &RuleSet) -> Result<Quote, MoneyError> {
    let facts = &*in_order(facts);
    let mut quote = Quote::begin(facts, rules);
    let missing = eligibility::missing(facts);
    if missing.is_empty() {
        match reckon_all(facts, rules, &mut quote) {
            Ok(()) => {}
            Err(Stop::Missing(reason)) => stop(&mut quote, Verdict::CannotQuote, reason),
            Err(Stop::Manual(reason)) => stop(&mut quote, Verdict::ManualReview, reason),
            Err(Stop::Money(error)) => return Err(error),
        }
        no_go::check(facts, rules, &mut quote);
    } else {
        if !missing.contains(&ReasonCode::FareCurrency) && !missing.contains(&ReasonCode::AncillaryCurrency) {
            begin_lines(facts, &mut quote)?;
        }
        for reason in missing {
            stop(&mut quote, Verdict::CannotQuote, reason);
        }
    }
    settlement::settle(facts, rules, &mut quote)?;
    if !settlement::agrees(&quote) {
        stop(&mut quote, Verdict::ManualReview, ReasonCode::CrossCheck);
        quote.totals = totals::Totals::of(facts, rules, &quote)?;
    }
    Ok(quote)
}

/// Coupons and components in the order of their numbers.
fn in_order(facts: &Facts) -> Cow<'_, Facts> {
    let is_sorted = |ticket: &Ticket| ticket.coupons.is_sorted_by_key(|one| one.no) && ticket.components.is_sorted_by_key(|one| one.no);
    if facts.tickets.iter().all(is_sorted) {
        return Cow::Borrowed(facts);
    }
    let mut sorted = facts.clone();
    for ticket in &mut sorted.tickets {
        ticket.coupons.sort_by_key(|coupon| coupon.no);
        ticket.components.sort_by_key(|component| component.no);
    }
    Cow::Owned(sorted)
}

/// What was paid for every selected ticket.
fn begin_lines(facts: &Facts, quote: &mut Quote) -> Result<(), MoneyError> {
    for ticket in facts.selected() {
        quote.passengers.push(PassengerLine::paid(ticket)?);
    }
    Ok(())
}

fn reckon_all(facts: &Facts, rules: &RuleSet, quote: &mut Quote) -> Result<(), Stop> {
    begin_lines(facts, quote)?;
    eligibility::coupons(facts, quote)?;
    let mut given = Given { facts, rules, voluntary: facts.reason == Reason::Voluntary, journey_paid: false };
    let mut journeys: Vec<i64> = Vec::new();
    eligibility::waiver(&given)?;
    if facts.reason == Reason::Involuntary && !involuntary::holds(&given, quote)? {
        given.voluntary = true;
    }
    for (place, ticket) in facts.selected().enumerate() {
        let line = &quote.passengers[place];
        quote.trace.push(Step::Paid { passenger: ticket.no, fare: line.fare, tax: line.tax, ancillaries: line.ancillaries });
        let paid = line.original()?;
        let mut notes = Notes::default();
        given.journey_paid = journeys.contains(&ticket.no);
        let outcome = match facts.reason {
            Reason::Void => void::reckon(&given, ticket, &mut notes),
            _ if given.voluntary => voluntary(&given, ticket, &mut notes),
            _ => involuntary::reckon(&given, ticket, &mut notes),
        };
        if notes.journey_fee {
            journeys.push(ticket.no);
        }
        notes.settle(quote, place);
        let breakdown = outcome?;
        let refund = quote.passengers[place].close(breakdown)?;
        if refund.minor < 0 {
            let amount = Money::zero(refund.currency).minus(refund)?;
            quote.trace.push(Step::Owed { passenger: ticket.no, amount });
        }
        quote.trace.push(Step::Refund { passenger: ticket.no, paid, kept: paid.minus(refund)?, refund });
    }
    settlement::judge(quote, given.voluntary);
    Ok(())
}

fn voluntary(given: &Given<'_>, ticket: &Ticket, notes: &mut Notes) -> Result<lines::Breakdown, Stop> {
    let is_open = ticket.coupons.iter().any(|coupon| coupon.status.is_refundable());
    let used = if is_open {
        used_fare::of(given, ticket, notes)?
    } else {
        notes.because(ReasonCode::FullyUsed);
        ticket.fare
    };
    chain::reckon(given, ticket, used, notes)
}

/// Ends without amounts.
fn stop(quote: &mut Quote, verdict: Verdict, reason: ReasonCode) {
    quote.verdict = verdict;
    quote.because(reason);
    if reason == ReasonCode::NoShowConfirmation {
        quote.documents.push(quote::Document::NoShowConfirmation);
    }
    quote.trace.push(Step::Missing { reason });
    quote.passengers.iter_mut().for_each(PassengerLine::reopen);
    // Amounts of an earlier passenger must not be taken for an answer.
    quote.trace.retain(|step| !matches!(step, Step::Refund { .. } | Step::Owed { .. } | Step::Mixed { .. }));
}
