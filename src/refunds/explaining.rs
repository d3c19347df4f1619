//! The steps and words of a calculation as sentences, each step with the source of its rule.

use crate::bookings::fare_rules::duration;
use crate::kernel::code::Code;
use crate::refund_calculation::Quote;
use crate::refund_calculation::conditions::FeeUnit;
use crate::refund_calculation::facts::{CouponStatus, FormOfPayment, Payment, Publication};
use crate::refund_calculation::lines::{FeeKind, Method, NoGoCause, Rejected, ScreenField, UsedFareStep};
use crate::refund_calculation::quote::{Destination, Document, ReasonCode, Verdict};
use crate::refund_calculation::rule_check::Mistake;
use crate::refund_calculation::rules::{
    ChainRule, Combination, CommissionBase, FeeCap, FuelRule, Hierarchy, Scope, Section, UsedFareMethod, Waives,
};
use crate::refund_calculation::trace::Step;
use crate::web::words::{Message, Named};

crate::named!(
    Verdict = "verdict",
    ReasonCode = "verdict-reason",
    Destination = "destination",
    Document = "document",
    CouponStatus = "coupon-status",
    FormOfPayment = "form-of-payment",
    Publication = "publication",
    FeeKind = "fee-kind",
    Method = "method",
    NoGoCause = "no-go-cause",
    Rejected = "rejected",
    ScreenField = "screen-field",
    UsedFareStep = "used-fare-step",
    Mistake = "mistake",
    ChainRule = "chain-rule",
    Combination = "combination",
    CommissionBase = "commission-base",
    FeeCap = "fee-cap",
    FuelRule = "fuel-rule",
    Hierarchy = "hierarchy",
    Scope = "market-scope",
    Section = "section",
    UsedFareMethod = "used-fare-method",
    Waives = "waives",
    FeeUnit = "fee-unit",
    Payment = "calculator-payment",
);

/// A step with the source of the rule that it follows from.
#[derive(Debug)]
pub struct Explained {
    pub sentence: Message,
    pub source: Message,
}

/// The whole trace of a quote. `name` gives a passenger's name by number.
pub fn trace(quote: &Quote, name: impl Fn(i64) -> String) -> Vec<Explained> {
    let explain = |one: &Step| Explained { sentence: step(one, &name), source: source(quote, one) };
    quote.trace.iter().map(explain).collect()
}

/// Where the rule of a step is written: as cited by the rule set, or the kind of source it always has.
#[must_use]
pub fn source(quote: &Quote, step: &Step) -> Message {
    if let Step::Right { basis, .. } | Step::Deadline { basis, .. } = step {
        return Message::new("source-cited").text("source", basis);
    }
    match quote.sources.get(&step.section()) {
        Some(cited) => Message::new("source-cited").text("source", cited),
        None => Message::new(format!("source-{}", step.section().word())).text("rules", &quote.rule_set_version),
    }
}

/// The name of a law. A regime that a rule set brings along is called as it calls itself.
#[must_use]
pub fn regime(name: &str) -> Message {
    let shipped = crate::refund_calculation::law::Law::shipped().regimes.iter().any(|regime| regime.name == name);
    if shipped { Message::new(format!("regime-{name}")) } else { Message::new("source-cited").text("source", name) }
}

fn percent(basis_points: u32) -> rust_decimal::Decimal {
    rust_decimal::Decimal::new(i64::from(basis_points), 2).normalize()
}

fn code_or_dash(code: Option<Code>) -> String {
    code.map_or_else(|| "–".to_owned(), |code| code.to_string())
}

/// A step of the trace as a sentence.
pub fn step(step: &Step, name: impl Fn(i64) -> String) -> Message {
    match step {
        Step::Paid { passenger, fare, tax, ancillaries } => {
            let message = Message::new("step-paid").text("passenger", name(*passenger));
            message.money("fare", *fare).money("tax", *tax).money("ancillaries", *ancillaries)
        }
        Step::AirlineCause => Message::new("step-airline-cause"),
        Step::Voided => Message::new("step-voided"),
        Step::Right { regime, .. } => Message::new("step-right").word("regime", self::regime(regime)),
        Step::NoRight => Message::new("step-no-right"),
        Step::Deadline { day, .. } => Message::new("step-deadline").text("day", day),
        Step::Window { direction, minutes_before, from_minute, to_minute, refundability } => {
            let (key, ends) = span("step-window", *from_minute, *to_minute);
            let message = Message::new(key).word("direction", direction.named()).word("left", left(*minutes_before));
            with_ends(message, ends).word("says", refundability.named())
        }
        Step::WindowOfDays { direction, days_before, from_day, to_day, refundability } => {
            let minutes = |day: &Option<i64>| day.map(|day| day.saturating_mul(1440));
            let (key, ends) = span("step-days", minutes(from_day), minutes(to_day));
            let message = Message::new(key).word("direction", direction.named()).count("days", *days_before);
            with_ends(message, ends).word("says", refundability.named())
        }
        Step::NoShow { direction, cutoff_minutes: 0, refundability } => {
            Message::new("step-no-show-departed").word("direction", direction.named()).word("says", refundability.named())
        }
        Step::NoShow { direction, cutoff_minutes, refundability } => Message::new("step-no-show")
            .word("direction", direction.named())
            .word("cutoff", duration(*cutoff_minutes))
            .word("says", refundability.named()),
        Step::Fee { direction, amount } => Message::new("step-fee").word("direction", direction.named()).money("amount", *amount),
        Step::Share { direction, basis_points, of, amount } => Message::new("step-share")
            .word("direction", direction.named())
            .figure("percent", percent(*basis_points))
            .money("of", *of)
            .money("amount", *amount),
        Step::Limited { from, to } => Message::new("step-limited").money("from", *from).money("to", *to),
        Step::Factor { passenger_type, basis_points, amount } => Message::new("step-factor")
            .word("type", passenger_type.named())
            .figure("percent", percent(*basis_points))
            .money("amount", *amount),
        Step::MiscFee { amount } => Message::new("step-misc-fee").money("amount", *amount),
        Step::Waived { code, amount } => Message::new("step-waived").text("code", code).money("amount", *amount),
        Step::Converted { from, to, rate, day } => {
            Message::new("step-converted").money("from", *from).money("to", *to).figure("rate", *rate).text("day", day)
        }
        Step::ConvertedInversely { from, to, rate, day } => {
            Message::new("step-converted-inversely").money("from", *from).money("to", *to).figure("rate", *rate).text("day", day)
        }
        Step::Strictest { kept, instead_of, .. } if kept == instead_of => Message::new("step-chain-agrees").money("kept", *kept),
        Step::Strictest { document, kept, instead_of } => {
            let message = match document {
                Some(document) => Message::new("step-strictest").text("document", document),
                None => Message::new("step-strictest-own"),
            };
            message.money("kept", *kept).money("other", *instead_of)
        }
        Step::Locked { document, amount } => Message::new("step-locked").text("document", document).money("amount", *amount),
        Step::Ruled { hierarchy } => Message::new("step-ruled").word("hierarchy", hierarchy.named()),
        Step::Combined { combination, lost, fees } => {
            Message::new("step-combined").word("how", combination.named()).money("lost", *lost).money("fees", *fees)
        }
        Step::Capped { passenger, fees, cap } => {
            Message::new("step-capped").text("passenger", name(*passenger)).money("fees", *fees).money("cap", *cap)
        }
        Step::Owed { passenger, amount } => Message::new("step-owed").text("passenger", name(*passenger)).money("amount", *amount),
        Step::FareKept { passenger, kept } => Message::new("step-fare-kept").text("passenger", name(*passenger)).money("kept", *kept),
        Step::AncillariesKept { passenger, kept } => {
            Message::new("step-ancillaries-kept").text("passenger", name(*passenger)).money("kept", *kept)
        }
        Step::Refund { passenger, paid, kept, refund } => {
            let message = Message::new("step-refund").text("passenger", name(*passenger));
            message.money("paid", *paid).money("kept", *kept).money("refund", *refund)
        }
        Step::Total { original, penalty, refund } => {
            Message::new("step-total").money("original", *original).money("penalty", *penalty).money("refund", *refund)
        }
        Step::UsedFareRejected { fare_basis, booking_class, fare, why, half } => {
            let message = Message::new("step-used-fare-rejected").text("basis", fare_basis).text("class", booking_class);
            let why = match half {
                Some(half) => Message::new("rejected-not-above").money("half", *half),
                None => why.named(),
            };
            message.money("fare", *fare).word("why", why)
        }
        Step::UsedFare { how, fare_basis, fare } => {
            Message::new("step-used-fare").word("how", how.named()).text("basis", code_or_dash(*fare_basis)).money("fare", *fare)
        }
        Step::UsedAbovePaid { used, paid } => Message::new("step-used-above-paid").money("used", *used).money("paid", *paid),
        Step::FareRefund { paid, used, left } => {
            Message::new("step-fare-refund").money("paid", *paid).money("used", *used).money("left", *left)
        }
        Step::UnusedPart { amount } => Message::new("step-unused-part").money("amount", *amount),
        Step::Mixed { old_net, new_net, fees, taxes, refund, method } => Message::new(format!("step-mixed-{}", method.word()))
            .money("value", refund.plus(*fees).unwrap_or(*refund))
            .money("old", *old_net)
            .money("new", *new_net)
            .money("fees", *fees)
            .money("taxes", *taxes)
            .money("refund", *refund),
        Step::TaxReturned { code, amount } => Message::new("step-tax-returned").text("code", code).money("amount", *amount),
        Step::TaxUsed { code, amount } => Message::new("step-tax-used").text("code", code).money("amount", *amount),
        Step::TaxKept { code, amount } => Message::new("step-tax-kept").text("code", code).money("amount", *amount),
        Step::TaxOnlyFee { amount } => Message::new("step-tax-only-fee").money("amount", *amount),
        Step::CommissionRecalled { amount } => Message::new("step-commission-recalled").money("amount", *amount),
        Step::CommissionOnFee { amount } => Message::new("step-commission-on-fee").money("amount", *amount),
        Step::Missing { reason } => Message::new("step-missing").word("reason", reason.named()),
        Step::Bring { document } => Message::new("step-bring").word("document", document.named()),
        Step::NoGo { from, to, cause } => Message::new("step-no-go").text("from", from).text("to", to).word("cause", cause.named()),
        Step::NoGoNone => Message::new("step-no-go-none"),
        Step::FormOfPayment { form } => Message::new("step-form-of-payment").word("form", form.named()),
        Step::AirlineToAgency { amount } => Message::new("step-airline-to-agency").money("amount", *amount),
        Step::ServiceFee { amount } => Message::new("step-service-fee").money("amount", *amount),
        Step::AgencyFee { amount } => Message::new("step-agency-fee").money("amount", *amount),
        Step::Destination { destination } => destination.named(),
    }
}

/// Windows that begin or end about a year away have no limit on that side.
const WITHOUT_LIMIT_MINUTES: i64 = 300 * 1440;

/// The key of a span and its ends: before, between, until departure, after departure, always.
fn span(prefix: &str, from: Option<i64>, to: Option<i64>) -> (String, [Option<i64>; 2]) {
    let from = from.filter(|from| *from < WITHOUT_LIMIT_MINUTES);
    let to = to.filter(|to| *to > -WITHOUT_LIMIT_MINUTES);
    let kind = match (from, to) {
        (None, None) => "always",
        (None, Some(_)) => "more-than",
        (Some(from), None) if from <= 0 => "after",
        (Some(_), None) => "less-than",
        (Some(_), Some(_)) => "between",
    };
    (format!("{prefix}-{kind}"), [from, to])
}

fn with_ends(message: Message, [from, to]: [Option<i64>; 2]) -> Message {
    let message = from.map(point).into_iter().fold(message, |message, from| message.word("from", from));
    to.map(point).into_iter().fold(message, |message, to| message.word("to", to))
}

/// A point of time seen from departure: "3 days before departure", "departure", "2 hours after departure".
#[must_use]
pub fn point(minutes: i64) -> Message {
    match minutes {
        0 => Message::new("time-at-departure"),
        1.. => Message::new("time-before-departure").word("time", duration(minutes)),
        _ => Message::new("time-after-departure").word("time", duration(minutes.saturating_neg())),
    }
}

/// "3 days 4 hours before departure" in its largest unit, or after it.
fn left(minutes: i64) -> Message {
    let rounded = match minutes.saturating_abs() {
        m if m >= 2 * 1440 => m / 1440 * 1440,
        m if m >= 120 => m / 60 * 60,
        m => m,
    };
    point(if minutes < 0 { -rounded.max(1) } else { rounded })
}
