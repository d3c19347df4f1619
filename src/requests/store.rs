//! All SQL about requests themselves.

use serde::Deserialize;
use sqlx::FromRow;

use super::filters::Search;
use super::model::{Category, Request, Status};
use crate::db::select::Select;
use crate::db::walk::Walk;
use crate::db::{Conn, decode, json};
use crate::kernel::actor::Scope;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;

const COLUMNS: &str = "r.id, r.number, r.agency_id, r.order_id, r.order_no, r.airline, r.category, r.status, r.details, r.refund_id, \
     r.merged_into_id, r.assignee_id, r.version, r.created_by, r.created_by_name, r.created_at, r.modified_at, r.due_at, r.processed_at, \
     r.completed_at";

#[derive(FromRow)]
struct RequestRow {
    id: String,
    number: String,
    agency_id: String,
    order_id: String,
    order_no: String,
    airline: String,
    #[sqlx(try_from = "String")]
    category: Category,
    #[sqlx(try_from = "String")]
    status: Status,
    details: String,
    refund_id: Option<String>,
    merged_into_id: Option<String>,
    assignee_id: Option<String>,
    version: i64,
    created_by: String,
    created_by_name: String,
    created_at: String,
    modified_at: String,
    due_at: String,
    processed_at: Option<String>,
    completed_at: Option<String>,
}

fn instant(text: &str) -> Result<Timestamp, sqlx::Error> {
    parse_instant(text).map_err(decode)
}

impl RequestRow {
    fn request(self) -> Result<Request, sqlx::Error> {
        Ok(Request {
            details: serde_json::from_str(&self.details).map_err(decode)?,
            created_at: instant(&self.created_at)?,
            modified_at: instant(&self.modified_at)?,
            due_at: instant(&self.due_at)?,
            processed_at: self.processed_at.as_deref().map(instant).transpose()?,
            completed_at: self.completed_at.as_deref().map(instant).transpose()?,
            id: self.id,
            number: self.number,
            agency_id: self.agency_id,
            order_id: self.order_id,
            order_no: self.order_no,
            airline: self.airline,
            category: self.category,
            status: self.status,
            refund_id: self.refund_id,
            merged_into_id: self.merged_into_id,
            assignee_id: self.assignee_id,
            version: self.version,
            created_by: self.created_by,
            created_by_name: self.created_by_name,
        })
    }
}

/// The request with this number, if the scope may see it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, number: &str) -> Result<Option<Request>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM requests r WHERE r.number = $1");
    let row: Option<RequestRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(number).fetch_optional(conn).await?;
    row.filter(|row| scope.includes(&row.agency_id)).map(RequestRow::request).transpose()
}

/// Makes writers to one request wait for each other until the transaction ends.
///
/// # Errors
/// The database's own.
pub async fn hold(conn: &mut Conn, id: &str) -> Result<(), sqlx::Error> {
    Select::new("SELECT id FROM requests").and("id = ?", [id.into()]).hold(conn).await
}

/// The request with this id.
///
/// # Errors
/// The database's own.
pub async fn by_id(conn: &mut Conn, id: &str) -> Result<Option<Request>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM requests r WHERE r.id = $1");
    let row: Option<RequestRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(id).fetch_optional(conn).await?;
    row.map(RequestRow::request).transpose()
}

/// The requests of an order, the newest first.
///
/// # Errors
/// The database's own.
pub async fn of_order(conn: &mut Conn, order_id: &str) -> Result<Vec<Request>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM requests r WHERE r.order_id = $1 ORDER BY r.created_at DESC, r.id DESC LIMIT 100");
    let rows: Vec<RequestRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(order_id).fetch_all(conn).await?;
    rows.into_iter().map(RequestRow::request).collect()
}

/// The open request of an order, of which there is at most one.
///
/// # Errors
/// The database's own.
pub async fn open_of_order(conn: &mut Conn, order_id: &str) -> Result<Option<Request>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM requests r WHERE r.order_id = $1 AND r.status IN ('new', 'in-process')");
    let row: Option<RequestRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(order_id).fetch_optional(conn).await?;
    row.map(RequestRow::request).transpose()
}

/// The query for answered requests whose time of silence is over, and in which nothing is offered or paid and not settled.
#[must_use]
pub fn silent_query(now: Timestamp) -> Select {
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    Select::new(TEXT.get_or_init(|| format!("SELECT {COLUMNS} FROM requests r")))
        // Said twice, because SQLite takes an index of what is not completed only for a query that says so.
        .and("r.status <> 'completed' AND r.status = 'processed'", [])
        .and("r.due_at <= ?", [instant_text(now).into()])
        .and(
            "NOT EXISTS (SELECT 1 FROM request_offers o WHERE o.request_id = r.id AND (o.status = 'open' OR (o.status = 'accepted' \
             AND o.kind <> 'refund')))",
            [],
        )
        .then("ORDER BY r.due_at, r.id LIMIT 1", [])
}

/// One answered request whose time of silence is over.
///
/// # Errors
/// The database's own.
pub async fn silent(conn: &mut Conn, now: Timestamp) -> Result<Option<Request>, sqlx::Error> {
    let mut rows: Vec<RequestRow> = silent_query(now).fetch(conn).await?;
    rows.pop().map(RequestRow::request).transpose()
}

/// Adds a request. A second open one of an order is a duplicate.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, request: &Request) -> Result<(), sqlx::Error> {
    let details = json(&request.details)?;
    sqlx::query(
        "INSERT INTO requests (id, number, agency_id, order_id, order_no, airline, category, status, details, refund_id, version, created_by, \
         created_by_name, created_at, modified_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(&request.id)
    .bind(&request.number)
    .bind(&request.agency_id)
    .bind(&request.order_id)
    .bind(&request.order_no)
    .bind(&request.airline)
    .bind(request.category.word())
    .bind(request.status.word())
    .bind(details)
    .bind(request.refund_id.as_deref())
    .bind(request.version)
    .bind(&request.created_by)
    .bind(&request.created_by_name)
    .bind(instant_text(request.created_at))
    .bind(instant_text(request.modified_at))
    .bind(instant_text(request.due_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what a transition changed, if nobody was faster. Answers whether it did. Reopening beside another open request
/// of the same order is a duplicate.
///
/// # Errors
/// The database's own.
pub async fn save(conn: &mut Conn, request: &Request, seen_version: i64) -> Result<bool, sqlx::Error> {
    let saved = sqlx::query(
        "UPDATE requests SET status = $1, refund_id = $2, merged_into_id = $3, assignee_id = $4, modified_at = $5, due_at = $6, \
         processed_at = $7, completed_at = $8, version = version + 1 WHERE id = $9 AND version = $10",
    )
    .bind(request.status.word())
    .bind(request.refund_id.as_deref())
    .bind(request.merged_into_id.as_deref())
    .bind(request.assignee_id.as_deref())
    .bind(instant_text(request.modified_at))
    .bind(instant_text(request.due_at))
    .bind(request.processed_at.map(instant_text))
    .bind(request.completed_at.map(instant_text))
    .bind(&request.id)
    .bind(seen_version)
    .execute(conn)
    .await?;
    Ok(saved.rows_affected() == 1)
}

/// One line of My Requests.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub number: String,
    pub agency: String,
    pub order_no: String,
    pub airline: String,
    pub category: Category,
    pub status: Status,
    pub assignee: Option<String>,
    pub created_by_name: String,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
    pub due_at: Timestamp,
    pub unread: bool,
    pub version: i64,
}

/// A line as the database has it; also for the desk.
#[derive(Deserialize)]
pub struct LineRow {
    id: String,
    number: String,
    agency: String,
    order_no: String,
    airline: String,
    category: Category,
    status: Status,
    assignee: Option<String>,
    created_by_name: String,
    created_at: String,
    modified_at: String,
    due_at: String,
    unread: i64,
    version: i64,
}

impl LineRow {
    /// The line.
    ///
    /// # Errors
    /// When a column holds what it never should.
    pub fn line(self) -> Result<Line, sqlx::Error> {
        Ok(Line {
            created_at: instant(&self.created_at)?,
            modified_at: instant(&self.modified_at)?,
            due_at: instant(&self.due_at)?,
            unread: self.unread > 0,
            id: self.id,
            number: self.number,
            agency: self.agency,
            order_no: self.order_no,
            airline: self.airline,
            category: self.category,
            status: self.status,
            assignee: self.assignee,
            created_by_name: self.created_by_name,
            version: self.version,
        })
    }
}

impl Line {
    /// Where the next page of My Requests begins.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { sorted: instant_text(self.modified_at), id: self.id.clone() }
    }
}

/// What every list of requests selects; whether the reader has unread notices of it comes after.
const LINES: &str = "SELECT r.id, r.number, a.name AS agency, r.order_no, r.airline, r.category, r.status, u.name AS assignee, \
     r.created_by_name, r.created_at, r.modified_at, r.due_at, r.version,";

const UNREAD: &str = "CASE WHEN EXISTS (SELECT 1 FROM notices n WHERE n.user_id = ? AND n.case_kind = 'request' AND n.case_id = r.id \
     AND n.read_at IS NULL) THEN 1 ELSE 0 END AS unread \
     FROM requests r LEFT JOIN agencies a ON a.id = r.agency_id LEFT JOIN users u ON u.id = r.assignee_id";

/// Begins a list of requests for a reader.
#[must_use]
pub fn lines_for(user_id: &str) -> Select {
    Select::new(LINES).then(UNREAD, [user_id.into()])
}

/// The query of My Requests, the one that changed last first.
#[must_use]
pub fn list_query(scope: &Scope, user_id: &str, search: &Search, limit: i64) -> Select {
    let mut query =
        lines_for(user_id).and_if("r.number = ?", search.number.as_deref()).and_if("r.order_no = ?", search.order_no.as_deref());
    if search.unread {
        let has_unread = "r.id IN (SELECT n.case_id FROM notices n WHERE n.user_id = ? AND n.case_kind = 'request' AND n.read_at IS NULL)";
        query = query.and(has_unread, [user_id.into()]);
    }
    let walk = Walk::newest_first(["r.modified_at", "r.id"])
        .same("r.agency_id", scope.agency_id())
        .same("r.category", search.category.map(Category::word))
        .same("r.status", search.status.map(Status::word))
        .since(search.modified_from.map(instant_text))
        .until(search.modified_until.map(instant_text))
        .after(search.after.clone().map(|cursor| [cursor.sorted, cursor.id]));
    let has_index = search.category.is_none() || search.status.is_none();
    let asks_no_more = !query.is_filtered();
    query.walked(walk.shared(has_index && asks_no_more), limit)
}

/// The lines of My Requests.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, scope: &Scope, user_id: &str, search: &Search, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    let rows: Vec<LineRow> = list_query(scope, user_id, search, limit).fetch_packed(conn).await?;
    rows.into_iter().map(LineRow::line).collect()
}
