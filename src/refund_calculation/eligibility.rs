//! Whether the facts are enough to begin with, and what a person must do instead.

use super::facts::{CouponStatus, Facts, ServiceFee, Ticket};
use super::notes::{Given, Stop};
use super::quote::{Document, Quote, ReasonCode};
use super::rule_check;
use super::trace::Step;
use crate::kernel::money::Money;

/// The reasons why no amount can be named at all; none when the calculation can go on.
#[must_use]
pub fn missing(facts: &Facts) -> Vec<ReasonCode> {
    let mut reasons = Vec::new();
    if !facts.unpriced.is_empty() {
        reasons.push(ReasonCode::FareMissing);
    } else if facts.selected().next().is_none() {
        reasons.push(ReasonCode::NobodySelected);
    }
    if facts.selected().any(|ticket| ticket.fare.currency != facts.currency || taxes_differ(facts, ticket)) {
        reasons.push(ReasonCode::FareCurrency);
    }
    if facts.selected().flat_map(|ticket| &ticket.ancillaries).any(|ancillary| ancillary.price.currency != facts.currency) {
        reasons.push(ReasonCode::AncillaryCurrency);
    }
    if fees_apart(facts).any(|fee| fee.currency != facts.currency) && !reasons.contains(&ReasonCode::FareCurrency) {
        reasons.push(ReasonCode::FareCurrency);
    }
    if facts.conditions.len() > MAX_PARTS || facts.conditions.iter().any(rule_check::is_unsound) {
        reasons.push(ReasonCode::ConditionsBroken);
    }
    if facts.selected().any(has_negative) || fees_apart(facts).any(|fee| fee.minor < 0) {
        reasons.push(ReasonCode::FareBelowZero);
    }
    if facts.selected().any(|ticket| !adds_up(ticket)) {
        reasons.push(ReasonCode::FareParts);
    }
    if facts.selected().any(|ticket| ticket.components.is_empty() || ticket.coupons.is_empty() || is_disjointed(ticket)) {
        reasons.push(ReasonCode::ComponentMissing);
    }
    if facts.tickets.len() > MAX_TICKETS || facts.selected().any(is_too_large) {
        reasons.push(ReasonCode::TooLarge);
    }
    reasons
}

/// Fare components, coupons and earlier tickets of one ticket: four conjunction tickets of four coupons have sixteen.
pub const MAX_PARTS: usize = 64;
/// Taxes and one-way fares of one ticket.
pub const MAX_LINES: usize = 1000;
/// Tickets of one document.
pub const MAX_TICKETS: usize = 200;

/// Whether a ticket is larger than any real one; then it is not reckoned at all.
fn is_too_large(ticket: &Ticket) -> bool {
    let parts = [ticket.components.len(), ticket.coupons.len(), ticket.chain.len(), ticket.ancillaries.len()];
    parts.iter().any(|count| *count > MAX_PARTS) || ticket.taxes.len() > MAX_LINES || ticket.candidate_fares.len() > MAX_LINES
}

fn taxes_differ(facts: &Facts, ticket: &Ticket) -> bool {
    let components = ticket.components.iter().filter_map(|component| component.fare);
    let own = ticket.used_fare.into_iter().chain(ticket.commission.and_then(|commission| commission.amount));
    let all = ticket.taxes.iter().map(|tax| tax.amount).chain(components).chain(own);
    all.chain(ticket.chain.iter().map(|earlier| earlier.fare)).any(|amount| amount.currency != facts.currency)
}

fn has_negative(ticket: &Ticket) -> bool {
    let amounts = ticket.taxes.iter().map(|tax| tax.amount).chain(ticket.ancillaries.iter().map(|ancillary| ancillary.price));
    let fares = ticket.components.iter().filter_map(|component| component.fare).chain(ticket.candidate_fares.iter().map(|fare| fare.fare));
    let earlier = ticket.chain.iter().map(|earlier| earlier.fare).chain(ticket.commission.and_then(|commission| commission.amount));
    amounts.chain(fares).chain(earlier).chain(ticket.used_fare).chain([ticket.fare]).any(|amount| amount.minor < 0)
}

/// Whether the fares of the components are the whole fare, where all are told.
fn adds_up(ticket: &Ticket) -> bool {
    let fares: Option<Vec<_>> = ticket.components.iter().map(|component| component.fare).collect();
    let sum = |fares: Vec<Money>| fares.into_iter().try_fold(Money::zero(ticket.fare.currency), Money::plus);
    fares.is_none_or(|fares| fares.is_empty() || fares[0].currency != ticket.fare.currency || sum(fares) == Ok(ticket.fare))
}

/// Whether coupons and components do not fit together: each coupon has one component, each component a coupon, and
/// numbers are not used twice.
fn is_disjointed(ticket: &Ticket) -> bool {
    let twice = |numbers: &mut Vec<i64>| {
        numbers.sort_unstable();
        numbers.windows(2).any(|pair| pair[0] == pair[1])
    };
    let mut components: Vec<i64> = ticket.components.iter().map(|component| component.no).collect();
    let mut coupons: Vec<i64> = ticket.coupons.iter().map(|coupon| coupon.no).collect();
    twice(&mut components)
        || twice(&mut coupons)
        || ticket.coupons.iter().any(|coupon| !components.contains(&coupon.component))
        || components.iter().any(|no| ticket.coupons_of(*no).next().is_none())
}

/// The fees apart: the operator's and the agency's.
fn fees_apart(facts: &Facts) -> impl Iterator<Item = Money> {
    let service_fee = match facts.service_fee {
        ServiceFee::None => None,
        ServiceFee::PerPassenger(fee) | ServiceFee::PerOrder(fee) => Some(fee),
    };
    service_fee.into_iter().chain(facts.agency_fee)
}

/// Coupons that cannot be refunded as they stand, and coupons flown out of sequence.
///
/// # Errors
/// What must be done about it.
pub fn coupons(facts: &Facts, quote: &mut Quote) -> Result<(), Stop> {
    for ticket in facts.selected() {
        for coupon in &ticket.coupons {
            match coupon.status {
                CouponStatus::Open | CouponStatus::Flown | CouponStatus::Unknown => {}
                CouponStatus::AirportControl | CouponStatus::Suspended => return Err(Stop::Manual(ReasonCode::CouponNotOpen)),
                CouponStatus::Refunded | CouponStatus::Exchanged | CouponStatus::Void => {
                    return Err(Stop::Missing(ReasonCode::CouponGone));
                }
            }
        }
        if is_out_of_sequence(ticket) {
            for document in [Document::IntroductionLetter, Document::RefundForm, Document::IdentityCard] {
                quote.documents.push(document);
                quote.trace.push(Step::Bring { document });
            }
            return Err(Stop::Manual(ReasonCode::OutOfSequence));
        }
    }
    Ok(())
}

/// Whether a later coupon was flown before an earlier one. Coupons stand in the order of their numbers.
fn is_out_of_sequence(ticket: &Ticket) -> bool {
    let last_flown = ticket.coupons.iter().rposition(|coupon| coupon.status.is_used());
    let skipped = last_flown.is_some_and(|last| ticket.coupons[..last].iter().any(|coupon| !coupon.status.is_used()));
    let flown = (1..).zip(ticket.coupons.iter().filter(|coupon| coupon.status.is_used()));
    skipped || flown.into_iter().any(|(place, coupon)| coupon.flown_order.is_some_and(|order| order != place))
}

/// Whether the facts' waiver is one that the rule set knows and that holds on the day of the request.
///
/// # Errors
/// `WaiverUnknown`: a person must ask the airline.
pub fn waiver(given: &Given<'_>) -> Result<(), Stop> {
    let Some(code) = given.facts.waiver else { return Ok(()) };
    let day = crate::kernel::time::utc_day(given.facts.requested_at);
    let known = given.rules.waivers.iter().any(|waiver| waiver.code == code && waiver.holds_on(day));
    if known { Ok(()) } else { Err(Stop::Manual(ReasonCode::WaiverUnknown)) }
}
