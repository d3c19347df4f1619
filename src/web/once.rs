//! Once only: a form that moves money carries a one-time key; the same key again gets the first answer.

use std::collections::HashSet;

use crate::db::rows::{self, Insertion, Table};
use crate::db::select::Select;
use crate::db::{Conn, is_duplicate};
use crate::kernel::id::digest;
use crate::kernel::time::{Timestamp, instant_text};

/// What a key was used for before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// Never used: go on, and [`remember`] the answer in the same transaction.
    Nothing,
    /// The same request: here is its answer.
    Same(String),
    /// Another request used this key.
    Different,
}

/// Looks a key up.
///
/// # Errors
/// The database's own.
pub async fn recall(conn: &mut Conn, owner: &str, key: &str, request: &str) -> Result<Earlier, sqlx::Error> {
    let found: Option<(String, String)> = sqlx::query_as("SELECT request_digest, answer FROM once_keys WHERE owner = $1 AND once_key = $2")
        .bind(owner)
        .bind(key)
        .fetch_optional(conn)
        .await?;
    Ok(match found {
        None => Earlier::Nothing,
        Some((hash, answer)) if hash == digest(request) => Earlier::Same(answer),
        Some(_) => Earlier::Different,
    })
}

/// The query for those of some keys, one at least, that were used before. Each is counted for itself: a list of owners and one
/// of keys would let PostgreSQL read all keys of an owner.
#[must_use]
pub fn used_query(keys: &[(&str, &str)]) -> Select {
    Select::new("WITH asked (owner, once_key) AS (VALUES")
        .rows_of(keys.iter().map(|(owner, key)| [(*owner).into(), (*key).into()]).collect())
        .then(
            ") SELECT owner, once_key FROM asked WHERE \
             (SELECT COUNT(*) FROM once_keys k WHERE k.owner = asked.owner AND k.once_key = asked.once_key) > 0",
            [],
        )
}

/// Which of some keys were used before: owner and key. Whoever brings the same again must be answered by [`recall`].
///
/// # Errors
/// The database's own.
pub async fn used(conn: &mut Conn, keys: &[(&str, &str)]) -> Result<HashSet<(String, String)>, sqlx::Error> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<(String, String)> = used_query(keys).fetch(conn).await?;
    Ok(found.into_iter().collect())
}

/// A key and what it was used for.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    pub owner: &'a str,
    pub key: &'a str,
    pub request: &'a str,
    pub answer: &'a str,
}

const ONCE_KEYS: Table = Table { name: "once_keys", columns: &["owner", "once_key", "request_digest", "answer", "created_at"], suffix: "" };

/// Keeps the answer of a key, in the transaction of its effect. A second holder of the key waits for the first, and then
/// nothing of what it wanted is done: it is told to press again, and [`recall`] knows the answer.
///
/// # Errors
/// The database's own; that somebody else was at work, for the second holder.
pub async fn remember(conn: &mut Conn, owner: &str, key: &str, request: &str, answer: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    let kept = rows::insert_all(conn, vec![entries(&[Use { owner, key, request, answer }], now)]).await;
    kept.map_err(|error| if is_duplicate(&error) { sqlx::Error::PoolTimedOut } else { error })
}

/// The rows that keep the answers of many keys.
pub fn entries(uses: &[Use<'_>], now: Timestamp) -> Insertion<'static> {
    let row = |used: &Use<'_>| {
        vec![used.owner.into(), used.key.into(), digest(used.request).into(), used.answer.into(), instant_text(now).into()]
    };
    Insertion::of(ONCE_KEYS, uses.iter().map(row))
}
