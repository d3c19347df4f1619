//! What happens by itself, without a visitor. Any number of servers may run it at once: each piece of work is claimed
//! in the transaction that does it.

mod mail;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;

use crate::attachments::store as attachments;
use crate::batches::store::Work;
use crate::batches::working as batches;
use crate::bsp::report;
use crate::journal::{self, Author, Subject};
use crate::kernel::time::{Timestamp, instant_text, plus_days, plus_hours};
use crate::notices::mailing::{Complaint, Post, Sender, Transport};
use crate::notices::store as notices;
use crate::refunds::deadline_store;
use crate::remittances;
use crate::requests::{completing, thread_store};
use crate::statements;
use crate::system::checking;
use crate::top_ups::alerts;
use crate::web::App;
use crate::web::error::Error;

/// Whether a step found something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Done,
    Idle,
}

impl Step {
    const fn of(was_done: bool) -> Self {
        if was_done { Self::Done } else { Self::Idle }
    }
}

const PAUSE: Duration = Duration::from_secs(20);
/// Days that one-time keys of forms are kept.
const ONCE_KEY_DAYS: i64 = 30;

/// Who does the work, with the way out for mail.
#[derive(Debug, Clone)]
pub struct Worker {
    app: App,
    post: Post,
    sender: Sender,
}

impl Worker {
    /// Sets up the way out for mail as the settings say.
    ///
    /// # Errors
    /// A sentence when the mail server's address or the mail folder is not usable.
    pub fn new(app: App) -> Result<Self, Complaint> {
        let settings = &app.settings;
        let transport = match &settings.smtp {
            Some(url) => Transport::smtp(url, settings.limits.mail_seconds)?,
            None => Transport::folder(&settings.mail_folder)?,
        };
        let post = Post::new(transport, settings.limits.mails_per_second);
        let sender = Sender {
            from: settings.mail_from.parse().map_err(|_| format!("{} is not a sender", settings.mail_from))?,
            origin: settings.origin(),
            operator_name: settings.operator_name.clone(),
        };
        Ok(Self { app, post, sender })
    }

    /// Does one piece of work: a file to read, a deadline that was missed, an offer to end, a request to complete, rows of a
    /// batch, mail to send. For whoever wants one after the other; [`run`] does files and mail beside the rest.
    ///
    /// # Errors
    /// The database's own; the piece is then still to be done.
    pub async fn step(&self) -> Result<Step, Error> {
        let was_done =
            self.read_file().await? == Step::Done || self.step_beside().await? == Step::Done || self.send_mail().await? == Step::Done;
        Ok(Step::of(was_done))
    }

    /// Reads one uploaded file.
    ///
    /// # Errors
    /// As of [`Worker::step`].
    async fn read_file(&self) -> Result<Step, Error> {
        Ok(Step::of(batches::step(&self.app, Work::Files).await?))
    }

    /// Does one piece of everything that waits for nobody outside.
    ///
    /// # Errors
    /// As of [`Worker::step`].
    async fn step_beside(&self) -> Result<Step, Error> {
        let (app, now) = (&self.app, self.app.clock.now());
        let finance = self.end_one(now).await?
            || batches::step(app, Work::Rows).await?
            || remittances::posting::step(app).await?
            || statements::making::step(app).await?
            || report::close_one(&app.db, now).await?;
        Ok(Step::of(finance || self.warn_one().await?))
    }

    /// Sends one statement, or what is due to one person.
    ///
    /// # Errors
    /// As of [`Worker::step`].
    async fn send_mail(&self) -> Result<Step, Error> {
        Ok(Step::of(statements::mailing::step(&self.app, &self.post, &self.sender).await? || self.mail_one().await?))
    }

    /// Ends what is over: the time to submit a refund, an offer, the silence in a request. Answers whether there was any.
    async fn end_one(&self, now: Timestamp) -> Result<bool, sqlx::Error> {
        // Asking costs nobody the right to write.
        let mut conn = self.app.db.read().await?;
        if !deadline_store::is_missed(&mut conn, now).await? && !completing::is_due(&mut conn, now).await? {
            return Ok(false);
        }
        drop(conn);
        let limits = self.app.settings.limits.clone();
        let ended = self.app.db.write(move |conn| {
            Box::pin(async move {
                let missed = deadline_store::claim_missed(conn, now).await?;
                if !missed.is_empty() {
                    let events = missed.into_iter().map(|id| (Author::program(), id, serde_json::json!({})));
                    journal::write_many(conn, Subject::Refund, "deadline-missed", events, now).await?;
                    return Ok(true);
                }
                Ok::<_, sqlx::Error>(completing::expire_one(conn, now).await? || completing::complete_one(conn, &limits, now).await?)
            })
        });
        ended.await
    }

    /// Tells of one deposit that runs low. Answers whether there was any.
    async fn warn_one(&self) -> Result<bool, sqlx::Error> {
        let mut conn = self.app.db.read().await?;
        if !alerts::is_crossed(&mut conn).await? {
            return Ok(false);
        }
        drop(conn);
        let now = self.app.clock.now();
        self.app.db.write(move |conn| Box::pin(async move { alerts::tell_one(conn, now).await })).await
    }
}

/// Forgets what nobody needs any more: ended sessions, spent throttles, old one-time keys, old notices, files of forms
/// that were never sent.
///
/// # Errors
/// The database's own.
pub async fn tidy(app: &App) -> Result<(), sqlx::Error> {
    let (now, limits) = (app.clock.now(), &app.settings.limits);
    let (drafts_before, notices_before) = (plus_hours(now, -limits.draft_hours), plus_days(now, -limits.notice_days));
    let files = app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let before = instant_text(now);
                sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(&before).execute(&mut *conn).await?;
                let days_ago = instant_text(plus_days(now, -1));
                sqlx::query("DELETE FROM sign_in_failures WHERE since < $1").bind(days_ago).execute(&mut *conn).await?;
                let old = instant_text(plus_days(now, -ONCE_KEY_DAYS));
                sqlx::query("DELETE FROM once_keys WHERE created_at < $1").bind(old).execute(&mut *conn).await?;
                notices::forget(conn, notices_before).await?;
                remittances::drafts::forget_before(conn, drafts_before).await?;
                thread_store::forget_presence(conn, plus_hours(now, -1)).await?;
                attachments::forget_drafts(conn, drafts_before).await
            })
        })
        .await?;
    for file in files {
        let path = attachments::path(&app.settings.files, &file);
        if let Err(cause) = tokio::fs::remove_file(&path).await {
            tracing::warn!(%cause, "a draft's file was not there to be removed");
        }
    }
    Ok(())
}

/// Works until the app ends. The books are checked, files are read and mail is sent beside the other work: it waits neither
/// for the database's answers about the one nor for the readers and servers of the others. Only mail is waited for at the end.
pub async fn run(worker: Worker) {
    let unended = async { tokio::join!(check_books(&worker.app), read_files(&worker), work(&worker)) };
    tokio::select! {
        _ = unended => {}
        () = send_mails(&worker) => {}
    }
}

/// Reads what is uploaded, a file at a time.
async fn read_files(worker: &Worker) {
    let mut wake = worker.app.wake.subscribe();
    loop {
        while goes_on(worker.read_file()).await {
            worker.app.wake_worker();
        }
        pause(&mut wake).await;
    }
}

/// Sends mail until the app ends: what was sent is written down then, and the rest is taken by whoever comes next.
async fn send_mails(worker: &Worker) {
    let (mut wake, mut ending) = (worker.app.wake.subscribe(), worker.app.ending.subscribe());
    while !worker.app.is_ending() {
        if !goes_on(worker.send_mail()).await {
            tokio::select! {
                () = pause(&mut wake) => {}
                _ = ending.wait_for(|ends| *ends) => {}
            }
        }
    }
}

/// Looks again and again whether the books are to be checked.
async fn check_books(app: &App) {
    loop {
        match AssertUnwindSafe(checking::step(app)).catch_unwind().await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(cause = %error, "the books could not be checked"),
            Err(_) => tracing::error!("the check of the books panicked"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Everything there is to do, then a pause, and again.
async fn work(worker: &Worker) {
    let mut wake = worker.app.wake.subscribe();
    loop {
        let mut was_done = false;
        while goes_on(worker.step_beside()).await {
            was_done = true;
        }
        if was_done {
            // There may be mail about it.
            worker.app.wake_worker();
        }
        if let Err(error) = tidy(&worker.app).await {
            tracing::error!(cause = %error, "tidying failed");
        }
        pause(&mut wake).await;
    }
}

/// Whether a piece of work was done and another may wait. One that panics costs only itself.
async fn goes_on(piece: impl Future<Output = Result<Step, Error>>) -> bool {
    match AssertUnwindSafe(piece).catch_unwind().await {
        Ok(Ok(step)) => return step == Step::Done,
        Ok(Err(error)) => tracing::error!(cause = %error, "background work failed"),
        Err(_) => tracing::error!("background work panicked"),
    }
    false
}

/// Until somebody says that there is something to do, or some time has gone by.
async fn pause(wake: &mut watch::Receiver<u64>) {
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => {}
        _ = wake.changed() => {}
    }
}
