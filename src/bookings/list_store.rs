//! All SQL of the list of bookings, and of the search box.

use serde::Deserialize;

use super::filters::Search;
use super::model::{PaymentChannel, Status};
use super::store::{BAR, sortable};
use crate::db::select::Select;
use crate::db::walk::Walk;
use crate::db::{Conn, decode};
use crate::kernel::actor::Scope;
use crate::kernel::folding::{fold_identifier, fold_name, fold_ticket_number};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;
use crate::web::plenty::Plenty;

/// One line of My Bookings.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub order_no: String,
    pub pnr: String,
    pub status: Status,
    pub payment_channel: PaymentChannel,
    pub total: Money,
    pub airlines: String,
    pub lead_passenger: String,
    pub other_passengers: i64,
    pub origin: String,
    pub destination: String,
    pub departure_local: String,
    pub has_refund: bool,
    pub created_at: Timestamp,
}

#[derive(Deserialize)]
struct LineRow {
    id: String,
    order_no: String,
    pnr: String,
    status: Status,
    payment_channel: PaymentChannel,
    currency: Currency,
    total_minor: i64,
    airlines: String,
    lead_passenger: String,
    passenger_count: i64,
    origin: String,
    destination: String,
    departure_local: String,
    has_refund: i64,
    created_at: String,
}

impl LineRow {
    fn line(self) -> Result<Line, sqlx::Error> {
        Ok(Line {
            created_at: parse_instant(&self.created_at).map_err(decode)?,
            total: Money::new(self.total_minor, self.currency),
            id: self.id,
            order_no: self.order_no,
            pnr: self.pnr,
            status: self.status,
            payment_channel: self.payment_channel,
            airlines: self.airlines,
            lead_passenger: self.lead_passenger,
            other_passengers: self.passenger_count - 1,
            origin: self.origin,
            destination: self.destination,
            departure_local: self.departure_local,
            has_refund: self.has_refund == 1,
        })
    }
}

impl Line {
    /// The departure as pages write it.
    #[must_use]
    pub fn departure(&self) -> String {
        self.departure_local.replace('T', " ")
    }

    /// Where the next page begins, in the order of this search.
    #[must_use]
    pub fn cursor(&self, search: &Search) -> Cursor {
        let sorted = if search.by_departure() { self.departure_local.clone() } else { instant_text(self.created_at) };
        Cursor { sorted, id: self.id.clone() }
    }
}

/// Bookings under a name from which on it is quicker to walk the list and look at each booking's names than to gather all
/// who are called so and sort them.
const COMMON_NAME: i64 = 2_000;

/// Names that begin so, as keys: from the first, to before the second.
fn name_range(name: &str) -> (String, String) {
    let beginning = sortable(&fold_name(name));
    let end = format!("{beginning}g");
    (beginning, end)
}

/// Whether a passenger's name is too common to gather all bookings under it. What was found so is not counted again for a
/// while: where it has become rare meanwhile, the search only takes longer.
async fn is_common(conn: &mut Conn, scope: &Scope, name: &str, plenty: &Plenty, now: Timestamp) -> Result<bool, sqlx::Error> {
    let (from, until) = name_range(name);
    let whose = format!("{} {from}", scope.agency_id().unwrap_or_default());
    if plenty.is_known(&whose, now) {
        return Ok(true);
    }
    let counted = match scope.agency_id() {
        Some(agency_id) => Select::new("SELECT 1 FROM booking_keys k").and("k.agency_id = ?", [agency_id.into()]),
        None => Select::new("SELECT 1 FROM booking_keys k"),
    }
    .and("k.kind = 'name' AND k.value >= ? AND k.value < ?", [from.into(), until.into()])
    .after_rows(COMMON_NAME);
    let is_common = !counted.rows(conn).await?.is_empty();
    if is_common {
        plenty.note(whose, now);
    }
    Ok(is_common)
}

/// Where a list of bookings begins, in the words of the query.
struct Path {
    select: &'static str,
    agency: &'static str,
    order: [&'static str; 2],
}

macro_rules! path {
    ($tables:literal, $alias:literal, $id:literal, $has_refund:literal) => {
        Path {
            select: concat!(
                "SELECT o.id, o.order_no, o.pnr, o.status, o.payment_channel, o.currency, o.total_minor, o.airlines, o.lead_passenger, \
                 o.passenger_count, o.origin, o.destination, o.departure_local, o.created_at, ",
                $has_refund,
                " AS has_refund FROM ",
                $tables
            ),
            agency: concat!($alias, ".agency_id"),
            order: [concat!($alias, ".created_at"), concat!($alias, ".", $id)],
        }
    };
}

/// Whether a booking has a refund is asked for each by itself: joined to all of them, it made a walk look so dear to PostgreSQL
/// that it gathered and sorted an agency's few hundred bookings instead.
const ALL: Path = path!("orders o", "o", "id", "COALESCE((SELECT 1 FROM refunded_orders f WHERE f.order_id = o.id), 0)");
const WITH_REFUND: Path = path!("refunded_orders f CROSS JOIN orders o", "f", "order_id", "1");

/// The query of My Bookings. `common_name`: the passenger's name is one of many.
#[must_use]
pub fn list_query(scope: &Scope, search: &Search, common_name: bool, limit: i64) -> Select {
    let named = search.passenger.is_some() && !common_name;
    let leads_to_few = named || [&search.order_no, &search.pnr, &search.ticket].iter().any(|typed| typed.is_some());
    let with_refund = search.has_refund == Some(true) && !leads_to_few && !search.by_departure();
    let path = if with_refund { WITH_REFUND } else { ALL };
    let mut query = Select::new(path.select);
    query = match search.has_refund {
        Some(true) if with_refund => query.and("o.id = f.order_id", []),
        Some(true) => query.and("EXISTS (SELECT 1 FROM refunded_orders r WHERE r.order_id = o.id)", []),
        Some(false) => query.and("NOT EXISTS (SELECT 1 FROM refunded_orders r WHERE r.order_id = o.id)", []),
        None => query,
    };
    query = query.and_if("o.order_no = ?", search.order_no.as_deref());
    for (kind, value) in [("pnr", &search.pnr), ("ticket", &search.ticket)] {
        if let Some(value) = value {
            query = query.and(
                "o.id IN (SELECT k.order_id FROM booking_keys k WHERE k.kind = ? AND k.value = ?)",
                [kind.into(), value.as_str().into()],
            );
        }
    }
    if let Some(name) = &search.passenger {
        query = called(query, scope, name, common_name);
    }
    let marks = [search.airline.is_some(), search.status.is_some(), search.channel.is_some()].iter().filter(|is_asked| **is_asked).count();
    let mut walk = if search.by_departure() {
        query = query.and_if("o.created_at >= ?", search.created_from.map(instant_text));
        query = query.and_if("o.created_at < ?", search.created_until.map(instant_text));
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
        Walk::earliest_first(["o.departure_local", "o.id"]).since(day(search.departure_from)).until(day(search.departure_until))
    } else {
        Walk::newest_first(path.order).since(search.created_from.map(instant_text)).until(search.created_until.map(instant_text))
    };
    walk = walk
        .after(search.after.clone().map(|cursor| [cursor.sorted, cursor.id]))
        .same(path.agency, scope.agency_id())
        .same("o.airline", search.airline.as_deref())
        .same("o.status", search.status.map(Status::word))
        .same("o.payment_channel", search.channel.map(PaymentChannel::word));
    // Departures, and orders with a refund, have no index of an airline's, for one.
    let has_index = if search.by_departure() || with_refund { marks == 0 } else { marks <= 1 };
    let is_created_asked = search.created_from.is_some() || search.created_until.is_some();
    let asks_more = leads_to_few || (search.has_refund.is_some() && !with_refund) || (search.by_departure() && is_created_asked);
    query.walked(walk.shared(has_index && !asks_more), limit)
}

/// Only the bookings with a passenger whose name begins so.
fn called(query: Select, scope: &Scope, name: &str, is_common: bool) -> Select {
    let (from, until) = name_range(name);
    if is_common {
        // Written so that PostgreSQL expects every other booking to be one: of a bare pattern it expects so few that it would rather
        // sort them.
        return query.and("COALESCE(o.name_keys LIKE ?, 1 = 0)", [format!("%{BAR}{from}%").into()]);
    }
    match scope.agency_id() {
        Some(agency_id) => query.and(
            "o.id IN (SELECT k.order_id FROM booking_keys k WHERE k.kind = 'name' AND k.value >= ? AND k.value < ? AND k.agency_id = ?)",
            [from.into(), until.into(), agency_id.into()],
        ),
        None => query.and(
            "o.id IN (SELECT k.order_id FROM booking_keys k WHERE k.kind = 'name' AND k.value >= ? AND k.value < ?)",
            [from.into(), until.into()],
        ),
    }
}

/// The lines of My Bookings.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    search: &Search,
    limit: i64,
    plenty: &Plenty,
    now: Timestamp,
) -> Result<Vec<Line>, sqlx::Error> {
    let common_name = match &search.passenger {
        Some(name) => is_common(conn, scope, name, plenty, now).await?,
        None => false,
    };
    let rows: Vec<LineRow> = list_query(scope, search, common_name, limit).fetch_packed(conn).await?;
    rows.into_iter().map(LineRow::line).collect()
}

/// Order numbers that a typed text names exactly: by order number, PNR or ticket number; at most two.
pub async fn named_exactly(conn: &mut Conn, scope: &Scope, text: &str) -> Result<Vec<String>, sqlx::Error> {
    let (identifier, ticket) = (fold_identifier(text), fold_ticket_number(text));
    let query = match scope.agency_id() {
        Some(_) => {
            "SELECT order_no FROM orders WHERE order_no = $1 AND agency_id = $3 UNION \
             SELECT o.order_no FROM booking_keys k JOIN orders o ON o.id = k.order_id \
             WHERE k.agency_id = $3 AND ((k.kind = 'pnr' AND k.value = $1) OR (k.kind = 'ticket' AND k.value = $2)) LIMIT 2"
        }
        None => {
            "SELECT order_no FROM orders WHERE order_no = $1 AND $3 = '' UNION \
             SELECT o.order_no FROM booking_keys k JOIN orders o ON o.id = k.order_id \
             WHERE (k.kind = 'pnr' AND k.value = $1) OR (k.kind = 'ticket' AND k.value = $2) LIMIT 2"
        }
    };
    let agency_id = scope.agency_id().unwrap_or_default();
    let rows: Vec<(String,)> = sqlx::query_as(query).bind(identifier).bind(ticket).bind(agency_id).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(order_no,)| order_no).collect())
}
