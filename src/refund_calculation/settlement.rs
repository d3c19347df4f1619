//! The totals, where the money goes, and the checks across everything that was written.

use super::facts::{Facts, FormOfPayment};
use super::quote::{Destination, Quote, ReasonCode, Verdict};
use super::rules::RuleSet;
use super::totals::Totals;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

/// Ends the quote: the form of payment, the totals, the fees apart, the destination.
///
/// # Errors
/// On overflow.
pub fn settle(facts: &Facts, rules: &RuleSet, quote: &mut Quote) -> Result<(), MoneyError> {
    let several = |ticket: &super::facts::Ticket| {
        rules.accounting_after_reissues.is_some_and(|reissues| ticket.chain.len() >= reissues as usize)
            && ticket.forms_of_payment.contains(&FormOfPayment::AgencyCreditLimit)
    };
    if facts.selected().any(several) {
        quote.form_of_payment = Some(FormOfPayment::Accounting);
        quote.destination = Destination::AgencyAccount;
        quote.trace.push(Step::FormOfPayment { form: FormOfPayment::Accounting });
    }
    quote.totals = Totals::of(facts, rules, quote)?;
    let totals = quote.totals;
    if let (Some(penalty), Some(refund)) = (totals.penalty, totals.refund) {
        quote.trace.push(Step::Total { original: totals.original, penalty, refund });
    }
    if let Some(amount) = totals.airline_to_agency.filter(|amount| Some(*amount) != totals.refund) {
        quote.trace.push(Step::AirlineToAgency { amount });
    }
    if !totals.service_fee.is_zero() {
        quote.trace.push(Step::ServiceFee { amount: totals.service_fee });
    }
    if let Some(amount) = totals.agency_fee {
        quote.trace.push(Step::AgencyFee { amount });
    }
    if quote.has_amounts() {
        quote.trace.push(Step::Destination { destination: quote.destination });
    }
    for section in quote.trace.iter().map(Step::section) {
        if let Some(source) = rules.sources.get(&section)
            && !quote.sources.contains_key(&section)
        {
            quote.sources.insert(section, source.clone());
        }
    }
    Ok(())
}

/// Decides between the verdicts that have amounts.
pub fn judge(quote: &mut Quote, voluntary: bool) {
    let nothing = quote.passengers.iter().all(|line| line.refund.is_some_and(Money::is_zero));
    if voluntary && nothing {
        quote.verdict = Verdict::NonRefundable;
        if quote.reasons.is_empty() {
            quote.because(ReasonCode::FeeTakesAll);
        }
    } else if [ReasonCode::HalfRoundTripEstimate, ReasonCode::NoShowConfirmation].iter().any(|reason| quote.reasons.contains(reason)) {
        quote.verdict = Verdict::Estimated;
    }
}

/// Whether lines, totals and what was paid agree: `refund + kept = paid`, and the sums of the lines are the totals.
#[must_use]
pub fn agrees(quote: &Quote) -> bool {
    sums_agree(quote).unwrap_or(false)
}

fn sums_agree(quote: &Quote) -> Result<bool, MoneyError> {
    if !quote.has_amounts() {
        return Ok(quote.totals.refund.is_none());
    }
    let zero = Money::zero(quote.currency);
    let mut refund = zero;
    for line in &quote.passengers {
        let (Some(kept), Some(extras), Some(back), Some(parts)) = (line.fare_penalty, line.ancillary_penalty, line.refund, line.breakdown)
        else {
            return Ok(false);
        };
        refund = refund.plus(back)?;
        let taxes = line.taxes.iter().map(|tax| tax.refund).try_fold(zero, Money::plus)?;
        let fees = line.fees.iter().map(|fee| fee.charged).try_fold(zero, Money::plus)?;
        let adds_up = back.plus(kept)?.plus(extras)? == line.original()?;
        if !adds_up || Some(back) != parts.refund() || taxes != parts.tax_returned || fees != parts.fees_before_cap {
            return Ok(false);
        }
    }
    let penalty = quote.totals.penalty.unwrap_or(zero);
    Ok(Some(refund) == quote.totals.refund && refund.plus(penalty)? == quote.totals.original)
}
