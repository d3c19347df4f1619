//! XLSX, cell by cell: never as a dense range, which a single far cell makes larger than any memory.

use std::io::Cursor;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};

use super::cell::{Cell, CellKind, Row, Table, cell_name};
use super::identifying::fold_header;
use super::reading::Bounds;
use crate::web::words::Message;

/// The sheet that the templates have.
const DATA: &str = "data";

/// Reads the one sheet that is meant.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn read(bytes: &[u8], bounds: &Bounds) -> Result<Table, Message> {
    let damaged = |_| Message::new("sheet-damaged");
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let name = sheet_name(&book)?;
    let merged = book.merge_cells_by_sheet_name(&name).map_err(damaged)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut building = Building { bounds, table: Table::default(), header_row: None, row: None, text_bytes: 0 };
    // The formula itself is never expanded: that there is one is enough.
    while let Some(found) = cells.next_cell_with_formula_metadata().map_err(damaged)? {
        let cell = cell_of(&found.value);
        let cell = if found.formula.is_some() { Cell(CellKind::Formula, cell.1) } else { cell };
        building.add(found.pos.0, found.pos.1, cell)?;
    }
    building.end_row()?;
    if let Some(header_row) = building.header_row {
        check_merged(&merged, header_row, &building.table.header, bounds)?;
    }
    Ok(building.table)
}

fn sheet_name(book: &Xlsx<Cursor<&[u8]>>) -> Result<String, Message> {
    let sheets = book.sheets_metadata();
    if let Some(data) = sheets.iter().find(|sheet| sheet.name.eq_ignore_ascii_case(DATA)) {
        return Ok(data.name.clone());
    }
    let visible: Vec<&str> = sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.as_str())
        .collect();
    match visible.as_slice() {
        [only] => Ok((*only).to_owned()),
        _ => Err(Message::new("sheet-which").text("names", visible.join(", "))),
    }
}

fn cell_of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::EMPTY,
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Int(number) => Cell(CellKind::Number, number.to_string()),
        DataRef::Float(number) => Cell(CellKind::Number, number.to_string()),
        DataRef::Bool(value) => Cell(CellKind::Bool, value.to_string().to_uppercase()),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let text = if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}") };
            Cell(CellKind::Date, text)
        }
        DataRef::DateTime(duration) => Cell(CellKind::Date, duration.as_f64().to_string()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell(CellKind::Date, text.clone()),
        DataRef::Error(error) => Cell(CellKind::Fault, error.to_string()),
    }
}

/// A table on its way, row by row.
struct Building<'a> {
    bounds: &'a Bounds,
    table: Table,
    header_row: Option<u32>,
    row: Option<(u32, Vec<Cell>)>,
    text_bytes: usize,
}

impl Building<'_> {
    fn add(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), Message> {
        if cell.is_empty() {
            return Ok(());
        }
        self.text_bytes += cell.1.len();
        self.bounds.check_text(self.text_bytes)?;
        let at = usize::try_from(column).unwrap_or(usize::MAX);
        if at >= self.bounds.max_columns {
            return Err(Message::new("sheet-far-cell").text("cell", cell_name(row, column)));
        }
        if cell.1.chars().count() > self.bounds.max_cell_chars {
            return Err(Message::new("sheet-long-cell")
                .text("cell", cell_name(row, column))
                .count("max", i64::try_from(self.bounds.max_cell_chars).unwrap_or(i64::MAX)));
        }
        if self.row.as_ref().is_none_or(|(current, _)| *current != row) {
            self.end_row()?;
        }
        let (_, cells) = self.row.get_or_insert_with(|| (row, Vec::new()));
        if cells.len() <= at {
            cells.resize(at + 1, Cell::EMPTY);
        }
        cells[at] = cell;
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Message> {
        let Some((row, cells)) = self.row.take() else { return Ok(()) };
        if self.header_row.is_none() {
            self.header_row = Some(row);
            self.table.header = cells.into_iter().map(|cell| cell.1).collect();
            return Ok(());
        }
        self.bounds.check_rows(self.table.rows.len())?;
        self.table.rows.push(Row { line: i64::from(row) + 1, cells });
        Ok(())
    }
}

/// In a column that is read, all cells of a merged region but the first look empty: nobody can tell what was meant.
fn check_merged(merged: &[calamine::Dimensions], header_row: u32, header: &[String], bounds: &Bounds) -> Result<(), Message> {
    let known: Vec<u32> = (0u32..)
        .zip(header)
        .filter(|(_, name)| bounds.known_headers.is_empty() || bounds.knows(&fold_header(name)))
        .map(|(column, _)| column)
        .collect();
    let read = |column: u32| known.is_empty() || known.contains(&column);
    let in_data = |region: &&calamine::Dimensions| region.end.0 > header_row && (region.start.1..=region.end.1).take(256).any(read);
    match merged.iter().find(in_data) {
        Some(region) => Err(Message::new("sheet-merged").text("cell", cell_name(region.start.0, region.start.1))),
        None => Ok(()),
    }
}
