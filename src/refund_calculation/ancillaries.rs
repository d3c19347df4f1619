//! What comes back of baggage and seats on a voluntary refund: what the airline says is refundable, nothing else.

use super::facts::{Facts, Passenger};
use crate::kernel::money::{Money, MoneyError};

/// The part of a passenger's ancillaries that the airline keeps.
///
/// # Errors
/// On overflow.
pub fn kept(facts: &Facts, passenger: &Passenger) -> Result<Money, MoneyError> {
    let lost = passenger.ancillaries.iter().filter(|ancillary| !ancillary.refundable);
    lost.map(|ancillary| ancillary.price).try_fold(Money::zero(facts.currency), Money::plus)
}
