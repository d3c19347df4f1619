//! What happens by itself, without a visitor. Any number of servers may run it at once: each piece of work is claimed
//! in the transaction that does it.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::watch;

use crate::agencies::model::User;
use crate::agencies::store as agencies;
use crate::attachments::store as attachments;
use crate::batches::store::Work;
use crate::batches::working as batches;
use crate::bsp::report;
use crate::journal::{self, Author, Subject};
use crate::kernel::time::{Timestamp, instant_text, plus_days, plus_hours, plus_seconds};
use crate::notices::mailing::{self, Complaint, Post, Reader, Sender};
use crate::notices::model::{MailWish, Notice};
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

const PAUSE: Duration = Duration::from_secs(20);
/// Days that one-time keys of forms are kept.
const ONCE_KEY_DAYS: i64 = 30;

/// Seconds after which a mail whose sender vanished is tried again; longer than any server may take.
const ABANDONED_SECONDS: i64 = 900;
/// Seconds until a mail that was not taken is tried again; doubled each time.
const RETRY_SECONDS: i64 = 60;
/// How often the pause is doubled at most: to about two hours.
const MOST_DOUBLINGS: i64 = 8;

/// How long mails are sent before what became of them is written down, at once. A write for each would cost a commit for
/// each, beside which visitors wait; a server that is killed sends the mails of so short a time again, as the same messages.
const NOTED_TOGETHER: Duration = Duration::from_secs(1);

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
        let post = match &settings.smtp {
            Some(url) => Post::smtp(url, settings.limits.mail_seconds)?,
            None => Post::folder(&settings.mail_folder)?,
        };
        let sender = Sender {
            from: settings.mail_from.parse().map_err(|_| format!("{} is not a sender", settings.mail_from))?,
            origin: settings.origin(),
            operator_name: settings.operator_name.clone(),
        };
        Ok(Self { app, post, sender })
    }

    /// Does one piece of work: a file to read, a deadline that was missed, an offer to end, a request to complete, rows of a
    /// batch, mail to send. For whoever wants one after the other; [`run`] does files beside the rest.
    ///
    /// # Errors
    /// The database's own; the piece is then still to be done.
    pub async fn step(&self) -> Result<Step, Error> {
        match self.read_file().await? {
            Step::Done => Ok(Step::Done),
            Step::Idle => self.step_beside().await,
        }
    }

    /// Reads one uploaded file.
    ///
    /// # Errors
    /// As of [`Worker::step`].
    async fn read_file(&self) -> Result<Step, Error> {
        Ok(if batches::step(&self.app, Work::Files).await? { Step::Done } else { Step::Idle })
    }

    /// Does one piece of everything else.
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
        let told = finance || self.warn_one().await? || statements::mailing::step(app, &self.post, &self.sender).await?;
        Ok(if told || self.mail_one().await? { Step::Done } else { Step::Idle })
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

    /// Sends the mail that is due to one person. Answers whether there was any.
    async fn mail_one(&self) -> Result<bool, sqlx::Error> {
        let (db, now) = (&self.app.db, self.app.clock.now());
        let until = plus_seconds(now, ABANDONED_SECONDS);
        let due = db.write(move |conn| Box::pin(async move { notices::take_due(conn, now, until).await })).await?;
        let Some(first) = due.first() else { return Ok(false) };
        let mut conn = db.read().await?;
        let user = agencies::user(&mut conn, &first.user_id).await?.filter(|user| !user.disabled && user.mail != MailWish::Off);
        drop(conn);
        let Some(user) = user else {
            // Nobody is to be told any more.
            let ids = ids(&due);
            db.write(move |conn| Box::pin(async move { notices::mark_unwanted(conn, &ids).await })).await?;
            return Ok(true);
        };
        let mails = if user.mail == MailWish::Daily { vec![due] } else { by_case(due) };
        self.mail(&mails, &user, now).await?;
        Ok(true)
    }

    /// Sends mails to one person, and writes down what became of them.
    async fn mail(&self, mails: &[Vec<Notice>], user: &User, now: Timestamp) -> Result<(), sqlx::Error> {
        let reader =
            Reader { email: user.email.clone(), name: user.name.clone(), language: user.language, zone_name: user.zone_name.clone() };
        let (mut failing, mut tried, mut since) = (user.mail_failed_at.is_some(), Vec::new(), Instant::now());
        for due in mails {
            tried.push(self.try_mail(due, &reader, now).await);
            if since.elapsed() >= NOTED_TOGETHER {
                failing = self.note(std::mem::take(&mut tried), &user.id, failing, now).await?;
                since = Instant::now();
            }
        }
        self.note(tried, &user.id, failing, now).await?;
        Ok(())
    }

    async fn try_mail(&self, due: &[Notice], reader: &Reader, now: Timestamp) -> Tried {
        let sent = match mailing::compose(due, reader, &self.sender) {
            Ok(mail) => self.post.send(mail).await,
            Err(complaint) => Err(complaint),
        };
        let times = due.iter().map(|notice| notice.mail_attempts).max().unwrap_or(1);
        Tried {
            notices: ids(due),
            refused: sent.err().map(|cause| {
                tracing::error!(cause, "a mail could not be sent");
                Refused {
                    again: plus_seconds(now, RETRY_SECONDS << (times.clamp(1, MOST_DOUBLINGS) - 1)),
                    is_given_up: times >= self.app.settings.limits.mail_attempts,
                }
            }),
        }
    }

    /// Writes down what became of one person's mails. `failing` says whether they are known not to be reached by mail, and
    /// the answer whether they are now: the last mail that was taken or given up decides.
    async fn note(&self, tried: Vec<Tried>, user_id: &str, failing: bool, now: Timestamp) -> Result<bool, sqlx::Error> {
        if tried.is_empty() {
            return Ok(failing);
        }
        let (user_id, attempts) = (user_id.to_owned(), self.app.settings.limits.mail_attempts);
        let noted = self.app.db.write(move |conn| {
            Box::pin(async move {
                let sent: Vec<String> = tried.iter().filter(|mail| mail.refused.is_none()).flat_map(|mail| mail.notices.clone()).collect();
                if !sent.is_empty() {
                    notices::mark_mailed(conn, &sent).await?;
                }
                let mut fails = failing;
                for mail in &tried {
                    match &mail.refused {
                        None => fails = false,
                        Some(refused) => {
                            fails |= refused.is_given_up;
                            notices::mark_unmailed(conn, &mail.notices, refused.again, attempts).await?;
                        }
                    }
                }
                if fails != failing {
                    agencies::set_mail_failed(conn, &user_id, fails.then_some(now)).await?;
                }
                Ok(fails)
            })
        });
        noted.await
    }
}

/// What became of a mail.
struct Tried {
    /// The numbers of the notices that it told of.
    notices: Vec<String>,
    refused: Option<Refused>,
}

struct Refused {
    /// When it is tried again, if it is.
    again: Timestamp,
    is_given_up: bool,
}

fn ids(notices: &[Notice]) -> Vec<String> {
    notices.iter().map(|notice| notice.id.clone()).collect()
}

/// A mail for each case, in the order of their first notices.
fn by_case(due: Vec<Notice>) -> Vec<Vec<Notice>> {
    let mut mails: Vec<Vec<Notice>> = Vec::new();
    for notice in due {
        match mails.iter_mut().find(|mail| mail[0].case.id == notice.case.id) {
            Some(mail) => mail.push(notice),
            None => mails.push(vec![notice]),
        }
    }
    mails
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

/// Works until the task is ended. The books are checked and files are read beside the other work: it waits neither for the
/// database's answers about the one nor for the readers of the other.
pub async fn run(worker: Worker) {
    tokio::join!(check_books(&worker.app), read_files(&worker), work(&worker));
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
        while goes_on(worker.step_beside()).await {}
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
