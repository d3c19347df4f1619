//! All SQL about quotes.

use std::collections::HashMap;

use sqlx::FromRow;

use super::selection::Selection;
use super::taken_store::{Counts, counts};
use crate::bookings::store::Kept;
use crate::db::packing::{pack, unpack};
use crate::db::rows::{self, Table};
use crate::db::select::{Select, Value};
use crate::db::{Conn, decode, json};
use crate::kernel::actor::Scope;
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
        fn parsed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
            serde_json::from_str(text).map_err(decode)
        }
        let instant = |text: &str| parse_instant(text).map_err(decode);
        Ok(KeptQuote {
            selection: parsed(&self.selection)?,
            facts: unpack(self.facts)?,
            answer: parsed(&unpack(self.answer)?)?,
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

/// The columns of [`ToQuoteRow`].
macro_rules! to_quote {
    () => {
        concat!("o.id AS order_id, o.order_no, o.agency_id, o.document_digest, d.document, ", counts!("o.id"))
    };
}

/// A booking as the database has it, for whoever quotes it or submits a quote of it.
#[derive(Debug, Clone, FromRow)]
pub struct ToQuoteRow {
    order_id: String,
    order_no: String,
    agency_id: String,
    document_digest: String,
    document: String,
    #[sqlx(flatten)]
    counts: Counts,
}

impl ToQuoteRow {
    /// Whether the scope may see it.
    #[must_use]
    pub fn is_of(&self, scope: &Scope) -> bool {
        scope.includes(&self.agency_id)
    }

    /// The booking, and what else quotes of it depend on.
    ///
    /// # Errors
    /// When a column holds what it never should.
    pub fn read(self) -> Result<(Kept, Counts), sqlx::Error> {
        let kept = Kept {
            id: self.order_id,
            agency_id: self.agency_id,
            has_refund: self.counts.has_refunds(),
            document_digest: self.document_digest,
            booking: serde_json::from_str(&self.document).map_err(decode)?,
        };
        Ok((kept, self.counts))
    }
}

/// The query of [`to_quote`].
#[must_use]
pub fn to_quote_query(order_numbers: &[&str]) -> Select {
    Select::new(concat!("SELECT ", to_quote!(), " FROM orders o JOIN order_documents d ON d.order_id = o.id"))
        .and_in("o.order_no", order_numbers.iter().map(|number| (*number).into()))
}

/// Bookings, by order number, for those who quote them; in one statement. Whether it is theirs is for them to ask.
///
/// # Errors
/// The database's own.
pub async fn to_quote(conn: &mut Conn, order_numbers: &[&str]) -> Result<HashMap<String, ToQuoteRow>, sqlx::Error> {
    let rows: Vec<ToQuoteRow> = to_quote_query(order_numbers).fetch(conn).await?;
    Ok(rows.into_iter().map(|row| (row.order_no.clone(), row)).collect())
}

/// A quote and its booking, as whoever submits it needs them.
#[derive(Debug)]
pub struct ToSubmit {
    pub kept: Kept,
    pub quote: KeptQuote,
    /// The refund that was made of it already.
    pub refund_number: Option<String>,
    pub counts: Counts,
}

/// A quote and its booking as the database has them.
#[derive(FromRow)]
pub struct ToSubmitRow {
    #[sqlx(flatten)]
    order: ToQuoteRow,
    #[sqlx(flatten)]
    quote: QuoteRow,
    refund_number: Option<String>,
}

impl ToSubmitRow {
    /// Whether it is of this booking, and the scope may see it.
    #[must_use]
    pub fn is_of(&self, scope: &Scope, order_no: &str) -> bool {
        self.order.order_no == order_no && self.order.is_of(scope)
    }

    /// What they say.
    ///
    /// # Errors
    /// When a column holds what it never should.
    pub fn read(self) -> Result<ToSubmit, sqlx::Error> {
        let (kept, counts) = self.order.read()?;
        Ok(ToSubmit { kept, quote: self.quote.quote()?, refund_number: self.refund_number, counts })
    }
}

/// The query of [`to_submit`].
#[must_use]
pub fn to_submit_query(ids: &[&str]) -> Select {
    Select::new(concat!(
        "SELECT ",
        to_quote!(),
        ", q.id, q.ordinal, q.selection, q.facts, q.answer, q.created_by, q.created_at, q.expires_at, \
         (SELECT r.number FROM refunds r WHERE r.quote_id = q.id) AS refund_number FROM quotes q JOIN orders o ON o.id = q.order_id JOIN order_documents d ON d.order_id = q.order_id"
    ))
    .and_in("q.id", ids.iter().map(|id| (*id).into()))
}

/// Quotes with their bookings, by id, for those who submit them; in one statement. Whether it is theirs is for them to ask.
///
/// # Errors
/// The database's own.
pub async fn to_submit(conn: &mut Conn, ids: &[&str]) -> Result<HashMap<String, ToSubmitRow>, sqlx::Error> {
    let rows: Vec<ToSubmitRow> = to_submit_query(ids).fetch(conn).await?;
    Ok(rows.into_iter().map(|row| (row.quote.id.clone(), row)).collect())
}

/// The ordinals of orders' newest quotes, by order; one that has none is absent.
///
/// # Errors
/// The database's own.
pub async fn newest_ordinals(conn: &mut Conn, order_ids: &[&str]) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows: Vec<(String, i64)> = Select::new("SELECT q.order_id, MAX(q.ordinal) FROM quotes q")
        .and_in("q.order_id", order_ids.iter().map(|id| (*id).into()))
        .then("GROUP BY q.order_id", [])
        .fetch(conn)
        .await?;
    Ok(rows.into_iter().collect())
}

const QUOTES: Table = Table {
    name: "quotes",
    columns: &["id", "order_id", "agency_id", "ordinal", "selection", "facts", "answer", "created_by", "created_at", "expires_at"],
    suffix: "",
};

/// Keeps a quote.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, quote: &KeptQuote) -> Result<(), sqlx::Error> {
    insert_packed(conn, vec![packed(quote)?]).await
}

/// A quote as the database keeps it.
#[derive(Debug, Default)]
pub struct PackedQuote(Vec<Value>);

/// The place of the ordinal among [`QUOTES`]' columns.
const ORDINAL: usize = 3;
const _: () = assert!(matches!(QUOTES.columns[ORDINAL].as_bytes(), b"ordinal"));

impl PackedQuote {
    /// As the order's quote with this ordinal.
    #[must_use]
    pub fn numbered(mut self, ordinal: i64) -> Self {
        self.0[ORDINAL] = ordinal.into();
        self
    }
}

/// Packs a quote, which takes longer than its statement and needs no transaction.
///
/// # Errors
/// When it cannot be written down.
pub fn packed(quote: &KeptQuote) -> Result<PackedQuote, sqlx::Error> {
    Ok(PackedQuote(vec![
        quote.id.as_str().into(),
        quote.order_id.as_str().into(),
        quote.agency_id.as_str().into(),
        quote.ordinal.into(),
        json(&quote.selection)?.into(),
        pack(&quote.facts).into(),
        pack(&json(&quote.answer)?).into(),
        quote.created_by.as_str().into(),
        instant_text(quote.created_at).into(),
        instant_text(quote.expires_at).into(),
    ]))
}

/// Keeps quotes.
///
/// # Errors
/// The database's own.
pub async fn insert_packed(conn: &mut Conn, quotes: Vec<PackedQuote>) -> Result<(), sqlx::Error> {
    rows::insert(conn, QUOTES, quotes.into_iter().map(|quote| quote.0)).await
}

/// The facts and the answer of one of the newest quotes.
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
    let kept: Vec<Recent> =
        Select::new("SELECT orders.order_no, quotes.facts, quotes.answer FROM quotes JOIN orders ON orders.id = quotes.order_id")
            .limited("ORDER BY quotes.id DESC", limit)
            .fetch(conn)
            .await?;
    let read = |kept: Recent| Ok(Recent { facts: unpack(kept.facts)?, answer: unpack(kept.answer)?, ..kept });
    kept.into_iter().map(read).collect()
}
