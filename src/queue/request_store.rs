//! All SQL of the desk's requests.

use sqlx::FromRow;

use super::view::{RequestView, ViewPage};
use crate::db::Conn;
use crate::db::select::Select;
use crate::kernel::time::{Timestamp, instant_text, plus_hours};
use crate::requests::store::{Line, LineRow, lines_for};
use crate::web::figures::COUNTED;
use crate::web::paging::Cursor;
use crate::web::plenty::Plenty;

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

/// The counts that are everybody's: what they are called, and which rows they count.
const COMMON: [(&str, &str); 4] = [
    ("new", "requests WHERE status <> 'completed' AND status = 'new'"),
    (
        "waiting_for_us",
        "requests WHERE status <> 'completed' AND (status IN ('new', 'in-process') \
         OR EXISTS (SELECT 1 FROM request_offers o WHERE o.request_id = requests.id AND o.status = 'accepted' AND o.kind <> 'refund'))",
    ),
    ("waiting_for_customer", "requests WHERE status <> 'completed' AND status = 'processed'"),
    ("due", "requests WHERE status <> 'completed' AND status <> 'processed' AND due_at < ?"),
];

/// What was paid for is to be done, whatever the request's status.
const WAITS_FOR_US: &str = "(r.status IN ('new', 'in-process') OR EXISTS (SELECT 1 FROM request_offers o WHERE o.request_id = r.id \
     AND o.status = 'accepted' AND o.kind <> 'refund'))";

/// The query of a view, the most urgent first.
#[must_use]
pub fn query(page: &ViewPage<RequestView>) -> Select {
    let ViewPage { view, user_id, now, after, limit } = page.clone();
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
    query.limited_for_all("ORDER BY r.due_at, r.id", limit)
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
pub async fn lines(conn: &mut Conn, page: &ViewPage<'_, RequestView>) -> Result<Vec<Line>, sqlx::Error> {
    let rows: Vec<LineRow> = query(page).fetch_packed(conn).await?;
    rows.into_iter().map(LineRow::line).collect()
}

/// The counts of all views, and how far each of [`COMMON`] is counted.
fn counting(plenty: &Plenty, user_id: &str, now: Timestamp) -> (Select, [i64; 4]) {
    let own = Select::counts().counted("mine", "requests WHERE status <> 'completed' AND assignee_id = ?", [user_id.into()], COUNTED);
    plenty.count(own, COMMON, &instant_text(plus_hours(now, DUE_WITHIN_HOURS)).into(), now)
}

/// What the counts are said to be.
fn believed(counted: Counts, limits: [i64; 4], plenty: &Plenty, now: Timestamp) -> Counts {
    let of = |nth: usize, count: i64| plenty.of(COMMON[nth].1, limits[nth], count, now);
    Counts {
        new: of(0, counted.new),
        mine: counted.mine,
        waiting_for_us: of(1, counted.waiting_for_us),
        waiting_for_customer: of(2, counted.waiting_for_customer),
        due: of(3, counted.due),
    }
}

/// How many requests each view has, counted no further than [`COUNTED`], and not at all what was found full a moment ago. What
/// waits for us is found among all open requests, because an accepted offer may wait in any state.
///
/// # Errors
/// The database's own.
pub async fn counts(conn: &mut Conn, plenty: &Plenty, user_id: &str, now: Timestamp) -> Result<Counts, sqlx::Error> {
    let (query, limits) = counting(plenty, user_id, now);
    let counted = query.fetch(conn).await?.pop().ok_or(sqlx::Error::RowNotFound)?;
    Ok(believed(counted, limits, plenty, now))
}

/// The statement of the counts and of the lines of one view, and how far each of [`COMMON`] is counted.
#[must_use]
pub fn desk_query(plenty: &Plenty, page: &ViewPage<RequestView>) -> (Select, [i64; 4]) {
    let (counts, limits) = counting(plenty, page.user_id, page.now);
    (counts.with_list::<LineRow>(query(page)), limits)
}

/// The counts and the lines of one view, in one statement.
///
/// # Errors
/// The database's own.
pub async fn desk(conn: &mut Conn, plenty: &Plenty, page: &ViewPage<'_, RequestView>) -> Result<(Counts, Vec<Line>), sqlx::Error> {
    let (query, limits) = desk_query(plenty, page);
    let (counted, rows) = query.fetch_with_list::<_, LineRow>(conn).await?;
    let lines = rows.into_iter().map(LineRow::line).collect::<Result<_, _>>()?;
    Ok((believed(counted, limits, plenty, page.now), lines))
}
