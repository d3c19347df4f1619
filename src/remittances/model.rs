//! A remittance, its lines, and what they were matched with.

use serde::{Deserialize, Serialize};

use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp};
use crate::spreadsheets::cell::Cell;
use crate::web::words::Message;

crate::text_column! {
    /// Where a line stands.
    pub enum LineStatus {
        /// Open, and nobody knows what it belongs to.
        Unmatched = "unmatched",
        /// Open, with refunds that it seems to belong to.
        Proposed = "proposed",
        Matched = "matched",
        Rejected = "rejected",
    }
}

crate::text_column! {
    /// What the lines looked like when they were compared with the refunds that wait for money.
    pub enum Finding {
        /// Named by a reference, PNR or ticket, and to the cent.
        Exact = "exact",
        /// Not named, but like a refund in amount, name or day; or named and more than one fits.
        Suggested = "suggested",
        ShortPaid = "short-paid",
        OverPaid = "over-paid",
        Unknown = "unknown",
        /// Names a refund that the airline pays to a card.
        Card = "card",
        /// No amount above zero: a charge, a headline or a sum.
        NoAmount = "no-amount",
    }
}

crate::text_column! {
    /// Where an allocation stands.
    pub enum AllocationState { Held = "held", Settled = "settled", Undone = "undone" }
}

crate::text_column! {
    /// Why a line is no refund's money.
    pub enum Rejection {
        NotOurs = "not-ours",
        Returned = "returned",
        OtherBusiness = "other-business",
        Duplicate = "duplicate",
        NoAmount = "no-amount",
        Other = "other",
    }
}

crate::named!(LineStatus = "line-status", Finding = "finding", AllocationState = "allocation", Rejection = "rejection");

/// A file that was imported.
#[derive(Debug, Clone)]
pub struct Remittance {
    pub id: String,
    /// `RM-202611-0042`
    pub number: String,
    pub source_name: String,
    pub file_name: String,
    pub line_count: i64,
    pub posting_by: Option<String>,
    pub created_by_name: String,
    pub created_at: Timestamp,
}

/// What a file holds of one currency and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub file: Money,
    pub matched: Money,
    pub rejected: Money,
}

impl Totals {
    /// What is neither matched nor rejected.
    #[must_use]
    pub fn open(&self) -> Money {
        Money::new(self.file.minor - self.matched.minor - self.rejected.minor, self.file.currency)
    }
}

/// A refund that a line may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub refund_no: String,
    /// How much of the line, in minor units.
    pub minor: i64,
    pub reasons: Vec<Message>,
}

/// A line of a file.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: String,
    pub remittance_id: String,
    /// Counts the lines of the file.
    pub row_no: i64,
    /// The line in the file, as people count.
    pub line: i64,
    pub cells: Vec<Cell>,
    pub amount: Money,
    pub matched: Money,
    pub rejected: Money,
    pub paid_on: Date,
    pub reference: String,
    pub refund_no: String,
    pub order_no: String,
    pub pnr: String,
    pub ticket: String,
    pub passenger: String,
    pub status: LineStatus,
    pub finding: Finding,
    pub proposals: Vec<Proposal>,
    pub rejection: Option<Rejection>,
    pub owner_id: String,
    pub owner_name: String,
    pub version: i64,
    pub created_at: Timestamp,
}

impl Line {
    /// The line's currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.amount.currency
    }

    /// What is neither matched nor rejected.
    #[must_use]
    pub fn open(&self) -> Money {
        Money::new(self.amount.minor - self.matched.minor - self.rejected.minor, self.currency())
    }

    /// Whether something of it is still open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.status, LineStatus::Unmatched | LineStatus::Proposed)
    }

    /// The status that follows from its amounts.
    #[must_use]
    pub fn settled_status(&self) -> LineStatus {
        match (self.open().is_zero(), self.matched.is_zero()) {
            (true, true) => LineStatus::Rejected,
            (true, false) => LineStatus::Matched,
            (false, _) if self.proposals.is_empty() => LineStatus::Unmatched,
            (false, _) => LineStatus::Proposed,
        }
    }

    /// What names it, for a list: the first that is there.
    #[must_use]
    pub fn named_by(&self) -> &str {
        [&self.refund_no, &self.reference, &self.order_no, &self.pnr, &self.ticket]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or("", String::as_str)
    }
}

/// What of a line belongs to a refund.
#[derive(Debug, Clone)]
pub struct Allocation {
    pub id: String,
    pub line_id: String,
    pub refund_id: String,
    pub refund_no: String,
    pub order_no: String,
    pub amount: Money,
    pub state: AllocationState,
    pub created_by_name: String,
    pub created_at: Timestamp,
    /// Of which remittance and row.
    pub remittance_no: String,
    pub row_no: i64,
}
