//! What the airline takes back of the agency's commission, and the agency's share of the cancellation fee. Neither ever
//! changes what the passenger gets.

use super::facts::Ticket;
use super::lines::Breakdown;
use super::notes::{Given, Notes};
use super::rules::CommissionBase;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

/// The commission that is recalled, and the commission on the cancellation fees.
///
/// # Errors
/// On overflow.
pub fn reckon(
    given: &Given<'_>,
    ticket: &Ticket,
    breakdown: &Breakdown,
    cancellation_fees: Money,
    notes: &mut Notes,
) -> Result<(Money, Money), MoneyError> {
    let zero = Money::zero(given.facts.currency);
    let Some(commission) = ticket.commission else { return Ok((zero, zero)) };
    let of_fare = breakdown.fare_refund()?.minus(breakdown.fare_lost)?;
    let base = match given.rules.commission_base {
        CommissionBase::FareRefund => of_fare,
        CommissionBase::FareRefundLessFees => of_fare.minus(breakdown.fees)?,
    }
    .at_least(zero);
    let rounding = &given.rules.rounding.commission;
    let (direction, unit) = (rounding.direction, rounding.unit(zero.currency));
    let recalled = match (commission.amount, commission.basis_points) {
        (Some(amount), _) => amount.ratio(base.minor, ticket.fare.minor, direction, unit)?,
        (_, Some(points)) => base.ratio(i64::from(points), 10_000, direction, unit)?,
        _ => zero,
    };
    let charged = cancellation_fees.at_most(breakdown.fees);
    let on_fee = charged.ratio(i64::from(commission.fee_basis_points), 10_000, direction, unit)?;
    if !recalled.is_zero() {
        notes.step(Step::CommissionRecalled { amount: recalled });
    }
    if !on_fee.is_zero() {
        notes.step(Step::CommissionOnFee { amount: on_fee });
    }
    Ok((recalled, on_fee))
}
