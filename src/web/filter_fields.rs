//! What the fields of list filters mean, the same in every list.

use jiff::tz::TimeZone;

use super::form::Problems;
use super::words::Message;
use crate::kernel::folding::fold_identifier;
use crate::kernel::time::{Date, Timestamp};

/// An order number, PNR or airline as it is kept; nothing when the field is empty.
#[must_use]
pub fn identifier(text: &str) -> Option<String> {
    Some(fold_identifier(text)).filter(|text| !text.is_empty())
}

/// A day, or a noted problem.
pub fn day(text: &str, field: &'static str, problems: &mut Problems) -> Option<Date> {
    if text.trim().is_empty() {
        return None;
    }
    problems.take(field, text.trim().parse().map_err(|_| Message::new("form-day")))
}

/// The first moment of a day in somebody's zone.
pub fn from(text: &str, field: &'static str, zone_name: &str, problems: &mut Problems) -> Option<Timestamp> {
    day(text, field, problems).and_then(|day| midnight(day, zone_name))
}

/// The end of a day in somebody's zone: the day itself is included.
pub fn until(text: &str, field: &'static str, zone_name: &str, problems: &mut Problems) -> Option<Timestamp> {
    day(text, field, problems).and_then(|day| midnight(day.tomorrow().unwrap_or(day), zone_name))
}

fn midnight(day: Date, zone_name: &str) -> Option<Timestamp> {
    let zone = TimeZone::get(zone_name).unwrap_or(TimeZone::UTC);
    day.to_zoned(zone).ok().map(|zoned| zoned.timestamp())
}
