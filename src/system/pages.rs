//! System: the same numbers for a Supervisor.

use askama::Template;

use super::numbers::{self, Numbers};
use crate::kernel::time::{Timestamp, minutes_until};
use crate::web::Answer;
use crate::web::figures::hours_and_minutes;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ManageAgencies, Visit};

#[derive(Template)]
#[template(path = "system/system.html")]
struct SystemPage {
    frame: Frame,
    numbers: Numbers,
    /// Hours and minutes since the oldest refund came that is not with its airline.
    oldest: Option<String>,
    /// Whether the last backup is older than a day, lacks a file, or there is none.
    backup_is_bad: bool,
    version: &'static str,
    metrics: Option<String>,
    kind: &'static str,
}

/// Minutes after which a backup is called old.
const OLD_BACKUP_MINUTES: i64 = 26 * 60;

/// `GET /system`
pub async fn show(visit: Visit<ManageAgencies>) -> Answer {
    let now = visit.app.clock.now();
    let numbers = numbers::gather(&visit.app.db, now).await?;
    let minutes = |at: Timestamp| minutes_until(at, now);
    let made = numbers.backup.as_ref().and_then(|mark| mark.ended_at);
    visit.page(&SystemPage {
        frame: visit.frame("system-title", Place::System),
        oldest: numbers.oldest_unsubmitted.map(|at| hours_and_minutes(minutes(at))),
        backup_is_bad: made.is_none_or(|at| minutes(at) > OLD_BACKUP_MINUTES) || numbers.backup.as_ref().is_some_and(|mark| mark.found > 0),
        version: env!("CARGO_PKG_VERSION"),
        metrics: visit.app.settings.metrics_listen.map(|address| format!("http://{address}/metrics")),
        kind: visit.app.db.kind_name(),
        numbers,
    })
}
