//! What is done with incidents: each function is one transaction.

use super::model::{Incident, IncidentKind, Outcome, Status, Told};
use super::{store, wording};
use crate::agencies::store as agencies;
use crate::bookings::store::{self as bookings, Kept};
use crate::db::{Conn, Db, numbers};
use crate::journal::{self, Author, Side, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, utc_day};
use crate::notices;
use crate::notices::model::{Case, CaseKind};
use crate::web::once::{self, Earlier};

/// What is known of an incident when it comes in.
#[derive(Debug, Clone)]
pub struct News {
    pub notification_id: Option<String>,
    pub kind: IncidentKind,
    pub told: Told,
}

/// Notes an incident of a booking and tells its agency; nothing when its notification is there already.
///
/// # Errors
/// The database's own.
pub async fn note(conn: &mut Conn, kept: &Kept, news: News, author: &Author, now: Timestamp) -> Result<Option<Incident>, sqlx::Error> {
    if let Some(id) = &news.notification_id
        && store::is_known(conn, id).await?
    {
        return Ok(None);
    }
    let number = numbers::next(conn, "incident", &utc_day(now).strftime("%Y%m").to_string()).await?;
    let incident = Incident {
        id: new_id(),
        number: format!("IN-{number}"),
        agency_id: kept.agency_id.clone(),
        order_id: kept.id.clone(),
        order_no: kept.booking.order_no.clone(),
        airline: kept.booking.segments[0].carrier.clone(),
        kind: news.kind,
        status: Status::Unconfirmed,
        outcome: None,
        told: news.told,
        note: None,
        version: 1,
        told_by: author.name.clone(),
        told_at: now,
        confirmed_by_name: None,
        confirmed_at: None,
    };
    if !store::insert(conn, &incident, news.notification_id.as_deref()).await? {
        return Ok(None);
    }
    let details = serde_json::json!({ "version": 1, "kind": incident.kind });
    journal::write(conn, Subject::Incident, &incident.id, "incident-told", author, &details, now).await?;
    let recipients = agencies::audience(conn, Some(&kept.agency_id), None).await?;
    notices::store::post(conn, &recipients, &case(&incident), &wording::told(&incident), now).await?;
    Ok(Some(incident))
}

/// The case that notices of an incident are about.
#[must_use]
pub fn case(incident: &Incident) -> Case {
    Case { kind: CaseKind::Incident, id: incident.id.clone(), no: incident.number.clone(), order_no: incident.order_no.clone() }
}

/// Notes an incident that somebody of the operator's team typed in. The same form again changes nothing.
///
/// # Errors
/// The database's own.
pub async fn enter(db: &Db, kept: Kept, news: News, actor: &Actor, once_key: String, now: Timestamp) -> Result<(), sqlx::Error> {
    let author = Author::from(actor);
    db.write(move |conn| {
        Box::pin(async move {
            // The second press waits here for the first.
            bookings::hold(conn, &kept.id).await?;
            let asked = format!("incident {}", kept.id);
            if once::recall(conn, &author.id, &once_key, &asked).await? != Earlier::Nothing {
                return Ok(());
            }
            let noted = note(conn, &kept, news, &author, now).await?;
            let number = noted.map(|incident| incident.number).unwrap_or_default();
            once::remember(conn, &author.id, &once_key, &asked, &number, now).await
        })
    })
    .await
}

/// A confirmation on its way.
#[derive(Debug, Clone)]
pub struct Confirmation {
    pub actor: Actor,
    pub number: String,
    pub seen_version: i64,
    pub outcome: Outcome,
    pub carrier_cause: Option<bool>,
    pub note: Option<String>,
}

/// Why an incident was not confirmed. Nothing was changed then.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// Somebody confirmed it after the form was filled in.
    Overtaken,
    /// Not a result of this kind of incident.
    WrongResult,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Confirms an incident with its result and tells the other side.
///
/// # Errors
/// Why it was not done.
pub async fn confirm(db: &Db, confirmation: Confirmation, now: Timestamp) -> Result<Incident, NotDone> {
    db.write(move |conn| Box::pin(async move { confirm_in(conn, confirmation, now).await })).await
}

async fn confirm_in(conn: &mut Conn, confirmation: Confirmation, now: Timestamp) -> Result<Incident, NotDone> {
    let actor = &confirmation.actor;
    let mut incident = store::find(conn, &actor.scope(), &confirmation.number).await?.ok_or(NotDone::Absent)?;
    if incident.version != confirmation.seen_version || incident.status != Status::Unconfirmed {
        return Err(NotDone::Overtaken);
    }
    if !incident.kind.outcomes().contains(&confirmation.outcome) {
        return Err(NotDone::WrongResult);
    }
    incident.status = Status::Confirmed;
    incident.outcome = Some(confirmation.outcome);
    incident.told.carrier_cause = confirmation.carrier_cause;
    incident.note = confirmation.note;
    incident.confirmed_by_name = Some(actor.name.clone());
    incident.confirmed_at = Some(now);
    if !store::confirm(conn, &incident, confirmation.seen_version).await? {
        return Err(NotDone::Overtaken);
    }
    incident.version += 1;
    let author = Author::from(actor);
    let details = serde_json::json!({ "version": incident.version, "result": confirmation.outcome, "note": incident.note });
    journal::write(conn, Subject::Incident, &incident.id, "incident-confirmed", &author, &details, now).await?;
    let other_side = if author.side == Side::Operator { Some(incident.agency_id.as_str()) } else { None };
    let recipients = agencies::audience(conn, other_side, None).await?;
    notices::store::post(conn, &recipients, &case(&incident), &wording::confirmed(&incident, confirmation.outcome), now).await?;
    Ok(incident)
}

/// The booking that a notification names, whosever it is.
///
/// # Errors
/// The database's own.
pub async fn booking(conn: &mut Conn, order_no: &str) -> Result<Option<Kept>, sqlx::Error> {
    bookings::find(conn, &Scope::Operator, order_no).await
}
