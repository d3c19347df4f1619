//! Low-cost orders: windows come with the order, a fee in the airline's currency, one tax line.

use afterfare::kernel::money::Money;
use afterfare::refund_calculation::conditions::Range;
use afterfare::refund_calculation::facts::{
    Ancillary, Conditions, CouponStatus, Direction, Facts, Fee, FeeUnit, NoShow, Rate, Reason, Refundability, ServiceFee, Span, Window,
};
use afterfare::refund_calculation::quote::{ReasonCode, Verdict};
use afterfare::refund_calculation::rules::FeeCap;
use afterfare::refund_calculation::{Quote, RuleSet, calculate};
use jiff::SignedDuration;

use super::make::{any_time, component, conditions, coupon, currency, departure, facts, money, one_way, only_for};

pub fn window(from_minute: i64, to_minute: i64, refundability: Refundability, fee: Option<Fee>) -> Window {
    let range = Range { from: Some(from_minute), to: Some(to_minute), to_included: false };
    Window { span: Span::Minutes(range), ..any_time(refundability, fee) }
}

fn order_rule(windows: Vec<Window>) -> Conditions {
    let mut rule = only_for(conditions(windows), Direction::Outbound);
    rule.fee_unit = FeeUnit::Direction;
    rule
}

/// The published example: CNY 480.00 became USD 66.20 on a fare of 141.19.
pub fn example() -> Facts {
    let mut ticket = one_way("USD 118.40", &["XT USD 22.79"]);
    ticket.ancillaries = vec![Ancillary { name: "bag".to_owned(), price: money("USD 381.00"), refundable: false, used: false }];
    ticket.coupons[0].status = CouponStatus::Unknown;
    let mut facts = facts(ticket);
    facts.conditions = vec![order_rule(vec![
        window(525_600, 4320, Refundability::WithFee, Some(Fee::Amount(money("CNY 480.00")))),
        window(4320, 0, Refundability::WithFee, Some(Fee::Amount(money("CNY 1280.00")))),
        window(0, -525_600, Refundability::NonRefundable, None),
    ])];
    facts.rates = vec![Rate {
        from: currency("CNY"),
        to: currency("USD"),
        day: "2026-11-20".parse().expect("a day"),
        rate: "0.137917".parse().expect("a rate"),
    }];
    facts.service_fee = ServiceFee::PerPassenger(money("USD 2.00"));
    facts
}

/// The example at other prices, without extras.
fn plain(fare: &str, tax: &str) -> Facts {
    let mut facts = example();
    facts.tickets[0].fare = money(fare);
    facts.tickets[0].taxes[0].amount = money(tax);
    facts.tickets[0].ancillaries.clear();
    facts
}

fn quote(facts: &Facts) -> Quote {
    calculate(facts, RuleSet::low_cost()).expect("well-formed facts")
}

fn refund(facts: &Facts) -> (Verdict, Option<String>) {
    let quote = quote(facts);
    (quote.verdict, quote.totals.refund.map(|refund| refund.to_string()))
}

#[test]
fn the_worked_example_of_an_order() {
    let quote = quote(&example());
    let totals = &quote.totals;
    let said = |amount: Option<Money>| amount.map(|amount| amount.to_string());
    assert_eq!(quote.verdict, Verdict::Accurate);
    assert_eq!(totals.original.to_string(), "USD 522.19");
    assert_eq!(said(totals.fare_penalty).as_deref(), Some("USD 66.20"));
    assert_eq!(said(totals.ancillary_penalty).as_deref(), Some("USD 381.00"));
    assert_eq!(said(totals.penalty).as_deref(), Some("USD 447.20"));
    assert_eq!(said(totals.refund).as_deref(), Some("USD 74.99"));
    assert_eq!(totals.service_fee.to_string(), "USD 2.00");
    assert_eq!(quote.rates, example().rates);
    assert_eq!(quote.rule_set_version, "low-cost/2026-11");
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
        facts.tickets[0].fare = money("USD 500.00");
        quote(&facts).windows.first().and_then(|window| window.span).map(|span| (span.range().from, span.range().to))
    };
    let span = |from, to| Some((Some(from), Some(to)));
    assert_eq!(at(4320 * 60 + 1), span(525_600, 4320));
    assert_eq!(at(4320 * 60), span(4320, 0), "exactly at the minute the later window holds");
    assert_eq!(at(4320 * 60 - 1), span(4320, 0));
    assert_eq!(at(1), span(4320, 0));
    assert_eq!(at(0), span(0, -525_600));
    assert_eq!(at(525_600 * 60), span(525_600, 4320));
    assert_eq!(at(525_600 * 60 + 1), None, "before the first window nothing is known");
}

#[test]
fn a_missing_fact_is_named_and_never_guessed() {
    type Change = fn(&mut Facts);
    let cases: [(Change, ReasonCode); 20] = [
        (|f| f.rates.clear(), ReasonCode::NoExchangeRate),
        (|f| f.conditions[0].windows.clear(), ReasonCode::NoRule),
        (|f| f.conditions.clear(), ReasonCode::NoRule),
        (|f| f.conditions[0].windows[0].fee = None, ReasonCode::FeeMissing),
        (|f| f.unpriced.push("BABY".to_owned()), ReasonCode::FareMissing),
        (|f| f.tickets[0].ancillaries[0].price = money("EUR 10.00"), ReasonCode::AncillaryCurrency),
        (|f| f.tickets[0].fare = money("EUR 10.00"), ReasonCode::FareCurrency),
        (|f| f.tickets[0].taxes[0].amount = money("EUR 10.00"), ReasonCode::FareCurrency),
        (|f| f.tickets[0].taxes[0].amount = money("USD -10.00"), ReasonCode::FareBelowZero),
        (|f| f.tickets[0].coupons[0].component = 9, ReasonCode::ComponentMissing),
        (|f| f.tickets[0].coupons.clear(), ReasonCode::ComponentMissing),
        (|f| f.tickets[0].components.push(component(2, None)), ReasonCode::ComponentMissing),
        (|f| f.tickets[0].coupons.push(coupon(1, 1, "SGN", "DAD")), ReasonCode::ComponentMissing),
        (|f| f.service_fee = ServiceFee::PerOrder(money("EUR 2.00")), ReasonCode::FareCurrency),
        (|f| f.tickets[0].components[0].fare = Some(money("EUR 118.40")), ReasonCode::FareCurrency),
        (|f| f.agency_fee = Some(money("USD -2.00")), ReasonCode::FareBelowZero),
        (|f| f.conditions[0].windows[0].fee = Some(Fee::Amount(money("CNY -1.00"))), ReasonCode::ConditionsBroken),
        (|f| f.conditions[0].windows[0].fee = Some(Fee::BasisPoints(10_001)), ReasonCode::ConditionsBroken),
        (|f| f.conditions[0].misc_fee = Some(money("USD -1.00")), ReasonCode::ConditionsBroken),
        (|f| f.tickets[0].selected = false, ReasonCode::NobodySelected),
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
fn coupons_that_are_not_open() {
    let with = |status| {
        let mut facts = example();
        facts.tickets[0].coupons[0].status = status;
        let quote = quote(&facts);
        (quote.verdict, quote.reasons)
    };
    assert_eq!(with(CouponStatus::Suspended), (Verdict::ManualReview, vec![ReasonCode::CouponNotOpen]));
    assert_eq!(with(CouponStatus::AirportControl), (Verdict::ManualReview, vec![ReasonCode::CouponNotOpen]));
    for gone in [CouponStatus::Refunded, CouponStatus::Exchanged, CouponStatus::Void] {
        assert_eq!(with(gone), (Verdict::CannotQuote, vec![ReasonCode::CouponGone]));
    }
    assert_eq!(with(CouponStatus::Flown), (Verdict::NonRefundable, vec![ReasonCode::FullyUsed]));
}

#[test]
fn non_refundable_and_late() {
    let mut facts = example();
    facts.conditions[0].windows[0] = window(525_600, 4320, Refundability::NonRefundable, None);
    assert_eq!(refund(&facts), (Verdict::NonRefundable, Some("USD 0.00".to_owned())));
    // Too late to cancel: the no-show rule takes the fare, or adds its fee.
    let mut late = plain("USD 500.00", "USD 20.00");
    late.requested_at = departure() - SignedDuration::from_mins(100);
    late.conditions[0].no_show = Some(NoShow { cutoff_minutes: 120, refundability: Refundability::NonRefundable, fee: None });
    assert_eq!(refund(&late), (Verdict::NonRefundable, Some("USD 0.00".to_owned())));
    late.conditions[0].no_show =
        Some(NoShow { cutoff_minutes: 120, refundability: Refundability::WithFee, fee: Some(Fee::Amount(money("USD 50.00"))) });
    assert_eq!(refund(&late), (Verdict::Accurate, Some("USD 293.47".to_owned())));
    late.requested_at = departure() - SignedDuration::from_mins(120);
    assert_eq!(refund(&late), (Verdict::Accurate, Some("USD 343.47".to_owned())));
    // A seat given back in time is no no-show's, however late the refund is asked for.
    late.requested_at = departure() - SignedDuration::from_mins(100);
    late.seats_released_at = Some(departure() - SignedDuration::from_mins(120));
    assert_eq!(refund(&late), (Verdict::Accurate, Some("USD 343.47".to_owned())));
    late.seats_released_at = None;
    // After departure only the airline knows who was on board.
    late.conditions[0].windows[2] = window(0, -525_600, Refundability::WithFee, Some(Fee::Amount(money("USD 50.00"))));
    late.requested_at = departure() + SignedDuration::from_mins(1);
    assert_eq!(quote(&late).reasons, [ReasonCode::NoShowConfirmation]);
    late.tickets[0].coupons[0].status = CouponStatus::Open;
    assert_eq!(refund(&late), (Verdict::Accurate, Some("USD 420.00".to_owned())), "a coupon that is open was not flown: both fees");
}

/// W17's shape: out 500, back 900, and rules that differ by direction.
#[test]
fn directions_with_different_rules_need_their_own_fares() {
    let mut facts = plain("USD 1400.00", "USD 0.00");
    facts.tickets[0].taxes.clear();
    facts.tickets[0].components.push(component(2, None));
    facts.tickets[0].coupons.push(coupon(2, 2, "SGN", "HAN"));
    facts.conditions[0].windows[0] = window(525_600, 4320, Refundability::NonRefundable, None);
    let mut back = order_rule(vec![window(525_600, 0, Refundability::WithFee, Some(Fee::Amount(money("USD 70.00"))))]);
    back.applies.directions = vec![Direction::Inbound];
    facts.conditions.push(back);
    assert_eq!(quote(&facts).reasons.last(), Some(&ReasonCode::DirectionFareMissing));
    facts.tickets[0].components[0].fare = Some(money("USD 500.00"));
    facts.tickets[0].components[1].fare = Some(money("USD 900.00"));
    assert_eq!(refund(&facts), (Verdict::Accurate, Some("USD 830.00".to_owned())));
    facts.tickets[0].components[0].fare = Some(money("USD 499.00"));
    assert_eq!(quote(&facts).verdict, Verdict::CannotQuote, "parts that do not add up are no facts");
}

#[test]
fn a_percentage_is_of_the_fare_and_a_cap_returns_the_taxes() {
    let mut facts = plain("USD 1030.00", "USD 50.00");
    facts.conditions[0].windows[0].fee = Some(Fee::BasisPoints(3000));
    assert_eq!(refund(&facts).1.as_deref(), Some("USD 771.00"), "30 % of 1,030 is 309, 721 and 50 come back");
    facts.conditions[0].windows[0].fee = Some(Fee::Amount(money("USD 2000.00")));
    assert_eq!(refund(&facts).1.as_deref(), Some("USD 50.00"));
    let all = RuleSet { fee_cap: FeeCap::CapAll, ..RuleSet::low_cost().clone() };
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

/// A quote that was kept before spans could be days and lines had parts.
#[test]
fn quotes_of_the_first_form_are_still_read() {
    let amount = |text: &str| serde_json::json!({ "amount": text, "currency": "USD" });
    let window = serde_json::json!({
        "direction": "outbound", "minutes_before": 14400, "from_minute": 525_600, "to_minute": 4320, "refundability": "H"
    });
    let mut step = window.clone();
    step["step"] = "window".into();
    let old = serde_json::json!({
        "verdict": "accurate-quote", "reasons": [], "currency": "USD", "rates": [], "destination": "deposit-balance",
        "passengers": [{ "no": 1, "name": "A/B", "fare": amount("118.40"), "tax": amount("22.79"), "ancillaries": amount("0.00"),
            "fare_penalty": amount("66.20"), "ancillary_penalty": amount("0.00"), "refund": amount("74.99") }],
        "totals": { "original": amount("141.19"), "fare": amount("118.40"), "tax": amount("22.79"), "ancillaries": amount("0.00"),
            "fare_penalty": amount("66.20"), "ancillary_penalty": amount("0.00"), "penalty": amount("66.20"),
            "refund": amount("74.99"), "service_fee": amount("2.00") },
        "windows": [window], "rule_set_version": "low-cost/2026-11", "trace": [step, { "step": "destination", "destination": "deposit-balance" }]
    });
    let quote: Quote = serde_json::from_value(old).expect("an old quote");
    assert_eq!(quote.totals.refund.map(|refund| refund.to_string()).as_deref(), Some("USD 74.99"));
    assert_eq!(quote.trace.len(), 2);
}
