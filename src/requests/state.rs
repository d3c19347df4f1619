//! The life of a request. A transition takes the request as it is and gives the request as it becomes, or says that it
//! cannot. Nothing here touches the database.

use super::model::{Request, Status};
use crate::config::Limits;
use crate::kernel::time::{Timestamp, plus_hours};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// The agency writes: an answered request is reopened.
    Comment,
    /// Somebody of the team takes it, gives it to a colleague, or back to nobody.
    Assign {
        to: Option<String>,
    },
    /// The team writes; with `processed` it is the customer's turn.
    Answer {
        processed: bool,
    },
    /// The team writes to itself.
    Note,
    /// The team offers something until a time.
    Offer {
        valid_until: Timestamp,
    },
    /// The customer accepted, and the team has to act on it, or a refund goes its own way.
    Accept {
        work_left: bool,
    },
    Decline,
    /// Something accepted could not be done, or was done.
    Failed,
    Fulfilled,
    /// It is the same as another one.
    Merge {
        into: String,
    },
    /// Nobody said anything for long enough.
    Complete,
}

/// A transition that is not possible from this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongStatus;

impl Request {
    /// The request after a verb.
    ///
    /// # Errors
    /// `WrongStatus` when it cannot be.
    pub fn after(self, verb: &Verb, limits: &Limits, now: Timestamp) -> Result<Self, WrongStatus> {
        if self.status == Status::Completed {
            // What was accepted before is still done, or given back.
            let settles = matches!(verb, Verb::Failed | Verb::Fulfilled);
            return if settles { Ok(Self { modified_at: now, ..self }) } else { Err(WrongStatus) };
        }
        let answer_by = plus_hours(now, limits.answer_within_hours);
        let news_by = plus_hours(now, limits.next_news_hours);
        let completes = plus_hours(now, limits.complete_after_hours);
        // What only the team sees does not move the request up in the agency's list.
        let same = if *verb == Verb::Note { self } else { Self { modified_at: now, ..self } };
        Ok(match verb {
            Verb::Comment if same.status == Status::Processed => same.reopened(answer_by),
            Verb::Comment | Verb::Note => same,
            Verb::Assign { to } => {
                let begun = same.status == Status::New && to.is_some();
                Self { assignee_id: to.clone(), status: if begun { Status::InProcess } else { same.status }, ..same }
            }
            Verb::Answer { processed: true } | Verb::Fulfilled | Verb::Accept { work_left: false } => same.processed(completes, now),
            Verb::Answer { processed: false } => same.reopened(news_by),
            // The customer has at least as long as the offer is valid.
            Verb::Offer { valid_until } => same.processed(completes.max(*valid_until), now),
            Verb::Accept { work_left: true } | Verb::Decline | Verb::Failed => same.reopened(answer_by),
            Verb::Merge { into } => Self { merged_into_id: Some(into.clone()), ..same.completed(now) },
            Verb::Complete if same.status == Status::Processed && same.due_at <= now => same.completed(now),
            Verb::Complete => return Err(WrongStatus),
        })
    }

    fn reopened(self, due_at: Timestamp) -> Self {
        Self { status: Status::InProcess, processed_at: None, due_at, ..self }
    }

    fn processed(self, completes: Timestamp, now: Timestamp) -> Self {
        Self { status: Status::Processed, processed_at: Some(now), due_at: completes, ..self }
    }

    fn completed(self, now: Timestamp) -> Self {
        Self { status: Status::Completed, completed_at: Some(now), ..self }
    }
}
