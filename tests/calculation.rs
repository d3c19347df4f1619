//! The shared refund calculation on orders of this kind: worked numbers, boundaries, properties.

use afterfare::kernel::money::{Currency, Money};
use afterfare::refund_calculation::facts::{
    Ancillary, Direction, DirectionFare, Facts, Fee, JourneyPart, NoShow, Passenger, Payment, Rate, Reason, Refundability, ServiceFee,
    Window,
};
use afterfare::refund_calculation::quote::{Quote, ReasonCode, Verdict};
use afterfare::refund_calculation::{RuleSet, calculate};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn money(text: &str, code: &str) -> Money {
    Money::parse(text, currency(code)).expect("an amount")
}

fn departure() -> Timestamp {
    "2026-12-01T05:25:00Z".parse().expect("an instant")
}

fn window(from_minute: i64, to_minute: i64, refundability: Refundability, fee: Option<Fee>) -> Window {
    Window { from_minute, to_minute, refundability, fee }
}

/// The published example: CNY 480.00 became USD 66.20 on a fare of 141.19.
fn example() -> Facts {
    Facts {
        currency: currency("USD"),
        payment: Payment::Deposit,
        reason: Reason::Voluntary,
        requested_at: "2026-11-20T09:00:00Z".parse().expect("an instant"),
        passengers: vec![passenger(1, "118.40", "22.79", Some("381.00"))],
        directions: vec![JourneyPart {
            direction: Direction::Outbound,
            departs_at: departure(),
            windows: vec![
                window(525_600, 4320, Refundability::WithFee, Some(Fee::Amount(money("480.00", "CNY")))),
                window(4320, 0, Refundability::WithFee, Some(Fee::Amount(money("1280.00", "CNY")))),
                window(0, -525_600, Refundability::NonRefundable, None),
            ],
            no_show: None,
        }],
        unpriced: Vec::new(),
        rates: vec![Rate {
            from: currency("CNY"),
            to: currency("USD"),
            day: "2026-11-20".parse().expect("a day"),
            rate: "0.137917".parse().expect("a rate"),
        }],
        service_fee: ServiceFee::PerPassenger(money("2.00", "USD")),
    }
}

fn passenger(no: i64, fare: &str, tax: &str, bag: Option<&str>) -> Passenger {
    let bag = bag.map(|price| Ancillary { name: "bag".to_owned(), price: money(price, "USD"), refundable: false });
    Passenger {
        no,
        name: format!("P{no}"),
        selected: true,
        fare: money(fare, "USD"),
        tax: money(tax, "USD"),
        fare_by_direction: Vec::new(),
        ancillaries: bag.into_iter().collect(),
    }
}

fn quote(facts: &Facts) -> Quote {
    calculate(facts, &RuleSet::low_cost()).expect("well-formed facts")
}

fn refund(facts: &Facts) -> (Verdict, Option<String>) {
    let quote = quote(facts);
    (quote.verdict, quote.totals.refund.map(|refund| refund.to_string()))
}

/// W20
#[test]
fn the_published_example() {
    let quote = quote(&example());
    let totals = &quote.totals;
    assert_eq!(quote.verdict, Verdict::Accurate);
    assert_eq!(totals.original.to_string(), "USD 522.19");
    assert_eq!(totals.fare_penalty.map(|m| m.to_string()).as_deref(), Some("USD 66.20"));
    assert_eq!(totals.ancillary_penalty.map(|m| m.to_string()).as_deref(), Some("USD 381.00"));
    assert_eq!(totals.penalty.map(|m| m.to_string()).as_deref(), Some("USD 447.20"));
    assert_eq!(totals.refund.map(|m| m.to_string()).as_deref(), Some("USD 74.99"));
    assert_eq!(totals.service_fee.to_string(), "USD 2.00");
    assert_eq!(quote.rates, example().rates);
}

#[test]
fn an_inverse_rate_is_divided_by() {
    let mut facts = example();
    facts.rates = vec![Rate {
        from: currency("USD"),
        to: currency("CNY"),
        day: "2026-11-20".parse().expect("a day"),
        rate: "7.25".parse().expect("a rate"),
    }];
    assert_eq!(quote(&facts).totals.fare_penalty.map(|m| m.to_string()).as_deref(), Some("USD 66.21"));
}

#[test]
fn windows_hold_from_their_first_second_to_before_their_last() {
    let at = |seconds_before: i64| {
        let mut facts = example();
        facts.requested_at = departure() - SignedDuration::from_secs(seconds_before);
        facts.passengers[0].fare = money("500.00", "USD");
        quote(&facts).windows.first().map(|window| (window.from_minute, window.to_minute))
    };
    assert_eq!(at(4320 * 60 + 1), Some((525_600, 4320)));
    assert_eq!(at(4320 * 60), Some((4320, 0)), "exactly at the minute the later window holds");
    assert_eq!(at(4320 * 60 - 1), Some((4320, 0)));
    assert_eq!(at(1), Some((4320, 0)));
    assert_eq!(at(0), Some((0, -525_600)));
    assert_eq!(at(525_600 * 60), Some((525_600, 4320)));
    assert_eq!(at(525_600 * 60 + 1), None, "before the first window nothing is known");
}

#[test]
fn a_missing_fact_is_named_and_never_guessed() {
    type Change = fn(&mut Facts);
    let cases: [(Change, ReasonCode); 8] = [
        (|f| f.rates.clear(), ReasonCode::NoExchangeRate),
        (|f| f.directions[0].windows.clear(), ReasonCode::NoRule),
        (|f| f.directions.clear(), ReasonCode::NoRule),
        (|f| f.directions[0].windows[0].fee = None, ReasonCode::FeeMissing),
        (|f| f.unpriced.push("BABY".to_owned()), ReasonCode::FareMissing),
        (|f| f.passengers[0].ancillaries[0].price = money("10.00", "EUR"), ReasonCode::AncillaryCurrency),
        (|f| f.passengers[0].fare = money("10.00", "EUR"), ReasonCode::FareCurrency),
        (|f| f.passengers[0].selected = false, ReasonCode::NobodySelected),
    ];
    for (change, reason) in cases {
        let mut facts = example();
        change(&mut facts);
        let quote = quote(&facts);
        assert_eq!((quote.verdict, quote.reasons.as_slice(), quote.totals.refund), (Verdict::CannotQuote, [reason].as_slice(), None));
        assert!(quote.passengers.iter().all(|line| line.refund.is_none()));
    }
}

#[test]
fn non_refundable_and_late() {
    let mut facts = example();
    facts.directions[0].windows[0] = window(525_600, 4320, Refundability::NonRefundable, None);
    assert_eq!(refund(&facts), (Verdict::NonRefundable, Some("USD 0.00".to_owned())));
    // Too late to cancel: the no-show rule takes the fare, or adds its fee.
    let mut late = example();
    late.requested_at = departure() - SignedDuration::from_mins(100);
    late.passengers[0] = passenger(1, "500.00", "20.00", None);
    late.directions[0].no_show = Some(NoShow { cutoff_minutes: 120, refundability: Refundability::NonRefundable, fee: None });
    assert_eq!(refund(&late), (Verdict::NonRefundable, Some("USD 0.00".to_owned())));
    late.directions[0].no_show =
        Some(NoShow { cutoff_minutes: 120, refundability: Refundability::WithFee, fee: Some(Fee::Amount(money("50.00", "USD"))) });
    assert_eq!(refund(&late), (Verdict::Accurate, Some("USD 293.47".to_owned())));
    late.requested_at = departure() - SignedDuration::from_mins(120);
    assert_eq!(refund(&late), (Verdict::Accurate, Some("USD 343.47".to_owned())));
    // After departure only the airline knows who was on board.
    late.directions[0].windows[2] = window(0, -525_600, Refundability::WithFee, Some(Fee::Amount(money("50.00", "USD"))));
    late.requested_at = departure() + SignedDuration::from_mins(1);
    assert_eq!(quote(&late).reasons, [ReasonCode::NoShowConfirmation]);
}

/// W17's shape: out 500, back 900, and rules that differ by direction.
#[test]
fn directions_with_different_rules_need_their_own_fares() {
    let mut facts = example();
    facts.passengers = vec![passenger(1, "1400.00", "0.00", None)];
    facts.directions[0].windows[0] = window(525_600, 4320, Refundability::NonRefundable, None);
    facts.directions.push(JourneyPart {
        direction: Direction::Inbound,
        departs_at: departure() + SignedDuration::from_hours(96),
        windows: vec![window(525_600, 0, Refundability::WithFee, Some(Fee::Amount(money("70.00", "USD"))))],
        no_show: None,
    });
    assert_eq!(quote(&facts).reasons.last(), Some(&ReasonCode::DirectionFareMissing));
    let part = |direction, fare| DirectionFare { direction, fare: money(fare, "USD"), tax: money("0", "USD") };
    facts.passengers[0].fare_by_direction = vec![part(Direction::Outbound, "500.00"), part(Direction::Inbound, "900.00")];
    assert_eq!(refund(&facts), (Verdict::Accurate, Some("USD 830.00".to_owned())));
    facts.passengers[0].fare_by_direction[0].fare = money("499.00", "USD");
    assert_eq!(quote(&facts).verdict, Verdict::CannotQuote, "parts that do not add up are no facts");
}

#[test]
fn a_percentage_is_of_the_fare_and_a_cap_returns_the_taxes() {
    let mut facts = example();
    facts.directions[0].windows[0].fee = Some(Fee::BasisPoints(3000));
    facts.passengers = vec![passenger(1, "1030.00", "50.00", None)];
    assert_eq!(refund(&facts).1.as_deref(), Some("USD 771.00"), "C7: 30 % of 1,030 is 309, 721 and 50 come back");
    facts.directions[0].windows[0].fee = Some(Fee::Amount(money("2000.00", "USD")));
    assert_eq!(refund(&facts).1.as_deref(), Some("USD 50.00"));
    let all = RuleSet { fee_cap: afterfare::refund_calculation::rules::FeeCap::CapAll, ..RuleSet::low_cost() };
    let capped = calculate(&facts, &all).expect("well-formed facts");
    assert_eq!((capped.verdict, capped.reasons.as_slice()), (Verdict::NonRefundable, [ReasonCode::FeeTakesAll].as_slice()));
}

#[test]
fn involuntary_gives_everything_back() {
    let mut facts = example();
    facts.reason = Reason::Involuntary;
    let quote = quote(&facts);
    assert_eq!(quote.totals.refund, Some(quote.totals.original));
    assert!(quote.totals.service_fee.is_zero());
}

prop_compose! {
    fn any_facts()(
        people in prop::collection::vec((0i64..500_000, 0i64..80_000, prop::option::of(0i64..60_000), any::<bool>()), 1..6),
        fees in prop::collection::vec(prop::option::of(0i64..300_000), 3),
        statuses in prop::collection::vec(0usize..3, 3),
        minutes_before in -2000i64..100_000,
        seconds in 0i64..60,
        reason in any::<bool>(),
        no_show in prop::option::of((0i64..400, 0usize..3, prop::option::of(0i64..20_000))),
        share in any::<bool>(),
    ) -> Facts {
        let usd = currency("USD");
        let kinds = [Refundability::NonRefundable, Refundability::WithFee, Refundability::Free];
        let fee = |minor: i64| if share { Fee::BasisPoints(u32::try_from(minor % 10_001).unwrap_or(0)) } else { Fee::Amount(Money::new(minor, currency("CNY"))) };
        let edges = [(525_600, 4320), (4320, 0), (0, -525_600)];
        let windows = edges.iter().enumerate().map(|(n, (from, to))| window(*from, *to, kinds[statuses[n]], fees[n].map(fee)));
        let mut facts = example();
        facts.requested_at = departure() - SignedDuration::from_secs(minutes_before * 60 + seconds);
        facts.reason = if reason { Reason::Voluntary } else { Reason::Involuntary };
        facts.directions[0].windows = windows.collect();
        facts.directions[0].no_show = no_show.map(|(cutoff_minutes, kind, fee)| NoShow {
            cutoff_minutes, refundability: kinds[kind], fee: fee.map(|minor| Fee::Amount(Money::new(minor, usd))),
        });
        facts.passengers = people.iter().zip(1..).map(|((fare, tax, bag, selected), no)| Passenger {
            no, name: format!("P{no}"), selected: *selected || no == 1, fare: Money::new(*fare, usd), tax: Money::new(*tax, usd),
            fare_by_direction: Vec::new(),
            ancillaries: bag.iter().map(|price| Ancillary { name: "bag".to_owned(), price: Money::new(*price, usd), refundable: price % 3 == 0 }).collect(),
        }).collect();
        facts
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn refund_and_kept_are_what_was_paid(facts in any_facts()) {
        let quote = quote(&facts);
        let totals = &quote.totals;
        if quote.verdict == Verdict::CannotQuote {
            prop_assert!(totals.refund.is_none() && !quote.reasons.is_empty());
            return Ok(());
        }
        let (refund, penalty) = (totals.refund.expect("a refund"), totals.penalty.expect("a penalty"));
        prop_assert_eq!(refund.plus(penalty), Ok(totals.original));
        prop_assert!(refund.minor >= 0 && refund.minor <= totals.original.minor);
        let lines = quote.passengers.iter().filter_map(|line| line.refund).try_fold(Money::zero(facts.currency), Money::plus);
        prop_assert_eq!(lines, Ok(refund));
        for line in &quote.passengers {
            let kept = line.fare_penalty.expect("a penalty").plus(line.ancillary_penalty.expect("a penalty")).expect("a sum");
            let paid = line.fare.plus(line.tax).and_then(|sum| sum.plus(line.ancillaries)).expect("a sum");
            prop_assert_eq!(line.refund.expect("a refund").plus(kept), Ok(paid));
        }
        prop_assert_eq!(quote.verdict == Verdict::NonRefundable, refund.is_zero() && facts.reason == Reason::Voluntary);
    }

    #[test]
    fn involuntary_is_never_less_than_voluntary(mut facts in any_facts()) {
        facts.reason = Reason::Voluntary;
        let voluntary = quote(&facts).totals.refund;
        facts.reason = Reason::Involuntary;
        let involuntary = quote(&facts).totals.refund.expect("always known");
        prop_assert!(voluntary.is_none_or(|voluntary| voluntary.minor <= involuntary.minor));
    }

    #[test]
    fn the_order_of_passengers_changes_nothing(facts in any_facts()) {
        let mut turned = facts.clone();
        turned.passengers.reverse();
        prop_assert_eq!(quote(&facts).totals, quote(&turned).totals);
        prop_assert_eq!(quote(&facts), quote(&facts));
    }

    #[test]
    fn facts_and_quotes_survive_json(facts in any_facts()) {
        let quote = quote(&facts);
        let again: Facts = serde_json::from_str(&serde_json::to_string(&facts).expect("json")).expect("facts");
        prop_assert_eq!(&again, &facts);
        let read: Quote = serde_json::from_str(&serde_json::to_string(&quote).expect("json")).expect("a quote");
        prop_assert_eq!(read, quote);
    }
}
