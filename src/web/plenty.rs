//! Counts that only say how much waits, or that there is much: what was found to be "999+" is taken to be so for some seconds,
//! what is plenty for whoever looks through it for an hour, and not counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::figures::COUNTED;
use crate::db::select::{Select, Value};
use crate::kernel::time::Timestamp;

/// Seconds for which a full count is believed: as long as a page that was just shown is looked at.
const BELIEVED_SECONDS: i64 = 10;

/// Seconds for which something is known to be plenty.
const KNOWN_SECONDS: i64 = 3_600;
/// So much is known at most; then it is forgotten, and counted again.
const MOST_KNOWN: usize = 1_000;

/// Which counts were full and what is plenty, and when that was seen.
#[derive(Debug, Clone, Default)]
pub struct Plenty(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    full: HashMap<&'static str, Timestamp>,
    known: HashMap<String, Timestamp>,
}

fn is_fresh(seen: Option<&Timestamp>, now: Timestamp, seconds: i64) -> bool {
    seen.is_some_and(|at| (0..seconds).contains(&(now.as_second() - at.as_second())))
}

impl Plenty {
    /// Adds these counts, each called by a name, to a statement; where rows have a `?`, it takes the value. Answers how far
    /// each is counted: to [`COUNTED`], or not at all.
    #[must_use]
    pub fn count<const N: usize>(
        &self,
        mut select: Select,
        counts: [(&'static str, &'static str); N],
        value: &Value,
        now: Timestamp,
    ) -> (Select, [i64; N]) {
        let limits = self.limits(counts.map(|(_, rows)| rows), now);
        for ((name, rows), limit) in counts.into_iter().zip(limits) {
            let values = std::iter::repeat_n(value.clone(), rows.matches('?').count());
            select = select.counted(name, rows, values, limit);
        }
        (select, limits)
    }

    /// How far each of these is to be counted: to [`COUNTED`], or not at all.
    fn limits<const N: usize>(&self, names: [&'static str; N], now: Timestamp) -> [i64; N] {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.map(|name| if is_fresh(seen.full.get(name), now, BELIEVED_SECONDS) { 0 } else { COUNTED })
    }

    /// What one is said to be, after it was counted as far as its limit.
    #[must_use]
    pub fn of(&self, name: &'static str, limit: i64, counted: i64, now: Timestamp) -> i64 {
        if limit == 0 {
            return COUNTED;
        }
        if counted >= COUNTED {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).full.insert(name, now);
        }
        counted
    }

    /// Whether something was noted to be plenty within the last hour.
    #[must_use]
    pub fn is_known(&self, what: &str, now: Timestamp) -> bool {
        is_fresh(self.0.lock().unwrap_or_else(PoisonError::into_inner).known.get(what), now, KNOWN_SECONDS)
    }

    /// Notes that something is plenty.
    pub fn note(&self, what: String, now: Timestamp) {
        let known = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).known;
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(what, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::{parse_instant, plus_seconds};

    #[test]
    fn what_is_full_is_not_counted_for_a_while() {
        let (plenty, now) = (Plenty::default(), parse_instant("2026-11-22T09:00:00Z").expect("an instant"));
        assert_eq!(plenty.limits(["few", "many"], now), [COUNTED, COUNTED]);
        assert_eq!((plenty.of("few", COUNTED, 12, now), plenty.of("many", COUNTED, COUNTED, now)), (12, COUNTED));
        let soon = plus_seconds(now, BELIEVED_SECONDS - 1);
        assert_eq!(plenty.limits(["few", "many"], soon), [COUNTED, 0]);
        assert_eq!(plenty.of("many", 0, 0, soon), COUNTED);
        let later = plus_seconds(now, BELIEVED_SECONDS);
        assert_eq!(plenty.limits(["few", "many"], later), [COUNTED, COUNTED], "it is looked at again");
        assert_eq!(plenty.of("many", COUNTED, 998, later), 998);
    }

    #[test]
    fn what_is_plenty_is_known_for_an_hour() {
        let (plenty, now) = (Plenty::default(), parse_instant("2026-11-22T09:00:00Z").expect("an instant"));
        plenty.note("nguyen".to_owned(), now);
        assert!(plenty.is_known("nguyen", plus_seconds(now, KNOWN_SECONDS - 1)) && !plenty.is_known("le", now));
        assert!(!plenty.is_known("nguyen", plus_seconds(now, KNOWN_SECONDS)), "it is counted again");
        (0..MOST_KNOWN).for_each(|nth| plenty.note(nth.to_string(), now));
        assert!(!plenty.is_known("nguyen", now) && plenty.is_known("999", now), "no more is kept than so much");
    }
}
