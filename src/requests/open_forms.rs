//! The form that opens a request: what was typed, and what it means for its category.

use serde::Deserialize;

use super::details::{Details, Named};
use super::model::Category;
use crate::bookings::model::{Booking, ProductType};
use crate::kernel::money::Money;
use crate::refunds::claim_pages::particulars;
use crate::refunds::model::Reason;
use crate::web::form::{Problems, one_line, prose, required};
use crate::web::words::Message;

/// Everything that any category's form posts, exactly as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OpenForm {
    pub category: String,
    pub description: String,
    pub passenger: Vec<i64>,
    pub reason: String,
    pub itinerary: String,
    pub at_most: String,
    pub name_to: String,
    pub segment: String,
    pub product: String,
    pub refund: String,
    pub fulfilled_on: String,
    pub expected: String,
    pub once: String,
}

const MAX_ITINERARY: usize = 1000;
const MAX_NAME: usize = 80;

impl OpenForm {
    /// Description and details of a category.
    pub fn parse(&self, category: Category, booking: &Booking, max_chars: usize, problems: &mut Problems) -> Option<(String, Details)> {
        let description = problems.take("description", prose(&self.description, max_chars));
        let mut details = Details { passengers: self.passengers(booking), ..Details::default() };
        let nobody = details.passengers.is_empty();
        match category {
            Category::CancelAndRefund => {
                need_somebody(nobody, problems);
                let reason = self.reason.parse::<Reason>().ok().filter(|reason| *reason != Reason::Void);
                details.reason = problems.take("reason", reason.ok_or_else(|| Message::new("form-choose")));
            }
            Category::RefundFollowUp => {
                details.refund_number = problems.take("refund", required(&self.refund, 20));
            }
            Category::AgencyPassengerRefund => {
                need_somebody(nobody, problems);
                let read = particulars(&self.reason, &self.fulfilled_on, &self.expected, booking.currency, problems);
                if let Some(read) = read {
                    details.reason = Some(read.reason);
                    details.fulfilled_on = Some(read.fulfilled_on);
                    details.expected = read.expected;
                }
            }
            Category::VoluntaryChange => {
                details.itinerary = problems.take("itinerary", prose(&self.itinerary, MAX_ITINERARY));
                let amount = Money::parse(self.at_most.trim(), booking.currency).ok().filter(|amount| amount.minor >= 0);
                details.at_most = problems.take("at_most", amount.ok_or_else(|| Message::new("form-amount")));
            }
            Category::InvoluntaryChange => {
                details.itinerary = problems.take("itinerary", prose(&self.itinerary, MAX_ITINERARY));
            }
            Category::NameCorrection => {
                need_somebody(nobody, problems);
                details.name_to = problems.take("name_to", one_line(&self.name_to, MAX_NAME));
                let same = details.passengers.iter().any(|one| Some(one.name.as_str()) == details.name_to.as_deref());
                if same {
                    problems.add("name_to", "request-name-same");
                }
            }
            Category::PassengerInformation => need_somebody(nobody, problems),
            Category::BaggageAncillary => {
                need_somebody(nobody, problems);
                let segment = booking.segments.iter().find(|segment| segment.no.to_string() == self.segment);
                let segment = segment.map(|segment| {
                    (segment.no, format!("{} {} → {}", segment.flight_number, segment.departure_airport, segment.arrival_airport))
                });
                details.segment = problems.take("segment", segment.ok_or_else(|| Message::new("form-choose")));
                details.product = problems.take("product", self.product.parse::<ProductType>().map_err(|_| Message::new("form-choose")));
            }
            Category::CreditShell | Category::FeedbackDispute => {}
        }
        description.map(|description| (description, details))
    }

    fn passengers(&self, booking: &Booking) -> Vec<Named> {
        let chosen = booking.passengers.iter().filter(|passenger| self.passenger.contains(&passenger.no));
        chosen.map(|passenger| Named { no: passenger.no, name: passenger.name.clone() }).collect()
    }

    /// Whether a passenger is chosen; somebody who travels alone is.
    #[must_use]
    pub fn has(&self, no: &i64, booking: &Booking) -> bool {
        self.passenger.contains(no) || booking.passengers.len() == 1
    }
}

fn need_somebody(nobody: bool, problems: &mut Problems) {
    if nobody {
        problems.add("passenger", "request-no-passenger");
    }
}
