//! Whether the facts are enough to begin with.

use super::facts::{Facts, Reason};
use super::quote::ReasonCode;

/// The reasons why no amount can be named at all; none when the calculation can go on.
#[must_use]
pub fn check(facts: &Facts) -> Vec<ReasonCode> {
    let mut reasons = Vec::new();
    if !facts.unpriced.is_empty() {
        reasons.push(ReasonCode::FareMissing);
    } else if facts.selected().next().is_none() {
        reasons.push(ReasonCode::NobodySelected);
    }
    if facts.selected().any(|p| p.fare.currency != facts.currency || p.tax.currency != facts.currency) {
        reasons.push(ReasonCode::FareCurrency);
    }
    if facts.selected().flat_map(|p| &p.ancillaries).any(|ancillary| ancillary.price.currency != facts.currency) {
        reasons.push(ReasonCode::AncillaryCurrency);
    }
    let no_rule = facts.directions.is_empty() || facts.directions.iter().any(|part| part.windows.is_empty());
    if facts.reason == Reason::Voluntary && no_rule {
        reasons.push(ReasonCode::NoRule);
    }
    reasons
}
