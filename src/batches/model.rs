//! A batch and its rows.

use crate::kernel::actor::Scope;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp};
use crate::refunds::model::Reason;
use crate::web::words::Message;

crate::text_column! {
    /// What a batch is for.
    pub enum BatchKind {
        /// Claims of what agencies and passengers asked for themselves.
        Claims = "claims",
        /// What became of a list of orders.
        Search = "search",
    }
}

crate::text_column! {
    /// Where a batch stands.
    pub enum Status {
        Reading = "reading",
        Checking = "checking",
        Checked = "checked",
        Posting = "posting",
        Posted = "posted",
        Discarded = "discarded",
        /// The file could not be read.
        Failed = "failed",
    }
}

crate::text_column! {
    /// What a row came to.
    pub enum RowStatus {
        Unchecked = "unchecked",
        Ready = "ready",
        /// An open refund has it already.
        Listed = "listed",
        Refused = "refused",
        Posted = "posted",
        /// Of a search.
        Found = "found",
    }
}

crate::text_column! {
    /// Why a row was refused, as programs know it.
    pub enum RowCode {
        NoOrderNumber = "E_EMPTY",
        NotFound = "E_NOT_FOUND",
        PaidByCard = "E_VCC",
        Refunded = "E_REFUNDED",
        OpenRefund = "E_OPEN_REFUND",
        NotTicketed = "E_NOT_TICKETED",
        Cancelled = "E_CANCELLED",
        Duplicate = "E_DUPLICATE",
        Format = "E_FORMAT",
        Precision = "E_EXCEL_PRECISION",
        Formula = "E_FORMULA",
        CellKind = "E_CELL_KIND",
        Passenger = "E_PASSENGER",
        Reason = "E_REASON",
        Day = "E_DATE",
        UnlikelyDay = "E_DATE_UNLIKELY",
        Amount = "E_AMOUNT",
        /// A card number stood in it, and is not kept.
        CardNumber = "E_CARD_NUMBER",
        /// Figures beyond all bounds.
        Calculation = "E_CALCULATION",
    }
}

crate::named!(Status = "batch-status", RowStatus = "batch-row");

impl Status {
    /// Whether a server has something to do with it.
    #[must_use]
    pub fn is_working(self) -> bool {
        matches!(self, Self::Reading | Self::Checking | Self::Posting)
    }
}

/// A batch with everything its page shows.
#[derive(Debug, Clone)]
pub struct Batch {
    pub id: String,
    /// `BA-202611-0042`
    pub number: String,
    pub kind: BatchKind,
    /// Nothing for a search of the operator's.
    pub agency_id: Option<String>,
    pub status: Status,
    pub file_name: String,
    pub file_digest: String,
    pub stored_as: Option<String>,
    pub encoding: Option<String>,
    pub header: Vec<String>,
    /// What holds for rows that do not say otherwise.
    pub reason: Option<Reason>,
    pub fulfilled_on: Option<Date>,
    pub complaint: Option<Message>,
    pub counts: Counts,
    pub version: i64,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: Timestamp,
    pub confirmed_by: Option<String>,
    pub confirmed_by_name: Option<String>,
    pub confirmed_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// How many rows came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub rows: i64,
    /// Rows that the work of the present status has gone through.
    pub done: i64,
    pub ready: i64,
    pub listed: i64,
    pub refused: i64,
    pub posted: i64,
}

impl Batch {
    /// Whose orders its rows may name.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.agency_id.clone().map_or(Scope::Operator, Scope::Agency)
    }

    /// Its own page.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/batches/{}", self.number)
    }
}

/// A row with its result.
#[derive(Debug, Clone)]
pub struct BatchRow {
    pub row_no: i64,
    pub line: i64,
    pub cells: Vec<crate::spreadsheets::cell::Cell>,
    pub order_no: String,
    pub status: RowStatus,
    pub code: Option<RowCode>,
    pub message: Option<Message>,
    pub amount: Option<Money>,
}
