//! What a posting can do before it writes: judging rows and reckoning their refunds, beside the rows before them being
//! written. What it was made from is seen again by the transaction that keeps it.

use std::collections::HashMap;

use super::checking::{Orders, refuse};
use super::columns::Places;
use super::judging;
use super::model::{Batch, BatchRow, RowCode, RowStatus};
use super::working::CHUNK;
use crate::bookings::store as bookings;
use crate::config::Limits;
use crate::db::{Conn, revisions};
use crate::incidents::model::Incident;
use crate::incidents::store as incidents;
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::time::Timestamp;
use crate::refunds::model::{BatchPlace, Reason};
use crate::refunds::quote_store::{self, KeptQuote, PackedQuote};
use crate::refunds::quoting::{self, Known};
use crate::refunds::refusal::Refusal;
use crate::refunds::registering::Beginning;
use crate::refunds::taken_store::{self, Taken};
use crate::refunds::terms::Shelf;

/// What the claims of some orders depend on, and others may change: their documents, what of them is in refunds, how often
/// they were quoted, what proves that a flight was changed, and the revision of the terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    documents: Vec<(String, String)>,
    taken: HashMap<String, Vec<Taken>>,
    ordinals: HashMap<String, i64>,
    proving: HashMap<String, Incident>,
    terms: i64,
}

impl Seen {
    /// Sees them now.
    ///
    /// # Errors
    /// The database's own.
    pub async fn now(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<Self, sqlx::Error> {
        let documents = bookings::digests(conn, scope, numbers).await?;
        Self::beside(conn, documents).await
    }

    /// As [`Seen::now`], in a transaction that holds the orders from here on.
    ///
    /// # Errors
    /// The database's own.
    pub async fn held(conn: &mut Conn, scope: &Scope, numbers: &[String]) -> Result<Self, sqlx::Error> {
        let documents = bookings::held_digests(conn, scope, numbers).await?;
        Self::beside(conn, documents).await
    }

    async fn beside(conn: &mut Conn, documents: Vec<(String, String)>) -> Result<Self, sqlx::Error> {
        let ids: Vec<&str> = documents.iter().map(|(id, _)| id.as_str()).collect();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let taken = taken_store::taken_of_many(conn, &ids).await?;
        let ordinals = quote_store::newest_ordinals(conn, &ids).await?;
        let proving = incidents::proving_of_many(conn, &ids).await?;
        let terms = revisions::terms(conn).await?;
        Ok(Self { documents, taken, ordinals, proving, terms })
    }
}

/// Claims that are ready to be kept, and what they were made from.
pub struct Prepared {
    pub rows: Vec<BatchRow>,
    pub seen: Seen,
    pub orders: Orders,
    pub made: Vec<Made>,
    /// What each row came to.
    pub results: Vec<BatchRow>,
}

impl Prepared {
    /// Whether no rows are after these.
    #[must_use]
    pub fn is_end(&self) -> bool {
        i64::try_from(self.rows.len()).unwrap_or(CHUNK) < CHUNK
    }

    /// The number of the first of these rows.
    #[must_use]
    pub fn first_row(&self) -> i64 {
        self.rows.first().map_or(0, |row| row.row_no)
    }

    /// The number of the last of these rows.
    #[must_use]
    pub fn last_row(&self) -> i64 {
        self.rows.last().map_or(0, |row| row.row_no)
    }
}

/// A claim.
pub struct Made {
    pub order_no: String,
    pub quote: KeptQuote,
    /// The quote as the database keeps it.
    pub kept_as: PackedQuote,
    pub beginning: Beginning,
}

/// Judges and reckons rows. Nothing is kept yet.
///
/// # Errors
/// The database's own.
pub async fn prepare(
    conn: &mut Conn,
    batch: &Batch,
    actor: Option<&Actor>,
    rows: Vec<BatchRow>,
    limits: &Limits,
    now: Timestamp,
) -> Result<Prepared, Refusal> {
    let numbers: Vec<String> = rows.iter().map(|row| row.order_no.clone()).collect();
    // Seen before the orders are read: whatever changes in between is noticed.
    let seen = Seen::now(conn, &batch.scope(), &numbers).await?;
    let kept = bookings::find_many(conn, &batch.scope(), &numbers).await?;
    let orders = Orders { kept, taken: seen.taken.clone() };
    let mut prepared = Prepared { rows: rows.clone(), seen, orders, made: Vec::new(), results: Vec::new() };
    let (Some(places), Some(actor)) = (Places::find(&batch.header), actor) else { return Ok(prepared) };
    let Prepared { seen, orders, made, results, .. } = &mut prepared;
    let mut shelf = Shelf::default();
    let mut more_of: HashMap<&str, i64> = HashMap::new();
    for row in rows {
        let found = orders.found(&row);
        let Some(kept) = found.kept else {
            results.push(missing(row));
            continue;
        };
        let possible = match judging::judge(batch, &places, &row, found, now) {
            Ok(possible) => possible,
            Err(refused) => {
                results.push(refuse(row, refused));
                continue;
            }
        };
        let nth = more_of.entry(&kept.id).or_default();
        let known = Known {
            incident: match possible.selection.reason {
                Reason::Involuntary => seen.proving.get(&kept.id).cloned(),
                Reason::Voluntary | Reason::Void => None,
            },
            is_first: found.taken.is_empty() && *nth == 0,
            newest_ordinal: seen.ordinals.get(&kept.id).copied().unwrap_or(0) + *nth,
        };
        let selection = possible.selection;
        let quote = match quoting::reckon_known(conn, &mut shelf, kept, selection, known, (&actor.user_id, now), limits).await {
            Ok(quote) => quote,
            // One order that cannot be reckoned is that row's affair.
            Err(Refusal::Calculation(_)) => {
                results.push(refuse(row, judging::Refused::new(RowCode::Calculation)));
                continue;
            }
            Err(refusal) => return Err(refusal),
        };
        *nth += 1;
        let beginning = Beginning {
            claim: Some((possible.fulfilled_on, possible.expected)),
            batch: Some(BatchPlace { id: batch.id.clone(), no: batch.number.clone(), row: row.row_no }),
            ..Beginning::default()
        };
        made.push(Made { order_no: row.order_no.clone(), kept_as: quote_store::packed(&quote)?, quote, beginning });
        results.push(BatchRow { status: RowStatus::Posted, ..row });
    }
    Ok(prepared)
}

fn missing(row: BatchRow) -> BatchRow {
    let mut refused = judging::Refused::new(RowCode::NotFound);
    refused.message = refused.message.text("order", &row.order_no);
    refuse(row, refused)
}
