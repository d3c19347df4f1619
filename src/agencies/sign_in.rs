//! Signing in: password and throttle. Slow for everybody alike, never a permanent lock.

use super::{password, store};
use crate::config::Limits;
use crate::db::Db;
use crate::kernel::id::digest;
use crate::kernel::time::{Timestamp, plus_hours};

/// What a try to sign in came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The user's id.
    Right(String),
    Wrong,
    /// Too many wrong tries of this account or from this address: wait for the window to pass.
    Wait,
}

/// Tries an e-mail address and a password. Both throttles count only wrong tries.
///
/// # Errors
/// The database's own.
pub async fn attempt(
    db: &Db,
    email: &str,
    password: String,
    address: &str,
    limits: &Limits,
    now: Timestamp,
) -> Result<Outcome, sqlx::Error> {
    let since = plus_hours(now, 0).saturating_sub(jiff::SignedDuration::from_mins(limits.sign_in_window_minutes)).unwrap_or(now);
    // Digests, so that the table of failures holds neither addresses of people nor of machines.
    let (account, origin) = (digest(&format!("account {email}")), digest(&format!("address {address}")));
    let mut conn = db.read().await?;
    if store::failures(&mut conn, &account, since).await? >= limits.sign_in_tries_per_account
        || store::failures(&mut conn, &origin, since).await? >= limits.sign_in_tries_per_address
    {
        return Ok(Outcome::Wait);
    }
    let known = store::credentials(&mut conn, email).await?;
    drop(conn);
    let (user_id, hash) = known.unzip();
    let right = password::fits(password, hash).await;
    if let Some(user_id) = user_id.filter(|_| right) {
        db.write(move |conn| Box::pin(async move { store::forget_failures(conn, &account).await })).await?;
        return Ok(Outcome::Right(user_id));
    }
    db.write(move |conn| {
        Box::pin(async move {
            store::count_failure(conn, &account, since, now).await?;
            store::count_failure(conn, &origin, since, now).await
        })
    })
    .await?;
    Ok(Outcome::Wrong)
}
