//! Windows to the minute and the second, days by the airport's calendar, edges that belong to one window only.

use afterfare::kernel::money::{Money, Rounding};
use afterfare::refund_calculation::conditions::Range;
use afterfare::refund_calculation::facts::{Conditions, Fee, FeeBase, FeeUnit, Refundability, Span, Window};
use afterfare::refund_calculation::rules::{FeeCap, FuelRule, LineRounding, RuleSet, TaxRule};

use super::make::*;

fn ladder(points: &[i64], to_included: bool, days: bool) -> Conditions {
    let range = |from: Option<i64>, to: Option<i64>| {
        let range = Range { from, to, to_included };
        if days { Span::Days(range) } else { Span::Minutes(range) }
    };
    let edges: Vec<Option<i64>> = std::iter::once(None).chain(points.iter().copied().map(Some)).chain([None]).collect();
    let windows = edges.windows(2).enumerate().map(|(place, ends)| Window {
        span: range(ends[0], ends[1]),
        ..any_time(Refundability::WithFee, Some(Fee::Amount(Money::new(i64::try_from(place).expect("small") + 1, currency("USD")))))
    });
    conditions(windows.collect())
}

/// Which window holds, counted from 1, so many seconds before departure.
fn holds(conditions: &Conditions, seconds_before: i64) -> i64 {
    let mut facts = facts(one_way("USD 100.00", &[]));
    facts.requested_at = departure() - jiff::SignedDuration::from_secs(seconds_before);
    parts(&quote(&facts, &rules(vec![conditions.clone()]))).fees.minor
}

#[test]
fn a_window_includes_its_beginning_and_not_its_end() {
    let ladder = ladder(&[4320, 1440, 0], false, false);
    for (place, edge) in (1..).zip([4320 * 60, 1440 * 60, 0]) {
        assert_eq!(holds(&ladder, edge + 1), place);
        assert_eq!(holds(&ladder, edge), place + 1, "exactly at the edge the later window holds");
        assert_eq!(holds(&ladder, edge - 1), place + 1);
    }
}

#[test]
fn at_least_so_long_before_departure_includes_the_end() {
    let ladder = ladder(&[10_080, 2880, 240], true, false);
    for (place, edge) in (1..).zip([10_080 * 60, 2880 * 60, 240 * 60]) {
        assert_eq!(holds(&ladder, edge + 60), place);
        assert_eq!(holds(&ladder, edge), place, "exactly seven days is at least seven days");
        assert_eq!(holds(&ladder, edge - 1), place + 1);
    }
}

/// Departure is at seven in the evening of December 1 in Hà Nội: that day began 19 hours before.
#[test]
fn days_are_the_airports_own() {
    let from_the_day = ladder(&[0], false, true);
    assert_eq!(holds(&from_the_day, 19 * 3600 + 1), 1, "a second before midnight it is still the day before");
    assert_eq!(holds(&from_the_day, 19 * 3600), 2);
    assert_eq!(holds(&from_the_day, -3600), 2);
    let weekly = ladder(&[7], true, true);
    assert_eq!(holds(&weekly, (6 * 24 + 19) * 3600 + 1), 1);
    assert_eq!(holds(&weekly, (6 * 24 + 19) * 3600), 2);
}

#[test]
fn a_no_show_gives_the_seat_back_less_than_the_cut_off_before() {
    let mut fees = with_fee("USD 1.00");
    fees.no_show = Some(afterfare::refund_calculation::facts::NoShow {
        cutoff_minutes: 180,
        refundability: Refundability::WithFee,
        fee: Some(Fee::Amount(money("USD 10.00"))),
    });
    assert_eq!(holds(&fees, 180 * 60), 100, "exactly three hours before is in time");
    assert_eq!(holds(&fees, 180 * 60 - 1), 1100);
}

#[test]
fn each_line_is_rounded_once_to_its_unit_and_direction() {
    let fee = |direction, unit: Option<&str>, points: u32, fare: &str| {
        let mut rules = rules(vec![conditions(vec![any_time(Refundability::WithFee, Some(Fee::BasisPoints(points)))])]);
        rules.rounding.fee = LineRounding { direction, units: unit.map(money).into_iter().collect() };
        parts(&quote(&facts(one_way(fare, &[])), &rules)).fees.decimal().to_string()
    };
    assert_eq!(fee(Rounding::HalfUp, None, 1000, "USD 0.45"), "0.05", "4.5 cents go up, never to the even cent");
    assert_eq!(fee(Rounding::HalfUp, None, 1000, "USD 0.44"), "0.04");
    assert_eq!(fee(Rounding::Down, None, 1000, "USD 0.49"), "0.04");
    assert_eq!(fee(Rounding::Up, None, 1000, "USD 0.41"), "0.05");
    assert_eq!(fee(Rounding::HalfUp, Some("VND 1000"), 1500, "VND 1230000"), "185000", "184,500 lies in the middle");
    assert_eq!(fee(Rounding::Down, Some("VND 1000"), 1500, "VND 1239999"), "185000");
    assert_eq!(fee(Rounding::Up, Some("JPY 100"), 1000, "JPY 10010"), "1100");
    assert_eq!(fee(Rounding::Up, Some("VND 1000"), 1000, "JPY 10011"), "1002", "a unit of another currency is none of this one");
}

#[test]
fn shares_are_taken_of_what_the_rule_names() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.taxes = vec![tax("YQ USD 40.00", Some(1)), tax("US USD 20.00", Some(1)), tax("YR USD 10.00", Some(2))];
    let fees = |unit, base| {
        let mut conditions = conditions(vec![Window { base, ..any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000))) }]);
        conditions.fee_unit = unit;
        parts(&quote(&facts(ticket.clone()), &rules(vec![conditions]))).fees.decimal().to_string()
    };
    assert_eq!(fees(FeeUnit::Component, FeeBase::Fare), "50.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel), "55.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusTax), "57.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::Fare), "50.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::FarePlusTax), "57.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::Component), "30.00", "the dearest component");
    assert_eq!(fees(FeeUnit::PricingUnit, FeeBase::Fare), "50.00");
    assert_eq!(fees(FeeUnit::Direction, FeeBase::FarePlusFuel), "55.00");
}

#[test]
fn a_tax_of_the_whole_ticket_needs_a_coupon_where_fates_differ() {
    use afterfare::refund_calculation::facts::Direction;
    use afterfare::refund_calculation::quote::ReasonCode;
    let ticket = round_trip("USD 300.00", "USD 200.00", &["US USD 20.00"]);
    let mut rules = rules(vec![only_for(non_refundable(), Direction::Outbound), free()]);
    assert_eq!(refund(&facts(ticket.clone()), &rules), "USD 220.00", "taxes come back anyway");
    rules.taxes.of_non_refundable = false;
    assert_eq!(quote(&facts(ticket.clone()), &rules).reasons.last(), Some(&ReasonCode::TaxCouponMissing));
    let mut told = ticket;
    told.taxes[0].refundable = Some(true);
    assert_eq!(refund(&facts(told.clone()), &rules), "USD 220.00");
    told.taxes[0].refundable = Some(false);
    assert_eq!(refund(&facts(told), &rules), "USD 200.00");
}

#[test]
fn a_word_about_the_whole_ticket_does_not_say_how_much_was_used() {
    for refundable in [Some(true), Some(false), None] {
        let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &["US USD 20.00"]), 1);
        ticket.used_fare = Some(money("USD 300.00"));
        ticket.taxes[0].refundable = refundable;
        assert_eq!(refund(&facts(ticket), &rules(vec![free()])), "cannot-quote [TaxCouponMissing]");
    }
}

#[test]
fn taxes_of_single_sectors_may_have_a_rule_of_their_own() {
    use afterfare::refund_calculation::facts::Direction;
    let tax_back = |conditions: Vec<Conditions>, whole: bool, sectors: Option<bool>| {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.taxes = vec![tax("US USD 1.00", Some(1)), tax("US USD 2.00", Some(2))];
        let mut rules = rules(conditions);
        (rules.taxes.of_non_refundable, rules.taxes.of_non_refundable_sectors) = (whole, sectors);
        parts(&quote(&facts(ticket), &rules)).tax_returned.minor / 100
    };
    let mixed = || vec![only_for(non_refundable(), Direction::Outbound), free()];
    assert_eq!(tax_back(mixed(), true, None), 3);
    assert_eq!(tax_back(mixed(), true, Some(false)), 2);
    assert_eq!(tax_back(mixed(), false, Some(true)), 3);
    assert_eq!(tax_back(vec![non_refundable()], true, Some(false)), 3);
    assert_eq!(tax_back(vec![non_refundable()], false, Some(true)), 0);
}

#[test]
fn limits_are_the_windows_and_amounts_stay_as_they_are() {
    let mut fees = conditions(vec![any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000)))]);
    fees.windows[0].maximum = Some(money("USD 100.00"));
    fees.no_show = Some(afterfare::refund_calculation::facts::NoShow {
        cutoff_minutes: 180,
        refundability: Refundability::WithFee,
        fee: Some(Fee::Amount(money("USD 300.00"))),
    });
    let mut late = facts(one_way("USD 1000.00", &[]));
    late.requested_at = before_departure(60);
    assert_eq!(refund(&late, &rules(vec![fees])), "USD 600.00", "100 and 300: the window's maximum is not the no-show fee's");
    let charged = |fee: &str, maximum: Option<&str>, unit: &str| {
        let mut own = with_fee(fee);
        own.windows[0].maximum = maximum.map(money);
        let mut rules = rules(vec![own]);
        rules.rounding.fee = LineRounding { direction: Rounding::Up, units: vec![money(unit)] };
        parts(&quote(&facts(one_way("USD 1000.00", &[])), &rules)).fees.decimal().to_string()
    };
    assert_eq!(charged("USD 10.50", None, "USD 1.00"), "10.50");
    assert_eq!(charged("USD 10.50", Some("USD 99.00"), "USD 1.00"), "10.50", "a limit that does not bind changes nothing");
    assert_eq!(charged("USD 200.00", Some("USD 100.50"), "USD 1.00"), "100.50");
    let mut share = conditions(vec![any_time(Refundability::WithFee, Some(Fee::BasisPoints(5000)))]);
    share.windows[0].maximum = Some(money("USD 100.50"));
    let mut rules = rules(vec![share]);
    rules.rounding.fee = LineRounding { direction: Rounding::Up, units: vec![money("USD 1.00")] };
    assert_eq!(
        parts(&quote(&facts(one_way("USD 1000.00", &[])), &rules)).fees,
        money("USD 100.50"),
        "rounding does not lift it above its maximum"
    );
}

#[test]
fn taxes_are_decided_by_their_whole_key() {
    let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &[]), 1);
    ticket.used_fare = Some(money("USD 300.00"));
    ticket.taxes = vec![tax("US USD 1.00", Some(1)), tax("US USD 2.00", Some(2)), tax("YQ USD 4.00", Some(2)), tax("GB USD 8.00", Some(2))];
    (ticket.taxes[3].station, ticket.taxes[3].carrier) = (Some(code("LHR")), Some(code("BA")));
    let returned = |change: &dyn Fn(&mut RuleSet)| {
        let mut rules = rules(vec![free()]);
        change(&mut rules);
        parts(&quote(&facts(ticket.clone()), &rules)).tax_returned.minor / 100
    };
    let rule = TaxRule {
        codes: vec![code("GB")],
        carrier: None,
        station: None,
        ticket_refundable: None,
        voluntary: None,
        coupon_used: None,
        returned: false,
    };
    assert_eq!(returned(&|_| {}), 14, "the tax of the used coupon is gone");
    assert_eq!(returned(&|rules| rules.taxes.fuel = FuelRule::Kept), 10);
    assert_eq!(returned(&|rules| rules.taxes.rules = vec![rule.clone()]), 6);
    let with = |change: &dyn Fn(&mut TaxRule)| {
        let mut rule = rule.clone();
        change(&mut rule);
        returned(&move |rules| rules.taxes.rules = vec![rule.clone()])
    };
    assert_eq!(with(&|rule| rule.station = Some(code("LHR"))), 6);
    assert_eq!(with(&|rule| rule.station = Some(code("LGW"))), 14);
    assert_eq!(with(&|rule| rule.carrier = Some(code("BA"))), 6);
    assert_eq!(with(&|rule| rule.carrier = Some(code("VN"))), 14);
    assert_eq!(with(&|rule| rule.ticket_refundable = Some(true)), 6);
    assert_eq!(with(&|rule| rule.ticket_refundable = Some(false)), 14);
    assert_eq!(with(&|rule| rule.voluntary = Some(true)), 6);
    assert_eq!(with(&|rule| rule.voluntary = Some(false)), 14);
    assert_eq!(with(&|rule| rule.coupon_used = Some(true)), 14);
    let used_too = |rule: &mut TaxRule| (rule.codes, rule.coupon_used, rule.returned) = (vec![code("US")], Some(true), true);
    assert_eq!(with(&|rule| used_too(rule)), 15, "a rule may give the tax of a used coupon back");
}

#[test]
fn fuel_follows_the_fare_or_its_own_rule() {
    let returned = |fuel, conditions: Conditions| {
        let mut rules = rules(vec![conditions]);
        rules.taxes.fuel = fuel;
        parts(&quote(&facts(one_way("USD 100.00", &["YQ USD 4.00", "YR USD 2.00", "US USD 1.00"])), &rules)).tax_returned.minor / 100
    };
    assert_eq!(returned(FuelRule::WithFare, free()), 7);
    assert_eq!(returned(FuelRule::WithFare, non_refundable()), 1);
    assert_eq!(returned(FuelRule::Returned, non_refundable()), 7);
    assert_eq!(returned(FuelRule::Kept, free()), 1);
}

#[test]
fn caps_differ_by_what_they_leave() {
    let left = |cap| {
        let mut rules = rules(vec![with_fee("USD 150.00")]);
        rules.fee_cap = cap;
        refund(&facts(one_way("USD 100.00", &["YQ USD 30.00", "US USD 10.00"])), &rules)
    };
    assert_eq!(left(FeeCap::CapFareAndFuel), "USD 10.00");
    assert_eq!(left(FeeCap::CapAll), "USD 0.00");
    assert_eq!(left(FeeCap::CarryExcess), "USD -10.00");
}

#[test]
fn a_range_owns_one_of_its_ends() {
    let range = |to_included| Range { from: Some(10), to: Some(5), to_included };
    let inside = |to_included| (4..=11).filter(|value| range(to_included).holds(*value, 1)).collect::<Vec<i64>>();
    assert_eq!(inside(false), [6, 7, 8, 9, 10]);
    assert_eq!(inside(true), [5, 6, 7, 8, 9]);
    assert!(Range::default().holds(i64::MIN, 60) && Range::default().holds(i64::MAX, 60));
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

#[test]
fn of_equal_fees_the_first_is_charged() {
    use afterfare::refund_calculation::facts::Direction;
    use afterfare::refund_calculation::rules::Combination;
    let charged = |unit, combination, back: Conditions| {
        let mut conditions = vec![only_for(with_fee("USD 50.00"), Direction::Outbound), back];
        for one in &mut conditions {
            one.fee_unit = unit;
        }
        let mut rules = rules(conditions);
        rules.combination = combination;
        let quote = quote(&facts(round_trip("USD 300.00", "USD 200.00", &[])), &rules);
        quote.fees.iter().map(|line| line.charged.minor / 100).collect::<Vec<_>>()
    };
    assert_eq!(charged(FeeUnit::Component, Combination::HighestOfJourney, with_fee("USD 50.00")), [50, 0]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, with_fee("USD 50.00")), [50, 0]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, with_fee("USD 51.00")), [0, 51]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, with_fee("USD 49.00")), [50, 0]);
    assert_eq!(charged(FeeUnit::Ticket, Combination::SumOfEach, non_refundable()), [50], "what is lost stands for no fee");
    assert_eq!(charged(FeeUnit::Direction, Combination::SumOfEach, with_fee("USD 50.00")), [50, 50]);
}

/// A fee per ticket of one fare does not stand for a fee per component of another.
#[test]
fn fees_of_different_units_do_not_stand_for_each_other() {
    use afterfare::refund_calculation::facts::Direction;
    let mut per_ticket = only_for(with_fee("USD 50.00"), Direction::Outbound);
    per_ticket.fee_unit = FeeUnit::Ticket;
    let rules = rules(vec![per_ticket, with_fee("USD 80.00")]);
    assert_eq!(refund(&facts(round_trip("USD 300.00", "USD 200.00", &[])), &rules), "USD 370.00");
}

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
fn values_to_type_stand_only_where_the_host_has_screens() {
    use afterfare::refund_calculation::facts::Direction;
    use afterfare::refund_calculation::lines::Method;
    let methods = |conditions: Vec<Conditions>, flown: usize, screens: bool| {
        let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &[]), flown);
        ticket.used_fare = (flown > 0).then(|| money("USD 300.00"));
        let mut rules = rules(conditions);
        rules.host_screens = screens;
        let quote = quote(&facts(ticket), &rules);
        let count = |method| quote.values_to_type.iter().filter(|value| value.method == method).count();
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
fn a_share_with_a_factor_is_rounded_once_and_limits_are_said() {
    use afterfare::refund_calculation::facts::PassengerType;
    use afterfare::refund_calculation::rules::PassengerFactor;
    use afterfare::refund_calculation::trace::Step;
    let mut ticket = one_way("USD 0.30", &[]);
    ticket.passenger_type = PassengerType::Child;
    let mut window = any_time(Refundability::WithFee, Some(Fee::BasisPoints(1500)));
    let mut rules = rules(vec![conditions(vec![window.clone()])]);
    rules.passenger_factors = vec![PassengerFactor { passenger_type: PassengerType::Child, has_seat: None, basis_points: 5000 }];
    assert_eq!(parts(&quote(&facts(ticket.clone()), &rules)).fees.minor, 2, "half of 4.5 cents, not of 5");
    let limited = |window: Window, rules: &mut RuleSet| {
        rules.conditions = vec![conditions(vec![window])];
        let quote = quote(&facts(ticket.clone()), rules);
        quote.trace.iter().any(|step| matches!(step, Step::Limited { .. }))
    };
    window.maximum = Some(money("USD 0.05"));
    assert!(!limited(window.clone(), &mut rules), "4.5 cents are below 5");
    window.maximum = Some(money("USD 0.04"));
    assert!(limited(window.clone(), &mut rules));
    (window.minimum, window.maximum) = (Some(money("USD 0.05")), None);
    assert!(limited(window, &mut rules));
}

#[test]
fn shares_of_a_fare_and_its_taxes_need_to_know_whose_taxes_they_are() {
    let fees = |unit, base, ticket: afterfare::refund_calculation::facts::Ticket| {
        let mut conditions = conditions(vec![Window { base, ..any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000))) }]);
        conditions.fee_unit = unit;
        let quote = quote(&facts(ticket), &rules(vec![conditions]));
        quote.passengers[0].breakdown.map_or_else(|| format!("{:?}", quote.reasons), |parts| parts.fees.decimal().to_string())
    };
    let whole = |no: Option<i64>| {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.taxes = vec![tax("YQ USD 50.00", no)];
        ticket
    };
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, whole(None)), "[TaxCouponMissing]");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, whole(Some(2))), "55.00");
    assert_eq!(fees(FeeUnit::Ticket, FeeBase::FarePlusFuel, whole(None)), "55.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, one_way("USD 500.00", &["YQ USD 50.00"])), "55.00");
    assert_eq!(fees(FeeUnit::Component, FeeBase::FarePlusFuel, one_way("USD 500.00", &["US USD 50.00"])), "50.00");
    let two_units = || {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.components[1].pricing_unit = 2;
        ticket.coupons.push(coupon(3, 2, "HAN", "DAD"));
        ticket.taxes = vec![tax("YQ USD 50.00", Some(1)), tax("YQ USD 70.00", Some(3))];
        ticket
    };
    assert_eq!(fees(FeeUnit::PricingUnit, FeeBase::FarePlusFuel, two_units()), "62.00", "35 and 27");
    assert_eq!(fees(FeeUnit::Direction, FeeBase::FarePlusTax, two_units()), "62.00");
    assert_eq!(fees(FeeUnit::Coupon, FeeBase::Fare, two_units()), "70.00", "30, and 20 for each coupon of the second");
    let mut one_direction = two_units();
    one_direction.components[1].direction = afterfare::refund_calculation::facts::Direction::Outbound;
    assert_eq!(fees(FeeUnit::Direction, FeeBase::Fare, one_direction.clone()), "50.00", "one fee for the direction, of both fares");
    assert_eq!(fees(FeeUnit::PricingUnit, FeeBase::Fare, one_direction), "50.00");
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
    assert!(quote_of.fees.is_empty() && quote_of.taxes.is_empty() && quote_of.values_to_type.is_empty());
    facts.tickets[1].components[1].fare = Some(money("USD 200.00"));
    rules.conditions[1] = with_fee("USD 20.00");
    let both = quote(&facts, &rules);
    let shares: Vec<_> = both.fees.iter().map(|line| (line.passenger, line.share_of_fare_refund)).collect();
    assert_eq!(shares, [(1, Some(1000)), (2, Some(200)), (2, Some(400))], "each of the own fare");
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
fn a_share_of_a_component_takes_that_components_taxes() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.taxes = vec![tax("YQ USD 50.00", Some(2))];
    let lines = |unit, base| {
        let mut conditions = conditions(vec![Window { base, ..any_time(Refundability::WithFee, Some(Fee::BasisPoints(1000))) }]);
        conditions.fee_unit = unit;
        let quote = quote(&facts(ticket.clone()), &rules(vec![conditions]));
        quote.fees.iter().map(|line| line.rule_amount.decimal().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lines(FeeUnit::Component, FeeBase::FarePlusFuel), ["30.00", "25.00"]);
    assert_eq!(lines(FeeUnit::Coupon, FeeBase::FarePlusTax), ["30.00", "25.00"]);
    assert_eq!(lines(FeeUnit::PricingUnit, FeeBase::Component), ["30.00", "20.00"]);
    assert_eq!(lines(FeeUnit::PricingUnit, FeeBase::Fare), ["50.00", "50.00"]);
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
    assert!(broken(&|quote| quote.taxes[0].refund = money("USD 19.99")));
    assert!(broken(&|quote| quote.totals.penalty = Some(money("USD 10.01"))));
    assert!(broken(&|quote| quote.taxes[0].refund = money("EUR 20.00")));
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
