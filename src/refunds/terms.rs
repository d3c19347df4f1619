//! The terms of a quote, beside the booking: the rule sets in use and the exchange rates. Every quote and every submission
//! needs them, and they change once a day: what a thread has read of them it keeps until they have another revision.

use std::cell::RefCell;

use super::exchange;
use crate::db::revisions::UNKNOWN;
use crate::rule_sets;

/// Rule sets and rates that were read, kept by one thread at most; then it begins anew.
const MOST_KEPT: usize = 500;

/// Rule sets and rates that are read once, however many quotes are made by them.
#[derive(Debug, Default)]
pub struct Shelf {
    pub(super) rules: rule_sets::store::Shelf,
    pub(super) rates: exchange::Shelf,
}

thread_local! {
    static KEPT: RefCell<(i64, Shelf)> = RefCell::default();
}

impl Shelf {
    /// Takes what this thread has kept of a revision. Whoever reads more gives it back by [`Shelf::keep`]; the revision must have
    /// been read before that.
    #[must_use]
    pub fn of(revision: i64) -> Self {
        KEPT.with_borrow_mut(|(kept, shelf)| if *kept == revision { std::mem::take(shelf) } else { Self::default() })
    }

    /// Keeps it for the next who need this revision, beside what others have kept of it meanwhile. What it holds may be newer than
    /// the revision, since it was read later, but never older.
    pub fn keep(mut self, revision: i64) {
        let others = Self::of(revision);
        self.rules.extend(others.rules);
        self.rates.extend(others.rates);
        if revision != UNKNOWN && self.rules.len() + self.rates.len() <= MOST_KEPT {
            KEPT.set((revision, self));
        }
    }
}
