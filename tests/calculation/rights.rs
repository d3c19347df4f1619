//! Involuntary refunds: rights, deadlines, what comes back.

use afterfare::refund_calculation::RuleSet;
use afterfare::refund_calculation::facts::{Event, Facts, Happened, Payment, Reason, Refundability};
use afterfare::refund_calculation::involuntary::is_met;
use afterfare::refund_calculation::law::{Law, Threshold, Trigger};
use afterfare::refund_calculation::quote::{ReasonCode, Verdict};

use super::make::*;

fn changed() -> Event {
    Event {
        happened: Happened::Changed,
        coupon: None,
        carrier_cause: None,
        ticketed_departure: None,
        new_departure: None,
        ticketed_arrival: None,
        new_arrival: None,
        other_airport: false,
        more_connections: false,
        downgraded: false,
        rebooked_departure: None,
    }
}

/// A ticket between two airports, refunded because of what happened.
fn after(event: Event, from: &str, to: &str) -> Facts {
    let mut ticket = one_way("USD 300.00", &["US USD 20.00"]);
    (ticket.coupons[0].from, ticket.coupons[0].to) = (code(from), code(to));
    let mut facts = facts(ticket);
    (facts.reason, facts.event) = (Reason::Involuntary, Some(event));
    facts
}

fn regimes(facts: &Facts, rules: &RuleSet) -> Vec<String> {
    quote(facts, rules).rights.into_iter().map(|right| right.regime).collect()
}

/// C12
#[test]
fn a_change_of_three_hours_inside_the_united_states() {
    let rules = rules(vec![with_fee("USD 100.00")]);
    let at = |text: &str| Some(instant(&format!("2026-12-01T{text}:00Z")));
    let on_time = || Event {
        ticketed_departure: at("12:00"),
        new_departure: at("12:00"),
        ticketed_arrival: at("18:00"),
        new_arrival: at("18:00"),
        ..changed()
    };
    let arrives = |new: &str| Event { new_arrival: at(new), ..on_time() };
    let right = quote(&after(arrives("21:00"), "JFK", "LAX"), &rules);
    assert_eq!((right.rights[0].regime.as_str(), right.totals.refund), ("us-14-cfr-260", Some(money("USD 320.00"))));
    assert_eq!(right.verdict, Verdict::Accurate);
    let none = quote(&after(arrives("20:59"), "JFK", "LAX"), &rules);
    assert!(none.rights.is_empty());
    assert_eq!((none.verdict, none.reasons.as_slice()), (Verdict::Estimated, [ReasonCode::NoInvoluntaryRight].as_slice()));
    assert_eq!(none.totals.refund, Some(money("USD 220.00")), "the voluntary rules hold");
    let later = Event { new_departure: at("15:00"), ..arrives("20:59") };
    assert!(regimes(&after(later, "JFK", "LAX"), &rules).is_empty(), "a later departure alone is no right");
    let earlier = |new: &str| Event { new_departure: at(new), ..on_time() };
    assert_eq!(regimes(&after(earlier("09:00"), "JFK", "LAX"), &rules), ["us-14-cfr-260"]);
    assert!(regimes(&after(earlier("09:01"), "JFK", "LAX"), &rules).is_empty());
    assert!(regimes(&after(earlier("06:01"), "JFK", "NRT"), &rules).is_empty(), "six hours between countries");
    assert_eq!(regimes(&after(earlier("06:00"), "JFK", "NRT"), &rules), ["us-14-cfr-260"]);
    let mut before_the_law = after(arrives("21:00"), "JFK", "LAX");
    before_the_law.requested_at = instant("2024-10-27T12:00:00Z");
    assert!(regimes(&before_the_law, &rules).is_empty());
    before_the_law.requested_at = instant("2024-10-28T12:00:00Z");
    assert_eq!(regimes(&before_the_law, &rules), ["us-14-cfr-260"]);
}

/// C13
#[test]
fn the_deadline_counts_working_days_over_a_federal_holiday() {
    let cancelled = Event { happened: Happened::Cancelled, ..changed() };
    let rules = rules(vec![free()]);
    let mut facts = after(cancelled, "JFK", "LAX");
    facts.requested_at = instant("2024-11-27T15:00:00Z");
    let deadline = |facts: &Facts| quote(facts, &rules).rights[0].deadline.map(|day| day.to_string());
    facts.payment = Payment::Card;
    assert_eq!(deadline(&facts).as_deref(), Some("2024-12-09"));
    facts.payment = Payment::Deposit;
    assert_eq!(deadline(&facts).as_deref(), Some("2024-12-17"));
    assert_eq!(quote(&facts, &rules).rights[0].basis, "14 CFR 260");
    // Late in the evening in New York it is the next day in UTC; the law counts New York's.
    facts.requested_at = instant("2024-11-28T03:00:00Z");
    assert_eq!(deadline(&facts).as_deref(), Some("2024-12-17"));
    facts.payment = Payment::Card;
    facts.requested_at = instant("2027-12-28T15:00:00Z");
    let beyond = quote(&facts, &rules);
    assert_eq!((beyond.rights[0].deadline, beyond.reasons.as_slice()), (None, [ReasonCode::CalendarMissing].as_slice()));
}

#[test]
fn a_worked_saturday_counts_in_china() {
    let law = Law::shipped();
    let regime = law.regimes.iter().find(|regime| regime.name == "china-caac").expect("the regime");
    let begin = "2026-02-12".parse().expect("a day");
    // 13 and the worked Saturday 14, then the long holiday to the 23rd, then 24 to 27 and the worked Saturday 28.
    assert_eq!(law.deadline(regime, regime.card.expect("a term"), begin).map(|day| day.to_string()).as_deref(), Some("2026-02-28"));
}

#[test]
fn each_regime_has_its_own_trigger() {
    let at = |hours: i64| Some(departure() + jiff::SignedDuration::from_hours(hours));
    let cancelled = Event { happened: Happened::Cancelled, ..changed() };
    let late = |minutes: i64| Event {
        carrier_cause: Some(false),
        ticketed_departure: at(0),
        new_departure: Some(departure() + jiff::SignedDuration::from_mins(minutes)),
        ..changed()
    };
    let rules = rules(vec![free()]);
    let reached = |event: Event, from: &str, to: &str| regimes(&after(event, from, to), &rules);
    assert_eq!(reached(cancelled, "CDG", "JFK"), ["eu261", "us-14-cfr-260"], "the earlier deadline first");
    assert_eq!(reached(late(300), "CDG", "HKG"), ["eu261"]);
    assert!(reached(late(299), "CDG", "HKG").is_empty());
    assert_eq!(reached(late(300), "LHR", "HKG"), ["uk261"]);
    assert_eq!(quote(&after(late(300), "HKG", "CDG"), &rules).reasons, [ReasonCode::CarrierCountryMissing]);
    let mut home = rules.clone();
    home.home_country = Some(code("HK"));
    assert!(regimes(&after(late(300), "HKG", "CDG"), &home).is_empty(), "arriving with a carrier from elsewhere");
    home.home_country = Some(code("FR"));
    assert_eq!(regimes(&after(late(300), "HKG", "CDG"), &home), ["eu261"]);
    assert_eq!(reached(late(300), "HAN", "BKK"), ["vietnam-tt81"]);
    assert_eq!(quote(&after(cancelled, "HAN", "BKK"), &rules).reasons, [ReasonCode::EventMissing], "Vietnam asks whose cause it was");
    assert!(reached(Event { carrier_cause: Some(false), ..cancelled }, "HAN", "BKK").is_empty());
    let by_carrier = Event { carrier_cause: Some(true), ..cancelled };
    assert_eq!(reached(by_carrier, "HAN", "SGN"), ["vietnam-tt81"]);
    assert_eq!(reached(by_carrier, "PEK", "SHA"), ["china-caac"]);
    assert_eq!(reached(by_carrier, "DEL", "BOM"), ["india-dgca"]);
    let mut before_india = after(by_carrier, "DEL", "BOM");
    before_india.requested_at = instant("2026-03-25T12:00:00Z");
    assert!(regimes(&before_india, &rules).is_empty());
    assert_eq!(reached(cancelled, "YYZ", "YVR"), ["canada-appr"], "nothing was offered instead");
    let rebooked = |hours| Event { ticketed_departure: at(0), rebooked_departure: at(hours), ..cancelled };
    assert!(reached(rebooked(48), "YYZ", "YVR").is_empty());
    assert_eq!(reached(rebooked(49), "YYZ", "YVR"), ["canada-appr"]);
    for event in
        [Event { other_airport: true, ..changed() }, Event { more_connections: true, ..changed() }, Event { downgraded: true, ..changed() }]
    {
        assert_eq!(reached(event, "JFK", "LAX"), ["us-14-cfr-260"]);
    }
    assert_eq!(quote(&after(changed(), "JFK", "LAX"), &rules).reasons, [ReasonCode::EventMissing]);
    assert_eq!(quote(&after(cancelled, "XXQ", "LAX"), &rules).reasons, [ReasonCode::UnknownAirport]);
}

#[test]
fn carriers_causes_and_delays_are_told_apart() {
    let late = Event {
        carrier_cause: Some(true),
        ticketed_departure: Some(departure()),
        new_departure: Some(departure() + jiff::SignedDuration::from_mins(90)),
        ..changed()
    };
    let met = |trigger, event: Event| is_met(trigger, &event, true);
    let delayed = |minutes| Trigger::DelayedByCarrier { minutes };
    assert_eq!(met(delayed(90), late), Some(true));
    assert_eq!(met(delayed(91), late), Some(false));
    assert_eq!(met(delayed(90), Event { carrier_cause: None, ..late }), None);
    assert_eq!(met(delayed(91), Event { carrier_cause: None, ..late }), Some(false));
    assert_eq!(met(delayed(90), Event { carrier_cause: Some(false), ..late }), Some(false));
    assert_eq!(met(delayed(90), Event { happened: Happened::Cancelled, ..late }), Some(false));
    assert_eq!(met(Trigger::Delayed { minutes: 90 }, Event { new_departure: None, ..late }), None);
    assert_eq!(met(Trigger::ChangedByCarrier, late), Some(true));
    assert_eq!(met(Trigger::ChangedByCarrier, Event { carrier_cause: None, ..late }), None);
    assert_eq!(met(Trigger::ChangedByCarrier, Event { happened: Happened::Cancelled, ..late }), Some(false));
    assert_eq!(met(Trigger::CancelledByCarrier, late), Some(false));
    assert_eq!(met(Trigger::CancelledByCarrier, Event { happened: Happened::Cancelled, carrier_cause: None, ..late }), None);
    let threshold = Threshold { domestic_minutes: 10, international_minutes: 20 };
    assert_eq!(met(Trigger::ArrivesLater(threshold), late), None, "arrivals are not known");
    assert_eq!(met(Trigger::ArrivesLater(threshold), Event { happened: Happened::Cancelled, ..late }), Some(false));
    assert_eq!(
        met(Trigger::NotRebookedWithin { minutes: 1 }, Event { rebooked_departure: Some(departure()), ticketed_departure: None, ..late }),
        None
    );
}

#[test]
fn an_involuntary_refund_of_a_half_flown_ticket() {
    let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &[]), 1);
    ticket.taxes = vec![tax("US USD 20.00", Some(1)), tax("YQ USD 30.00", Some(2))];
    ticket.used_fare = Some(money("USD 350.00"));
    let mut facts = facts(ticket);
    facts.reason = Reason::Involuntary;
    let rules = rules(vec![non_refundable()]);
    let quote_of = quote(&facts, &rules);
    assert_eq!(quote_of.totals.refund, Some(money("USD 230.00")), "the unused 200 are more than 500 − 350; its tax of 30");
    facts.tickets[0].used_fare = Some(money("USD 250.00"));
    assert_eq!(quote(&facts, &rules).totals.refund, Some(money("USD 280.00")), "500 − 250 is more than 200");
}

#[test]
fn extras_come_back_unless_they_were_used() {
    use afterfare::refund_calculation::facts::Ancillary;
    let bag = |refundable, used| Ancillary { name: "bag".to_owned(), price: money("USD 30.00"), refundable, used };
    let mut ticket = one_way("USD 300.00", &[]);
    ticket.ancillaries = vec![bag(true, false), bag(false, false), bag(true, true)];
    let mut facts = facts(ticket);
    let rules = rules(vec![conditions(vec![any_time(Refundability::Free, None)])]);
    assert_eq!(refund(&facts, &rules), "USD 330.00");
    facts.reason = Reason::Involuntary;
    let quote = quote(&facts, &rules);
    assert_eq!(quote.totals.refund, Some(money("USD 360.00")));
    let back: Vec<_> = quote.passengers[0].extras.iter().map(|line| line.refund).collect();
    assert_eq!(back, [money("USD 30.00"), money("USD 30.00"), money("USD 0.00")]);
}

#[test]
fn a_change_is_judged_by_what_is_told() {
    let at = |hours: i64| Some(departure() + jiff::SignedDuration::from_hours(hours));
    let rules = rules(vec![with_fee("USD 100.00")]);
    let reasons = |event: Event| quote(&after(event, "JFK", "LAX"), &rules).reasons;
    let departs = |hours| Event { ticketed_departure: at(0), new_departure: at(hours), ..changed() };
    let arrives = |hours: i64| Event { ticketed_arrival: at(6), new_arrival: at(6 + hours), ..changed() };
    assert_eq!(reasons(changed()), [ReasonCode::EventMissing]);
    assert_eq!(reasons(Event { new_departure: at(0), ..changed() }), [ReasonCode::EventMissing]);
    assert_eq!(reasons(departs(10)), [ReasonCode::EventMissing], "the arrival may be late enough");
    assert_eq!(reasons(arrives(2)), [ReasonCode::EventMissing], "the departure may be early enough");
    assert_eq!(reasons(arrives(3)), [], "late enough whatever the departure");
    assert_eq!(reasons(Event { ticketed_arrival: at(6), new_arrival: at(6), ..departs(0) }), [ReasonCode::NoInvoluntaryRight]);
}

/// An event may name its flight: a law that does not reach it gives no right.
#[test]
fn the_flight_that_was_cancelled_decides_the_law() {
    let mut ticket = round_trip("USD 300.00", "USD 200.00", &[]);
    (ticket.coupons[0].to, ticket.coupons[1].from) = (code("CDG"), code("CDG"));
    let mut facts = facts(ticket);
    facts.reason = Reason::Involuntary;
    let cancelled = |coupon| Event { happened: Happened::Cancelled, coupon, carrier_cause: Some(false), ..changed() };
    let mut home = rules(vec![free()]);
    home.home_country = Some(code("VN"));
    let mut of = |coupon| {
        facts.event = Some(cancelled(coupon));
        regimes(&facts, &home)
    };
    assert_eq!(of(Some(2)), ["eu261"]);
    assert!(of(Some(1)).is_empty());
    assert_eq!(of(None), ["eu261"]);
}

#[test]
fn an_involuntary_refund_after_departure_waits_for_the_airline() {
    let mut ticket = one_way("USD 300.00", &["US USD 20.00"]);
    ticket.coupons[0].status = afterfare::refund_calculation::facts::CouponStatus::Unknown;
    let mut facts = facts(ticket);
    facts.reason = Reason::Involuntary;
    facts.requested_at = departure() - jiff::SignedDuration::from_secs(1);
    let rules = rules(vec![non_refundable()]);
    assert_eq!(quote(&facts, &rules).verdict, Verdict::Accurate);
    facts.requested_at = departure();
    let late = quote(&facts, &rules);
    assert_eq!((late.verdict, late.totals.refund), (Verdict::Estimated, Some(money("USD 320.00"))));
    facts.reason = Reason::Voluntary;
    let voluntary = quote(&facts, &rules);
    assert_eq!((voluntary.verdict, voluntary.reasons.last()), (Verdict::CannotQuote, Some(&ReasonCode::NoShowConfirmation)));
    facts.tickets[0].taxes.clear();
    assert_eq!(quote(&facts, &rules).verdict, Verdict::NonRefundable, "where nothing comes back anyway nobody is asked");
}

#[test]
fn a_regime_ends_with_its_last_day() {
    let cancelled = Event { happened: Happened::Cancelled, ..changed() };
    let mut law = Law::shipped().clone();
    law.regimes[0].until = Some("2026-11-21".parse().expect("a day"));
    let mut rules = rules(vec![free()]);
    rules.law = Some(law);
    let mut facts = after(cancelled, "JFK", "LAX");
    facts.requested_at = instant("2026-11-21T23:00:00Z");
    assert_eq!(regimes(&facts, &rules), ["us-14-cfr-260"]);
    facts.requested_at = instant("2026-11-22T01:00:00Z");
    assert!(regimes(&facts, &rules).is_empty());
}

#[test]
fn a_law_without_a_term_has_no_deadline_and_no_missing_calendar() {
    let at = |hours: i64| Some(departure() + jiff::SignedDuration::from_hours(hours));
    let late = Event { carrier_cause: Some(false), ticketed_departure: at(0), new_departure: at(5), ..changed() };
    let quote = quote(&after(late, "HAN", "BKK"), &rules(vec![free()]));
    assert_eq!((quote.rights[0].deadline, quote.reasons.len()), (None, 0));
}

#[test]
fn calendars_know_their_first_and_last_day() {
    let law = Law::shipped();
    let of = |day: &str| law.calendars[0].is_workday(day.parse().expect("a day"));
    assert_eq!(of("2023-12-31"), None);
    assert_eq!(of("2024-01-01"), Some(false), "New Year's Day");
    assert_eq!(of("2024-01-02"), Some(true));
    assert_eq!(of("2027-12-30"), Some(true));
    assert_eq!(of("2027-12-31"), Some(false), "New Year's Day of 2028 falls on a Saturday");
    assert_eq!(of("2028-01-01"), None);
    assert_eq!(of("2026-11-21"), Some(false), "a Saturday");
    assert_eq!(of("2026-11-22"), Some(false));
    assert_eq!(of("2026-11-23"), Some(true));
}

#[test]
fn a_half_flown_involuntary_refund_needs_the_fare_of_the_unused_part() {
    let mut ticket = fly(round_trip("USD 300.00", "USD 200.00", &[]), 1);
    ticket.used_fare = Some(money("USD 350.00"));
    ticket.components.iter_mut().for_each(|component| component.fare = None);
    let mut facts = facts(ticket);
    facts.reason = Reason::Involuntary;
    assert_eq!(refund(&facts, &rules(vec![free()])), "cannot-quote [DirectionFareMissing]");
}
