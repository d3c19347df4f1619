//! The life of a refund form after it was transmitted: released, printed, deleted. Each function is one transaction of
//! form, coupons and event.

use super::command::Code;
use super::model::{Form, Office, Status};
pub use super::typed::Typed;
use super::typed::Unread;
use super::{checking, coupon_store, form_store, office_store};
use crate::db::{Conn, Db, is_duplicate};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::time::{Timestamp, day_in};
use crate::web::form::Problems;
use crate::web::words::Message;

/// Why nothing was done.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// Somebody was faster, or it is no longer where this can be done.
    Overtaken,
    /// The host's answer.
    Code(Code),
    Problems(Problems),
    /// A second person has to do it.
    OwnForm,
    /// What is hidden behind a ticket was sealed with another secret.
    Unsealed,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Code> for NotDone {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl From<Unread> for NotDone {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Code(code) => Self::Code(code),
            Unread::Problems(problems) => Self::Problems(problems),
        }
    }
}

/// One thing that is wrong with a form.
pub(super) fn problem(field: &'static str, message: impl Into<Message>) -> NotDone {
    let mut problems = Problems::default();
    problems.add(field, message);
    NotDone::Problems(problems)
}

/// Writes a form as it is now, unless somebody was faster.
pub(super) async fn save(conn: &mut Conn, after: &Form) -> Result<(), NotDone> {
    match form_store::save(conn, after, after.version).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(NotDone::Overtaken),
        Err(error) if is_duplicate(&error) => Err(Code::RefundExists.into()),
        Err(error) => Err(error.into()),
    }
}

/// A form of the actor's scope, kept from others until the end of the transaction.
pub(super) async fn held(conn: &mut Conn, actor: &Actor, form_id: &str) -> Result<Form, NotDone> {
    form_store::hold(conn, form_id).await?;
    form_store::find(conn, &actor.scope(), form_id).await?.ok_or(NotDone::Absent)
}

/// The office of a form, if somebody sits there.
pub(super) async fn office_of(conn: &mut Conn, actor: &Actor, form: &Form) -> Result<Office, NotDone> {
    let seat = office_store::seat_of(conn, &actor.user_id).await?;
    seat.map(|seat| seat.office).filter(|office| office.id == form.office_id).ok_or(NotDone::Code(Code::Authority))
}

/// Releases a form that somebody else transmitted: it is sold from now on.
///
/// # Errors
/// Why not.
pub async fn release(db: &Db, actor: &Actor, form_id: &str, seen_version: i64, now: Timestamp) -> Result<(), NotDone> {
    let (actor, form_id) = (actor.clone(), form_id.to_owned());
    db.write(move |conn| {
        Box::pin(async move {
            let form = held(conn, &actor, &form_id).await?;
            // The same press again changes nothing.
            if form.status.is_sold() && form.version.checked_sub(1) == Some(seen_version) {
                return Ok(());
            }
            if form.status != Status::AwaitingRelease || form.version != seen_version {
                return Err(NotDone::Overtaken);
            }
            if form.created_by == actor.user_id {
                return Err(NotDone::OwnForm);
            }
            sell(conn, form, "released", &Author::from(&actor), &serde_json::json!({}), now).await
        })
    })
    .await
}

/// The form counts in the sales day of now.
pub(super) async fn sell(
    conn: &mut Conn,
    form: Form,
    happened: &str,
    author: &Author,
    details: &serde_json::Value,
    now: Timestamp,
) -> Result<(), NotDone> {
    let office = office_store::office(conn, &form.office).await?.ok_or(NotDone::Absent)?;
    let form_was_asked = form.status.is_application();
    // It may have waited for weeks: the ticket must still be what it was.
    checking::check_again(conn, &form).await?;
    let sold =
        Form { status: Status::Saved, sales_day: Some(day_in(&office.zone_name, now)), saved_at: Some(now), answer_due: None, ..form };
    // What the airline agreed to is released as any other form is.
    let after = if office.four_eyes && form_was_asked {
        Form { status: Status::AwaitingRelease, sales_day: None, saved_at: None, ..sold }
    } else {
        sold
    };
    save(conn, &after).await?;
    Ok(journal::write(conn, Subject::BspForm, &after.id, happened, author, details, now).await?)
}

/// Notes that a form was printed. One that was before stays as it is.
///
/// # Errors
/// Why it cannot be printed.
pub async fn print(db: &Db, actor: &Actor, form_id: &str, now: Timestamp) -> Result<(), NotDone> {
    let (actor, form_id) = (actor.clone(), form_id.to_owned());
    db.write(move |conn| {
        Box::pin(async move {
            let form = held(conn, &actor, &form_id).await?;
            office_of(conn, &actor, &form).await?;
            match form.status {
                Status::Printed | Status::Reported => return Ok(()),
                Status::Saved => {}
                _ => return Err(Code::NoRecord.into()),
            }
            save(conn, &Form { status: Status::Printed, ..form }).await?;
            Ok(journal::write(conn, Subject::BspForm, &form_id, "printed", &Author::from(&actor), &serde_json::json!({}), now).await?)
        })
    })
    .await
}

/// Deletes a form whose sales day is open, or an application; its coupons are open again. A draft is given up.
///
/// # Errors
/// Why not.
pub async fn delete(db: &Db, actor: &Actor, form_id: &str, seen_version: i64, now: Timestamp) -> Result<(), NotDone> {
    let (actor, form_id) = (actor.clone(), form_id.to_owned());
    db.write(move |conn| {
        Box::pin(async move {
            let form = held(conn, &actor, &form_id).await?;
            let office = office_of(conn, &actor, &form).await?;
            if matches!(form.status, Status::Deleted | Status::Abandoned) {
                return Ok(());
            }
            if form.version != seen_version {
                return Err(NotDone::Overtaken);
            }
            let today = day_in(&office.zone_name, now);
            let status = match form.status {
                Status::Draft => Status::Abandoned,
                status if status.is_application() || form.is_open(today) => Status::Deleted,
                _ => return Err(Code::DayClosed.into()),
            };
            coupon_store::free(conn, &form.id).await?;
            save(conn, &Form { status, answer_due: None, ..form }).await?;
            let happened = if status == Status::Deleted { "deleted" } else { "abandoned" };
            Ok(journal::write(conn, Subject::BspForm, &form_id, happened, &Author::from(&actor), &serde_json::json!({}), now).await?)
        })
    })
    .await
}
