//! A ticket as the calculation sees it: what was paid, for which coupons, by which fares, and what came before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::Direction;
use crate::kernel::code::Code;
use crate::kernel::money::{Money, MoneyError};
use crate::kernel::time::{Date, DateTime, Timestamp};

crate::text_column! {
    /// What a passenger is to the fare.
    pub enum PassengerType { Adult = "adult", Child = "child", Infant = "infant" }
}

crate::text_column! {
    /// Who published the fare. A used part is priced by a fare of the same form (TM 5.1).
    pub enum Publication { Iata = "iata", Carrier = "carrier", Private = "private" }
}

crate::text_column! {
    /// How a ticket was paid at its issue.
    pub enum FormOfPayment {
        Cash = "cash",
        Card = "card",
        AgencyCreditLimit = "agency-credit-limit",
        /// Stands in for the agency credit limit after several reissues; the money still goes to the agency's account.
        Accounting = "accounting",
        Other = "other",
    }
}

crate::text_column! {
    /// Where a coupon stands.
    pub enum CouponStatus {
        Open = "open",
        Flown = "flown",
        /// Checked in or under airport control: not refundable before it is open again.
        AirportControl = "airport-control",
        Suspended = "suspended",
        Refunded = "refunded",
        Exchanged = "exchanged",
        Void = "void",
        /// The document does not say; after departure only the airline knows.
        Unknown = "unknown",
    }
}

/// One passenger's ticket: a document or a conjunction set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The passenger's number, counted from 1 as in the order.
    pub no: i64,
    pub name: String,
    #[serde(default = "adult")]
    pub passenger_type: PassengerType,
    /// Whether an infant has a seat of its own.
    #[serde(default)]
    pub has_seat: bool,
    /// Whether this ticket's refund is asked for.
    pub selected: bool,
    /// The numbers of the conjunction set, first to last.
    #[serde(default)]
    pub document_numbers: Vec<Code>,
    #[serde(default)]
    pub issued_on: Option<Date>,
    #[serde(default)]
    pub issuing_office: Option<Code>,
    #[serde(default)]
    pub validating_carrier: Option<Code>,
    #[serde(default)]
    pub publication: Option<Publication>,
    #[serde(default)]
    pub tour_code: Option<Code>,
    #[serde(default)]
    pub commission: Option<Commission>,
    #[serde(default)]
    pub forms_of_payment: Vec<FormOfPayment>,
    /// For the whole journey.
    pub fare: Money,
    #[serde(default)]
    pub taxes: Vec<Tax>,
    /// The parts the fare is made of; at least one.
    pub components: Vec<FareComponent>,
    pub coupons: Vec<Coupon>,
    #[serde(default)]
    pub ancillaries: Vec<Ancillary>,
    /// The applicable fare of the used part, where the fare, the market or the agent states it.
    #[serde(default)]
    pub used_fare: Option<Money>,
    /// One-way fares by which a used part may be priced again.
    #[serde(default)]
    pub candidate_fares: Vec<OneWayFare>,
    /// The tickets that this one was exchanged from, first to last.
    #[serde(default)]
    pub chain: Vec<EarlierTicket>,
}

const fn adult() -> PassengerType {
    PassengerType::Adult
}

/// A priced part of the journey, with one set of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FareComponent {
    pub no: i64,
    /// Components of one pricing unit (a round trip, say) have the same number.
    #[serde(default = "one")]
    pub pricing_unit: i64,
    #[serde(default = "outbound")]
    pub direction: Direction,
    /// Its share of the fare; nothing where the document does not tell it.
    #[serde(default)]
    pub fare: Option<Money>,
    #[serde(default)]
    pub fare_basis: Option<Code>,
    #[serde(default)]
    pub booking_class: Option<Code>,
    /// Higher numbers are higher fare levels.
    #[serde(default)]
    pub fare_level: Option<i64>,
    /// How long the fare is valid.
    #[serde(default)]
    pub validity_days: Option<i64>,
}

const fn one() -> i64 {
    1
}

const fn outbound() -> Direction {
    Direction::Outbound
}

/// One flight of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    /// Counts from 1 over the whole conjunction set.
    pub no: i64,
    pub component: i64,
    #[serde(default = "open")]
    pub status: CouponStatus,
    /// The place of this coupon among those that were flown, where it is known: 1 was flown first.
    #[serde(default)]
    pub flown_order: Option<i64>,
    #[serde(default)]
    pub marketing_carrier: Option<Code>,
    #[serde(default)]
    pub operating_carrier: Option<Code>,
    pub from: Code,
    pub to: Code,
    /// The time at the airport of departure.
    pub departs_local: DateTime,
    /// The same moment, everywhere.
    pub departs_at: Timestamp,
}

const fn open() -> CouponStatus {
    CouponStatus::Open
}

/// One tax. The same code may occur more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    pub code: Code,
    pub amount: Money,
    /// The coupon it was raised for; nothing where the document gives it for the whole ticket.
    #[serde(default)]
    pub coupon: Option<i64>,
    /// The airport that raises it.
    #[serde(default)]
    pub station: Option<Code>,
    #[serde(default)]
    pub carrier: Option<Code>,
    /// What the document itself says, before any rule: `false` is never returned on a voluntary refund.
    #[serde(default)]
    pub refundable: Option<bool>,
}

/// Baggage, a seat or the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ancillary {
    pub name: String,
    pub price: Money,
    /// Whether the airline gives it back on a voluntary refund.
    #[serde(default)]
    pub refundable: bool,
    /// Whether it was used already; then it is never given back.
    #[serde(default)]
    pub used: bool,
}

/// What the agency earned on the ticket and earns on a cancellation fee, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commission {
    /// Of the fare. Left out where only an amount is known.
    #[serde(default)]
    pub basis_points: Option<u32>,
    /// For the whole fare, or as typed on the refund form.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The agency's share of the cancellation fee.
    #[serde(default)]
    pub fee_basis_points: u32,
}

/// A published one-way fare over a used part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneWayFare {
    pub from: Code,
    pub to: Code,
    pub fare_basis: Code,
    pub booking_class: Code,
    #[serde(default)]
    pub fare_level: Option<i64>,
    #[serde(default)]
    pub validity_days: Option<i64>,
    pub publication: Publication,
    pub fare: Money,
    /// Whether the fare or the market names this fare for used parts; it decides before any search.
    #[serde(default)]
    pub named_by_rule: bool,
}

/// A ticket that was exchanged for a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlierTicket {
    pub document_number: Code,
    #[serde(default)]
    pub issued_on: Option<Date>,
    pub fare: Money,
    #[serde(default)]
    pub fare_basis: Option<Code>,
    #[serde(default)]
    pub booking_class: Option<Code>,
}

impl CouponStatus {
    /// Whether the flight was taken.
    #[must_use]
    pub const fn is_used(self) -> bool {
        matches!(self, Self::Flown)
    }

    /// Whether the coupon can still be refunded.
    #[must_use]
    pub const fn is_refundable(self) -> bool {
        matches!(self, Self::Open | Self::Unknown)
    }
}

impl Ticket {
    /// All taxes together.
    ///
    /// # Errors
    /// For taxes in different currencies, or on overflow.
    pub fn tax(&self) -> Result<Money, MoneyError> {
        self.taxes.iter().map(|tax| tax.amount).try_fold(Money::zero(self.fare.currency), Money::plus)
    }

    /// All ancillaries together.
    ///
    /// # Errors
    /// As [`Ticket::tax`].
    pub fn ancillaries(&self) -> Result<Money, MoneyError> {
        self.ancillaries.iter().map(|ancillary| ancillary.price).try_fold(Money::zero(self.fare.currency), Money::plus)
    }

    /// The coupons of one fare component.
    pub fn coupons_of(&self, component: i64) -> impl Iterator<Item = &Coupon> {
        self.coupons.iter().filter(move |coupon| coupon.component == component)
    }

    /// A component's share of the fare; the whole fare where there is one component only.
    #[must_use]
    pub fn fare_of(&self, component: &FareComponent) -> Option<Money> {
        if self.components.len() == 1 { Some(self.fare) } else { component.fare }
    }

    /// Whether any coupon was flown.
    #[must_use]
    pub fn is_partly_used(&self) -> bool {
        self.coupons.iter().any(|coupon| coupon.status.is_used())
    }
}
