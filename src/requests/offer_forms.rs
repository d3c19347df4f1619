//! The form of an offer: what was typed, and what it means.

use serde::Deserialize;

use super::offer_model::{OfferKind, OfferLine};
use super::offering::Proposal;
use crate::bookings::model::Booking;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, plus_hours};
use crate::refunds::model::Reason;
use crate::refunds::selection::Selection;
use crate::web::form::{MOST_MINOR, Problems, prose};
use crate::web::words::Message;

/// What was typed, exactly as typed. Lines stand in the order of [`OfferLine::ALL`].
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OfferForm {
    pub kind: String,
    pub passenger: Vec<i64>,
    pub segment: Vec<i64>,
    pub reason: String,
    pub line: Vec<String>,
    pub computed: Vec<String>,
    pub why: Vec<String>,
    pub amount: String,
    pub what: String,
    pub valid_hours: String,
    pub version: i64,
    pub once: String,
}

const MAX_WHAT: usize = 1000;
const MAX_WHY: usize = 300;

impl OfferForm {
    /// Whom and what a refund is for.
    #[must_use]
    pub fn selection(&self, booking: &Booking) -> Selection {
        let reason = self.reason.parse().ok().filter(|reason| *reason != Reason::Void).unwrap_or(Reason::Voluntary);
        let segments = booking.segments.iter().map(|segment| segment.no);
        Selection {
            passengers: self.passenger.iter().copied().collect(),
            segments: if self.segment.is_empty() { segments.collect() } else { self.segment.iter().copied().collect() },
            reason,
        }
    }

    /// What is offered, in words, and until when.
    pub fn parse(
        &self,
        booking: &Booking,
        max_hours: i64,
        now: Timestamp,
        problems: &mut Problems,
    ) -> Option<(Proposal, String, Timestamp)> {
        let kind = problems.take("kind", self.kind.parse::<OfferKind>().map_err(|_| Message::new("form-choose")));
        let what = problems.take("what", prose(&self.what, MAX_WHAT));
        let hours = self.valid_hours.trim().parse::<i64>().ok().filter(|hours| (1..=max_hours).contains(hours));
        let hours = problems.take("valid_hours", hours.ok_or_else(|| Message::new("offer-hours").count("max", max_hours)));
        let proposal = match kind? {
            OfferKind::Refund => {
                if self.passenger.is_empty() {
                    problems.add("passenger", "request-no-passenger");
                }
                let seen = self.computed.iter().map(|text| text.trim().to_owned()).collect();
                Proposal::Refund { selection: self.selection(booking), overrides: self.overrides(booking, problems), seen }
            }
            kind => {
                let amount =
                    Money::parse(self.amount.trim(), booking.currency).ok().filter(|amount| (1..=MOST_MINOR).contains(&amount.minor));
                let amount = problems.take("amount", amount.ok_or_else(|| Message::new("form-amount-above-zero")))?;
                Proposal::Price { kind, amount }
            }
        };
        Some((proposal, what?, plus_hours(now, hours?)))
    }

    /// The lines that were set otherwise than the calculation did. Each needs its reason.
    fn overrides(&self, booking: &Booking, problems: &mut Problems) -> Vec<(OfferLine, Money, String)> {
        let mut found = Vec::new();
        for (row, line) in OfferLine::ALL.iter().enumerate() {
            let cell = |cells: &Vec<String>| cells.get(row).map(|text| text.trim().to_owned()).unwrap_or_default();
            let (typed, computed, why) = (cell(&self.line), cell(&self.computed), cell(&self.why));
            if typed == computed {
                continue;
            }
            let amount = Money::parse(&typed, booking.currency).ok().filter(|amount| (0..=MOST_MINOR).contains(&amount.minor));
            let amount = problems.take(line.word(), amount.ok_or_else(|| Message::new("form-amount")));
            let why = problems.take(line.word(), prose(&why, MAX_WHY).map_err(|_| Message::new("offer-why-missing")));
            found.extend(amount.zip(why).map(|(amount, why)| (*line, amount, why)));
        }
        found
    }
}
