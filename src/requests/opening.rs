//! Opening a request.

use super::details::Details;
use super::model::{Category, Request, Said, Status};
use super::{store, thread_store, wording};
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Home};
use crate::bookings::store as bookings;
use crate::config::Limits;
use crate::db::{Conn, Db, is_duplicate, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, plus_hours, utc_day};
use crate::notices;
use crate::refunds::claiming::{self, Claim};
use crate::refunds::refusal::Refusal;
use crate::refunds::store as refunds;
use crate::web::once::{self, Earlier};

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Opening {
    pub actor: Actor,
    pub order_no: String,
    pub category: Category,
    pub details: Details,
    pub description: String,
    /// Drafts that go with the description.
    pub files: Vec<String>,
    pub once_key: String,
}

/// Why a request was not opened. Nothing was changed then.
#[derive(Debug)]
pub enum NotOpened {
    Absent,
    /// The order has one that is not answered yet: its number.
    AlreadyOpen(String),
    /// The refund cannot be followed up before this time.
    FollowUpLater(Timestamp),
    /// There is no such refund of the order, or it is closed.
    NoSuchRefund,
    /// The claim in it was refused.
    Claim(Refusal),
    /// The form's one-time key was used for something else.
    KeyReused,
    /// A file of the form was kept too long ago.
    FilesGone,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotOpened {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Opens a request. The same form again gets the first answer.
///
/// # Errors
/// Why it was not opened.
pub async fn open(db: &Db, opening: Opening, limits: &Limits, now: Timestamp) -> Result<String, NotOpened> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { open_in(conn, opening, &limits, now).await })).await
}

async fn open_in(conn: &mut Conn, opening: Opening, limits: &Limits, now: Timestamp) -> Result<String, NotOpened> {
    let actor = &opening.actor;
    let kept = bookings::held(conn, &actor.scope(), &opening.order_no).await?.ok_or(NotOpened::Absent)?;
    let request = format!("request {} {} {}", kept.id, opening.category, opening.description);
    match once::recall(conn, &actor.user_id, &opening.once_key, &request).await? {
        Earlier::Same(number) => return Ok(number),
        Earlier::Different => return Err(NotOpened::KeyReused),
        Earlier::Nothing => {}
    }
    if let Some(open) = store::open_of_order(conn, &kept.id).await? {
        return Err(NotOpened::AlreadyOpen(open.number));
    }
    let id = new_id();
    let refund_id = match opening.category {
        Category::RefundFollowUp => Some(followed_up(conn, &opening, &kept.id, now).await?),
        Category::AgencyPassengerRefund => Some(claimed(conn, &opening, &id, limits, now).await?),
        _ => None,
    };
    let number = numbers::next(conn, "request", &utc_day(now).strftime("%Y%m").to_string()).await?;
    let new = Request {
        id,
        number: format!("SR-{number}"),
        agency_id: kept.agency_id.clone(),
        order_id: kept.id.clone(),
        order_no: kept.booking.order_no.clone(),
        airline: kept.booking.segments[0].carrier.clone(),
        category: opening.category,
        status: Status::New,
        details: opening.details.clone(),
        refund_id,
        merged_into_id: None,
        assignee_id: None,
        version: 1,
        created_by: actor.user_id.clone(),
        created_by_name: actor.name.clone(),
        created_at: now,
        modified_at: now,
        due_at: plus_hours(now, limits.answer_within_hours),
        processed_at: None,
        completed_at: None,
    };
    let taken = |error: sqlx::Error| if is_duplicate(&error) { NotOpened::AlreadyOpen("–".to_owned()) } else { error.into() };
    store::insert(conn, &new).await.map_err(taken)?;
    describe(conn, &new, &opening, now).await?;
    let details = serde_json::json!({ "version": 1 });
    journal::write(conn, Subject::Request, &new.id, "request-opened", &Author::from(actor), &details, now).await?;
    let recipients = agencies::audience(conn, None, None).await?;
    notices::store::post(conn, &recipients, &wording::case(&new), &wording::opened(&new, &opening.description), now).await?;
    once::remember(conn, &actor.user_id, &opening.once_key, &request, &new.number, now).await?;
    Ok(new.number)
}

/// The first message, with its files. The proof of a claim belongs to the claim.
async fn describe(conn: &mut Conn, new: &Request, opening: &Opening, now: Timestamp) -> Result<(), NotOpened> {
    let author = Author::from(&opening.actor);
    let said = Said {
        id: new_id(),
        internal: false,
        side: author.side,
        author_id: author.id,
        author_name: author.name,
        body: opening.description.clone(),
        at: now,
    };
    thread_store::insert(conn, &new.id, &said).await?;
    if opening.category == Category::AgencyPassengerRefund {
        return Ok(());
    }
    let home = Home { case_kind: "request", case_id: &new.id, agency_id: &new.agency_id };
    let bound = attachments::bind(conn, &opening.files, &opening.actor.user_id, home, Some(&said.id), false).await?;
    if bound < opening.files.len() { Err(NotOpened::FilesGone) } else { Ok(()) }
}

/// The refund that is followed up, once its day has come.
async fn followed_up(conn: &mut Conn, opening: &Opening, order_id: &str, now: Timestamp) -> Result<String, NotOpened> {
    let number = opening.details.refund_number.as_deref().unwrap_or_default();
    let scope = Scope::Agency(opening.actor.agency_id.clone().unwrap_or_default());
    let found = refunds::find(conn, &scope, number).await?.filter(|refund| refund.order_id == order_id && !refund.is_closed());
    let refund = found.ok_or(NotOpened::NoSuchRefund)?;
    match refund.follow_up_from {
        Some(from) if from <= now => Ok(refund.id),
        Some(from) => Err(NotOpened::FollowUpLater(from)),
        None => Err(NotOpened::NoSuchRefund),
    }
}

/// The claim that a request of this category is.
async fn claimed(conn: &mut Conn, opening: &Opening, request_id: &str, limits: &Limits, now: Timestamp) -> Result<String, NotOpened> {
    let details = &opening.details;
    let kept = bookings::find(conn, &opening.actor.scope(), &opening.order_no).await?.ok_or(NotOpened::Absent)?;
    let (Some(reason), Some(fulfilled_on)) = (details.reason, details.fulfilled_on) else {
        return Err(NotOpened::Claim(Refusal::NoReason));
    };
    let claim = Claim {
        actor: opening.actor.clone(),
        order_no: opening.order_no.clone(),
        passengers: details.passengers.iter().map(|one| one.no).collect(),
        segments: kept.booking.segments.iter().map(|segment| segment.no).collect(),
        reason,
        fulfilled_on,
        expected: details.expected,
        proof: opening.files.clone(),
        once_key: String::new(),
        request_id: Some(request_id.to_owned()),
    };
    claiming::claim_in(conn, claim, limits, now).await.map(|refund| refund.id).map_err(|refusal| match refusal {
        Refusal::Database(error) => NotOpened::Database(error),
        Refusal::Absent => NotOpened::Absent,
        other => NotOpened::Claim(other),
    })
}
