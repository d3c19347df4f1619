//! The BSP refund form: filled from the ticket, completed by an agent, reckoned by the shared calculation, reported.

pub mod batch_pages;
pub mod batch_store;
pub mod checking;
pub mod command;
pub mod coupon_store;
pub mod form_pages;
pub mod form_store;
pub mod host;
pub mod life;
pub mod line_pages;
pub mod lists;
pub mod model;
pub mod office_pages;
pub mod office_store;
pub mod report;
pub mod report_pages;
pub mod ticket_import;
pub mod ticket_number;
pub mod ticket_store;
pub mod typed;

use crate::kernel::time::{Date, Timestamp, utc_day};

/// The day in an office's zone.
#[must_use]
pub fn office_day(zone_name: &str, now: Timestamp) -> Date {
    jiff::tz::TimeZone::get(zone_name).map_or_else(|_| utc_day(now), |zone| now.to_zoned(zone).date())
}
