//! Lists as files: exactly what is filtered, in the reader's language, safe to open in a spreadsheet.

use actix_web::HttpResponse;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::Answer;
use super::error::Error;
use crate::kernel::money::Money;

/// Rows that one statement of a file reads.
pub const STEP: i64 = 2000;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// A figure; its currency stands in a column of its own.
    Amount(Option<Money>),
}

/// A table on its way out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// A text cell that a spreadsheet cannot take for a formula.
#[must_use]
pub fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

impl Sheet {
    /// As CSV in UTF-8 with a byte order mark, so that spreadsheets read Chinese and Vietnamese right.
    ///
    /// # Errors
    /// When a cell cannot be written, which memory does not do.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| match cell {
                Cell::Text(text) => harmless(text),
                Cell::Amount(amount) => amount.map(|amount| amount.decimal().to_string()).unwrap_or_default(),
            }))?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }

    /// As XLSX: texts are texts, amounts are numbers.
    ///
    /// # Errors
    /// When there are more rows than a sheet holds.
    pub fn xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0u16..).zip(&self.columns) {
            sheet.write_string_with_format(0, column, name, &bold)?;
        }
        for (row, cells) in (1u32..).zip(&self.rows) {
            for (column, cell) in (0u16..).zip(cells) {
                match cell {
                    Cell::Text(text) => sheet.write_string(row, column, text)?,
                    Cell::Amount(amount) => match amount.and_then(spreadsheet_number) {
                        Some(number) => sheet.write_number(row, column, number)?,
                        None => sheet.write_string(row, column, "")?,
                    },
                };
            }
        }
        workbook.save_to_buffer()
    }

    /// As a CSV download.
    ///
    /// # Errors
    /// As [`Sheet::csv`].
    pub fn csv_download(&self, name: &str) -> Answer {
        let body = self.csv().map_err(|error| Error::Internal(error.to_string()))?;
        Ok(download(&format!("{name}.csv"), "text/csv; charset=utf-8", body))
    }

    /// As an XLSX download.
    ///
    /// # Errors
    /// As [`Sheet::xlsx`].
    pub fn xlsx_download(&self, name: &str) -> Answer {
        let body = self.xlsx().map_err(|error| Error::Internal(error.to_string()))?;
        Ok(download(&format!("{name}.xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body))
    }
}

/// A spreadsheet knows no decimals: this is the one place where an amount leaves as its kind of number, to be shown.
fn spreadsheet_number(amount: Money) -> Option<f64> {
    amount.decimal().to_string().parse().ok()
}

fn download(name: &str, kind: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(kind).insert_header(("content-disposition", format!("attachment; filename=\"{name}\""))).body(body)
}
