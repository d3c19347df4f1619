//! The worked cases: every figure that a case prints, by its name in the list of cases.

use afterfare::kernel::money::Money;
use afterfare::refund_calculation::conditions::{Range, Span};
use afterfare::refund_calculation::facts::{Ancillary, Commission, Direction, Fee, FeeUnit, NoShow, Rate, Refundability, ServiceFee};
use afterfare::refund_calculation::lines::{FeeKind, Method, Rejected, ScreenField, UsedFareStep};
use afterfare::refund_calculation::quote::{Quote, ReasonCode, Verdict};
use afterfare::refund_calculation::rules::{Combination, CommissionBase, FeeCap, Waiver, Waives};

use super::make::*;

fn say(amount: Money) -> String {
    amount.to_string()
}

fn total(quote: &Quote) -> String {
    quote.totals.refund.map_or_else(|| quote.verdict.to_string(), say)
}

#[test]
fn w1_partly_used_with_two_fees_and_commission_on_the_fee() {
    let mut ticket = fly(round_trip("GBP 400.00", "GBP 600.00", &[]), 1);
    ticket.used_fare = Some(money("GBP 500.00"));
    ticket.taxes = vec![tax("GB GBP 23.00", Some(2))];
    ticket.commission = Some(Commission { basis_points: Some(900), amount: None, fee_basis_points: 3000 });
    let mut fees = with_fee("GBP 100.00");
    fees.misc_fee = Some(money("GBP 50.00"));
    let quote = quote(&facts(ticket), &rules(vec![fees]));
    let parts = parts(&quote);
    assert_eq!(say(parts.fare_paid), "GBP 1000.00");
    assert_eq!(say(parts.fare_used), "GBP 500.00");
    assert_eq!(parts.fare_refund().map(say), Ok("GBP 500.00".to_owned()));
    assert_eq!(say(parts.fees), "GBP 150.00");
    assert_eq!(say(parts.tax_returned), "GBP 23.00");
    assert_eq!(say(parts.commission_recalled), "GBP 45.00");
    assert_eq!(say(parts.commission_on_fee), "GBP 30.00");
    assert_eq!(total(&quote), "GBP 373.00");
    assert_eq!(quote.totals.airline_to_agency.map(say).as_deref(), Some("GBP 358.00"), "373 − 45 recalled + 30 on the fee");
    let kinds: Vec<_> = quote.passengers[0].fees.iter().map(|line| (line.kind, say(line.charged))).collect();
    assert_eq!(kinds, [(FeeKind::Cancellation, "GBP 100.00".to_owned()), (FeeKind::Misc, "GBP 50.00".to_owned())]);
}

#[test]
fn w3_a_fee_as_a_share_of_the_fare_refund() {
    let mut ticket = one_way("EUR 380.00", &["XT EUR 142.50"]);
    ticket.commission = Some(Commission { basis_points: Some(100), amount: None, fee_basis_points: 0 });
    let quote = quote(&facts(ticket), &rules(vec![with_fee("EUR 50.00")]));
    assert_eq!(total(&quote), "EUR 472.50");
    assert_eq!(quote.passengers[0].fees[0].share_of_fare_refund, Some(1316), "50 of 380 is 13.16 %");
    assert_eq!(say(parts(&quote).commission_recalled), "EUR 3.80");
}

#[test]
fn w4_w5_w9_w11_unused_without_a_fee() {
    let mut ticket = one_way("AUD 6171.00", &["XT AUD 323.44"]);
    ticket.commission = Some(Commission { basis_points: Some(500), amount: None, fee_basis_points: 0 });
    let w4 = quote(&facts(ticket), &rules(vec![free()]));
    assert_eq!((total(&w4), say(parts(&w4).commission_recalled)), ("AUD 6494.44".to_owned(), "AUD 308.55".to_owned()));
    assert_eq!(refund(&facts(one_way("DKK 2145", &["XT DKK 617"])), &rules(vec![free()])), "DKK 2762.00");
    let taxes = ["AY USD 5.60", "US USD 18.00", "XF USD 4.50", "YQ USD 125.00"];
    let w9 = quote(&facts(one_way("USD 2700.00", &taxes)), &rules(vec![free()]));
    assert_eq!((say(parts(&w9).tax_returned), total(&w9)), ("USD 153.10".to_owned(), "USD 2853.10".to_owned()));
    assert_eq!(w9.passengers[0].taxes.len(), 4);
    assert_eq!(refund(&facts(one_way("KRW 140100", &["EB KRW 4000"])), &rules(vec![free()])), "KRW 144100");
}

#[test]
fn w12_a_waiver_takes_the_fee() {
    let mut facts = facts(one_way("USD 64.00", &["GB USD 16.23", "UB USD 21.74", "UP USD 9.10"]));
    let mut rules = rules(vec![with_fee("USD 64.00")]);
    rules.waivers = vec![Waiver { code: code("TESTWAIVER11"), waives: vec![Waives::Fee], from: None, until: None }];
    assert_eq!(refund(&facts, &rules), "USD 47.07");
    facts.waiver = Some(code("TESTWAIVER11"));
    let waived = quote(&facts, &rules);
    assert_eq!((total(&waived), waived.passengers[0].fees[0].waived), ("USD 111.07".to_owned(), true));
    facts.waiver = Some(code("UNHEARDOF"));
    let unknown = quote(&facts, &rules);
    assert_eq!((unknown.verdict, unknown.reasons.as_slice()), (Verdict::ManualReview, [ReasonCode::WaiverUnknown].as_slice()));
}

#[test]
fn w13_only_government_taxes_of_a_non_refundable_fare() {
    let mut ticket = one_way("RUB 61735", &["YR RUB 732", "RI RUB 2170", "LG RUB 274", "RS RUB 1046", "RF RUB 60"]);
    ticket.taxes[0].refundable = Some(false);
    let quote = quote(&facts(ticket), &rules(vec![non_refundable()]));
    assert_eq!(say(quote.totals.original), "RUB 66017.00");
    assert_eq!(total(&quote), "RUB 3550.00");
    assert_eq!((quote.passengers[0].taxes[0].code.text(), say(quote.passengers[0].taxes[0].kept)), ("YR", "RUB 732.00".to_owned()));
}

#[test]
fn w15_the_fee_comes_off_what_was_paid() {
    let quote = quote(&facts(one_way("HKD 11530", &["XT HKD 1703", "HK HKD 120", "AY HKD 60"])), &rules(vec![with_fee("HKD 1000")]));
    assert_eq!((say(quote.totals.original), total(&quote)), ("HKD 13413.00".to_owned(), "HKD 12413.00".to_owned()));
}

#[test]
fn w17_the_used_part_is_priced_by_its_one_way_fare() {
    let mut ticket = fly(round_trip("USD 500.00", "USD 900.00", &[]), 1);
    ticket.components[0].booking_class = Some(code("M"));
    ticket.candidate_fares = vec![one_way_fare("M", "USD 1000.00")];
    ticket.components[0].fare_basis = Some(code("MOW"));
    let quote = quote(&facts(ticket), &rules(vec![with_fee("USD 70.00")]));
    let parts = parts(&quote);
    assert_eq!(
        (say(parts.fare_paid), say(parts.fare_used), say(parts.fees)),
        ("USD 1400.00".into(), "USD 1000.00".into(), "USD 70.00".into())
    );
    assert_eq!(total(&quote), "USD 330.00");
    assert_eq!(quote.passengers[0].used_fares[0].step, UsedFareStep::SameFareBasis);
}

#[test]
fn w20_a_penalty_in_another_currency() {
    let mut ticket = one_way("USD 118.40", &["XT USD 22.79"]);
    ticket.ancillaries = vec![Ancillary { name: "bag".to_owned(), price: money("USD 381.00"), refundable: false, used: false }];
    let mut facts = facts(ticket);
    let day = "2026-11-20".parse().expect("a day");
    facts.rates = vec![Rate { from: currency("CNY"), to: currency("USD"), day, rate: "0.137917".parse().expect("a rate") }];
    facts.service_fee = ServiceFee::PerPassenger(money("USD 2.00"));
    let quote = quote(&facts, &rules(vec![with_fee("CNY 480.00")]));
    assert_eq!(say(quote.passengers[0].fees[0].rule_amount), "CNY 480.00");
    assert_eq!(say(quote.passengers[0].fees[0].charged), "USD 66.20");
    assert_eq!(quote.totals.penalty.map(say).as_deref(), Some("USD 447.20"));
    assert_eq!((total(&quote), say(quote.totals.service_fee)), ("USD 74.99".to_owned(), "USD 2.00".to_owned()));
}

#[test]
fn w21_four_fees_on_one_ticket() {
    let mut ticket = one_way("USD 450.00", &["GB USD 85.00", "US USD 20.00", "YQ USD 15.00"]);
    ticket.commission = Some(Commission { basis_points: None, amount: Some(money("USD 31.50")), fee_basis_points: 0 });
    let expected = [
        (with_fee("USD 200.00"), "USD 370.00", "USD 17.50"),
        (with_fee("USD 300.00"), "USD 270.00", "USD 10.50"),
        (free(), "USD 570.00", "USD 31.50"),
        (non_refundable(), "USD 120.00", "USD 0.00"),
    ];
    for (conditions, refund, recalled) in expected {
        let mut rules = rules(vec![conditions]);
        rules.commission_base = CommissionBase::FareRefundLessFees;
        rules.taxes.fuel = afterfare::refund_calculation::rules::FuelRule::Returned;
        let quote = quote(&facts(ticket.clone()), &rules);
        assert_eq!((total(&quote).as_str(), say(parts(&quote).commission_recalled).as_str()), (refund, recalled));
    }
}

#[test]
fn w22_w23_taxes_alone_cost_a_fee() {
    let mut bamboo = rules(vec![non_refundable()]);
    bamboo.taxes.tax_only_fee = Some(money("VND 110000"));
    let quote_of = quote(&facts(one_way("VND 900000", &["UE VND 120000"])), &bamboo);
    assert_eq!((total(&quote_of), quote_of.passengers[0].fees[0].kind), ("VND 10000".to_owned(), FeeKind::TaxOnly));
    let mut yen = rules(vec![non_refundable()]);
    yen.taxes.tax_only_fee = Some(money("JPY 4000"));
    yen.fee_cap = FeeCap::CapAll;
    let nothing = quote(&facts(one_way("JPY 20000", &["SW JPY 1540"])), &yen);
    assert_eq!((total(&nothing).as_str(), nothing.verdict), ("JPY 0", Verdict::NonRefundable));
    yen.fee_cap = FeeCap::CarryExcess;
    assert_eq!(refund(&facts(one_way("JPY 20000", &["SW JPY 1540"])), &yen), "JPY -2460");
}

#[test]
fn b1_airline_refund_and_net_refund() {
    let mut ticket = one_way("CNY 760.00", &["CN CNY 50.00", "YQ CNY 0.00"]);
    ticket.commission = Some(Commission { basis_points: None, amount: Some(money("CNY 15.00")), fee_basis_points: 0 });
    let quote = quote(&facts(ticket), &rules(vec![with_fee("CNY 38.00")]));
    assert_eq!(parts(&quote).fare_refund().map(say), Ok("CNY 760.00".to_owned()));
    assert_eq!(total(&quote), "CNY 772.00");
    assert_eq!(quote.totals.airline_to_agency.map(say).as_deref(), Some("CNY 757.00"));
}

#[test]
fn c1_the_nearest_higher_class_above_half() {
    let mut ticket = one_way("VND 5500000", &[]);
    ticket.components = vec![component(1, None), component(2, None)];
    ticket.coupons = vec![coupon(1, 1, "HAN", "SGN"), coupon(2, 2, "SGN", "HAN")];
    ticket.components[0].booking_class = Some(code("N"));
    ticket.candidate_fares = vec![one_way_fare("Q", "VND 3200000"), one_way_fare("R", "VND 2600000")];
    ticket.taxes = vec![tax("UE VND 119000", Some(2))];
    let mut rules = rules(vec![with_fee("VND 500000")]);
    rules.used_fare.booking_classes = ["A", "P", "N", "R", "Q"].map(code).to_vec();
    let quote = quote(&facts(fly(ticket, 1)), &rules);
    let line = &quote.passengers[0].used_fares[0];
    assert_eq!((line.step, line.booking_class, say(line.fare)), (UsedFareStep::NearestHigherClass, Some(code("Q")), "VND 3200000".into()));
    assert_eq!(line.rejected.len(), 1);
    assert_eq!((line.rejected[0].booking_class, line.rejected[0].rejected), (code("R"), Rejected::NotAboveHalf));
    let parts = parts(&quote);
    assert_eq!(parts.fare_refund().and_then(|left| left.minus(parts.fees)).map(say), Ok("VND 1800000".to_owned()));
    assert_eq!(total(&quote), "VND 1919000");
}

#[test]
fn c3_mixed_fares_by_both_methods() {
    let mut ticket = round_trip("VND 1200000", "VND 2000000", &[]);
    ticket.taxes = vec![tax("UE VND 400000", Some(1)), tax("UE VND 459000", Some(2))];
    let mut rules = rules(vec![only_for(non_refundable(), Direction::Outbound), with_fee("VND 500000")]);
    rules.host_screens = true;
    rules.taxes.of_non_refundable = false;
    let quote = quote(&facts(ticket), &rules);
    assert_eq!(total(&quote), "VND 1959000");
    let typed = |method, screen, field| {
        let value =
            quote.passengers[0].values_to_type.iter().find(|value| (value.method, value.screen, value.field) == (method, screen, field));
        value.map(|value| value.amount.decimal().to_string())
    };
    assert_eq!(typed(Method::ExchangeTax, 10, ScreenField::OriginalValue).as_deref(), Some("2459000"));
    assert_eq!(typed(Method::ExchangeTax, 32, ScreenField::RefundAmount).as_deref(), Some("1959000"));
    assert_eq!(typed(Method::NetRemit, 30, ScreenField::OldNet).as_deref(), Some("3200000"));
    assert_eq!(typed(Method::NetRemit, 30, ScreenField::NewNet).as_deref(), Some("1200000"));
    assert_eq!(typed(Method::NetRemit, 30, ScreenField::CancellationFee).as_deref(), Some("500000"));
    assert_eq!(typed(Method::NetRemit, 31, ScreenField::Taxes).as_deref(), Some("459000"));
    assert_eq!(typed(Method::NetRemit, 32, ScreenField::RefundAmount).as_deref(), Some("1959000"));
}

#[test]
fn c5_fees_above_the_fare() {
    let mut fees = with_fee("VND 500000");
    fees.no_show = Some(NoShow { cutoff_minutes: 180, refundability: Refundability::WithFee, fee: Some(Fee::Amount(money("VND 500000"))) });
    let mut facts = facts(one_way("VND 800000", &["UE VND 119000"]));
    facts.requested_at = before_departure(60);
    let mut rules = rules(vec![fees]);
    let capped = quote(&facts, &rules);
    assert_eq!(total(&capped), "VND 119000");
    assert_eq!((say(parts(&capped).fees_before_cap), say(parts(&capped).fees)), ("VND 1000000".into(), "VND 800000".into()));
    rules.fee_cap = FeeCap::CarryExcess;
    assert_eq!(refund(&facts, &rules), "VND -81000");
    rules.fee_cap = FeeCap::CapAll;
    assert_eq!(refund(&facts, &rules), "VND 0");
}

#[test]
fn c7_a_chinese_ladder_by_booking_class() {
    let minutes = |from, to| Span::Minutes(Range { from, to, to_included: true });
    let share = |points| Some(Fee::BasisPoints(points));
    let window = |span, refundability, fee| afterfare::refund_calculation::facts::Window { span, ..any_time(refundability, fee) };
    let mut class_u = conditions(vec![
        window(minutes(None, Some(120)), Refundability::WithFee, share(3000)),
        window(minutes(Some(120), None), Refundability::WithFee, share(5000)),
    ]);
    class_u.applies.booking_classes = vec![code("U")];
    let mut class_e = conditions(vec![
        window(minutes(None, Some(120)), Refundability::WithFee, share(5000)),
        window(minutes(Some(120), None), Refundability::NonRefundable, None),
    ]);
    class_e.applies.booking_classes = vec![code("E")];
    let rules = rules(vec![class_u, class_e]);
    for (class, minutes, fee, expected) in
        [("U", 120, "309.00", "CNY 771.00"), ("U", 119, "515.00", "CNY 565.00"), ("E", 119, "0.00", "CNY 50.00")]
    {
        let mut ticket = one_way("CNY 1030.00", &["CN CNY 50.00"]);
        ticket.components[0].booking_class = Some(code(class));
        let mut facts = facts(ticket);
        facts.requested_at = before_departure(minutes);
        let quote = quote(&facts, &rules);
        assert_eq!((parts(&quote).fees.decimal().to_string().as_str(), total(&quote).as_str()), (fee, expected));
    }
}

#[test]
fn c11_fees_of_several_components() {
    let fees = |out: &str, back: &str| vec![only_for(with_fee(out), Direction::Outbound), only_for(with_fee(back), Direction::Inbound)];
    let kept = |combination, units: (i64, i64)| {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        (ticket.components[0].pricing_unit, ticket.components[1].pricing_unit) = units;
        let mut rules = rules(fees("USD 50.00", "USD 80.00"));
        rules.combination = combination;
        let quote = quote(&facts(ticket), &rules);
        let lines = quote.passengers[0].fees.iter().map(|line| line.charged).try_fold(money("USD 0"), Money::plus);
        assert_eq!(lines, Ok(parts(&quote).fees), "the lines are what is charged");
        say(parts(&quote).fees)
    };
    assert_eq!(kept(Combination::SumOfEach, (1, 1)), "USD 130.00");
    assert_eq!(kept(Combination::HighestOfJourney, (1, 2)), "USD 80.00");
    assert_eq!(kept(Combination::HighestOfPricingUnit, (1, 1)), "USD 80.00");
    assert_eq!(kept(Combination::HighestOfPricingUnit, (1, 2)), "USD 130.00");
    let half_lost = |combination| {
        let mut rules = rules(vec![only_for(with_fee("USD 50.00"), Direction::Outbound), non_refundable()]);
        rules.combination = combination;
        refund(&facts(round_trip("USD 300.00", "USD 200.00", &[])), &rules)
    };
    assert_eq!(half_lost(Combination::SumOfEach), "USD 250.00");
    assert_eq!(half_lost(Combination::NonRefundablePlusHighest), "USD 250.00");
    assert_eq!(half_lost(Combination::AllNonRefundable), "USD 0.00");
}

#[test]
fn a_fee_per_ticket_is_taken_once() {
    for (unit, expected) in [
        (FeeUnit::Coupon, "USD 320.00"),
        (FeeUnit::Component, "USD 380.00"),
        (FeeUnit::Direction, "USD 380.00"),
        (FeeUnit::PricingUnit, "USD 440.00"),
        (FeeUnit::Ticket, "USD 440.00"),
        (FeeUnit::Journey, "USD 440.00"),
    ] {
        let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
        ticket.coupons.push(coupon(3, 2, "HAN", "DAD"));
        let mut fees = with_fee("USD 60.00");
        fees.fee_unit = unit;
        assert_eq!(refund(&facts(ticket), &rules(vec![fees])), expected, "{unit}");
    }
}

#[test]
fn commission_on_the_fee_is_of_the_cancellation_fee_alone() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    ticket.commission = Some(Commission { basis_points: None, amount: None, fee_basis_points: 3000 });
    let mut fees = with_fee("USD 100.00");
    (fees.fee_unit, fees.misc_fee) = (FeeUnit::Ticket, Some(money("USD 50.00")));
    let quote = quote(&facts(ticket), &rules(vec![fees]));
    assert_eq!((say(parts(&quote).fees), say(parts(&quote).commission_on_fee)), ("USD 150.00".to_owned(), "USD 30.00".to_owned()));
}

#[test]
fn a_journeys_fee_is_carried_by_the_ticket_that_can() {
    let mut of_first = non_refundable();
    of_first.applies.booking_classes = vec![code("A")];
    let mut of_second = with_fee("USD 100.00");
    of_second.fee_unit = FeeUnit::Journey;
    let mut facts = facts(one_way("USD 300.00", &[]));
    facts.tickets[0].components[0].booking_class = Some(code("A"));
    facts.tickets.push(one_way("USD 500.00", &[]));
    facts.tickets[1].components[0].booking_class = Some(code("Y"));
    let rules = rules(vec![of_first, of_second]);
    assert_eq!(refund(&facts, &rules), "USD 400.00");
    facts.tickets.reverse();
    assert_eq!(refund(&facts, &rules), "USD 400.00");
    facts.tickets[1].components[0].booking_class = Some(code("Y"));
    let both = quote(&facts, &rules);
    let lines: Vec<_> = both.passengers.iter().flat_map(|ticket| &ticket.fees).map(|line| say(line.charged)).collect();
    assert_eq!(lines, ["USD 100.00", "USD 0.00"], "the lines are what is charged");
}

#[test]
fn a_fee_per_journey_is_taken_once_for_two_tickets_of_a_passenger() {
    let mut fees = with_fee("USD 60.00");
    fees.fee_unit = FeeUnit::Journey;
    let mut facts = facts(one_way("USD 300.00", &[]));
    facts.tickets.push(one_way("USD 200.00", &[]));
    facts.service_fee = ServiceFee::PerPassenger(money("USD 2.00"));
    let both = quote(&facts, &rules(vec![fees.clone()]));
    assert_eq!((total(&both), say(both.totals.service_fee)), ("USD 440.00".to_owned(), "USD 2.00".to_owned()));
    facts.tickets[1].no = 2;
    let others = quote(&facts, &rules(vec![fees]));
    assert_eq!((total(&others), say(others.totals.service_fee)), ("USD 380.00".to_owned(), "USD 4.00".to_owned()));
}
