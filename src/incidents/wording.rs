//! What happened to an incident, as sentences.

use super::model::{Incident, Outcome};
use crate::web::words::{Message, Named};

/// What the agency is told when an incident comes in.
#[must_use]
pub fn told(incident: &Incident) -> Vec<Message> {
    let what = if incident.told.is_cancellation { "notice-incident-cancelled" } else { "notice-incident-changed" };
    vec![Message::new(what).text("order", &incident.order_no).text("airline", &incident.airline), Message::new("notice-incident-next")]
}

/// What the other side is told when somebody has confirmed it.
#[must_use]
pub fn confirmed(incident: &Incident, outcome: Outcome) -> Vec<Message> {
    let first = Message::new("notice-incident-confirmed")
        .text("order", &incident.order_no)
        .word("result", outcome.named())
        .text("name", incident.confirmed_by_name.as_deref().unwrap_or("–"));
    let next = Message::new(if outcome.is_the_airline_s() { "notice-incident-refund" } else { "notice-incident-nothing" });
    let note = incident.note.as_ref().map(|note| Message::new("event-note").text("note", note));
    [Some(first), Some(next), note].into_iter().flatten().collect()
}
