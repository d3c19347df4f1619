//! The exchange rates that a calculation needs and its facts do not have.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use crate::db::Conn;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, utc_day};
use crate::rates;
use crate::refund_calculation::RuleSet;
use crate::refund_calculation::facts::{Facts, Fee, Rate};

/// Reads the rates that the facts need under these rules and do not have; a missing one is left out and the calculation
/// says so.
///
/// # Errors
/// The database's own.
pub async fn add_rates(conn: &mut Conn, facts: &mut Facts, rules: &RuleSet, rate_days: i64) -> Result<(), sqlx::Error> {
    Shelf::default().add_rates(conn, facts, rules, rate_days).await
}

/// Rates that are read once, however many refunds are calculated in one go.
#[derive(Debug, Default)]
pub struct Shelf {
    /// By the two currencies, and by the last and the first day that it may be of.
    found: HashMap<(Currency, Currency, Date, Date), Option<Rate>>,
}

impl Shelf {
    /// How much it holds.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// Adds what another holds.
    pub(super) fn extend(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// As [`add_rates`].
    ///
    /// # Errors
    /// The database's own.
    pub async fn add_rates(&mut self, conn: &mut Conn, facts: &mut Facts, rules: &RuleSet, rate_days: i64) -> Result<(), sqlx::Error> {
        let day = utc_day(facts.requested_at);
        let oldest = day.checked_sub(jiff::Span::new().days(rate_days)).unwrap_or(day);
        for currency in foreign_currencies(facts, rules) {
            let is_there = |rate: &Rate| [rate.from, rate.to].contains(&currency) && [rate.from, rate.to].contains(&facts.currency);
            if facts.rates.iter().any(is_there) {
                continue;
            }
            let rate = match self.found.entry((currency, facts.currency, day, oldest)) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(place) => {
                    let found = rates::find(conn, currency, facts.currency, day, oldest).await?;
                    place.insert(found.map(|found| Rate { from: found.from, to: found.to, day: found.day, rate: found.rate }))
                }
            };
            facts.rates.extend(rate.clone());
        }
        Ok(())
    }
}

/// The currencies of amounts that must be converted: of the order's own conditions and of the rule set's.
fn foreign_currencies(facts: &Facts, rules: &RuleSet) -> BTreeSet<Currency> {
    let mut found = BTreeSet::new();
    let mut add = |amount: Option<Money>| found.extend(amount.map(|amount| amount.currency));
    for conditions in facts.conditions.iter().chain(&rules.conditions) {
        add(conditions.misc_fee);
        for window in &conditions.windows {
            add(window.minimum);
            add(window.maximum);
        }
        let fees = conditions.windows.iter().filter_map(|window| window.fee.as_ref());
        for fee in fees.chain(conditions.no_show.iter().filter_map(|rule| rule.fee.as_ref())) {
            if let Fee::Amount(amount) = fee {
                add(Some(*amount));
            }
        }
    }
    add(rules.taxes.tax_only_fee);
    facts.selected().flat_map(|ticket| &ticket.candidate_fares).for_each(|fare| add(Some(fare.fare)));
    found.remove(&facts.currency);
    found
}
