//! What comes back of baggage and seats: on a voluntary refund what the airline says is refundable, otherwise all that
//! was not used.

use super::facts::Ticket;
use super::lines::AncillaryLine;
use super::notes::{Given, Notes};
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

/// What comes back of a ticket's ancillaries.
///
/// # Errors
/// On overflow.
pub fn reckon(given: &Given<'_>, ticket: &Ticket, notes: &mut Notes) -> Result<Money, MoneyError> {
    let zero = Money::zero(given.facts.currency);
    let (mut returned, mut kept) = (zero, zero);
    for ancillary in &ticket.ancillaries {
        let comes_back = !ancillary.used && (ancillary.refundable || !given.voluntary);
        let refund = if comes_back { ancillary.price } else { zero };
        returned = returned.plus(refund)?;
        kept = kept.plus(ancillary.price.minus(refund)?)?;
        notes.extras.push(AncillaryLine { name: ancillary.name.clone(), price: ancillary.price, refund });
    }
    if !kept.is_zero() {
        notes.step(Step::AncillariesKept { passenger: ticket.no, kept });
    }
    Ok(returned)
}
