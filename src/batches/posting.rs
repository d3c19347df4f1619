//! The posting: claims are made of the rows that were confirmed, some at a time. Claims, rows and how far it came are
//! one transaction, and a row becomes a claim once: the database itself refuses a second.

use super::checking::{Orders, refuse};
use super::columns::Places;
use super::judging;
use super::model::{Batch, BatchRow, Counts, RowCode, RowStatus, Status};
use super::working::CHUNK;
use super::{row_store, store};
use crate::agencies::store as agencies;
use crate::bookings::store as bookings;
use crate::config::Limits;
use crate::db::Conn;
use crate::incidents;
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::time::Timestamp;
use crate::notices::model::{Case, CaseKind};
use crate::notices::store as notices;
use crate::refunds::model::{BatchPlace, Reason};
use crate::refunds::quote_store::{self, KeptQuote};
use crate::refunds::quoting::{self, Known, Shelf};
use crate::refunds::refusal::Refusal;
use crate::refunds::registering::{self, Beginning, Entrant};
use crate::web::App;
use crate::web::error::Error;
use crate::web::words::Message;

/// Posts the next rows of a batch.
///
/// # Errors
/// The database's own; nothing of these rows is posted then.
pub async fn step(app: &App, batch: Batch, now: Timestamp) -> Result<(), Error> {
    let limits = app.settings.limits.clone();
    let done = app.db.write(move |conn| Box::pin(async move { step_in(conn, batch, &limits, now).await }));
    done.await.map_err(Error::from)
}

async fn step_in(conn: &mut Conn, batch: Batch, limits: &Limits, now: Timestamp) -> Result<(), Refusal> {
    let rows = row_store::rows(conn, &batch.id, Some(RowStatus::Ready), batch.counts.done, CHUNK).await?;
    let is_last = i64::try_from(rows.len()).unwrap_or(CHUNK) < CHUNK;
    let last_row = rows.last().map_or(batch.counts.rows, |row| row.row_no);
    let (posted, results) = match confirmer(conn, &batch).await? {
        Some(actor) => post(conn, &batch, &actor, rows, limits, now).await?,
        None => (0, Vec::new()),
    };
    let count = |status: RowStatus| i64::try_from(results.iter().filter(|row| row.status == status).count()).unwrap_or(0);
    let (listed, refused) = (count(RowStatus::Listed), count(RowStatus::Refused));
    let counts = Counts {
        done: if is_last { batch.counts.rows } else { last_row },
        posted: batch.counts.posted + posted,
        ready: batch.counts.ready - posted - listed - refused,
        listed: batch.counts.listed + listed,
        refused: batch.counts.refused + refused,
        ..batch.counts
    };
    let status = if is_last { Status::Posted } else { Status::Posting };
    let after = Batch { status, counts, finished_at: is_last.then_some(now), ..batch };
    if !store::save(conn, &after, now).await? {
        // Another server was faster with the same rows: nothing of this transaction may stay.
        return Err(sqlx::Error::RowNotFound.into());
    }
    row_store::save_rows(conn, &after.id, &results).await?;
    if is_last { tell(conn, &after, now).await } else { Ok(()) }
}

/// Who confirmed the batch: the claims are theirs.
async fn confirmer(conn: &mut Conn, batch: &Batch) -> Result<Option<Actor>, sqlx::Error> {
    let Some(user_id) = &batch.confirmed_by else { return Ok(None) };
    let user = agencies::user(conn, user_id).await?;
    Ok(user.map(|user| Actor { agency_id: batch.agency_id.clone(), ..Actor::from(user) }))
}

/// Makes claims of rows; answers how many, and what the rows came to.
async fn post(
    conn: &mut Conn,
    batch: &Batch,
    actor: &Actor,
    rows: Vec<BatchRow>,
    limits: &Limits,
    now: Timestamp,
) -> Result<(i64, Vec<BatchRow>), Refusal> {
    let Some(places) = Places::find(&batch.header) else { return Ok((0, Vec::new())) };
    // Whoever else is at one of these orders comes before or after; what is read from here on stays true.
    let numbers: Vec<&str> = rows.iter().map(|row| row.order_no.as_str()).collect();
    bookings::hold_by_number(conn, &batch.scope(), &numbers).await?;
    let orders = Orders::of(conn, batch, &rows).await?;
    let ids: Vec<&str> = orders.kept.values().map(|kept| kept.id.as_str()).collect();
    if ids.is_empty() {
        return Ok((0, rows.into_iter().map(missing).collect()));
    }
    let ordinals = quote_store::newest_ordinals(conn, &ids).await?;
    let (mut shelf, mut results, mut made) = (Shelf::default(), Vec::new(), Vec::new());
    let mut more_of: std::collections::HashMap<String, i64> = std::collections::HashMap::new();
    for row in rows {
        let found = orders.found(&row);
        let possible = match (judging::judge(batch, &places, &row, found, now), found.kept) {
            (Ok(possible), Some(kept)) => (possible, kept),
            (Err(refused), _) => {
                results.push(refuse(row, refused));
                continue;
            }
            (Ok(_), None) => continue,
        };
        let (possible, kept) = possible;
        let nth = more_of.entry(kept.id.clone()).or_default();
        let known = Known {
            incident: match possible.selection.reason {
                Reason::Involuntary => incidents::store::proving(conn, &kept.id).await?,
                Reason::Voluntary | Reason::Void => None,
            },
            is_first: found.taken.is_empty() && *nth == 0,
            newest_ordinal: ordinals.get(&kept.id).copied().unwrap_or(0) + *nth,
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
        results.push(BatchRow { status: RowStatus::Posted, ..row });
        made.push((kept, quote, beginning));
    }
    quote_store::insert_many(conn, made.iter().map(|(_, quote, _)| quote as &KeptQuote)).await?;
    let entrants = made.iter().map(|(kept, quote, beginning)| Entrant { kept, quote, beginning: beginning.clone() });
    let refunds = registering::register_many(conn, entrants.collect(), actor, limits, now).await?;
    Ok((i64::try_from(refunds.len()).unwrap_or(0), results))
}

fn missing(row: BatchRow) -> BatchRow {
    let mut refused = judging::Refused::new(RowCode::NotFound);
    refused.message = refused.message.text("order", &row.order_no);
    refuse(row, refused)
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
