//! All SQL about compensations.

use serde::Deserialize;
use sqlx::FromRow;

use super::model::{Cause, Compensation, Status};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::actor::Scope;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;

#[derive(FromRow, Deserialize)]
struct CompensationRow {
    id: String,
    number: String,
    agency_id: String,
    agency: String,
    order_id: Option<String>,
    order_no: Option<String>,
    #[sqlx(try_from = "String")]
    reason: Cause,
    note: String,
    #[sqlx(try_from = "String")]
    status: Status,
    #[sqlx(try_from = "String")]
    currency: Currency,
    amount_minor: i64,
    needs_second: i64,
    version: i64,
    proposed_by: String,
    proposed_by_name: String,
    proposed_at: String,
    decided_by: Option<String>,
    decided_by_name: Option<String>,
    decided_at: Option<String>,
    decision_note: Option<String>,
}

impl CompensationRow {
    fn compensation(self) -> Result<(Compensation, String), sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        let compensation = Compensation {
            amount: Money::new(self.amount_minor, self.currency),
            proposed_at: instant(&self.proposed_at)?,
            decided_at: self.decided_at.as_deref().map(instant).transpose()?,
            id: self.id,
            number: self.number,
            agency_id: self.agency_id,
            order_id: self.order_id,
            order_no: self.order_no,
            cause: self.reason,
            note: self.note,
            status: self.status,
            needs_second: self.needs_second == 1,
            version: self.version,
            proposed_by: self.proposed_by,
            proposed_by_name: self.proposed_by_name,
            decided_by: self.decided_by,
            decided_by_name: self.decided_by_name,
            decision_note: self.decision_note,
        };
        Ok((compensation, self.agency))
    }
}

const LINES: &str = "SELECT c.id, c.number, c.agency_id, a.name AS agency, c.order_id, c.order_no, c.reason, c.note, c.status, c.currency, \
     c.amount_minor, c.needs_second, c.version, c.proposed_by, c.proposed_by_name, c.proposed_at, c.decided_by, c.decided_by_name, \
     c.decided_at, c.decision_note FROM compensations c LEFT JOIN agencies a ON a.id = c.agency_id";

/// Where the next page begins.
#[must_use]
pub fn cursor(compensation: &Compensation) -> Cursor {
    Cursor { sorted: instant_text(compensation.proposed_at), id: compensation.id.clone() }
}

/// The query of the Compensation tab, the newest first; of one alone where a number is given. An agency sees what was credited
/// to it, nothing that is only being considered.
#[must_use]
pub fn list_query(scope: &Scope, status: Option<Status>, number: &str, after: Option<Cursor>, limit: i64) -> Select {
    let status = if scope.agency_id().is_some() { Some(Status::Credited) } else { status };
    let mut query = Select::new(LINES).and_if("c.agency_id = ?", scope.agency_id()).and_if("c.status = ?", status.map(Status::word));
    query = query.and_if("c.number = ?", Some(number).filter(|number| !number.is_empty()));
    if let Some(after) = after {
        query = query.and("(c.proposed_at, c.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY c.proposed_at DESC, c.id DESC", limit)
}

/// The lines of the Compensation tab, each with its agency's name.
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
) -> Result<Vec<(Compensation, String)>, sqlx::Error> {
    let rows: Vec<CompensationRow> = list_query(scope, status, number, after, limit).fetch_packed(conn).await?;
    rows.into_iter().map(CompensationRow::compensation).collect()
}

/// The compensation with this number.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, number: &str) -> Result<Option<Compensation>, sqlx::Error> {
    let rows: Vec<CompensationRow> = Select::new(LINES).and("c.number = ?", [number.into()]).fetch(conn).await?;
    rows.into_iter().next().map(|row| row.compensation().map(|(compensation, _)| compensation)).transpose()
}

/// Adds a compensation.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, new: &Compensation) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO compensations (id, number, agency_id, order_id, order_no, reason, note, status, currency, amount_minor, needs_second, \
         version, proposed_by, proposed_by_name, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(&new.id)
    .bind(&new.number)
    .bind(&new.agency_id)
    .bind(new.order_id.as_deref())
    .bind(new.order_no.as_deref())
    .bind(new.cause.word())
    .bind(&new.note)
    .bind(new.status.word())
    .bind(new.amount.currency.code())
    .bind(new.amount.minor)
    .bind(i64::from(new.needs_second))
    .bind(new.version)
    .bind(&new.proposed_by)
    .bind(&new.proposed_by_name)
    .bind(instant_text(new.proposed_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a decision, if nobody was faster. Answers whether it did.
///
/// # Errors
/// The database's own, a decision alone about what needs two among them.
pub async fn decide(
    conn: &mut Conn,
    compensation: &Compensation,
    to: Status,
    (by, by_name): (&str, &str),
    note: Option<&str>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "UPDATE compensations SET status = $1, decided_by = $2, decided_by_name = $3, decided_at = $4, decision_note = $5, \
         version = version + 1 WHERE id = $6 AND version = $7 AND status = 'proposed'",
    )
    .bind(to.word())
    .bind(by)
    .bind(by_name)
    .bind(instant_text(now))
    .bind(note)
    .bind(&compensation.id)
    .bind(compensation.version)
    .execute(conn)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// What one person has credited to an agency alone since a time.
///
/// # Errors
/// The database's own.
pub async fn given_alone(conn: &mut Conn, user_id: &str, agency_id: &str, since: Timestamp) -> Result<Vec<Money>, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT currency, CAST(SUM(amount_minor) AS BIGINT) FROM compensations WHERE agency_id = $1 AND status = 'credited' \
         AND proposed_by = $2 AND decided_by = $2 AND proposed_at > $3 GROUP BY currency ORDER BY currency",
    )
    .bind(agency_id)
    .bind(user_id)
    .bind(instant_text(since))
    .fetch_all(conn)
    .await?;
    let money = |(currency, minor): (String, i64)| Currency::parse(&currency).map(|currency| Money::new(minor, currency)).map_err(decode);
    rows.into_iter().map(money).collect()
}
