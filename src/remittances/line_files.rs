//! Lines of remittances as rows of a file.

use std::collections::{BTreeSet, HashMap};

use super::allocation_store;
use super::line_store::{self, View};
use super::model::Line;
use crate::db::Conn;
use crate::db::select::Select;
use crate::web::AppData;
use crate::web::filters::Reader;
use crate::web::paging::{self, Cursor};
use crate::web::sheet::{self, Cell, Rows};
use crate::web::words::{Named, say};

const COLUMNS: [&str; 18] = [
    "remittance",
    "remittance-line",
    "field-paid_on",
    "currency",
    "amount",
    "remittance-matched",
    "remittance-open",
    "remittance-rejected",
    "status",
    "line-finding",
    "refund-id",
    "line-rejected-as",
    "field-reference",
    "field-pnr",
    "field-ticket",
    "field-passenger",
    "line-owner",
    "line-came",
];

/// The names of the columns of lines.
#[must_use]
pub fn columns(reader: &Reader) -> Vec<String> {
    COLUMNS.iter().map(|key| say(reader.language, key)).collect()
}

/// Lines as rows of a file, with the refunds that they are matched with.
async fn rows_of(conn: &mut Conn, lines: &[Line], reader: &Reader) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
    let ids: Vec<String> = lines.iter().map(|line| line.remittance_id.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let (numbers, refunds) = (numbers(conn, &ids).await?, allocation_store::refunds_of_lines(conn, lines).await?);
    let of = |line: &Line| numbers.get(&line.remittance_id).map_or("", String::as_str);
    Ok(lines.iter().map(|line| cells(line, of(line), refunds.get(&line.id).map_or(&[], Vec::as_slice), reader)).collect())
}

fn cells(line: &Line, number: &str, refunds: &[String], reader: &Reader) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let came: Vec<&str> = line.cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.1.as_str()).collect();
    vec![
        text(number),
        Cell::Count(line.line),
        text(&line.paid_on.to_string()),
        text(line.currency().code()),
        Cell::Amount(Some(line.amount)),
        Cell::Amount(Some(line.matched)),
        Cell::Amount(Some(line.open())),
        Cell::Amount(Some(line.rejected)),
        text(&line.status.named().say(reader.language)),
        text(&line.finding.named().say(reader.language)),
        text(&refunds.join(" ")),
        text(&line.rejection.map(|rejection| rejection.named().say(reader.language)).unwrap_or_default()),
        text(if line.reference.is_empty() { line.named_by() } else { &line.reference }),
        text(&line.pnr),
        text(&line.ticket),
        text(&line.passenger),
        text(&line.owner_name),
        text(&came.join(" · ")),
    ]
}

/// The lines of one remittance.
#[must_use]
pub fn lines_of(app: AppData, remittance_id: String, view: View, reader: Reader) -> Rows {
    sheet::paged(0, move |after| {
        let (app, id, reader) = (app.clone(), remittance_id.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let lines = line_store::lines(&mut conn, &id, view, after, sheet::STEP).await?;
            let next = paging::after_full(&lines, sheet::STEP, |line| line.row_no);
            Ok((rows_of(&mut conn, &lines, &reader).await?, next))
        }
    })
}

/// The open lines of all remittances, or of one owner, the oldest first.
#[must_use]
pub fn open_lines(app: AppData, owner: Option<String>, reader: Reader) -> Rows {
    sheet::paged(None, move |after: Option<Cursor>| {
        let (app, owner, reader) = (app.clone(), owner.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let lines = line_store::open(&mut conn, owner.as_deref(), after, sheet::STEP).await?;
            let next = paging::after_full(&lines, sheet::STEP, cursor);
            Ok((rows_of(&mut conn, &lines, &reader).await?, next.map(Some)))
        }
    })
}

/// Where the next page of open lines begins.
#[must_use]
pub fn cursor(line: &Line) -> Cursor {
    Cursor { sorted: line.paid_on.to_string(), id: line.id.clone() }
}

/// The numbers of remittances, by their ids.
///
/// # Errors
/// The database's own.
pub async fn numbers(conn: &mut Conn, ids: &[String]) -> Result<HashMap<String, String>, sqlx::Error> {
    let rows: Vec<(String, String)> =
        Select::new("SELECT m.id, m.number FROM remittances m").and_in("m.id", ids.iter().map(|id| id.as_str().into())).fetch(conn).await?;
    Ok(rows.into_iter().collect())
}
