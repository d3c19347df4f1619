//! What facts must be before anything is reckoned, and what a quote must be afterwards.

use afterfare::refund_calculation::facts::{Conditions, Fee, Refundability};
use afterfare::refund_calculation::rules::FeeCap;

use super::make::*;

#[test]
fn only_the_rate_between_the_two_currencies_counts() {
    use afterfare::refund_calculation::facts::Rate;
    let rate = |from: &str, to: &str, rate: &str| Rate {
        from: currency(from),
        to: currency(to),
        day: "2026-11-20".parse().expect("a day"),
        rate: rate.parse().expect("a rate"),
    };
    let with = |rates: Vec<Rate>| {
        let mut facts = facts(one_way("USD 500.00", &[]));
        facts.rates = rates;
        refund(&facts, &rules(vec![with_fee("CNY 70.00")]))
    };
    let decoys = || vec![rate("EUR", "USD", "9"), rate("CNY", "EUR", "9"), rate("USD", "EUR", "9"), rate("EUR", "CNY", "9")];
    assert_eq!(with(decoys()), "cannot-quote [NoExchangeRate]");
    assert_eq!(with([decoys(), vec![rate("CNY", "USD", "0.14")]].concat()), "USD 490.20");
    assert_eq!(with([decoys(), vec![rate("USD", "CNY", "7")]].concat()), "USD 490.00");
    assert_eq!(with(vec![rate("USD", "CNY", "0")]), "cannot-quote [NoExchangeRate]", "a rate of nothing is none");
    assert_eq!(with(vec![rate("CNY", "USD", "-0.5")]), "cannot-quote [NoExchangeRate]");
    let old = Rate { day: "1990-01-01".parse().expect("a day"), ..rate("CNY", "USD", "0.5") };
    assert_eq!(with(vec![old, rate("CNY", "USD", "0.14")]), "USD 490.20", "of several the newest");
}

#[test]
fn rows_out_of_order_are_put_in_order() {
    let ticket = || {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.coupons[0].status = afterfare::refund_calculation::facts::CouponStatus::Flown;
        ticket.used_fare = Some(money("USD 300.00"));
        ticket
    };
    let rules = rules(vec![with_fee("USD 10.00")]);
    let answer = quote(&facts(ticket()), &rules);
    let mut coupons = ticket();
    coupons.coupons.reverse();
    assert_eq!(quote(&facts(coupons), &rules), answer);
    let mut components = ticket();
    components.components.reverse();
    assert_eq!(quote(&facts(components), &rules), answer);
}

#[test]
fn component_fares_must_add_up_where_all_are_told() {
    use afterfare::refund_calculation::quote::ReasonCode;
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.fare = money("USD 500.01");
    assert_eq!(quote(&facts(ticket.clone()), &rules(vec![free()])).reasons, [ReasonCode::FareParts]);
    ticket.components[0].fare = None;
    assert_eq!(refund(&facts(ticket), &rules(vec![free()])), "USD 500.01");
    let mut many = one_way("USD 65.00", &[]);
    many.components = (1..=65).map(|no| component(no, Some("USD 1.00"))).collect();
    many.coupons = (1..=65).map(|no| coupon(no, no, "HAN", "SGN")).collect();
    assert_eq!(quote(&facts(many), &rules(vec![free()])).reasons, [ReasonCode::TooLarge]);
}

#[test]
fn one_missing_fact_takes_all_amounts_away() {
    let mut facts = facts(one_way("USD 100.00", &[]));
    facts.tickets.push(round_trip("USD 300.00", "USD 200.00", &[]));
    facts.tickets[1].no = 2;
    facts.tickets[1].components[1].fare = None;
    let mut rules =
        rules(vec![only_for(with_fee("USD 10.00"), afterfare::refund_calculation::facts::Direction::Outbound), non_refundable()]);
    let quote_of = quote(&facts, &rules);
    assert!(quote_of.passengers.iter().all(|line| line.refund.is_none() && line.breakdown.is_none() && line.fare_penalty.is_none()));
    let lines = |line: &afterfare::refund_calculation::quote::PassengerLine| line.fees.len() + line.taxes.len() + line.values_to_type.len();
    assert_eq!(quote_of.passengers.iter().map(lines).sum::<usize>(), 0, "no line may be taken for an answer");
    facts.tickets[1].components[1].fare = Some(money("USD 200.00"));
    rules.conditions[1] = with_fee("USD 20.00");
    let both = quote(&facts, &rules);
    let shares: Vec<_> =
        both.passengers.iter().map(|line| line.fees.iter().map(|fee| fee.share_of_fare_refund).collect::<Vec<_>>()).collect();
    assert_eq!(shares, [vec![Some(1000)], vec![Some(200), Some(400)]], "each of the own fare");
}

#[test]
fn documents_larger_than_any_real_one_are_not_reckoned() {
    use afterfare::refund_calculation::facts::{EarlierTicket, Facts};
    use afterfare::refund_calculation::quote::ReasonCode;
    let too_large = |change: &dyn Fn(&mut Facts)| {
        let mut facts = facts(one_way("USD 100.00", &[]));
        change(&mut facts);
        quote(&facts, &rules(vec![with_fee("USD 1.00")])).reasons.contains(&ReasonCode::TooLarge)
    };
    let earlier =
        EarlierTicket { document_number: code("738-1"), issued_on: None, fare: money("USD 1.00"), fare_basis: None, booking_class: None };
    let coupons = |count: i64| (1..=count).map(|no| coupon(no, 1, "HAN", "SGN")).collect::<Vec<_>>();
    assert!(!too_large(&|facts| facts.tickets[0].coupons = coupons(64)));
    assert!(too_large(&|facts| facts.tickets[0].coupons = coupons(65)));
    assert!(!too_large(&|facts| facts.tickets[0].chain = vec![earlier; 64]));
    assert!(too_large(&|facts| facts.tickets[0].chain = vec![earlier; 65]));
    assert!(!too_large(&|facts| facts.tickets[0].taxes = vec![tax("US USD 0.01", None); 1000]));
    assert!(too_large(&|facts| facts.tickets[0].taxes = vec![tax("US USD 0.01", None); 1001]));
    assert!(!too_large(&|facts| facts.tickets[0].candidate_fares = vec![one_way_fare("Y", "USD 1.00"); 1000]));
    assert!(too_large(&|facts| facts.tickets[0].candidate_fares = vec![one_way_fare("Y", "USD 1.00"); 1001]));
    assert!(!too_large(&|facts| facts.tickets = vec![facts.tickets[0].clone(); 200]));
    assert!(too_large(&|facts| facts.tickets = vec![facts.tickets[0].clone(); 201]));
}

#[test]
fn zero_is_no_broken_condition() {
    let mut conditions = conditions(vec![any_time(Refundability::WithFee, Some(Fee::Amount(money("USD 0.00"))))]);
    (conditions.windows[0].minimum, conditions.windows[0].maximum) = (Some(money("USD 0.00")), Some(money("USD 0.00")));
    conditions.misc_fee = Some(money("USD 0.00"));
    let mut facts = facts(one_way("USD 100.00", &[]));
    facts.conditions = vec![conditions.clone()];
    assert_eq!(refund(&facts, &rules(vec![])), "USD 100.00");
    facts.conditions[0].windows[0].minimum = Some(money("USD -0.01"));
    assert_eq!(refund(&facts, &rules(vec![])), "cannot-quote [ConditionsBroken]");
    facts.conditions[0] = conditions;
    facts.conditions[0].applies.booking_classes = vec![code("Y"); 201];
    assert_eq!(refund(&facts, &rules(vec![])), "cannot-quote [ConditionsBroken]");
}

#[test]
fn sources_are_the_conditions_own_before_the_rule_set_s() {
    use afterfare::refund_calculation::rules::Section;
    let mut own = with_fee("USD 10.00");
    own.source = Some("fare rule".to_owned());
    let mut rules = rules(vec![own]);
    rules.sources =
        [(Section::Conditions, "book"), (Section::Chain, "TM 5"), (Section::Fees, "terms")].map(|(s, t)| (s, t.to_owned())).into();
    let mut facts = facts(one_way("USD 100.00", &[]));
    facts.service_fee = afterfare::refund_calculation::facts::ServiceFee::PerOrder(money("USD 2.00"));
    let sources = quote(&facts, &rules).sources;
    assert_eq!(sources.get(&Section::Conditions).map(String::as_str), Some("fare rule"));
    assert_eq!(sources.get(&Section::Fees).map(String::as_str), Some("terms"));
    assert_eq!(sources.get(&Section::Chain), None, "only what the trace rests on");
    rules.conditions[0].source = None;
    assert_eq!(quote(&facts, &rules).sources.get(&Section::Conditions).map(String::as_str), Some("book"));
}

#[test]
fn a_quote_that_does_not_add_up_is_found() {
    use afterfare::refund_calculation::settlement::agrees;
    let good = quote(&facts(one_way("USD 100.00", &["US USD 20.00"])), &rules(vec![with_fee("USD 10.00")]));
    assert!(agrees(&good));
    let broken = |change: &dyn Fn(&mut afterfare::refund_calculation::Quote)| {
        let mut quote = good.clone();
        change(&mut quote);
        !agrees(&quote)
    };
    assert!(broken(&|quote| quote.passengers[0].refund = Some(money("USD 110.01"))));
    assert!(broken(&|quote| quote.totals.refund = Some(money("USD 110.01"))));
    assert!(broken(&|quote| quote.passengers[0].taxes[0].refund = money("USD 19.99")));
    assert!(broken(&|quote| quote.totals.penalty = Some(money("USD 10.01"))));
    assert!(broken(&|quote| quote.passengers[0].taxes[0].refund = money("EUR 20.00")));
    let mut none = quote(&facts(one_way("USD 100.00", &[])), &rules(vec![]));
    assert!(agrees(&none));
    none.totals.refund = Some(money("USD 1.00"));
    assert!(!agrees(&none), "without a verdict there is no amount");
}

#[test]
fn nothing_or_less_is_not_submitted() {
    let gives_nothing = |fee: &str| {
        let mut rules = rules(vec![with_fee(fee)]);
        rules.fee_cap = FeeCap::CarryExcess;
        quote(&facts(one_way("USD 100.00", &[])), &rules).gives_nothing()
    };
    assert!(!gives_nothing("USD 99.99") && gives_nothing("USD 100.00") && gives_nothing("USD 100.01"));
    assert!(!quote(&facts(one_way("USD 100.00", &[])), &rules(vec![])).gives_nothing(), "the airline decides");
}

#[test]
fn values_to_type_stand_only_where_the_host_has_screens() {
    use afterfare::refund_calculation::facts::Direction;
    use afterfare::refund_calculation::lines::Method;
    let methods = |conditions: Vec<Conditions>, flown: usize, screens: bool| {
        let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &[]), flown);
        ticket.used_fare = (flown > 0).then(|| money("USD 300.00"));
        let mut rules = rules(conditions);
        rules.host_screens = screens;
        let quote = quote(&facts(ticket), &rules);
        let count = |method| quote.passengers[0].values_to_type.iter().filter(|value| value.method == method).count();
        (count(Method::ExchangeTax), count(Method::NetRemit))
    };
    let mixed = || vec![only_for(non_refundable(), Direction::Outbound), free()];
    assert_eq!(methods(mixed(), 0, true), (3, 5));
    assert_eq!(methods(mixed(), 0, false), (0, 0));
    assert_eq!(methods(mixed(), 1, true), (0, 5));
    assert_eq!(methods(vec![free()], 0, true), (0, 5));
    assert_eq!(methods(vec![non_refundable()], 0, true), (0, 5));
}

#[test]
fn conditions_ask_what_they_say() {
    use afterfare::refund_calculation::facts::PassengerType;
    let fee = |change: &dyn Fn(&mut Conditions)| {
        let mut own = with_fee("USD 10.00");
        change(&mut own);
        let mut ticket = one_way("USD 100.00", &[]);
        (ticket.components[0].booking_class, ticket.components[0].fare_basis) = (Some(code("Q")), Some(code("QVNOW")));
        ticket.document_numbers = vec![code("738-1"), code("738-2")];
        parts(&quote(&facts(ticket), &rules(vec![own, free()]))).fees.minor / 100
    };
    let day = |text: &str| Some(text.parse().expect("a day"));
    assert_eq!(fee(&|_| {}), 10);
    assert_eq!(fee(&|own| own.applies.domestic = Some(true)), 10);
    assert_eq!(fee(&|own| own.applies.domestic = Some(false)), 0);
    assert_eq!(fee(&|own| own.applies.issued_from = day("2026-10-01")), 10);
    assert_eq!(fee(&|own| own.applies.issued_from = day("2026-10-02")), 0);
    assert_eq!(fee(&|own| own.applies.issued_until = day("2026-10-01")), 10);
    assert_eq!(fee(&|own| own.applies.issued_until = day("2026-09-30")), 0);
    assert_eq!(fee(&|own| own.applies.booking_classes = vec![code("Y"), code("Q")]), 10);
    assert_eq!(fee(&|own| own.applies.booking_classes = vec![code("Y")]), 0);
    assert_eq!(fee(&|own| own.applies.fare_bases = vec![code("QV*")]), 10);
    assert_eq!(fee(&|own| own.applies.fare_bases = vec![code("QW*")]), 0);
    assert_eq!(fee(&|own| own.applies.fare_bases = vec![code("QV")]), 0);
    assert_eq!(fee(&|own| own.applies.document_numbers = vec![code("738-1")]), 10);
    assert_eq!(fee(&|own| own.applies.document_numbers = vec![code("738-2")]), 0, "a set is known by its first number");
    assert_eq!(fee(&|own| own.applies.passenger_types = vec![PassengerType::Adult]), 10);
    assert_eq!(fee(&|own| own.applies.passenger_types = vec![PassengerType::Child]), 0);
}
