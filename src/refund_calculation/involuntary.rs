//! The airline changed or cancelled the flight: which law gives a right, and what comes back without any fee.

use super::airports;
use super::event::{Event, Happened};
use super::facts::{Coupon, Payment, Ticket};
use super::law::{Reach, Regime, Term, Threshold, Trigger};
use super::lines::Breakdown;
use super::notes::{Given, Notes, Stop};
use super::quote::{Quote, ReasonCode, Right, Verdict};
use super::trace::Step;
use super::{ancillaries, commission, taxes, used_fare};
use crate::kernel::code::Code;
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
    if event.happened == Happened::Changed && !is_told(event) {
        return Err(Stop::Missing(ReasonCode::EventMissing));
    }
    let domestic = airports::is_domestic(ticket).ok_or(Stop::Missing(ReasonCode::UnknownAirport))?;
    let law = given.rules.law();
    let day = crate::kernel::time::utc_day(given.facts.requested_at);
    for regime in law.regimes.iter().filter(|regime| day >= regime.from && regime.until.is_none_or(|until| day <= until)) {
        if !reaches(given, regime, ticket) || !regime.triggers.iter().any(|trigger| is_met(*trigger, event, domestic)) {
            continue;
        }
        let term = if given.facts.payment == Payment::Card { regime.card } else { regime.other };
        let deadline = term.and_then(|term| law.deadline(regime, term, local_day(given.facts.requested_at, regime)));
        if matches!(term, Some(Term::WorkingDays(_))) && deadline.is_none() {
            quote.because(ReasonCode::CalendarMissing);
        }
        quote.rights.push(Right { regime: regime.name.clone(), basis: regime.basis.clone(), deadline });
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

/// Whether a change is told well enough to judge it.
const fn is_told(event: &Event) -> bool {
    let departure = event.ticketed_departure.is_some() && event.new_departure.is_some();
    let arrival = event.ticketed_arrival.is_some() && event.new_arrival.is_some();
    departure || arrival || event.other_airport || event.more_connections || event.downgraded
}

fn local_day(at: Timestamp, regime: &Regime) -> Date {
    let zone = jiff::tz::TimeZone::get(&regime.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).date()
}

fn reaches(given: &Given<'_>, regime: &Regime, ticket: &Ticket) -> bool {
    let inside = |country: Option<&str>| country.is_some_and(|country| regime.countries.iter().any(|one| one.text() == country));
    let own_carrier = inside(given.rules.home_country.as_ref().map(Code::text));
    let touches = |coupon: &Coupon| {
        let (from, to) = (inside(airports::country(coupon.from)), inside(airports::country(coupon.to)));
        match regime.reach {
            Reach::Touches => from || to,
            Reach::DepartsOrOwnCarrier => from || (to && own_carrier),
        }
    };
    ticket.coupons.iter().filter(|coupon| coupon.status.is_refundable()).any(touches)
}

/// Whether what happened is what a trigger asks for. Exactly the threshold counts; times are compared as instants.
#[must_use]
pub fn is_met(trigger: Trigger, event: &Event, domestic: bool) -> bool {
    let minutes = |from: Option<Timestamp>, to: Option<Timestamp>| Some((to?.as_second() - from?.as_second()).div_euclid(60));
    let threshold = |threshold: Threshold| if domestic { threshold.domestic_minutes } else { threshold.international_minutes };
    let (cancelled, by_carrier) = (event.happened == Happened::Cancelled, event.carrier_cause == Some(true));
    let later = minutes(event.ticketed_departure, event.new_departure);
    match trigger {
        Trigger::Cancelled => cancelled,
        Trigger::CancelledByCarrier => cancelled && by_carrier,
        Trigger::ChangedByCarrier => event.happened == Happened::Changed && by_carrier,
        Trigger::DepartsEarlier(of) => minutes(event.new_departure, event.ticketed_departure).is_some_and(|early| early >= threshold(of)),
        Trigger::ArrivesLater(of) => minutes(event.ticketed_arrival, event.new_arrival).is_some_and(|late| late >= threshold(of)),
        Trigger::Delayed { minutes } => later.is_some_and(|late| late >= minutes),
        Trigger::DelayedByCarrier { minutes } => by_carrier && later.is_some_and(|late| late >= minutes),
        Trigger::OtherAirport => event.other_airport,
        Trigger::MoreConnections => event.more_connections,
        Trigger::Downgraded => event.downgraded,
        Trigger::NotRebookedWithin { minutes: limit } => match event.rebooked_departure {
            Some(_) => minutes(event.ticketed_departure, event.rebooked_departure).is_some_and(|late| late > limit),
            None => cancelled,
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
    let mut breakdown = Breakdown::nothing(ticket.fare);
    let has_open = ticket.coupons.iter().any(|coupon| coupon.status.is_refundable());
    if ticket.is_partly_used() {
        let used = used_fare::of(given, ticket, notes)?.at_most(ticket.fare);
        breakdown.fare_used = used;
        if let Some(unused) = unused_fare(ticket).filter(|_| has_open)
            && unused.minor > breakdown.fare_refund()?.minor
        {
            notes.step(Step::UnusedPart { amount: unused });
            breakdown.fare_used = ticket.fare.minus(unused)?;
        }
        if !has_open {
            breakdown.fare_used = ticket.fare;
        }
    }
    breakdown.tax_returned = taxes::reckon(given, ticket, &[], false, notes)?.all;
    breakdown.ancillaries_returned = ancillaries::reckon(given, ticket, notes)?;
    (breakdown.commission_recalled, breakdown.commission_on_fee) = commission::reckon(given, ticket, &breakdown, &[], notes)?;
    Ok(breakdown)
}

/// The ticketed fare of the components that were not begun, at most the whole fare.
fn unused_fare(ticket: &Ticket) -> Option<Money> {
    let unused = |no: i64| ticket.coupons_of(no).all(|coupon| !coupon.status.is_used());
    let mut fares = ticket.components.iter().filter(|component| unused(component.no)).map(|component| ticket.fare_of(component));
    let sum = fares.try_fold(Money::zero(ticket.fare.currency), |sum, fare| sum.plus(fare?).ok())?;
    Some(sum.at_most(ticket.fare))
}
