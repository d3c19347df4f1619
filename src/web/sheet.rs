//! Lists as files: exactly what is filtered, in the reader's language, safe to open in a spreadsheet. Rows are read and
//! sent in steps: a file of a million rows needs no more memory than one of a thousand.

use std::io::{Read, Seek};

use actix_web::HttpResponse;
use actix_web::web::{Bytes, block};
use futures_util::stream::{self, LocalBoxStream, Stream, StreamExt};
use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};
use tokio::sync::mpsc;

use super::Answer;
use super::error::Error;
use super::words::Message;
use crate::db;
use crate::kernel::language::Language;
use crate::kernel::money::Money;

/// Rows that one statement of a file reads.
pub const STEP: i64 = 2000;

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// A figure; its currency stands in a column of its own.
    Amount(Option<Money>),
    Count(i64),
}

/// Rows of a file, some at a time.
pub type Rows = LocalBoxStream<'static, Result<Vec<Vec<Cell>>, Error>>;

/// A file on its way out.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its name, without the ending.
    pub name: String,
    pub columns: Vec<String>,
    /// Rows after which the file ends, and says so.
    pub most: i64,
    pub language: Language,
}

/// Rows that are read page by page: `next` answers the rows after a place and where those after them begin.
pub fn paged<C, F, W>(first: C, next: F) -> Rows
where
    C: 'static,
    F: FnMut(C) -> W + 'static,
    W: Future<Output = Result<(Vec<Vec<Cell>>, Option<C>), Error>> + 'static,
{
    let step = |(place, mut next): (Option<C>, F)| async move {
        let place = place?;
        match next(place).await {
            Ok((rows, after)) => Some((Ok(rows), (after, next))),
            Err(error) => Some((Err(error), (None, next))),
        }
    };
    stream::unfold((Some(first), next), step).boxed_local()
}

/// Rows that are there already.
#[must_use]
pub fn whole(rows: Vec<Vec<Cell>>) -> Rows {
    stream::once(async move { Ok(rows) }).boxed_local()
}

/// A text cell that a spreadsheet cannot take for a formula.
#[must_use]
pub fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

impl Sheet {
    /// As a download.
    ///
    /// # Errors
    /// When the rows cannot be read. What fails after the first bytes went out breaks the download off.
    pub async fn send(self, format: Format, rows: Rows) -> Answer {
        let rows = self.limited(rows);
        match format {
            Format::Csv => Ok(self.csv(rows)),
            Format::Xlsx => self.xlsx(rows).await,
        }
    }

    /// The rows up to the limit, and a sentence where there are more.
    fn limited(&self, rows: Rows) -> Rows {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        let sentence = Message::new("export-ends").count("max", self.most).say(self.language);
        let cut = move |(mut rows, sent, sentence): (Rows, usize, String)| async move {
            if sent > most {
                return None;
            }
            let mut some = match rows.next().await? {
                Ok(some) => some,
                Err(error) => return Some((Err(error), (rows, usize::MAX, sentence))),
            };
            let mut count = sent + some.len();
            if count > most {
                some.truncate(most - sent);
                some.push(vec![Cell::Text(sentence.clone())]);
                count = usize::MAX;
            }
            Some((Ok(some), (rows, count, sentence)))
        };
        stream::unfold((rows, 0, sentence), cut).boxed_local()
    }

    /// CSV in UTF-8 with a byte order mark, so that spreadsheets read Chinese and Vietnamese right.
    fn csv(self, rows: Rows) -> HttpResponse {
        let header = record(&self.columns.into_iter().map(Cell::Text).collect::<Vec<_>>());
        let first = header.map(|line| [b"\xEF\xBB\xBF".as_slice(), &line].concat());
        let lines = rows.map(|rows| rows.and_then(|rows| records(&rows)));
        let body = stream::once(async move { first }).chain(lines).map(|piece| piece.map(Bytes::from));
        download(&format!("{}.csv", self.name), "text/csv; charset=utf-8").streaming(db::Waited::for_now(body))
    }

    /// XLSX: texts are texts, amounts are numbers. It is written to the disk row by row and sent from there.
    async fn xlsx(self, mut rows: Rows) -> Answer {
        let (sender, receiver) = mpsc::channel(2);
        let columns = self.columns;
        let writer = block(move || write_workbook(&columns, receiver));
        let feed = async move {
            while let Some(some) = rows.next().await {
                if sender.send(some?).await.is_err() {
                    break;
                }
            }
            Ok::<_, Error>(())
        };
        let (fed, written) = tokio::join!(feed, writer);
        fed?;
        let file = written.map_err(|error| Error::Internal(error.to_string()))?.map_err(|error| Error::Internal(error.to_string()))?;
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        Ok(download(&format!("{}.xlsx", self.name), kind).streaming(pieces(file)))
    }
}

/// A file as bytes, to go with a mail.
///
/// # Errors
/// When it cannot be written.
pub async fn bytes(columns: Vec<String>, rows: Vec<Vec<Cell>>, format: Format) -> Result<Vec<u8>, Error> {
    let internal = |error: &dyn std::fmt::Display| Error::Internal(error.to_string());
    if format == Format::Csv {
        let header: Vec<Cell> = columns.into_iter().map(Cell::Text).collect();
        let mut text = [b"\xEF\xBB\xBF".as_slice(), &record(&header)?].concat();
        text.extend(records(&rows)?);
        return Ok(text);
    }
    let (sender, receiver) = mpsc::channel(1);
    let writer = tokio::task::spawn_blocking(move || write_workbook(&columns, receiver));
    sender.send(rows).await.map_err(|error| internal(&error))?;
    drop(sender);
    let mut file = writer.await.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
    let mut all = Vec::new();
    file.read_to_end(&mut all).map_err(|error| internal(&error))?;
    Ok(all)
}

/// One line of CSV.
fn record(cells: &[Cell]) -> Result<Vec<u8>, Error> {
    records(&[cells.to_vec()])
}

/// Lines of CSV.
fn records(rows: &[Vec<Cell>]) -> Result<Vec<u8>, Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => harmless(text),
        Cell::Amount(amount) => amount.map(|amount| amount.decimal().to_string()).unwrap_or_default(),
        Cell::Count(count) => count.to_string(),
    };
    for cells in rows {
        writer.write_record(cells.iter().map(text)).map_err(|error| Error::Internal(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| Error::Internal(error.to_string()))
}

fn write_workbook(columns: &[String], mut rows: mpsc::Receiver<Vec<Vec<Cell>>>) -> Result<std::fs::File, XlsxError> {
    let mut workbook = Workbook::new();
    let bold = CellFormat::new().set_bold();
    // Whoever corrects a long number in a cell of text is not corrected by the spreadsheet.
    let plain = CellFormat::new().set_num_format("@");
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, name) in (0u16..).zip(columns) {
        sheet.write_string_with_format(0, column, name, &bold)?;
    }
    let mut row = 0u32;
    while let Some(some) = rows.blocking_recv() {
        for cells in &some {
            row += 1;
            for (column, cell) in (0u16..).zip(cells) {
                write_cell(sheet, row, column, cell, &plain)?;
            }
        }
    }
    let mut file = tempfile::tempfile()?;
    workbook.save_to_writer(&mut file)?;
    file.rewind()?;
    Ok(file)
}

fn write_cell(sheet: &mut rust_xlsxwriter::Worksheet, row: u32, column: u16, cell: &Cell, plain: &CellFormat) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(text) => sheet.write_string_with_format(row, column, text, plain)?,
        Cell::Amount(Some(amount)) => match spreadsheet_number(&amount.decimal().to_string()) {
            Some(number) => sheet.write_number(row, column, number)?,
            None => sheet.write_string(row, column, amount.decimal().to_string())?,
        },
        Cell::Amount(None) => sheet.write_string(row, column, "")?,
        Cell::Count(count) => match spreadsheet_number(&count.to_string()) {
            Some(number) => sheet.write_number(row, column, number)?,
            None => sheet.write_string(row, column, count.to_string())?,
        },
    };
    Ok(())
}

/// A spreadsheet knows no decimals: this is the one place where a figure leaves as its kind of number, to be shown.
fn spreadsheet_number(figure: &str) -> Option<f64> {
    figure.parse().ok()
}

/// A file, a piece at a time.
fn pieces(file: std::fs::File) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = move || {
            let mut piece = vec![0u8; 64 * 1024];
            let count = file.read(&mut piece)?;
            piece.truncate(count);
            Ok::<_, std::io::Error>((piece, file))
        };
        match block(read).await {
            Ok(Ok((piece, _))) if piece.is_empty() => None,
            Ok(Ok((piece, file))) => Some((Ok(Bytes::from(piece)), Some(file))),
            Ok(Err(error)) => Some((Err(Error::Internal(error.to_string())), None)),
            Err(error) => Some((Err(Error::Internal(error.to_string())), None)),
        }
    })
}

fn download(name: &str, kind: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type(kind).insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")));
    response
}
