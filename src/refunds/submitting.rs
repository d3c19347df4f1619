//! Submitting a quote: it becomes a refund, once, however often and by however many people the button is pressed.

use super::model::Reason;
use super::quote_store;
use super::refusal::Refusal;
use super::registering::{self, Beginning};
use super::{quoting, store};
use crate::bookings::store as bookings;
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::incidents;
use crate::kernel::actor::Actor;
use crate::kernel::time::Timestamp;
use crate::web::once::{self, Earlier};

/// Who submits which quote.
#[derive(Debug, Clone)]
pub struct Submission {
    pub actor: Actor,
    pub order_no: String,
    pub quote_id: String,
    pub once_key: String,
    /// Drafts that prove what the airline did; asked for where no incident is confirmed.
    pub proof: Vec<String>,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The refund's number: new, or of the first press of the button.
    Submitted(String),
    /// The quote had expired or was overtaken: here is the new one, nothing was submitted.
    QuotedAnew(String),
}

/// Submits. The server decides everything again: rights, rules, amounts.
///
/// # Errors
/// The rule that is broken.
pub async fn submit(db: &Db, submission: Submission, limits: &Limits, now: Timestamp) -> Result<Outcome, Refusal> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { submit_in(conn, &submission, &limits, now).await })).await
}

async fn submit_in(conn: &mut Conn, submission: &Submission, limits: &Limits, now: Timestamp) -> Result<Outcome, Refusal> {
    let actor = &submission.actor;
    let kept = bookings::find(conn, &actor.scope(), &submission.order_no).await?.ok_or(Refusal::Absent)?;
    bookings::hold(conn, &kept.id).await?;
    let request = format!("refund {} {}", kept.id, submission.quote_id);
    match once::recall(conn, &actor.user_id, &submission.once_key, &request).await? {
        Earlier::Same(number) => return Ok(Outcome::Submitted(number)),
        Earlier::Different => return Err(Refusal::KeyReused),
        Earlier::Nothing => {}
    }
    let quote = quote_store::find(conn, &kept.id, &submission.quote_id).await?.ok_or(Refusal::Absent)?;
    // Somebody else pressed the same button: the same refund for both.
    if let Some(number) = store::number_of_quote(conn, &submission.quote_id).await? {
        return Ok(Outcome::Submitted(number));
    }
    let fresh = quoting::make(conn, &kept, quote.selection.clone(), &actor.user_id, limits, now).await?;
    let newest = quote.ordinal + 1 == fresh.ordinal;
    if now >= quote.expires_at || !newest || fresh.answer.totals != quote.answer.totals || fresh.answer.verdict != quote.answer.verdict {
        quote_store::insert(conn, &fresh).await?;
        return Ok(Outcome::QuotedAnew(fresh.id));
    }
    if quote.answer.gives_nothing() {
        return Err(Refusal::NothingToRefund);
    }
    if quote.selection.reason == Reason::Involuntary
        && submission.proof.is_empty()
        && incidents::store::proving(conn, &kept.id).await?.is_none()
    {
        return Err(Refusal::ProofNeeded);
    }
    let beginning = Beginning { proof: submission.proof.clone(), ..Beginning::default() };
    let refund = registering::register(conn, &kept, &quote, beginning, actor, limits, now).await?;
    once::remember(conn, &actor.user_id, &submission.once_key, &request, &refund.number, now).await?;
    Ok(Outcome::Submitted(refund.number))
}
