//! Finance → Refunds as a file.

use super::filters::Search;
use super::store::{self, Line};
use crate::kernel::actor::Scope;
use crate::refunds::model::Kind;
use crate::web::filters::Reader;
use crate::web::sheet::{self, Cell, Rows};
use crate::web::words::{Named, say};
use crate::web::{AppData, paging};

/// The columns, in the order of the page; claims have two more.
const COLUMNS: [&str; 13] = [
    "refund-id",
    "agency",
    "order-no",
    "airline-pnr",
    "airline",
    "currency",
    "refund-amount",
    "full-refund",
    "ticketed-date",
    "departure-date",
    "registered-date",
    "refund-date",
    "remark",
];

const CLAIM_COLUMNS: [&str; 2] = ["claim-fulfilled-on", "amount-claimed"];

fn cells(line: &Line, kind: Kind, reader: &Reader) -> Vec<Cell> {
    let word = |yes: bool| say(reader.language, if yes { "yes" } else { "no" });
    let moment = |at| crate::web::figures::moment(at, &reader.zone_name);
    let status = line.status.named().text("operator", &reader.operator_name).say(reader.language);
    let text = Cell::Text;
    let mut cells = vec![
        text(line.number.clone()),
        text(line.agency.clone()),
        text(line.order_no.clone()),
        text(line.airline_pnr.clone()),
        text(line.airlines.clone()),
        text(line.amount.map(|amount| amount.currency.to_string()).unwrap_or_default()),
        Cell::Amount(line.amount),
        text(word(line.full_refund)),
        text(line.ticketed_on.clone()),
        text(line.departure_on.clone()),
        text(moment(line.registered_at)),
        text(line.refunded_at.map(moment).unwrap_or_default()),
        text(line.remark.as_ref().map_or(status.clone(), |remark| format!("{status}: {remark}"))),
    ];
    if kind == Kind::Claim {
        cells.push(text(line.fulfilled_on.clone().unwrap_or_default()));
        cells.push(Cell::Amount(line.claimed));
    }
    cells
}

/// The names of the columns.
#[must_use]
pub fn columns(kind: Kind, reader: &Reader) -> Vec<String> {
    let more: &[&str] = if kind == Kind::Claim { &CLAIM_COLUMNS } else { &[] };
    COLUMNS.iter().chain(more).map(|key| say(reader.language, key)).collect()
}

/// The lines of a search.
#[must_use]
pub fn rows(app: AppData, scope: Scope, kind: Kind, search: Search, reader: Reader) -> Rows {
    sheet::paged(None, move |after| {
        let (app, scope, reader) = (app.clone(), scope.clone(), reader.clone());
        let search = Search { after, ..search.clone() };
        async move {
            let mut conn = app.db.read().await?;
            let lines = store::refunds(&mut conn, &scope, kind, &search, sheet::STEP).await?;
            let next = paging::after_full(&lines, sheet::STEP, Line::cursor);
            Ok((lines.iter().map(|line| cells(line, kind, &reader)).collect(), next.map(Some)))
        }
    })
}
