//! How long one quote takes on one core: `cargo bench --bench quote`.

use std::hint::black_box;
use std::time::Instant;

use afterfare::kernel::code::Code;
use afterfare::kernel::money::Money;
use afterfare::refund_calculation::facts::{EarlierTicket, OneWayFare, Tax};
use afterfare::refund_calculation::{Facts, RuleSet, calculate};

const QUOTES: u32 = 100_000;
const ROUNDS: u32 = 5;

fn facts(text: &str) -> Facts {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("the example: {error}"))
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Two passengers on a round trip, four taxes on each coupon: eight a ticket.
fn round_trip() -> Facts {
    let mut facts = facts(include_str!("../docs/facts-ticket-example.json"));
    let ticket = &mut facts.tickets[0];
    ticket.chain.clear();
    ticket.candidate_fares.clear();
    for coupon in &mut ticket.coupons {
        coupon.status = afterfare::refund_calculation::facts::CouponStatus::Open;
        coupon.departs_at = "2026-12-01T12:00:00Z".parse().unwrap_or(coupon.departs_at);
    }
    let first = ticket.taxes[0];
    let tax = |place: usize| Tax { code: code(["UE", "C4", "AX", "YQ"][place % 4]), coupon: Some(if place < 4 { 1 } else { 2 }), ..first };
    ticket.taxes = (0..8).map(tax).collect();
    let mut second = ticket.clone();
    second.no = 2;
    facts.tickets.push(second);
    facts
}

/// A half-flown ticket after three reissues, with forty one-way fares to look at.
fn chain() -> Facts {
    let mut facts = facts(include_str!("../docs/facts-ticket-example.json"));
    let ticket = &mut facts.tickets[0];
    let earlier = ticket.chain[0];
    ticket.chain = (0..3).map(|place| EarlierTicket { document_number: code(&format!("738-{place}")), ..earlier }).collect();
    let candidate = ticket.candidate_fares[0];
    let classes = ["R", "Q", "L", "K", "H", "S", "M", "B", "Y", "T"];
    let fare = |place: usize| OneWayFare {
        booking_class: code(classes[place % classes.len()]),
        fare_basis: code(&format!("F{place}OW")),
        fare: Money::new(2_000_000 + 50_000 * i64::try_from(place).unwrap_or(0), candidate.fare.currency),
        ..candidate
    };
    ticket.candidate_fares = (0..40).map(fare).collect();
    facts
}

fn measure(name: &str, facts: &Facts, rules: &RuleSet, limit_micros: f64) {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..QUOTES {
            let quote = calculate(black_box(facts), black_box(rules));
            assert!(black_box(quote).is_ok_and(|quote| quote.totals.refund.is_some()), "a refund");
        }
        best = best.min(began.elapsed().as_secs_f64() * 1e6 / f64::from(QUOTES));
    }
    println!("{name}: {best:.2} µs a quote (at most {limit_micros} µs wanted)");
}

fn main() {
    let vietnam: RuleSet = serde_json::from_str(include_str!("../rules/vn-domestic.json")).unwrap_or_else(|error| panic!("{error}"));
    let order = facts(include_str!("../docs/facts-example.json"));
    measure("order of one passenger", &order, RuleSet::low_cost(), 5.0);
    measure("two passengers, round trip, eight taxes", &round_trip(), &vietnam, 5.0);
    measure("three reissues, forty candidate fares", &chain(), &vietnam, 20.0);
}
