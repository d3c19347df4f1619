//! The check: every row is judged, nothing is made.

use std::collections::HashMap;

use super::columns::Places;
use super::judging::{self, Found, Refused};
use super::model::{Batch, BatchKind, BatchRow, Counts, RowCode, RowStatus, Status};
use super::working::{CHUNK, CHUNKS, free_from};
use super::{row_store, store};
use crate::bookings::store::{self as bookings, Kept};
use crate::db::Conn;
use crate::kernel::time::Timestamp;
use crate::refunds::quoting::{self, Known};
use crate::refunds::refusal::Refusal;
use crate::refunds::taken_store::{self, Taken};
use crate::refunds::terms::Shelf;
use crate::web::App;
use crate::web::error::Error;

/// What is there of the orders of some rows.
#[derive(Debug, Default)]
pub struct Orders {
    pub kept: HashMap<String, Kept>,
    pub taken: HashMap<String, Vec<Taken>>,
}

impl Orders {
    /// Reads them in two statements.
    ///
    /// # Errors
    /// The database's own.
    pub async fn of(conn: &mut Conn, batch: &Batch, rows: &[BatchRow]) -> Result<Self, sqlx::Error> {
        let numbers: Vec<String> = rows.iter().map(|row| row.order_no.clone()).collect();
        let kept = bookings::find_many(conn, &batch.scope(), &numbers).await?;
        let ids: Vec<&str> = kept.values().map(|kept| kept.id.as_str()).collect();
        let taken = if ids.is_empty() { HashMap::new() } else { taken_store::taken_of_many(conn, &ids).await? };
        Ok(Self { kept, taken })
    }

    /// What is there of one row's order.
    #[must_use]
    pub fn found(&self, row: &BatchRow) -> Found<'_> {
        let kept = self.kept.get(&row.order_no);
        let taken = kept.and_then(|kept| self.taken.get(&kept.id)).map_or(&[][..], Vec::as_slice);
        Found { kept, taken }
    }
}

/// Checks the next rows of a batch: while what some came to is written, those after them are judged.
///
/// # Errors
/// The database's own.
pub async fn step(app: &App, mut batch: Batch, now: Timestamp) -> Result<(), Error> {
    let mut checked = check(app, &batch, batch.counts.done, now).await?;
    for chunk in 1..=CHUNKS {
        let is_end = i64::try_from(checked.len()).unwrap_or(CHUNK) < CHUNK;
        let last_row = checked.last().map_or(batch.counts.done, |row| row.row_no);
        let goes_on = chunk < CHUNKS && !is_end;
        let written = write(app, batch.clone(), checked, (is_end, goes_on), now);
        if !goes_on {
            return written.await.map(|_| ());
        }
        let (written, next) = tokio::join!(written, check(app, &batch, last_row, now));
        let Some(after) = written? else { return Ok(()) };
        (batch, checked) = (after, next?);
    }
    Ok(())
}

/// Judges the rows after one of them.
async fn check(app: &App, batch: &Batch, after: i64, now: Timestamp) -> Result<Vec<BatchRow>, Error> {
    let mut conn = app.db.read().await?;
    let rows = row_store::rows(&mut conn, &batch.id, Some(RowStatus::Unchecked), after, CHUNK).await?;
    match batch.kind {
        BatchKind::Claims => claims(&mut conn, app, batch, rows, now).await,
        BatchKind::Search => search(&mut conn, batch, rows).await,
    }
}

/// Keeps what rows came to, and how far the batch came with them. Nothing when another server was faster.
async fn write(
    app: &App,
    batch: Batch,
    checked: Vec<BatchRow>,
    (is_end, goes_on): (bool, bool),
    now: Timestamp,
) -> Result<Option<Batch>, Error> {
    let count = |status: RowStatus| i64::try_from(checked.iter().filter(|row| row.status == status).count()).unwrap_or(0);
    let counts = Counts {
        done: if is_end { batch.counts.rows } else { checked.last().map_or(batch.counts.done, |row| row.row_no) },
        ready: batch.counts.ready + count(RowStatus::Ready) + count(RowStatus::Found),
        listed: batch.counts.listed + count(RowStatus::Listed),
        refused: batch.counts.refused + count(RowStatus::Refused),
        ..batch.counts
    };
    let status = if is_end { Status::Checked } else { Status::Checking };
    let after = Batch { status, counts, finished_at: is_end.then_some(now), ..batch };
    let free_from = free_from(app, goes_on);
    let saved = app.db.write(move |conn| {
        Box::pin(async move {
            if !store::save(conn, &after, free_from).await? {
                return Ok(None);
            }
            row_store::save_rows(conn, &after.id, &checked).await?;
            Ok::<_, sqlx::Error>(Some(Batch { version: after.version + 1, ..after }))
        })
    });
    Ok(saved.await?)
}

async fn claims(conn: &mut Conn, app: &App, batch: &Batch, rows: Vec<BatchRow>, now: Timestamp) -> Result<Vec<BatchRow>, Error> {
    let orders = Orders::of(conn, batch, &rows).await?;
    let Some(places) = Places::find(&batch.header) else { return Ok(rows) };
    let (mut shelf, mut checked) = (Shelf::default(), Vec::with_capacity(rows.len()));
    for row in rows {
        let found = orders.found(&row);
        match (judging::judge(batch, &places, &row, found, now), found.kept) {
            (Ok(possible), Some(kept)) => {
                let known = Known { is_first: found.taken.is_empty(), ..Known::default() };
                let (who, limits) = ((batch.created_by.as_str(), now), &app.settings.limits);
                let amount = match quoting::reckon_known(conn, &mut shelf, kept, possible.selection, known, who, limits).await {
                    Ok(quote) => possible.expected.or(quote.answer.totals.refund),
                    Err(Refusal::Calculation(_)) => {
                        checked.push(refuse(row, Refused::new(RowCode::Calculation)));
                        continue;
                    }
                    Err(refusal) => return Err(refusal.into()),
                };
                checked.push(BatchRow { status: RowStatus::Ready, amount, ..row });
            }
            (Err(refused), _) => checked.push(refuse(row, refused)),
            (Ok(_), None) => checked.push(row),
        }
    }
    Ok(checked)
}

/// The row with its refusal: an open refund is no fault of the row.
#[must_use]
pub fn refuse(row: BatchRow, refused: Refused) -> BatchRow {
    let status = if refused.code == RowCode::OpenRefund { RowStatus::Listed } else { RowStatus::Refused };
    BatchRow { status, code: Some(refused.code), message: Some(refused.message), amount: None, ..row }
}

async fn search(conn: &mut Conn, batch: &Batch, rows: Vec<BatchRow>) -> Result<Vec<BatchRow>, Error> {
    let numbers: Vec<String> = rows.iter().map(|row| row.order_no.clone()).collect();
    let there = bookings::there(conn, &batch.scope(), &numbers).await?;
    let checked = rows.into_iter().map(|row| {
        if there.contains(&row.order_no) {
            return BatchRow { status: RowStatus::Found, ..row };
        }
        let mut refused = Refused::new(RowCode::NotFound);
        refused.message = refused.message.text("order", &row.order_no);
        refuse(row, refused)
    });
    Ok(checked.collect())
}
