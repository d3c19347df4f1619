//! Submitting a quote: it becomes a refund, once, however often and by however many people the button is pressed.

use super::model::Reason;
use super::quote_store::{self, KeptQuote, ToSubmit};
use super::quoting;
use super::refusal::Refusal;
use super::registering::{self, Beginning};
use super::taken_store::{self, Stamp};
use crate::bookings::store::{self as bookings, Kept};
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

/// What a submission is decided by.
#[derive(Debug)]
struct Case {
    kept: Kept,
    found: ToSubmit,
    /// The same selection quoted now; nothing where the quote is a refund already.
    fresh: Option<KeptQuote>,
}

/// Submits. The server decides everything again: rights, rules, amounts.
///
/// # Errors
/// The rule that is broken.
pub async fn submit(db: &Db, submission: Submission, limits: &Limits, now: Timestamp) -> Result<Outcome, Refusal> {
    let limits = limits.clone();
    let ahead = if db.has_one_writer() { ahead(db, &submission, &limits, now).await? } else { None };
    db.write(move |conn| Box::pin(async move { submit_in(conn, &submission, ahead, &limits, now).await })).await
}

/// The case as it is before it is anybody's turn to write. What is refused here is decided again: an earlier press of the
/// same button may have been faster.
async fn ahead(db: &Db, submission: &Submission, limits: &Limits, now: Timestamp) -> Result<Option<(Stamp, Case)>, sqlx::Error> {
    let mut conn = db.read().await?;
    let Some(stamp) = taken_store::stamp(&mut conn, &submission.order_no).await? else { return Ok(None) };
    let Some(kept) = bookings::find(&mut conn, &submission.actor.scope(), &submission.order_no).await? else { return Ok(None) };
    Ok(case(&mut conn, kept, submission, limits, now).await.ok().map(|case| (stamp, case)))
}

async fn case(conn: &mut Conn, kept: Kept, submission: &Submission, limits: &Limits, now: Timestamp) -> Result<Case, Refusal> {
    let found = quote_store::to_submit(conn, &kept.id, &submission.quote_id).await?.ok_or(Refusal::Absent)?;
    let who = (submission.actor.user_id.as_str(), now);
    let fresh = match found.refund_number {
        Some(_) => None,
        None => Some(quoting::make_next(conn, &kept, found.quote.selection.clone(), found.newest_ordinal, who, limits).await?),
    };
    Ok(Case { kept, found, fresh })
}

async fn submit_in(
    conn: &mut Conn,
    submission: &Submission,
    ahead: Option<(Stamp, Case)>,
    limits: &Limits,
    now: Timestamp,
) -> Result<Outcome, Refusal> {
    let actor = &submission.actor;
    let ahead = match ahead {
        Some((stamp, case)) if taken_store::stamp(conn, &submission.order_no).await?.as_ref() == Some(&stamp) => Ok(case),
        _ => Err(bookings::held(conn, &actor.scope(), &submission.order_no).await?.ok_or(Refusal::Absent)?),
    };
    let order_id = ahead.as_ref().map_or_else(|kept| &kept.id, |case| &case.kept.id);
    let request = format!("refund {order_id} {}", submission.quote_id);
    match once::recall(conn, &actor.user_id, &submission.once_key, &request).await? {
        Earlier::Same(number) => return Ok(Outcome::Submitted(number)),
        Earlier::Different => return Err(Refusal::KeyReused),
        Earlier::Nothing => {}
    }
    let Case { kept, found, fresh } = match ahead {
        Ok(case) => case,
        Err(kept) => case(conn, kept, submission, limits, now).await?,
    };
    // Somebody else pressed the same button: the same refund for both.
    if let Some(number) = found.refund_number {
        return Ok(Outcome::Submitted(number));
    }
    let (quote, fresh) = (found.quote, fresh.ok_or(Refusal::Absent)?);
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
