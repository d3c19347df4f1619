//! All SQL of Home.

use crate::db::Conn;
use crate::db::select::Select;
use crate::kernel::actor::Scope;
use crate::kernel::time::{Timestamp, instant_text, plus_days};
use crate::refunds::model::Status;

/// How many refunds are in each state: the open ones, and those closed in the last 30 days.
///
/// # Errors
/// The database's own.
pub async fn by_state(conn: &mut Conn, scope: &Scope, now: Timestamp) -> Result<Vec<(Status, i64)>, sqlx::Error> {
    let open = Select::new("SELECT r.status, COUNT(*) FROM refunds r").and_if("r.agency_id = ?", scope.agency_id());
    let open: Vec<(String, i64)> = open.and("r.closed_at IS NULL", []).then("GROUP BY r.status", []).fetch(conn).await?;
    let closed = Select::new("SELECT r.status, COUNT(*) FROM refunds r").and_if("r.agency_id = ?", scope.agency_id());
    let since = instant_text(plus_days(now, -30));
    let closed: Vec<(String, i64)> = closed.and("r.closed_at >= ?", [since.into()]).then("GROUP BY r.status", []).fetch(conn).await?;
    let count = |status: &Status| open.iter().chain(&closed).filter(|(word, _)| word == status.word()).map(|(_, n)| n).sum();
    Ok(Status::ALL.iter().map(|status| (*status, count(status))).collect())
}

/// Ages of open refunds, in days: the upper end of each group; the last has none.
pub const AGES: [i64; 5] = [3, 7, 14, 21, i64::MAX];

/// How many open refunds are of each age.
///
/// # Errors
/// The database's own.
pub async fn by_age(conn: &mut Conn, scope: &Scope, now: Timestamp) -> Result<[i64; 5], sqlx::Error> {
    let edge = |days: i64| instant_text(plus_days(now, -days));
    let row: Vec<(i64, i64, i64, i64, i64)> = Select::new("SELECT ")
        .then(
            "CAST(COALESCE(SUM(CASE WHEN r.registered_at > ? THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN r.registered_at > ? THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN r.registered_at > ? THEN 1 ELSE 0 END), 0) AS BIGINT), \
             CAST(COALESCE(SUM(CASE WHEN r.registered_at > ? THEN 1 ELSE 0 END), 0) AS BIGINT), COUNT(*) FROM refunds r",
            [edge(AGES[0]).into(), edge(AGES[1]).into(), edge(AGES[2]).into(), edge(AGES[3]).into()],
        )
        .and_if("r.agency_id = ?", scope.agency_id())
        .and("r.closed_at IS NULL", [])
        .fetch(conn)
        .await?;
    let (a, b, c, d, all) = row.first().copied().unwrap_or_default();
    Ok([a, b - a, c - b, d - c, all - d])
}
