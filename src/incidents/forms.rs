//! The forms of incidents: what was typed, and what it means.

use serde::Deserialize;

use super::actions::News;
use super::document::time;
use super::model::{IncidentKind, Leg, Outcome, Told};
use crate::bookings::model::Booking;
use crate::kernel::airport;
use crate::web::form::{Problems, optional_prose};
use crate::web::words::Message;

const MAX_NOTE: usize = 1000;

/// What the operator typed about a change: a line per flight, in the order of the booking.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewIncident {
    pub kind: String,
    pub what: String,
    pub flight: Vec<String>,
    pub from: Vec<String>,
    pub departs: Vec<String>,
    pub to: Vec<String>,
    pub arrives: Vec<String>,
    pub once: String,
}

impl NewIncident {
    /// The form as it is first shown: the flights as they are booked.
    #[must_use]
    pub fn begin(booking: &Booking) -> Self {
        let of = |text: fn(&Leg) -> String| booking.segments.iter().map(|segment| text(&Leg::from(segment))).collect();
        Self {
            kind: IncidentKind::OrderScheduleChange.word().to_owned(),
            what: "changed".to_owned(),
            flight: of(|leg| leg.flight_number.clone()),
            from: of(|leg| leg.departure_airport.clone()),
            departs: of(|leg| leg.departure_local.strftime("%Y-%m-%dT%H:%M").to_string()),
            to: of(|leg| leg.arrival_airport.clone()),
            arrives: of(|leg| leg.arrival_local.strftime("%Y-%m-%dT%H:%M").to_string()),
            once: String::new(),
        }
    }

    /// The lines of the form, for the page.
    #[must_use]
    pub fn lines(&self) -> Vec<[String; 5]> {
        let cell = |cells: &Vec<String>, row: usize| cells.get(row).cloned().unwrap_or_default();
        (0..self.flight.len())
            .map(|row| [&self.flight, &self.from, &self.departs, &self.to, &self.arrives].map(|cells| cell(cells, row)))
            .collect()
    }

    /// What it means.
    pub fn parse(&self, booking: &Booking, problems: &mut Problems) -> Option<News> {
        let kind = problems.take("kind", self.kind.parse::<IncidentKind>().map_err(|_| Message::new("form-choose")))?;
        let is_cancellation = self.what == "cancelled";
        let previous: Vec<Leg> = booking.segments.iter().map(Leg::from).collect();
        let revised = if is_cancellation {
            Vec::new()
        } else {
            let legs: Option<Vec<Leg>> = self.lines().iter().map(leg).collect();
            problems.take("revised", legs.filter(|legs| !legs.is_empty()).ok_or_else(|| Message::new("incident-bad-flight")))?
        };
        if !is_cancellation && revised == previous {
            problems.add("revised", "incident-nothing-changed");
            return None;
        }
        Some(News { notification_id: None, kind, told: Told { previous, revised, is_cancellation, ..Told::default() } })
    }
}

fn leg([flight, from, departs, to, arrives]: &[String; 5]) -> Option<Leg> {
    let airport = |code: &String| Some(code.trim().to_ascii_uppercase()).filter(|code| airport::find(code).is_some());
    let flight_number = flight.trim().to_ascii_uppercase();
    let fits = (3..=8).contains(&flight_number.len()) && flight_number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Some(Leg {
        flight_number: Some(flight_number).filter(|_| fits)?,
        departure_airport: airport(from)?,
        departure_local: time(departs)?,
        arrival_airport: airport(to)?,
        arrival_local: time(arrives)?,
    })
}

/// What somebody typed to confirm.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    pub version: i64,
    pub result: String,
    pub cause: String,
    pub note: String,
}

impl ConfirmForm {
    /// Result, cause and note.
    pub fn parse(&self, problems: &mut Problems) -> Option<(Outcome, Option<bool>, Option<String>)> {
        let outcome = problems.take("result", self.result.parse::<Outcome>().map_err(|_| Message::new("form-choose")));
        let note = problems.take("note", optional_prose(&self.note, MAX_NOTE));
        let cause = match self.cause.as_str() {
            "carrier" => Some(true),
            "other" => Some(false),
            _ => None,
        };
        Some((outcome?, cause, note?))
    }
}
