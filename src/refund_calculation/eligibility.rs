//! Whether the facts are enough to begin with, and what a person must do instead.

use super::facts::{CouponStatus, Facts, Ticket};
use super::notes::{Given, Stop};
use super::quote::{Document, Quote, ReasonCode};
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
    if facts.selected().any(has_negative) {
        reasons.push(ReasonCode::FareBelowZero);
    }
    if facts.selected().any(|ticket| !adds_up(ticket)) {
        reasons.push(ReasonCode::FareParts);
    }
    if facts.selected().any(|ticket| ticket.components.is_empty() || ticket.coupons.is_empty() || has_stray_coupon(ticket)) {
        reasons.push(ReasonCode::ComponentMissing);
    }
    if facts.selected().any(|ticket| ticket.components.len() > MAX_COMPONENTS) {
        reasons.push(ReasonCode::TooManyComponents);
    }
    reasons
}

/// Fare components of one ticket: four conjunction tickets of four coupons have sixteen.
pub const MAX_COMPONENTS: usize = 64;

fn taxes_differ(facts: &Facts, ticket: &Ticket) -> bool {
    let components = ticket.components.iter().filter_map(|component| component.fare);
    let all = ticket.taxes.iter().map(|tax| tax.amount).chain(components).chain(ticket.used_fare);
    all.chain(ticket.chain.iter().map(|earlier| earlier.fare)).any(|amount| amount.currency != facts.currency)
}

fn has_negative(ticket: &Ticket) -> bool {
    let amounts = ticket.taxes.iter().map(|tax| tax.amount).chain(ticket.ancillaries.iter().map(|ancillary| ancillary.price));
    let fares = ticket.components.iter().filter_map(|component| component.fare).chain(ticket.candidate_fares.iter().map(|fare| fare.fare));
    amounts.chain(fares).chain(ticket.used_fare).chain([ticket.fare]).any(|amount| amount.minor < 0)
}

/// Whether the fares of the components are the whole fare, where all are told.
fn adds_up(ticket: &Ticket) -> bool {
    let fares: Option<Vec<_>> = ticket.components.iter().map(|component| component.fare).collect();
    let sum = |fares: Vec<Money>| fares.into_iter().try_fold(Money::zero(ticket.fare.currency), Money::plus);
    fares.is_none_or(|fares| fares.is_empty() || fares[0].currency != ticket.fare.currency || sum(fares) == Ok(ticket.fare))
}

fn has_stray_coupon(ticket: &Ticket) -> bool {
    ticket.coupons.iter().any(|coupon| !ticket.components.iter().any(|component| component.no == coupon.component))
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
    let orders = ticket.coupons.iter().filter_map(|coupon| coupon.flown_order);
    skipped || !orders.is_sorted()
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
