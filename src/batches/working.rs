//! The background work on batches: one step reads a file, or checks or posts some of its rows. Each step's effect and
//! how far it came are one transaction: a server that is killed in between leaves the batch where it stood.

use super::columns::{Places, known_headers};
use super::judging::{self, Earlier};
use super::model::{Batch, BatchKind, BatchRow, Counts, RowStatus, Status};
use super::store::{self, Work};
use super::{checking, columns, posting, row_store};
use crate::attachments::store as attachments;
use crate::kernel::time::{Timestamp, plus_seconds};
use crate::spreadsheets::cell::{Row, Table};
use crate::spreadsheets::uploaded;
use crate::web::App;
use crate::web::error::Error;
use crate::web::words::Message;

/// Rows that are checked or posted in one transaction.
pub const CHUNK: i64 = 2048;

/// Transactions of one step: other work need not wait for a whole batch.
pub const CHUNKS: usize = 8;

/// Seconds after which the work of a server that vanished is taken up by another; a file's, after its reader must have ended, too.
const ABANDONED_SECONDS: i64 = 90;

/// From when on another server may take up a batch of which rows are just written: at once, or not while this one goes on.
#[must_use]
pub fn free_from(app: &App, goes_on: bool) -> Timestamp {
    let now = app.clock.now();
    if goes_on { plus_seconds(now, ABANDONED_SECONDS) } else { now }
}

/// Seconds after which a step that failed is done again.
const RETRY_SECONDS: i64 = 5;

/// Does one step of one batch, of this work. Answers whether there was any.
///
/// # Errors
/// The database's own, or a reader that could not be started; the step is then done again later.
pub async fn step(app: &App, work: Work) -> Result<bool, Error> {
    let now = app.clock.now();
    // A reader may take its time, and wait for its turn behind another.
    let reading = if work == Work::Files { 4 * i64::try_from(app.settings.limits.sheet_seconds).unwrap_or(0) } else { 0 };
    let until = plus_seconds(now, ABANDONED_SECONDS + reading);
    // Asking costs nobody the right to write; only who finds something takes it.
    let mut conn = app.db.read().await?;
    if !store::is_work(&mut conn, work, now).await? {
        return Ok(false);
    }
    drop(conn);
    let Some(id) = app.db.write(move |conn| Box::pin(async move { store::take(conn, work, now, until).await })).await? else {
        return Ok(false);
    };
    let mut conn = app.db.read().await?;
    let Some(batch) = store::of_id(&mut conn, &id).await? else { return Ok(true) };
    drop(conn);
    let status = batch.status;
    let done = match status {
        Status::Reading => read(app, batch, now).await,
        Status::Checking => Box::pin(checking::step(app, batch, now)).await,
        Status::Posting => Box::pin(posting::step(app, batch, now)).await,
        Status::Checked | Status::Posted | Status::Discarded | Status::Failed => Ok(()),
    };
    if done.is_err() {
        // It was in somebody's way, say: that is no reason to wait as long as for a server that vanished.
        let again = plus_seconds(now, RETRY_SECONDS);
        app.db.write(move |conn| Box::pin(async move { store::let_go(conn, &id, status, again).await })).await?;
    }
    done.map(|()| true)
}

async fn read(app: &App, batch: Batch, now: Timestamp) -> Result<(), Error> {
    let stored_as = batch.stored_as.clone().unwrap_or_default();
    let path = attachments::path(&app.settings.files, &stored_as);
    let table = match tokio::fs::read(&path).await {
        Err(_) => Err(Message::new("sheet-gone")),
        Ok(bytes) => uploaded::read(&app.settings, bytes, known_headers(), batch.encoding.clone()).await?,
    };
    let kept = app.db.write(move |conn| {
        Box::pin(async move {
            let (after, rows) = match table.and_then(|table| taken_in(&batch, &table)) {
                Err(complaint) => {
                    (Batch { status: Status::Failed, complaint: Some(complaint), finished_at: Some(now), ..batch }, Vec::new())
                }
                Ok((header, rows)) => {
                    let refused = rows.iter().filter(|row| row.status == RowStatus::Refused).count();
                    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                    let counts = Counts { rows: count(rows.len()), refused: count(refused), ..Counts::default() };
                    (Batch { status: Status::Checking, header, counts, ..batch }, rows)
                }
            };
            let after = Batch { stored_as: None, ..after };
            // Another server may have read it too; the first to write wins.
            if store::save(conn, &after, now).await? {
                row_store::insert_rows(conn, &after.id, &rows).await?;
            }
            Ok::<_, sqlx::Error>(())
        })
    });
    kept.await?;
    if let Err(cause) = tokio::fs::remove_file(&path).await {
        tracing::debug!(%cause, "an uploaded file was gone already");
    }
    Ok(())
}

/// The header and the rows as they are kept, with what can be said of a row without its order.
fn taken_in(batch: &Batch, table: &Table) -> Result<(Vec<String>, Vec<BatchRow>), Message> {
    let places =
        Places::find(&table.header).ok_or_else(|| Message::new("batch-no-order-column").text("header", table.header.join(", ")))?;
    let mut earlier = Earlier::new();
    let mut row_no = 0;
    let mut row = |row: &Row| {
        row_no += 1;
        let (order_no, refused) = match judging::order_number(places.cell(&row.cells, columns::Column::OrderNo)) {
            Err(refused) => (String::new(), Some(refused)),
            // What is only looked for may be asked twice.
            Ok(order_no) if batch.kind == BatchKind::Search => (order_no, None),
            Ok(order_no) => {
                let refused = judging::check_cards(&row.cells)
                    .and_then(|()| judging::passenger_names(places.cell(&row.cells, columns::Column::Passengers)))
                    .and_then(|passengers| judging::check_duplicate(&mut earlier, &order_no, row.line, passengers));
                (order_no, refused.err())
            }
        };
        BatchRow {
            row_no,
            line: row.line,
            cells: row.cells.clone(),
            order_no,
            status: if refused.is_some() { RowStatus::Refused } else { RowStatus::Unchecked },
            code: refused.as_ref().map(|refused| refused.code),
            message: refused.map(|refused| refused.message),
            amount: None,
        }
    };
    let rows: Vec<BatchRow> = table.rows.iter().filter(|row| places.says_anything(row)).map(&mut row).collect();
    if rows.is_empty() { Err(Message::new("batch-no-rows")) } else { Ok((table.header.clone(), rows)) }
}
