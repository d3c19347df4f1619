//! All SQL about what is said in a request, and by whom just now.

use sqlx::FromRow;

use super::model::Said;
use crate::db::{Conn, decode};
use crate::journal::Side;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};

#[derive(FromRow)]
struct SaidRow {
    id: String,
    internal: i64,
    #[sqlx(try_from = "String")]
    side: Side,
    author_id: String,
    author_name: String,
    body: String,
    created_at: String,
}

/// The newest messages of a request, at most 500, oldest first; internal notes only where they are asked for.
///
/// # Errors
/// The database's own.
pub async fn of(conn: &mut Conn, request_id: &str, internal: bool) -> Result<Vec<Said>, sqlx::Error> {
    let rows: Vec<SaidRow> = sqlx::query_as(
        "SELECT id, internal, side, author_id, author_name, body, created_at FROM request_messages \
         WHERE request_id = $1 AND (internal = 0 OR $2 = 1) ORDER BY created_at DESC, id DESC LIMIT 500",
    )
    .bind(request_id)
    .bind(i64::from(internal))
    .fetch_all(conn)
    .await?;
    let said = |row: SaidRow| {
        Ok(Said {
            at: parse_instant(&row.created_at).map_err(decode)?,
            id: row.id,
            internal: row.internal == 1,
            side: row.side,
            author_id: row.author_id,
            author_name: row.author_name,
            body: row.body,
        })
    };
    rows.into_iter().rev().map(said).collect()
}

/// Adds a message.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, request_id: &str, said: &Said) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO request_messages (id, request_id, internal, side, author_id, author_name, body, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&said.id)
    .bind(request_id)
    .bind(i64::from(said.internal))
    .bind(said.side.word())
    .bind(&said.author_id)
    .bind(&said.author_name)
    .bind(&said.body)
    .bind(instant_text(said.at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that somebody is writing an answer.
///
/// # Errors
/// The database's own.
pub async fn note_presence(conn: &mut Conn, request_id: &str, user_id: &str, name: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO request_presence (request_id, user_id, name, seen_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (request_id, user_id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at",
    )
    .bind(request_id)
    .bind(user_id)
    .bind(name)
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets that somebody is writing: the answer is sent.
///
/// # Errors
/// The database's own.
pub async fn end_presence(conn: &mut Conn, request_id: &str, user_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM request_presence WHERE request_id = $1 AND user_id = $2").bind(request_id).bind(user_id).execute(conn).await?;
    Ok(())
}

/// Who else is writing since a time.
///
/// # Errors
/// The database's own.
pub async fn presence(conn: &mut Conn, request_id: &str, user_id: &str, since: Timestamp) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM request_presence WHERE request_id = $1 AND user_id <> $2 AND seen_at > $3 ORDER BY name LIMIT 10")
            .bind(request_id)
            .bind(user_id)
            .bind(instant_text(since))
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Forgets signs of writing from before a time.
///
/// # Errors
/// The database's own.
pub async fn forget_presence(conn: &mut Conn, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM request_presence WHERE seen_at < $1").bind(instant_text(before)).execute(conn).await?;
    Ok(())
}
