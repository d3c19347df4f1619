//! All SQL about refunds that were not submitted in time.

use crate::db::Conn;
use crate::db::select::Select;
use crate::kernel::time::{Timestamp, instant_text};

/// The query for the next overdue submissions that nobody has noted yet. Even one is asked for in an order: without it
/// PostgreSQL reads the table until it meets one, which is to its end where there is none.
#[must_use]
pub fn missed_query(now: Timestamp, limit: i64) -> Select {
    Select::new("SELECT id FROM refunds")
        .and("status = 'atlas-processing' AND deadline_missed_at IS NULL AND submit_by < ?", [instant_text(now).into()])
        .limited_for_all("ORDER BY submit_by, id", limit)
}

/// Whether a refund was not submitted in time and nobody has noted it yet.
///
/// # Errors
/// The database's own.
pub async fn is_missed(conn: &mut Conn, now: Timestamp) -> Result<bool, sqlx::Error> {
    let found: Vec<(String,)> = missed_query(now, 1).fetch(conn).await?;
    Ok(!found.is_empty())
}

/// How many overdue submissions are marked in one go.
const MISSED_TOGETHER: i64 = 200;

/// Names the next overdue submissions and marks them, so that each is told once however many servers run.
///
/// # Errors
/// The database's own.
pub async fn claim_missed(conn: &mut Conn, now: Timestamp) -> Result<Vec<String>, sqlx::Error> {
    let found: Vec<(String,)> = missed_query(now, MISSED_TOGETHER).hold_free(conn).await?;
    let ids: Vec<String> = found.into_iter().map(|(id,)| id).collect();
    if !ids.is_empty() {
        Select::new("UPDATE refunds")
            .then("SET deadline_missed_at = ?", [instant_text(now).into()])
            .and_in("id", ids.iter().map(|id| id.as_str().into()))
            .execute(conn)
            .await?;
    }
    Ok(ids)
}
