//! What is done in a request: each verb is one transaction of state, message, event and notices.

use super::model::{Request, Said};
use super::state::{Verb, WrongStatus};
use super::{store, thread_store, wording};
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Home};
use crate::config::Limits;
use crate::db::{Conn, Db, is_duplicate};
use crate::journal::{self, Author, Side, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::new_id;
use crate::kernel::time::Timestamp;
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
    let after = change(conn, before, &order.verb, limits, now).await?;
    let author = Author::from(&order.actor);
    if let Some((body, files)) = &order.message {
        say(conn, &after, &author, body, files, order.verb == Verb::Note, now).await?;
        thread_store::end_presence(conn, &after.id, &order.actor.user_id).await?;
    }
    note(conn, &after, &order.verb, &author, now).await?;
    once::remember(conn, &order.actor.user_id, &order.once_key, &request, &after.number, now).await?;
    Ok(after)
}

/// Moves a request by a verb, if nobody was faster; the version is that of after.
///
/// # Errors
/// Why it was not moved.
pub async fn change(conn: &mut Conn, before: Request, verb: &Verb, limits: &Limits, now: Timestamp) -> Result<Request, NotDone> {
    let seen_version = before.version;
    let mut after = before.after(verb, limits, now)?;
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
