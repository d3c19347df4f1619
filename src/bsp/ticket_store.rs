//! All SQL about ticket records, and the trait behind which another source of them can stand.

use futures_util::future::BoxFuture;

use super::model::{KeptTicket, Ticket};
use super::ticket_number::TicketNumber;
use crate::db::rows::{self, Table};
use crate::db::select::Select;
use crate::db::{Conn, Db, decode, json};
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, instant_text};

/// What a source of tickets answers.
#[derive(Debug)]
pub enum Found {
    Ticket(Box<KeptTicket>),
    /// A number of a known airline, without a record.
    Absent,
    /// Not a number of any airline that is known here.
    Unrecognised,
}

/// Where tickets come from. Whoever asks sets a deadline.
pub trait TicketSource: Send + Sync {
    /// The ticket set with this number, among those of an agency.
    fn ticket<'a>(&'a self, agency_id: &'a str, number: &'a TicketNumber) -> BoxFuture<'a, Result<Found, sqlx::Error>>;
}

impl TicketSource for Db {
    fn ticket<'a>(&'a self, agency_id: &'a str, number: &'a TicketNumber) -> BoxFuture<'a, Result<Found, sqlx::Error>> {
        Box::pin(async move { find(&mut *self.read().await?, agency_id, number).await })
    }
}

#[derive(sqlx::FromRow)]
struct TicketRow {
    id: String,
    agency_id: String,
    office_id: String,
    hidden: i64,
    sealed: Option<String>,
    document: String,
}

impl TicketRow {
    fn kept(self, refunded: Vec<(String, i64)>) -> Result<KeptTicket, sqlx::Error> {
        Ok(KeptTicket {
            ticket: serde_json::from_str(&self.document).map_err(decode)?,
            id: self.id,
            agency_id: self.agency_id,
            office_id: self.office_id,
            hidden: self.hidden == 1,
            sealed: self.sealed,
            refunded,
        })
    }
}

const TICKETS: &str = "SELECT t.id, t.agency_id, t.office_id, t.hidden, t.sealed, t.document FROM bsp_tickets t";

/// The ticket set with this number, among those of an agency.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, agency_id: &str, number: &TicketNumber) -> Result<Found, sqlx::Error> {
    let rows: Vec<TicketRow> = Select::new(TICKETS)
        .and("t.id = (SELECT n.ticket_id FROM bsp_ticket_numbers n WHERE n.number = ?)", [number.digits().into()])
        .and("t.agency_id = ?", [agency_id.into()])
        .fetch(conn)
        .await?;
    if let Some(row) = rows.into_iter().next() {
        let refunded = refunded(conn, &row.id).await?;
        return Ok(Found::Ticket(Box::new(row.kept(refunded)?)));
    }
    let known: Option<(String,)> =
        sqlx::query_as("SELECT code FROM bsp_airlines WHERE code = $1").bind(number.airline()).fetch_optional(conn).await?;
    Ok(if known.is_some() { Found::Absent } else { Found::Unrecognised })
}

/// The ticket with this id.
///
/// # Errors
/// The database's own.
pub async fn of_id(conn: &mut Conn, id: &str) -> Result<Option<KeptTicket>, sqlx::Error> {
    let rows: Vec<TicketRow> = Select::new(TICKETS).and("t.id = ?", [id.into()]).fetch(conn).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let refunded = refunded(conn, &row.id).await?;
    row.kept(refunded).map(Some)
}

/// Keeps others from the ticket until the end of the transaction: what is read of it from here on stays true.
///
/// # Errors
/// The database's own.
pub async fn hold(conn: &mut Conn, id: &str) -> Result<(), sqlx::Error> {
    Select::new("SELECT id FROM bsp_tickets").and("id = ?", [id.into()]).hold(conn).await
}

/// Whether an agency has a record of any of these numbers.
///
/// # Errors
/// The database's own.
pub async fn is_any_known(conn: &mut Conn, agency_id: &str, numbers: &[String]) -> Result<bool, sqlx::Error> {
    let found: Vec<(String,)> = Select::new("SELECT n.number FROM bsp_ticket_numbers n JOIN bsp_tickets t ON t.id = n.ticket_id")
        .and("t.agency_id = ?", [agency_id.into()])
        .and_in("n.number", numbers.iter().map(|number| number.as_str().into()))
        .fetch(conn)
        .await?;
    Ok(!found.is_empty())
}

/// The coupons of a ticket set that are on forms that stand.
async fn refunded(conn: &mut Conn, ticket_id: &str) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.number, c.coupon_no FROM bsp_ticket_numbers n JOIN bsp_tickets t ON t.id = n.ticket_id \
         JOIN bsp_form_coupons c ON c.agency_id = t.agency_id AND c.number = n.number AND c.stands = 1 WHERE n.ticket_id = $1 \
         ORDER BY c.number, c.coupon_no",
    )
    .bind(ticket_id)
    .fetch_all(conn)
    .await
}

/// A ticket on its way in.
#[derive(Debug)]
pub struct NewTicket {
    pub id: String,
    pub agency_id: String,
    pub office_id: String,
    pub ticket: Ticket,
    pub digest: String,
    pub sealed: Option<String>,
    pub hidden: bool,
    pub commission: Money,
}

/// What became of a ticket record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Added,
    Updated,
    Unchanged,
    /// One of its numbers belongs to another set, or to another office.
    Taken,
}

/// Keeps a ticket record, or what changed of it.
///
/// # Errors
/// The database's own.
pub async fn keep(conn: &mut Conn, mut new: NewTicket, now: Timestamp) -> Result<Kept, sqlx::Error> {
    const NUMBERS: Table = Table { name: "bsp_ticket_numbers", columns: &["number", "ticket_id"], suffix: "" };
    let document = json(&new.ticket)?;
    let numbers = new.ticket.numbers.iter().map(|number| number.as_str().into());
    let earlier: Vec<(i64, String, String, String)> = Select::new(
        "SELECT (SELECT COUNT(*) FROM bsp_ticket_numbers m WHERE m.ticket_id = t.id), t.id, t.office_id, t.document_digest \
         FROM bsp_ticket_numbers n JOIN bsp_tickets t ON t.id = n.ticket_id",
    )
    .and_in("n.number", numbers)
    .fetch(conn)
    .await?;
    let kept = match earlier.first() {
        None => Kept::Added,
        Some((count, id, office, digest)) => {
            let same = earlier.len() == new.ticket.numbers.len() && usize::try_from(*count) == Ok(earlier.len());
            let whole = same && earlier.iter().all(|(_, other, ..)| other == id);
            if !whole || *office != new.office_id {
                return Ok(Kept::Taken);
            }
            if *digest == new.digest {
                return Ok(Kept::Unchanged);
            }
            new.id.clone_from(id);
            Kept::Updated
        }
    };
    let statement = if kept == Kept::Added {
        "INSERT INTO bsp_tickets (number, device, issued_on, document, document_digest, sealed, hidden, commission_minor, imported_at, \
         agency_id, office_id, id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    } else {
        "UPDATE bsp_tickets SET number = $1, device = $2, issued_on = $3, document = $4, document_digest = $5, sealed = $6, hidden = $7, \
         commission_minor = $8, imported_at = $9 WHERE agency_id = $10 AND office_id = $11 AND id = $12"
    };
    sqlx::query(statement)
        .bind(new.ticket.numbers.first())
        .bind(new.ticket.device)
        .bind(new.ticket.issued_on.to_string())
        .bind(document)
        .bind(&new.digest)
        .bind(&new.sealed)
        .bind(i64::from(new.hidden))
        .bind(new.commission.minor)
        .bind(instant_text(now))
        .bind(&new.agency_id)
        .bind(&new.office_id)
        .bind(&new.id)
        .execute(&mut *conn)
        .await?;
    if kept == Kept::Added {
        let rows = new.ticket.numbers.iter().map(|number| vec![number.as_str().into(), new.id.as_str().into()]);
        rows::insert(conn, NUMBERS, rows).await?;
        let airline = new.ticket.numbers.first().and_then(|number| number.get(..3)).unwrap_or_default();
        sqlx::query("INSERT INTO bsp_airlines (code) VALUES ($1) ON CONFLICT (code) DO NOTHING").bind(airline).execute(conn).await?;
    }
    Ok(kept)
}
