//! Which column of a source's files means what.

use serde::{Deserialize, Serialize};

use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Date;
use crate::spreadsheets::cell::{Cell, CellKind, Row};
use crate::spreadsheets::identifying::{self, Fault, fold_header};
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
            let plain = cell.1.replace(['.', ' ', '\u{a0}', '\u{202f}', '\''], "").replace(',', ".");
            return identifying::amount(&Cell(CellKind::Text, plain), currency);
        }
        identifying::amount(cell, currency)
    }

    /// Reads a line.
    ///
    /// # Errors
    /// The field that cannot be read. A line without an amount is none of a remittance.
    pub fn read(&self, header: &[String], row: &Row) -> Result<Read, Field> {
        let amount = self.amount(header, row).ok().flatten().ok_or(Field::Amount)?;
        let text = |field| {
            let cell = self.cell(header, row, field);
            identifying::identifier(cell).map(Option::unwrap_or_default).map_err(|_| field)
        };
        // A reference may be a long number of the bank's own: nothing is looked up by it when digits were lost.
        let reference = text(Field::Reference).unwrap_or_default();
        let day = identifying::day(self.cell(header, row, Field::PaidOn)).map_err(|_| Field::PaidOn)?;
        let passenger: String = self.cell(header, row, Field::Passenger).1.chars().take(200).collect();
        Ok(Read {
            amount,
            paid_on: day,
            reference: reference.chars().take(200).collect(),
            refund_no: text(Field::RefundNo)?,
            order_no: text(Field::OrderNo)?,
            pnr: text(Field::Pnr)?,
            ticket: text(Field::Ticket)?.replace('-', ""),
            passenger,
        })
    }
}
