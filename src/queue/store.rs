//! All SQL of the desk.

use serde::Deserialize;
use sqlx::FromRow;

use super::view::{View, ViewPage};
use crate::bookings::model::PaymentChannel;
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::refunds::model::{Reason, Status};
use crate::web::figures::COUNTED;
use crate::web::paging::Cursor;
use crate::web::plenty::Plenty;

/// How many refunds each view has.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct Counts {
    pub to_submit: i64,
    pub waiting_for_airline: i64,
    pub airline_refunding: i64,
    pub due_to_credit: i64,
    pub overdue: i64,
    pub mine: i64,
    pub unassigned: i64,
}

impl Counts {
    /// The count of one view.
    #[must_use]
    pub const fn of(&self, view: View) -> i64 {
        match view {
            View::ToSubmit => self.to_submit,
            View::WaitingForAirline => self.waiting_for_airline,
            View::AirlineRefunding => self.airline_refunding,
            View::DueToCredit => self.due_to_credit,
            View::Overdue => self.overdue,
            View::Mine => self.mine,
            View::Unassigned => self.unassigned,
        }
    }
}

/// The counts that are everybody's: what they are called, and which rows they count.
const COMMON: [(&str, &str); 6] = [
    ("to_submit", "refunds WHERE closed_at IS NULL AND status = 'atlas-processing'"),
    ("waiting_for_airline", "refunds WHERE closed_at IS NULL AND status = 'airline-processing'"),
    ("airline_refunding", "refunds WHERE closed_at IS NULL AND status = 'airline-refunding' AND received_at IS NULL"),
    ("due_to_credit", "refunds WHERE closed_at IS NULL AND status = 'airline-refunding' AND received_at IS NOT NULL"),
    ("overdue", "refunds WHERE closed_at IS NULL AND due_at < ?"),
    ("unassigned", "refunds WHERE closed_at IS NULL AND assignee_id IS NULL"),
];

/// One line of the desk.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub number: String,
    pub order_no: String,
    pub airline_pnr: String,
    pub airline: String,
    pub agency: String,
    pub reason: Reason,
    pub payment_channel: PaymentChannel,
    pub estimated: Option<Money>,
    pub status: Status,
    pub assignee: Option<String>,
    pub due_at: Timestamp,
}

#[derive(Deserialize)]
struct LineRow {
    id: String,
    number: String,
    order_no: String,
    airline_pnr: String,
    airline: String,
    agency: String,
    reason: Reason,
    payment_channel: PaymentChannel,
    currency: Currency,
    estimated_minor: Option<i64>,
    status: Status,
    assignee: Option<String>,
    due_at: String,
}

impl LineRow {
    fn line(self) -> Result<Line, sqlx::Error> {
        Ok(Line {
            due_at: parse_instant(&self.due_at).map_err(decode)?,
            estimated: self.estimated_minor.map(|minor| Money::new(minor, self.currency)),
            id: self.id,
            number: self.number,
            order_no: self.order_no,
            airline_pnr: self.airline_pnr,
            airline: self.airline,
            agency: self.agency,
            reason: self.reason,
            payment_channel: self.payment_channel,
            status: self.status,
            assignee: self.assignee,
        })
    }
}

impl Line {
    /// Where the next page begins.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { sorted: instant_text(self.due_at), id: self.id.clone() }
    }
}

/// The query of a view, the most urgent first.
#[must_use]
pub fn query(page: &ViewPage<View>) -> Select {
    let ViewPage { view, user_id, now, after, limit } = page.clone();
    let mut query = Select::new(
        "SELECT r.id, r.number, r.order_no, r.airline_pnr, r.airline, a.name AS agency, r.reason, r.payment_channel, r.currency, \
         r.estimated_minor, r.status, u.name AS assignee, r.due_at FROM refunds r LEFT JOIN agencies a ON a.id = r.agency_id \
         LEFT JOIN users u ON u.id = r.assignee_id",
    )
    .and("r.closed_at IS NULL", []);
    query = match view {
        View::ToSubmit => query.and("r.status = ?", [Status::AtlasProcessing.word().into()]),
        View::WaitingForAirline => query.and("r.status = ?", [Status::AirlineProcessing.word().into()]),
        View::AirlineRefunding => query.and("r.status = 'airline-refunding' AND r.received_at IS NULL", []),
        View::DueToCredit => query.and("r.status = 'airline-refunding' AND r.received_at IS NOT NULL", []),
        View::Overdue => query.and("r.due_at < ?", [instant_text(now).into()]),
        View::Mine => query.and("r.assignee_id = ?", [user_id.into()]),
        View::Unassigned => query.and("r.assignee_id IS NULL", []),
    };
    if let Some(after) = after {
        query = query.and("(r.due_at, r.id) > (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited_for_all("ORDER BY r.due_at, r.id", limit)
}

/// The lines of a view.
///
/// # Errors
/// The database's own.
pub async fn lines(conn: &mut Conn, page: &ViewPage<'_, View>) -> Result<Vec<Line>, sqlx::Error> {
    let rows: Vec<LineRow> = query(page).fetch_packed(conn).await?;
    rows.into_iter().map(LineRow::line).collect()
}

/// The counts of all views, and how far each of [`COMMON`] is counted.
fn counting(plenty: &Plenty, user_id: &str, now: Timestamp) -> (Select, [i64; 6]) {
    let own = Select::counts().counted("mine", "refunds WHERE closed_at IS NULL AND assignee_id = ?", [user_id.into()], COUNTED);
    plenty.count(own, COMMON, &instant_text(now).into(), now)
}

/// What the counts are said to be.
fn believed(counted: Counts, limits: [i64; 6], plenty: &Plenty, now: Timestamp) -> Counts {
    let of = |nth: usize, count: i64| plenty.of(COMMON[nth].1, limits[nth], count, now);
    Counts {
        to_submit: of(0, counted.to_submit),
        waiting_for_airline: of(1, counted.waiting_for_airline),
        airline_refunding: of(2, counted.airline_refunding),
        due_to_credit: of(3, counted.due_to_credit),
        overdue: of(4, counted.overdue),
        mine: counted.mine,
        unassigned: of(5, counted.unassigned),
    }
}

/// How many refunds each view has, each counted within its own index and no further than [`COUNTED`], not at all what was found
/// full a moment ago.
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
pub fn desk_query(plenty: &Plenty, page: &ViewPage<View>) -> (Select, [i64; 6]) {
    let (counts, limits) = counting(plenty, page.user_id, page.now);
    (counts.with_list::<LineRow>(query(page)), limits)
}

/// The counts and the lines of one view, in one statement.
///
/// # Errors
/// The database's own.
pub async fn desk(conn: &mut Conn, plenty: &Plenty, page: &ViewPage<'_, View>) -> Result<(Counts, Vec<Line>), sqlx::Error> {
    let (query, limits) = desk_query(plenty, page);
    let (counted, rows) = query.fetch_with_list::<_, LineRow>(conn).await?;
    let lines = rows.into_iter().map(LineRow::line).collect::<Result<_, _>>()?;
    Ok((believed(counted, limits, plenty, page.now), lines))
}
