//! Finance → Refunds as a file: exactly what is filtered, in the reader's language, safe to open in a spreadsheet.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::store::Line;
use crate::web::filters::Reader;
use crate::web::words::{Named, say};

/// The columns, in the order of the page.
const COLUMNS: [&str; 13] = [
    "refund-id",
    "agency-name",
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
const AMOUNT_COLUMN: usize = 6;

fn cells(line: &Line, reader: &Reader) -> [String; 13] {
    let word = |yes: bool| say(reader.language, if yes { "yes" } else { "no" });
    let moment = |at| crate::web::figures::moment(at, &reader.zone_name);
    let status = line.status.named().text("operator", &reader.operator_name).say(reader.language);
    [
        line.number.clone(),
        line.agency.clone(),
        line.order_no.clone(),
        line.airline_pnr.clone(),
        line.airlines.clone(),
        line.amount.map(|amount| amount.currency.to_string()).unwrap_or_default(),
        line.amount.map(|amount| amount.decimal().to_string()).unwrap_or_default(),
        word(line.full_refund),
        line.ticketed_on.clone(),
        line.departure_on.clone(),
        moment(line.registered_at),
        line.refunded_at.map(moment).unwrap_or_default(),
        line.remark.as_ref().map_or(status.clone(), |remark| format!("{status}: {remark}")),
    ]
}

/// A text cell that a spreadsheet cannot take for a formula.
#[must_use]
pub fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// As CSV in UTF-8 with a byte order mark, so that spreadsheets read Chinese and Vietnamese right.
///
/// # Errors
/// When a cell cannot be written, which memory does not do.
pub fn csv(lines: &[Line], reader: &Reader) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(COLUMNS.map(|key| say(reader.language, key)))?;
    for line in lines {
        let cells = cells(line, reader);
        let safe = cells.iter().enumerate().map(|(column, cell)| if column == AMOUNT_COLUMN { cell.clone() } else { harmless(cell) });
        writer.write_record(safe)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// As XLSX: texts are texts, amounts are numbers.
///
/// # Errors
/// When there are more rows than a sheet holds.
pub fn xlsx(lines: &[Line], reader: &Reader) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, key) in (0u16..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, say(reader.language, key), &bold)?;
    }
    for (row, line) in (1u32..).zip(lines) {
        for (column, cell) in (0u16..).zip(cells(line, reader)) {
            let number = (usize::from(column) == AMOUNT_COLUMN).then(|| spreadsheet_number(&cell)).flatten();
            match number {
                Some(number) => sheet.write_number(row, column, number)?,
                None => sheet.write_string(row, column, cell)?,
            };
        }
    }
    workbook.save_to_buffer()
}

/// A spreadsheet knows no decimals: this is the one place where an amount leaves as its kind of number, to be shown.
fn spreadsheet_number(cell: &str) -> Option<f64> {
    cell.parse().ok()
}
