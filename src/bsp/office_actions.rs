//! What is done with offices: one is added, somebody is seated, the second person is asked for. From the page and from
//! the program alike.

use super::model::Office;
use super::office_store;
use crate::agencies::store as agencies;
use crate::db::{Db, is_duplicate};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Permission;
use crate::kernel::time::Timestamp;
use crate::web::words::Message;

/// Why something was not done with an office.
#[derive(Debug)]
pub enum NotDone {
    /// Nobody of that agency who may ask for refunds.
    Nobody,
    Refused(Message),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// A sign under which somebody works, as it is kept.
///
/// # Errors
/// A sentence that says what one looks like.
pub fn parse_sign(text: &str) -> Result<String, Message> {
    let sign = text.trim().to_uppercase();
    let plain = (1..=10).contains(&sign.len()) && sign.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(sign).ok_or_else(|| Message::new("bsp-agent-wrong"))
}

/// Adds an office.
///
/// # Errors
/// A code that is there already, or the database's own.
pub async fn add(db: &Db, office: Office, author: &Author, now: Timestamp) -> Result<(), NotDone> {
    let (author, code) = (author.clone(), office.code.clone());
    let added = db.write(move |conn| {
        Box::pin(async move {
            office_store::insert(conn, &office, now).await?;
            let details = serde_json::json!({ "office": office.code });
            journal::write(conn, Subject::Agency, &office.agency_id, "office-added", &author, &details, now).await
        })
    });
    added.await.map_err(|error| {
        let there = || NotDone::Refused(Message::new("bsp-office-there").text("office", code));
        if is_duplicate(&error) { there() } else { error.into() }
    })
}

/// Seats a user in an office. The sign of somebody whose account is disabled is free again.
///
/// # Errors
/// A user who is not of the office's agency, may not ask for refunds or is disabled; a sign that is wrong or another's.
pub async fn seat(db: &Db, office: Office, user_id: String, sign: &str, author: &Author, now: Timestamp) -> Result<(), NotDone> {
    let (sign, author) = (parse_sign(sign).map_err(NotDone::Refused)?, author.clone());
    let seated = db.write(move |conn| {
        Box::pin(async move {
            let user = agencies::user(conn, &user_id).await?.filter(|user| {
                user.agency_id.as_ref() == Some(&office.agency_id) && !user.disabled && user.role.may(Permission::RequestRefunds)
            });
            let Some(user) = user else { return Ok::<_, sqlx::Error>(false) };
            office_store::free_sign_of_disabled(conn, &office.id, &sign).await?;
            office_store::seat(conn, &user.id, &office.id, &sign).await?;
            let details = serde_json::json!({ "office": office.code, "agent": sign });
            journal::write(conn, Subject::User, &user.id, "seated", &author, &details, now).await?;
            Ok(true)
        })
    });
    match seated.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(NotDone::Nobody),
        Err(error) if is_duplicate(&error) => Err(NotDone::Refused(Message::new("bsp-agent-taken"))),
        Err(error) => Err(error.into()),
    }
}

/// Sets whether a second person releases the forms of an office. Whoever transmits there must not be the one who lets the
/// second person go.
///
/// # Errors
/// Somebody who sits there and switches it off.
pub async fn set_four_eyes(db: &Db, office: Office, four_eyes: bool, by: String, author: &Author, now: Timestamp) -> Result<(), NotDone> {
    let author = author.clone();
    let set = db.write(move |conn| {
        Box::pin(async move {
            let seat = office_store::seat_of(conn, &by).await?;
            if !four_eyes && seat.is_some_and(|seat| seat.office.id == office.id) {
                return Ok::<_, sqlx::Error>(false);
            }
            office_store::set_four_eyes(conn, &office.id, four_eyes).await?;
            let details = serde_json::json!({ "office": office.code, "four_eyes": four_eyes });
            journal::write(conn, Subject::Agency, &office.agency_id, "four-eyes", &author, &details, now).await?;
            Ok(true)
        })
    });
    if set.await? { Ok(()) } else { Err(NotDone::Refused(Message::new("bsp-four-eyes-own"))) }
}
