//! Quotes a second on one core, for orders of the low-cost kind: `cargo bench --bench calculation`.

use std::time::Instant;

use afterfare::refund_calculation::{Facts, RuleSet, calculate};

const QUOTES: u32 = 400_000;
const ROUNDS: u32 = 5;

fn main() {
    let example = include_str!("../docs/facts-example.json");
    let mut facts: Facts = serde_json::from_str(example).unwrap_or_else(|error| panic!("the example: {error}"));
    // Two passengers and a return, as most orders have at most.
    let second = facts.passengers[0].clone();
    facts.passengers.push(second);
    let back = facts.directions[0].clone();
    facts.directions.push(back);
    let rules = RuleSet::low_cost();
    for round in 1..=ROUNDS {
        let began = Instant::now();
        let mut refunded = 0;
        for _ in 0..QUOTES {
            let quote = calculate(std::hint::black_box(&facts), std::hint::black_box(&rules));
            refunded += quote.ok().and_then(|quote| quote.totals.refund).map_or(0, |refund| refund.minor);
        }
        let seconds = began.elapsed().as_secs_f64();
        println!("round {round}: {:.0} quotes/s ({refunded} minor units refunded)", f64::from(QUOTES) / seconds);
    }
}
