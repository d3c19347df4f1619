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
    /// How much it found when it ended.
    pub found: i64,
    /// The first of that, in sentences.
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
    found: i64,
    findings: String,
}

/// The newest mark of a deed.
///
/// # Errors
/// The database's own.
pub async fn newest(conn: &mut Conn, deed: Deed) -> Result<Option<Mark>, sqlx::Error> {
    let row: Option<MarkRow> = sqlx::query_as("SELECT begun_at, ended_at, found, findings FROM system_marks WHERE name = $1")
        .bind(deed.word())
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        Ok(Mark {
            begun_at: parse_instant(&row.begun_at).map_err(decode)?,
            ended_at: row.ended_at.as_deref().map(parse_instant).transpose().map_err(decode)?,
            found: row.found,
            findings: row.findings.lines().map(ToOwned::to_owned).collect(),
        })
    })
    .transpose()
}

/// Marks that a deed begins, unless it was begun at or after `since`; one that was begun before `abandoned` and never ended
/// is begun anew. Answers whether it is ours to do: one of several servers is told so.
///
/// # Errors
/// The database's own.
pub async fn begin(conn: &mut Conn, deed: Deed, since: Timestamp, abandoned: Timestamp, now: Timestamp) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query(
        "INSERT INTO system_marks (name, begun_at, ended_at, found, findings) VALUES ($1, $2, NULL, 0, '') \
         ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at WHERE system_marks.begun_at < $3 \
         OR (system_marks.begun_at < $4 AND (system_marks.ended_at IS NULL OR system_marks.ended_at < system_marks.begun_at))",
    )
    .bind(deed.word())
    .bind(instant_text(now))
    .bind(instant_text(since))
    .bind(instant_text(abandoned))
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Findings that are kept; whoever needs all of them does the deed on the command line.
const KEPT_FINDINGS: usize = 50;

/// Marks that a deed ended, with what it found.
///
/// # Errors
/// The database's own.
pub async fn end(conn: &mut Conn, deed: Deed, findings: &[String], now: Timestamp) -> Result<(), sqlx::Error> {
    let first = &findings[..findings.len().min(KEPT_FINDINGS)];
    sqlx::query("UPDATE system_marks SET ended_at = $1, found = $2, findings = $3 WHERE name = $4")
        .bind(instant_text(now))
        .bind(i64::try_from(findings.len()).unwrap_or(i64::MAX))
        .bind(first.join("\n"))
        .bind(deed.word())
        .execute(conn)
        .await?;
    Ok(())
}
