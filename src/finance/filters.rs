//! The filters of Finance → Refunds.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::bookings::filters::day;
use crate::kernel::folding::fold_identifier;
use crate::kernel::time::{Date, Timestamp};
use crate::web::form::Problems;
use crate::web::paging::Cursor;

/// What the form holds, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    pub order_no: String,
    pub pnr: String,
    pub airline: String,
    pub registered_from: String,
    pub registered_to: String,
    pub refunded_from: String,
    pub refunded_to: String,
    pub status: String,
    pub after: String,
}

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    pub order_no: Option<String>,
    pub pnr: Option<String>,
    pub airline: Option<String>,
    pub registered_from: Option<Timestamp>,
    pub registered_until: Option<Timestamp>,
    pub refunded_from: Option<Timestamp>,
    pub refunded_until: Option<Timestamp>,
    pub status: Option<crate::refunds::model::Status>,
    pub after: Option<Cursor>,
}

impl Filters {
    /// The search; a filter that means nothing is noted and left out. Days are days in `zone_name`.
    #[must_use]
    pub fn parse(&self, zone_name: &str, problems: &mut Problems) -> Search {
        let zone = TimeZone::get(zone_name).unwrap_or(TimeZone::UTC);
        let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp());
        let next = |day: Date| day.tomorrow().unwrap_or(day);
        let identifier = |text: &str| Some(fold_identifier(text)).filter(|text| !text.is_empty());
        Search {
            order_no: identifier(&self.order_no),
            pnr: identifier(&self.pnr),
            airline: identifier(&self.airline),
            registered_from: day(&self.registered_from, "registered_from", problems).and_then(midnight),
            registered_until: day(&self.registered_to, "registered_to", problems).map(next).and_then(midnight),
            refunded_from: day(&self.refunded_from, "refunded_from", problems).and_then(midnight),
            refunded_until: day(&self.refunded_to, "refunded_to", problems).map(next).and_then(midnight),
            status: self.status.parse().ok(),
            after: Cursor::parse(&self.after),
        }
    }
}
