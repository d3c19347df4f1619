//! What the conditions of one fare component say at the time of the request: the window, its fee, the no-show rule.

use rust_decimal::Decimal;

use super::airports;
use super::conditions::{Asked, Conditions, Fee, FeeBase, FeeUnit, NoShow, Refundability, Span, Window};
use super::conversion::{self, Exact};
use super::facts::{Coupon, EarlierTicket, FareComponent, Ticket};
use super::lines::{FeeKind, FeeLine};
use super::notes::{Given, Notes, Stop};
use super::quote::{AppliedWindow, ReasonCode};
use super::rules::{LineRounding, Section, Waives};
use super::taxes;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};
use crate::kernel::time::minutes_until;

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
        if coupon.status == super::facts::CouponStatus::Unknown && coupon.departs_at <= given.facts.requested_at {
            return Err(Stop::Missing(ReasonCode::NoShowConfirmation));
        }
        for (fee, kind) in fees.into_iter().flatten() {
            let limits = if kind == FeeKind::NoShow { None } else { Some(window) };
            let charged = charge(given, ticket, &assessed, fee, kind, limits, waived, notes)?;
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
fn days_before(coupon: &Coupon, requested: crate::kernel::time::Timestamp) -> i64 {
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

/// What the facts' waiver takes away.
#[derive(Debug, Clone, Copy)]
pub struct Waived<'f>(&'f [Waives]);

impl<'f> Waived<'f> {
    /// Reads the waiver by the rule set; an unknown one waives nothing (and is a reason of its own).
    #[must_use]
    pub fn of(given: &Given<'f>) -> Self {
        let Some(code) = given.facts.waiver else { return Self(&[]) };
        let day = crate::kernel::time::utc_day(given.facts.requested_at);
        let waiver = given.rules.waivers.iter().find(|waiver| waiver.code == code && waiver.holds_on(day));
        Self(waiver.map(|waiver| waiver.waives.as_slice()).unwrap_or_default())
    }

    /// Whether it takes this away.
    #[must_use]
    pub fn takes(self, what: Waives) -> bool {
        self.0.contains(&what)
    }
}

/// One fee in the order's currency: its amount or share, converted, inside its limits, times the passenger's factor,
/// rounded once at the end.
#[allow(clippy::too_many_arguments, reason = "one paragraph of the rule, cut in two for its length")]
fn charge(
    given: &Given<'_>,
    ticket: &Ticket,
    assessed: &Assessed,
    fee: &Fee,
    kind: FeeKind,
    window: Option<&Window>,
    waived: Waived<'_>,
    notes: &mut Notes,
) -> Result<Money, Stop> {
    let currency = given.facts.currency;
    let direction = assessed.component.direction;
    let mut line = FeeLine {
        passenger: ticket.no,
        component: Some(assessed.component.no),
        kind,
        rule_amount: Money::zero(currency),
        basis_points: None,
        of: None,
        charged: Money::zero(currency),
        share_of_fare_refund: None,
        waived: false,
    };
    let amount = match fee {
        Fee::Amount(amount) => *amount,
        Fee::LocalAmounts(amounts) => {
            *amounts.iter().find(|amount| amount.currency == currency).ok_or(Stop::Missing(ReasonCode::LocalFeeMissing))?
        }
        Fee::BasisPoints(points) => {
            let of = base(ticket, assessed, window.map_or(FeeBase::Fare, |window| window.base))?;
            let rounding = &given.rules.rounding.fee;
            let amount = of.ratio(i64::from(*points), 10_000, rounding.direction, rounding.unit(currency))?;
            (line.basis_points, line.of) = (Some(*points), Some(of));
            notes.step(Step::Share { direction, basis_points: *points, of, amount });
            amount
        }
    };
    if line.of.is_none() {
        notes.step(Step::Fee { direction, amount });
    }
    line.rule_amount = amount;
    line.charged = limited(given, ticket, &line, window, notes)?;
    let is_waived = waived.takes(if kind == FeeKind::NoShow { Waives::NoShow } else { Waives::Fee });
    if is_waived && let Some(code) = given.facts.waiver {
        notes.step(Step::Waived { code, amount: line.charged });
        (line.charged, line.waived) = (Money::zero(currency), true);
    }
    notes.fees.push(line);
    Ok(line.charged)
}

/// Converts, limits and shares a fee, and rounds it once. An amount that stays as the rule has it is not rounded at all.
fn limited(given: &Given<'_>, ticket: &Ticket, line: &FeeLine, window: Option<&Window>, notes: &mut Notes) -> Result<Money, Stop> {
    let factor = given.rules.factor(ticket.passenger_type, ticket.has_seat);
    let (minimum, maximum) = window.map_or((None, None), |window| (window.minimum, window.maximum));
    let is_plain = line.rule_amount.currency == given.facts.currency && line.basis_points.is_none();
    if is_plain && factor == 10_000 && minimum.is_none() && maximum.is_none() {
        return Ok(line.rule_amount);
    }
    let exact = match (line.basis_points, line.of) {
        // A share is taken again without rounding, so that it is rounded only once.
        (Some(points), Some(of)) => Exact { amount: share(of.decimal(), points)?, converted: false },
        _ => conversion::exact(given, line.rule_amount, notes)?,
    };
    let own = LineRounding::default();
    let rounding = match (exact.converted, is_plain && factor == 10_000) {
        (true, _) => &given.rules.rounding.conversion,
        (false, true) => &own,
        (false, false) => &given.rules.rounding.fee,
    };
    let mut amount = exact.amount;
    if let Some(minimum) = minimum {
        amount = amount.max(conversion::exact(given, minimum, notes)?.amount);
    }
    let highest = maximum.map(|maximum| conversion::exact(given, maximum, notes)).transpose()?.map(|highest| highest.amount);
    if let Some(highest) = highest {
        amount = amount.min(highest);
    }
    if amount != exact.amount {
        notes.step(Step::Limited { from: rounded(given, exact.amount, rounding)?, to: rounded(given, amount, &own)? });
    }
    if factor != 10_000 {
        amount = share(amount, factor)?;
        let (passenger_type, basis_points) = (ticket.passenger_type, factor);
        notes.step(Step::Factor { passenger_type, basis_points, amount: rounded(given, amount, rounding)? });
    }
    let charged = rounded(given, amount, rounding)?;
    // Rounding to a unit must not lift a fee above its maximum.
    Ok(match highest {
        Some(highest) => charged.at_most(rounded(given, highest, &own)?),
        None => charged,
    })
}

fn share(amount: Decimal, points: u32) -> Result<Decimal, MoneyError> {
    amount.checked_mul(Decimal::new(i64::from(points), 4)).ok_or(MoneyError::TooLarge)
}

fn rounded(given: &Given<'_>, amount: Decimal, rounding: &LineRounding) -> Result<Money, MoneyError> {
    let currency = given.facts.currency;
    Money::rounded_to(amount, currency, rounding.direction, rounding.unit(currency))
}

/// What a share is taken of.
fn base(ticket: &Ticket, assessed: &Assessed, base: FeeBase) -> Result<Money, Stop> {
    let component = &assessed.component;
    let whole = matches!(assessed.unit, FeeUnit::Ticket | FeeUnit::Journey) && base != FeeBase::Component;
    let belongs = |other: &FareComponent| match assessed.unit {
        FeeUnit::Ticket | FeeUnit::Journey => true,
        FeeUnit::PricingUnit => other.pricing_unit == component.pricing_unit,
        FeeUnit::Direction => other.direction == component.direction,
        FeeUnit::Component | FeeUnit::Coupon => other.no == component.no,
    };
    let mut sum = Money::zero(ticket.fare.currency);
    if whole {
        sum = ticket.fare;
    } else {
        let alone = base == FeeBase::Component;
        for other in ticket.components.iter().filter(|other| if alone { other.no == component.no } else { belongs(other) }) {
            sum = sum.plus(ticket.fare_of(other).ok_or(Stop::Missing(ReasonCode::DirectionFareMissing))?)?;
        }
    }
    if matches!(base, FeeBase::Fare | FeeBase::Component) {
        return Ok(sum);
    }
    let of_unit = |no: i64| {
        let coupon = ticket.coupons.iter().find(|coupon| coupon.no == no);
        coupon.is_some_and(|coupon| ticket.components.iter().any(|other| other.no == coupon.component && belongs(other)))
    };
    for tax in ticket.taxes.iter().filter(|tax| base == FeeBase::FarePlusTax || taxes::is_fuel(tax.code)) {
        match tax.coupon {
            Some(no) if !of_unit(no) => {}
            None if !whole && ticket.components.len() > 1 => return Err(Stop::Missing(ReasonCode::TaxCouponMissing)),
            _ => sum = sum.plus(tax.amount)?,
        }
    }
    Ok(sum)
}
