//! A batch's own page: progress, preview, result; and its rows as a file.

use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::model::{Batch, BatchKind, BatchRow, RowCode, RowStatus, Status};
use super::row_store::{self, RowRefund};
use super::store;
use super::{actions, files};
use crate::attachments::store::{self as attachments, Attachment};
use crate::kernel::actor::Permission;
use crate::kernel::money::Money;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::frame::{Frame, Place};
use crate::web::paging;
use crate::web::sheet::Format;
use crate::web::visit::{RequestRefunds, SeeRefunds, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ShowQuery {
    status: String,
    /// The last row seen.
    after: String,
}

/// A row with the refunds that belong to it.
struct Line {
    row: BatchRow,
    refunds: Vec<RowRefund>,
    /// The order number, or what stood in its place.
    text: String,
}

impl Line {
    /// Whether nobody whom the reader may see has such an order.
    fn is_not_found(&self) -> bool {
        self.row.code == Some(RowCode::NotFound)
    }
}

/// A filter that is a figure.
struct Tile {
    status: RowStatus,
    count: i64,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "batches/show.html")]
struct ShowPage {
    frame: Frame,
    batch: Batch,
    working: bool,
    percent: i64,
    is_search: bool,
    same_file: Option<Batch>,
    totals: Vec<(i64, Money)>,
    tiles: Vec<Tile>,
    status: Option<RowStatus>,
    lines: Vec<Line>,
    next: Option<String>,
    proof: Vec<Attachment>,
    may_confirm: bool,
    query: String,
}

/// `GET /batches/{number}`
pub async fn show(visit: Visit<SeeRefunds>, number: Path<String>, query: Query<ShowQuery>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let batch = store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    let limit = visit.app.settings.limits.page_rows;
    let status: Option<RowStatus> = query.status.parse().ok();
    let after = query.after.parse().unwrap_or(0);
    let mut rows = row_store::rows(&mut conn, &batch.id, status, after, limit + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|count| count > limit);
    rows.truncate(usize::try_from(limit).unwrap_or(50));
    let next = rows.last().filter(|_| more).map(|row| paging::with_cursor(&*query, &row.row_no.to_string()));
    let lines = with_refunds(&visit, &mut conn, &batch, rows).await?;
    let is_search = batch.kind == BatchKind::Search;
    let page = ShowPage {
        frame: visit
            .frame(Message::new("batch-title").text("number", &batch.number), if is_search { Place::BatchSearch } else { Place::Refunds }),
        working: batch.status.is_working(),
        percent: if batch.counts.rows == 0 { 0 } else { batch.counts.done * 100 / batch.counts.rows },
        same_file: if is_search { None } else { store::same_file(&mut conn, &batch).await? },
        totals: row_store::totals(&mut conn, &batch.id).await?,
        tiles: tiles(&batch),
        proof: attachments::of_case(&mut conn, "batch", &batch.id, false).await?,
        may_confirm: visit.may(Permission::RequestRefunds)
            && batch.status == Status::Checked
            && !is_search
            && visit.actor.agency_id == batch.agency_id,
        query: paging::query_of(&*query),
        is_search,
        status,
        lines,
        next,
        batch,
    };
    visit.page(&page)
}

fn tiles(batch: &Batch) -> Vec<Tile> {
    let counts = &batch.counts;
    let all = match batch.kind {
        BatchKind::Claims => vec![
            (RowStatus::Ready, counts.ready, ""),
            (RowStatus::Posted, counts.posted, ""),
            (RowStatus::Listed, counts.listed, ""),
            (RowStatus::Refused, counts.refused, "bad"),
        ],
        BatchKind::Search => vec![(RowStatus::Found, counts.ready, ""), (RowStatus::Refused, counts.refused, "bad")],
    };
    let shown = |(status, count, _): &(RowStatus, i64, &str)| match status {
        RowStatus::Posted => batch.confirmed_at.is_some(),
        RowStatus::Ready => batch.confirmed_at.is_none() || *count > 0,
        _ => true,
    };
    let tile = |(status, count, tone): (RowStatus, i64, &'static str)| Tile { status, count, tone: if count > 0 { tone } else { "" } };
    all.into_iter().filter(shown).map(tile).collect()
}

async fn with_refunds<P>(
    visit: &Visit<P>,
    conn: &mut crate::db::Conn,
    batch: &Batch,
    rows: Vec<BatchRow>,
) -> Result<Vec<Line>, sqlx::Error> {
    let text = |row: &BatchRow| files::order_text(batch, row);
    if batch.kind == BatchKind::Search {
        let orders: Vec<String> = rows.iter().map(|row| row.order_no.clone()).filter(|order| !order.is_empty()).collect();
        let refunds = files::by_order(row_store::refunds_of_orders(conn, &visit.scope(), &orders).await?);
        return Ok(rows
            .into_iter()
            .map(|row| Line { text: text(&row), refunds: refunds.get(&row.order_no).cloned().unwrap_or_default(), row })
            .collect());
    }
    let numbers: Vec<i64> = rows.iter().map(|row| row.row_no).collect();
    let mut refunds = row_store::refunds_of_rows(conn, &batch.id, &numbers).await?;
    let mut of =
        |no: i64| refunds.iter().position(|(row, _)| *row == no).map(|place| vec![refunds.swap_remove(place).1]).unwrap_or_default();
    Ok(rows.into_iter().map(|row| Line { text: text(&row), refunds: of(row.row_no), row }).collect())
}

/// A form that is only a button.
#[derive(Debug, Deserialize)]
pub struct Pressed {}

/// `POST /batches/{number}/confirmation`
pub async fn confirm(visit: Visit<RequestRefunds>, number: Path<String>, _: Form<Pressed>) -> Answer {
    actions::confirm(&visit.app.db, visit.actor.clone(), number.to_string(), visit.app.clock.now()).await?;
    visit.app.wake_worker();
    Ok(see_other(&format!("/batches/{number}")))
}

/// `POST /batches/{number}/discarding`
pub async fn discard(visit: Visit<RequestRefunds>, number: Path<String>, _: Form<Pressed>) -> Answer {
    actions::discard(&visit.app.db, visit.actor.clone(), number.to_string(), visit.app.clock.now()).await?;
    Ok(see_other(&format!("/batches/{number}?done=batch-discarded")))
}

async fn export(visit: &Visit<SeeRefunds>, number: &str, query: &ShowQuery, format: Format) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let batch = store::find(&mut conn, &visit.scope(), number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let (reader, status) = (visit.reader(), query.status.parse().ok());
    let sheet = visit.sheet(batch.number.clone(), files::columns(&batch, &reader));
    sheet.send(format, files::rows(visit.app.clone(), batch, status, reader)).await
}

/// `GET /batches/{number}/rows.csv`
pub async fn rows_csv(visit: Visit<SeeRefunds>, number: Path<String>, query: Query<ShowQuery>) -> Answer {
    export(&visit, &number, &query, Format::Csv).await
}

/// `GET /batches/{number}/rows.xlsx`
pub async fn rows_xlsx(visit: Visit<SeeRefunds>, number: Path<String>, query: Query<ShowQuery>) -> Answer {
    export(&visit, &number, &query, Format::Xlsx).await
}
