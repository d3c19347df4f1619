//! All SQL about incidents.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;
use sqlx::FromRow;

use super::filters::Search;
use super::model::{Incident, IncidentKind, Outcome, Status};
use crate::db::select::Select;
use crate::db::{Conn, decode, json};
use crate::kernel::actor::Scope;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;

const COLUMNS: &str = "i.id, i.number, i.agency_id, i.order_id, i.order_no, i.airline, i.kind, i.status, i.result, i.document, i.note, \
     i.version, i.told_by, i.told_at, i.confirmed_by_name, i.confirmed_at";

#[derive(FromRow)]
struct IncidentRow {
    id: String,
    number: String,
    agency_id: String,
    order_id: String,
    order_no: String,
    airline: String,
    #[sqlx(try_from = "String")]
    kind: IncidentKind,
    #[sqlx(try_from = "String")]
    status: Status,
    result: Option<String>,
    document: String,
    note: Option<String>,
    version: i64,
    told_by: String,
    told_at: String,
    confirmed_by_name: Option<String>,
    confirmed_at: Option<String>,
}

impl IncidentRow {
    fn incident(self) -> Result<Incident, sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        Ok(Incident {
            told: serde_json::from_str(&self.document).map_err(decode)?,
            told_at: instant(&self.told_at)?,
            confirmed_at: self.confirmed_at.as_deref().map(instant).transpose()?,
            outcome: self.result.and_then(|word| word.parse::<Outcome>().ok()),
            id: self.id,
            number: self.number,
            agency_id: self.agency_id,
            order_id: self.order_id,
            order_no: self.order_no,
            airline: self.airline,
            kind: self.kind,
            status: self.status,
            note: self.note,
            version: self.version,
            told_by: self.told_by,
            confirmed_by_name: self.confirmed_by_name,
        })
    }
}

/// The incidents of an order, the newest first.
///
/// # Errors
/// The database's own.
pub async fn of_order(conn: &mut Conn, order_id: &str) -> Result<Vec<Incident>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM incidents i WHERE i.order_id = $1 ORDER BY i.told_at DESC, i.id DESC LIMIT 100");
    let rows: Vec<IncidentRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(order_id).fetch_all(conn).await?;
    rows.into_iter().map(IncidentRow::incident).collect()
}

/// The newest incident of an order that is confirmed as the airline's doing.
///
/// # Errors
/// The database's own.
pub async fn proving(conn: &mut Conn, order_id: &str) -> Result<Option<Incident>, sqlx::Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM incidents i WHERE i.order_id = $1 AND i.result IN ('FLIGHT_CHANGE', 'FLIGHT_CANCELED', 'ABNORMAL_CANCELLATION') \
         ORDER BY i.told_at DESC, i.id DESC LIMIT 1"
    );
    let row: Option<IncidentRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(order_id).fetch_optional(conn).await?;
    row.map(IncidentRow::incident).transpose()
}

/// As [`proving`], for many orders, by order.
///
/// # Errors
/// The database's own.
pub async fn proving_of_many(conn: &mut Conn, order_ids: &[&str]) -> Result<HashMap<String, Incident>, sqlx::Error> {
    static TEXT: OnceLock<String> = OnceLock::new();
    let rows: Vec<IncidentRow> = Select::new(TEXT.get_or_init(|| format!("SELECT {COLUMNS} FROM incidents i")))
        .and_in("i.order_id", order_ids.iter().map(|id| (*id).into()))
        .and("i.result IN ('FLIGHT_CHANGE', 'FLIGHT_CANCELED', 'ABNORMAL_CANCELLATION')", [])
        .then("ORDER BY i.order_id, i.told_at, i.id", [])
        .fetch(conn)
        .await?;
    // The last one of an order takes the place of those before it.
    rows.into_iter().map(|row| row.incident().map(|incident| (incident.order_id.clone(), incident))).collect()
}

/// The incident with this number, if the scope may see it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, number: &str) -> Result<Option<Incident>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM incidents i WHERE i.number = $1");
    let row: Option<IncidentRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(number).fetch_optional(conn).await?;
    row.filter(|row| scope.includes(&row.agency_id)).map(IncidentRow::incident).transpose()
}

/// Adds an incident; false when its notification is there already.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, incident: &Incident, notification_id: Option<&str>) -> Result<bool, sqlx::Error> {
    let document = json(&incident.told)?;
    let done = sqlx::query(
        "INSERT INTO incidents (id, number, notification_id, agency_id, order_id, order_no, airline, kind, status, document, version, told_by, told_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'unconfirmed', $9, 1, $10, $11) ON CONFLICT (notification_id) DO NOTHING",
    )
    .bind(&incident.id)
    .bind(&incident.number)
    .bind(notification_id)
    .bind(&incident.agency_id)
    .bind(&incident.order_id)
    .bind(&incident.order_no)
    .bind(&incident.airline)
    .bind(incident.kind.word())
    .bind(document)
    .bind(&incident.told_by)
    .bind(instant_text(incident.told_at))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a notification is there already.
///
/// # Errors
/// The database's own.
pub async fn is_known(conn: &mut Conn, notification_id: &str) -> Result<bool, sqlx::Error> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT id FROM incidents WHERE notification_id = $1").bind(notification_id).fetch_optional(conn).await?;
    Ok(row.is_some())
}

/// Confirms, if nobody was faster. Answers whether it did.
///
/// # Errors
/// The database's own.
pub async fn confirm(conn: &mut Conn, incident: &Incident, seen_version: i64) -> Result<bool, sqlx::Error> {
    let document = json(&incident.told)?;
    let done = sqlx::query(
        "UPDATE incidents SET status = 'confirmed', result = $1, document = $2, note = $3, confirmed_by_name = $4, confirmed_at = $5, \
         version = version + 1 WHERE id = $6 AND version = $7",
    )
    .bind(incident.outcome.map(Outcome::word))
    .bind(document)
    .bind(incident.note.as_deref())
    .bind(incident.confirmed_by_name.as_deref())
    .bind(incident.confirmed_at.map(instant_text))
    .bind(&incident.id)
    .bind(seen_version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One line of Incident Management.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub number: String,
    pub agency: String,
    pub order_no: String,
    pub airline: String,
    pub kind: IncidentKind,
    pub status: Status,
    pub outcome: Option<Outcome>,
    pub told_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct LineRow {
    id: String,
    number: String,
    agency: String,
    order_no: String,
    airline: String,
    kind: IncidentKind,
    status: Status,
    result: Option<String>,
    told_at: String,
    confirmed_at: Option<String>,
}

impl Line {
    /// Where the next page begins.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { sorted: instant_text(self.told_at), id: self.id.clone() }
    }
}

/// The query of Incident Management, the newest first.
#[must_use]
pub fn list_query(scope: &Scope, search: &Search, limit: i64) -> Select {
    let mut query = Select::new(
        "SELECT i.id, i.number, a.name AS agency, i.order_no, i.airline, i.kind, i.status, i.result, i.told_at, i.confirmed_at \
         FROM incidents i LEFT JOIN agencies a ON a.id = i.agency_id",
    )
    .and_if("i.agency_id = ?", scope.agency_id())
    .and_if("i.order_no = ?", search.order_no.as_deref())
    .and_if("i.airline = ?", search.airline.as_deref())
    .and_if("i.kind = ?", search.kind.map(IncidentKind::word))
    .and_if("i.status = ?", search.status.map(Status::word))
    .and_if("i.told_at >= ?", search.from.map(instant_text))
    .and_if("i.told_at < ?", search.until.map(instant_text));
    if let Some(after) = search.after.clone() {
        query = query.and("(i.told_at, i.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY i.told_at DESC, i.id DESC", limit)
}

/// The lines of Incident Management.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, scope: &Scope, search: &Search, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    let rows: Vec<LineRow> = list_query(scope, search, limit).fetch_packed(conn).await?;
    rows.into_iter()
        .map(|row| {
            let instant = |text: &str| parse_instant(text).map_err(decode);
            Ok(Line {
                told_at: instant(&row.told_at)?,
                confirmed_at: row.confirmed_at.as_deref().map(instant).transpose()?,
                outcome: row.result.and_then(|word| word.parse().ok()),
                id: row.id,
                number: row.number,
                agency: row.agency,
                order_no: row.order_no,
                airline: row.airline,
                kind: row.kind,
                status: row.status,
            })
        })
        .collect()
}
