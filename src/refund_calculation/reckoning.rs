//! One ticket by conditions that are already read: combination, cap, taxes, ancillaries, commission.

use super::facts::Ticket;
use super::fee::Waived;
use super::lines::{Breakdown, FeeKind, FeeLine};
use super::notes::{Given, Notes, Stop};
use super::penalty::Assessed;
use super::rules::FeeCap;
use super::trace::Step;
use super::{ancillaries, combination, commission, conversion, mixed, taxes};
use crate::kernel::money::Money;

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
) -> Result<Breakdown, Stop> {
    let zero = Money::zero(given.facts.currency);
    let mut breakdown = Breakdown::nothing(ticket.fare);
    breakdown.fare_used = used;
    let gross = breakdown.fare_refund()?;
    let nothing_open = assessed.is_empty();
    let combined = combination::combine(given.rules.combination, assessed, zero)?;
    let all_lost = combined.all_lost || nothing_open;
    let lost = if all_lost { gross } else { combined.lost.at_least(locked.unwrap_or(zero)) };
    breakdown.fare_lost = lost.at_most(gross.at_least(zero)).at_least(zero);
    keep_charged(assessed, combined.charged, notes);
    let mut fees = combined.fees;
    if assessed.len() > 1 && !all_lost {
        notes.step(Step::Combined { combination: given.rules.combination, lost: breakdown.fare_lost, fees });
    }
    if !breakdown.fare_lost.is_zero() {
        notes.step(Step::FareKept { passenger: ticket.no, kept: breakdown.fare_lost });
    }
    if !all_lost && let Some(misc) = assessed.iter().find_map(|one| one.misc) {
        notes.step(Step::MiscFee { amount: misc });
        fees = fees.plus(further_fee(given, FeeKind::Misc, misc, notes)?)?;
    }
    let returned = taxes::reckon(given, ticket, assessed, all_lost, notes)?;
    breakdown.tax_returned = returned.all;
    let tax_only = match given.rules.taxes.tax_only_fee {
        // Only where no fare comes back at all.
        Some(fee) if all_lost && !nothing_open && !returned.all.is_zero() => {
            notes.step(Step::TaxOnlyFee { amount: fee });
            further_fee(given, FeeKind::TaxOnly, fee, notes)?
        }
        _ => zero,
    };
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
    share_of_refund(gross, notes);
    mixed::write(given, ticket, &breakdown, assessed, notes)?;
    Ok(breakdown)
}

/// Lines whose fee another one stands for are charged at nothing.
fn keep_charged(assessed: &[Assessed], charged: u64, notes: &mut Notes) {
    let is_charged = |component: i64| {
        let place = assessed.iter().position(|one| one.component.no == component);
        place.is_some_and(|place| charged >> (place % 64) & 1 == 1)
    };
    for line in &mut notes.fees {
        if line.component.is_some_and(|component| !is_charged(component)) {
            line.charged = Money::zero(line.charged.currency);
        }
    }
}

/// A fee of the whole ticket beside those of its components: converted, waived where the waiver takes it, and written.
fn further_fee(given: &Given<'_>, kind: FeeKind, rule_amount: Money, notes: &mut Notes) -> Result<Money, Stop> {
    let amount = conversion::money(given, rule_amount, notes)?;
    let waived = Waived::of(given).takes(kind.waived_by());
    let charged = if waived { Money::zero(amount.currency) } else { amount };
    if let Some(code) = given.facts.waiver.filter(|_| waived) {
        notes.step(Step::Waived { code, amount });
    }
    notes.fees.push(FeeLine { charged, waived, ..FeeLine::of_rule(kind, None, rule_amount) });
    Ok(charged)
}

/// Writes each fee's share of the fare refund, for information.
fn share_of_refund(gross: Money, notes: &mut Notes) {
    if gross.minor <= 0 {
        return;
    }
    for line in notes.fees.iter_mut().filter(|line| !line.charged.is_zero()) {
        let share = (i128::from(line.charged.minor) * 20_000 + i128::from(gross.minor)) / (i128::from(gross.minor) * 2);
        line.share_of_fare_refund = u32::try_from(share).ok();
    }
}
