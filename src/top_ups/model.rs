//! A top-up.

use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp};

crate::text_column! {
    /// Where it stands.
    pub enum Status { Declared = "declared", Confirmed = "confirmed", Refused = "refused" }
}

crate::named!(Status = "top-up-status");

/// A declared transfer to the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUp {
    pub id: String,
    /// `TU-202611-0042`
    pub number: String,
    pub agency_id: String,
    pub status: Status,
    pub declared: Money,
    /// What came, less the banks' charges.
    pub received: Option<Money>,
    pub paid_on: Date,
    /// How the bank knows the transfer.
    pub reference: String,
    pub note: Option<String>,
    pub version: i64,
    pub declared_by_name: String,
    pub declared_at: Timestamp,
    pub decided_by_name: Option<String>,
    pub decided_at: Option<Timestamp>,
}

impl TopUp {
    /// What the banks kept on the way.
    #[must_use]
    pub fn charges(&self) -> Option<Money> {
        self.declared.minus(self.received?).ok().filter(|charges| !charges.is_zero())
    }
}
