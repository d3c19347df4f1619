//! Months and weeks as their reader has them: each with its first moment, so that a report and the list that it links to
//! count the same.

use jiff::tz::TimeZone;

use crate::kernel::time::{Date, Timestamp};

/// A month or a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// `2026-11`, or the week's first day.
    pub label: String,
    pub first: Date,
    pub last: Date,
    pub from: Timestamp,
    pub until: Timestamp,
}

fn span(label: String, first: Date, next: Date, zone: &TimeZone) -> Span {
    let moment = |day: Date| day.to_zoned(zone.clone()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
    Span { label, first, last: next.yesterday().unwrap_or(first), from: moment(first), until: moment(next) }
}

fn zone(zone_name: &str) -> TimeZone {
    TimeZone::get(zone_name).unwrap_or(TimeZone::UTC)
}

/// The last `count` months, this one included, the oldest first.
#[must_use]
pub fn months(now: Timestamp, zone_name: &str, count: i64) -> Vec<Span> {
    let zone = zone(zone_name);
    let this = now.to_zoned(zone.clone()).date().first_of_month();
    let month = |back: i64| this.checked_sub(jiff::Span::new().months(back)).ok();
    let of = |back: i64| {
        let (first, next) = (month(back)?, month(back - 1)?);
        Some(span(first.strftime("%Y-%m").to_string(), first, next, &zone))
    };
    (0..count).rev().filter_map(of).collect()
}

/// The last `count` weeks from Monday, this one included, the oldest first.
#[must_use]
pub fn weeks(now: Timestamp, zone_name: &str, count: i64) -> Vec<Span> {
    let zone = zone(zone_name);
    let today = now.to_zoned(zone.clone()).date();
    let back = i64::from(today.weekday().to_monday_zero_offset());
    let monday = |weeks: i64| today.checked_sub(jiff::Span::new().days(back + 7 * weeks)).ok();
    let of = |weeks: i64| {
        let (first, next) = (monday(weeks)?, monday(weeks - 1)?);
        Some(span(first.to_string(), first, next, &zone))
    };
    (0..count).rev().filter_map(of).collect()
}

/// Days from how long ago: up to 7, 21 and 60, and longer than anything is kept.
const AGES: [i64; 5] = [-1, 7, 21, 60, 36_500];

/// Whole days of age: up to 7, 21 and 60 days, and older, so that each refund has one age and its list the same.
#[must_use]
pub fn ages(now: Timestamp, zone_name: &str) -> Vec<Span> {
    let zone = zone(zone_name);
    let today = now.to_zoned(zone.clone()).date();
    let ago = |days: i64| today.checked_sub(jiff::Span::new().days(days)).unwrap_or(today);
    // The first of an age is as old as its end says; the next day after its last is the first of the younger age.
    AGES.windows(2).map(|edges| span(String::new(), ago(edges[1]), ago(edges[0]), &zone)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_weeks_begin_in_their_reader_s_zone() {
        let now = "2026-11-20T09:00:00Z".parse().unwrap_or_default();
        let months = months(now, "Asia/Shanghai", 3);
        let labels: Vec<&str> = months.iter().map(|month| month.label.as_str()).collect();
        assert_eq!(labels, ["2026-09", "2026-10", "2026-11"]);
        assert_eq!(months[2].from.to_string(), "2026-10-31T16:00:00Z");
        assert_eq!((months[2].first.to_string(), months[2].last.to_string()), ("2026-11-01".to_owned(), "2026-11-30".to_owned()));
        let weeks = weeks(now, "UTC", 2);
        assert_eq!(weeks[1].label, "2026-11-16");
        assert_eq!(weeks[1].until.to_string(), "2026-11-23T00:00:00Z");
    }
}
