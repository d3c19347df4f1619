//! What becomes of a request by itself: offers expire, and an answered request completes after its time of silence.

use super::actions::{self, NotDone};
use super::offer_model::OfferStatus;
use super::state::Verb;
use super::{offer_store, store, wording};
use crate::agencies::store as agencies;
use crate::config::Limits;
use crate::db::Conn;
use crate::journal::{self, Author, Subject};
use crate::kernel::time::Timestamp;
use crate::notices;

/// Whether an offer is to end, or a request to complete.
///
/// # Errors
/// The database's own.
pub async fn is_due(conn: &mut Conn, now: Timestamp) -> Result<bool, sqlx::Error> {
    Ok(offer_store::overdue(conn, now).await?.is_some() || store::silent(conn, now).await?.is_some())
}

/// Completes one request whose time of silence is over. Answers whether there was one. Whoever writes at the same moment
/// either comes first, and it stays open, or finds it completed.
///
/// # Errors
/// The database's own.
pub async fn complete_one(conn: &mut Conn, limits: &Limits, now: Timestamp) -> Result<bool, sqlx::Error> {
    let Some(request) = store::silent(conn, now).await? else { return Ok(false) };
    let after = match actions::change(conn, request, &Verb::Complete, limits, now).await {
        Ok(after) => after,
        // Somebody wrote while it was being looked at.
        Err(NotDone::Database(error)) => return Err(error),
        Err(_) => return Ok(true),
    };
    let details = serde_json::json!({ "version": after.version });
    journal::write(conn, Subject::Request, &after.id, "request-completed", &Author::program(), &details, now).await?;
    let recipients = agencies::audience(conn, Some(&after.agency_id), None).await?;
    notices::store::post(conn, &recipients, &wording::case(&after), &wording::told("request-completed", &details), now).await?;
    Ok(true)
}

/// Ends one open offer whose time is over, and tells both sides. Answers whether there was one.
///
/// # Errors
/// The database's own.
pub async fn expire_one(conn: &mut Conn, now: Timestamp) -> Result<bool, sqlx::Error> {
    let Some(offer) = offer_store::overdue(conn, now).await? else { return Ok(false) };
    let program = Author::program();
    if !offer_store::decide(conn, &offer, OfferStatus::Expired, &program.name, None, now).await? {
        return Ok(true);
    }
    let Some(request) = store::by_id(conn, &offer.request_id).await? else { return Ok(true) };
    let details = serde_json::json!({ "amount": offer.amount, "kind": offer.kind });
    journal::write(conn, Subject::Request, &request.id, "offer-expired", &program, &details, now).await?;
    let mut recipients = agencies::audience(conn, Some(&request.agency_id), None).await?;
    recipients.extend(agencies::audience(conn, None, request.assignee_id.as_deref()).await?);
    notices::store::post(conn, &recipients, &wording::case(&request), &wording::told("offer-expired", &details), now).await?;
    Ok(true)
}
