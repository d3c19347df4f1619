//! All SQL of Finance.

use std::collections::HashMap;

use serde::Deserialize;
use sqlx::{Arguments, AssertSqlSafe};

use super::filters::{Search, Standing};
use crate::bookings::model::PaymentChannel;
use crate::db::select::Select;
use crate::db::walk::Walk;
use crate::db::{Conn, Driver, decode};
use crate::kernel::actor::Scope;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::refunds::model::{Difference, Kind, Status};
use crate::refunds::store::{OVERDUE, overdue_values};
use crate::web::paging::Cursor;

/// One line of Finance → Refunds.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub number: String,
    pub agency: String,
    pub order_no: String,
    pub airline_pnr: String,
    pub airlines: String,
    pub status: Status,
    /// The actual amount once it is credited, the estimate until then; nothing where nobody could say.
    pub amount: Option<Money>,
    pub is_estimate: bool,
    pub full_refund: bool,
    pub ticketed_on: String,
    pub departure_on: String,
    pub registered_at: Timestamp,
    pub refunded_at: Option<Timestamp>,
    pub remark: Option<String>,
    /// Of a claim: when the airline says it paid, and what the agency expects.
    pub fulfilled_on: Option<String>,
    pub claimed: Option<Money>,
}

#[derive(Deserialize)]
struct LineRow {
    id: String,
    number: String,
    agency: String,
    order_no: String,
    airline_pnr: String,
    airlines: String,
    status: Status,
    currency: Currency,
    estimated_minor: Option<i64>,
    actual_minor: Option<i64>,
    full_refund: i64,
    ticketed_on: String,
    departure_on: String,
    registered_at: String,
    closed_at: Option<String>,
    refusal_note: Option<String>,
    fulfilled_on: Option<String>,
    claimed_minor: Option<i64>,
}

impl LineRow {
    fn line(self) -> Result<Line, sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        let actual = self.actual_minor.filter(|_| self.status == Status::Refunded);
        Ok(Line {
            amount: actual.or(self.estimated_minor).map(|minor| Money::new(minor, self.currency)),
            is_estimate: actual.is_none(),
            registered_at: instant(&self.registered_at)?,
            refunded_at: self.closed_at.as_deref().filter(|_| self.status == Status::Refunded).map(instant).transpose()?,
            id: self.id,
            number: self.number,
            agency: self.agency,
            order_no: self.order_no,
            airline_pnr: self.airline_pnr,
            airlines: self.airlines,
            status: self.status,
            full_refund: self.full_refund == 1,
            ticketed_on: self.ticketed_on,
            departure_on: self.departure_on,
            remark: self.refusal_note,
            fulfilled_on: self.fulfilled_on,
            claimed: self.claimed_minor.map(|minor| Money::new(minor, self.currency)),
        })
    }
}

impl Line {
    /// Where the next page begins.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { sorted: instant_text(self.registered_at), id: self.id.clone() }
    }
}

/// The query of Finance → Refunds, the newest first.
#[must_use]
pub fn refunds_query(scope: &Scope, kind: Kind, search: &Search, limit: i64) -> Select {
    let mut query = Select::new(
        "SELECT r.id, r.number, a.name AS agency, r.order_no, r.airline_pnr, r.airlines, r.status, r.currency, r.estimated_minor, \
         r.actual_minor, r.full_refund, r.ticketed_on, r.departure_on, r.registered_at, r.closed_at, r.refusal_note, \
         r.fulfilled_on, r.claimed_minor \
         FROM refunds r LEFT JOIN agencies a ON a.id = r.agency_id",
    );
    query = query.and_if("r.order_no = ?", search.order_no.as_deref());
    query = query.and_if("r.airline_pnr = ?", search.pnr.as_deref());
    query = query.and_if("r.status = ?", search.status.map(Status::word));
    query = query.and_if("r.payment_channel = ?", search.channel.map(PaymentChannel::word));
    query = query.and_if("r.difference_reason = ?", search.difference.map(Difference::word));
    query = query.and_if("r.currency = ?", search.currency.as_ref().map(Currency::code));
    query = match search.standing {
        Some((Standing::Open, _)) => query.and("r.closed_at IS NULL", []),
        Some((Standing::Expected, _)) => query.and("r.status NOT IN ('rejected', 'withdrew')", []),
        Some((Standing::Held, _)) => query.and("r.held_minor > 0", []),
        // As the report of the deadlines counts them: in time, or late.
        Some((Standing::Judged, now)) => {
            query.and("(r.submitted_at IS NOT NULL OR (r.closed_at IS NULL AND r.submit_by < ?))", [instant_text(now).into()])
        }
        None => query,
    };
    if let Some(now) = search.overdue_at {
        query = query.and(OVERDUE, overdue_values(now));
    }
    if search.refunded_from.is_some() || search.refunded_until.is_some() {
        query = query.and("r.status = ?", [Status::Refunded.word().into()]);
    }
    query = query.and_if("r.closed_at >= ?", search.refunded_from.map(instant_text));
    query = query.and_if("r.closed_at < ?", search.refunded_until.map(instant_text));
    let walk = Walk::newest_first(["r.registered_at", "r.id"])
        .same("r.agency_id", scope.agency_id())
        .same("r.kind", Some(kind.word()))
        .same("r.airline", search.airline.as_deref())
        .since(search.registered_from.map(instant_text))
        .until(search.registered_until.map(instant_text))
        .after(search.after.clone().map(|cursor| [cursor.sorted, cursor.id]));
    let asks_no_more = !query.is_filtered();
    query.walked(walk.shared(asks_no_more), limit)
}

/// The lines of Finance → Refunds.
///
/// # Errors
/// The database's own.
pub async fn refunds(conn: &mut Conn, scope: &Scope, kind: Kind, search: &Search, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    let rows: Vec<LineRow> = refunds_query(scope, kind, search, limit).fetch_packed(conn).await?;
    rows.into_iter().map(LineRow::line).collect()
}

/// Numbers of refunds by their ids, in one statement.
///
/// # Errors
/// The database's own.
pub async fn refund_numbers(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, (String, String)>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut arguments = <Driver as sqlx::Database>::Arguments::default();
    for id in ids {
        arguments.add(id.clone()).map_err(sqlx::Error::Encode)?;
    }
    let places = (1..=ids.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let text = format!("SELECT id, number, order_no FROM refunds WHERE id IN ({places})");
    let rows: Vec<(String, String, String)> = sqlx::query_as_with(AssertSqlSafe(text), arguments).persistent(false).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(id, number, order_no)| (id, (number, order_no))).collect())
}
