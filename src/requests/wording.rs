//! What happened in a request, as sentences: for its timeline, and for notices.

use super::model::{Request, Said};
use super::offer_model::{Offer, OfferKind};
use crate::journal::Event;
use crate::kernel::money::Money;
use crate::notices::model::{Case, CaseKind};
use crate::web::words::{Message, Named};

/// The case that notices of a request are about.
#[must_use]
pub fn case(request: &Request) -> Case {
    Case { kind: CaseKind::Request, id: request.id.clone(), no: request.number.clone(), order_no: request.order_no.clone() }
}

/// An event of a request as a sentence.
#[must_use]
pub fn event(event: &Event) -> Message {
    let details: serde_json::Value = serde_json::from_str(&event.details).unwrap_or_default();
    sentence(&event.happened, &details)
}

fn sentence(happened: &str, details: &serde_json::Value) -> Message {
    let mut message = Message::new(format!("event-{happened}"));
    for name in ["number", "name"] {
        if let Some(text) = details[name].as_str() {
            message = message.text(name, text);
        }
    }
    if let Ok(amount) = serde_json::from_value::<Money>(details["amount"].clone()) {
        message = message.money("amount", amount);
    }
    if let Some(kind) = details["kind"].as_str().and_then(|word| word.parse::<OfferKind>().ok()) {
        message = message.word("kind", kind.named());
    }
    message
}

/// What was written with an event.
#[must_use]
pub fn event_note(event: &Event) -> Option<Message> {
    let details: serde_json::Value = serde_json::from_str(&event.details).unwrap_or_default();
    let note = details["note"].as_str().filter(|note| !note.is_empty());
    note.map(|note| Message::new("event-note").text("note", note))
}

/// What the other side is told of an event, with what was written with it.
#[must_use]
pub fn told(happened: &str, details: &serde_json::Value) -> Vec<Message> {
    let note = details["note"].as_str().filter(|note| !note.is_empty());
    let mut sentences = vec![sentence(happened, details)];
    sentences.extend(note.map(|note| Message::new("event-note").text("note", note)));
    sentences
}

/// The first characters of a message, for a mail.
fn excerpt(body: &str) -> Message {
    const MOST: usize = 600;
    let cut: String = body.chars().take(MOST).collect();
    Message::new("notice-message-body").text("body", if cut.len() < body.len() { cut + " …" } else { cut })
}

/// What the operator is told of a new request.
#[must_use]
pub fn opened(request: &Request, body: &str) -> Vec<Message> {
    vec![
        Message::new("notice-request-opened").text("name", &request.created_by_name).word("category", request.category.named()),
        excerpt(body),
        Message::new("notice-request-answer-by").moment("time", request.due_at),
    ]
}

/// What the other side is told of a message.
#[must_use]
pub fn written(request: &Request, said: &Said) -> Vec<Message> {
    let mut sentences = vec![Message::new("notice-request-message").text("name", &said.author_name), excerpt(&said.body)];
    if request.status == super::model::Status::Processed {
        sentences.push(Message::new("notice-request-processed").moment("time", request.due_at));
    }
    sentences
}

/// What the agency is told of an offer.
#[must_use]
pub fn offered(offer: &Offer) -> Vec<Message> {
    vec![
        Message::new("notice-offer").word("kind", offer.kind.named()).money("amount", offer.amount),
        Message::new("notice-offer-what").text("what", &offer.what),
        Message::new("notice-offer-until").moment("time", offer.valid_until),
    ]
}
