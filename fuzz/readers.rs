//! What reads the things that people and machines hand in: each either takes them or refuses them with a sentence.

use afterfare::bookings::filters::Filters;
use afterfare::refund_calculation::{self, Facts, RuleSet};
use afterfare::spreadsheets::child;
use afterfare::spreadsheets::reading::Bounds;
use afterfare::web::form::Problems;
use afterfare::{bookings, bsp};

/// An order of the operator's interface.
pub fn orders(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = bookings::parse::order(text);
    }
}

/// A workbook or a file of separated values.
pub fn spreadsheets(bytes: &[u8]) {
    let bounds = Bounds { known_headers: vec!["order_no".to_owned()], ..Bounds::default() };
    let _ = child::table_of(bytes, &bounds);
}

/// A line for the refund form of BSP offices.
pub fn commands(bytes: &[u8]) {
    let _ = bsp::command::parse(&String::from_utf8_lossy(bytes));
}

/// Facts about a ticket, and what they come to under the low-cost rules.
pub fn facts(bytes: &[u8]) {
    if let Ok(facts) = serde_json::from_slice::<Facts>(bytes) {
        let _ = refund_calculation::calculate(&facts, RuleSet::low_cost());
    }
}

/// The filters of a list in its address.
pub fn queries(bytes: &[u8]) {
    if let Ok(filters) = serde_html_form::from_bytes::<Filters>(bytes) {
        let _ = filters.parse("Asia/Ho_Chi_Minh", &mut Problems::default());
    }
}
