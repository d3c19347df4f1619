//! What is done in a request: each verb is one transaction of state, message, event and notices.

use super::model::{Request, Said, Status};
use super::state::{Verb, WrongStatus};
use super::{offer_store, store, thread_store, wording};
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Home};
use crate::config::Limits;
use crate::db::{Conn, Db, is_duplicate};
use crate::journal::{self, Author, Side, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, plus_hours};
use crate::notices;
use crate::web::once::{self, Earlier};

/// A verb on its way: who, on which request, as of which version, and what they wrote.
#[derive(Debug, Clone)]
pub struct Order {
    pub actor: Actor,
    pub number: String,
    pub seen_version: i64,
    pub once_key: String,
    pub verb: Verb,
    /// What is said with it, and the drafts that go with what is said.
    pub message: Option<(String, Vec<String>)>,
}

/// Why a verb was not done. Nothing was changed then.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// Somebody changed the request after the form was filled in.
    Overtaken,
    /// Not from this status.
    WrongStatus,
    /// Another request of the order is open: it is to be used.
    OtherOpen,
    /// The one-time key belongs to another form.
    KeyReused,
    /// A file of the form was kept too long ago.
    FilesGone,
    /// A price was accepted: first it is done, or given back.
    Unsettled,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<WrongStatus> for NotDone {
    fn from(_: WrongStatus) -> Self {
        Self::WrongStatus
    }
}

/// Does a verb. The same form again gets the first answer.
///
/// # Errors
/// Why it was not done.
pub async fn perform(db: &Db, order: Order, limits: &Limits, now: Timestamp) -> Result<Request, NotDone> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { perform_in(conn, &order, &limits, now).await })).await
}

async fn perform_in(conn: &mut Conn, order: &Order, limits: &Limits, now: Timestamp) -> Result<Request, NotDone> {
    let before = store::find(conn, &order.actor.scope(), &order.number).await?.ok_or(NotDone::Absent)?;
    let body = order.message.as_ref().map_or("", |(body, _)| body.as_str());
    let request = format!("{:?} {} {} {body}", order.verb, before.id, order.seen_version);
    match once::recall(conn, &order.actor.user_id, &order.once_key, &request).await? {
        Earlier::Same(_) => return Ok(before),
        Earlier::Different => return Err(NotDone::KeyReused),
        Earlier::Nothing => {}
    }
    if before.version != order.seen_version {
        return Err(NotDone::Overtaken);
    }
    let after = match moved(conn, before, order, limits, now).await {
        Err(NotDone::Overtaken) => return first_answer(conn, order, &request).await,
        moved => moved?,
    };
    let author = Author::from(&order.actor);
    if let Some((body, files)) = &order.message {
        say(conn, &after, &author, body, files, order.verb == Verb::Note, now).await?;
        thread_store::end_presence(conn, &after.id, &order.actor.user_id).await?;
    }
    note(conn, &after, &order.verb, &author, now).await?;
    once::remember(conn, &order.actor.user_id, &order.once_key, &request, &after.number, now).await?;
    Ok(after)
}

/// After losing the compare-and-set: to the first press of the same button, or to somebody else.
async fn first_answer(conn: &mut Conn, order: &Order, request: &str) -> Result<Request, NotDone> {
    match once::recall(conn, &order.actor.user_id, &order.once_key, request).await? {
        Earlier::Same(_) => store::find(conn, &order.actor.scope(), &order.number).await?.ok_or(NotDone::Absent),
        Earlier::Nothing | Earlier::Different => Err(NotDone::Overtaken),
    }
}

/// The request after the verb of an order, with what the verb does beside it.
async fn moved(conn: &mut Conn, before: Request, order: &Order, limits: &Limits, now: Timestamp) -> Result<Request, NotDone> {
    match &order.verb {
        // The team's own words change nothing for the agency, whose half-written answer must not be overtaken by them.
        Verb::Note => Ok(before.after(&Verb::Note, limits, now)?),
        Verb::Answer { processed: true } if offer_store::has_unsettled(conn, &before.id).await? => Err(NotDone::Unsettled),
        Verb::Merge { into } => merge(conn, before, into, &order.actor.name, limits, now).await,
        verb => change(conn, before, verb, limits, now).await,
    }
}

/// Continues a request in another one, which is the team's again. Both rows are held first, the lower id before the
/// other, so that of two merges that meet one waits and then sees what the first has done.
async fn merge(conn: &mut Conn, before: Request, into: &str, by_name: &str, limits: &Limits, now: Timestamp) -> Result<Request, NotDone> {
    let is_another = |target: &Request| target.agency_id == before.agency_id && target.id != before.id;
    let target = store::by_id(conn, into).await?.filter(is_another).ok_or(NotDone::Absent)?;
    if offer_store::has_unsettled(conn, &before.id).await? {
        return Err(NotDone::Unsettled);
    }
    offer_store::withdraw_open(conn, &before.id, None, by_name, now).await?;
    store::hold(conn, before.id.as_str().min(&target.id)).await?;
    store::hold(conn, before.id.as_str().max(&target.id)).await?;
    // Completed first, it makes room for the other to be open beside nobody.
    let after = change(conn, before, &Verb::Merge { into: target.id.clone() }, limits, now).await?;
    change(conn, target, &Verb::Comment, limits, now).await?;
    Ok(after)
}

/// Moves a request by a verb, if nobody was faster; the version is that of after. What would be reopened beside another
/// open request of its order is not: a comment belongs there, and everything else is settled where it stands.
///
/// # Errors
/// Why it was not moved.
pub async fn change(conn: &mut Conn, before: Request, verb: &Verb, limits: &Limits, now: Timestamp) -> Result<Request, NotDone> {
    let (seen_version, was_open) = (before.version, before.is_open());
    let mut after = before.after(verb, limits, now)?;
    if after.is_open() && !was_open && store::open_of_order(conn, &after.order_id).await?.is_some_and(|other| other.id != after.id) {
        if *verb == Verb::Comment {
            return Err(NotDone::OtherOpen);
        }
        after.status = Status::Processed;
        after.processed_at = Some(now);
        after.due_at = plus_hours(now, limits.complete_after_hours);
    }
    if after.status == Status::Processed
        && let Some(until) = offer_store::open_until(conn, &after.id).await?
    {
        after.due_at = after.due_at.max(until);
    }
    match store::save(conn, &after, seen_version).await {
        Ok(true) => {
            after.version += 1;
            Ok(after)
        }
        Ok(false) => Err(NotDone::Overtaken),
        Err(error) if is_duplicate(&error) => Err(NotDone::OtherOpen),
        Err(error) => Err(error.into()),
    }
}

/// Adds a message with its files, and tells the other side unless it is internal.
async fn say(
    conn: &mut Conn,
    request: &Request,
    author: &Author,
    body: &str,
    files: &[String],
    internal: bool,
    now: Timestamp,
) -> Result<(), NotDone> {
    let said = Said {
        id: new_id(),
        internal,
        side: author.side,
        author_id: author.id.clone(),
        author_name: author.name.clone(),
        body: body.to_owned(),
        at: now,
    };
    thread_store::insert(conn, &request.id, &said).await?;
    let home = Home { case_kind: "request", case_id: &request.id, agency_id: &request.agency_id };
    if attachments::bind(conn, files, &author.id, home, Some(&said.id), internal).await? < files.len() {
        return Err(NotDone::FilesGone);
    }
    if !internal {
        let recipients = other_side(conn, request, author.side).await?;
        notices::store::post(conn, &recipients, &wording::case(request), &wording::written(request, &said), now).await?;
    }
    Ok(())
}

/// Who is told of what somebody on this side did.
///
/// # Errors
/// The database's own.
pub async fn other_side(conn: &mut Conn, request: &Request, side: Side) -> Result<Vec<notices::model::Recipient>, sqlx::Error> {
    match side {
        Side::Agency => agencies::audience(conn, None, request.assignee_id.as_deref()).await,
        Side::Operator | Side::Program => agencies::audience(conn, Some(&request.agency_id), None).await,
    }
}

/// What of a verb the timeline keeps. What was written stands in the conversation itself.
async fn note(conn: &mut Conn, after: &Request, verb: &Verb, author: &Author, now: Timestamp) -> Result<(), sqlx::Error> {
    let version = after.version;
    let (happened, details) = match verb {
        Verb::Assign { to: Some(_) } => ("request-assigned", serde_json::json!({ "version": version })),
        Verb::Assign { to: None } => ("request-unassigned", serde_json::json!({ "version": version })),
        Verb::Answer { processed: true } => ("request-processed", serde_json::json!({ "version": version })),
        Verb::Merge { .. } => {
            let into = match &after.merged_into_id {
                Some(id) => store::by_id(conn, id).await?.map(|other| other.number),
                None => None,
            };
            let details = serde_json::json!({ "version": version, "number": into });
            let recipients = agencies::audience(conn, Some(&after.agency_id), None).await?;
            notices::store::post(conn, &recipients, &wording::case(after), &wording::told("request-merged", &details), now).await?;
            ("request-merged", details)
        }
        _ => return Ok(()),
    };
    journal::write(conn, Subject::Request, &after.id, happened, author, &details, now).await
}

/// The request that another one is merged into: open or answered, of the same agency, and not the same.
///
/// # Errors
/// The database's own.
pub async fn merge_target(conn: &mut Conn, request: &Request, number: &str) -> Result<Option<Request>, sqlx::Error> {
    let found = store::find(conn, &Scope::Agency(request.agency_id.clone()), number.trim()).await?;
    Ok(found.filter(|other| other.id != request.id && other.completed_at.is_none()))
}
