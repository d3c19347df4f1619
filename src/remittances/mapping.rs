//! Which column of a source's files means what.

use serde::{Deserialize, Serialize};

use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Date;
use crate::spreadsheets::cell::{Cell, CellKind, Row};
use crate::spreadsheets::identifying::{self, DayOrder, Fault, fold_header};
use crate::web::form::MOST_MINOR;
use crate::web::words::Message;

crate::text_column! {
    /// What a column may mean.
    pub enum Field {
        Amount = "amount",
        Currency = "currency",
        PaidOn = "paid_on",
        Reference = "reference",
        RefundNo = "refund_no",
        OrderNo = "order_no",
        Pnr = "pnr",
        Ticket = "ticket",
        Passenger = "passenger",
    }
}

crate::named!(Field = "field");

/// What people call the columns; compared as headers are.
const NAMES: [(Field, &[&str]); 9] = [
    (
        Field::Amount,
        &["amount", "paid amount", "refund amount", "credit", "net amount", "金额", "退款金额", "入账金额", "số tiền", "số tiền hoàn"],
    ),
    (Field::Currency, &["currency", "ccy", "币种", "货币", "tiền tệ", "loại tiền"]),
    (Field::PaidOn, &["date", "value date", "paid on", "payment date", "booking date", "日期", "入账日期", "ngày", "ngày giá trị"]),
    (Field::Reference, &["reference", "airline reference", "case", "case number", "details", "参考号", "航司参考号", "tham chiếu"]),
    (Field::RefundNo, &["refund id", "refund no", "refund number", "退款单号", "mã hoàn"]),
    (Field::OrderNo, &["order no", "order number", "booking number", "订单号", "mã đơn"]),
    (Field::Pnr, &["pnr", "airline pnr", "record locator", "booking reference"]),
    (Field::Ticket, &["ticket", "ticket no", "ticket number", "document number", "票号", "số vé"]),
    (Field::Passenger, &["passenger", "passenger name", "name", "旅客", "乘客", "旅客姓名", "hành khách"]),
];

/// The names of all columns that are looked for, as headers are compared.
#[must_use]
pub fn known_headers() -> Vec<String> {
    NAMES.iter().flat_map(|(_, names)| names.iter()).map(|name| fold_header(name)).collect()
}

/// The names of one column, as headers are compared.
pub fn names_of(field: Field) -> impl Iterator<Item = String> {
    NAMES.iter().filter(move |(named, _)| *named == field).flat_map(|(_, names)| names.iter()).map(|name| fold_header(name))
}

/// Which column means what, and how figures are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapping {
    /// Each field with the header of its column.
    pub columns: Vec<(String, String)>,
    /// The currency of every line, where no column says it.
    pub currency: String,
    /// Whether the comma stands before the decimals.
    pub decimal_comma: bool,
    /// What comes first in a date with strokes.
    pub dates: DayOrder,
}

/// A line as the mapping reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub amount: Money,
    pub paid_on: Option<Date>,
    pub reference: String,
    pub refund_no: String,
    pub order_no: String,
    pub pnr: String,
    pub ticket: String,
    pub passenger: String,
}

impl Mapping {
    /// What a header seems to say; columns that nobody knows are left out.
    #[must_use]
    pub fn guess(header: &[String]) -> Self {
        let folded: Vec<String> = header.iter().map(|name| fold_header(name)).collect();
        let column = |names: &[&str]| {
            let place = names.iter().find_map(|name| folded.iter().position(|header| *header == fold_header(name)))?;
            header.get(place).cloned()
        };
        let columns = NAMES.iter().filter_map(|(field, names)| Some((field.word().to_owned(), column(names)?))).collect();
        Self { columns, ..Self::default() }
    }

    /// The header that a field's column has.
    #[must_use]
    pub fn column(&self, field: Field) -> &str {
        self.columns.iter().find(|(word, _)| word == field.word()).map_or("", |(_, header)| header)
    }

    /// Whether it fits a file: every column it names is there, an amount among them, and a currency.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn check(&self, header: &[String]) -> Result<(), Message> {
        if let Some((_, missing)) = self.columns.iter().find(|(_, name)| !name.is_empty() && !header.contains(name)) {
            return Err(Message::new("mapping-column-missing").text("column", missing));
        }
        if self.column(Field::Amount).is_empty() {
            return Err(Message::new("mapping-no-amount"));
        }
        if self.column(Field::Currency).is_empty() && Currency::parse(&self.currency).is_err() {
            return Err(Message::new("mapping-no-currency"));
        }
        Ok(())
    }

    fn cell<'a>(&self, header: &[String], row: &'a Row, field: Field) -> &'a Cell {
        static EMPTY: Cell = Cell::EMPTY;
        let name = self.column(field);
        let place = if name.is_empty() { None } else { header.iter().position(|one| one == name) };
        place.and_then(|place| row.cells.get(place)).unwrap_or(&EMPTY)
    }

    /// A line's amount in its currency; nothing where the amount's cell holds no amount.
    fn amount(&self, header: &[String], row: &Row) -> Result<Option<Money>, Fault> {
        let said = self.cell(header, row, Field::Currency).1.trim().to_uppercase();
        let code = if said.is_empty() { self.currency.clone() } else { said };
        let cell = self.cell(header, row, Field::Amount);
        let currency = Currency::parse(&code).map_err(|_| Fault::Unreadable)?;
        if self.decimal_comma && cell.0 == CellKind::Text {
            let plain = with_point(&cell.1).ok_or(Fault::Unreadable)?;
            return identifying::amount(&Cell(CellKind::Text, plain), currency);
        }
        identifying::amount(cell, currency)
    }

    /// Whether a line may hold money: something stands in the amount's cell, and be it a single digit.
    #[must_use]
    pub fn may_hold_money(&self, header: &[String], row: &Row) -> bool {
        let cell = self.cell(header, row, Field::Amount);
        !cell.is_empty() && (cell.0 != CellKind::Text || cell.1.chars().any(char::is_numeric))
    }

    /// Reads a line.
    ///
    /// # Errors
    /// `Amount`: a line without an amount in a currency is none of a remittance. `PaidOn`: its day cannot be read.
    pub fn read(&self, header: &[String], row: &Row) -> Result<Read, Field> {
        let amount = self
            .amount(header, row)
            .ok()
            .flatten()
            .filter(|amount| amount.minor.unsigned_abs() <= MOST_MINOR.unsigned_abs())
            .ok_or(Field::Amount)?;
        // Money that came is money, whatever else of its line cannot be read: nothing is looked up by what was damaged,
        // and people see the line as it came.
        let text = |field| {
            let text = identifying::identifier(self.cell(header, row, field)).ok().flatten().unwrap_or_default();
            text.chars().take(200).collect::<String>()
        };
        // The day says how long money has waited: one that cannot be read is not taken for today.
        let day = identifying::day_in(self.cell(header, row, Field::PaidOn), self.dates).map_err(|_| Field::PaidOn)?;
        let passenger: String = self.cell(header, row, Field::Passenger).1.chars().take(200).collect();
        Ok(Read {
            amount,
            paid_on: day,
            reference: text(Field::Reference),
            refund_no: text(Field::RefundNo),
            order_no: text(Field::OrderNo),
            pnr: text(Field::Pnr),
            ticket: text(Field::Ticket).replace('-', ""),
            passenger,
        })
    }
}

/// `1.234,50` as `1234.50`: points and blanks only before groups of three digits, and one comma at most. Anything else is
/// no figure of this kind.
fn with_point(text: &str) -> Option<String> {
    let tight: String = text.trim().chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'')).collect();
    let (whole, decimals) = tight.split_once(',').map_or((tight.as_str(), None), |(whole, decimals)| (whole, Some(decimals)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.trim_start_matches(['-', '\u{2212}', '+', '(']);
    let mut groups = unsigned.split('.');
    let first = groups.next().filter(|group| digits(group))?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3 && digits(group)));
    let fraction = decimals.is_none_or(|decimals| digits(decimals.trim_end_matches(')')));
    let plain = whole.replace('.', "");
    (grouped && fraction).then(|| decimals.map_or(plain.clone(), |decimals| format!("{plain}.{decimals}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comma_is_never_taken_for_something_else() {
        let cases = [
            ("1.234,50", Some("1234.50")),
            ("1 234,5", Some("1234.5")),
            ("74,99", Some("74.99")),
            ("-12,00", Some("-12.00")),
            ("(12,00)", Some("(12.00)")),
            ("1234", Some("1234")),
            ("1,000.00", None),
            ("74.99", None),
            ("1,2,3", None),
            ("Total", None),
        ];
        for (text, plain) in cases {
            assert_eq!(with_point(text).as_deref(), plain, "{text}");
        }
    }

    #[test]
    fn money_is_money_whatever_else_is_damaged() {
        let header = ["Amount", "Currency", "Date", "Ticket"].map(str::to_owned).to_vec();
        let row = |cells: [&str; 4]| Row { line: 2, cells: cells.iter().map(|text| Cell::text(text)).collect() };
        let mapping = Mapping::guess(&header);
        let read = mapping.read(&header, &row(["74.99", "USD", "", "1.23E+15"]));
        assert_eq!(read.map(|read| (read.amount.minor, read.paid_on, read.ticket)), Ok((7499, None, String::new())));
        // A day that may be two days is asked for, not guessed.
        let strokes = row(["74.99", "USD", "11/12/2026", ""]);
        assert_eq!(mapping.read(&header, &strokes).err(), Some(Field::PaidOn));
        let read = |dates| Mapping { dates, ..mapping.clone() }.read(&header, &strokes).ok().and_then(|read| read.paid_on);
        assert_eq!(read(DayOrder::DayFirst), Some(jiff::civil::date(2026, 12, 11)));
        assert_eq!(read(DayOrder::MonthFirst), Some(jiff::civil::date(2026, 11, 12)));
        assert_eq!(mapping.read(&header, &row(["Total", "USD", "", ""])).err(), Some(Field::Amount));
        assert!(!mapping.may_hold_money(&header, &row(["Total", "USD", "", ""])));
        assert!(mapping.may_hold_money(&header, &row(["74.9 9", "USD", "", ""])));
        assert_eq!(mapping.read(&header, &row(["99999999999999.00", "USD", "", ""])).err(), Some(Field::Amount));
    }
}
