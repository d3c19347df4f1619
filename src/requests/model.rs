//! A service request and what is said in it.

use super::details::Details;
use crate::journal::Side;
use crate::kernel::time::Timestamp;
use crate::refunds::model::Ball;

crate::text_column! {
    /// What is asked for. All stand under "Post-Ticketing Request".
    pub enum Category {
        CancelAndRefund = "cancel-and-refund",
        RefundFollowUp = "refund-follow-up",
        AgencyPassengerRefund = "agency-passenger-refund",
        CreditShell = "credit-shell",
        VoluntaryChange = "voluntary-change",
        InvoluntaryChange = "involuntary-change",
        NameCorrection = "name-correction",
        PassengerInformation = "passenger-information",
        BaggageAncillary = "baggage-ancillary",
        FeedbackDispute = "feedback-dispute",
    }
}

crate::text_column! {
    /// The first step of the cascade.
    pub enum Group { Refunds = "refunds", Changes = "changes", Corrections = "corrections", Extras = "extras", Feedback = "feedback" }
}

crate::text_column! {
    /// Where a request stands.
    pub enum Status { New = "new", InProcess = "in-process", Processed = "processed", Completed = "completed" }
}

crate::named!(Category = "category", Group = "category-group", Status = "request-status");

impl Group {
    /// The categories under it.
    #[must_use]
    pub const fn categories(self) -> &'static [Category] {
        use Category::{
            AgencyPassengerRefund, BaggageAncillary, CancelAndRefund, CreditShell, FeedbackDispute, InvoluntaryChange, NameCorrection,
            PassengerInformation, RefundFollowUp, VoluntaryChange,
        };
        match self {
            Self::Refunds => &[CancelAndRefund, RefundFollowUp, AgencyPassengerRefund, CreditShell],
            Self::Changes => &[VoluntaryChange, InvoluntaryChange],
            Self::Corrections => &[NameCorrection, PassengerInformation],
            Self::Extras => &[BaggageAncillary],
            Self::Feedback => &[FeedbackDispute],
        }
    }
}

impl Category {
    /// The key of the sentence that says when to choose it.
    #[must_use]
    pub fn hint_key(self) -> String {
        format!("category-hint-{}", self.word())
    }
}

/// A request with everything its page shows besides the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: String,
    /// `SR-202611-0042`
    pub number: String,
    pub agency_id: String,
    pub order_id: String,
    pub order_no: String,
    pub airline: String,
    pub category: Category,
    pub status: Status,
    pub details: Details,
    /// The refund that it is about or that came of it.
    pub refund_id: Option<String>,
    pub merged_into_id: Option<String>,
    pub assignee_id: Option<String>,
    /// Counts changes, so that a form filled in before the last one is noticed.
    pub version: i64,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
    /// When the operator must say something; once it is processed, when it completes by itself.
    pub due_at: Timestamp,
    pub processed_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
}

impl Request {
    /// Whether the team has something to do.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, Status::New | Status::InProcess)
    }

    /// Who has to do something now.
    #[must_use]
    pub const fn ball(&self) -> Ball {
        match self.status {
            Status::New | Status::InProcess => Ball::Operator,
            Status::Processed => Ball::Agency,
            Status::Completed => Ball::Nobody,
        }
    }
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub id: String,
    /// For the operator's eyes only.
    pub internal: bool,
    pub side: Side,
    pub author_id: String,
    pub author_name: String,
    pub body: String,
    pub at: Timestamp,
}
