//! All SQL of the reports: one statement each.

use sqlx::{Arguments, AssertSqlSafe, FromRow};

use super::periods::Span;
use crate::db::select::Select;
use crate::db::{Conn, Driver};
use crate::kernel::actor::Scope;
use crate::kernel::time::{Timestamp, instant_text};
use crate::refunds::model::Kind;

/// Expected and received of an airline in a month.
#[derive(Debug, Clone, FromRow)]
pub struct Expected {
    pub span: i64,
    pub airline: String,
    pub currency: String,
    pub refunds: i64,
    pub expected_minor: i64,
    pub received_minor: i64,
}

/// Spans as a table of the statement, so that each row finds its own.
async fn by_span<T>(
    conn: &mut Conn,
    spans: &[Span],
    text: &str,
    scope: &Scope,
    kind: Kind,
    airline: &str,
    more: Option<String>,
) -> Result<Vec<T>, sqlx::Error>
where
    T: for<'r> FromRow<'r, crate::db::Row> + Send + Unpin,
{
    let mut arguments = <Driver as sqlx::Database>::Arguments::default();
    let add = |arguments: &mut <Driver as sqlx::Database>::Arguments, text: String| arguments.add(text).map_err(sqlx::Error::Encode);
    let agency = scope.agency_id().unwrap_or_default().to_owned();
    for text in [kind.word().to_owned(), agency, more.unwrap_or_default(), airline.to_owned()] {
        add(&mut arguments, text)?;
    }
    let mut rows = Vec::new();
    for (no, span) in spans.iter().enumerate() {
        add(&mut arguments, instant_text(span.from))?;
        add(&mut arguments, instant_text(span.until))?;
        rows.push(format!("(CAST({no} AS BIGINT), ${}, ${})", 5 + 2 * no, 6 + 2 * no));
    }
    // A condition that may be empty would lose the agency's index; the value is bound either way.
    let of_agency = if scope.agency_id().is_some() { "AND r.agency_id = $2" } else { "AND $2 = ''" };
    let of_airline = if airline.is_empty() { "AND $4 = ''" } else { "AND r.airline = $4" };
    let text = text.replace("{those}", &format!("{of_agency} {of_airline}"));
    let text = format!("WITH b (span, begins, ends) AS (VALUES {}) {text}", rows.join(", "));
    sqlx::query_as_with(AssertSqlSafe(text), arguments).fetch_all(conn).await
}

/// What refunds registered in each month were expected to bring, and what came of them, by airline.
///
/// # Errors
/// The database's own.
pub async fn expected(conn: &mut Conn, scope: &Scope, kind: Kind, months: &[Span], airline: &str) -> Result<Vec<Expected>, sqlx::Error> {
    by_span(
        conn,
        months,
        "SELECT b.span, r.airline, r.currency, COUNT(*) AS refunds, \
         CAST(COALESCE(SUM(COALESCE(r.airline_minor, r.estimated_minor)), 0) AS BIGINT) AS expected_minor, \
         CAST(COALESCE(SUM(r.actual_minor), 0) AS BIGINT) AS received_minor FROM b JOIN refunds r \
         ON r.registered_at >= b.begins AND r.registered_at < b.ends WHERE r.kind = $1 {those} \
         AND $3 = '' AND r.payment_channel = 'deposit' AND r.status NOT IN ('rejected', 'withdrew') \
         GROUP BY b.span, r.airline, r.currency ORDER BY r.airline, r.currency, b.span",
        scope,
        kind,
        airline,
        None,
    )
    .await
}

/// Refunds that took from one day to another: the days are told apart later.
///
/// # Errors
/// The database's own.
pub async fn money_days(
    conn: &mut Conn,
    scope: &Scope,
    kind: Kind,
    airline: &str,
    since: Timestamp,
) -> Result<Vec<(String, String, String, i64)>, sqlx::Error> {
    Select::new(
        "SELECT r.airline, SUBSTR(COALESCE(r.submitted_at, r.registered_at), 1, 10), SUBSTR(r.received_at, 1, 10), COUNT(*) FROM refunds r",
    )
    .and("r.kind = ? AND r.status = 'refunded' AND r.received_at IS NOT NULL", [kind.word().into()])
    .and_if("r.agency_id = ?", scope.agency_id())
    .and_if("r.airline = ?", Some(airline).filter(|airline| !airline.is_empty()))
    .and("r.closed_at >= ?", [instant_text(since).into()])
    .then("GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", [])
    .fetch(conn)
    .await
}

/// Open refunds by status and age.
///
/// # Errors
/// The database's own.
pub async fn ages(
    conn: &mut Conn,
    scope: &Scope,
    kind: Kind,
    airline: &str,
    spans: &[Span],
) -> Result<Vec<(i64, String, i64)>, sqlx::Error> {
    by_span(
        conn,
        spans,
        "SELECT b.span, r.status, COUNT(*) FROM b JOIN refunds r ON r.registered_at >= b.begins AND r.registered_at < b.ends \
         WHERE r.kind = $1 {those} AND $3 = '' AND r.closed_at IS NULL GROUP BY b.span, r.status ORDER BY r.status, b.span",
        scope,
        kind,
        airline,
        None,
    )
    .await
}

/// Refunds registered in a week, and how many of them were late with the airline.
#[derive(Debug, Clone, FromRow)]
pub struct Attained {
    pub span: i64,
    pub refunds: i64,
    pub in_time: i64,
    pub late: i64,
}

/// How many refunds of each week were submitted in time.
///
/// # Errors
/// The database's own.
pub async fn attained(
    conn: &mut Conn,
    scope: &Scope,
    kind: Kind,
    airline: &str,
    weeks: &[Span],
    now: Timestamp,
) -> Result<Vec<Attained>, sqlx::Error> {
    by_span(
        conn,
        weeks,
        "SELECT b.span, COUNT(*) AS refunds, \
         CAST(SUM(CASE WHEN r.submitted_at IS NOT NULL AND r.submitted_at <= r.submit_by THEN 1 ELSE 0 END) AS BIGINT) AS in_time, \
         CAST(SUM(CASE WHEN r.submitted_at > r.submit_by OR (r.submitted_at IS NULL AND r.closed_at IS NULL AND r.submit_by < $3) \
         THEN 1 ELSE 0 END) AS BIGINT) AS late FROM b JOIN refunds r ON r.registered_at >= b.begins AND r.registered_at < b.ends \
         WHERE r.kind = $1 {those} GROUP BY b.span ORDER BY b.span",
        scope,
        kind,
        airline,
        Some(instant_text(now)),
    )
    .await
}

/// What came more or less than was estimated, by reason.
///
/// # Errors
/// The database's own.
pub async fn differences(
    conn: &mut Conn,
    scope: &Scope,
    kind: Kind,
    airline: &str,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<(String, String, i64, i64)>, sqlx::Error> {
    Select::new("SELECT r.difference_reason, r.currency, COUNT(*), CAST(SUM(r.actual_minor - r.estimated_minor) AS BIGINT) FROM refunds r")
        .and("r.kind = ? AND r.difference_reason IS NOT NULL AND r.status = 'refunded'", [kind.word().into()])
        .and_if("r.agency_id = ?", scope.agency_id())
        .and_if("r.airline = ?", Some(airline).filter(|airline| !airline.is_empty()))
        .and("r.closed_at >= ? AND r.closed_at < ?", [instant_text(from).into(), instant_text(until).into()])
        .then("GROUP BY r.difference_reason, r.currency ORDER BY 3 DESC, 1, 2", [])
        .fetch(conn)
        .await
}
