//! Steps of a calculation and events of a refund, as sentences.

use super::model::{Difference, RefusalCode};
use crate::bookings::fare_rules::duration;
use crate::journal::Event;
use crate::kernel::money::Money;
use crate::refund_calculation::quote::{Destination, ReasonCode, Verdict};
use crate::refund_calculation::trace::Step;
use crate::web::words::{Message, Named};

crate::named!(Verdict = "verdict", ReasonCode = "verdict-reason", Destination = "destination");

/// A step of the trace as a sentence. `name` gives a passenger's name by number.
pub fn step(step: &Step, name: impl Fn(i64) -> String) -> Message {
    match step {
        Step::Paid { passenger, fare, tax, ancillaries } => {
            let message = Message::new("step-paid").text("passenger", name(*passenger));
            message.money("fare", *fare).money("tax", *tax).money("ancillaries", *ancillaries)
        }
        Step::AirlineCause => Message::new("step-airline-cause"),
        Step::Window { direction, minutes_before, from_minute, to_minute, refundability } => Message::new("step-window")
            .word("direction", direction.named())
            .word("left", left(*minutes_before))
            .word("from", duration(from_minute.abs()))
            .word("to", duration(to_minute.abs()))
            .word("says", refundability.named()),
        Step::NoShow { direction, cutoff_minutes, refundability } => Message::new("step-no-show")
            .word("direction", direction.named())
            .word("cutoff", duration(*cutoff_minutes))
            .word("says", refundability.named()),
        Step::Fee { direction, amount } => Message::new("step-fee").word("direction", direction.named()).money("amount", *amount),
        Step::Share { direction, basis_points, of, amount } => Message::new("step-share")
            .word("direction", direction.named())
            .text("percent", rust_decimal::Decimal::new(i64::from(*basis_points), 2).normalize())
            .money("of", *of)
            .money("amount", *amount),
        Step::Converted { from, to, rate, day } => {
            Message::new("step-converted").money("from", *from).money("to", *to).text("rate", rate).text("day", day)
        }
        Step::ConvertedInversely { from, to, rate, day } => {
            Message::new("step-converted-inversely").money("from", *from).money("to", *to).text("rate", rate).text("day", day)
        }
        Step::Capped { passenger, fees, cap } => {
            Message::new("step-capped").text("passenger", name(*passenger)).money("fees", *fees).money("cap", *cap)
        }
        Step::FareKept { passenger, kept } => Message::new("step-fare-kept").text("passenger", name(*passenger)).money("kept", *kept),
        Step::AncillariesKept { passenger, kept } => {
            Message::new("step-ancillaries-kept").text("passenger", name(*passenger)).money("kept", *kept)
        }
        Step::Refund { passenger, paid, kept, refund } => {
            let message = Message::new("step-refund").text("passenger", name(*passenger));
            message.money("paid", *paid).money("kept", *kept).money("refund", *refund)
        }
        Step::Missing { reason } => Message::new("step-missing").word("reason", reason.named()),
        Step::Total { original, penalty, refund } => {
            Message::new("step-total").money("original", *original).money("penalty", *penalty).money("refund", *refund)
        }
        Step::ServiceFee { amount } => Message::new("step-service-fee").money("amount", *amount),
        Step::Destination { destination } => destination.named(),
    }
}

/// "3 days 4 hours before departure" in its largest unit, or after it.
fn left(minutes: i64) -> Message {
    let key = if minutes < 0 { "time-after-departure" } else { "time-before-departure" };
    let rounded = match minutes.abs() {
        m if m >= 2 * 1440 => m / 1440 * 1440,
        m if m >= 120 => m / 60 * 60,
        m => m,
    };
    Message::new(key).word("time", duration(rounded))
}

/// An event of a refund as a sentence.
#[must_use]
pub fn event(event: &Event) -> Message {
    let details: serde_json::Value = serde_json::from_str(&event.details).unwrap_or_default();
    let text = |name: &str| details[name].as_str().map(ToOwned::to_owned).filter(|text| !text.is_empty());
    let money = |name: &str| serde_json::from_value::<Money>(details[name].clone()).ok();
    let mut message = Message::new(match (event.happened.as_str(), money("estimated"), money("amount"), text("day")) {
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
    let details: serde_json::Value = serde_json::from_str(&event.details).unwrap_or_default();
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
