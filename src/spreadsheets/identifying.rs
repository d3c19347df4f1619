//! What a cell may mean: an identifier, a day, an amount; and which header names which column.

use crate::kernel::folding::fold_identifier;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Date;

use super::cell::{Cell, CellKind};

/// Why a cell is no identifier, day or amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A spreadsheet took an identifier for a number and lost digits of it.
    Precision,
    Formula,
    /// A date, a truth value or an error where something else belongs.
    WrongKind,
    /// Text that does not mean what the column is for.
    Unreadable,
}

/// Digits from which a spreadsheet's number is no longer exact.
const EXACT_DIGITS: usize = 15;

/// An identifier: an order number, a PNR, a ticket number. Nothing when the cell is empty.
///
/// # Errors
/// Why it cannot be one; nothing is ever guessed.
pub fn identifier(cell: &Cell) -> Result<Option<String>, Fault> {
    match cell.0 {
        CellKind::Empty => Ok(None),
        CellKind::Formula => Err(Fault::Formula),
        CellKind::Date | CellKind::Fault | CellKind::Bool => Err(Fault::WrongKind),
        CellKind::Number => {
            let digits = cell.1.split('.').next().unwrap_or_default().trim_start_matches('-').len();
            if digits > EXACT_DIGITS { Err(Fault::Precision) } else { Ok(Some(cell.1.clone())) }
        }
        CellKind::Text => {
            let text = fold_identifier(unwrapped(&cell.1));
            if is_rounded(&text) { Err(Fault::Precision) } else { Ok((!text.is_empty()).then_some(text)) }
        }
    }
}

/// `="00123"` is how careful people keep zeroes in a CSV, and an apostrophe is what our own files put before it, so that no
/// spreadsheet takes it for a formula.
fn unwrapped(text: &str) -> &str {
    let text = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(text);
    text.trim().strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// `1.23457E+18`: what is left of a long number.
fn is_rounded(text: &str) -> bool {
    let Some((figures, power)) = text.split_once("E+") else { return false };
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',');
    is_number(figures) && is_number(power) && figures.starts_with(|c: char| c.is_ascii_digit())
}

crate::text_column! {
    /// What `11/12/2026` means: nobody can tell unless somebody says so.
    #[derive(Default)]
    pub enum DayOrder {
        #[default]
        Unsaid = "unsaid",
        DayFirst = "day-first",
        MonthFirst = "month-first",
    }
}

/// A day: a date cell, or text such as `2026-11-18`, `2026/11/18` or `18.11.2026`.
///
/// # Errors
/// When it is none.
pub fn day(cell: &Cell) -> Result<Option<Date>, Fault> {
    day_in(cell, DayOrder::Unsaid)
}

/// As [`day`]; with `18/11/2026` or `11/18/2026`, too, where it is known which of them is written.
///
/// # Errors
/// As [`day`].
pub fn day_in(cell: &Cell, order: DayOrder) -> Result<Option<Date>, Fault> {
    match cell.0 {
        CellKind::Empty => Ok(None),
        CellKind::Formula => Err(Fault::Formula),
        CellKind::Fault | CellKind::Bool => Err(Fault::WrongKind),
        CellKind::Date | CellKind::Text | CellKind::Number => parse_day(&cell.1, order).map(Some).ok_or(Fault::Unreadable),
    }
}

fn parse_day(text: &str, order: DayOrder) -> Option<Date> {
    let text = text.trim().split(['T', ' ']).next().unwrap_or_default();
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]).parse().ok();
    }
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let number = |text: &str| text.parse::<i16>().ok();
    let small = |text: &str| text.parse::<i8>().ok();
    // Day and month in front cannot be told apart with strokes: only the dotted form is day first everywhere.
    match (first.len(), last.len()) {
        (4, _) => Date::new(number(first)?, small(month)?, small(last)?).ok(),
        (_, 4) if order == DayOrder::MonthFirst && !text.contains('.') => Date::new(number(last)?, small(first)?, small(month)?).ok(),
        (_, 4) if order == DayOrder::DayFirst || text.contains('.') => Date::new(number(last)?, small(month)?, small(first)?).ok(),
        _ => None,
    }
}

/// An amount, above or below zero. A cell that is a number is read by its digits; a binary remainder is rounded away.
///
/// # Errors
/// When it is none.
pub fn amount(cell: &Cell, currency: Currency) -> Result<Option<Money>, Fault> {
    match cell.0 {
        CellKind::Empty => Ok(None),
        CellKind::Formula => Err(Fault::Formula),
        CellKind::Date | CellKind::Fault | CellKind::Bool => Err(Fault::WrongKind),
        CellKind::Number => match cell.1.parse::<rust_decimal::Decimal>() {
            // 74.99 is not 74.99 to a spreadsheet: what is beyond its fifteen digits is not meant.
            Ok(figure) => Money::exactly(figure.round_dp(9), currency).map(Some).map_err(|_| Fault::Unreadable),
            Err(_) => Err(Fault::Unreadable),
        },
        CellKind::Text => {
            let text = unwrapped(&cell.1).trim().to_owned();
            if text.is_empty() {
                return Ok(None);
            }
            let (sign, rest) = match text.strip_prefix(['-', '\u{2212}']) {
                Some(rest) => (-1, rest),
                None => match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                    Some(rest) => (-1, rest),
                    None => (1, text.strip_prefix('+').unwrap_or(&text)),
                },
            };
            let rest = rest.trim().trim_start_matches(currency.code()).trim_end_matches(currency.code());
            if rest.contains('-') {
                return Err(Fault::Unreadable);
            }
            let money = Money::parse(rest, currency).map_err(|_| Fault::Unreadable)?;
            Ok(Some(Money::new(money.minor * sign, currency)))
        }
    }
}

/// A header as it is compared: without case, blanks and marks between words.
#[must_use]
pub fn fold_header(text: &str) -> String {
    fold_identifier(text).replace(['_', '-', '.', ':', '*'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(kind: CellKind, text: &str) -> Cell {
        Cell(kind, text.to_owned())
    }

    #[test]
    fn identifiers_are_never_guessed() {
        use CellKind::{Date, Formula, Number, Text};
        assert_eq!(identifier(&cell(Text, "  ＡＢＣ\u{200b}－１２３　")), Ok(Some("ABC-123".to_owned())));
        assert_eq!(identifier(&cell(Text, "=\"00123\"")), Ok(Some("00123".to_owned())));
        assert_eq!(identifier(&cell(Text, "1.23457E+18")), Err(Fault::Precision));
        assert_eq!(identifier(&cell(Number, "1234567890123456")), Err(Fault::Precision));
        assert_eq!(identifier(&cell(Number, "123456789012345")), Ok(Some("123456789012345".to_owned())));
        assert_eq!(identifier(&cell(Formula, "1")), Err(Fault::Formula));
        assert_eq!(identifier(&cell(Date, "2026-11-18")), Err(Fault::WrongKind));
        assert_eq!(identifier(&Cell::EMPTY), Ok(None));
        assert_eq!(identifier(&cell(Text, "SKLE+12")), Ok(Some("SKLE+12".to_owned())));
    }

    #[test]
    fn days_and_amounts_are_read_as_people_write_them() {
        use CellKind::{Date, Number, Text};
        for text in ["2026-11-18", "2026/11/18", "18.11.2026", "20261118", "2026-11-18T09:30:00"] {
            assert_eq!(day(&cell(Text, text)).map(|day| day.map(|day| day.to_string())), Ok(Some("2026-11-18".to_owned())), "{text}");
        }
        assert_eq!(day(&cell(Date, "2026-11-18T00:00:00")).map(|day| day.is_some()), Ok(true));
        assert_eq!(day(&cell(Text, "11/12/2026")), Err(Fault::Unreadable));
        let minor = |cell: Cell| amount(&cell, Currency::USD).map(|amount| amount.map(|amount| amount.minor));
        assert_eq!(minor(cell(Number, "74.99")), Ok(Some(7499)));
        assert_eq!(minor(cell(Number, "74.990000000000001")), Ok(Some(7499)));
        assert_eq!(minor(cell(Number, "74.995")), Err(Fault::Unreadable));
        assert_eq!(minor(cell(Text, "USD 1,234.50")), Ok(Some(123_450)));
        assert_eq!(minor(cell(Text, "-12.00")), Ok(Some(-1200)));
        assert_eq!(minor(cell(Text, "(12.00)")), Ok(Some(-1200)));
        assert_eq!(minor(cell(Text, "12,34")), Err(Fault::Unreadable));
        assert_eq!(minor(cell(Text, "Total")), Err(Fault::Unreadable));
    }
}
