//! What happened to a case: who, when, what. Every timeline and the audit are read from here. Knows no room.

use sqlx::FromRow;

use crate::db::rows::{self, Insertion, Table};
use crate::db::{Conn, decode};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};

crate::text_column! {
    /// What an event is about.
    pub enum Subject {
        Refund = "refund",
        Booking = "booking",
        User = "user",
        Agency = "agency",
        Request = "request",
        Incident = "incident",
        Compensation = "compensation",
        Batch = "batch",
        Remittance = "remittance",
        TopUp = "top-up",
        Statement = "statement",
        BspForm = "bsp-form",
    }
}

crate::text_column! {
    /// On whose side the one who acted stands.
    pub enum Side { Agency = "agency", Operator = "operator", Program = "program" }
}

crate::named!(Side = "side");

/// Who acted, as the journal keeps it: the name stays true even when the user is renamed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub id: String,
    pub name: String,
    pub side: Side,
}

impl Author {
    /// The program itself: the command line or the worker.
    #[must_use]
    pub fn program() -> Self {
        Self { id: "afterfare".to_owned(), name: "Afterfare".to_owned(), side: Side::Program }
    }
}

impl From<&Actor> for Author {
    fn from(actor: &Actor) -> Self {
        let side = if actor.role.is_operator() { Side::Operator } else { Side::Agency };
        Self { id: actor.user_id.clone(), name: actor.name.clone(), side }
    }
}

/// One thing that happened. `details` is a JSON document whose form belongs to the room that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub happened: String,
    pub author: Author,
    pub details: String,
    pub at: Timestamp,
}

/// Writes an event, in the transaction of what happened.
///
/// # Errors
/// The database's own.
pub async fn write(
    conn: &mut Conn,
    subject: Subject,
    subject_id: &str,
    happened: &str,
    author: &Author,
    details: &serde_json::Value,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO events (id, subject_kind, subject_id, happened, actor_id, actor_name, actor_side, details, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new_id())
    .bind(subject.word())
    .bind(subject_id)
    .bind(happened)
    .bind(&author.id)
    .bind(&author.name)
    .bind(author.side.word())
    .bind(details.to_string())
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(())
}

const EVENTS: Table = Table {
    name: "events",
    columns: &["id", "subject_kind", "subject_id", "happened", "actor_id", "actor_name", "actor_side", "details", "created_at"],
    suffix: "",
};

/// Writes the same thing that happened to many cases at once: who did it, each case's id, and its details.
///
/// # Errors
/// The database's own.
pub async fn write_many(
    conn: &mut Conn,
    subject: Subject,
    happened: &str,
    cases: impl Iterator<Item = (Author, String, serde_json::Value)> + Send,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    rows::insert_all(conn, vec![entries(subject, happened, cases, now)]).await
}

/// The rows of [`write_many`].
pub fn entries(
    subject: Subject,
    happened: &str,
    cases: impl Iterator<Item = (Author, String, serde_json::Value)>,
    now: Timestamp,
) -> Insertion<'static> {
    let row = |(author, id, details): (Author, String, serde_json::Value)| {
        vec![
            new_id().into(),
            subject.word().into(),
            id.into(),
            happened.into(),
            author.id.into(),
            author.name.into(),
            author.side.word().into(),
            details.to_string().into(),
            instant_text(now).into(),
        ]
    };
    Insertion::of(EVENTS, cases.map(row))
}

#[derive(FromRow)]
struct EventRow {
    id: String,
    happened: String,
    actor_id: String,
    actor_name: String,
    #[sqlx(try_from = "String")]
    actor_side: Side,
    details: String,
    created_at: String,
}

/// The newest events of one case, at most 200, oldest first.
///
/// # Errors
/// The database's own.
pub async fn of(conn: &mut Conn, subject: Subject, subject_id: &str) -> Result<Vec<Event>, sqlx::Error> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "SELECT id, happened, actor_id, actor_name, actor_side, details, created_at FROM events \
         WHERE subject_kind = $1 AND subject_id = $2 ORDER BY created_at DESC, id DESC LIMIT 200",
    )
    .bind(subject.word())
    .bind(subject_id)
    .fetch_all(conn)
    .await?;
    rows.into_iter().rev().map(EventRow::event).collect()
}

impl EventRow {
    fn event(self) -> Result<Event, sqlx::Error> {
        Ok(Event {
            at: parse_instant(&self.created_at).map_err(decode)?,
            id: self.id,
            happened: self.happened,
            author: Author { id: self.actor_id, name: self.actor_name, side: self.actor_side },
            details: self.details,
        })
    }
}
