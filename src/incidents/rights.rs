//! Which law gives a right to a refund after an incident, and by when it must be paid.

use crate::bookings::facts;
use crate::bookings::model::Booking;
use crate::db::Conn;
use crate::kernel::time::Timestamp;
use crate::refund_calculation::facts::{Event, Reason};
use crate::refund_calculation::quote::Right;
use crate::refund_calculation::{RuleSet, calculate};
use crate::rule_sets;

/// The rules by which the rights of a booking are judged: one choice for all of its incidents.
///
/// # Errors
/// The database's own.
pub async fn rules(conn: &mut Conn, booking: &Booking, now: Timestamp) -> Result<RuleSet, sqlx::Error> {
    let passengers = booking.passengers.iter().map(|passenger| passenger.no).collect();
    let facts = facts::of(booking, &passengers, Reason::Involuntary, now);
    Ok(rule_sets::store::choose(conn, &facts).await?.into_owned())
}

/// The rights that an event gives, if a refund is asked for now; the earliest deadline first.
#[must_use]
pub fn of(booking: &Booking, event: Event, rules: &RuleSet, now: Timestamp) -> Vec<Right> {
    let passengers = booking.passengers.iter().map(|passenger| passenger.no).collect();
    let mut facts = facts::of(booking, &passengers, Reason::Involuntary, now);
    facts.event = Some(event);
    calculate(&facts, rules).map(|quote| quote.rights).unwrap_or_default()
}
