//! The posting: claims are made of the rows that were confirmed, some at a time. Claims, rows and how far it came are
//! one transaction, and a row becomes a claim once: the database itself refuses a second.

use super::model::{Batch, BatchRow, Counts, RowStatus, Status};
use super::preparing::{Prepared, Seen, prepare};
use super::working::{CHUNK, CHUNKS, free_from};
use super::{row_store, store};
use crate::agencies::store as agencies;
use crate::config::Limits;
use crate::db::Conn;
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::time::Timestamp;
use crate::notices::model::{Case, CaseKind};
use crate::notices::store as notices;
use crate::refunds::quote_store;
use crate::refunds::refusal::Refusal;
use crate::refunds::registering::{self, Entrant};
use crate::web::App;
use crate::web::error::Error;
use crate::web::words::Message;

/// Posts the next rows of a batch: while some are written, those after them are judged and reckoned.
///
/// # Errors
/// The database's own; nothing of the rows that failed is posted then.
pub async fn step(app: &App, mut batch: Batch, now: Timestamp) -> Result<(), Error> {
    let mut conn = app.db.read().await?;
    let actor = confirmer(&mut conn, &batch).await?;
    drop(conn);
    let mut prepared = ahead(app, &batch, actor.as_ref(), batch.counts.done, now).await?;
    for chunk in 1..=CHUNKS {
        let (last_row, goes_on) = (prepared.last_row(), chunk < CHUNKS && !prepared.is_end());
        let written = write(app, batch.clone(), actor.clone(), prepared, goes_on, now);
        if !goes_on {
            return written.await.map(|_| ());
        }
        let (written, next) = tokio::join!(written, ahead(app, &batch, actor.as_ref(), last_row, now));
        let Some(after) = written? else { return Ok(()) };
        (batch, prepared) = (after, next?);
    }
    Ok(())
}

/// Prepares the rows after one of them.
async fn ahead(app: &App, batch: &Batch, actor: Option<&Actor>, after: i64, now: Timestamp) -> Result<Prepared, Error> {
    let mut conn = app.db.read().await?;
    let rows = row_store::rows(&mut conn, &batch.id, Some(RowStatus::Ready), after, CHUNK).await?;
    Ok(prepare(&mut conn, batch, actor, rows, &app.settings.limits, now).await?)
}

/// Keeps what was prepared, and how far the batch came with it. Nothing when another server was faster with the same rows.
async fn write(
    app: &App,
    batch: Batch,
    actor: Option<Actor>,
    prepared: Prepared,
    goes_on: bool,
    now: Timestamp,
) -> Result<Option<Batch>, Error> {
    let (limits, free_from) = (app.settings.limits.clone(), free_from(app, goes_on));
    let written =
        app.db.write(move |conn| Box::pin(async move { write_in(conn, batch, actor.as_ref(), prepared, free_from, &limits, now).await }));
    match written.await {
        Ok((after, prepared)) => {
            // Some ten thousand small things: they are let go beside the next rows.
            drop(tokio::task::spawn_blocking(move || drop(prepared)));
            Ok(Some(after))
        }
        Err(Refusal::Absent) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

async fn write_in(
    conn: &mut Conn,
    batch: Batch,
    actor: Option<&Actor>,
    mut prepared: Prepared,
    free_from: Timestamp,
    limits: &Limits,
    now: Timestamp,
) -> Result<(Batch, Prepared), Refusal> {
    let (is_end, first_row, last_row) = (prepared.is_end(), prepared.first_row(), prepared.last_row());
    // Whoever else is at one of these orders comes before or after; what is read from here on stays true.
    let numbers: Vec<String> = prepared.rows.iter().map(|row| row.order_no.clone()).collect();
    if Seen::held(conn, &batch.scope(), &numbers).await? != prepared.seen {
        prepared = prepare(conn, &batch, actor, prepared.rows, limits, now).await?;
    }
    let posted = match actor {
        Some(actor) => keep(conn, &mut prepared, actor, limits, now).await?,
        None => 0,
    };
    let count = |status: RowStatus| i64::try_from(prepared.results.iter().filter(|row| row.status == status).count()).unwrap_or(0);
    let (listed, refused) = (count(RowStatus::Listed), count(RowStatus::Refused));
    let counts = Counts {
        done: if is_end { batch.counts.rows } else { last_row },
        posted: batch.counts.posted + posted,
        ready: batch.counts.ready - posted - listed - refused,
        listed: batch.counts.listed + listed,
        refused: batch.counts.refused + refused,
        ..batch.counts
    };
    let status = if is_end { Status::Posted } else { Status::Posting };
    let after = Batch { status, counts, finished_at: is_end.then_some(now), ..batch };
    if !store::save(conn, &after, free_from).await? {
        // Another server was faster with the same rows: nothing of this transaction may stay.
        return Err(Refusal::Absent);
    }
    let others: Vec<&BatchRow> = prepared.results.iter().filter(|row| row.status != RowStatus::Posted).collect();
    row_store::save_rows(conn, &after.id, others).await?;
    if posted > 0 {
        // Nothing else of a row changes when it becomes a claim.
        row_store::mark_posted(conn, &after.id, first_row..=last_row).await?;
    }
    if is_end {
        tell(conn, &after, now).await?;
    }
    Ok((Batch { version: after.version + 1, ..after }, prepared))
}

/// Who confirmed the batch: the claims are theirs.
async fn confirmer(conn: &mut Conn, batch: &Batch) -> Result<Option<Actor>, sqlx::Error> {
    let Some(user_id) = &batch.confirmed_by else { return Ok(None) };
    let user = agencies::user(conn, user_id).await?;
    Ok(user.map(|user| Actor { agency_id: batch.agency_id.clone(), ..Actor::from(user) }))
}

/// Makes claims of what was prepared, in a transaction that holds the orders; answers how many.
async fn keep(conn: &mut Conn, prepared: &mut Prepared, actor: &Actor, limits: &Limits, now: Timestamp) -> Result<i64, Refusal> {
    let quotes = prepared.made.iter_mut().map(|made| std::mem::take(&mut made.kept_as));
    quote_store::insert_packed(conn, quotes.collect()).await?;
    let mut entrants = Vec::with_capacity(prepared.made.len());
    for made in &prepared.made {
        if let Some(kept) = prepared.orders.kept.get(&made.order_no) {
            entrants.push(Entrant { kept, quote: &made.quote, beginning: made.beginning.clone(), actor });
        }
    }
    let refunds = registering::begin(conn, entrants, limits, now).await?.write(conn).await?;
    Ok(i64::try_from(refunds.len()).unwrap_or(0))
}

/// Tells who confirmed it, and the operator's team once for all claims together.
async fn tell(conn: &mut Conn, batch: &Batch, now: Timestamp) -> Result<(), Refusal> {
    let details = serde_json::json!({ "posted": batch.counts.posted, "refused": batch.counts.refused + batch.counts.listed });
    journal::write(conn, Subject::Batch, &batch.id, "posted", &Author::program(), &details, now).await?;
    if batch.counts.posted == 0 {
        return Ok(());
    }
    let case = Case { kind: CaseKind::Batch, id: batch.id.clone(), no: batch.number.clone(), order_no: String::new() };
    let sentence = Message::new("notice-batch-posted").text("number", &batch.number).count("count", batch.counts.posted);
    let team = agencies::audience(conn, None, None).await?;
    Ok(notices::post(conn, &team, &case, &[sentence], now).await?)
}
