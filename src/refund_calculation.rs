//! The shared refund calculation: facts in, quote out. Pure: no database, no clock, no page.
//!
//! Every part of the product that names a refund's amount asks [`calculate`]. It explains itself by a trace of steps,
//! and `refund + kept = paid` holds for each passenger and for the whole.

pub mod ancillaries;
pub mod conversion;
pub mod eligibility;
pub mod facts;
pub mod involuntary;
pub mod penalty;
pub mod quote;
pub mod rules;
pub mod settlement;
pub mod trace;

pub use facts::Facts;
pub use quote::Quote;
pub use rules::RuleSet;

use quote::{PassengerLine, Totals, Verdict};
use trace::Step;

use crate::kernel::money::MoneyError;

/// Answers what a refund of these facts comes to under these rules.
///
/// A fact that a rule needs and nobody gave makes the verdict `CannotQuote` with a reason; it is never guessed.
///
/// # Errors
/// When amounts overflow or currencies are mixed, which no well-formed facts do.
pub fn calculate(facts: &Facts, rules: &RuleSet) -> Result<Quote, MoneyError> {
    let mut trace = Vec::with_capacity(16);
    let mut quote = Quote::begin(facts, rules);
    let gates = eligibility::check(facts);
    if !gates.is_empty() {
        quote.verdict = Verdict::CannotQuote;
        trace.extend(gates.iter().map(|reason| Step::Missing { reason: *reason }));
        quote.reasons = gates;
    }
    // Amounts of two currencies have no sum: then the lines stay away.
    let summable = !quote.reasons.contains(&quote::ReasonCode::FareCurrency);
    for passenger in facts.selected().filter(|_| summable) {
        trace.push(Step::Paid {
            passenger: passenger.no,
            fare: passenger.fare,
            tax: passenger.tax,
            ancillaries: facts.ancillaries_of(passenger)?,
        });
        quote.passengers.push(PassengerLine::paid(facts, passenger)?);
    }
    if quote.verdict == Verdict::Accurate {
        match facts.reason {
            facts::Reason::Involuntary => involuntary::apply(&mut quote, &mut trace)?,
            facts::Reason::Voluntary => penalty::apply(facts, rules, &mut quote, &mut trace)?,
        }
    }
    if quote.verdict == Verdict::CannotQuote {
        quote.passengers.iter_mut().for_each(quote::PassengerLine::reopen);
    }
    quote.totals = Totals::of(facts, rules, &quote)?;
    settlement::settle(&quote, &mut trace);
    quote.trace = trace;
    Ok(quote)
}
