//! The books are checked every night, by one of the servers.

use super::marks::{self, Deed};
use crate::finance::verify;
use crate::kernel::time::{Timestamp, plus_hours};
use crate::web::App;

/// Hours after which a check that never ended is taken for broken off: its server was stopped or killed.
const ABANDONED_HOURS: i64 = 1;

/// The newest hour at which a check was due.
fn due_since(now: Timestamp, hour: i64) -> Timestamp {
    let into_day = now.as_second().rem_euclid(86_400) / 3_600;
    let hours_ago = (into_day - hour).rem_euclid(24);
    let whole_hour = now.as_second() - now.as_second().rem_euclid(3_600);
    plus_hours(Timestamp::from_second(whole_hour).unwrap_or(now), -hours_ago)
}

/// Checks the books when that is due. Answers whether it was.
///
/// # Errors
/// The database's own; the check is begun anew after an hour.
pub async fn step(app: &App) -> Result<bool, sqlx::Error> {
    let now = app.clock.now();
    let since = due_since(now, app.settings.limits.verify_hour);
    let abandoned = plus_hours(now, -ABANDONED_HOURS);
    let newest = marks::newest(&mut *app.db.read().await?, Deed::Verify).await?;
    if newest.is_some_and(|mark| mark.begun_at >= since && !(mark.is_open() && mark.begun_at < abandoned)) {
        return Ok(false);
    }
    let ours = app.db.write(move |conn| Box::pin(async move { marks::begin(conn, Deed::Verify, since, abandoned, now).await }));
    if !ours.await? {
        return Ok(false);
    }
    let findings = verify::run(&app.db).await?.differences;
    if !findings.is_empty() {
        tracing::error!(count = findings.len(), first = findings[0], "the books are not clean");
    }
    let ended = app.clock.now();
    app.db.write(move |conn| Box::pin(async move { marks::end(conn, Deed::Verify, &findings, ended).await })).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_night_is_found() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        assert_eq!(due_since(at("2026-11-20T09:30:00Z"), 18), at("2026-11-19T18:00:00Z"));
        assert_eq!(due_since(at("2026-11-20T18:00:00Z"), 18), at("2026-11-20T18:00:00Z"));
        assert_eq!(due_since(at("2026-11-20T23:59:59Z"), 0), at("2026-11-20T00:00:00Z"));
    }
}
