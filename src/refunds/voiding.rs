//! Voids: the whole order, while the airline's window is open.

use super::model::Reason;
use super::quote_store::{self, KeptQuote};
use super::refusal::Refusal;
use super::registering::{self, Beginning};
use super::selection::Selection;
use super::{quoting, taken_store};
use crate::bookings::model::{Booking, Status};
use crate::bookings::store as bookings;
use crate::bookings::store::Kept;
use crate::bookings::void::{self, VoidState};
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::kernel::actor::Actor;
use crate::kernel::time::Timestamp;
use crate::web::once::{self, Earlier};

/// A void on its way.
#[derive(Debug, Clone)]
pub struct Voiding {
    pub actor: Actor,
    pub order_no: String,
    /// What the button said comes back.
    pub seen: String,
    pub once_key: String,
}

/// Everything of the order.
fn whole(booking: &Booking) -> Selection {
    Selection {
        passengers: booking.passengers.iter().map(|passenger| passenger.no).collect(),
        segments: booking.segments.iter().map(|segment| segment.no).collect(),
        reason: Reason::Void,
    }
}

/// What a void would come to now, and until when. Nothing is kept.
///
/// # Errors
/// Why it cannot be voided.
pub async fn preview(conn: &mut Conn, kept: &Kept, limits: &Limits, now: Timestamp) -> Result<(KeptQuote, void::Open), Refusal> {
    let open = check(conn, kept, now).await?;
    let quote = quoting::reckon(conn, kept, whole(&kept.booking), "", limits, now).await?;
    Ok((quote, open))
}

async fn check(conn: &mut Conn, kept: &Kept, now: Timestamp) -> Result<void::Open, Refusal> {
    match kept.booking.status {
        Status::Ticketed => {}
        Status::Cancelled => return Err(Refusal::Cancelled),
        Status::Unpaid | Status::Ticketing => return Err(Refusal::NotTicketed),
    }
    if kept.booking.segments.iter().any(|segment| segment.departure_at <= now) {
        return Err(Refusal::PartlyUsed);
    }
    if !taken_store::taken(conn, &kept.id).await?.is_empty() {
        return Err(Refusal::VoidNotWhole);
    }
    match void::state(conn, &kept.booking, now).await? {
        VoidState::Open(open) => Ok(open),
        VoidState::Closed(_) => Err(Refusal::VoidTooLate),
        VoidState::WrongPayment => Err(Refusal::VoidNotForPayment),
        VoidState::NotOffered => Err(Refusal::VoidNotForAirline),
    }
}

/// Voids. The server decides everything again; the same form again gets the first answer.
///
/// # Errors
/// The rule that is broken.
pub async fn void(db: &Db, voiding: Voiding, limits: &Limits, now: Timestamp) -> Result<String, Refusal> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { void_in(conn, &voiding, &limits, now).await })).await
}

async fn void_in(conn: &mut Conn, voiding: &Voiding, limits: &Limits, now: Timestamp) -> Result<String, Refusal> {
    let actor = &voiding.actor;
    let kept = bookings::held(conn, &actor.scope(), &voiding.order_no).await?.ok_or(Refusal::Absent)?;
    let request = format!("void {}", kept.id);
    match once::recall(conn, &actor.user_id, &voiding.once_key, &request).await? {
        Earlier::Same(number) => return Ok(number),
        Earlier::Different => return Err(Refusal::KeyReused),
        Earlier::Nothing => {}
    }
    let open = check(conn, &kept, now).await?;
    let quote = quoting::reckon(conn, &kept, whole(&kept.booking), &actor.user_id, limits, now).await?;
    let back = quote.answer.totals.refund.filter(|amount| amount.minor > 0).ok_or(Refusal::NothingToRefund)?;
    if back.decimal().to_string() != voiding.seen {
        return Err(Refusal::QuoteExpired);
    }
    quote_store::insert(conn, &quote).await?;
    let beginning = Beginning { submit_before: Some(open.closes_at), ..Beginning::default() };
    let refund = registering::register(conn, &kept, &quote, beginning, actor, limits, now).await?;
    once::remember(conn, &actor.user_id, &voiding.once_key, &request, &refund.number, now).await?;
    Ok(refund.number)
}
