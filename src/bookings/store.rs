//! All SQL about bookings.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use sqlx::{Arguments, AssertSqlSafe, FromRow};

use super::model::Booking;
use crate::db::rows::{self, Insertion, Table};
use crate::db::select::{Select, Value};
use crate::db::{Conn, Driver, decode};
use crate::kernel::actor::Scope;
use crate::kernel::folding::{fold_identifier, fold_ticket_number, name_keys};
use crate::kernel::id::hex;
use crate::kernel::time::{DateTime, Timestamp, instant_text};

/// A booking as it is kept: with its own id and its agency.
#[derive(Debug, Clone)]
pub struct Kept {
    pub id: String,
    pub agency_id: String,
    pub has_refund: bool,
    /// The digest of the document that the booking was read from.
    pub document_digest: String,
    pub booking: Booking,
}

#[derive(FromRow, Deserialize)]
struct KeptRow {
    id: String,
    agency_id: String,
    has_refund: i64,
    document_digest: String,
    document: String,
}

impl KeptRow {
    fn kept(self) -> Result<Kept, sqlx::Error> {
        let booking = serde_json::from_str(&self.document).map_err(decode)?;
        let has_refund = self.has_refund == 1;
        Ok(Kept { id: self.id, agency_id: self.agency_id, has_refund, document_digest: self.document_digest, booking })
    }
}

const KEPT: &str = "SELECT o.id, o.agency_id, (SELECT COUNT(*) FROM refunded_orders f WHERE f.order_id = o.id) AS has_refund, \
     o.document_digest, d.document FROM orders o JOIN order_documents d ON d.order_id = o.id";

/// The booking with this order number, if the scope may see it.
pub async fn find(conn: &mut Conn, scope: &Scope, order_no: &str) -> Result<Option<Kept>, sqlx::Error> {
    first(find_query(scope, order_no), conn).await
}

fn find_query(scope: &Scope, order_no: &str) -> Select {
    Select::new(KEPT).and("o.order_no = ?", [order_no.into()]).and_if("o.agency_id = ?", scope.agency_id())
}

async fn first(query: Select, conn: &mut Conn) -> Result<Option<Kept>, sqlx::Error> {
    let rows: Vec<KeptRow> = query.fetch(conn).await?;
    rows.into_iter().next().map(KeptRow::kept).transpose()
}

/// As [`find`], and makes writers to the booking wait for each other until the transaction ends: what is read of it stays
/// true.
pub async fn held(conn: &mut Conn, scope: &Scope, order_no: &str) -> Result<Option<Kept>, sqlx::Error> {
    first(find_query(scope, order_no).holding(), conn).await
}

/// The bookings with these order numbers that the scope may see, by order number; in one statement.
pub async fn find_many(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<HashMap<String, Kept>, sqlx::Error> {
    let rows: Vec<KeptRow> = find_many_query(scope, numbers).fetch_packed(conn).await?;
    let kept = rows.into_iter().map(KeptRow::kept);
    kept.map(|kept| kept.map(|kept| (kept.booking.order_no.clone(), kept))).collect()
}

/// The query of [`find_many`].
#[must_use]
pub fn find_many_query(scope: &Scope, numbers: &[String]) -> Select {
    Select::new(KEPT).and_in("o.order_no", numbers.iter().map(|number| number.as_str().into())).and_if(OF_AGENCY, scope.agency_id())
}

/// The ids of the scope's orders with these numbers, and digests of their documents.
pub async fn digests(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<Vec<(String, String)>, sqlx::Error> {
    digests_query(scope, numbers).fetch_packed(conn).await.map(digests_by_id)
}

/// As [`digests`], and makes writers to these orders wait for each other until the transaction ends.
pub async fn held_digests(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<Vec<(String, String)>, sqlx::Error> {
    digests_query(scope, numbers).holding().fetch_packed(conn).await.map(digests_by_id)
}

/// In one order for everybody, so that no two wait for each other.
#[must_use]
pub fn digests_query(scope: &Scope, numbers: &[String]) -> Select {
    Select::new("SELECT o.id, o.document_digest FROM orders o")
        .and_in("o.order_no", numbers.iter().map(|number| number.as_str().into()))
        .and_if(OF_AGENCY, scope.agency_id())
        .then("ORDER BY o.id", [])
}

/// Whose orders, among some that are looked for by their numbers. Written so that SQLite does not walk through all orders of
/// an agency instead: it has no statistics, and guesses that they are ten.
const OF_AGENCY: &str = "o.agency_id || '' = ?";

#[derive(Deserialize)]
struct DigestRow {
    id: String,
    document_digest: String,
}

fn digests_by_id(rows: Vec<DigestRow>) -> Vec<(String, String)> {
    rows.into_iter().map(|row| (row.id, row.document_digest)).collect()
}

/// Which of these order numbers there are, for the scope.
pub async fn there(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<HashSet<String>, sqlx::Error> {
    let rows: Vec<(String,)> = Select::new("SELECT o.order_no FROM orders o")
        .and_in("o.order_no", numbers.iter().map(|number| number.as_str().into()))
        .and_if(OF_AGENCY, scope.agency_id())
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
        "name_keys",
        "origin",
        "destination",
        "departure_local",
        "departure_at",
        "document_digest",
        "created_at",
        "imported_at",
    ],
    // A changed order keeps its id and its agency.
    suffix: "ON CONFLICT (order_no) DO UPDATE SET pnr = excluded.pnr, status = excluded.status, payment_channel = excluded.payment_channel, \
             journey_type = excluded.journey_type, currency = excluded.currency, total_minor = excluded.total_minor, \
             airline = excluded.airline, airlines = excluded.airlines, lead_passenger = excluded.lead_passenger, \
             passenger_count = excluded.passenger_count, name_keys = excluded.name_keys, origin = excluded.origin, \
             destination = excluded.destination, departure_local = excluded.departure_local, departure_at = excluded.departure_at, \
             document_digest = excluded.document_digest, created_at = excluded.created_at, imported_at = excluded.imported_at",
};

const DOCUMENTS: Table = Table {
    name: "order_documents",
    columns: &["order_id", "document"],
    suffix: "ON CONFLICT (order_id) DO UPDATE SET document = excluded.document",
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
    let names: Vec<Vec<String>> = orders.iter().map(|order| names(&order.booking)).collect();
    let named = || orders.iter().zip(&names);
    rows::insert(conn, ORDERS, named().map(|(order, names)| order_row(order, names, now))).await?;
    let documents = orders.iter().map(|order| vec![order.id.as_str().into(), order.document.as_str().into()]);
    rows::insert(conn, DOCUMENTS, documents).await?;
    if !changed.is_empty() {
        Select::new("DELETE FROM booking_keys").and_in("order_id", changed.iter().map(|id| id.as_str().into())).execute(conn).await?;
    }
    rows::insert(conn, KEYS, named().flat_map(|(order, names)| key_rows(order, names))).await
}

fn order_row(order: &Incoming, names: &[String], now: Timestamp) -> Vec<Value> {
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
        names.iter().fold(String::new(), |keys, key| keys + BAR + key).into(),
        first.departure_airport.as_str().into(),
        out_end.map_or("", |segment| segment.arrival_airport.as_str()).into(),
        local_text(first.departure_local).into(),
        instant_text(first.departure_at).into(),
        order.digest.as_str().into(),
        instant_text(booking.created_at).into(),
        instant_text(now).into(),
    ]
}

/// `2026-11-27T13:25`: local times as text whose order is the order of time.
fn local_text(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

fn key_rows(order: &Incoming, names: &[String]) -> Vec<Vec<Value>> {
    let booking = &order.booking;
    let airline_pnrs = booking.airline_bookings.iter().map(|airline| airline.pnr.as_str());
    let own_pnrs = booking.passengers.iter().flat_map(|passenger| passenger.airline_pnrs.iter().map(String::as_str));
    let pnrs = airline_pnrs.chain(own_pnrs).chain([booking.operator_pnr.as_str()]).map(|pnr| ("pnr", fold_identifier(pnr)));
    let tickets = booking.passengers.iter().flat_map(|p| &p.ticket_numbers).map(|number| ("ticket", fold_ticket_number(number)));
    let names = names.iter().map(|name| ("name", name.clone()));
    let mut keys: Vec<(&str, String)> = pnrs.chain(tickets).chain(names).filter(|(_, value)| !value.is_empty()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .map(|(kind, value)| vec![kind.into(), value.into(), order.id.as_str().into(), order.agency_id.as_str().into()])
        .collect()
}

/// Stands before each name of a booking where all of them are one text; no name holds it.
pub(super) const BAR: &str = "|";

/// The keys under which a booking is found by the names of its passengers.
fn names(booking: &Booking) -> Vec<String> {
    let mut names: Vec<String> =
        booking.passengers.iter().flat_map(|passenger| name_keys(&passenger.name)).map(|name| sortable(&name)).collect();
    names.sort();
    names.dedup();
    names
}

/// A text in hexadecimal: it sorts alike under every collation, so that names can be found by their beginning.
pub(super) fn sortable(text: &str) -> String {
    hex(text.as_bytes())
}

const REFUNDED: Table =
    Table { name: "refunded_orders", columns: &["order_id", "agency_id", "created_at"], suffix: "ON CONFLICT (order_id) DO NOTHING" };

/// The rows that mark orders as having a refund.
pub fn refund_marks<'a>(orders: impl Iterator<Item = &'a Kept>) -> Insertion<'static> {
    let row = |order: &Kept| vec![order.id.as_str().into(), order.agency_id.as_str().into(), instant_text(order.booking.created_at).into()];
    Insertion::of(REFUNDED, orders.map(row))
}

/// Of orders with these ids, those that nobody else writes to at this moment: whoever wants to waits from here on, until the
/// transaction ends.
pub async fn hold_free(conn: &mut Conn, order_ids: &[&str]) -> Result<HashSet<String>, sqlx::Error> {
    let query = Select::new("SELECT id FROM orders").and_in("id", order_ids.iter().map(|id| (*id).into()));
    let rows: Vec<(String,)> = query.hold_free(conn).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Makes writers to one order wait for each other until the transaction ends.
pub async fn hold(conn: &mut Conn, order_id: &str) -> Result<(), sqlx::Error> {
    Select::new("SELECT id FROM orders").and("id = ?", [order_id.into()]).hold(conn).await
}
