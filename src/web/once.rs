//! Once only: a form that moves money carries a one-time key; the same key again gets the first answer.

use crate::db::Conn;
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

/// Keeps the answer of a key, in the transaction of its effect. A second holder of the key waits for the first and
/// is then refused as a duplicate.
///
/// # Errors
/// The database's own, the duplicate included.
pub async fn remember(conn: &mut Conn, owner: &str, key: &str, request: &str, answer: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO once_keys (owner, once_key, request_digest, answer, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(owner)
        .bind(key)
        .bind(digest(request))
        .bind(answer)
        .bind(instant_text(now))
        .execute(conn)
        .await?;
    Ok(())
}
