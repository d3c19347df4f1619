//! Facts and rule sets for tests: a plain ticket, and what differs.

use afterfare::kernel::code::Code;
use afterfare::kernel::money::{Currency, Money};
use afterfare::refund_calculation::conditions::Range;
use afterfare::refund_calculation::facts::{
    Applies, Conditions, Coupon, CouponStatus, Direction, Facts, FareComponent, Fee, FeeBase, FeeUnit, OneWayFare, PassengerType, Payment,
    Publication, Reason, Refundability, ServiceFee, Span, Tax, Ticket, Window,
};
use afterfare::refund_calculation::lines::Breakdown;
use afterfare::refund_calculation::quote::{Quote, Verdict};
use afterfare::refund_calculation::{RuleSet, calculate};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// `money("USD 12.50")`
pub fn money(text: &str) -> Money {
    let (code, amount) = text.split_once(' ').expect("USD 12.50");
    Money::parse(amount, currency(code)).expect("an amount")
}

pub fn code(text: &str) -> Code {
    Code::parse(text).expect("a code")
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Every first flight of these tests leaves at noon UTC; in Hà Nội that is seven in the evening.
pub fn departure() -> Timestamp {
    instant("2026-12-01T12:00:00Z")
}

pub fn before_departure(minutes: i64) -> Timestamp {
    departure() - SignedDuration::from_mins(minutes)
}

pub fn coupon(no: i64, component: i64, from: &str, to: &str) -> Coupon {
    let departs_at = departure() + SignedDuration::from_hours((no - 1) * 72);
    let local: DateTime = departs_at.to_zoned(jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").expect("a zone")).datetime();
    Coupon {
        no,
        component,
        status: CouponStatus::Open,
        flown_order: None,
        marketing_carrier: Some(code("VN")),
        operating_carrier: None,
        from: code(from),
        to: code(to),
        departs_local: local,
        departs_at,
    }
}

pub fn component(no: i64, fare: Option<&str>) -> FareComponent {
    FareComponent {
        no,
        pricing_unit: 1,
        direction: if no == 1 { Direction::Outbound } else { Direction::Inbound },
        fare: fare.map(money),
        fare_basis: None,
        booking_class: None,
        fare_level: None,
        validity_days: None,
    }
}

pub fn tax(text: &str, on: Option<i64>) -> Tax {
    let (name, amount) = text.split_once(' ').expect("GB USD 12.50");
    Tax { code: code(name), amount: money(amount), coupon: on, station: None, carrier: None, refundable: None }
}

/// A one-way ticket HAN–SGN of one adult.
pub fn one_way(fare: &str, taxes: &[&str]) -> Ticket {
    Ticket {
        no: 1,
        name: "NGUYEN/LAN".to_owned(),
        passenger_type: PassengerType::Adult,
        has_seat: false,
        selected: true,
        document_numbers: Vec::new(),
        issued_on: Some("2026-10-01".parse().expect("a day")),
        issuing_office: None,
        validating_carrier: None,
        publication: Some(Publication::Iata),
        tour_code: None,
        commission: None,
        forms_of_payment: Vec::new(),
        fare: money(fare),
        taxes: taxes.iter().map(|one| tax(one, None)).collect(),
        components: vec![component(1, None)],
        coupons: vec![coupon(1, 1, "HAN", "SGN")],
        ancillaries: Vec::new(),
        used_fare: None,
        candidate_fares: Vec::new(),
        chain: Vec::new(),
    }
}

/// A round trip HAN–SGN–HAN whose two fares are known.
pub fn round_trip(out: &str, back: &str, taxes: &[&str]) -> Ticket {
    let whole = money(out).plus(money(back)).expect("a sum");
    let mut ticket = one_way(&whole.to_string(), taxes);
    ticket.components = vec![component(1, Some(out)), component(2, Some(back))];
    ticket.coupons = vec![coupon(1, 1, "HAN", "SGN"), coupon(2, 2, "SGN", "HAN")];
    ticket
}

pub fn fly(mut ticket: Ticket, coupons: usize) -> Ticket {
    ticket.coupons.iter_mut().take(coupons).for_each(|coupon| coupon.status = CouponStatus::Flown);
    ticket
}

/// Asked for ten days before departure.
pub fn facts(ticket: Ticket) -> Facts {
    Facts {
        currency: ticket.fare.currency,
        payment: Payment::Deposit,
        reason: Reason::Voluntary,
        requested_at: before_departure(14_400),
        seats_released_at: None,
        tickets: vec![ticket],
        unpriced: Vec::new(),
        conditions: Vec::new(),
        event: None,
        waiver: None,
        check_in: Vec::new(),
        rates: Vec::new(),
        service_fee: ServiceFee::None,
        agency_fee: None,
    }
}

pub fn any_time(refundability: Refundability, fee: Option<Fee>) -> Window {
    Window { span: Span::Minutes(Range::default()), refundability, fee, base: FeeBase::Fare, minimum: None, maximum: None }
}

pub fn conditions(windows: Vec<Window>) -> Conditions {
    Conditions {
        name: "test".to_owned(),
        source: None,
        applies: Applies::default(),
        fee_unit: FeeUnit::Component,
        windows,
        no_show: None,
        misc_fee: None,
        used_fare: None,
    }
}

pub fn with_fee(fee: &str) -> Conditions {
    conditions(vec![any_time(Refundability::WithFee, Some(Fee::Amount(money(fee))))])
}

pub fn free() -> Conditions {
    conditions(vec![any_time(Refundability::Free, None)])
}

pub fn non_refundable() -> Conditions {
    conditions(vec![any_time(Refundability::NonRefundable, None)])
}

pub fn only_for(mut conditions: Conditions, direction: Direction) -> Conditions {
    conditions.applies.directions = vec![direction];
    conditions
}

/// A rule set with these conditions and every default.
pub fn rules(conditions: Vec<Conditions>) -> RuleSet {
    let mut rules: RuleSet = serde_json::from_value(serde_json::json!({
        "name": "test", "version": "1", "title": "Test", "source": "test", "as_of": "2026-11-21"
    }))
    .expect("a rule set");
    rules.conditions = conditions;
    rules
}

pub fn one_way_fare(class: &str, fare: &str) -> OneWayFare {
    OneWayFare {
        from: code("HAN"),
        to: code("SGN"),
        fare_basis: code(&format!("{class}OW")),
        booking_class: code(class),
        fare_level: None,
        validity_days: None,
        publication: Publication::Iata,
        fare: money(fare),
        named_by_rule: false,
    }
}

pub fn quote(facts: &Facts, rules: &RuleSet) -> Quote {
    calculate(facts, rules).expect("well-formed facts")
}

/// The refund, where the verdict has one.
pub fn refund(facts: &Facts, rules: &RuleSet) -> String {
    let quote = quote(facts, rules);
    quote.totals.refund.map_or_else(|| format!("{} {:?}", quote.verdict, quote.reasons), |refund| refund.to_string())
}

/// What the only passenger's refund is made of.
pub fn parts(quote: &Quote) -> Breakdown {
    assert!(matches!(quote.verdict, Verdict::Accurate | Verdict::NonRefundable | Verdict::Estimated), "{:?}", quote.reasons);
    quote.passengers[0].breakdown.expect("amounts")
}
