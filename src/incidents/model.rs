//! An incident of a booking, and what it means for a refund.

use serde::{Deserialize, Serialize};

use crate::bookings::model::{Booking, Segment};
use crate::kernel::airport;
use crate::kernel::time::{DateTime, Timestamp};
use crate::refund_calculation::facts::{Event, Happened};

crate::text_column! {
    /// How an incident was told. The words are those of the notifications.
    pub enum IncidentKind {
        OrderScheduleChange = "order.schedulechange",
        EmailScheduleChange = "email.schedulechange",
        AbnormalCancelled = "abnormal.cancelled",
    }
}

crate::text_column! {
    /// Whether somebody has looked at the airline's side of it.
    pub enum Status { Unconfirmed = "unconfirmed", Confirmed = "confirmed" }
}

crate::text_column! {
    /// What it turned out to be. The words are those of the operator's programs.
    pub enum Outcome {
        FlightChange = "FLIGHT_CHANGE",
        FlightCanceled = "FLIGHT_CANCELED",
        NoScheduleChange = "NO_SCHEDULE_CHANGE",
        AbnormalCancellation = "ABNORMAL_CANCELLATION",
        PassengerCancellation = "PASSENGER_CANCELLATION",
        NoCancellation = "NO_CANCELLATION",
    }
}

impl crate::web::words::Named for IncidentKind {
    fn name_key(&self) -> String {
        format!("incident-kind-{}", self.word().replace('.', "-"))
    }
}

impl crate::web::words::Named for Outcome {
    fn name_key(&self) -> String {
        format!("incident-result-{}", self.word().to_ascii_lowercase().replace('_', "-"))
    }
}

crate::named!(Status = "incident-status");

impl IncidentKind {
    /// The results that it can be confirmed with.
    #[must_use]
    pub const fn outcomes(self) -> &'static [Outcome] {
        use Outcome::{AbnormalCancellation, FlightCanceled, FlightChange, NoCancellation, NoScheduleChange, PassengerCancellation};
        match self {
            Self::OrderScheduleChange | Self::EmailScheduleChange => &[FlightChange, FlightCanceled, NoScheduleChange],
            Self::AbnormalCancelled => &[FlightCanceled, AbnormalCancellation, PassengerCancellation, NoCancellation],
        }
    }
}

impl Outcome {
    /// Whether the airline did something that may give a right to a refund.
    #[must_use]
    pub const fn is_the_airline_s(self) -> bool {
        matches!(self, Self::FlightChange | Self::FlightCanceled | Self::AbnormalCancellation)
    }

    /// Whether the flight does not go at all.
    #[must_use]
    pub const fn is_cancellation(self) -> bool {
        matches!(self, Self::FlightCanceled | Self::AbnormalCancellation)
    }
}

/// A flight as a notification tells it; times are local to the airports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub flight_number: String,
    pub departure_airport: String,
    pub departure_local: DateTime,
    pub arrival_airport: String,
    pub arrival_local: DateTime,
}

impl From<&Segment> for Leg {
    fn from(segment: &Segment) -> Self {
        Self {
            flight_number: segment.flight_number.clone(),
            departure_airport: segment.departure_airport.clone(),
            departure_local: segment.departure_local,
            arrival_airport: segment.arrival_airport.clone(),
            arrival_local: segment.arrival_local,
        }
    }
}

impl Leg {
    fn departs_at(&self) -> Option<Timestamp> {
        airport::find(&self.departure_airport)?.instant(self.departure_local)
    }

    fn arrives_at(&self) -> Option<Timestamp> {
        airport::find(&self.arrival_airport)?.instant(self.arrival_local)
    }
}

/// What was told: the flights before and after, and as they were booked; an e-mail; what the airline says of a refund.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    pub previous: Vec<Leg>,
    pub revised: Vec<Leg>,
    pub original: Vec<Leg>,
    /// Whether the notification itself calls it a cancellation.
    pub is_cancellation: bool,
    pub email_subject: Option<String>,
    pub refund_information: Option<String>,
    /// Whether the cause lies with the carrier, where that is known; some laws ask for it.
    pub carrier_cause: Option<bool>,
}

/// An incident with everything its page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    pub id: String,
    /// `IN-202611-0042`
    pub number: String,
    pub agency_id: String,
    pub order_id: String,
    pub order_no: String,
    pub airline: String,
    pub kind: IncidentKind,
    pub status: Status,
    pub outcome: Option<Outcome>,
    pub told: Told,
    pub note: Option<String>,
    /// Counts changes, so that a form filled in before the last one is noticed.
    pub version: i64,
    pub told_by: String,
    pub told_at: Timestamp,
    pub confirmed_by_name: Option<String>,
    pub confirmed_at: Option<Timestamp>,
}

impl Incident {
    /// Whether it is confirmed that the airline changed or cancelled a flight: no other proof is asked for then.
    #[must_use]
    pub fn proves_involuntary(&self) -> bool {
        self.outcome.is_some_and(Outcome::is_the_airline_s)
    }

    /// The flights as they were before it: what was told, or else what is booked.
    #[must_use]
    pub fn before(&self, booking: &Booking) -> Vec<Leg> {
        let told = [&self.told.previous, &self.told.original].into_iter().find(|legs| !legs.is_empty());
        told.cloned().unwrap_or_else(|| booking.segments.iter().map(Leg::from).collect())
    }

    /// What the calculation is told of it, once it is confirmed as the airline's doing.
    #[must_use]
    pub fn event(&self, booking: &Booking) -> Option<Event> {
        let outcome = self.outcome.filter(|outcome| outcome.is_the_airline_s())?;
        let before = if self.told.original.is_empty() { self.before(booking) } else { self.told.original.clone() };
        let changed = before.iter().zip(&self.told.revised).find(|(was, is)| was != is);
        let cancelled = outcome.is_cancellation();
        let (was, is) = changed.map_or((before.first(), None), |(was, is)| (Some(was), Some(is)));
        let coupon = |leg: &Leg| {
            let same =
                |segment: &&Segment| segment.flight_number == leg.flight_number && segment.departure_airport == leg.departure_airport;
            booking.segments.iter().find(same).map(|segment| segment.no)
        };
        let is = is.filter(|_| !cancelled);
        Some(Event {
            happened: if cancelled { Happened::Cancelled } else { Happened::Changed },
            // Several legs may be hit: without one that is named, any that was not flown counts.
            coupon: was.filter(|_| before.len() > 1 && changed.is_some()).and_then(coupon),
            carrier_cause: self.told.carrier_cause,
            ticketed_departure: was.and_then(Leg::departs_at),
            new_departure: is.and_then(Leg::departs_at),
            ticketed_arrival: was.and_then(Leg::arrives_at),
            new_arrival: is.and_then(Leg::arrives_at),
            other_airport: was
                .zip(is)
                .is_some_and(|(was, is)| (&was.departure_airport, &was.arrival_airport) != (&is.departure_airport, &is.arrival_airport)),
            more_connections: !cancelled && self.told.revised.len() > before.len(),
            downgraded: false,
            rebooked_departure: None,
        })
    }
}
