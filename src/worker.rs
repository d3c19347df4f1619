//! What happens by itself, without a visitor. Any number of servers may run it at once: each piece of work is claimed
//! in the transaction that does it.

use std::time::Duration;

use crate::journal::{self, Author, Subject};
use crate::kernel::time::{instant_text, plus_days};
use crate::refunds::store as refunds;
use crate::web::App;

/// Whether a step found something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Done,
    Idle,
}

const PAUSE: Duration = Duration::from_secs(20);
/// Days that one-time keys of forms are kept.
const ONCE_KEY_DAYS: i64 = 30;

/// Does one piece of work.
///
/// # Errors
/// The database's own; the piece is then still to be done.
pub async fn step(app: &App) -> Result<Step, sqlx::Error> {
    let now = app.clock.now();
    let claimed = app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let claimed = refunds::claim_missed(conn, now).await?;
                if let Some(id) = &claimed {
                    let details = serde_json::json!({});
                    journal::write(conn, Subject::Refund, id, "deadline-missed", &Author::program(), &details, now).await?;
                }
                Ok::<_, sqlx::Error>(claimed)
            })
        })
        .await?;
    Ok(if claimed.is_some() { Step::Done } else { Step::Idle })
}

/// Forgets what nobody needs any more: ended sessions, spent throttles, old one-time keys.
///
/// # Errors
/// The database's own.
pub async fn tidy(app: &App) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    app.db
        .write(move |conn| {
            Box::pin(async move {
                let before = instant_text(now);
                sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(&before).execute(&mut *conn).await?;
                let days_ago = instant_text(plus_days(now, -1));
                sqlx::query("DELETE FROM sign_in_failures WHERE since < $1").bind(days_ago).execute(&mut *conn).await?;
                let old = instant_text(plus_days(now, -ONCE_KEY_DAYS));
                sqlx::query("DELETE FROM once_keys WHERE created_at < $1").bind(old).execute(conn).await?;
                Ok(())
            })
        })
        .await
}

/// Works until the task is ended: everything there is, then a pause.
pub async fn run(app: App) {
    loop {
        match step(&app).await {
            Ok(Step::Done) => continue,
            Ok(Step::Idle) => {
                if let Err(error) = tidy(&app).await {
                    tracing::error!(cause = %error, "tidying failed");
                }
            }
            Err(error) => tracing::error!(cause = %error, "background work failed"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
