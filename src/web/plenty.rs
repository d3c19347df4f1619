//! Counts that only say how much waits: what was found to be "999+" is taken to be so for some seconds, and not counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::figures::COUNTED;
use crate::db::select::{Select, Value};
use crate::kernel::time::Timestamp;

/// Seconds for which a full count is believed: as long as a page that was just shown is looked at.
const BELIEVED_SECONDS: i64 = 10;

/// Which counts were full, and when that was seen.
#[derive(Debug, Clone, Default)]
pub struct Plenty(Arc<Mutex<HashMap<&'static str, Timestamp>>>);

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
        names.map(|name| {
            let age = seen.get(name).map(|at| now.as_second() - at.as_second());
            if age.is_some_and(|age| (0..BELIEVED_SECONDS).contains(&age)) { 0 } else { COUNTED }
        })
    }

    /// What one is said to be, after it was counted as far as its limit.
    #[must_use]
    pub fn of(&self, name: &'static str, limit: i64, counted: i64, now: Timestamp) -> i64 {
        if limit == 0 {
            return COUNTED;
        }
        if counted >= COUNTED {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, now);
        }
        counted
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
}
