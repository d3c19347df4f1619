//! The rows of a batch as a file: what came, with what it came to. A corrected file can be uploaded as it is.

use std::collections::HashMap;

use super::columns::{Column, Places, RESULT_COLUMNS};
use super::model::{Batch, BatchKind, BatchRow, RowStatus};
use super::row_store::{self, RowRefund};
use crate::spreadsheets::cell::CellKind;
use crate::spreadsheets::identifying::fold_header;
use crate::web::AppData;
use crate::web::filters::Reader;
use crate::web::sheet::{self, Cell, Rows};
use crate::web::words::{Named, say};

/// The places of the columns that came, without those that an earlier result file had added.
fn own_columns(batch: &Batch) -> Vec<usize> {
    let added: Vec<String> = RESULT_COLUMNS.iter().map(|name| fold_header(name)).collect();
    let is_own = |name: &String| batch.kind == BatchKind::Search || !added.contains(&fold_header(name));
    batch.header.iter().enumerate().filter(|(_, name)| is_own(name)).map(|(place, _)| place).collect()
}

/// The names of the file's columns.
#[must_use]
pub fn columns(batch: &Batch, reader: &Reader) -> Vec<String> {
    match batch.kind {
        BatchKind::Claims => {
            let own = own_columns(batch).into_iter().map(|place| batch.header[place].clone());
            own.chain(RESULT_COLUMNS.iter().map(|name| (*name).to_owned())).collect()
        }
        BatchKind::Search => {
            ["order-no", "batch-result", "refund-id", "status", "currency", "refund-amount", "registered-date", "refund-date"]
                .iter()
                .map(|key| say(reader.language, key))
                .collect()
        }
    }
}

/// The rows of a batch, all or of one status.
#[must_use]
pub fn rows(app: AppData, batch: Batch, status: Option<RowStatus>, reader: Reader) -> Rows {
    sheet::paged(0, move |after| {
        let (app, batch, reader) = (app.clone(), batch.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let some = row_store::rows(&mut conn, &batch.id, status, after, sheet::STEP).await?;
            let next = crate::web::paging::after_full(&some, sheet::STEP, |row| row.row_no);
            let cells = match batch.kind {
                BatchKind::Claims => {
                    let numbers: Vec<i64> = some.iter().map(|row| row.row_no).collect();
                    let refunds = row_store::refunds_of_rows(&mut conn, &batch.id, &numbers).await?;
                    let refunds: HashMap<i64, String> = refunds.into_iter().map(|(row, refund)| (row, refund.number)).collect();
                    some.iter().map(|row| claim_cells(&batch, row, refunds.get(&row.row_no), &reader)).collect()
                }
                BatchKind::Search => {
                    let orders: Vec<String> = some.iter().map(|row| row.order_no.clone()).collect();
                    let refunds = by_order(row_store::refunds_of_orders(&mut conn, &batch.scope(), &orders).await?);
                    some.iter().flat_map(|row| search_cells(&batch, row, refunds.get(&row.order_no), &reader)).collect()
                }
            };
            Ok((cells, next))
        }
    })
}

/// Refunds by their order.
#[must_use]
pub fn by_order(refunds: Vec<(String, RowRefund)>) -> HashMap<String, Vec<RowRefund>> {
    let mut all: HashMap<String, Vec<RowRefund>> = HashMap::new();
    for (order, refund) in refunds {
        all.entry(order).or_default().push(refund);
    }
    all
}

fn claim_cells(batch: &Batch, row: &BatchRow, refund: Option<&String>, reader: &Reader) -> Vec<Cell> {
    let came = |place: usize| {
        let text = row.cells.get(place).map(|cell| if cell.0 == CellKind::Empty { "" } else { &cell.1 }).unwrap_or_default();
        Cell::Text(text.to_owned())
    };
    let message = row.message.as_ref().map(|message| message.say(reader.language)).unwrap_or_default();
    let result = [
        row.status.word().to_owned(),
        row.code.map(|code| code.word().to_owned()).unwrap_or_default(),
        message,
        refund.cloned().unwrap_or_default(),
    ];
    own_columns(batch).into_iter().map(came).chain(result.into_iter().map(Cell::Text)).collect()
}

/// The order number of a row, or what stands in its place.
#[must_use]
pub fn order_text(batch: &Batch, row: &BatchRow) -> String {
    if !row.order_no.is_empty() {
        return row.order_no.clone();
    }
    Places::find(&batch.header).map(|places| places.cell(&row.cells, Column::OrderNo).1.clone()).unwrap_or_default()
}

fn search_cells(batch: &Batch, row: &BatchRow, refunds: Option<&Vec<RowRefund>>, reader: &Reader) -> Vec<Vec<Cell>> {
    let text = Cell::Text;
    let order = order_text(batch, row);
    let result = row.message.as_ref().map_or_else(|| row.status.named().say(reader.language), |message| message.say(reader.language));
    let moment = |at| crate::web::figures::moment(at, &reader.zone_name);
    match refunds.map(Vec::as_slice) {
        None | Some([]) => vec![vec![text(order), text(result)]],
        Some(refunds) => refunds
            .iter()
            .map(|refund| {
                vec![
                    text(order.clone()),
                    text(result.clone()),
                    text(refund.number.clone()),
                    text(refund.status.named().text("operator", &reader.operator_name).say(reader.language)),
                    text(refund.amount.map(|amount| amount.currency.to_string()).unwrap_or_default()),
                    Cell::Amount(refund.amount),
                    text(moment(refund.registered_at)),
                    text(refund.closed_at.map(moment).unwrap_or_default()),
                ]
            })
            .collect(),
    }
}
