//! What the conditions of one fare component say at the time of the request: the window, its fee, the no-show rule.

use super::airports;
use super::conditions::{Asked, Conditions, Fee, FeeUnit, NoShow, Refundability, Span, Window};
use super::facts::{Coupon, CouponStatus, EarlierTicket, FareComponent, Ticket};
use super::fee::{self, Waived};
use super::lines::FeeKind;
use super::notes::{Given, Notes, Stop};
use super::quote::{AppliedWindow, ReasonCode};
use super::rules::{Section, Waives};
use super::trace::Step;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, minutes_until};

/// What the conditions of one component come to.
#[derive(Debug, Clone, Copy)]
pub struct Assessed {
    pub component: FareComponent,
    /// Its fare, where it is known.
    pub fare: Option<Money>,
    pub non_refundable: bool,
    /// Cancellation and no-show fee together.
    pub fees: Money,
    pub unit: FeeUnit,
    pub misc: Option<Money>,
}

/// The first conditions that apply to a component, or to it as an earlier ticket of the chain had it.
///
/// # Errors
/// `NoRule` or, for an earlier ticket, `ChainRuleMissing`.
pub fn conditions<'f>(
    given: &Given<'f>,
    ticket: &Ticket,
    component: &FareComponent,
    earlier: Option<&EarlierTicket>,
) -> Result<&'f Conditions, Stop> {
    let all = || given.facts.conditions.iter().chain(&given.rules.conditions);
    let domestic = if all().any(|one| one.applies.domestic.is_some()) { airports::is_domestic(ticket) } else { None };
    let asked = Asked {
        direction: component.direction,
        booking_class: earlier.map_or(component.booking_class, |earlier| earlier.booking_class),
        fare_basis: earlier.map_or(component.fare_basis, |earlier| earlier.fare_basis),
        passenger_type: ticket.passenger_type,
        document_number: earlier.map_or_else(|| ticket.document_numbers.first().copied(), |earlier| Some(earlier.document_number)),
        domestic,
        issued_on: earlier.map_or(ticket.issued_on, |earlier| earlier.issued_on),
    };
    let (none, unknown) = match earlier {
        Some(_) => (ReasonCode::ChainRuleMissing, ReasonCode::ChainRuleMissing),
        None => (ReasonCode::NoRule, ReasonCode::FareFactMissing),
    };
    for conditions in all() {
        match conditions.applies.to(&asked) {
            Some(false) => {}
            Some(true) if conditions.windows.is_empty() => return Err(Stop::Missing(none)),
            Some(true) => return Ok(conditions),
            // Passing it over would be a guess, and mostly one to the milder rule behind it.
            None => return Err(Stop::Missing(unknown)),
        }
    }
    Err(Stop::Missing(none))
}

/// Reads conditions for one component. Only its coupons that were not flown count.
///
/// # Errors
/// When a fact is missing that the conditions need.
pub fn assess(
    given: &Given<'_>,
    ticket: &Ticket,
    component: &FareComponent,
    conditions: &Conditions,
    notes: &mut Notes,
) -> Result<Assessed, Stop> {
    let zero = Money::zero(given.facts.currency);
    let mut assessed = Assessed {
        component: *component,
        fare: ticket.fare_of(component),
        non_refundable: false,
        fees: zero,
        unit: conditions.fee_unit,
        misc: conditions.misc_fee,
    };
    let waived = Waived::of(given);
    let mut first = true;
    for coupon in ticket.coupons_of(component.no).filter(|coupon| coupon.status.is_refundable()) {
        if !first && conditions.fee_unit != FeeUnit::Coupon {
            break;
        }
        first = false;
        let window = window(given, component, conditions, coupon, notes)?;
        let mut fees: [Option<(&Fee, FeeKind)>; 2] = [None, None];
        if window.refundability == Refundability::WithFee {
            fees[0] = Some((window.fee.as_ref().ok_or(Stop::Missing(ReasonCode::FeeMissing))?, FeeKind::Cancellation));
        }
        if window.refundability == Refundability::NonRefundable && !waived.takes(Waives::NonRefundable) {
            notes.because(ReasonCode::FareNonRefundable);
            assessed.non_refundable = true;
            continue;
        }
        if let Some(rule) = no_show(given, conditions, coupon) {
            notes.step(Step::NoShow {
                direction: component.direction,
                cutoff_minutes: rule.cutoff_minutes,
                refundability: rule.refundability,
            });
            if rule.refundability == Refundability::NonRefundable && !waived.takes(Waives::NonRefundable) {
                notes.because(ReasonCode::NoShow);
                assessed.non_refundable = true;
                continue;
            }
            fees[1] = rule.fee.as_ref().map(|fee| (fee, FeeKind::NoShow));
        }
        if coupon.status == CouponStatus::Unknown && coupon.departs_at <= given.facts.requested_at {
            return Err(Stop::Missing(ReasonCode::NoShowConfirmation));
        }
        for (fee, kind) in fees.into_iter().flatten() {
            let limits = if kind == FeeKind::NoShow { None } else { Some(window) };
            let charged = fee::charge(given, ticket, &assessed, fee, kind, limits, notes)?;
            assessed.fees = assessed.fees.plus(charged)?;
        }
    }
    Ok(assessed)
}

/// The window of a ladder that holds for a coupon's departure.
fn window<'c>(
    given: &Given<'_>,
    component: &FareComponent,
    conditions: &'c Conditions,
    coupon: &Coupon,
    notes: &mut Notes,
) -> Result<&'c Window, Stop> {
    let requested = given.facts.requested_at;
    let seconds = coupon.departs_at.as_second() - requested.as_second();
    let days = days_before(coupon, requested);
    let holds = |window: &&Window| match &window.span {
        Span::Minutes(range) => range.holds(seconds, 60),
        Span::Days(range) => range.holds(days, 1),
    };
    let window = conditions.windows.iter().find(holds).ok_or(Stop::Missing(ReasonCode::OutsideWindows))?;
    let (direction, refundability) = (component.direction, window.refundability);
    notes.step(match window.span {
        Span::Minutes(range) => Step::Window {
            direction,
            minutes_before: minutes_until(requested, coupon.departs_at),
            from_minute: range.from,
            to_minute: range.to,
            refundability,
        },
        Span::Days(range) => Step::WindowOfDays { direction, days_before: days, from_day: range.from, to_day: range.to, refundability },
    });
    let applied = AppliedWindow { direction, refundability, span: Some(window.span) };
    if !notes.windows.contains(&applied) {
        notes.windows.push(applied);
    }
    if let Some(source) = &conditions.source {
        notes.sources.push((Section::Conditions, source.clone()));
    }
    Ok(window)
}

/// Calendar days from the request to the departure, both by the clocks of the airport of departure.
fn days_before(coupon: &Coupon, requested: Timestamp) -> i64 {
    // The airport's offset at departure serves for the day of the request too.
    let utc = coupon.departs_at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let offset = coupon.departs_local.duration_since(utc);
    let local = requested.to_zoned(jiff::tz::TimeZone::UTC).datetime().saturating_add(offset);
    coupon.departs_local.date().duration_since(local.date()).as_hours() / 24
}

/// The no-show rule, where the seat was given back too late.
fn no_show<'c>(given: &Given<'_>, conditions: &'c Conditions, coupon: &Coupon) -> Option<&'c NoShow> {
    let released = given.facts.seats_released_at.map_or(given.facts.requested_at, |released| released.min(given.facts.requested_at));
    let seconds = coupon.departs_at.as_second() - released.as_second();
    conditions.no_show.as_ref().filter(|rule| seconds < rule.cutoff_minutes.max(0).saturating_mul(60))
}
