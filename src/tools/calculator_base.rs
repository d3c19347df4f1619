//! What a form was begun with, kept where its fields do not show it; and what an empty form begins with.

use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Timestamp;
use crate::refund_calculation::conditions::{Applies, Range};
use crate::refund_calculation::facts::{
    Conditions, Coupon, Facts, FareComponent, Fee, FeeBase, FeeUnit, OneWayFare, PassengerType, Payment, Reason, Refundability, ServiceFee,
    Span, Tax, Ticket, Window,
};

/// One fee at any time, per ticket.
pub(super) fn flat(fee: Fee) -> Conditions {
    let span = Span::Minutes(Range::default());
    let window = Window { span, refundability: Refundability::WithFee, fee: Some(fee), base: FeeBase::Fare, minimum: None, maximum: None };
    Conditions {
        name: "typed".to_owned(),
        source: None,
        applies: Applies::default(),
        fee_unit: FeeUnit::Ticket,
        windows: vec![window],
        no_show: None,
        misc_fee: None,
        used_fare: None,
    }
}

/// Facts of nothing yet.
pub(super) fn blank_facts(currency: Currency, requested_at: Timestamp) -> Facts {
    Facts {
        currency,
        payment: Payment::Deposit,
        reason: Reason::Voluntary,
        requested_at,
        seats_released_at: None,
        tickets: Vec::new(),
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

/// The other passengers flew the same flights: the statuses that the form shows are theirs too.
pub(super) fn with_statuses_of(mut other: Ticket, shown: &Ticket) -> Ticket {
    for coupon in &mut other.coupons {
        if let Some(same) = shown.coupons.iter().find(|same| same.no == coupon.no) {
            coupon.status = same.status;
        }
    }
    other
}

/// Station, carrier and the document's own word of a tax, which the form does not show, stay where the line is the same.
/// Of several lines that look the same each keeps its own.
pub(super) fn keep_details(mut taxes: Vec<Tax>, mut before: Vec<Tax>) -> Vec<Tax> {
    let key = |tax: &Tax| (tax.code, tax.amount, tax.coupon);
    for tax in &mut taxes {
        if let Some(place) = before.iter().position(|one| key(one) == key(tax)) {
            *tax = before.remove(place);
        }
    }
    taxes
}

/// Level, validity and who names it, in the same way.
pub(super) fn keep_candidates(mut candidates: Vec<OneWayFare>, mut before: Vec<OneWayFare>) -> Vec<OneWayFare> {
    let key = |fare: &OneWayFare| (fare.from, fare.to, fare.booking_class, fare.fare_basis, fare.fare);
    for fare in &mut candidates {
        if let Some(place) = before.iter().position(|one| key(one) == key(fare)) {
            *fare = before.remove(place);
        }
    }
    candidates
}

pub(super) fn keep_components(mut components: Vec<FareComponent>, before: &Ticket) -> Vec<FareComponent> {
    for component in &mut components {
        if let Some(same) = before.components.iter().find(|one| one.no == component.no) {
            (component.pricing_unit, component.fare_level, component.validity_days) =
                (same.pricing_unit, same.fare_level, same.validity_days);
        }
    }
    components
}

pub(super) fn keep_coupons(mut coupons: Vec<Coupon>, before: &Ticket) -> Vec<Coupon> {
    for coupon in &mut coupons {
        if let Some(same) = before.coupons.iter().find(|one| one.no == coupon.no) {
            (coupon.flown_order, coupon.marketing_carrier) = (same.flown_order, same.marketing_carrier);
        }
    }
    coupons
}

pub(super) fn blank_ticket(currency: Currency) -> Ticket {
    Ticket {
        no: 1,
        name: "PASSENGER 1".to_owned(),
        passenger_type: PassengerType::Adult,
        has_seat: false,
        selected: true,
        document_numbers: Vec::new(),
        issued_on: None,
        issuing_office: None,
        validating_carrier: None,
        publication: None,
        tour_code: None,
        commission: None,
        forms_of_payment: Vec::new(),
        fare: Money::zero(currency),
        taxes: Vec::new(),
        components: Vec::new(),
        coupons: Vec::new(),
        ancillaries: Vec::new(),
        used_fare: None,
        candidate_fares: Vec::new(),
        chain: Vec::new(),
    }
}
