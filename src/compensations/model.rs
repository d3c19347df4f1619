//! A compensation.

use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;

crate::text_column! {
    /// Why the operator pays of its own.
    pub enum Cause {
        Goodwill = "goodwill",
        Dispute = "dispute",
        /// The operator booked or issued wrongly.
        WrongTicketing = "wrong-ticketing",
        /// The operator was late with its own work.
        LateHandling = "late-handling",
        Other = "other",
    }
}

crate::text_column! {
    /// Where it stands.
    pub enum Status { Proposed = "proposed", Credited = "credited", Refused = "refused" }
}

crate::named!(Cause = "compensation-cause", Status = "compensation-status");

/// A compensation with everything its line shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compensation {
    pub id: String,
    /// `CO-202611-0042`
    pub number: String,
    pub agency_id: String,
    pub order_id: Option<String>,
    pub order_no: Option<String>,
    pub cause: Cause,
    pub note: String,
    pub status: Status,
    pub amount: Money,
    /// Whether somebody else than who proposed it must decide.
    pub needs_second: bool,
    pub version: i64,
    pub proposed_by: String,
    pub proposed_by_name: String,
    pub proposed_at: Timestamp,
    pub decided_by: Option<String>,
    pub decided_by_name: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub decision_note: Option<String>,
}

impl Compensation {
    /// Whether this person may decide about it.
    #[must_use]
    pub fn may_be_decided_by(&self, user_id: &str) -> bool {
        self.status == Status::Proposed && (!self.needs_second || self.proposed_by != user_id)
    }
}
