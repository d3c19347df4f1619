//! What a spreadsheet holds.

use serde::{Deserialize, Serialize};

/// What a cell is. A spreadsheet's own kinds matter: a number may have lost digits, a date was never an order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellKind {
    #[serde(rename = "e")]
    Empty,
    #[serde(rename = "t")]
    Text,
    /// Its text is the number in plain digits, as the file holds it.
    #[serde(rename = "n")]
    Number,
    /// Its text is `2026-11-18` or `2026-11-18T09:30:00`.
    #[serde(rename = "d")]
    Date,
    #[serde(rename = "f")]
    Formula,
    /// `#REF!` and its like.
    #[serde(rename = "x")]
    Fault,
    #[serde(rename = "b")]
    Bool,
}

/// A cell, with its text as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell(pub CellKind, pub String);

impl Cell {
    /// A cell without anything.
    pub const EMPTY: Self = Self(CellKind::Empty, String::new());

    /// A cell of a text file, where everything is text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if text.trim().is_empty() { Self::EMPTY } else { Self(CellKind::Text, text.to_owned()) }
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == CellKind::Empty
    }
}

/// A row that is not empty, with its line in the file as people count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub line: i64,
    pub cells: Vec<Cell>,
}

/// A table: its first row that is not empty, and those below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

/// `C7`, as spreadsheets name a cell; row and column count from 0.
#[must_use]
pub fn cell_name(row: u32, column: u32) -> String {
    let (mut letters, mut rest) = (String::new(), column + 1);
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        letters.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    format!("{letters}{}", row + 1)
}

#[cfg(test)]
mod tests {
    use super::cell_name;

    #[test]
    fn cells_are_named_as_spreadsheets_do() {
        assert_eq!(cell_name(0, 0), "A1");
        assert_eq!(cell_name(6, 25), "Z7");
        assert_eq!(cell_name(9, 26), "AA10");
        assert_eq!(cell_name(1_048_575, 16_383), "XFD1048576");
    }
}
