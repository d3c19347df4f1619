//! All SQL about top-ups.

use serde::Deserialize;
use sqlx::FromRow;

use super::model::{Status, TopUp};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::actor::Scope;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;

#[derive(FromRow, Deserialize)]
struct TopUpRow {
    id: String,
    number: String,
    agency_id: String,
    agency: String,
    #[sqlx(try_from = "String")]
    status: Status,
    #[sqlx(try_from = "String")]
    currency: Currency,
    declared_minor: i64,
    received_minor: Option<i64>,
    paid_on: String,
    reference: String,
    note: Option<String>,
    version: i64,
    declared_by_name: String,
    declared_at: String,
    decided_by_name: Option<String>,
    decided_at: Option<String>,
}

impl TopUpRow {
    fn top_up(self) -> Result<(TopUp, String), sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        let top_up = TopUp {
            declared: Money::new(self.declared_minor, self.currency),
            received: self.received_minor.map(|minor| Money::new(minor, self.currency)),
            paid_on: self.paid_on.parse().map_err(decode)?,
            declared_at: instant(&self.declared_at)?,
            decided_at: self.decided_at.as_deref().map(instant).transpose()?,
            id: self.id,
            number: self.number,
            agency_id: self.agency_id,
            status: self.status,
            reference: self.reference,
            note: self.note,
            version: self.version,
            declared_by_name: self.declared_by_name,
            decided_by_name: self.decided_by_name,
        };
        Ok((top_up, self.agency))
    }
}

const LINES: &str = "SELECT t.id, t.number, t.agency_id, a.name AS agency, t.status, t.currency, t.declared_minor, t.received_minor, t.paid_on, \
     t.reference, t.note, t.version, t.declared_by_name, t.declared_at, t.decided_by_name, t.decided_at \
     FROM top_ups t LEFT JOIN agencies a ON a.id = t.agency_id";

/// Where the next page begins.
#[must_use]
pub fn cursor(top_up: &TopUp) -> Cursor {
    Cursor { sorted: instant_text(top_up.declared_at), id: top_up.id.clone() }
}

/// The query of the list, the newest first; of one alone where a number is given.
#[must_use]
pub fn list_query(scope: &Scope, status: Option<Status>, number: &str, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(LINES).and_if("t.agency_id = ?", scope.agency_id()).and_if("t.status = ?", status.map(Status::word));
    query = query.and_if("t.number = ?", Some(number).filter(|number| !number.is_empty()));
    if let Some(after) = after {
        query = query.and("(t.declared_at, t.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY t.declared_at DESC, t.id DESC", limit)
}

/// The list, each with its agency's name.
///
/// # Errors
/// The database's own.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    status: Option<Status>,
    number: &str,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<(TopUp, String)>, sqlx::Error> {
    let rows: Vec<TopUpRow> = list_query(scope, status, number, after, limit).fetch_packed(conn).await?;
    rows.into_iter().map(TopUpRow::top_up).collect()
}

/// The top-up with this number.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, number: &str) -> Result<Option<TopUp>, sqlx::Error> {
    let rows: Vec<TopUpRow> = Select::new(LINES).and("t.number = ?", [number.into()]).fetch(conn).await?;
    rows.into_iter().next().map(|row| row.top_up().map(|(top_up, _)| top_up)).transpose()
}

/// Adds a top-up.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, new: &TopUp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO top_ups (id, number, agency_id, status, currency, declared_minor, paid_on, reference, version, declared_by_name, \
         declared_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&new.id)
    .bind(&new.number)
    .bind(&new.agency_id)
    .bind(new.status.word())
    .bind(new.declared.currency.code())
    .bind(new.declared.minor)
    .bind(new.paid_on.to_string())
    .bind(&new.reference)
    .bind(new.version)
    .bind(&new.declared_by_name)
    .bind(instant_text(new.declared_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a decision, if nobody was faster. Answers whether it did.
///
/// # Errors
/// The database's own.
pub async fn decide(
    conn: &mut Conn,
    top_up: &TopUp,
    (to, received): (Status, Option<Money>),
    note: Option<&str>,
    by: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE top_ups SET status = $1, received_minor = $2, note = $3, decided_by_name = $4, decided_at = $5, version = version + 1 \
         WHERE id = $6 AND version = $7 AND status = 'declared'",
    )
    .bind(to.word())
    .bind(received.map(|amount| amount.minor))
    .bind(note)
    .bind(by)
    .bind(instant_text(now))
    .bind(&top_up.id)
    .bind(top_up.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
