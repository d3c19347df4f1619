//! Rows that come as one text: SQLite's driver wakes two threads for every row that comes by itself, and PostgreSQL's makes
//! some ten small objects of it.
//!
//! The database writes each cell with its length before it, `5:LJ820`, and `-` where there is none; so nothing in a cell has
//! to be escaped, neither there nor here. Numbers are written as digits.

use serde::de::value::{BorrowedStrDeserializer, Error, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The names of a struct's fields, which are those of its columns.
#[must_use]
pub fn columns<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // It cannot come to a value: only what is asked for matters.
    let _ = T::deserialize(Fields(&mut fields));
    fields
}

/// The statement that packs the rows of another. What is computed in an ordered or limited one is computed once: neither
/// database merges such a statement into one that gathers.
#[must_use]
pub fn packing(statement: &str, columns: &[&str]) -> String {
    let cells: Vec<String> =
        columns.iter().map(|name| format!("COALESCE(OCTET_LENGTH(CAST({name} AS TEXT)) || ':' || {name}, '-')")).collect();
    format!("SELECT STRING_AGG({}, '') FROM ({statement}) AS p", cells.join(" || "))
}

/// The rows that were packed; of no rows nothing comes.
///
/// # Errors
/// Where the text does not fit the type.
pub fn unpacked<T: DeserializeOwned>(packed: Option<&str>) -> Result<Vec<T>, Error> {
    let width = columns::<T>().len();
    let mut cells = Cells { rest: packed.unwrap_or_default(), left: 0 };
    let mut rows = Vec::new();
    while !cells.rest.is_empty() {
        cells.left = width;
        rows.push(T::deserialize(SeqAccessDeserializer::new(&mut cells))?);
    }
    Ok(rows)
}

struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only the names are asked for"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a row is a struct with named fields"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// What is not read yet, and how many cells of the row are left.
struct Cells<'de> {
    rest: &'de str,
    left: usize,
}

impl<'de> Cells<'de> {
    fn next(&mut self) -> Result<Option<&'de str>, Error> {
        if let Some(rest) = self.rest.strip_prefix('-') {
            self.rest = rest;
            return Ok(None);
        }
        let cut = || Error::custom("a packed row is cut off");
        let (length, rest) = self.rest.split_once(':').ok_or_else(cut)?;
        let (cell, rest) = rest.split_at_checked(length.parse().map_err(Error::custom)?).ok_or_else(cut)?;
        self.rest = rest;
        Ok(Some(cell))
    }
}

impl<'de> SeqAccess<'de> for &mut Cells<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let cell = Cell(self.next()?);
        seed.deserialize(cell).map(Some)
    }
}

struct Cell<'de>(Option<&'de str>);

impl<'de> Cell<'de> {
    fn text(&self) -> Result<&'de str, Error> {
        self.0.ok_or_else(|| Error::custom("a cell is empty that may not be"))
    }
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Error;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_none() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.text()?.parse().map_err(Error::custom)?)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.text()?))
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text()?)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Line {
        order_no: String,
        total_minor: i64,
        note: Option<String>,
        claimed_minor: Option<i64>,
    }

    /// As the database packs it.
    fn packed(line: &Line) -> String {
        let cell = |text: String| format!("{}:{text}", text.len());
        let or_none = |text: Option<String>| text.map_or_else(|| "-".to_owned(), cell);
        let (note, claimed) = (or_none(line.note.clone()), or_none(line.claimed_minor.map(|minor| minor.to_string())));
        format!("{}{}{note}{claimed}", cell(line.order_no.clone()), cell(line.total_minor.to_string()))
    }

    #[test]
    fn the_columns_are_the_fields() {
        let columns = columns::<Line>();
        assert_eq!(columns, ["order_no", "total_minor", "note", "claimed_minor"]);
        let statement = packing("SELECT a, b FROM t", &["a", "b"]);
        let expected = "SELECT STRING_AGG(COALESCE(OCTET_LENGTH(CAST(a AS TEXT)) || ':' || a, '-') || \
                        COALESCE(OCTET_LENGTH(CAST(b AS TEXT)) || ':' || b, '-'), '') FROM (SELECT a, b FROM t) AS p";
        assert_eq!(statement, expected);
    }

    #[test]
    fn a_damaged_text_is_an_error() {
        assert_eq!(unpacked::<Line>(None).expect("no rows"), []);
        for text in ["5:LJ82", "x:LJ820", "--", "5:LJ8201:x--", "2:越1:1--", "2:LJ1:1-", "2:LJ-1:1--"] {
            assert!(unpacked::<Line>(Some(text)).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_back(rows in prop::collection::vec((".*", any::<i64>(), prop::option::of("[-:0-9\\PC]*"), any::<Option<i64>>()), 0..5)) {
            let line = |(order_no, total_minor, note, claimed_minor)| Line { order_no, total_minor, note, claimed_minor };
            let lines: Vec<Line> = rows.into_iter().map(line).collect();
            let text: String = lines.iter().map(packed).collect();
            prop_assert_eq!(unpacked::<Line>(Some(&text)).expect("rows"), lines);
        }
    }
}
