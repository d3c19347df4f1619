//! What one fee comes to: its amount or share, converted, inside its limits, times the passenger's factor, waived or not.

use rust_decimal::Decimal;

use super::conditions::{Fee, FeeBase, FeeUnit, Window};
use super::conversion::{self, Exact};
use super::facts::{FareComponent, Ticket};
use super::lines::{FeeKind, FeeLine};
use super::notes::{Given, Notes, Stop};
use super::penalty::Assessed;
use super::quote::ReasonCode;
use super::rules::{LineRounding, Waives};
use super::taxes;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

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
/// rounded once at the end. `window` has the base and the limits; a no-show fee has none.
///
/// # Errors
/// When a fact is missing that the fee needs.
pub fn charge(
    given: &Given<'_>,
    ticket: &Ticket,
    assessed: &Assessed,
    fee: &Fee,
    kind: FeeKind,
    window: Option<&Window>,
    notes: &mut Notes,
) -> Result<Money, Stop> {
    let currency = given.facts.currency;
    let direction = assessed.component.direction;
    let (mut basis_points, mut of) = (None, None);
    let amount = match fee {
        Fee::Amount(amount) => *amount,
        Fee::LocalAmounts(amounts) => {
            *amounts.iter().find(|amount| amount.currency == currency).ok_or(Stop::Missing(ReasonCode::LocalFeeMissing))?
        }
        Fee::BasisPoints(points) => {
            let whole = base(ticket, assessed, window.map_or(FeeBase::Fare, |window| window.base))?;
            let rounding = &given.rules.rounding.fee;
            (basis_points, of) = (Some(*points), Some(whole));
            whole.ratio(i64::from(*points), 10_000, rounding.direction, rounding.unit(currency))?
        }
    };
    notes.step(match (basis_points, of) {
        (Some(basis_points), Some(of)) => Step::Share { direction, basis_points, of, amount },
        _ => Step::Fee { direction, amount },
    });
    let mut line = FeeLine { basis_points, of, ..FeeLine::of_rule(kind, Some(assessed.component.no), amount) };
    line.charged = limited(given, ticket, &line, window, notes)?;
    if let Some(code) = given.facts.waiver.filter(|_| Waived::of(given).takes(kind.waived_by())) {
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
