//! All SQL about the rows of batches and the refunds that belong to them.

use std::ops::RangeInclusive;

use serde::Deserialize;
use sqlx::FromRow;

use super::model::{BatchRow, RowCode, RowStatus};
use crate::db::rows::{self, Table};
use crate::db::select::Select;
use crate::db::{Conn, decode, json};
use crate::kernel::actor::Scope;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, parse_instant};
use crate::refunds::model::Status as RefundStatus;
use crate::spreadsheets::cell::Cell;
use crate::web::words::Message;

#[derive(Deserialize)]
struct RowLine {
    row_no: i64,
    line: i64,
    cells: String,
    order_no: String,
    status: RowStatus,
    code: Option<String>,
    message: Option<String>,
    currency: Option<String>,
    amount_minor: Option<i64>,
}

impl RowLine {
    fn row(self) -> Result<BatchRow, sqlx::Error> {
        let currency = self.currency.as_deref().map(Currency::parse).transpose().map_err(decode)?;
        Ok(BatchRow {
            cells: serde_json::from_str::<Vec<Cell>>(&self.cells).map_err(decode)?,
            code: self.code.as_deref().and_then(|word| word.parse::<RowCode>().ok()),
            message: self.message.as_deref().map(serde_json::from_str::<Message>).transpose().map_err(decode)?,
            amount: currency.zip(self.amount_minor).map(|(currency, minor)| Money::new(minor, currency)),
            row_no: self.row_no,
            line: self.line,
            order_no: self.order_no,
            status: self.status,
        })
    }
}

/// The query for rows of a batch after one of them, in the file's order.
#[must_use]
pub fn rows_query(batch_id: &str, status: Option<RowStatus>, after: i64, limit: i64) -> Select {
    Select::new("SELECT r.row_no, r.line, r.cells, r.order_no, r.status, r.code, r.message, r.currency, r.amount_minor FROM batch_rows r")
        .and("r.batch_id = ?", [batch_id.into()])
        .and_if("r.status = ?", status.map(RowStatus::word))
        .and("r.row_no > ?", [after.into()])
        .limited("ORDER BY r.row_no", limit)
}

/// Rows of a batch after one of them.
///
/// # Errors
/// The database's own.
pub async fn rows(
    conn: &mut Conn,
    batch_id: &str,
    status: Option<RowStatus>,
    after: i64,
    limit: i64,
) -> Result<Vec<BatchRow>, sqlx::Error> {
    let rows: Vec<RowLine> = rows_query(batch_id, status, after, limit).fetch_packed(conn).await?;
    rows.into_iter().map(RowLine::row).collect()
}

/// Keeps the rows of a file.
///
/// # Errors
/// The database's own.
pub async fn insert_rows(conn: &mut Conn, batch_id: &str, all: &[BatchRow]) -> Result<(), sqlx::Error> {
    const ROWS: Table = Table {
        name: "batch_rows",
        columns: &["batch_id", "row_no", "line", "cells", "order_no", "status", "code", "message"],
        suffix: "",
    };
    let mut values = Vec::with_capacity(all.len());
    for row in all {
        values.push(vec![
            batch_id.into(),
            row.row_no.into(),
            row.line.into(),
            json(&row.cells)?.into(),
            row.order_no.as_str().into(),
            row.status.word().into(),
            row.code.map(|code| code.word().to_owned()).into(),
            row.message.as_ref().map(json).transpose()?.into(),
        ]);
    }
    rows::insert(conn, ROWS, values).await
}

/// Writes what rows came to.
///
/// # Errors
/// The database's own.
pub async fn save_rows(conn: &mut Conn, batch_id: &str, all: impl IntoIterator<Item = &BatchRow>) -> Result<(), sqlx::Error> {
    const RESULTS: Table = Table {
        name: "batch_rows",
        columns: &["batch_id", "row_no", "line", "cells", "order_no", "status", "code", "message", "currency", "amount_minor"],
        // Every row is there already: only what it came to is written.
        suffix: "ON CONFLICT (batch_id, row_no) DO UPDATE SET status = excluded.status, code = excluded.code, message = excluded.message, \
                 currency = excluded.currency, amount_minor = excluded.amount_minor",
    };
    let mut values = Vec::new();
    for row in all {
        values.push(vec![
            batch_id.into(),
            row.row_no.into(),
            row.line.into(),
            "[]".into(),
            row.order_no.as_str().into(),
            row.status.word().into(),
            row.code.map(|code| code.word().to_owned()).into(),
            row.message.as_ref().map(json).transpose()?.into(),
            row.amount.map(|amount| amount.currency.code().to_owned()).into(),
            row.amount.map(|amount| amount.minor).into(),
        ]);
    }
    rows::insert(conn, RESULTS, values).await
}

/// Writes that the ready ones from one row to another were posted.
///
/// # Errors
/// The database's own.
pub async fn mark_posted(conn: &mut Conn, batch_id: &str, rows: RangeInclusive<i64>) -> Result<(), sqlx::Error> {
    mark_posted_query(batch_id, rows).execute(conn).await
}

/// The statement that marks rows as posted.
#[must_use]
pub fn mark_posted_query(batch_id: &str, rows: RangeInclusive<i64>) -> Select {
    Select::new("UPDATE batch_rows SET status = 'posted'")
        .and("batch_id = ?", [batch_id.into()])
        .and("status = 'ready'", [])
        .and("row_no >= ? AND row_no <= ?", [(*rows.start()).into(), (*rows.end()).into()])
}

/// What the rows that are ready or posted come to, per currency: how many, and their sum.
///
/// # Errors
/// The database's own.
pub async fn totals(conn: &mut Conn, batch_id: &str) -> Result<Vec<(i64, Money)>, sqlx::Error> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT currency, COUNT(*), CAST(SUM(amount_minor) AS BIGINT) FROM batch_rows WHERE batch_id = $1 AND status IN ('ready', 'posted') \
         AND currency IS NOT NULL GROUP BY currency ORDER BY currency",
    )
    .bind(batch_id)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|(currency, count, minor)| Ok((count, Money::new(minor, Currency::parse(&currency).map_err(decode)?)))).collect()
}

/// A refund that belongs to a row: made of it, or of its order.
#[derive(Debug, Clone)]
pub struct RowRefund {
    pub number: String,
    pub status: RefundStatus,
    /// The actual amount once credited, the estimate until then.
    pub amount: Option<Money>,
    pub registered_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct RefundLine {
    order_no: String,
    batch_row: Option<i64>,
    number: String,
    #[sqlx(try_from = "String")]
    status: RefundStatus,
    #[sqlx(try_from = "String")]
    currency: Currency,
    estimated_minor: Option<i64>,
    actual_minor: Option<i64>,
    registered_at: String,
    closed_at: Option<String>,
}

impl RefundLine {
    fn refund(self) -> Result<RowRefund, sqlx::Error> {
        let actual = self.actual_minor.filter(|_| self.status == RefundStatus::Refunded);
        Ok(RowRefund {
            amount: actual.or(self.estimated_minor).map(|minor| Money::new(minor, self.currency)),
            registered_at: parse_instant(&self.registered_at).map_err(decode)?,
            closed_at: self.closed_at.as_deref().map(parse_instant).transpose().map_err(decode)?,
            number: self.number,
            status: self.status,
        })
    }
}

const REFUNDS: &str = "SELECT r.order_no, r.batch_row, r.number, r.status, r.currency, r.estimated_minor, r.actual_minor, r.registered_at, \
     r.closed_at FROM refunds r";

/// The refunds that were made of rows, by row.
///
/// # Errors
/// The database's own.
pub async fn refunds_of_rows(conn: &mut Conn, batch_id: &str, rows: &[i64]) -> Result<Vec<(i64, RowRefund)>, sqlx::Error> {
    let (Some(first), Some(last)) = (rows.iter().min(), rows.iter().max()) else { return Ok(Vec::new()) };
    let lines: Vec<RefundLine> = Select::new(REFUNDS)
        .and("r.batch_id = ?", [batch_id.into()])
        .and("r.batch_row >= ? AND r.batch_row <= ?", [(*first).into(), (*last).into()])
        .fetch(conn)
        .await?;
    lines.into_iter().map(|line| Ok((line.batch_row.unwrap_or(0), line.refund()?))).collect()
}

/// The refunds of orders, by order number, the oldest first.
///
/// # Errors
/// The database's own.
pub async fn refunds_of_orders(conn: &mut Conn, scope: &Scope, orders: &[String]) -> Result<Vec<(String, RowRefund)>, sqlx::Error> {
    let lines: Vec<RefundLine> = refunds_of_orders_query(scope, orders).fetch(conn).await?;
    lines.into_iter().map(|line| Ok((line.order_no.clone(), line.refund()?))).collect()
}

/// The query for the refunds of orders.
#[must_use]
pub fn refunds_of_orders_query(scope: &Scope, orders: &[String]) -> Select {
    Select::new(REFUNDS)
        .and_in("r.order_no", orders.iter().map(|order| order.as_str().into()))
        // Written so that SQLite does not walk through all refunds of an agency instead.
        .and_if("r.agency_id || '' = ?", scope.agency_id())
        .then("ORDER BY r.order_no, r.registered_at, r.id", [])
}
