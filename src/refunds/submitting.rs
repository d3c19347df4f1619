//! Submitting a quote: it becomes a refund, once, however often and by however many people the button is pressed.
//!
//! A refund's number leaves none out, so that whoever takes one keeps all others waiting until the commit. Therefore a
//! submission is reckoned beside those of others; those that come at the same time are read by one statement, and those that are
//! decided at the same time are registered in one transaction, if nothing has changed meanwhile. One that cannot go with others
//! goes alone, and everything is decided again.

use super::model::Reason;
use super::quote_store::{self, KeptQuote, ToSubmit, ToSubmitRow};
use super::quoting;
use super::refusal::Refusal;
use super::registering::{self, Beginning, Entrant};
use super::taken_store::{self, Counts, Stamp};
use crate::agencies::store as agencies;
use crate::bookings::store::{self as bookings, Kept};
use crate::config::Limits;
use crate::db::line::{self, Joint};
use crate::db::{Conn, Db, again, is_duplicate, is_lost};
use crate::incidents;
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::time::Timestamp;
use crate::web::once::{self, Earlier, Use};

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

impl Submission {
    /// Whose one-time key it brings, and the key.
    fn key(&self) -> (&str, &str) {
        (&self.actor.user_id, &self.once_key)
    }
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The refund's number: new, or of the first press of the button.
    Submitted(String),
    /// The quote had expired or was overtaken: here is the new one, nothing was submitted.
    QuotedAnew(String),
}

/// What is to be done with a submission.
enum Decision {
    /// It was submitted before, as the refund with this number.
    Before(String),
    /// The quote does not stand any more: here is the next one.
    QuoteAnew(Box<KeptQuote>),
    /// This quote of this booking becomes a refund; what else it was decided from.
    Register { kept: Box<Kept>, quote: Box<KeptQuote>, counts: Counts },
}

/// A submission that was decided before it was its turn.
struct Ready {
    submission: Submission,
    kept: Kept,
    quote: KeptQuote,
    /// What it was decided from.
    stamp: Stamp,
    limits: Limits,
    now: Timestamp,
}

/// Submits. The server decides everything again: rights, rules, amounts.
///
/// # Errors
/// The rule that is broken.
pub async fn submit(db: &Db, submission: Submission, limits: &Limits, now: Timestamp) -> Result<Outcome, Refusal> {
    if let Some(ready) = ready(db, &submission, limits, now).await?
        && let Some(number) = db.join(ready).await?
    {
        return Ok(Outcome::Submitted(number));
    }
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { submit_alone(conn, &submission, &limits, now).await })).await
}

/// The submission, if it can be registered as things are now. What is refused here is decided again: an earlier press of the
/// same button may have been faster.
async fn ready(db: &Db, submission: &Submission, limits: &Limits, now: Timestamp) -> Result<Option<Ready>, sqlx::Error> {
    let wanted = Wanted { scope: submission.actor.scope(), order_no: submission.order_no.clone(), quote_id: submission.quote_id.clone() };
    let Some(found) = db.join(wanted).await? else { return Ok(None) };
    let (found, mut conn) = (found.read()?, db.read().await?);
    match decide(&mut conn, found, submission, limits, now).await {
        Ok(Decision::Register { kept, quote, counts }) => {
            let stamp = Stamp { document_digest: kept.document_digest.clone(), counts };
            Ok(Some(Ready { submission: submission.clone(), kept: *kept, quote: *quote, stamp, limits: limits.clone(), now }))
        }
        _ => Ok(None),
    }
}

/// A quote that is to be submitted, and whose it must be.
struct Wanted {
    scope: Scope,
    order_no: String,
    quote_id: String,
}

impl Joint for Wanted {
    /// The quote with its booking; nothing when there is none for this scope, or another of these takes it.
    type Done = ToSubmitRow;
    type Error = sqlx::Error;

    const MOST: usize = 64;

    async fn do_all(db: &Db, pieces: Vec<Self>) -> Vec<Result<Option<Self::Done>, Self::Error>> {
        line::for_each(db, read_together(db, &pieces).await, pieces.len(), is_lost)
    }
}

/// Reads what some people submit: most of what a statement takes, the trip above all, it takes once for all of them.
async fn read_together(db: &Db, wanted: &[Wanted]) -> Result<Vec<Option<ToSubmitRow>>, sqlx::Error> {
    let mut conn = db.read().await?;
    let ids: Vec<&str> = wanted.iter().map(|one| one.quote_id.as_str()).collect();
    let mut found = quote_store::to_submit(&mut conn, &ids).await?;
    let take = |one: &Wanted| {
        let is_theirs = found.get(&one.quote_id).is_some_and(|row| row.is_of(&one.scope, &one.order_no));
        if is_theirs { found.remove(&one.quote_id) } else { None }
    };
    Ok(wanted.iter().map(take).collect())
}

impl Joint for Ready {
    /// The refund's number.
    type Done = String;
    type Error = Refusal;

    const MOST: usize = 64;

    async fn do_all(db: &Db, pieces: Vec<Self>) -> Vec<Result<Option<Self::Done>, Self::Error>> {
        let count = pieces.len();
        match db.write(move |conn| Box::pin(async move { submit_together(conn, pieces).await })).await {
            Ok(numbers) => numbers.into_iter().map(Ok).collect(),
            Err(Refusal::Database(error)) if !is_duplicate(&error) => (0..count).map(|_| Err(again(&error).into())).collect(),
            // Whose fault it was shows when each goes alone.
            Err(_) => (0..count).map(|_| Ok(None)).collect(),
        }
    }
}

/// Registers those of some submissions that nothing stands in the way of: their numbers.
async fn submit_together(conn: &mut Conn, all: Vec<Ready>) -> Result<Vec<Option<String>>, Refusal> {
    let ids: Vec<&str> = all.iter().map(|ready| ready.kept.id.as_str()).collect();
    // Nobody waits here for an order that somebody else writes to, and no two for each other.
    let mut free = bookings::hold_free(conn, &ids).await?;
    let order_numbers: Vec<&str> = all.iter().map(|ready| ready.submission.order_no.as_str()).collect();
    let stamps = taken_store::stamps(conn, &order_numbers).await?;
    let keys: Vec<(&str, &str)> = all.iter().map(|ready| ready.submission.key()).collect();
    let mut used = once::used(conn, &keys).await?;
    let mut numbers = vec![None; all.len()];
    let (mut places, mut entrants, mut now) = (Vec::new(), Vec::new(), Timestamp::MIN);
    for (place, ready) in all.iter().enumerate() {
        let (owner, key) = ready.submission.key();
        // Of two of one order, or with one key, only the first finds it as it was.
        if used.insert((owner.to_owned(), key.to_owned()))
            && stamps.get(&ready.submission.order_no) == Some(&ready.stamp)
            && free.remove(&ready.kept.id)
        {
            let beginning = Beginning { proof: ready.submission.proof.clone(), ..Beginning::default() };
            entrants.push(Entrant { kept: &ready.kept, quote: &ready.quote, beginning, actor: &ready.submission.actor });
            places.push(place);
            now = now.max(ready.now);
        }
    }
    let Some(first) = places.first() else { return Ok(numbers) };
    let recipients = agencies::audience(conn, None, None).await?;
    let mut registration = registering::begin(conn, entrants, &all[*first].limits, now).await?;
    registration.tell(&recipients, now)?;
    let requests: Vec<String> = all.iter().map(|ready| request(&ready.kept, &ready.submission)).collect();
    let used = places.iter().zip(registration.refunds()).map(|(place, refund)| {
        let (owner, key) = all[*place].submission.key();
        Use { owner, key, request: &requests[*place], answer: &refund.number }
    });
    let uses: Vec<Use<'_>> = used.collect();
    let uses = once::entries(&uses, now);
    registration.add(uses);
    for (place, refund) in places.into_iter().zip(registration.write(conn).await?) {
        numbers[place] = Some(refund.number);
    }
    Ok(numbers)
}

async fn submit_alone(conn: &mut Conn, submission: &Submission, limits: &Limits, now: Timestamp) -> Result<Outcome, Refusal> {
    let actor = &submission.actor;
    let kept = bookings::held(conn, &actor.scope(), &submission.order_no).await?.ok_or(Refusal::Absent)?;
    let (owner, key) = submission.key();
    match once::recall(conn, owner, key, &request(&kept, submission)).await? {
        Earlier::Same(number) => return Ok(Outcome::Submitted(number)),
        Earlier::Different => return Err(Refusal::KeyReused),
        Earlier::Nothing => {}
    }
    let found = quote_store::to_submit(conn, &[&submission.quote_id]).await?.remove(&submission.quote_id);
    let found = found.filter(|row| row.is_of(&actor.scope(), &submission.order_no)).ok_or(Refusal::Absent)?.read()?;
    match decide(conn, found, submission, limits, now).await? {
        Decision::Before(number) => Ok(Outcome::Submitted(number)),
        Decision::QuoteAnew(fresh) => {
            quote_store::insert(conn, &fresh).await?;
            Ok(Outcome::QuotedAnew(fresh.id))
        }
        Decision::Register { quote, .. } => {
            let beginning = Beginning { proof: submission.proof.clone(), ..Beginning::default() };
            let refund = registering::register(conn, &kept, &quote, beginning, actor, limits, now).await?;
            once::remember(conn, owner, key, &request(&kept, submission), &refund.number, now).await?;
            Ok(Outcome::Submitted(refund.number))
        }
    }
}

/// What the form's one-time key is for.
fn request(kept: &Kept, submission: &Submission) -> String {
    format!("refund {} {}", kept.id, submission.quote_id)
}

async fn decide(conn: &mut Conn, found: ToSubmit, submission: &Submission, limits: &Limits, now: Timestamp) -> Result<Decision, Refusal> {
    let ToSubmit { kept, quote, refund_number, counts } = found;
    // Somebody else pressed the same button: the same refund for both.
    if let Some(number) = refund_number {
        return Ok(Decision::Before(number));
    }
    let who = (submission.actor.user_id.as_str(), now);
    let fresh = quoting::make(conn, &kept, quote.selection.clone(), counts, who, limits).await?;
    let newest = quote.ordinal + 1 == fresh.ordinal;
    if now >= quote.expires_at || !newest || fresh.answer.totals != quote.answer.totals || fresh.answer.verdict != quote.answer.verdict {
        return Ok(Decision::QuoteAnew(Box::new(fresh)));
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
    Ok(Decision::Register { kept: Box::new(kept), quote: Box::new(quote), counts })
}
