//! What the operator offers inside a request.

use serde::{Deserialize, Serialize};

use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;

crate::text_column! {
    /// What is offered: a refund, or a change or an extra at a price.
    pub enum OfferKind { Refund = "refund", Change = "change", Ancillary = "ancillary" }
}

crate::text_column! {
    /// Where an offer stands. The customer decides once.
    pub enum OfferStatus {
        Open = "open",
        Accepted = "accepted",
        Declined = "declined",
        /// The operator took it back.
        Withdrawn = "withdrawn",
        Expired = "expired",
        /// It was accepted and could not be done: its price was given back.
        Failed = "failed",
        /// It was accepted and is done.
        Fulfilled = "fulfilled",
    }
}

crate::text_column! {
    /// A line of an offered refund that somebody may set otherwise than the calculation did.
    pub enum OfferLine { FarePenalty = "fare-penalty", AncillaryPenalty = "ancillary-penalty", ServiceFee = "service-fee" }
}

crate::named!(OfferKind = "offer-kind", OfferStatus = "offer-status", OfferLine = "offer-line");

/// A line as it is offered: what the calculation said, and why it is something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub line: OfferLine,
    /// Nothing where the calculation could not say.
    pub computed: Option<Money>,
    pub offered: Money,
    pub reason: Option<String>,
}

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub id: String,
    pub request_id: String,
    pub agency_id: String,
    pub kind: OfferKind,
    pub status: OfferStatus,
    /// What comes back, or what it costs.
    pub amount: Money,
    pub quote_id: Option<String>,
    pub lines: Vec<Line>,
    /// In words.
    pub what: String,
    pub valid_until: Timestamp,
    pub refund_id: Option<String>,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: Timestamp,
    pub decided_by_name: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub note: Option<String>,
}

impl Offer {
    /// Whether it can still be decided.
    #[must_use]
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.status == OfferStatus::Open && now < self.valid_until
    }

    /// The offered amount of a line.
    #[must_use]
    pub fn line(&self, line: OfferLine) -> Option<Money> {
        self.lines.iter().find(|one| one.line == line).map(|one| one.offered)
    }
}
