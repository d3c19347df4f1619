//! All SQL of the desk's requests.

use sqlx::FromRow;

use super::view::RequestView;
use crate::db::Conn;
use crate::db::select::Select;
use crate::kernel::time::{Timestamp, instant_text, plus_hours};
use crate::requests::store::{Line, LineRow, lines_for};
use crate::web::figures::COUNTED;
use crate::web::paging::Cursor;

/// How many requests each view has.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Counts {
    pub new: i64,
    pub mine: i64,
    pub waiting_for_us: i64,
    pub waiting_for_customer: i64,
    pub due: i64,
}

impl Counts {
    /// The count of one view.
    #[must_use]
    pub const fn of(&self, view: RequestView) -> i64 {
        match view {
            RequestView::New => self.new,
            RequestView::Mine => self.mine,
            RequestView::WaitingForUs => self.waiting_for_us,
            RequestView::WaitingForCustomer => self.waiting_for_customer,
            RequestView::Due => self.due,
        }
    }
}

/// A request counts as due when its time is over within this.
const DUE_WITHIN_HOURS: i64 = 1;

/// Counts every view in one statement, no further than [`COUNTED`]. What waits for us is found among all open requests,
/// because an accepted offer may wait in any state.
///
/// # Errors
/// The database's own.
pub async fn counts(conn: &mut Conn, user_id: &str, now: Timestamp) -> Result<Counts, sqlx::Error> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM requests WHERE status <> 'completed' AND status = 'new' LIMIT 0 + $3) c) AS new, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM requests WHERE status <> 'completed' AND assignee_id = $1 LIMIT 0 + $3) c) AS mine, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM requests WHERE status <> 'completed' AND (status IN ('new', 'in-process') \
         OR EXISTS (SELECT 1 FROM request_offers o WHERE o.request_id = requests.id AND o.status = 'accepted' AND o.kind <> 'refund')) LIMIT 0 + $3) c) AS waiting_for_us, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM requests WHERE status <> 'completed' AND status = 'processed' LIMIT 0 + $3) c) AS waiting_for_customer, \
         (SELECT COUNT(*) FROM (SELECT 1 FROM requests WHERE status <> 'completed' AND status <> 'processed' AND due_at < $2 LIMIT 0 + $3) c) AS due",
    )
    .bind(user_id)
    .bind(instant_text(plus_hours(now, DUE_WITHIN_HOURS)))
    .bind(COUNTED)
    .fetch_one(conn)
    .await
}

/// What was paid for is to be done, whatever the request's status.
const WAITS_FOR_US: &str = "(r.status IN ('new', 'in-process') OR EXISTS (SELECT 1 FROM request_offers o WHERE o.request_id = r.id \
     AND o.status = 'accepted' AND o.kind <> 'refund'))";

/// The query of a view, the most urgent first.
#[must_use]
pub fn query(view: RequestView, user_id: &str, now: Timestamp, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = lines_for(user_id).and("r.status <> 'completed'", []);
    query = match view {
        RequestView::New => query.and("r.status = 'new'", []),
        RequestView::Mine => query.and("r.assignee_id = ?", [user_id.into()]),
        RequestView::WaitingForUs => query.and(WAITS_FOR_US, []),
        RequestView::WaitingForCustomer => query.and("r.status = 'processed'", []),
        RequestView::Due => query.and("r.status <> 'processed' AND r.due_at < ?", [instant_text(plus_hours(now, DUE_WITHIN_HOURS)).into()]),
    };
    if let Some(after) = after {
        query = query.and("(r.due_at, r.id) > (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.then("ORDER BY r.due_at, r.id LIMIT 0 + ?", [limit.into()])
}

/// Where the next page begins.
#[must_use]
pub fn cursor(line: &Line) -> Cursor {
    Cursor { sorted: instant_text(line.due_at), id: line.id.clone() }
}

/// The lines of a view.
///
/// # Errors
/// The database's own.
pub async fn lines(
    conn: &mut Conn,
    view: RequestView,
    user_id: &str,
    now: Timestamp,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    let rows: Vec<LineRow> = query(view, user_id, now, after, limit).fetch(conn).await?;
    rows.into_iter().map(LineRow::line).collect()
}
