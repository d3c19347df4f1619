//! Whether an order can still be voided, by the rules of its airline.

use super::facts;
use super::model::{Booking, PaymentChannel};
use crate::db::Conn;
use crate::kernel::time::{Timestamp, plus_days};
use crate::refund_calculation::facts::{Payment, Reason};
use crate::rule_sets;

/// An open window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub closes_at: Timestamp,
    /// The zone in which the window closes at midnight; nothing where it is counted in hours.
    pub zone_name: Option<String>,
}

/// What the airline's rules say of a void now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoidState {
    Open(Open),
    /// It was open until then.
    Closed(Timestamp),
    /// Not for orders that were paid like this.
    WrongPayment,
    /// The rules know no void.
    NotOffered,
}

/// No airline's window is open longer than this after the sale.
const LONGEST_DAYS: i64 = 31;

/// What the rules say.
///
/// # Errors
/// The database's own.
pub async fn state(conn: &mut Conn, booking: &Booking, now: Timestamp) -> Result<VoidState, sqlx::Error> {
    let passengers = booking.passengers.iter().map(|passenger| passenger.no).collect();
    let facts = facts::of(booking, &passengers, Reason::Void, now);
    let rules = rule_sets::store::choose(conn, &facts).await?;
    let Some(void) = &rules.void else { return Ok(VoidState::NotOffered) };
    let paid = if booking.payment_channel == PaymentChannel::Vcc { Payment::Card } else { Payment::Deposit };
    if !void.payments.contains(&paid) {
        return Ok(VoidState::WrongPayment);
    }
    Ok(match void.window.closes(booking.created_at) {
        Some(closes_at) if now < closes_at => VoidState::Open(Open { closes_at, zone_name: void.window.zone().map(ToOwned::to_owned) }),
        Some(closes_at) => VoidState::Closed(closes_at),
        None => VoidState::NotOffered,
    })
}

/// The open window of an order that may be voided at all; asks the database only about orders that are young enough.
///
/// # Errors
/// The database's own.
pub async fn open(conn: &mut Conn, booking: &Booking, now: Timestamp) -> Result<Option<Open>, sqlx::Error> {
    let young = plus_days(booking.created_at, LONGEST_DAYS) > now;
    if !young || booking.segments.iter().any(|segment| segment.departure_at <= now) {
        return Ok(None);
    }
    Ok(match state(conn, booking, now).await? {
        VoidState::Open(open) => Some(open),
        _ => None,
    })
}
