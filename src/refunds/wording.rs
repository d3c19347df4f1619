//! Events of a refund, as sentences.

use super::model::{Difference, Kind, Reason, Refund, RefusalCode};
use crate::journal::Event;
use crate::kernel::money::Money;
use crate::notices::model::{Case, CaseKind};
use crate::web::words::{Message, Named};

/// An event of a refund as a sentence.
#[must_use]
pub fn event(event: &Event) -> Message {
    let details: serde_json::Value = serde_json::from_str(&event.details).unwrap_or_default();
    sentence(&event.happened, &details)
}

/// What happened to a refund, as a sentence.
#[must_use]
pub fn sentence(happened: &str, details: &serde_json::Value) -> Message {
    let text = |name: &str| details[name].as_str().map(ToOwned::to_owned).filter(|text| !text.is_empty());
    let money = |name: &str| serde_json::from_value::<Money>(details[name].clone()).ok();
    let mut message = Message::new(match (happened, money("estimated"), money("amount"), text("day")) {
        ("registered", None, ..) => "event-registered-without-quote".to_owned(),
        ("confirmed", _, _, None) => "event-confirmed-without-day".to_owned(),
        (happened, ..) => format!("event-{happened}"),
    });
    for name in ["estimated", "amount", "fee"] {
        if let Some(amount) = money(name) {
            message = message.money(if name == "estimated" { "amount" } else { name }, amount);
        }
    }
    if let Some(day) = text("day") {
        message = message.text("day", day);
    }
    if let Some(code) = details["code"].as_i64().and_then(RefusalCode::from_number) {
        message = message.word("reason", code.named());
    }
    message
}

/// What was written with an event: a reference, a note, the reason of a difference.
#[must_use]
pub fn event_notes(event: &Event) -> Vec<Message> {
    notes(&serde_json::from_str(&event.details).unwrap_or_default())
}

fn notes(details: &serde_json::Value) -> Vec<Message> {
    let text = |name: &str| details[name].as_str().filter(|text| !text.is_empty());
    let reference = text("reference").map(|reference| Message::new("event-reference").text("reference", reference));
    let note = text("note").map(|note| Message::new("event-note").text("note", note));
    let difference = text("difference").and_then(|word| word.parse::<Difference>().ok());
    let difference = difference.map(|reason| Message::new("event-difference").word("reason", reason.named()));
    [reference, difference, note].into_iter().flatten().collect()
}

/// The version that an event made, where it says so.
#[must_use]
pub fn event_version(event: &Event) -> i64 {
    serde_json::from_str::<serde_json::Value>(&event.details).ok().and_then(|details| details["version"].as_i64()).unwrap_or(0)
}

/// The case that notices of a refund are about.
#[must_use]
pub fn case(refund: &Refund) -> Case {
    Case { kind: CaseKind::Refund, id: refund.id.clone(), no: refund.number.clone(), order_no: refund.order_no.clone() }
}

/// What the operator is told when a refund comes in.
#[must_use]
pub fn begun(refund: &Refund) -> Vec<Message> {
    let key = match (refund.kind, refund.reason) {
        (Kind::Claim, _) => "notice-claim-begun",
        (_, Reason::Void) => "notice-void-begun",
        _ => "notice-refund-begun",
    };
    let first = Message::new(key).text("number", &refund.number).text("order", &refund.order_no).text("airline", &refund.airline);
    vec![first, Message::new("notice-refund-submit-by").moment("time", refund.submit_by)]
}

/// What the other side is told of a change: what happened, what was written with it, and after a refusal what to do.
#[must_use]
pub fn changed(refund: &Refund, happened: &str, details: &serde_json::Value) -> Vec<Message> {
    let mut sentences = vec![sentence(happened, details)];
    sentences.extend(notes(details));
    sentences.extend(refund.refusal.filter(|_| refund.is_closed()).map(|code| Message::new(code.next_step_key())));
    sentences
}
