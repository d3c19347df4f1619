//! The sums of a quote, and the fees apart from it.

use serde::{Deserialize, Serialize};

use super::facts::{Facts, Reason, ServiceFee};
use super::quote::{PassengerLine, Quote, ReasonCode, Verdict};
use super::rules::RuleSet;
use crate::kernel::money::{Currency, Money, MoneyError};

/// The sums, in the order's currency. Without a quote only what was paid and the fees are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub original: Money,
    pub fare: Money,
    pub tax: Money,
    pub ancillaries: Money,
    /// What the airline keeps of fare and taxes.
    pub fare_penalty: Option<Money>,
    /// What the airline keeps of the ancillaries.
    pub ancillary_penalty: Option<Money>,
    pub penalty: Option<Money>,
    /// To the passenger: `original − penalty`; neither the operator's nor the agency's fee is taken off here.
    pub refund: Option<Money>,
    /// From the airline to the agency: the refund less recalled commission plus commission on the fee.
    #[serde(default)]
    pub airline_to_agency: Option<Money>,
    #[serde(default)]
    pub commission_recalled: Option<Money>,
    #[serde(default)]
    pub commission_on_fee: Option<Money>,
    /// The operator's own, apart from the above.
    pub service_fee: Money,
    /// The agency's own to its customer, apart from the above.
    #[serde(default)]
    pub agency_fee: Option<Money>,
}

impl Totals {
    pub(super) const fn nothing(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            original: zero,
            fare: zero,
            tax: zero,
            ancillaries: zero,
            fare_penalty: None,
            ancillary_penalty: None,
            penalty: None,
            refund: None,
            airline_to_agency: None,
            commission_recalled: None,
            commission_on_fee: None,
            service_fee: zero,
            agency_fee: None,
        }
    }

    pub(super) fn of(facts: &Facts, rules: &RuleSet, quote: &Quote) -> Result<Self, MoneyError> {
        let mut totals = Self::nothing(facts.currency);
        let zero = Money::zero(facts.currency);
        let (mut kept, mut kept_ancillaries, mut refund, mut recalled, mut on_fee) = (zero, zero, zero, zero, zero);
        for line in &quote.passengers {
            totals.fare = totals.fare.plus(line.fare)?;
            totals.tax = totals.tax.plus(line.tax)?;
            totals.ancillaries = totals.ancillaries.plus(line.ancillaries)?;
            kept = kept.plus(line.fare_penalty.unwrap_or(zero))?;
            kept_ancillaries = kept_ancillaries.plus(line.ancillary_penalty.unwrap_or(zero))?;
            refund = refund.plus(line.refund.unwrap_or(zero))?;
            recalled = recalled.plus(line.breakdown.map_or(zero, |parts| parts.commission_recalled))?;
            on_fee = on_fee.plus(line.breakdown.map_or(zero, |parts| parts.commission_on_fee))?;
        }
        totals.original = totals.fare.plus(totals.tax)?.plus(totals.ancillaries)?;
        // Nothing is credited of what does not come back, so nothing is taken for it.
        totals.service_fee = match quote.verdict {
            Verdict::NonRefundable => zero,
            // A fee in another currency is named as a reason; it has no sum here.
            _ if quote.reasons.contains(&ReasonCode::FareCurrency) => zero,
            _ => {
                // Without a right to it, an involuntary refund is reckoned and charged as a voluntary one.
                let involuntary = facts.reason == Reason::Involuntary && !quote.reasons.contains(&ReasonCode::NoInvoluntaryRight);
                let free = match facts.reason {
                    Reason::Void => rules.void.as_ref().is_none_or(|void| !void.service_fee),
                    _ => involuntary && !rules.service_fee_on_involuntary,
                };
                if free { zero } else { service_fee(facts, &quote.passengers)? }
            }
        };
        totals.agency_fee = facts.agency_fee;
        if quote.has_amounts() {
            totals.fare_penalty = Some(kept);
            totals.ancillary_penalty = Some(kept_ancillaries);
            totals.penalty = Some(kept.plus(kept_ancillaries)?);
            totals.refund = Some(refund);
            totals.commission_recalled = Some(recalled);
            totals.commission_on_fee = Some(on_fee);
            totals.airline_to_agency = Some(refund.minus(recalled)?.plus(on_fee)?);
        }
        Ok(totals)
    }
}

fn service_fee(facts: &Facts, lines: &[PassengerLine]) -> Result<Money, MoneyError> {
    let zero = Money::zero(facts.currency);
    match facts.service_fee {
        ServiceFee::None => Ok(zero),
        ServiceFee::PerOrder(fee) => zero.plus(fee),
        ServiceFee::PerPassenger(fee) => {
            // A passenger with two tickets pays once.
            let first = |place: usize| !lines[..place].iter().any(|line| line.no == lines[place].no);
            (0..lines.len()).filter(|place| first(*place)).try_fold(zero, |sum, _| sum.plus(fee))
        }
    }
}
