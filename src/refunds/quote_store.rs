//! All SQL about quotes.

use sqlx::FromRow;

use super::selection::Selection;
use crate::db::Conn;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::refund_calculation::Quote;

/// A quote as it is kept: what was asked, the facts it was made from, the answer.
#[derive(Debug, Clone)]
pub struct KeptQuote {
    pub id: String,
    pub order_id: String,
    pub agency_id: String,
    /// Counts the quotes of an order; only the highest can be accepted.
    pub ordinal: i64,
    pub selection: Selection,
    /// The facts document; quotes of the first form have one of the first form.
    pub facts: String,
    pub answer: Quote,
    pub created_by: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(FromRow)]
struct QuoteRow {
    id: String,
    order_id: String,
    agency_id: String,
    ordinal: i64,
    selection: String,
    facts: String,
    answer: String,
    created_by: String,
    created_at: String,
    expires_at: String,
}

impl QuoteRow {
    fn quote(self) -> Result<KeptQuote, sqlx::Error> {
        fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
            serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
        }
        let instant = |text: &str| parse_instant(text).map_err(|error| sqlx::Error::Decode(error.into()));
        Ok(KeptQuote {
            selection: json(&self.selection)?,
            facts: self.facts,
            answer: json(&self.answer)?,
            created_at: instant(&self.created_at)?,
            expires_at: instant(&self.expires_at)?,
            id: self.id,
            order_id: self.order_id,
            agency_id: self.agency_id,
            ordinal: self.ordinal,
            created_by: self.created_by,
        })
    }
}

/// One quote of an order.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, order_id: &str, id: &str) -> Result<Option<KeptQuote>, sqlx::Error> {
    let row: Option<QuoteRow> = sqlx::query_as(
        "SELECT id, order_id, agency_id, ordinal, selection, facts, answer, created_by, created_at, expires_at FROM quotes \
         WHERE id = $1 AND order_id = $2",
    )
    .bind(id)
    .bind(order_id)
    .fetch_optional(conn)
    .await?;
    row.map(QuoteRow::quote).transpose()
}

/// The ordinal of an order's newest quote; 0 when it has none.
///
/// # Errors
/// The database's own.
pub async fn newest_ordinal(conn: &mut Conn, order_id: &str) -> Result<i64, sqlx::Error> {
    let (ordinal,): (i64,) = sqlx::query_as("SELECT CAST(COALESCE(MAX(ordinal), 0) AS BIGINT) FROM quotes WHERE order_id = $1")
        .bind(order_id)
        .fetch_one(conn)
        .await?;
    Ok(ordinal)
}

/// Keeps a quote.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, quote: &KeptQuote) -> Result<(), sqlx::Error> {
    let json = |value: Result<String, serde_json::Error>| value.map_err(|error| sqlx::Error::Encode(error.into()));
    sqlx::query(
        "INSERT INTO quotes (id, order_id, agency_id, ordinal, selection, facts, answer, created_by, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&quote.id)
    .bind(&quote.order_id)
    .bind(&quote.agency_id)
    .bind(quote.ordinal)
    .bind(json(serde_json::to_string(&quote.selection))?)
    .bind(&quote.facts)
    .bind(json(serde_json::to_string(&quote.answer))?)
    .bind(&quote.created_by)
    .bind(instant_text(quote.created_at))
    .bind(instant_text(quote.expires_at))
    .execute(conn)
    .await?;
    Ok(())
}

/// The facts and the answer of one of the newest quotes, as they were kept.
#[derive(Debug, FromRow)]
pub struct Recent {
    pub order_no: String,
    pub facts: String,
    pub answer: String,
}

/// The newest quotes of all agencies, newest first.
///
/// # Errors
/// The database's own.
pub async fn newest(conn: &mut Conn, limit: i64) -> Result<Vec<Recent>, sqlx::Error> {
    sqlx::query_as(
        "SELECT orders.order_no, quotes.facts, quotes.answer FROM quotes JOIN orders ON orders.id = quotes.order_id ORDER BY quotes.id DESC LIMIT $1",
    )
    .bind(limit)
    .fetch_all(conn)
    .await
}
