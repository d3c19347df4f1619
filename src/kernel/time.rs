//! Time as the rooms use it: seconds in UTC, days, and a clock that tests can set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::SignedDuration;
pub use jiff::Timestamp;
pub use jiff::civil::{Date, DateTime};

/// Where "now" comes from. An argument everywhere, so that a test can move it past a deadline.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until it is set (seconds since 1970).
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn standing_at(at: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(at.as_second())))
    }

    /// This second.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let second = match self {
            Self::System => Timestamp::now().as_second(),
            Self::Set(second) => second.load(Ordering::SeqCst),
        };
        Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a set clock forward; the machine's clock cannot be moved.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Set(second) = self {
            second.fetch_add(by.as_secs(), Ordering::SeqCst);
        }
    }
}

/// The stored form of an instant: `2026-11-21T09:11:10Z`, always 20 characters, so that text order is time order.
#[must_use]
pub fn instant_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads the stored form back.
///
/// # Errors
/// When the text is not an instant.
pub fn parse_instant(text: &str) -> Result<Timestamp, jiff::Error> {
    text.parse()
}

/// `at` moved by whole hours, kept inside the range of time.
#[must_use]
pub fn plus_seconds(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

/// So many hours later, or earlier when below zero.
#[must_use]
pub fn plus_hours(at: Timestamp, hours: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(at)
}

/// `at` moved by days of 24 hours.
#[must_use]
pub fn plus_days(at: Timestamp, days: i64) -> Timestamp {
    plus_hours(at, days.saturating_mul(24))
}

/// What clocks and calendars show in a zone; in UTC where there is none of that name.
#[must_use]
pub fn local_in(zone_name: &str, at: Timestamp) -> DateTime {
    at.to_zoned(jiff::tz::TimeZone::get(zone_name).unwrap_or(jiff::tz::TimeZone::UTC)).datetime()
}

/// The day that it is in a zone.
#[must_use]
pub fn day_in(zone_name: &str, at: Timestamp) -> Date {
    local_in(zone_name, at).date()
}

/// The day of an instant in UTC.
#[must_use]
pub fn utc_day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Whole minutes from `now` until `then`; negative once it has passed. Seconds are cut toward the past, so that
/// "exactly at the minute" and "a second later" differ.
#[must_use]
pub fn minutes_until(now: Timestamp, then: Timestamp) -> i64 {
    (then.as_second() - now.as_second()).div_euclid(60)
}
