//! What a rule set would change: the newest quotes reckoned again, and the version before compared.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::db::Conn;
use crate::kernel::money::Money;
use crate::kernel::time::Date;
use crate::refund_calculation::quote::Verdict;
use crate::refund_calculation::{self, Facts, Quote, RuleSet, market};
use crate::refunds::{exchange, quote_store};
use crate::rule_sets::store;

/// The newest quotes by a new version.
#[derive(Debug, Default)]
pub struct Preview {
    /// How many quotes were looked at.
    pub count: usize,
    pub changes: Vec<Change>,
}

/// A quote that would be another.
#[derive(Debug)]
pub struct Change {
    pub order_no: String,
    pub was: (Verdict, Option<Money>),
    pub would: (Verdict, Option<Money>),
}

/// Reckons the newest quotes again by what would be chosen if this version were in use too. Quotes for which another rule
/// set stays the choice are as they were; so are quotes of the first form, whose facts cannot be read any more.
///
/// # Errors
/// The database's own.
pub async fn of(conn: &mut Conn, rules: &RuleSet, day: Date, quotes: i64, rate_days: i64) -> Result<Preview, sqlx::Error> {
    let recent = quote_store::newest(conn, quotes).await?;
    let mut in_use = store::in_use(conn, day).await?;
    in_use.push(rules.clone());
    let mut preview = Preview { count: recent.len(), changes: Vec::new() };
    for one in recent {
        let facts: Result<Facts, _> = serde_json::from_str(&one.facts);
        let was: Result<Quote, _> = serde_json::from_str(&one.answer);
        let (Ok(mut facts), Ok(was)) = (facts, was) else { continue };
        let chosen = market::choose(&in_use, &facts).unwrap_or(RuleSet::low_cost());
        // What another rule set in use would answer by now is not this version's doing, unless it was this name's before.
        if chosen != rules && !was.rule_set_version.starts_with(&format!("{}/", rules.name)) {
            continue;
        }
        // Only rates that the quote did not need before are asked for.
        exchange::add_rates(conn, &mut facts, chosen, rate_days).await?;
        let Ok(would) = refund_calculation::calculate(&facts, chosen) else { continue };
        let (was, would) = ((was.verdict, was.totals.refund), (would.verdict, would.totals.refund));
        if was != would {
            preview.changes.push(Change { order_no: one.order_no, was, would });
        }
    }
    Ok(preview)
}

/// One place in which two documents differ.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Where two versions differ. The version itself and its date are no difference.
#[must_use]
pub fn differences(before: &RuleSet, after: &RuleSet) -> Vec<Difference> {
    let flat = |rules: &RuleSet| {
        let mut leaves = BTreeMap::new();
        flatten("", &serde_json::to_value(rules).unwrap_or_default(), &mut leaves);
        leaves.remove("version");
        leaves
    };
    let (mut old, new) = (flat(before), flat(after));
    let mut found = Vec::new();
    for (path, after) in new {
        let before = old.remove(&path);
        if before.as_ref() != Some(&after) {
            found.push(Difference { path, before, after: Some(after) });
        }
    }
    found.extend(old.into_iter().map(|(path, before)| Difference { path, before: Some(before), after: None }));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn flatten(path: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&below, value, leaves);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                flatten(&format!("{path}[{place}]"), value, leaves);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            leaves.insert(path.to_owned(), text.clone());
        }
        other => {
            leaves.insert(path.to_owned(), other.to_string());
        }
    }
}
