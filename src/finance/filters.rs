//! The filters of Finance → Refunds.

use serde::{Deserialize, Serialize};

use crate::bookings::model::PaymentChannel;
use crate::kernel::money::Currency;
use crate::kernel::time::Timestamp;
use crate::refunds::model::Difference;
use crate::web::filter_fields::{from, identifier, until};
use crate::web::form::Problems;
use crate::web::paging::Cursor;

crate::text_column! {
    /// Refunds that the reports count together.
    pub enum Standing {
        Open = "open",
        /// Their money is expected, or came: neither rejected nor withdrawn.
        Expected = "expected",
        /// They went to the airline, or should have.
        Judged = "judged",
        /// A part of their money is here, the rest is waited for.
        Held = "held",
    }
}

crate::named!(Standing = "standing");

/// What the form holds, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    pub order_no: String,
    pub pnr: String,
    pub airline: String,
    pub registered_from: String,
    pub registered_to: String,
    pub refunded_from: String,
    pub refunded_to: String,
    pub status: String,
    /// Only refunds whose airline is late with its money.
    pub overdue: String,
    /// Paid from the deposit, or by card.
    pub channel: String,
    /// Why what came differs from the estimate.
    pub difference: String,
    pub currency: String,
    pub standing: String,
    pub after: String,
}

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    pub order_no: Option<String>,
    pub pnr: Option<String>,
    pub airline: Option<String>,
    pub registered_from: Option<Timestamp>,
    pub registered_until: Option<Timestamp>,
    pub refunded_from: Option<Timestamp>,
    pub refunded_until: Option<Timestamp>,
    pub status: Option<crate::refunds::model::Status>,
    /// Only what is overdue at this time.
    pub overdue_at: Option<Timestamp>,
    pub channel: Option<PaymentChannel>,
    pub difference: Option<Difference>,
    pub currency: Option<Currency>,
    /// How it stands, at this time.
    pub standing: Option<(Standing, Timestamp)>,
    pub after: Option<Cursor>,
}

impl Filters {
    /// The search; a filter that means nothing is noted and left out. Days are days in `zone_name`.
    #[must_use]
    pub fn parse(&self, zone_name: &str, now: Timestamp, problems: &mut Problems) -> Search {
        Search {
            order_no: identifier(&self.order_no),
            pnr: identifier(&self.pnr),
            airline: identifier(&self.airline),
            registered_from: from(&self.registered_from, "registered_from", zone_name, problems),
            registered_until: until(&self.registered_to, "registered_to", zone_name, problems),
            refunded_from: from(&self.refunded_from, "refunded_from", zone_name, problems),
            refunded_until: until(&self.refunded_to, "refunded_to", zone_name, problems),
            status: self.status.parse().ok(),
            channel: self.channel.parse().ok(),
            difference: self.difference.parse().ok(),
            currency: Currency::parse(&self.currency.trim().to_uppercase()).ok(),
            standing: self.standing.parse().ok().map(|standing| (standing, now)),
            overdue_at: (!self.overdue.is_empty()).then_some(now),
            after: Cursor::parse(&self.after),
        }
    }
}
