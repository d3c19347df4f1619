//! SQLite's checkpoints, beside the writing: what was committed into the log is copied into the database file by a
//! connection of its own, so that no commit waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Executor;

use super::Pool;

/// How long commits are gathered before the next checkpoint.
const PAUSE: Duration = Duration::from_secs(1);

/// Who makes the checkpoints of a database.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    conn: Pool,
    is_due: Arc<AtomicBool>,
}

impl Checkpoints {
    /// Makes them over a connection that nobody else uses.
    #[must_use]
    pub fn over(conn: Pool) -> Self {
        Self { conn, is_due: Arc::default() }
    }

    /// Hears that something was committed: a checkpoint follows soon, if none is due already.
    pub fn note_commit(&self) {
        if self.is_due.swap(true, Ordering::Relaxed) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            this.is_due.store(false, Ordering::Relaxed);
            // One that fails loses nothing: the log keeps what is not copied yet, and the writer has a limit of its own.
            if let Err(cause) = this.conn.execute("PRAGMA wal_checkpoint(PASSIVE)").await {
                tracing::debug!(%cause, "a checkpoint was not made");
            }
        });
    }

    /// Ends: no checkpoint is begun any more.
    pub async fn close(&self) {
        self.conn.close().await;
    }
}
