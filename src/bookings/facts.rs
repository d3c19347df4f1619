//! From an imported order to the facts of the calculation: the one translation.

use std::collections::BTreeSet;

use super::model::{Booking, Direction, Passenger, PaymentChannel, RefundRule};
use crate::kernel::code::Code;
use crate::kernel::time::{Timestamp, utc_day};
use crate::refund_calculation::conditions::Range;
use crate::refund_calculation::facts::{
    Ancillary, Applies, Conditions, Coupon, CouponStatus, Facts, FareComponent, Fee, FeeBase, FeeUnit, NoShow, Payment, Reason, ServiceFee,
    Span, Tax, Ticket, Window,
};

/// The facts of a refund of these passengers, before any exchange rate is known.
#[must_use]
pub fn of(booking: &Booking, passengers: &BTreeSet<i64>, reason: Reason, now: Timestamp) -> Facts {
    let chosen = |no: i64| passengers.contains(&no);
    let unpriced = booking.passengers.iter().filter(|one| chosen(one.no) && booking.fares.of(one.passenger_type).is_none());
    Facts {
        currency: booking.currency,
        payment: match booking.payment_channel {
            PaymentChannel::Deposit => Payment::Deposit,
            PaymentChannel::Vcc => Payment::Card,
        },
        reason,
        requested_at: now,
        seats_released_at: None,
        tickets: booking.passengers.iter().filter_map(|one| ticket(booking, one, chosen(one.no), reason)).collect(),
        unpriced: unpriced.map(|passenger| passenger.name.clone()).collect(),
        conditions: booking.refund_rules.iter().map(conditions).collect(),
        event: None,
        waiver: None,
        check_in: Vec::new(),
        rates: Vec::new(),
        service_fee: match (booking.fee_per_passenger, booking.fee_per_order) {
            (Some(fee), _) => ServiceFee::PerPassenger(fee),
            (None, Some(fee)) => ServiceFee::PerOrder(fee),
            (None, None) => ServiceFee::None,
        },
        agency_fee: None,
    }
}

/// One passenger as a ticket: a component for each direction, a coupon for each segment, all taxes in one line.
fn ticket(booking: &Booking, passenger: &Passenger, selected: bool, reason: Reason) -> Option<Ticket> {
    let price = booking.fares.of(passenger.passenger_type)?;
    let code = |text: &str| Code::parse(text).ok();
    let directions = Direction::ALL.iter().filter(|direction| booking.departure_of(**direction).is_some());
    let components = (1..).zip(directions).map(|(no, direction)| FareComponent {
        no,
        pricing_unit: 1,
        direction: *direction,
        // The order document does not split the fare between directions.
        fare: None,
        fare_basis: None,
        booking_class: None,
        fare_level: None,
        validity_days: None,
    });
    let components: Vec<FareComponent> = components.collect();
    let coupons = booking.segments.iter().filter_map(|segment| {
        Some(Coupon {
            no: segment.no,
            component: components.iter().find(|component| component.direction == segment.direction)?.no,
            // The order document does not say who was on board.
            status: CouponStatus::Unknown,
            flown_order: None,
            marketing_carrier: code(&segment.carrier),
            operating_carrier: segment.operating_carrier.as_deref().and_then(code),
            from: code(&segment.departure_airport)?,
            to: code(&segment.arrival_airport)?,
            departs_local: segment.departure_local,
            departs_at: segment.departure_at,
        })
    });
    let ancillaries = passenger.ancillaries.iter().map(|ancillary| Ancillary {
        name: ancillary.product_code.clone(),
        price: ancillary.price,
        // The order document does not say that an airline returns extras: it is not guessed. A void undoes all.
        refundable: reason == Reason::Void,
        used: false,
    });
    let all_taxes = Tax { code: code("XT")?, amount: price.tax, coupon: None, station: None, carrier: None, refundable: None };
    Some(Ticket {
        no: passenger.no,
        name: passenger.name.clone(),
        passenger_type: passenger.passenger_type,
        has_seat: false,
        selected,
        document_numbers: passenger.ticket_numbers.iter().filter_map(|number| code(number)).collect(),
        issued_on: Some(utc_day(booking.created_at)),
        issuing_office: None,
        validating_carrier: booking.segments.first().and_then(|segment| code(&segment.carrier)),
        publication: None,
        tour_code: None,
        commission: None,
        forms_of_payment: Vec::new(),
        fare: price.fare,
        taxes: if price.tax.is_zero() { Vec::new() } else { vec![all_taxes] },
        coupons: coupons.collect(),
        components,
        ancillaries: ancillaries.collect(),
        used_fare: None,
        candidate_fares: Vec::new(),
        chain: Vec::new(),
    })
}

/// The order's own rule for one direction.
fn conditions(rule: &RefundRule) -> Conditions {
    let windows = rule.windows.iter().map(|window| Window {
        span: Span::Minutes(Range { from: Some(window.from_minute), to: Some(window.to_minute), to_included: false }),
        refundability: window.refundability,
        fee: window.fee.map(Fee::Amount),
        base: FeeBase::Fare,
        minimum: None,
        maximum: None,
    });
    Conditions {
        name: rule.direction.word().to_owned(),
        source: None,
        applies: Applies { directions: vec![rule.direction], ..Applies::default() },
        fee_unit: FeeUnit::Direction,
        windows: windows.collect(),
        no_show: rule.no_show.map(|rule| NoShow {
            cutoff_minutes: rule.cutoff_minutes,
            refundability: rule.refundability,
            fee: rule.fee.map(Fee::Amount),
        }),
        misc_fee: None,
        used_fare: None,
    }
}
