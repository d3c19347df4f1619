//! The filters of My Bookings: as they stand in the URL, and as the search they mean.

use serde::{Deserialize, Serialize};

use super::model::{PaymentChannel, Status};
use crate::kernel::folding::fold_ticket_number;
use crate::kernel::time::{Date, Timestamp};
use crate::web::filter_fields::{day, from, identifier, until};
use crate::web::form::Problems;
use crate::web::paging::Cursor;

/// What the form holds, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    pub order_no: String,
    pub pnr: String,
    pub ticket: String,
    pub passenger: String,
    pub airline: String,
    pub departure_from: String,
    pub departure_to: String,
    pub created_from: String,
    pub created_to: String,
    pub status: String,
    pub channel: String,
    pub has_refund: String,
    pub after: String,
}

/// What is searched for. Days "to" are included: `…_until` is the end of that day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    pub order_no: Option<String>,
    pub pnr: Option<String>,
    pub ticket: Option<String>,
    pub passenger: Option<String>,
    pub airline: Option<String>,
    pub departure_from: Option<Date>,
    pub departure_until: Option<Date>,
    pub created_from: Option<Timestamp>,
    pub created_until: Option<Timestamp>,
    pub status: Option<Status>,
    pub channel: Option<PaymentChannel>,
    pub has_refund: Option<bool>,
    pub after: Option<Cursor>,
}

impl Search {
    /// Whether the list is in the order of departure: where departures are asked for. Else the newest come first.
    #[must_use]
    pub fn by_departure(&self) -> bool {
        self.departure_from.is_some() || self.departure_until.is_some()
    }
}

impl Filters {
    /// The search; a filter that means nothing is noted and left out. Days of creation are days in `zone_name`.
    #[must_use]
    pub fn parse(&self, zone_name: &str, problems: &mut Problems) -> Search {
        let next = |day: Date| day.tomorrow().unwrap_or(day);
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Search {
            order_no: identifier(&self.order_no),
            pnr: identifier(&self.pnr),
            ticket: text(&self.ticket).map(|text| fold_ticket_number(&text)),
            passenger: text(&self.passenger),
            airline: identifier(&self.airline),
            departure_from: day(&self.departure_from, "departure_from", problems),
            departure_until: day(&self.departure_to, "departure_to", problems).map(next),
            created_from: from(&self.created_from, "created_from", zone_name, problems),
            created_until: until(&self.created_to, "created_to", zone_name, problems),
            status: self.status.parse().ok(),
            channel: self.channel.parse().ok(),
            has_refund: match self.has_refund.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            after: Cursor::parse(&self.after),
        }
    }
}
