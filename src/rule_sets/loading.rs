//! Loading a rule set: read, checked, kept as a draft, put in use.

use super::store;
use crate::db::Db;
use crate::kernel::id::new_id;
use crate::kernel::time::{Date, Timestamp};
use crate::refund_calculation::RuleSet;
use crate::refund_calculation::rule_check::{self, Problem};

/// Why a document was not taken.
#[derive(Debug)]
pub enum Refusal {
    /// Longer than so many bytes.
    TooLong(usize),
    /// Not the JSON of a rule set: where, and what the reader says.
    Unreadable {
        path: String,
        cause: String,
    },
    /// Readable, and wrong.
    Wrong(Vec<Problem>),
    /// This version is there already.
    Taken(Box<RuleSet>),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Reads and checks a document.
///
/// # Errors
/// `TooLong`, `Unreadable` or `Wrong`.
pub fn read(document: &str, max_bytes: usize) -> Result<RuleSet, Refusal> {
    if document.len() > max_bytes {
        return Err(Refusal::TooLong(max_bytes));
    }
    let mut json = serde_json::Deserializer::from_str(document);
    let rules: RuleSet = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Refusal::Unreadable { path: error.path().to_string(), cause: error.inner().to_string() })?;
    json.end().map_err(|error| Refusal::Unreadable { path: ".".to_owned(), cause: error.to_string() })?;
    let problems = rule_check::check(&rules);
    if problems.is_empty() { Ok(rules) } else { Err(Refusal::Wrong(problems)) }
}

/// Keeps a checked document as a draft.
///
/// # Errors
/// As [`read`], and `Taken`.
pub async fn keep(db: &Db, document: String, max_bytes: usize, by: String, now: Timestamp) -> Result<RuleSet, Refusal> {
    let rules = read(&document, max_bytes)?;
    if rules.full_version() == RuleSet::low_cost().full_version() {
        return Err(Refusal::Taken(Box::new(rules)));
    }
    db.write(move |conn| {
        Box::pin(async move {
            if store::insert(conn, &new_id(), &rules, &document, &by, now).await? {
                Ok(rules)
            } else {
                Err(Refusal::Taken(Box::new(rules)))
            }
        })
    })
    .await
}

/// Puts a draft in use from a day; false when it was in use already.
///
/// # Errors
/// The database's own.
pub async fn activate(db: &Db, name: String, version: String, from: Date, by: String, now: Timestamp) -> Result<bool, sqlx::Error> {
    db.write(move |conn| Box::pin(async move { store::activate(conn, &name, &version, from, &by, now).await })).await
}
