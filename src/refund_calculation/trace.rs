//! The way to the answer, step by step, with the numbers of each; pages put it into words.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::facts::{Direction, Refundability};
use super::quote::{Destination, ReasonCode};
use crate::kernel::money::Money;
use crate::kernel::time::Date;

/// One step of the calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// What a passenger paid.
    Paid { passenger: i64, fare: Money, tax: Money, ancillaries: Money },
    /// The airline changed or cancelled the flight: it may keep nothing.
    AirlineCause,
    /// The rule of a direction that holds now.
    Window { direction: Direction, minutes_before: i64, from_minute: i64, to_minute: i64, refundability: Refundability },
    /// Too late to cancel: the no-show rule holds as well.
    NoShow { direction: Direction, cutoff_minutes: i64, refundability: Refundability },
    /// A fee that is an amount per passenger.
    Fee { direction: Direction, amount: Money },
    /// A fee that is a share of the fare.
    Share { direction: Direction, basis_points: u32, of: Money, amount: Money },
    /// An amount of the airline's currency in the order's.
    Converted { from: Money, to: Money, rate: Decimal, day: Date },
    /// The same, by a rate that is given the other way round.
    ConvertedInversely { from: Money, to: Money, rate: Decimal, day: Date },
    /// The fees were higher than what they may take.
    Capped { passenger: i64, fees: Money, cap: Money },
    /// The fare does not come back.
    FareKept { passenger: i64, kept: Money },
    /// Ancillaries that the airline does not give back.
    AncillariesKept { passenger: i64, kept: Money },
    /// What a passenger gets.
    Refund { passenger: i64, paid: Money, kept: Money, refund: Money },
    /// A fact is missing.
    Missing { reason: ReasonCode },
    /// Everything together.
    Total { original: Money, penalty: Money, refund: Money },
    /// The operator's fee, apart from the refund.
    ServiceFee { amount: Money },
    /// Where the money goes.
    Destination { destination: Destination },
}
