//! The same for many requests: each is done or refused for itself, and says which.

use super::actions::{self, NotDone, Order};
use super::state::Verb;
use crate::config::Limits;
use crate::db::Db;
use crate::kernel::actor::Actor;
use crate::kernel::id::new_token;
use crate::kernel::time::Timestamp;
use crate::web::words::Message;

/// A request as it was seen in the list: `SR-202611-0042:3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub number: String,
    pub version: i64,
}

impl Seen {
    /// Reads it from a checkbox.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, version) = text.split_once(':')?;
        Some(Self { number: number.to_owned(), version: version.parse().ok()? })
    }
}

/// What became of one of them; a sentence where it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub number: String,
    pub problem: Option<Message>,
}

/// Does a verb to each, with the same message.
pub async fn perform(
    db: &Db,
    actor: &Actor,
    seen: Vec<Seen>,
    verb: &Verb,
    message: Option<&str>,
    limits: &Limits,
    now: Timestamp,
) -> Vec<Done> {
    let mut all = Vec::with_capacity(seen.len());
    for one in seen {
        let order = Order {
            actor: actor.clone(),
            number: one.number.clone(),
            seen_version: one.version,
            once_key: new_token(),
            verb: verb.clone(),
            message: message.map(|text| (text.to_owned(), Vec::new())),
        };
        let problem = match actions::perform(db, order, limits, now).await {
            Ok(_) => None,
            Err(problem) => {
                if let NotDone::Database(error) = &problem {
                    tracing::error!(cause = %error, number = one.number, "one of many was not done");
                }
                Some(problem.message())
            }
        };
        all.push(Done { number: one.number, problem });
    }
    all
}

impl NotDone {
    /// The sentence with what to do.
    #[must_use]
    pub fn message(&self) -> Message {
        Message::new(match self {
            Self::Absent => "error-not-found",
            Self::Overtaken => "request-overtaken",
            Self::WrongStatus => "request-completed-already",
            Self::OtherOpen => "request-other-open",
            Self::KeyReused => "request-key-reused",
            Self::FilesGone => "attachment-gone",
            Self::Unsettled => "request-unsettled",
            Self::Database(_) => "error-internal",
        })
    }
}
