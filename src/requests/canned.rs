//! Canned replies: answers that are written often, per language, with places for what the request knows.

use sqlx::FromRow;

use super::model::Request;
use crate::bookings::model::Booking;
use crate::db::Conn;
use crate::kernel::id::new_id;
use crate::kernel::language::Language;
use crate::kernel::time::{Timestamp, instant_text};

/// A reply that is kept.
#[derive(Debug, Clone, FromRow)]
pub struct Reply {
    pub id: String,
    #[sqlx(try_from = "String")]
    pub language: Language,
    pub name: String,
    pub body: String,
}

/// What stands in braces in a reply, and is filled in from the request.
pub const PLACES: [&str; 6] = ["name", "order", "pnr", "airline", "request", "passengers"];

impl Reply {
    /// The reply with its places filled in. A place that does not exist stays as it is written.
    #[must_use]
    pub fn filled(&self, request: &Request, booking: &Booking) -> String {
        let passengers = booking.passengers.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        let values = [&request.created_by_name, &request.order_no, booking.airline_pnr(), &request.airline, &request.number, &passengers];
        let mut text = self.body.clone();
        for (place, value) in PLACES.iter().zip(values) {
            text = text.replace(&format!("{{{place}}}"), value);
        }
        text
    }
}

/// All replies, by language and name.
///
/// # Errors
/// The database's own.
pub async fn all(conn: &mut Conn) -> Result<Vec<Reply>, sqlx::Error> {
    sqlx::query_as("SELECT id, language, name, body FROM canned_replies ORDER BY language, name LIMIT 500").fetch_all(conn).await
}

/// The replies in one language.
///
/// # Errors
/// The database's own.
pub async fn of_language(conn: &mut Conn, language: Language) -> Result<Vec<Reply>, sqlx::Error> {
    sqlx::query_as("SELECT id, language, name, body FROM canned_replies WHERE language = $1 ORDER BY name LIMIT 200")
        .bind(language.word())
        .fetch_all(conn)
        .await
}

/// Keeps a reply; one of the same language and name is replaced.
///
/// # Errors
/// The database's own.
pub async fn save(conn: &mut Conn, language: Language, name: &str, body: &str, by: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO canned_replies (id, language, name, body, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (language, name) DO UPDATE SET body = excluded.body, created_by = excluded.created_by, created_at = excluded.created_at",
    )
    .bind(new_id())
    .bind(language.word())
    .bind(name)
    .bind(body)
    .bind(by)
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes a reply.
///
/// # Errors
/// The database's own.
pub async fn remove(conn: &mut Conn, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM canned_replies WHERE id = $1").bind(id).execute(conn).await?;
    Ok(())
}
