//! When periods end: at the first day of a month, or at chosen days of the week, at midnight in the agency's zone.

use jiff::tz::TimeZone;

use super::model::Period;
use crate::kernel::time::{Date, Timestamp};

/// The first end of a period after a day; nothing where no statements are made.
#[must_use]
pub fn next_end(period: Period, weekdays: &[i8], after: Date) -> Option<Date> {
    match period {
        Period::Never => None,
        Period::Monthly => after.first_of_month().checked_add(jiff::Span::new().months(1)).ok(),
        Period::Weekly => {
            let is_end = |day: &Date| weekdays.contains(&day.weekday().to_monday_one_offset());
            (1..=7).filter_map(|days| after.checked_add(jiff::Span::new().days(days)).ok()).find(is_end)
        }
    }
}

/// The first moment of a day in a zone.
#[must_use]
pub fn midnight(day: Date, zone_name: &str) -> Timestamp {
    let zone = TimeZone::get(zone_name).unwrap_or(TimeZone::UTC);
    day.to_zoned(zone).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_end_with_the_month_or_at_chosen_days() {
        let end = |period, weekdays: &[i8], after: &str| {
            let after = after.parse().unwrap_or_default();
            next_end(period, weekdays, after).map(|day| day.to_string()).unwrap_or_default()
        };
        assert_eq!(end(Period::Monthly, &[], "2026-11-01"), "2026-12-01");
        assert_eq!(end(Period::Monthly, &[], "2026-12-17"), "2027-01-01");
        // 2026-11-20 is a Friday.
        assert_eq!(end(Period::Weekly, &[1], "2026-11-20"), "2026-11-23");
        assert_eq!(end(Period::Weekly, &[1, 5], "2026-11-20"), "2026-11-23");
        assert_eq!(end(Period::Weekly, &[1, 5], "2026-11-23"), "2026-11-27");
        assert_eq!(end(Period::Weekly, &[], "2026-11-23"), "");
        assert_eq!(end(Period::Never, &[], "2026-11-23"), "");
        assert_eq!(midnight("2026-11-20".parse().unwrap_or_default(), "Asia/Shanghai").to_string(), "2026-11-19T16:00:00Z");
    }
}
