//! The columns of the files: stable names, the words that people have for them, and which column of a file is which.

use crate::spreadsheets::cell::{Cell, Row};
use crate::spreadsheets::identifying::fold_header;

use super::model::BatchKind;

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    OrderNo,
    Passengers,
    Reason,
    FulfilledOn,
    ExpectedAmount,
}

/// Every column with its stable name first; the others are what people call it.
const NAMES: [(Column, &[&str]); 5] = [
    (
        Column::OrderNo,
        &[
            "order_no",
            "order number",
            "booking number",
            "booking no",
            "订单号",
            "订单编号",
            "訂單號",
            "訂單編號",
            "mã đơn",
            "mã đơn hàng",
            "mã đặt chỗ",
        ],
    ),
    (Column::Passengers, &["passengers", "passenger", "passenger name", "乘客", "旅客", "旅客姓名", "乘客姓名", "hành khách"]),
    (Column::Reason, &["reason", "退票类型", "退票原因", "退票類型", "lý do"]),
    (Column::FulfilledOn, &["fulfilled_on", "airline fulfilment date", "航司退款日期", "航空公司退款日期", "ngày hãng hoàn"]),
    (Column::ExpectedAmount, &["expected_amount", "expected refund", "预计退款金额", "預計退款金額", "số tiền dự kiến"]),
];

/// What a result file adds; ignored when it comes back.
pub const RESULT_COLUMNS: [&str; 4] = ["result", "error_code", "message", "refund_id"];

impl Column {
    /// The columns of a kind's template, in order.
    #[must_use]
    pub const fn of(kind: BatchKind) -> &'static [Self] {
        match kind {
            BatchKind::Claims => &[Self::OrderNo, Self::Passengers, Self::Reason, Self::FulfilledOn, Self::ExpectedAmount],
            BatchKind::Search => &[Self::OrderNo],
        }
    }

    /// The stable name, as the template has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(column, _)| *column == self).map_or("", |(_, names)| names[0])
    }
}

/// Every name of every column, as headers are compared.
#[must_use]
pub fn known_headers() -> Vec<String> {
    NAMES.iter().flat_map(|(_, names)| names.iter()).map(|name| fold_header(name)).collect()
}

/// Where a file has which column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places(Vec<(Column, usize)>);

impl Places {
    /// Finds the columns in a header; of two with one name the first is meant. Nothing without order numbers.
    #[must_use]
    pub fn find(header: &[String]) -> Option<Self> {
        let folded: Vec<String> = header.iter().map(|name| fold_header(name)).collect();
        let place = |names: &[&str]| folded.iter().position(|header| names.iter().any(|name| fold_header(name) == *header));
        let places: Vec<(Column, usize)> = NAMES.iter().filter_map(|(column, names)| Some((*column, place(names)?))).collect();
        places.iter().any(|(column, _)| *column == Column::OrderNo).then_some(Self(places))
    }

    /// The cell of a column; an absent column is empty in every row.
    #[must_use]
    pub fn cell<'a>(&self, row: &'a [Cell], column: Column) -> &'a Cell {
        static EMPTY: Cell = Cell::EMPTY;
        self.0.iter().find(|(one, _)| *one == column).and_then(|(_, place)| row.get(*place)).unwrap_or(&EMPTY)
    }

    /// Whether a row says anything in a column that is read.
    #[must_use]
    pub fn says_anything(&self, row: &Row) -> bool {
        self.0.iter().any(|(_, place)| row.cells.get(*place).is_some_and(|cell| !cell.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_by_any_of_their_names_and_in_any_place() {
        let header = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let places = Places::find(&header(&["备注", "订单号", "result"])).map(|places| places.0);
        assert_eq!(places, Some(vec![(Column::OrderNo, 1)]));
        assert!(Places::find(&header(&["Mã Đơn", "Lý do"])).is_some());
        assert!(Places::find(&header(&["PNR"])).is_none());
    }
}
