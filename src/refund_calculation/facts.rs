//! What the calculation is told. The same document that `afterfare quote FILE.json` reads.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::kernel::money::{Currency, Money, MoneyError};
use crate::kernel::time::{Date, Timestamp};

crate::text_column! {
    /// Why a refund is asked for: by the traveller's own wish, or because the airline changed or cancelled the flight.
    pub enum Reason { Voluntary = "voluntary", Involuntary = "involuntary" }
}

crate::text_column! {
    /// How the ticket was paid, and so where the money goes back to.
    pub enum Payment { Deposit = "deposit", Card = "card" }
}

crate::text_column! {
    /// Which way a part of the journey leads.
    pub enum Direction { Outbound = "outbound", Inbound = "inbound" }
}

/// Everything a quote depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The currency that the order is settled in.
    pub currency: Currency,
    pub payment: Payment,
    pub reason: Reason,
    /// When the refund was asked for; windows are measured from here.
    pub requested_at: Timestamp,
    /// Everybody on the order, selected or not.
    pub passengers: Vec<Passenger>,
    /// Names of selected passengers whose fare nobody knows; with any, no amount can be named.
    #[serde(default)]
    pub unpriced: Vec<String>,
    /// The parts of the journey, each with its first departure and its rule.
    pub directions: Vec<JourneyPart>,
    /// Rates by which penalties in the airline's currency become the order's.
    #[serde(default)]
    pub rates: Vec<Rate>,
    /// The operator's own fee for the refund.
    #[serde(default)]
    pub service_fee: ServiceFee,
}

/// One passenger and what was paid for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passenger {
    /// Counts from 1 as in the order.
    pub no: i64,
    pub name: String,
    /// Whether this passenger's refund is asked for.
    pub selected: bool,
    /// For the whole journey.
    pub fare: Money,
    pub tax: Money,
    /// The fare of each direction where the order tells them apart; needed when only one direction is refundable.
    #[serde(default)]
    pub fare_by_direction: Vec<DirectionFare>,
    #[serde(default)]
    pub ancillaries: Vec<Ancillary>,
}

/// The part of a passenger's fare and tax that one direction has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectionFare {
    pub direction: Direction,
    pub fare: Money,
    pub tax: Money,
}

/// Baggage, a seat or the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ancillary {
    pub name: String,
    pub price: Money,
    /// Whether the airline gives it back on a voluntary refund.
    #[serde(default)]
    pub refundable: bool,
}

/// One direction of the journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyPart {
    pub direction: Direction,
    /// The instant of its first departure.
    pub departs_at: Timestamp,
    /// The airline's rule, or nothing when the order has none.
    #[serde(default)]
    pub windows: Vec<Window>,
    #[serde(default)]
    pub no_show: Option<NoShow>,
}

crate::text_column! {
    /// What a window says of the fare: nothing comes back, it comes back less a fee, it comes back.
    pub enum Refundability { NonRefundable = "T", WithFee = "H", Free = "F" }
}

/// A fee: an amount per passenger, or a share of the fare in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fee {
    Amount(Money),
    BasisPoints(u32),
}

/// What holds from `from_minute` (included) down to `to_minute` (not included). Minutes count down to departure:
/// positive before it, negative after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub from_minute: i64,
    pub to_minute: i64,
    pub refundability: Refundability,
    #[serde(default)]
    pub fee: Option<Fee>,
}

/// What holds for a passenger who did not cancel in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoShow {
    /// A refund asked for later than this many minutes before departure is a no-show's.
    pub cutoff_minutes: i64,
    pub refundability: Refundability,
    /// Added to the window's fee.
    #[serde(default)]
    pub fee: Option<Fee>,
}

/// One unit of `from` was worth `rate` units of `to` on `day`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub from: Currency,
    pub to: Currency,
    pub day: Date,
    pub rate: Decimal,
}

/// What the operator takes for its work, apart from everything the airline keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceFee {
    #[default]
    None,
    PerPassenger(Money),
    PerOrder(Money),
}

impl Facts {
    /// The passengers whose refund is asked for.
    pub fn selected(&self) -> impl Iterator<Item = &Passenger> {
        self.passengers.iter().filter(|passenger| passenger.selected)
    }

    /// What a passenger's ancillaries cost together.
    ///
    /// # Errors
    /// When one is in another currency than the order.
    pub fn ancillaries_of(&self, passenger: &Passenger) -> Result<Money, MoneyError> {
        // One in another currency is a gate of its own; here only what can be added is added.
        let own = passenger.ancillaries.iter().filter(|ancillary| ancillary.price.currency == self.currency);
        own.map(|ancillary| ancillary.price).try_fold(Money::zero(self.currency), Money::plus)
    }
}
