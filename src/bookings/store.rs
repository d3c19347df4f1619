//! All SQL about bookings.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use sqlx::{Arguments, AssertSqlSafe, FromRow};

use super::filters::Search;
use super::model::{Booking, PaymentChannel, Status};
use crate::db::rows::{self, Table};
use crate::db::select::{Select, Value};
use crate::db::{Conn, Driver, decode, is_alone};
use crate::kernel::actor::Scope;
use crate::kernel::folding::{fold_identifier, fold_name, fold_ticket_number, name_keys};
use crate::kernel::id::hex;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{DateTime, Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;

/// A booking as it is kept: with its own id and its agency.
#[derive(Debug, Clone)]
pub struct Kept {
    pub id: String,
    pub agency_id: String,
    pub has_refund: bool,
    pub booking: Booking,
}

#[derive(FromRow)]
struct KeptRow {
    id: String,
    agency_id: String,
    has_refund: i64,
    document: String,
}

impl KeptRow {
    fn kept(self) -> Result<Kept, sqlx::Error> {
        let booking = serde_json::from_str(&self.document).map_err(decode)?;
        Ok(Kept { id: self.id, agency_id: self.agency_id, has_refund: self.has_refund == 1, booking })
    }
}

/// The booking with this order number, if the scope may see it.
pub async fn find(conn: &mut Conn, scope: &Scope, order_no: &str) -> Result<Option<Kept>, sqlx::Error> {
    let row: Option<KeptRow> = sqlx::query_as("SELECT id, agency_id, has_refund, document FROM orders WHERE order_no = $1")
        .bind(order_no)
        .fetch_optional(conn)
        .await?;
    row.filter(|row| scope.includes(&row.agency_id)).map(KeptRow::kept).transpose()
}

/// The bookings with these order numbers that the scope may see, by order number; in one statement.
pub async fn find_many(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<HashMap<String, Kept>, sqlx::Error> {
    let rows: Vec<KeptRow> = Select::new("SELECT o.id, o.agency_id, o.has_refund, o.document FROM orders o")
        .and_in("o.order_no", numbers.iter().map(|number| number.as_str().into()))
        .fetch(conn)
        .await?;
    let kept = rows.into_iter().filter(|row| scope.includes(&row.agency_id)).map(KeptRow::kept);
    kept.map(|kept| kept.map(|kept| (kept.booking.order_no.clone(), kept))).collect()
}

/// Which of these order numbers there are, for the scope.
pub async fn there(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<HashSet<String>, sqlx::Error> {
    let rows: Vec<(String,)> = Select::new("SELECT o.order_no FROM orders o")
        .and_in("o.order_no", numbers.iter().map(|number| number.as_str().into()))
        .and_if("o.agency_id = ?", scope.agency_id())
        .fetch(conn)
        .await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// What an import needs to know of orders that are there already: id, agency and digest by order number.
pub async fn known(conn: &mut Conn, numbers: &[String]) -> Result<HashMap<String, (String, String, String)>, sqlx::Error> {
    let mut arguments = <Driver as sqlx::Database>::Arguments::default();
    // Always the same number of places, so that the statement stays prepared.
    for place in 0..KNOWN_PLACES {
        arguments.add(numbers.get(place).or(numbers.last()).cloned().unwrap_or_default()).map_err(sqlx::Error::Encode)?;
    }
    let places = (1..=KNOWN_PLACES).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let text = format!("SELECT order_no, id, agency_id, document_digest FROM orders WHERE order_no IN ({places})");
    let rows: Vec<(String, String, String, String)> = sqlx::query_as_with(AssertSqlSafe(text), arguments).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|(no, id, agency, digest)| (no, (id, agency, digest))).collect())
}

/// Orders looked up by one statement, and so the most that one chunk of an import may hold.
pub const KNOWN_PLACES: usize = 256;

const ORDERS: Table = Table {
    name: "orders",
    columns: &[
        "id",
        "agency_id",
        "order_no",
        "pnr",
        "status",
        "payment_channel",
        "journey_type",
        "currency",
        "total_minor",
        "airline",
        "airlines",
        "lead_passenger",
        "passenger_count",
        "origin",
        "destination",
        "departure_local",
        "departure_at",
        "has_refund",
        "document",
        "document_digest",
        "created_at",
        "imported_at",
    ],
    // A changed order keeps its id, its agency and whether it has a refund.
    suffix: "ON CONFLICT (order_no) DO UPDATE SET pnr = excluded.pnr, status = excluded.status, payment_channel = excluded.payment_channel, \
             journey_type = excluded.journey_type, currency = excluded.currency, total_minor = excluded.total_minor, \
             airline = excluded.airline, airlines = excluded.airlines, lead_passenger = excluded.lead_passenger, \
             passenger_count = excluded.passenger_count, origin = excluded.origin, destination = excluded.destination, \
             departure_local = excluded.departure_local, departure_at = excluded.departure_at, document = excluded.document, \
             document_digest = excluded.document_digest, created_at = excluded.created_at, imported_at = excluded.imported_at",
};

const KEYS: Table = Table {
    name: "booking_keys",
    columns: &["kind", "value", "order_id", "agency_id"],
    suffix: "ON CONFLICT (kind, value, order_id) DO NOTHING",
};

/// An order on its way into the database.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub id: String,
    pub agency_id: String,
    pub booking: Booking,
    pub document: String,
    pub digest: String,
}

/// Writes orders and the keys by which they are found; one that is there already is replaced.
pub async fn save(conn: &mut Conn, orders: &[Incoming], changed: &[String], now: Timestamp) -> Result<(), sqlx::Error> {
    rows::insert(conn, ORDERS, orders.iter().map(|order| order_row(order, now)).collect()).await?;
    for id in changed {
        sqlx::query("DELETE FROM booking_keys WHERE order_id = $1").bind(id).execute(&mut *conn).await?;
    }
    rows::insert(conn, KEYS, orders.iter().flat_map(key_rows).collect()).await
}

fn order_row(order: &Incoming, now: Timestamp) -> Vec<Value> {
    let booking = &order.booking;
    let (first, out_end) = (&booking.segments[0], booking.segments_of(super::model::Direction::Outbound).last());
    vec![
        order.id.as_str().into(),
        order.agency_id.as_str().into(),
        booking.order_no.as_str().into(),
        booking.airline_pnr().into(),
        booking.status.word().into(),
        booking.payment_channel.word().into(),
        booking.journey_type.word().into(),
        booking.currency.code().into(),
        booking.total.minor.into(),
        first.carrier.as_str().into(),
        booking.airlines().into(),
        booking.passengers[0].name.as_str().into(),
        i64::try_from(booking.passengers.len()).unwrap_or_default().into(),
        first.departure_airport.as_str().into(),
        out_end.map_or("", |segment| segment.arrival_airport.as_str()).into(),
        local_text(first.departure_local).into(),
        instant_text(first.departure_at).into(),
        0.into(),
        order.document.as_str().into(),
        order.digest.as_str().into(),
        instant_text(booking.created_at).into(),
        instant_text(now).into(),
    ]
}

/// `2026-11-27T13:25`: local times as text whose order is the order of time.
fn local_text(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn key_rows(order: &Incoming) -> Vec<Vec<Value>> {
    let booking = &order.booking;
    let airline_pnrs = booking.airline_bookings.iter().map(|airline| airline.pnr.as_str());
    let own_pnrs = booking.passengers.iter().flat_map(|passenger| passenger.airline_pnrs.iter().map(String::as_str));
    let pnrs = airline_pnrs.chain(own_pnrs).chain([booking.operator_pnr.as_str()]).map(|pnr| ("pnr", fold_identifier(pnr)));
    let tickets = booking.passengers.iter().flat_map(|p| &p.ticket_numbers).map(|number| ("ticket", fold_ticket_number(number)));
    let names = booking.passengers.iter().flat_map(|p| name_keys(&p.name)).map(|name| ("name", sortable(&name)));
    let mut keys: Vec<(&str, String)> = pnrs.chain(tickets).chain(names).filter(|(_, value)| !value.is_empty()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .map(|(kind, value)| vec![kind.into(), value.into(), order.id.as_str().into(), order.agency_id.as_str().into()])
        .collect()
}

/// A text in hexadecimal: it sorts alike under every collation, so that names can be found by their beginning.
fn sortable(text: &str) -> String {
    hex(text.as_bytes())
}

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

/// The columns of a line.
const COLUMNS: [&str; 15] = [
    "id",
    "order_no",
    "pnr",
    "status",
    "payment_channel",
    "currency",
    "total_minor",
    "airlines",
    "lead_passenger",
    "passenger_count",
    "origin",
    "destination",
    "departure_local",
    "has_refund",
    "created_at",
];

#[derive(FromRow, Deserialize)]
struct LineRow {
    id: String,
    order_no: String,
    pnr: String,
    #[sqlx(try_from = "String")]
    status: Status,
    #[sqlx(try_from = "String")]
    payment_channel: PaymentChannel,
    #[sqlx(try_from = "String")]
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

/// Whether a passenger's name is too common to gather all bookings under it.
async fn is_common(conn: &mut Conn, scope: &Scope, name: &str) -> Result<bool, sqlx::Error> {
    let (from, until) = name_range(name);
    let counted = match scope.agency_id() {
        Some(agency_id) => Select::new("SELECT 1 FROM booking_keys k").and("k.agency_id = ?", [agency_id.into()]),
        None => Select::new("SELECT 1 FROM booking_keys k"),
    }
    .and("k.kind = 'name' AND k.value >= ? AND k.value < ?", [from.into(), until.into()])
    .then("LIMIT 1 OFFSET 0 + ?", [COMMON_NAME.into()]);
    Ok(!counted.rows(conn).await?.is_empty())
}

/// The query of My Bookings. `common_name`: the passenger's name is one of many.
#[must_use]
pub fn list_query(scope: &Scope, search: &Search, common_name: bool, limit: i64) -> Select {
    let mut query = Select::new(
        "SELECT o.id, o.order_no, o.pnr, o.status, o.payment_channel, o.currency, o.total_minor, o.airlines, o.lead_passenger, \
         o.passenger_count, o.origin, o.destination, o.departure_local, o.has_refund, o.created_at FROM orders o",
    );
    query = query.and_if("o.agency_id = ?", scope.agency_id());
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
        let (from, until) = name_range(name);
        query = if common_name {
            // Written so that neither database does anything but look at the keys of one booking after the other.
            let of_booking = "(SELECT 1 FROM booking_keys k WHERE k.order_id = o.id AND k.kind || '' = 'name' \
                              AND k.value || '' >= ? AND k.value || '' < ? LIMIT 1) = 1";
            query.and(of_booking, [from.into(), until.into()])
        } else {
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
        };
    }
    query = query.and_if("o.airline = ?", search.airline.as_deref());
    query = query.and_if("o.status = ?", search.status.map(Status::word));
    query = query.and_if("o.payment_channel = ?", search.channel.map(PaymentChannel::word));
    query = query.and_if("o.has_refund = ?", search.has_refund.map(i64::from));
    query = query.and_if("o.departure_local >= ?", search.departure_from.map(|day| day.to_string()));
    query = query.and_if("o.departure_local < ?", search.departure_until.map(|day| day.to_string()));
    query = query.and_if("o.created_at >= ?", search.created_from.map(instant_text));
    query = query.and_if("o.created_at < ?", search.created_until.map(instant_text));
    let after = search.after.clone().map(|cursor| [cursor.sorted.into(), cursor.id.into()]);
    if search.by_departure() {
        if let Some(after) = after {
            query = query.and("(o.departure_local, o.id) > (?, ?)", after);
        }
        return query.then("ORDER BY o.departure_local, o.id LIMIT 0 + ?", [limit.into()]);
    }
    if let Some(after) = after {
        query = query.and("(o.created_at, o.id) < (?, ?)", after);
    }
    query.then("ORDER BY o.created_at DESC, o.id DESC LIMIT 0 + ?", [limit.into()])
}

/// The lines of My Bookings.
pub async fn list(conn: &mut Conn, scope: &Scope, search: &Search, limit: i64) -> Result<Vec<Line>, sqlx::Error> {
    let common_name = match &search.passenger {
        Some(name) => is_common(conn, scope, name).await?,
        None => false,
    };
    let rows: Vec<LineRow> = list_query(scope, search, common_name, limit).fetch_packed(conn, &COLUMNS).await?;
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

/// Marks that orders have a refund.
pub async fn mark_refund(conn: &mut Conn, order_ids: &[&str]) -> Result<(), sqlx::Error> {
    Select::new("UPDATE orders SET has_refund = 1")
        .and_in("id", order_ids.iter().map(|id| (*id).into()))
        // Writing what is there already would move every index entry.
        .and("has_refund = 0", [])
        .execute(conn)
        .await
}

/// Makes writers to one order wait for each other until the transaction ends, so that what was read of it stays true.
pub async fn hold(conn: &mut Conn, order_id: &str) -> Result<(), sqlx::Error> {
    if is_alone(conn) {
        return Ok(());
    }
    sqlx::query("UPDATE orders SET imported_at = imported_at WHERE id = $1").bind(order_id).execute(conn).await?;
    Ok(())
}

/// As [`hold`], for the orders of the scope with these numbers.
pub async fn hold_by_number(conn: &mut Conn, scope: &Scope, numbers: &[&str]) -> Result<(), sqlx::Error> {
    if is_alone(conn) {
        return Ok(());
    }
    Select::new("UPDATE orders SET imported_at = imported_at")
        .and_in("order_no", numbers.iter().map(|number| (*number).into()))
        .and_if("agency_id = ?", scope.agency_id())
        .execute(conn)
        .await
}
