//! A statement as XLSX and CSV.

use super::model::{Statement, StatementLine};
use super::store;
use crate::db::Conn;
use crate::web::figures::moment;
use crate::web::filters::Reader;
use crate::web::paging;
use crate::web::sheet::{self, Cell};
use crate::web::words::{Message, Named, say};

const COLUMNS: [&str; 12] = [
    "when",
    "what",
    "refund-id",
    "order-no",
    "airline-pnr",
    "passenger",
    "amount-estimated",
    "amount-actual",
    "line-service-fee",
    "statement-case",
    "statement-amount",
    "currency",
];

/// The names of the columns.
#[must_use]
pub fn columns(reader: &Reader) -> Vec<String> {
    COLUMNS.iter().map(|key| say(reader.language, key)).collect()
}

fn edge(key: &str, statement: &Statement, at_end: bool, reader: &Reader) -> Vec<Cell> {
    let (day, amount) = if at_end { (statement.last_day(), statement.closing) } else { (statement.from, statement.opening) };
    let mut cells = vec![Cell::Text(day.to_string()), Cell::Text(say(reader.language, key))];
    cells.extend(std::iter::repeat_n(Cell::Text(String::new()), 8));
    cells.push(Cell::Amount(Some(amount)));
    cells.push(Cell::Text(amount.currency.code().to_owned()));
    cells
}

fn cells(line: &StatementLine, reader: &Reader) -> Vec<Cell> {
    let text = |text: &Option<String>| Cell::Text(text.clone().unwrap_or_default());
    vec![
        Cell::Text(moment(line.at, &reader.zone_name)),
        Cell::Text(line.kind.named().text("operator", &reader.operator_name).say(reader.language)),
        text(&line.refund_no),
        text(&line.order_no),
        text(&line.pnr),
        text(&line.passenger),
        Cell::Amount(line.estimated),
        Cell::Amount(line.actual),
        Cell::Amount(line.fee),
        Cell::Text(line.case.as_ref().map(|(_, no)| no.clone()).unwrap_or_default()),
        Cell::Amount(Some(line.amount)),
        Cell::Text(line.amount.currency.code().to_owned()),
    ]
}

/// The rows after a line, and the line after which the next ones are: the opening balance first, every movement, the
/// closing balance last. Times are told in the statement's own zone, in which its period is.
///
/// # Errors
/// The database's own.
pub async fn rows(
    conn: &mut Conn,
    statement: &Statement,
    reader: &Reader,
    after: i64,
) -> Result<(Vec<Vec<Cell>>, Option<i64>), sqlx::Error> {
    let reader = Reader { zone_name: statement.zone_name.clone(), ..reader.clone() };
    let lines = store::lines(conn, statement, after, sheet::STEP).await?;
    let next = paging::after_full(&lines, sheet::STEP, |(no, _)| *no);
    let first = (after == 0).then(|| edge("statement-opening", statement, false, &reader));
    let last = next.is_none().then(|| edge("statement-closing", statement, true, &reader));
    let movements = lines.iter().map(|(_, line)| cells(line, &reader));
    Ok((first.into_iter().chain(movements).chain(last).collect(), next))
}

/// The title of a statement as a sentence.
#[must_use]
pub fn title(statement: &Statement) -> Message {
    Message::new("statement-title").text("number", &statement.number)
}
