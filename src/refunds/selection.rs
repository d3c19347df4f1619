//! Which passengers and segments a refund is asked for, and which choices are impossible and why.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::model::Reason;
use super::refusal::Refusal;
use super::taken_store::Taken;
use crate::bookings::model::{Booking, JourneyType, PassengerType, Status};
use crate::kernel::time::{Timestamp, plus_days};
use crate::web::words::Message;

/// What the slide-out asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    pub passengers: BTreeSet<i64>,
    pub segments: BTreeSet<i64>,
    pub reason: Reason,
}

/// Refunds longer than this after departure are no longer taken.
const DAYS_AFTER_DEPARTURE: i64 = 365;

impl Selection {
    /// Decides whether this may be quoted and submitted. The server asks it at both.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self, booking: &Booking, taken: &[Taken], now: Timestamp) -> Result<(), Refusal> {
        check_booking(booking, now)?;
        if self.reason == Reason::Void {
            return Err(Refusal::NoReason);
        }
        self.check_known(booking, taken)?;
        if booking.segments.iter().any(|segment| !self.segments.contains(&segment.no)) {
            return Err(Refusal::WholeItinerary);
        }
        self.check_company(booking, taken)
    }

    /// Decides whether these passengers and segments are the booking's, and no other refund or claim has them.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check_known(&self, booking: &Booking, taken: &[Taken]) -> Result<(), Refusal> {
        if self.passengers.is_empty() || self.segments.is_empty() {
            return Err(Refusal::NobodyChosen);
        }
        if self.passengers.iter().any(|no| !booking.passengers.iter().any(|passenger| passenger.no == *no)) {
            return Err(Refusal::UnknownPassenger);
        }
        if self.segments.iter().any(|no| !booking.segments.iter().any(|segment| segment.no == *no)) {
            return Err(Refusal::UnknownSegment);
        }
        if let Some(other) = taken.iter().find(|t| self.passengers.contains(&t.passenger_no) && self.segments.contains(&t.segment_no)) {
            return Err(Refusal::AlreadyInRefund(other.refund_number.clone()));
        }
        Ok(())
    }

    /// Nobody may be left who cannot travel without those who go.
    fn check_company(&self, booking: &Booking, taken: &[Taken]) -> Result<(), Refusal> {
        let stays = |no: i64| !self.passengers.contains(&no) && !taken.iter().any(|t| t.passenger_no == no);
        let left = |of: PassengerType| booking.passengers.iter().filter(|p| p.passenger_type == of && stays(p.no)).count();
        let (adults, children, infants) = (left(PassengerType::Adult), left(PassengerType::Child), left(PassengerType::Infant));
        if (adults == 0 && children > 0) || infants > adults {
            return Err(Refusal::ChildAlone);
        }
        Ok(())
    }

    /// Whether everybody on the order and every segment is chosen.
    #[must_use]
    pub fn is_full(&self, booking: &Booking) -> bool {
        booking.passengers.iter().all(|p| self.passengers.contains(&p.no)) && booking.segments.iter().all(|s| self.segments.contains(&s.no))
    }
}

/// Whether anything of this order may be refunded now.
///
/// # Errors
/// The rule that is broken.
pub fn check_booking(booking: &Booking, now: Timestamp) -> Result<(), Refusal> {
    match booking.status {
        Status::Ticketed => {}
        Status::Cancelled => return Err(Refusal::Cancelled),
        Status::Unpaid | Status::Ticketing => return Err(Refusal::NotTicketed),
    }
    let departed = booking.segments.iter().filter(|segment| segment.departure_at <= now).count();
    if departed > 0 && departed < booking.segments.len() {
        return Err(Refusal::PartlyUsed);
    }
    let last = booking.segments.iter().map(|segment| segment.departure_at).max();
    if last.is_some_and(|last| plus_days(last, DAYS_AFTER_DEPARTURE) < now) {
        return Err(Refusal::TooLate);
    }
    Ok(())
}

/// A passenger in the slide-out, with their segments.
#[derive(Debug)]
pub struct Choice {
    pub no: i64,
    pub name: String,
    pub passenger_type: PassengerType,
    pub pnr: String,
    pub tickets: String,
    pub chosen: bool,
    /// Why it cannot be chosen, if so.
    pub impossible: Option<Message>,
    /// The refund that has this passenger already.
    pub refund_number: Option<String>,
}

/// Everything the slide-out offers.
#[derive(Debug)]
pub struct Choices {
    pub passengers: Vec<Choice>,
    /// Why single segments cannot be left out.
    pub segments_together: Option<Message>,
}

/// What can be chosen of a booking; `chosen` is what was chosen before, or everything possible at first.
#[must_use]
pub fn choices(booking: &Booking, taken: &[Taken], chosen: Option<&BTreeSet<i64>>) -> Choices {
    let choice = |passenger: &crate::bookings::model::Passenger| {
        let other = taken.iter().find(|taken| taken.passenger_no == passenger.no);
        let impossible = other.map(|_| Message::new("choice-in-refund"));
        Choice {
            no: passenger.no,
            name: passenger.name.clone(),
            passenger_type: passenger.passenger_type,
            pnr: passenger.airline_pnrs.first().cloned().unwrap_or_else(|| booking.airline_pnr().to_owned()),
            tickets: passenger.ticket_numbers.join(", "),
            chosen: impossible.is_none() && chosen.is_none_or(|chosen| chosen.contains(&passenger.no)),
            impossible,
            refund_number: other.map(|taken| taken.refund_number.clone()),
        }
    };
    let segments_together = match (booking.segments.len(), booking.journey_type) {
        (1, _) => None,
        (_, JourneyType::RoundTrip) => Some(Message::new("choice-round-trip-whole")),
        (_, JourneyType::OneWay) => Some(Message::new("choice-legs-together")),
    };
    Choices { passengers: booking.passengers.iter().map(choice).collect(), segments_together }
}
