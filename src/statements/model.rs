//! A statement and its lines.

use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp};
use crate::ledger::TransferKind;

crate::text_column! {
    /// How often statements are made.
    pub enum Period { Monthly = "monthly", Weekly = "weekly", Never = "never" }
}

crate::named!(Period = "statement-period");

/// An issued statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub id: String,
    /// `ST-202611-0042`
    pub number: String,
    pub agency_id: String,
    pub agency_name: String,
    /// What the operator was called when it was issued; empty on those of before this was kept.
    pub issuer: String,
    /// First day of the period.
    pub from: Date,
    /// First day after it.
    pub until: Date,
    /// The zone in which its days begin.
    pub zone_name: String,
    pub opening: Money,
    pub closing: Money,
    pub line_count: i64,
    pub created_at: Timestamp,
}

impl Statement {
    /// The last day of its period.
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.until.yesterday().unwrap_or(self.until)
    }

    /// What the deposit went up or down by.
    #[must_use]
    pub fn change(&self) -> Money {
        Money::new(self.closing.minor - self.opening.minor, self.closing.currency)
    }
}

/// A movement; a refund is one line with its fee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    pub at: Timestamp,
    pub kind: TransferKind,
    pub refund_no: Option<String>,
    pub order_no: Option<String>,
    pub pnr: Option<String>,
    pub passenger: Option<String>,
    pub estimated: Option<Money>,
    pub actual: Option<Money>,
    pub fee: Option<Money>,
    /// Kind and number of a case that is no refund.
    pub case: Option<(String, String)>,
    pub amount: Money,
}

/// What moved of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtotal {
    pub kind: TransferKind,
    pub count: i64,
    pub amount: Money,
}
