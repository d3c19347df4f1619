//! The values to type in the host. A ticket that joins refundable and non-refundable fares can be refunded by two
//! methods, which come to the same amount (Vietnam Airlines, question 5).

use super::facts::Ticket;
use super::lines::{Breakdown, Method, ScreenField, TypedValue};
use super::notes::{Given, Notes};
use super::penalty::Assessed;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

/// The values of both methods for one ticket, and that they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoMethods {
    /// Fare and taxes of the refundable sectors: the new original value of method 1, on screen 10.
    pub original_value: Money,
    /// The whole fare, on screen 30.
    pub old_net: Money,
    /// The fare that does not come back, on screen 30.
    pub new_net: Money,
    pub fees: Money,
    /// Taxes of the refundable sectors, on screen 31.
    pub taxes: Money,
}

impl TwoMethods {
    /// Reads both methods' values from what a ticket came to.
    ///
    /// # Errors
    /// On overflow.
    pub fn of(breakdown: &Breakdown) -> Result<Self, MoneyError> {
        let new_net = breakdown.fare_used.plus(breakdown.fare_lost)?;
        let refundable = breakdown.fare_paid.minus(new_net)?;
        Ok(Self {
            original_value: refundable.plus(breakdown.tax_returned)?,
            old_net: breakdown.fare_paid,
            new_net,
            fees: breakdown.fees,
            taxes: breakdown.tax_returned,
        })
    }

    /// Method 1, exchange tax: the value of the refundable sectors less the fee.
    ///
    /// # Errors
    /// On overflow.
    pub fn by_exchange_tax(&self) -> Result<Money, MoneyError> {
        self.original_value.minus(self.fees)
    }

    /// Method 2, net remit: old net less new net less the fee, plus the taxes.
    ///
    /// # Errors
    /// On overflow.
    pub fn by_net_remit(&self) -> Result<Money, MoneyError> {
        self.old_net.minus(self.new_net)?.minus(self.fees)?.plus(self.taxes)
    }
}

/// Writes the values to type, where the rule set's host has such screens.
///
/// # Errors
/// On overflow.
pub fn write(
    given: &Given<'_>,
    ticket: &Ticket,
    breakdown: &Breakdown,
    assessed: &[Assessed],
    notes: &mut Notes,
) -> Result<(), MoneyError> {
    if !given.rules.host_screens {
        return Ok(());
    }
    let values = TwoMethods::of(breakdown)?;
    let lost = assessed.iter().filter(|one| one.non_refundable).count();
    let is_mixed = lost > 0 && lost < assessed.len() && !ticket.is_partly_used();
    let mut add = |method, screen, field, amount| {
        notes.typed.push(TypedValue { method, screen, field, amount });
    };
    if is_mixed {
        add(Method::ExchangeTax, 10, ScreenField::OriginalValue, values.original_value);
        add(Method::ExchangeTax, 30, ScreenField::CancellationFee, values.fees);
        add(Method::ExchangeTax, 32, ScreenField::RefundAmount, values.by_exchange_tax()?);
    }
    add(Method::NetRemit, 30, ScreenField::OldNet, values.old_net);
    add(Method::NetRemit, 30, ScreenField::NewNet, values.new_net);
    add(Method::NetRemit, 30, ScreenField::CancellationFee, values.fees);
    add(Method::NetRemit, 31, ScreenField::Taxes, values.taxes);
    add(Method::NetRemit, 32, ScreenField::RefundAmount, values.by_net_remit()?);
    let step = |method, refund| Step::Mixed {
        old_net: values.old_net,
        new_net: values.new_net,
        fees: values.fees,
        taxes: values.taxes,
        refund,
        method,
    };
    if is_mixed {
        notes.step(step(Method::ExchangeTax, values.by_exchange_tax()?));
        notes.step(step(Method::NetRemit, values.by_net_remit()?));
    }
    Ok(())
}
