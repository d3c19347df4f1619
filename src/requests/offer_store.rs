//! All SQL about offers.

use sqlx::FromRow;

use super::offer_model::{Offer, OfferKind, OfferStatus};
use crate::db::{Conn, decode, json};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};

const COLUMNS: &str = "id, request_id, agency_id, kind, status, currency, amount_minor, quote_id, lines, what, valid_until, refund_id, \
     created_by, created_by_name, created_at, decided_by_name, decided_at, note";

#[derive(FromRow)]
struct OfferRow {
    id: String,
    request_id: String,
    agency_id: String,
    #[sqlx(try_from = "String")]
    kind: OfferKind,
    #[sqlx(try_from = "String")]
    status: OfferStatus,
    #[sqlx(try_from = "String")]
    currency: Currency,
    amount_minor: i64,
    quote_id: Option<String>,
    lines: String,
    what: String,
    valid_until: String,
    refund_id: Option<String>,
    created_by: String,
    created_by_name: String,
    created_at: String,
    decided_by_name: Option<String>,
    decided_at: Option<String>,
    note: Option<String>,
}

impl OfferRow {
    fn offer(self) -> Result<Offer, sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        Ok(Offer {
            amount: Money::new(self.amount_minor, self.currency),
            lines: serde_json::from_str(&self.lines).map_err(decode)?,
            valid_until: instant(&self.valid_until)?,
            created_at: instant(&self.created_at)?,
            decided_at: self.decided_at.as_deref().map(instant).transpose()?,
            id: self.id,
            request_id: self.request_id,
            agency_id: self.agency_id,
            kind: self.kind,
            status: self.status,
            quote_id: self.quote_id,
            what: self.what,
            refund_id: self.refund_id,
            created_by: self.created_by,
            created_by_name: self.created_by_name,
            decided_by_name: self.decided_by_name,
            note: self.note,
        })
    }
}

/// The newest offers of a request, oldest first.
///
/// # Errors
/// The database's own.
pub async fn of(conn: &mut Conn, request_id: &str) -> Result<Vec<Offer>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM request_offers WHERE request_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100");
    let rows: Vec<OfferRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(request_id).fetch_all(conn).await?;
    rows.into_iter().rev().map(OfferRow::offer).collect()
}

/// One offer of a request.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, request_id: &str, id: &str) -> Result<Option<Offer>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM request_offers WHERE id = $1 AND request_id = $2");
    let row: Option<OfferRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(id).bind(request_id).fetch_optional(conn).await?;
    row.map(OfferRow::offer).transpose()
}

/// One open offer whose time is over.
///
/// # Errors
/// The database's own.
pub async fn overdue(conn: &mut Conn, now: Timestamp) -> Result<Option<Offer>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM request_offers WHERE status = 'open' AND valid_until <= $1 ORDER BY valid_until, id LIMIT 1");
    let row: Option<OfferRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(instant_text(now)).fetch_optional(conn).await?;
    row.map(OfferRow::offer).transpose()
}

/// Adds an offer.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, offer: &Offer) -> Result<(), sqlx::Error> {
    let lines = json(&offer.lines)?;
    sqlx::query(
        "INSERT INTO request_offers (id, request_id, agency_id, kind, status, currency, amount_minor, quote_id, lines, what, valid_until, \
         created_by, created_by_name, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(&offer.id)
    .bind(&offer.request_id)
    .bind(&offer.agency_id)
    .bind(offer.kind.word())
    .bind(offer.status.word())
    .bind(offer.amount.currency.code())
    .bind(offer.amount.minor)
    .bind(offer.quote_id.as_deref())
    .bind(lines)
    .bind(&offer.what)
    .bind(instant_text(offer.valid_until))
    .bind(&offer.created_by)
    .bind(&offer.created_by_name)
    .bind(instant_text(offer.created_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves an offer from one status to the next, if it still has the one that was seen. Answers whether it did.
///
/// # Errors
/// The database's own.
pub async fn decide(
    conn: &mut Conn,
    offer: &Offer,
    to: OfferStatus,
    by_name: &str,
    note: Option<&str>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "UPDATE request_offers SET status = $1, decided_by_name = $2, decided_at = $3, note = $4 WHERE id = $5 AND status = $6",
    )
    .bind(to.word())
    .bind(by_name)
    .bind(instant_text(now))
    .bind(note)
    .bind(&offer.id)
    .bind(offer.status.word())
    .execute(conn)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Takes open offers of a request back: those of one kind that a new one replaces, or all.
///
/// # Errors
/// The database's own.
pub async fn withdraw_open(
    conn: &mut Conn,
    request_id: &str,
    kind: Option<OfferKind>,
    by_name: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE request_offers SET status = 'withdrawn', decided_by_name = $1, decided_at = $2 \
         WHERE request_id = $3 AND status = 'open' AND (kind = $4 OR $4 = '')",
    )
    .bind(by_name)
    .bind(instant_text(now))
    .bind(request_id)
    .bind(kind.map_or("", OfferKind::word))
    .execute(conn)
    .await?;
    Ok(())
}

/// Until when an open offer of a request is valid at most.
///
/// # Errors
/// The database's own.
pub async fn open_until(conn: &mut Conn, request_id: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT valid_until FROM request_offers WHERE request_id = $1 AND status = 'open' ORDER BY valid_until DESC, id LIMIT 1",
    )
    .bind(request_id)
    .fetch_optional(conn)
    .await?;
    row.map(|(until,)| parse_instant(&until).map_err(decode)).transpose()
}

/// Whether a price was accepted, and it is neither done nor given back.
///
/// # Errors
/// The database's own.
pub async fn has_unsettled(conn: &mut Conn, request_id: &str) -> Result<bool, sqlx::Error> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT id FROM request_offers WHERE request_id = $1 AND status = 'accepted' AND kind <> 'refund' LIMIT 1")
            .bind(request_id)
            .fetch_optional(conn)
            .await?;
    Ok(row.is_some())
}

/// Notes the refund that came of an accepted offer.
///
/// # Errors
/// The database's own.
pub async fn set_refund(conn: &mut Conn, id: &str, refund_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE request_offers SET refund_id = $1 WHERE id = $2").bind(refund_id).bind(id).execute(conn).await?;
    Ok(())
}
