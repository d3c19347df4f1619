//! In which countries a journey's airports lie.

use super::facts::Ticket;
use crate::kernel::airport;
use crate::kernel::code::Code;

/// The country of an airport, or nothing for an unknown one.
#[must_use]
pub fn country(code: Code) -> Option<&'static str> {
    airport::find(code.text()).map(|airport| airport.country)
}

/// Whether all airports of a ticket lie in one country; nothing where one is unknown.
#[must_use]
pub fn is_domestic(ticket: &Ticket) -> Option<bool> {
    let first = country(ticket.coupons.first()?.from)?;
    let mut domestic = true;
    for coupon in &ticket.coupons {
        domestic &= country(coupon.from)? == first && country(coupon.to)? == first;
    }
    Some(domestic)
}
