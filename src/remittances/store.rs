//! All SQL about remittances as a whole.

use std::collections::HashMap;

use serde::Deserialize;

use super::model::{Line, Remittance, Totals};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::parse_instant;
use crate::web::paging::Cursor;

#[derive(Deserialize)]
struct RemittanceRow {
    id: String,
    number: String,
    source_name: String,
    file_name: String,
    line_count: i64,
    posting_by: Option<String>,
    created_by_name: String,
    created_at: String,
}

impl RemittanceRow {
    fn remittance(self) -> Result<Remittance, sqlx::Error> {
        Ok(Remittance {
            created_at: parse_instant(&self.created_at).map_err(decode)?,
            id: self.id,
            number: self.number,
            source_name: self.source_name,
            file_name: self.file_name,
            line_count: self.line_count,
            posting_by: self.posting_by,
            created_by_name: self.created_by_name,
        })
    }
}

const REMITTANCES: &str =
    "SELECT m.id, m.number, m.source_name, m.file_name, m.line_count, m.posting_by, m.created_by_name, m.created_at FROM remittances m";

async fn fetch(conn: &mut Conn, query: Select) -> Result<Vec<Remittance>, sqlx::Error> {
    let rows: Vec<RemittanceRow> = query.fetch_packed(conn).await?;
    rows.into_iter().map(RemittanceRow::remittance).collect()
}

/// The remittance with this number.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, number: &str) -> Result<Option<Remittance>, sqlx::Error> {
    Ok(fetch(conn, Select::new(REMITTANCES).and("m.number = ?", [number.into()])).await?.pop())
}

/// The remittance with this id, which was its draft's.
///
/// # Errors
/// The database's own.
pub async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<Remittance>, sqlx::Error> {
    Ok(fetch(conn, Select::new(REMITTANCES).and("m.id = ?", [id.into()])).await?.pop())
}

/// The remittance that came of the same file.
///
/// # Errors
/// The database's own.
pub async fn of_file(conn: &mut Conn, file_digest: &str) -> Result<Option<Remittance>, sqlx::Error> {
    Ok(fetch(conn, Select::new(REMITTANCES).and("m.file_digest = ?", [file_digest.into()])).await?.pop())
}

/// The remittance that came of a file with the same lines.
///
/// # Errors
/// The database's own.
pub async fn of_lines(conn: &mut Conn, content_digest: &str) -> Result<Option<Remittance>, sqlx::Error> {
    Ok(fetch(conn, Select::new(REMITTANCES).and("m.content_digest = ?", [content_digest.into()])).await?.pop())
}

/// The query of all remittances, the newest first.
#[must_use]
pub fn list_query(after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(REMITTANCES);
    if let Some(after) = after {
        query = query.and("(m.created_at, m.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY m.created_at DESC, m.id DESC", limit)
}

/// All remittances, the newest first.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, after: Option<Cursor>, limit: i64) -> Result<Vec<Remittance>, sqlx::Error> {
    fetch(conn, list_query(after, limit)).await
}

/// What files hold, per currency, by remittance.
///
/// # Errors
/// The database's own.
pub async fn totals(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, Vec<Totals>>, sqlx::Error> {
    let rows: Vec<(String, String, i64, i64, i64)> =
        Select::new("SELECT t.remittance_id, t.currency, t.file_minor, t.matched_minor, t.rejected_minor FROM remittance_totals t")
            .and_in("t.remittance_id", ids.iter().map(|id| id.as_str().into()))
            .then("ORDER BY t.remittance_id, t.currency", [])
            .fetch(conn)
            .await?;
    let mut all: HashMap<String, Vec<Totals>> = HashMap::new();
    for (id, currency, file, matched, rejected) in rows {
        let currency = Currency::parse(&currency).map_err(decode)?;
        let money = |minor| Money::new(minor, currency);
        all.entry(id).or_default().push(Totals { file: money(file), matched: money(matched), rejected: money(rejected) });
    }
    Ok(all)
}

/// Adds to what became of a file's money.
///
/// # Errors
/// The database's own.
pub async fn shift_totals(conn: &mut Conn, line: &Line, matched: i64, rejected: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE remittance_totals SET matched_minor = matched_minor + $1, rejected_minor = rejected_minor + $2 \
         WHERE remittance_id = $3 AND currency = $4",
    )
    .bind(matched)
    .bind(rejected)
    .bind(&line.remittance_id)
    .bind(line.currency().code())
    .execute(conn)
    .await?;
    Ok(())
}
