//! A booking: one order, its passengers, segments, prices and the airline's refund rules.

use serde::{Deserialize, Serialize};

use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{DateTime, Timestamp};
pub use crate::refund_calculation::facts::{Direction, PassengerType, Refundability};

crate::text_column! {
    /// Where an order stands.
    pub enum Status { Unpaid = "unpaid", Ticketing = "ticketing", Ticketed = "ticketed", Cancelled = "cancelled" }
}

crate::text_column! {
    /// How an order was paid: from the agency's deposit, or straight with a virtual credit card.
    pub enum PaymentChannel { Deposit = "deposit", Vcc = "vcc" }
}

crate::text_column! {
    pub enum JourneyType { OneWay = "one-way", RoundTrip = "round-trip" }
}

crate::text_column! {
    pub enum ProductType { CheckedBaggage = "checked-baggage", CabinBaggage = "cabin-baggage", Seat = "seat", Other = "other" }
}

crate::named!(
    Status = "booking-status",
    PaymentChannel = "payment-channel",
    JourneyType = "journey-type",
    PassengerType = "passenger-type",
    Direction = "direction",
    ProductType = "product-type",
    Refundability = "refundability",
);

/// One order with everything the document says and a page or a quote needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    pub order_no: String,
    /// The operator's own reference.
    pub operator_pnr: String,
    pub status: Status,
    pub payment_channel: PaymentChannel,
    pub journey_type: JourneyType,
    pub currency: Currency,
    pub total: Money,
    /// In the airline's currency.
    pub vendor_total: Option<Money>,
    pub created_at: Timestamp,
    pub ticketing_limit: Option<Timestamp>,
    pub passengers: Vec<Passenger>,
    pub segments: Vec<Segment>,
    pub fares: Fares,
    /// The operator's fee per passenger; charged when a refund is credited.
    pub fee_per_passenger: Option<Money>,
    /// The operator's fee per order, where it is not per passenger.
    pub fee_per_order: Option<Money>,
    /// One rule for the outbound, a second for the inbound of a round trip.
    pub refund_rules: Vec<RefundRule>,
    pub airline_bookings: Vec<AirlineBooking>,
}

/// Somebody who travels. `no` counts from 1 in the order's own sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passenger {
    pub no: i64,
    pub name: String,
    pub passenger_type: PassengerType,
    pub birthday: Option<String>,
    pub gender: Option<String>,
    pub nationality: Option<String>,
    pub document_type: Option<String>,
    pub document_number: Option<String>,
    pub ticket_numbers: Vec<String>,
    pub airline_pnrs: Vec<String>,
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    pub ancillaries: Vec<Ancillary>,
}

/// Baggage or a seat, bought for one passenger on one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancillary {
    pub product_type: ProductType,
    pub product_code: String,
    pub segment_no: Option<i64>,
    pub price: Money,
}

/// One flight. Times are local to the airports; the instants follow from the airports' zones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub no: i64,
    pub direction: Direction,
    pub carrier: String,
    pub flight_number: String,
    pub operating_carrier: Option<String>,
    pub departure_airport: String,
    pub departure_local: DateTime,
    pub departure_at: Timestamp,
    pub departure_terminal: Option<String>,
    pub arrival_airport: String,
    pub arrival_local: DateTime,
    pub arrival_at: Timestamp,
    pub arrival_terminal: Option<String>,
    pub cabin: Option<String>,
    pub fare_family: Option<String>,
}

/// Fare and tax per passenger of each type, in the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fares {
    pub adult: Option<Fare>,
    pub child: Option<Fare>,
    pub infant: Option<Fare>,
}

impl Fares {
    /// The price of one passenger of a type.
    #[must_use]
    pub const fn of(&self, passenger_type: PassengerType) -> Option<Fare> {
        match passenger_type {
            PassengerType::Adult => self.adult,
            PassengerType::Child => self.child,
            PassengerType::Infant => self.infant,
        }
    }
}

/// What one passenger paid for the whole journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fare {
    pub fare: Money,
    pub tax: Money,
}

/// The airline's refund rule for one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRule {
    pub direction: Direction,
    pub windows: Vec<Window>,
    pub no_show: Option<NoShow>,
}

/// What holds from `from_minute` until `to_minute`, counted down to departure: positive before it, negative after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub refundability: Refundability,
    pub from_minute: i64,
    pub to_minute: i64,
    /// Per passenger, in the airline's currency; only where there is a fee.
    pub fee: Option<Money>,
}

/// What holds for who does not cancel in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoShow {
    pub refundability: Refundability,
    /// A passenger who has not cancelled so many minutes before departure is a no-show.
    pub cutoff_minutes: i64,
    pub fee: Option<Money>,
}

/// The booking at the airline, as its own site knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AirlineBooking {
    pub airline_code: String,
    pub airline_name: String,
    pub pnr: String,
    pub website: Option<String>,
    pub login_email: Option<String>,
    pub card_digits: Option<String>,
}

impl Booking {
    /// The segments of one direction, in order.
    pub fn segments_of(&self, direction: Direction) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(move |segment| segment.direction == direction)
    }

    /// The first departure of one direction.
    #[must_use]
    pub fn departure_of(&self, direction: Direction) -> Option<&Segment> {
        self.segments_of(direction).next()
    }

    /// The carrier of each segment, once per direction's legs: `U2,U2`.
    #[must_use]
    pub fn airlines(&self) -> String {
        self.segments.iter().map(|segment| segment.carrier.as_str()).collect::<Vec<_>>().join(",")
    }

    /// The airline's PNR, or the operator's where there is none.
    #[must_use]
    pub fn airline_pnr(&self) -> &str {
        let airline = self.airline_bookings.iter().map(|booking| booking.pnr.as_str()).find(|pnr| !pnr.is_empty());
        airline.or_else(|| self.passengers.iter().flat_map(|p| &p.airline_pnrs).map(String::as_str).next()).unwrap_or(&self.operator_pnr)
    }

    /// The ancillaries of everybody, added up. Only those in the order's currency count.
    #[must_use]
    pub fn ancillary_total(&self) -> Money {
        let prices = self.passengers.iter().flat_map(|passenger| &passenger.ancillaries).map(|ancillary| ancillary.price);
        prices.fold(Money::zero(self.currency), |sum, price| sum.plus(price).unwrap_or(sum))
    }

    /// How many passengers of each type there are.
    #[must_use]
    pub fn count_of(&self, passenger_type: PassengerType) -> usize {
        self.passengers.iter().filter(|passenger| passenger.passenger_type == passenger_type).count()
    }
}
