//! The airline's refund rules as a table of windows in airport time, with the one that holds now marked.

use super::model::{Booking, Direction, Refundability, Window};
use crate::kernel::airport;
use crate::kernel::money::Money;
use crate::kernel::time::{DateTime, Timestamp};
use crate::web::words::Message;

/// The rules of one direction.
#[derive(Debug)]
pub struct RuleTable {
    pub direction: Direction,
    pub city: String,
    pub rows: Vec<RuleRow>,
    pub no_show: Option<Message>,
}

/// One window.
#[derive(Debug)]
pub struct RuleRow {
    pub from: Message,
    /// Until when, by the airport's clocks.
    pub until: Option<DateTime>,
    pub refundability: Refundability,
    pub fee: Option<Money>,
    pub now: bool,
}

const MINUTES_PER_DAY: i64 = 1440;
/// Windows that begin or end about a year away have no limit on that side.
const WITHOUT_LIMIT: i64 = 300 * MINUTES_PER_DAY;

/// The tables of every direction that has rules.
#[must_use]
pub fn tables(booking: &Booking, now: Timestamp) -> Vec<RuleTable> {
    booking
        .refund_rules
        .iter()
        .filter_map(|rule| {
            let segment = booking.departure_of(rule.direction)?;
            let airport = airport::find(&segment.departure_airport)?;
            let row = |window: &Window| {
                let until = segment.departure_at.saturating_sub(jiff::SignedDuration::from_mins(window.to_minute)).ok()?;
                let seconds = segment.departure_at.as_second() - now.as_second();
                Some(RuleRow {
                    from: when(window),
                    until: airport.local(until).filter(|_| window.to_minute > -WITHOUT_LIMIT),
                    refundability: window.refundability,
                    fee: window.fee,
                    now: seconds <= window.from_minute * 60 && seconds > window.to_minute * 60,
                })
            };
            let no_show = rule.no_show.map(|rule| {
                let key = format!("no-show-{}", rule.refundability.word());
                Message::new(key).word("cutoff", duration(rule.cutoff_minutes))
            });
            Some(RuleTable {
                direction: rule.direction,
                city: super::strip::city(&segment.departure_airport),
                rows: rule.windows.iter().filter_map(row).collect(),
                no_show,
            })
        })
        .collect()
}

/// "3 days to 1 day before departure", "after departure" …
fn when(window: &Window) -> Message {
    let (from, to) = (window.from_minute, window.to_minute);
    if from <= 0 {
        return Message::new("window-after");
    }
    let key = if from >= WITHOUT_LIMIT { "window-more-than" } else { "window-between" };
    Message::new(key).word("from", duration(from)).word("to", duration(to.max(0)))
}

/// A length of time in its largest whole unit.
#[must_use]
pub fn duration(minutes: i64) -> Message {
    match minutes {
        m if m >= MINUTES_PER_DAY && m % MINUTES_PER_DAY == 0 => Message::new("duration-days").count("count", m / MINUTES_PER_DAY),
        m if m >= 60 && m % 60 == 0 => Message::new("duration-hours").count("count", m / 60),
        m => Message::new("duration-minutes").count("count", m),
    }
}
