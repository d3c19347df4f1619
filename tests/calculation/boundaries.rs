//! Windows to the minute and the second, days by the airport's calendar, edges that belong to one window only.

use afterfare::kernel::money::Money;
use afterfare::refund_calculation::conditions::Range;
use afterfare::refund_calculation::facts::{Conditions, Fee, Refundability, Span, Window};

use super::make::*;

fn ladder(points: &[i64], to_included: bool, days: bool) -> Conditions {
    let range = |from: Option<i64>, to: Option<i64>| {
        let range = Range { from, to, to_included };
        if days { Span::Days(range) } else { Span::Minutes(range) }
    };
    let edges: Vec<Option<i64>> = std::iter::once(None).chain(points.iter().copied().map(Some)).chain([None]).collect();
    let windows = edges.windows(2).enumerate().map(|(place, ends)| Window {
        span: range(ends[0], ends[1]),
        ..any_time(Refundability::WithFee, Some(Fee::Amount(Money::new(i64::try_from(place).expect("small") + 1, currency("USD")))))
    });
    conditions(windows.collect())
}

/// Which window holds, counted from 1, so many seconds before departure.
fn holds(conditions: &Conditions, seconds_before: i64) -> i64 {
    let mut facts = facts(one_way("USD 100.00", &[]));
    facts.requested_at = departure() - jiff::SignedDuration::from_secs(seconds_before);
    parts(&quote(&facts, &rules(vec![conditions.clone()]))).fees.minor
}

#[test]
fn a_window_includes_its_beginning_and_not_its_end() {
    let ladder = ladder(&[4320, 1440, 0], false, false);
    for (place, edge) in (1..).zip([4320 * 60, 1440 * 60, 0]) {
        assert_eq!(holds(&ladder, edge + 1), place);
        assert_eq!(holds(&ladder, edge), place + 1, "exactly at the edge the later window holds");
        assert_eq!(holds(&ladder, edge - 1), place + 1);
    }
}

#[test]
fn at_least_so_long_before_departure_includes_the_end() {
    let ladder = ladder(&[10_080, 2880, 240], true, false);
    for (place, edge) in (1..).zip([10_080 * 60, 2880 * 60, 240 * 60]) {
        assert_eq!(holds(&ladder, edge + 60), place);
        assert_eq!(holds(&ladder, edge), place, "exactly seven days is at least seven days");
        assert_eq!(holds(&ladder, edge - 1), place + 1);
    }
}

/// Departure is at seven in the evening of December 1 in Hà Nội: that day began 19 hours before.
#[test]
fn days_are_the_airports_own() {
    let from_the_day = ladder(&[0], false, true);
    assert_eq!(holds(&from_the_day, 19 * 3600 + 1), 1, "a second before midnight it is still the day before");
    assert_eq!(holds(&from_the_day, 19 * 3600), 2);
    assert_eq!(holds(&from_the_day, -3600), 2);
    let weekly = ladder(&[7], true, true);
    assert_eq!(holds(&weekly, (6 * 24 + 19) * 3600 + 1), 1);
    assert_eq!(holds(&weekly, (6 * 24 + 19) * 3600), 2);
}

#[test]
fn a_no_show_gives_the_seat_back_less_than_the_cut_off_before() {
    let mut fees = with_fee("USD 1.00");
    fees.no_show = Some(afterfare::refund_calculation::facts::NoShow {
        cutoff_minutes: 180,
        refundability: Refundability::WithFee,
        fee: Some(Fee::Amount(money("USD 10.00"))),
    });
    assert_eq!(holds(&fees, 180 * 60), 100, "exactly three hours before is in time");
    assert_eq!(holds(&fees, 180 * 60 - 1), 1100);
}

#[test]
fn a_range_owns_one_of_its_ends() {
    let range = |to_included| Range { from: Some(10), to: Some(5), to_included };
    let inside = |to_included| (4..=11).filter(|value| range(to_included).holds(*value, 1)).collect::<Vec<i64>>();
    assert_eq!(inside(false), [6, 7, 8, 9, 10]);
    assert_eq!(inside(true), [5, 6, 7, 8, 9]);
    assert!(Range::default().holds(i64::MIN, 60) && Range::default().holds(i64::MAX, 60));
}
