//! The numbers that tell how things are.

use sqlx::FromRow;

use super::marks::{self, Deed, Mark};
use crate::db::{Counts, Db, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::refunds::model::Status;

/// Money of remittances that belongs to no refund yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    pub lines: i64,
    pub sum: Money,
}

/// How things are at one moment.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// Open refunds in each state that has any.
    pub open: Vec<(Status, i64)>,
    /// When the oldest refund came that is not with its airline yet.
    pub oldest_unsubmitted: Option<Timestamp>,
    /// Open refunds past their deadline.
    pub overdue: i64,
    /// Mails that wait to be sent.
    pub outbox: i64,
    pub unmatched: Vec<Unmatched>,
    pub connections: Counts,
    pub backup: Option<Mark>,
    pub verify: Option<Mark>,
}

#[derive(FromRow)]
struct Single {
    oldest_unsubmitted: Option<String>,
    overdue: i64,
    outbox: i64,
}

/// Gathers them.
///
/// # Errors
/// The database's own.
pub async fn gather(db: &Db, now: Timestamp) -> Result<Numbers, sqlx::Error> {
    let mut conn = db.read().await?;
    let open: Vec<(String, i64)> =
        sqlx::query_as("SELECT status, COUNT(*) FROM refunds WHERE closed_at IS NULL GROUP BY status ORDER BY status")
            .fetch_all(&mut *conn)
            .await?;
    let single: Single = sqlx::query_as(
        "SELECT (SELECT MIN(registered_at) FROM refunds WHERE closed_at IS NULL AND status = 'atlas-processing') AS oldest_unsubmitted, \
         (SELECT COUNT(*) FROM refunds WHERE closed_at IS NULL AND due_at < $1) AS overdue, \
         (SELECT COUNT(*) FROM notices WHERE mail_state IN ('waiting', 'sending')) \
         + (SELECT COUNT(*) FROM statement_mails WHERE state = 'waiting') AS outbox",
    )
    .bind(instant_text(now))
    .fetch_one(&mut *conn)
    .await?;
    let unmatched: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT currency, COUNT(*), CAST(COALESCE(SUM(amount_minor - matched_minor - rejected_minor), 0) AS BIGINT) FROM remittance_lines \
         WHERE status IN ('unmatched', 'proposed') GROUP BY currency ORDER BY currency",
    )
    .fetch_all(&mut *conn)
    .await?;
    let of_currency = |(currency, lines, minor): (String, i64, i64)| {
        Ok(Unmatched { lines, sum: Money::new(minor, Currency::parse(&currency).map_err(decode)?) })
    };
    Ok(Numbers {
        open: open.into_iter().map(|(status, count)| Ok((status.parse().map_err(decode)?, count))).collect::<Result<_, sqlx::Error>>()?,
        oldest_unsubmitted: single.oldest_unsubmitted.as_deref().map(parse_instant).transpose().map_err(decode)?,
        overdue: single.overdue,
        outbox: single.outbox,
        unmatched: unmatched.into_iter().map(of_currency).collect::<Result<_, sqlx::Error>>()?,
        connections: db.connections(),
        backup: marks::newest(&mut conn, Deed::Backup).await?,
        verify: marks::newest(&mut conn, Deed::Verify).await?,
    })
}
