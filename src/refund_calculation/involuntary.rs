//! The airline changed or cancelled the flight: everything comes back, without any airline penalty.

use super::quote::Quote;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

/// Gives every selected passenger everything back.
///
/// # Errors
/// On overflow.
pub fn apply(quote: &mut Quote, trace: &mut Vec<Step>) -> Result<(), MoneyError> {
    trace.push(Step::AirlineCause);
    let zero = Money::zero(quote.currency);
    quote.passengers.iter_mut().try_for_each(|line| line.close(zero, zero).map(|_| ()))
}
