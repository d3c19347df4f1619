//! All SQL about the lines of remittances.

use std::collections::HashMap;

use serde::Deserialize;

use super::model::{Finding, Line, LineStatus, Rejection};
use crate::db::rows::{self, Table};
use crate::db::select::{Select, Value};
use crate::db::{Conn, decode, json};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{instant_text, parse_instant};
use crate::web::paging::Cursor;

#[derive(Deserialize)]
struct LineRow {
    id: String,
    remittance_id: String,
    row_no: i64,
    line: i64,
    cells: String,
    currency: Currency,
    amount_minor: i64,
    matched_minor: i64,
    rejected_minor: i64,
    paid_on: String,
    reference: String,
    refund_no: String,
    order_no: String,
    pnr: String,
    ticket: String,
    passenger: String,
    status: LineStatus,
    finding: Finding,
    proposals: String,
    rejection: Option<String>,
    owner_id: String,
    owner_name: String,
    version: i64,
    created_at: String,
}

impl LineRow {
    fn line(self) -> Result<Line, sqlx::Error> {
        let money = |minor| Money::new(minor, self.currency);
        Ok(Line {
            cells: serde_json::from_str(&self.cells).map_err(decode)?,
            amount: money(self.amount_minor),
            matched: money(self.matched_minor),
            rejected: money(self.rejected_minor),
            paid_on: self.paid_on.parse().map_err(|error: jiff::Error| decode(error))?,
            proposals: serde_json::from_str(&self.proposals).map_err(decode)?,
            rejection: self.rejection.as_deref().and_then(|word| word.parse::<Rejection>().ok()),
            created_at: parse_instant(&self.created_at).map_err(decode)?,
            id: self.id,
            remittance_id: self.remittance_id,
            row_no: self.row_no,
            line: self.line,
            reference: self.reference,
            refund_no: self.refund_no,
            order_no: self.order_no,
            pnr: self.pnr,
            ticket: self.ticket,
            passenger: self.passenger,
            status: self.status,
            finding: self.finding,
            owner_id: self.owner_id,
            owner_name: self.owner_name,
            version: self.version,
        })
    }
}

const LINES: &str = "SELECT l.id, l.remittance_id, l.row_no, l.line, l.cells, l.currency, l.amount_minor, l.matched_minor, l.rejected_minor, \
     l.paid_on, l.reference, l.refund_no, l.order_no, l.pnr, l.ticket, l.passenger, l.status, l.finding, l.proposals, l.rejection, \
     l.owner_id, l.owner_name, l.version, l.created_at FROM remittance_lines l";

async fn fetch_lines(conn: &mut Conn, query: Select) -> Result<Vec<Line>, sqlx::Error> {
    let rows: Vec<LineRow> = query.fetch_packed(conn).await?;
    rows.into_iter().map(LineRow::line).collect()
}

/// Which lines of a remittance are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    All,
    /// Open, with this finding.
    Open(Finding),
    Status(LineStatus),
}

impl View {
    /// The view of a word in the URL.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match (word.parse::<Finding>(), word.parse::<LineStatus>()) {
            (Ok(finding), _) => Self::Open(finding),
            (_, Ok(status)) => Self::Status(status),
            _ => Self::All,
        }
    }
}

/// The query for lines of a remittance after one of them, in the file's order.
#[must_use]
pub fn lines_query(remittance_id: &str, view: View, after: i64, limit: i64) -> Select {
    let mut query = Select::new(LINES).and("l.remittance_id = ?", [remittance_id.into()]);
    query = match view {
        View::All => query,
        View::Open(finding) => query.and("l.status IN ('unmatched', 'proposed') AND l.finding = ?", [finding.word().into()]),
        View::Status(status) => query.and("l.status = ?", [status.word().into()]),
    };
    query.and("l.row_no > ?", [after.into()]).limited("ORDER BY l.row_no", limit)
}

/// Lines of a remittance after one of them.
///
/// # Errors
/// The database's own.
pub async fn lines(conn: &mut Conn, remittance_id: &str, view: View, after: i64, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    fetch_lines(conn, lines_query(remittance_id, view, after, limit)).await
}

/// One line.
///
/// # Errors
/// The database's own.
pub async fn line(conn: &mut Conn, remittance_id: &str, row_no: i64) -> Result<Option<Line>, sqlx::Error> {
    let query = Select::new(LINES).and("l.remittance_id = ? AND l.row_no = ?", [remittance_id.into(), row_no.into()]);
    Ok(fetch_lines(conn, query).await?.pop())
}

/// Lines by their ids.
///
/// # Errors
/// The database's own.
pub async fn lines_of_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<Line>, sqlx::Error> {
    fetch_lines(conn, Select::new(LINES).and_in("l.id", ids.iter().map(|id| id.as_str().into()))).await
}

/// The query for open money of all files, the oldest first.
#[must_use]
pub fn open_query(owner: Option<&str>, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(LINES).and("l.status IN ('unmatched', 'proposed')", []).and_if("l.owner_id = ?", owner);
    if let Some(after) = after {
        query = query.and("(l.paid_on, l.id) > (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY l.paid_on, l.id", limit)
}

/// Open money of all files, the oldest first.
///
/// # Errors
/// The database's own.
pub async fn open(conn: &mut Conn, owner: Option<&str>, after: Option<Cursor>, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    fetch_lines(conn, open_query(owner, after, limit)).await
}

/// Open lines of a remittance after one of them, in the file's order.
///
/// # Errors
/// The database's own.
pub async fn open_of(conn: &mut Conn, remittance_id: &str, after: i64, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    let query = Select::new(LINES)
        .and("l.remittance_id = ? AND l.status IN ('unmatched', 'proposed')", [remittance_id.into()])
        .and("l.row_no > ?", [after.into()])
        .limited("ORDER BY l.row_no", limit);
    fetch_lines(conn, query).await
}

/// How many lines of a remittance stand where: open ones by finding, the others by status.
///
/// # Errors
/// The database's own.
pub async fn counts(conn: &mut Conn, remittance_id: &str) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT l.status, l.finding, COUNT(*) FROM remittance_lines l WHERE l.remittance_id = $1 GROUP BY l.status, l.finding",
    )
    .bind(remittance_id)
    .fetch_all(conn)
    .await?;
    let mut all: HashMap<String, i64> = HashMap::new();
    for (status, finding, count) in rows {
        let word = if ["unmatched", "proposed"].contains(&status.as_str()) { finding } else { status };
        *all.entry(word).or_default() += count;
    }
    Ok(all)
}

/// Keeps lines.
///
/// # Errors
/// The database's own.
pub async fn insert_lines(conn: &mut Conn, lines: &[Line]) -> Result<(), sqlx::Error> {
    const TABLE: Table = Table {
        name: "remittance_lines",
        columns: &[
            "id",
            "remittance_id",
            "row_no",
            "line",
            "cells",
            "currency",
            "amount_minor",
            "matched_minor",
            "rejected_minor",
            "paid_on",
            "reference",
            "refund_no",
            "order_no",
            "pnr",
            "ticket",
            "passenger",
            "status",
            "finding",
            "proposals",
            "rejection",
            "owner_id",
            "owner_name",
            "version",
            "created_at",
        ],
        suffix: "",
    };
    let mut values: Vec<Vec<Value>> = Vec::with_capacity(lines.len());
    for line in lines {
        values.push(vec![
            line.id.as_str().into(),
            line.remittance_id.as_str().into(),
            line.row_no.into(),
            line.line.into(),
            json(&line.cells)?.into(),
            line.currency().code().into(),
            line.amount.minor.into(),
            line.matched.minor.into(),
            line.rejected.minor.into(),
            line.paid_on.to_string().into(),
            line.reference.as_str().into(),
            line.refund_no.as_str().into(),
            line.order_no.as_str().into(),
            line.pnr.as_str().into(),
            line.ticket.as_str().into(),
            line.passenger.as_str().into(),
            line.status.word().into(),
            line.finding.word().into(),
            json(&line.proposals)?.into(),
            line.rejection.map(|rejection| rejection.word().to_owned()).into(),
            line.owner_id.as_str().into(),
            line.owner_name.as_str().into(),
            line.version.into(),
            instant_text(line.created_at).into(),
        ]);
    }
    rows::insert(conn, TABLE, values).await
}

/// Writes what became of a line, if nobody was faster. Answers whether it did.
///
/// # Errors
/// The database's own.
pub async fn save_line(conn: &mut Conn, line: &Line) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE remittance_lines SET matched_minor = $1, rejected_minor = $2, status = $3, finding = $4, proposals = $5, rejection = $6, \
         owner_id = $7, owner_name = $8, version = version + 1 WHERE id = $9 AND version = $10",
    )
    .bind(line.matched.minor)
    .bind(line.rejected.minor)
    .bind(line.status.word())
    .bind(line.finding.word())
    .bind(json(&line.proposals)?)
    .bind(line.rejection.map(Rejection::word))
    .bind(&line.owner_id)
    .bind(&line.owner_name)
    .bind(&line.id)
    .bind(line.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
