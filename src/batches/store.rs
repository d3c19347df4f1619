//! All SQL about batches.

use serde::Deserialize;

use super::model::{Batch, BatchKind, Counts, Status};
use crate::db::rows::{self, Table};
use crate::db::select::{Select, Value};
use crate::db::{Conn, decode, json};
use crate::kernel::actor::Scope;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;

#[derive(Deserialize)]
struct BatchLine {
    id: String,
    number: String,
    kind: BatchKind,
    agency_id: Option<String>,
    status: Status,
    file_name: String,
    file_digest: String,
    stored_as: Option<String>,
    encoding: Option<String>,
    header: String,
    reason: Option<String>,
    fulfilled_on: Option<String>,
    complaint: Option<String>,
    row_count: i64,
    done_rows: i64,
    ready_count: i64,
    listed_count: i64,
    refused_count: i64,
    posted_count: i64,
    version: i64,
    created_by: String,
    created_by_name: String,
    created_at: String,
    confirmed_by: Option<String>,
    confirmed_by_name: Option<String>,
    confirmed_at: Option<String>,
    finished_at: Option<String>,
}

impl BatchLine {
    fn batch(self) -> Result<Batch, sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        Ok(Batch {
            header: serde_json::from_str(&self.header).map_err(decode)?,
            reason: self.reason.as_deref().and_then(|word| word.parse().ok()),
            fulfilled_on: self.fulfilled_on.as_deref().map(str::parse).transpose().map_err(|error: jiff::Error| decode(error))?,
            complaint: self.complaint.as_deref().map(serde_json::from_str).transpose().map_err(decode)?,
            counts: Counts {
                rows: self.row_count,
                done: self.done_rows,
                ready: self.ready_count,
                listed: self.listed_count,
                refused: self.refused_count,
                posted: self.posted_count,
            },
            created_at: instant(&self.created_at)?,
            confirmed_at: self.confirmed_at.as_deref().map(instant).transpose()?,
            finished_at: self.finished_at.as_deref().map(instant).transpose()?,
            id: self.id,
            number: self.number,
            kind: self.kind,
            agency_id: self.agency_id,
            status: self.status,
            file_name: self.file_name,
            file_digest: self.file_digest,
            stored_as: self.stored_as,
            encoding: self.encoding,
            version: self.version,
            created_by: self.created_by,
            created_by_name: self.created_by_name,
            confirmed_by: self.confirmed_by,
            confirmed_by_name: self.confirmed_by_name,
        })
    }
}

const LINES: &str = "SELECT b.id, b.number, b.kind, b.agency_id, b.status, b.file_name, b.file_digest, b.stored_as, b.encoding, b.header, \
     b.reason, b.fulfilled_on, b.complaint, b.row_count, b.done_rows, b.ready_count, b.listed_count, b.refused_count, b.posted_count, \
     b.version, b.created_by, b.created_by_name, b.created_at, b.confirmed_by, b.confirmed_by_name, b.confirmed_at, b.finished_at \
     FROM batches b";

async fn fetch(conn: &mut Conn, query: Select) -> Result<Vec<Batch>, sqlx::Error> {
    let rows: Vec<BatchLine> = query.fetch_packed(conn).await?;
    rows.into_iter().map(BatchLine::batch).collect()
}

/// The batch with this number, if the scope may see it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, number: &str) -> Result<Option<Batch>, sqlx::Error> {
    let found = fetch(conn, Select::new(LINES).and("b.number = ?", [number.into()])).await?.pop();
    Ok(found.filter(|batch| match (&batch.agency_id, scope.agency_id()) {
        (_, None) => true,
        (own, Some(agency)) => own.as_deref() == Some(agency),
    }))
}

/// The batch with this id.
///
/// # Errors
/// The database's own.
pub async fn of_id(conn: &mut Conn, id: &str) -> Result<Option<Batch>, sqlx::Error> {
    Ok(fetch(conn, Select::new(LINES).and("b.id = ?", [id.into()])).await?.pop())
}

/// Where the next page of a list begins.
#[must_use]
pub fn cursor(batch: &Batch) -> Cursor {
    Cursor { sorted: instant_text(batch.created_at), id: batch.id.clone() }
}

/// The query of View History, the newest first.
#[must_use]
pub fn list_query(scope: &Scope, kind: BatchKind, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(LINES).and_if("b.agency_id = ?", scope.agency_id()).and("b.kind = ?", [kind.word().into()]);
    if let Some(after) = after {
        query = query.and("(b.created_at, b.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY b.created_at DESC, b.id DESC", limit)
}

/// View History.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, scope: &Scope, kind: BatchKind, after: Option<Cursor>, limit: i64) -> Result<Vec<Batch>, sqlx::Error> {
    fetch(conn, list_query(scope, kind, after, limit)).await
}

/// An earlier batch of the same agency from the very same file.
///
/// # Errors
/// The database's own.
pub async fn same_file(conn: &mut Conn, batch: &Batch) -> Result<Option<Batch>, sqlx::Error> {
    let query = Select::new(LINES)
        .and("b.agency_id = ?", [batch.agency_id.clone().into()])
        .and("b.file_digest = ?", [batch.file_digest.as_str().into()])
        .and("b.created_at <= ?", [instant_text(batch.created_at).into()])
        .and("b.id < ? AND b.kind = ? AND b.status = 'posted'", [batch.id.as_str().into(), batch.kind.word().into()])
        .then("ORDER BY b.created_at DESC, b.id DESC LIMIT 1", []);
    Ok(fetch(conn, query).await?.pop())
}

/// Adds a batch.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, batch: &Batch, now: Timestamp) -> Result<(), sqlx::Error> {
    const BATCHES: Table = Table {
        name: "batches",
        columns: &[
            "id",
            "number",
            "kind",
            "agency_id",
            "status",
            "file_name",
            "file_digest",
            "stored_as",
            "encoding",
            "header",
            "reason",
            "fulfilled_on",
            "row_count",
            "done_rows",
            "ready_count",
            "listed_count",
            "refused_count",
            "posted_count",
            "version",
            "created_by",
            "created_by_name",
            "created_at",
            "taken_until",
        ],
        suffix: "",
    };
    let row: Vec<Value> = vec![
        batch.id.as_str().into(),
        batch.number.as_str().into(),
        batch.kind.word().into(),
        batch.agency_id.clone().into(),
        batch.status.word().into(),
        batch.file_name.as_str().into(),
        batch.file_digest.as_str().into(),
        batch.stored_as.clone().into(),
        batch.encoding.clone().into(),
        json(&batch.header)?.into(),
        batch.reason.map(|reason| reason.word().to_owned()).into(),
        batch.fulfilled_on.map(|day| day.to_string()).into(),
        batch.counts.rows.into(),
        0.into(),
        0.into(),
        0.into(),
        batch.counts.refused.into(),
        0.into(),
        batch.version.into(),
        batch.created_by.as_str().into(),
        batch.created_by_name.as_str().into(),
        instant_text(batch.created_at).into(),
        instant_text(now).into(),
    ];
    rows::insert(conn, BATCHES, vec![row]).await
}

/// Which of the work on batches: files are read apart from everything else, because one may take long without any use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Files,
    Rows,
}

/// Whether there is work to do on any batch.
///
/// # Errors
/// The database's own.
pub async fn is_work(conn: &mut Conn, work: Work, now: Timestamp) -> Result<bool, sqlx::Error> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT id FROM batches WHERE status IN ('reading', 'checking', 'posting') AND taken_until <= $1 \
         AND (CASE WHEN status = 'reading' THEN 1 ELSE 0 END) = $2 ORDER BY taken_until, id LIMIT 1",
    )
    .bind(instant_text(now))
    .bind(i64::from(work == Work::Files))
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

/// Takes a batch on which there is work to do, so that no other server does the same until `until`.
///
/// # Errors
/// The database's own.
pub async fn take(conn: &mut Conn, work: Work, now: Timestamp, until: Timestamp) -> Result<Option<String>, sqlx::Error> {
    let row: Option<(String,)> = sqlx::query_as(
        "UPDATE batches SET taken_until = $1 WHERE id = (SELECT id FROM batches WHERE status IN ('reading', 'checking', 'posting') \
         AND taken_until <= $2 AND (CASE WHEN status = 'reading' THEN 1 ELSE 0 END) = $3 ORDER BY taken_until, id LIMIT 1) \
         AND taken_until <= $2 RETURNING id",
    )
    .bind(instant_text(until))
    .bind(instant_text(now))
    .bind(i64::from(work == Work::Files))
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(id,)| id))
}

/// Gives up a batch that was taken for what it is to do in a status, so that this is done from then on; not when somebody else
/// has done it meanwhile.
///
/// # Errors
/// The database's own.
pub async fn let_go(conn: &mut Conn, id: &str, status: Status, from: Timestamp) -> Result<(), sqlx::Error> {
    let done = sqlx::query("UPDATE batches SET taken_until = $1 WHERE id = $2 AND status = $3");
    done.bind(instant_text(from)).bind(id).bind(status.word()).execute(conn).await.map(|_| ())
}

/// Writes how far a batch came, if nobody else has written since. Answers whether it did. No other server takes it up before
/// `free_from`.
///
/// # Errors
/// The database's own.
pub async fn save(conn: &mut Conn, batch: &Batch, free_from: Timestamp) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE batches SET status = $1, header = $2, complaint = $3, row_count = $4, done_rows = $5, ready_count = $6, listed_count = $7, \
         refused_count = $8, posted_count = $9, stored_as = $10, confirmed_by = $11, confirmed_by_name = $12, confirmed_at = $13, \
         finished_at = $14, version = version + 1, taken_until = $15 WHERE id = $16 AND version = $17",
    )
    .bind(batch.status.word())
    .bind(json(&batch.header)?)
    .bind(batch.complaint.as_ref().map(json).transpose()?)
    .bind(batch.counts.rows)
    .bind(batch.counts.done)
    .bind(batch.counts.ready)
    .bind(batch.counts.listed)
    .bind(batch.counts.refused)
    .bind(batch.counts.posted)
    .bind(batch.stored_as.as_deref())
    .bind(batch.confirmed_by.as_deref())
    .bind(batch.confirmed_by_name.as_deref())
    .bind(batch.confirmed_at.map(instant_text))
    .bind(batch.finished_at.map(instant_text))
    .bind(instant_text(free_from))
    .bind(&batch.id)
    .bind(batch.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
