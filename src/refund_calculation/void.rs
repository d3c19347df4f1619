//! Voids: until when a sale can be undone, and what comes back then.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::{Payment, Ticket};
use super::lines::Breakdown;
use super::notes::{Given, Notes, Stop};
use super::trace::Step;
use super::{ancillaries, taxes};
use crate::kernel::time::{Timestamp, plus_hours};

/// When a carrier lets a sale be undone as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidRules {
    pub window: VoidWindow,
    /// How the order must have been paid.
    pub payments: Vec<Payment>,
    /// Whether the operator takes its service fee.
    #[serde(default)]
    pub service_fee: bool,
}

/// How long after the sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoidWindow {
    /// So many hours from the sale on.
    Hours(i64),
    /// Until midnight of the day of the sale in this IANA zone.
    SameDay(String),
}

impl VoidWindow {
    /// The moment at which the window closes; at this second it is closed already. Nothing where the zone is unknown.
    #[must_use]
    pub fn closes(&self, sold_at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Hours(hours) => Some(plus_hours(sold_at, *hours)),
            Self::SameDay(zone) => {
                let sold = sold_at.in_tz(zone).ok()?;
                sold.tomorrow().ok()?.start_of_day().ok().map(|midnight| midnight.timestamp())
            }
        }
    }

    /// The zone in which the countdown is told; nothing where it is counted from the sale.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        match self {
            Self::Hours(_) => None,
            Self::SameDay(zone) => Some(zone),
        }
    }

    /// Whether the window can be used at all.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Hours(hours) => (1..=720).contains(hours),
            Self::SameDay(zone) => jiff::tz::TimeZone::get(zone).is_ok(),
        }
    }
}

/// Everything that was paid: the sale never was.
///
/// # Errors
/// As taxes and ancillaries.
pub fn reckon(given: &Given<'_>, ticket: &Ticket, notes: &mut Notes) -> Result<Breakdown, Stop> {
    notes.step(Step::Voided);
    let mut breakdown = Breakdown::nothing(ticket.fare);
    breakdown.tax_returned = taxes::reckon(given, ticket, &[], false, notes)?.all;
    breakdown.ancillaries_returned = ancillaries::reckon(given, ticket, notes)?;
    Ok(breakdown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_closes_to_the_second() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap_or_default();
        let seoul = VoidWindow::SameDay("Asia/Seoul".to_owned());
        assert_eq!(seoul.closes(at("2026-11-20T14:59:59Z")), Some(at("2026-11-20T15:00:00Z")));
        assert_eq!(seoul.closes(at("2026-11-20T15:00:00Z")), Some(at("2026-11-21T15:00:00Z")));
        assert_eq!(VoidWindow::Hours(24).closes(at("2026-11-20T09:00:00Z")), Some(at("2026-11-21T09:00:00Z")));
        assert_eq!(VoidWindow::SameDay("Mars/Base".to_owned()).closes(at("2026-11-20T09:00:00Z")), None);
    }
}
