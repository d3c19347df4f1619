//! When something was last done, and how it went.

use sqlx::FromRow;

use crate::db::{Conn, decode};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};

crate::text_column! {
    /// What is marked.
    pub enum Deed { Backup = "backup", Verify = "verify" }
}

/// A deed as it went the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub begun_at: Timestamp,
    /// When it ended; before `begun_at`, or never, while it runs or after it was broken off.
    pub ended_at: Option<Timestamp>,
    /// What it found when it ended.
    pub findings: Vec<String>,
}

impl Mark {
    /// Whether it runs now, or was broken off.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none_or(|ended| ended < self.begun_at)
    }
}

#[derive(FromRow)]
struct MarkRow {
    begun_at: String,
    ended_at: Option<String>,
    findings: String,
}

/// The newest mark of a deed.
///
/// # Errors
/// The database's own.
pub async fn newest(conn: &mut Conn, deed: Deed) -> Result<Option<Mark>, sqlx::Error> {
    let row: Option<MarkRow> = sqlx::query_as("SELECT begun_at, ended_at, findings FROM system_marks WHERE name = $1")
        .bind(deed.word())
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        Ok(Mark {
            begun_at: parse_instant(&row.begun_at).map_err(decode)?,
            ended_at: row.ended_at.as_deref().map(parse_instant).transpose().map_err(decode)?,
            findings: row.findings.lines().map(ToOwned::to_owned).collect(),
        })
    })
    .transpose()
}

/// Marks that a deed begins, unless it was begun at or after `since`. Answers whether it is ours to do: one of several
/// servers is told so.
///
/// # Errors
/// The database's own.
pub async fn begin(conn: &mut Conn, deed: Deed, since: Timestamp, now: Timestamp) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query(
        "INSERT INTO system_marks (name, begun_at, ended_at, findings) VALUES ($1, $2, NULL, '') \
         ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at WHERE system_marks.begun_at < $3",
    )
    .bind(deed.word())
    .bind(instant_text(now))
    .bind(instant_text(since))
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Marks that a deed ended, with what it found.
///
/// # Errors
/// The database's own.
pub async fn end(conn: &mut Conn, deed: Deed, findings: &[String], now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE system_marks SET ended_at = $1, findings = $2 WHERE name = $3")
        .bind(instant_text(now))
        .bind(findings.join("\n"))
        .bind(deed.word())
        .execute(conn)
        .await?;
    Ok(())
}
