//! The airline changed or cancelled the flight: which law gives a right, and what comes back without any fee.

use super::airports;
use super::event::{Event, Happened};
use super::facts::{Coupon, CouponStatus, Payment, Ticket};
use super::law::{Law, Reach, Regime, Term, Threshold, Trigger};
use super::lines::Breakdown;
use super::notes::{Given, Notes, Stop};
use super::quote::{Quote, ReasonCode, Right, Verdict};
use super::trace::Step;
use super::{ancillaries, commission, taxes, used_fare};
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp};

/// Whether the refund is reckoned as involuntary. Where the facts tell what happened, a law must give the right; where
/// they do not, the agency's word stands.
///
/// # Errors
/// `EventMissing` or `UnknownAirport` when what happened cannot be judged.
pub fn holds(given: &Given<'_>, quote: &mut Quote) -> Result<bool, Stop> {
    let Some(event) = &given.facts.event else { return Ok(true) };
    let Some(ticket) = given.facts.selected().next() else { return Ok(true) };
    let domestic = airports::is_domestic(ticket).ok_or(Stop::Missing(ReasonCode::UnknownAirport))?;
    let law = given.rules.law();
    let day = crate::kernel::time::utc_day(given.facts.requested_at);
    let mut undecided = None;
    for regime in law.regimes.iter().filter(|regime| day >= regime.from && regime.until.is_none_or(|until| day <= until)) {
        let met = any_met(regime, event, domestic);
        match (reaches(given, regime, ticket, event), met) {
            (Some(false), _) | (_, Some(false)) => {}
            (None, _) => undecided = Some(ReasonCode::CarrierCountryMissing),
            (Some(true), None) => undecided = Some(ReasonCode::EventMissing),
            (Some(true), Some(true)) => quote.rights.push(right(given, law, regime, &mut quote.reasons)),
        }
    }
    if let Some(reason) = undecided.filter(|_| quote.rights.is_empty()) {
        return Err(Stop::Missing(reason));
    }
    // The earliest deadline first; a right without one last.
    quote.rights.sort_by_key(|right| (right.deadline.is_none(), right.deadline));
    for right in &quote.rights {
        quote.trace.push(Step::Right { regime: right.regime.clone(), basis: right.basis.clone() });
        if let Some(day) = right.deadline {
            quote.trace.push(Step::Deadline { day, basis: right.basis.clone() });
        }
    }
    if quote.rights.is_empty() {
        quote.verdict = Verdict::Estimated;
        quote.because(ReasonCode::NoInvoluntaryRight);
        quote.trace.push(Step::NoRight);
    }
    Ok(!quote.rights.is_empty())
}

/// The right by one law, with the day by which it must be paid.
fn right(given: &Given<'_>, law: &Law, regime: &Regime, reasons: &mut Vec<ReasonCode>) -> Right {
    let term = if given.facts.payment == Payment::Card { regime.card } else { regime.other };
    let deadline = term.and_then(|term| law.deadline(regime, term, local_day(given.facts.requested_at, regime)));
    if matches!(term, Some(Term::WorkingDays(_))) && deadline.is_none() && !reasons.contains(&ReasonCode::CalendarMissing) {
        reasons.push(ReasonCode::CalendarMissing);
    }
    Right { regime: regime.name.clone(), basis: regime.basis.clone(), deadline }
}

/// Whether any trigger is met; nothing where none is and one hangs on a fact that is not known.
fn any_met(regime: &Regime, event: &Event, domestic: bool) -> Option<bool> {
    let mut unknown = false;
    for trigger in &regime.triggers {
        match is_met(*trigger, event, domestic) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(false)
}

fn local_day(at: Timestamp, regime: &Regime) -> Date {
    let zone = jiff::tz::TimeZone::get(&regime.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).date()
}

/// Whether a law is for this journey; nothing where it hangs on the carrier's country, which is not known.
fn reaches(given: &Given<'_>, regime: &Regime, ticket: &Ticket, event: &Event) -> Option<bool> {
    let inside = |country: Option<&str>| country.is_some_and(|country| regime.countries.iter().any(|one| one.text() == country));
    let affected = |coupon: &&Coupon| coupon.status.is_refundable() && event.coupon.is_none_or(|no| no == coupon.no);
    let flights = || ticket.coupons.iter().filter(affected);
    let departs = flights().any(|coupon| inside(airports::country(coupon.from)));
    let arrives = flights().any(|coupon| inside(airports::country(coupon.to)));
    match regime.reach {
        Reach::Touches => Some(departs || arrives),
        Reach::DepartsOrOwnCarrier if departs || !arrives => Some(departs),
        Reach::DepartsOrOwnCarrier => given.rules.home_country.as_ref().map(|country| inside(Some(country.text()))),
    }
}

/// Whether what happened is what a trigger asks for; nothing where it is not known. Exactly the threshold counts; times
/// are compared as instants.
#[must_use]
pub fn is_met(trigger: Trigger, event: &Event, domestic: bool) -> Option<bool> {
    let minutes = |from: Option<Timestamp>, to: Option<Timestamp>| Some((to?.as_second() - from?.as_second()).div_euclid(60));
    let threshold = |threshold: Threshold| if domestic { threshold.domestic_minutes } else { threshold.international_minutes };
    let cancelled = event.happened == Happened::Cancelled;
    let later = || minutes(event.ticketed_departure, event.new_departure);
    // A cancelled flight has no new times.
    let unless_cancelled = |met: Option<bool>| if cancelled { Some(false) } else { met };
    match trigger {
        Trigger::Cancelled => Some(cancelled),
        Trigger::CancelledByCarrier => {
            if cancelled {
                event.carrier_cause
            } else {
                Some(false)
            }
        }
        Trigger::ChangedByCarrier => unless_cancelled(event.carrier_cause),
        Trigger::DepartsEarlier(of) => {
            unless_cancelled(minutes(event.new_departure, event.ticketed_departure).map(|early| early >= threshold(of)))
        }
        Trigger::ArrivesLater(of) => unless_cancelled(minutes(event.ticketed_arrival, event.new_arrival).map(|late| late >= threshold(of))),
        Trigger::Delayed { minutes } => unless_cancelled(later().map(|late| late >= minutes)),
        Trigger::DelayedByCarrier { minutes } => match later().map(|late| late >= minutes) {
            Some(true) => unless_cancelled(event.carrier_cause),
            other => unless_cancelled(other),
        },
        Trigger::OtherAirport => Some(event.other_airport),
        Trigger::MoreConnections => Some(event.more_connections),
        Trigger::Downgraded => Some(event.downgraded),
        Trigger::NotRebookedWithin { minutes: limit } => match event.rebooked_departure {
            Some(_) => minutes(event.ticketed_departure, event.rebooked_departure).map(|late| late > limit),
            None => Some(cancelled),
        },
    }
}

/// Everything of the unused part, without a fee: of a partly used ticket the fare of the unused part, and not less than
/// the fare paid less the applicable fare of the used part.
///
/// # Errors
/// When the used part has no fare.
pub fn reckon(given: &Given<'_>, ticket: &Ticket, notes: &mut Notes) -> Result<Breakdown, Stop> {
    notes.step(Step::AirlineCause);
    if ticket.coupons.iter().any(|coupon| coupon.status == CouponStatus::Unknown && coupon.departs_at <= given.facts.requested_at) {
        // The airline must still say that nobody flew.
        notes.because(ReasonCode::NoShowConfirmation);
    }
    let mut breakdown = Breakdown::nothing(ticket.fare);
    let has_open = ticket.coupons.iter().any(|coupon| coupon.status.is_refundable());
    if ticket.is_partly_used() {
        let used = used_fare::of(given, ticket, notes)?.at_most(ticket.fare);
        breakdown.fare_used = used;
        let unused = unused_fare(ticket).ok_or(Stop::Missing(ReasonCode::DirectionFareMissing))?;
        if has_open && unused.minor > breakdown.fare_refund()?.minor {
            notes.step(Step::UnusedPart { amount: unused });
            breakdown.fare_used = ticket.fare.minus(unused)?;
        }
        if !has_open {
            breakdown.fare_used = ticket.fare;
        }
    }
    breakdown.tax_returned = taxes::reckon(given, ticket, &[], false, notes)?.all;
    breakdown.ancillaries_returned = ancillaries::reckon(given, ticket, notes)?;
    (breakdown.commission_recalled, breakdown.commission_on_fee) =
        commission::reckon(given, ticket, &breakdown, Money::zero(ticket.fare.currency), notes)?;
    Ok(breakdown)
}

/// The ticketed fare of the components that were not begun, at most the whole fare.
fn unused_fare(ticket: &Ticket) -> Option<Money> {
    let unused = |no: i64| ticket.coupons_of(no).all(|coupon| !coupon.status.is_used());
    let mut fares = ticket.components.iter().filter(|component| unused(component.no)).map(|component| ticket.fare_of(component));
    let sum = fares.try_fold(Money::zero(ticket.fare.currency), |sum, fare| sum.plus(fare?).ok())?;
    Some(sum.at_most(ticket.fare))
}
