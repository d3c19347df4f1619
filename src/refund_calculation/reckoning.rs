//! One ticket by conditions that are already read: combination, cap, taxes, ancillaries, commission.

use super::facts::Ticket;
use super::lines::{Breakdown, FeeKind, FeeLine};
use super::notes::{Given, Notes, Stop};
use super::penalty::{Assessed, Waived};
use super::rules::{FeeCap, Waives};
use super::trace::Step;
use super::{ancillaries, combination, commission, conversion, mixed, taxes};
use crate::kernel::money::{Money, MoneyError};

/// What a ticket comes to.
#[derive(Debug, Clone, Copy)]
pub struct Reckoned {
    pub breakdown: Breakdown,
}

impl Reckoned {
    /// What comes back of fare and taxes.
    ///
    /// # Errors
    /// On overflow.
    pub fn of_fare_and_tax(&self) -> Result<Money, MoneyError> {
        self.breakdown.fare_back()?.plus(self.breakdown.tax_returned)
    }
}

/// Reckons a ticket. `used` is the applicable fare of its used part, `locked` what an earlier ticket keeps.
///
/// # Errors
/// When a fact is missing, or on overflow.
pub fn reckon(
    given: &Given<'_>,
    ticket: &Ticket,
    used: Money,
    locked: Option<Money>,
    assessed: &[Assessed],
    notes: &mut Notes,
) -> Result<Reckoned, Stop> {
    let zero = Money::zero(given.facts.currency);
    let mut breakdown = Breakdown::nothing(ticket.fare);
    breakdown.fare_used = used;
    let gross = breakdown.fare_refund()?;
    let nothing_open = assessed.is_empty();
    let combined = combination::combine(given.rules.combination, assessed, zero)?;
    let all_lost = combined.all_lost || nothing_open;
    let lost = if all_lost { gross } else { combined.lost.at_least(locked.unwrap_or(zero)) };
    breakdown.fare_lost = lost.at_most(gross.at_least(zero)).at_least(zero);
    keep_charged(ticket, assessed, combined.charged, notes);
    let mut fees = combined.fees;
    if assessed.len() > 1 && !all_lost {
        notes.step(Step::Combined { combination: given.rules.combination, lost: breakdown.fare_lost, fees });
    }
    if !breakdown.fare_lost.is_zero() {
        notes.step(Step::FareKept { passenger: ticket.no, kept: breakdown.fare_lost });
    }
    let waived = Waived::of(given);
    if !all_lost && let Some(misc) = assessed.iter().find_map(|one| one.misc) {
        fees = fees.plus(misc_fee(given, ticket, misc, waived, notes)?)?;
    }
    let returned = taxes::reckon(given, ticket, assessed, all_lost, notes)?;
    breakdown.tax_returned = returned.all;
    let tax_only = tax_only_fee(given, ticket, all_lost && !nothing_open, returned.all, waived, notes)?;
    breakdown.fees_before_cap = fees.plus(tax_only)?;
    let left = gross.minus(breakdown.fare_lost)?;
    let cap = match given.rules.fee_cap {
        FeeCap::CapFareAndFuel => Some(left.plus(returned.fuel)?),
        FeeCap::CapAll => Some(left.plus(returned.all)?),
        FeeCap::CarryExcess => None,
    };
    // A refund of taxes alone costs at most those taxes.
    let tax_only = cap.map_or(tax_only, |_| tax_only.at_most(returned.all));
    breakdown.fees = match cap {
        Some(cap) if fees.minor > cap.at_least(zero).minor => {
            let cap = cap.at_least(zero);
            notes.step(Step::Capped { passenger: ticket.no, fees, cap });
            cap
        }
        _ => fees,
    }
    .plus(tax_only)?;
    breakdown.ancillaries_returned = ancillaries::reckon(given, ticket, notes)?;
    (breakdown.commission_recalled, breakdown.commission_on_fee) = commission::reckon(given, ticket, &breakdown, combined.fees, notes)?;
    share_of_refund(gross, ticket, notes);
    mixed::write(given, ticket, &breakdown, assessed, notes)?;
    Ok(Reckoned { breakdown })
}

/// Lines whose fee another one stands for are charged at nothing.
fn keep_charged(ticket: &Ticket, assessed: &[Assessed], charged: u64, notes: &mut Notes) {
    let is_charged = |component: i64| {
        let place = assessed.iter().position(|one| one.component.no == component);
        place.is_some_and(|place| charged >> (place % 64) & 1 == 1)
    };
    for line in notes.fees.iter_mut().filter(|line| line.passenger == ticket.no) {
        if line.component.is_some_and(|component| !is_charged(component)) {
            line.charged = Money::zero(line.charged.currency);
        }
    }
}

fn misc_fee(given: &Given<'_>, ticket: &Ticket, misc: Money, waived: Waived<'_>, notes: &mut Notes) -> Result<Money, Stop> {
    notes.step(Step::MiscFee { amount: misc });
    let charged = conversion::money(given, misc, notes)?;
    Ok(add_line(given, ticket, FeeKind::Misc, misc, charged, waived.takes(Waives::Fee), notes))
}

/// What a refund of taxes alone costs: only where no fare comes back at all.
fn tax_only_fee(
    given: &Given<'_>,
    ticket: &Ticket,
    taxes_alone: bool,
    returned: Money,
    waived: Waived<'_>,
    notes: &mut Notes,
) -> Result<Money, Stop> {
    let zero = Money::zero(given.facts.currency);
    let Some(fee) = given.rules.taxes.tax_only_fee.filter(|_| taxes_alone && !returned.is_zero()) else { return Ok(zero) };
    notes.step(Step::TaxOnlyFee { amount: fee });
    let charged = conversion::money(given, fee, notes)?;
    Ok(add_line(given, ticket, FeeKind::TaxOnly, fee, charged, waived.takes(Waives::TaxOnlyFee), notes))
}

fn add_line(
    given: &Given<'_>,
    ticket: &Ticket,
    kind: FeeKind,
    rule_amount: Money,
    amount: Money,
    waived: bool,
    notes: &mut Notes,
) -> Money {
    let charged = if waived { Money::zero(amount.currency) } else { amount };
    if let Some(code) = given.facts.waiver.filter(|_| waived) {
        notes.step(Step::Waived { code, amount });
    }
    notes.fees.push(FeeLine {
        passenger: ticket.no,
        component: None,
        kind,
        rule_amount,
        basis_points: None,
        of: None,
        charged,
        share_of_fare_refund: None,
        waived,
    });
    charged
}

/// Writes each fee's share of the fare refund, for information.
fn share_of_refund(gross: Money, ticket: &Ticket, notes: &mut Notes) {
    if gross.minor <= 0 {
        return;
    }
    for line in notes.fees.iter_mut().filter(|line| line.passenger == ticket.no && !line.charged.is_zero()) {
        let share = (i128::from(line.charged.minor) * 20_000 + i128::from(gross.minor)) / (i128::from(gross.minor) * 2);
        line.share_of_fare_refund = u32::try_from(share).ok();
    }
}
