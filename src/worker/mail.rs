//! The mail that is due, a person after the other.

use std::time::{Duration, Instant};

use super::Worker;
use crate::agencies::model::User;
use crate::agencies::store as agencies;
use crate::kernel::time::{Timestamp, plus_seconds};
use crate::notices::mailing::{self, Reader};
use crate::notices::model::{MailWish, Notice};
use crate::notices::store as notices;

/// Seconds after which a mail whose sender vanished is tried again: twice as long as one goes on with what it took, so that
/// the last of it has as long for itself as any server may take.
const ABANDONED_SECONDS: i64 = 900;
/// Seconds until a mail that was not taken is tried again; doubled each time.
const RETRY_SECONDS: i64 = 60;
/// How often the pause is doubled at most: to about two hours.
const MOST_DOUBLINGS: i64 = 8;

/// How long mails are sent before what became of them is written down, at once. A write for each would cost a commit for
/// each, beside which visitors wait; a server that is killed sends the mails of so short a time again, as the same messages.
const NOTED_TOGETHER: Duration = Duration::from_secs(1);

impl Worker {
    /// Sends the mail that is due to one person. Answers whether there was any; for a server that stops there is none.
    pub(super) async fn mail_one(&self) -> Result<bool, sqlx::Error> {
        if self.app.is_ending() {
            return Ok(false);
        }
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
            // Who takes long must not send what another server has taken meanwhile.
            let is_over = self.app.is_ending() || self.app.clock.now() >= plus_seconds(now, ABANDONED_SECONDS / 2);
            let outcome = if is_over { Outcome::LeftToOthers } else { self.try_mail(due, &reader, now).await };
            tried.push(Tried { notices: ids(due), outcome });
            if since.elapsed() >= NOTED_TOGETHER {
                failing = self.note(std::mem::take(&mut tried), &user.id, failing, now).await?;
                since = Instant::now();
            }
        }
        self.note(tried, &user.id, failing, now).await?;
        Ok(())
    }

    async fn try_mail(&self, due: &[Notice], reader: &Reader, now: Timestamp) -> Outcome {
        let sent = match mailing::compose(due, reader, &self.sender) {
            Ok(mail) => self.post.send(mail).await,
            Err(complaint) => Err(complaint),
        };
        let Err(cause) = sent else { return Outcome::Sent };
        tracing::error!(cause, "a mail could not be sent");
        let times = due.iter().map(|notice| notice.mail_attempts).max().unwrap_or(1);
        Outcome::Refused {
            again: plus_seconds(now, RETRY_SECONDS << (times.clamp(1, MOST_DOUBLINGS) - 1)),
            is_given_up: times >= self.app.settings.limits.mail_attempts,
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
                let of = |wanted: Outcome| {
                    let mails = tried.iter().filter(move |mail| mail.outcome == wanted);
                    mails.flat_map(|mail| mail.notices.clone()).collect::<Vec<String>>()
                };
                notices::mark_mailed(conn, &of(Outcome::Sent)).await?;
                notices::give_back(conn, &of(Outcome::LeftToOthers), now).await?;
                let mut fails = failing;
                for mail in &tried {
                    match mail.outcome {
                        Outcome::Sent => fails = false,
                        Outcome::Refused { again, is_given_up } => {
                            fails |= is_given_up;
                            notices::mark_unmailed(conn, &mail.notices, again, attempts).await?;
                        }
                        Outcome::LeftToOthers => {}
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

/// A mail, by the numbers of the notices that it tells of.
struct Tried {
    notices: Vec<String>,
    outcome: Outcome,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Sent,
    Refused {
        /// When it is tried again, if it is.
        again: Timestamp,
        is_given_up: bool,
    },
    /// The server is about to stop, or took too long for those before.
    LeftToOthers,
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
