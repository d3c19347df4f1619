//! What a row asks for, and whether that is possible. The check and the posting ask the same.

use std::collections::{BTreeSet, HashMap};

use super::columns::{Column, Places};
use super::model::{Batch, BatchRow, RowCode};
use crate::bookings::model::{PaymentChannel, Status};
use crate::bookings::store::Kept;
use crate::kernel::folding::fold_name;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, utc_day};
use crate::refunds::claiming;
use crate::refunds::model::Reason;
use crate::refunds::selection::Selection;
use crate::refunds::taken_store::Taken;
use crate::spreadsheets::cell::{Cell, CellKind};
use crate::spreadsheets::identifying::{self, Fault};
use crate::web::form::MASKED;
use crate::web::words::Message;

/// Why a row cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub code: RowCode,
    pub message: Message,
}

impl Refused {
    /// With the sentence that belongs to the code.
    #[must_use]
    pub fn new(code: RowCode) -> Self {
        Self { code, message: Message::new(format!("row-{}", code.word().trim_start_matches("E_").to_lowercase().replace('_', "-"))) }
    }

    fn text(mut self, name: &'static str, text: impl ToString) -> Self {
        self.message = self.message.text(name, text);
        self
    }
}

/// The order number of a row.
///
/// # Errors
/// Why there is none.
pub fn order_number(cell: &Cell) -> Result<String, Refused> {
    match identifying::identifier(cell) {
        Ok(Some(number)) if is_order_number(&number) => Ok(number),
        Ok(Some(number)) => Err(Refused::new(RowCode::Format).text("value", number)),
        Ok(None) => Err(Refused::new(RowCode::NoOrderNumber)),
        Err(fault) => Err(fault_of(fault, RowCode::Format, cell)),
    }
}

/// Letters, digits and dashes, as many as a number has.
fn is_order_number(text: &str) -> bool {
    (5..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn fault_of(fault: Fault, unreadable: RowCode, cell: &Cell) -> Refused {
    let code = match fault {
        Fault::Precision => RowCode::Precision,
        Fault::Formula => RowCode::Formula,
        Fault::WrongKind => RowCode::CellKind,
        Fault::Unreadable => unreadable,
    };
    Refused::new(code).text("value", &cell.1)
}

/// The claims that rows before this one make, by order number: the line, and for whom.
pub type Earlier = HashMap<String, Vec<(i64, Vec<String>)>>;

/// Refuses a row that asks for what a row before it asks for: everybody overlaps with anybody.
///
/// # Errors
/// `E_DUPLICATE` with the line of the other.
pub fn check_duplicate(earlier: &mut Earlier, order_no: &str, line: i64, passengers: Vec<String>) -> Result<(), Refused> {
    let there = earlier.entry(order_no.to_owned()).or_default();
    let overlaps = |other: &[String]| other.is_empty() || passengers.is_empty() || other.iter().any(|name| passengers.contains(name));
    if let Some((first, _)) = there.iter().find(|(_, other)| overlaps(other)) {
        return Err(Refused::new(RowCode::Duplicate).text("line", first));
    }
    there.push((line, passengers));
    Ok(())
}

/// Refuses a row in which a card number stood.
///
/// # Errors
/// `E_CARD_NUMBER`.
pub fn check_cards(cells: &[Cell]) -> Result<(), Refused> {
    match cells.iter().find(|cell| cell.1.contains(MASKED)) {
        Some(cell) => Err(Refused::new(RowCode::CardNumber).text("value", &cell.1)),
        None => Ok(()),
    }
}

/// The passengers that a cell names, as they are compared; none means everybody.
///
/// # Errors
/// When it is no cell for names: a formula without a value would mean everybody.
pub fn passenger_names(cell: &Cell) -> Result<Vec<String>, Refused> {
    match cell.0 {
        CellKind::Formula => return Err(fault_of(Fault::Formula, RowCode::Passenger, cell)),
        CellKind::Fault | CellKind::Bool | CellKind::Date => return Err(fault_of(Fault::WrongKind, RowCode::Passenger, cell)),
        CellKind::Empty | CellKind::Text | CellKind::Number => {}
    }
    Ok(names(cell))
}

fn names(cell: &Cell) -> Vec<String> {
    cell.1.split([';', '；', '\n', '、']).map(fold_name).filter(|name| !name.is_empty()).collect()
}

/// A claim that is possible.
#[derive(Debug, Clone)]
pub struct Possible {
    pub selection: Selection,
    pub fulfilled_on: Date,
    pub expected: Option<Money>,
}

/// What is there of a row's order.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub kept: Option<&'a Kept>,
    pub taken: &'a [Taken],
}

/// Decides about one row.
///
/// # Errors
/// The first rule that is broken.
pub fn judge(batch: &Batch, places: &Places, row: &BatchRow, found: Found<'_>, now: Timestamp) -> Result<Possible, Refused> {
    let cell = |column| places.cell(&row.cells, column);
    // An order of another agency is as unknown as one that nobody has.
    let kept = found.kept.ok_or_else(|| Refused::new(RowCode::NotFound).text("order", &row.order_no))?;
    let booking = &kept.booking;
    if booking.payment_channel == PaymentChannel::Vcc {
        return Err(Refused::new(RowCode::PaidByCard));
    }
    match booking.status {
        Status::Ticketed => {}
        Status::Cancelled => return Err(Refused::new(RowCode::Cancelled)),
        Status::Unpaid | Status::Ticketing => return Err(Refused::new(RowCode::NotTicketed)),
    }
    let reason = reason_of(cell(Column::Reason))?.or(batch.reason).ok_or_else(|| Refused::new(RowCode::Reason).text("value", ""))?;
    let day = identifying::day(cell(Column::FulfilledOn)).map_err(|fault| fault_of(fault, RowCode::Day, cell(Column::FulfilledOn)))?;
    let fulfilled_on = day.or(batch.fulfilled_on).ok_or_else(|| Refused::new(RowCode::Day).text("value", ""))?;
    if !claiming::is_likely(fulfilled_on, utc_day(booking.created_at), utc_day(now)) {
        return Err(Refused::new(RowCode::UnlikelyDay).text("value", fulfilled_on));
    }
    let amount_cell = cell(Column::ExpectedAmount);
    let expected = identifying::amount(amount_cell, booking.currency).map_err(|fault| fault_of(fault, RowCode::Amount, amount_cell))?;
    if expected.is_some_and(|amount| !(1..=crate::web::form::MOST_MINOR).contains(&amount.minor)) {
        return Err(Refused::new(RowCode::Amount).text("value", &amount_cell.1));
    }
    let passengers = chosen(kept, &passenger_names(cell(Column::Passengers))?)?;
    let segments: BTreeSet<i64> = booking.segments.iter().map(|segment| segment.no).collect();
    if let Some(other) = found.taken.iter().find(|taken| passengers.contains(&taken.passenger_no)) {
        let code = if other.completed == 1 { RowCode::Refunded } else { RowCode::OpenRefund };
        return Err(Refused::new(code).text("number", &other.refund_number));
    }
    Ok(Possible { selection: Selection { passengers, segments, reason }, fulfilled_on, expected })
}

/// The passengers who are meant: those that are named, or everybody.
fn chosen(kept: &Kept, names: &[String]) -> Result<BTreeSet<i64>, Refused> {
    let everybody = &kept.booking.passengers;
    if names.is_empty() {
        return Ok(everybody.iter().map(|one| one.no).collect());
    }
    let number = |name: &String| {
        let same: Vec<i64> = everybody.iter().filter(|one| fold_name(&one.name) == *name).map(|one| one.no).collect();
        match same.as_slice() {
            [one] => Ok(*one),
            _ => Err(Refused::new(RowCode::Passenger).text("value", name)),
        }
    };
    names.iter().map(number).collect()
}

/// The reason that a cell names, in one of the languages.
fn reason_of(cell: &Cell) -> Result<Option<Reason>, Refused> {
    const VOLUNTARY: [&str; 5] = ["voluntary", "自愿", "自愿退票", "自願", "tự nguyện"];
    const INVOLUNTARY: [&str; 6] = ["involuntary", "非自愿", "非自愿退票", "非自願", "không tự nguyện", "bắt buộc"];
    let text = identifying::fold_header(&cell.1);
    let is_one_of = |words: &[&str]| words.iter().any(|word| identifying::fold_header(word) == text);
    match cell.0 {
        CellKind::Empty => Ok(None),
        CellKind::Formula => Err(fault_of(Fault::Formula, RowCode::Reason, cell)),
        _ if is_one_of(&VOLUNTARY) => Ok(Some(Reason::Voluntary)),
        _ if is_one_of(&INVOLUNTARY) => Ok(Some(Reason::Involuntary)),
        _ => Err(Refused::new(RowCode::Reason).text("value", &cell.1)),
    }
}
