//! The refund conditions of a fare: for whom they hold, their ladder of windows, the no-show rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::Direction;
use super::rules::UsedFareMethod;
use super::ticket::PassengerType;
use crate::kernel::code::Code;
use crate::kernel::money::Money;
use crate::kernel::time::Date;

crate::text_column! {
    /// What a window says of the fare: nothing comes back, it comes back less a fee, it comes back.
    pub enum Refundability { NonRefundable = "T", WithFee = "H", Free = "F" }
}

crate::text_column! {
    /// What a fee is taken once for.
    pub enum FeeUnit {
        Coupon = "coupon",
        Direction = "direction",
        Component = "component",
        PricingUnit = "pricing-unit",
        Ticket = "ticket",
        /// Once per passenger, however many tickets.
        Journey = "journey",
    }
}

crate::text_column! {
    /// What a share is taken of.
    pub enum FeeBase {
        /// The fare of the fee's unit.
        Fare = "fare",
        /// The same with its fuel surcharges (YQ, YR).
        FarePlusFuel = "fare-plus-fuel",
        /// The same with all its taxes.
        FarePlusTax = "fare-plus-tax",
        /// The fare of the fare component, whatever the unit.
        Component = "component",
    }
}

/// One set of conditions. In a rule set and in facts, the first that applies holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    pub name: String,
    /// Where the rule is written, such as `TM 5.8`; shown with every step that follows from it.
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub applies: Applies,
    #[serde(default = "per_direction")]
    pub fee_unit: FeeUnit,
    /// From the earliest to the latest, without gaps.
    pub windows: Vec<Window>,
    #[serde(default)]
    pub no_show: Option<NoShow>,
    /// A further fee per ticket, apart from the cancellation fee.
    #[serde(default)]
    pub misc_fee: Option<Money>,
    /// How these fares price a used part, where they say so themselves.
    #[serde(default)]
    pub used_fare: Option<UsedFareMethod>,
}

const fn per_direction() -> FeeUnit {
    FeeUnit::Direction
}

/// For which fares conditions hold. What is left out is not asked; a code may end in `*`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Applies {
    pub directions: Vec<Direction>,
    pub booking_classes: Vec<Code>,
    pub fare_bases: Vec<Code>,
    pub passenger_types: Vec<PassengerType>,
    pub document_numbers: Vec<Code>,
    pub domestic: Option<bool>,
    pub issued_from: Option<Date>,
    /// The last day of issue.
    pub issued_until: Option<Date>,
}

/// What [`Applies`] asks about.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub direction: Direction,
    pub booking_class: Option<Code>,
    pub fare_basis: Option<Code>,
    pub passenger_type: PassengerType,
    pub document_number: Option<Code>,
    pub domestic: Option<bool>,
    pub issued_on: Option<Date>,
}

impl Applies {
    /// Whether all that is asked is so; nothing where it hangs on a fact that is not known.
    #[must_use]
    pub fn to(&self, asked: &Asked) -> Option<bool> {
        let covered = |patterns: &[Code], code: Option<Code>| {
            if patterns.is_empty() { Some(true) } else { code.map(|code| patterns.iter().any(|pattern| pattern.covers(&code))) }
        };
        let is_so = |asks: bool, answer: Option<bool>| if asks { answer } else { Some(true) };
        let answers = [
            Some(self.directions.is_empty() || self.directions.contains(&asked.direction)),
            Some(self.passenger_types.is_empty() || self.passenger_types.contains(&asked.passenger_type)),
            covered(&self.booking_classes, asked.booking_class),
            covered(&self.fare_bases, asked.fare_basis),
            // A ticket without a number is not the one that is named.
            Some(covered(&self.document_numbers, asked.document_number).unwrap_or(false)),
            is_so(self.domestic.is_some(), asked.domestic.map(|domestic| self.domestic == Some(domestic))),
            is_so(self.issued_from.is_some(), asked.issued_on.map(|day| self.issued_from.is_none_or(|from| day >= from))),
            is_so(self.issued_until.is_some(), asked.issued_on.map(|day| self.issued_until.is_none_or(|until| day <= until))),
        ];
        if answers.contains(&Some(false)) {
            return Some(false);
        }
        (!answers.contains(&None)).then_some(true)
    }
}

/// A fee: an amount, a share in hundredths of a percent, or fixed amounts of which the one in the ticket's currency is
/// taken and none converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fee {
    Amount(Money),
    BasisPoints(u32),
    LocalAmounts(Vec<Money>),
}

/// What holds in a span of time before departure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub span: Span,
    pub refundability: Refundability,
    #[serde(default)]
    pub fee: Option<Fee>,
    /// What a share is taken of.
    #[serde(default = "of_fare")]
    pub base: FeeBase,
    #[serde(default)]
    pub minimum: Option<Money>,
    #[serde(default)]
    pub maximum: Option<Money>,
}

const fn of_fare() -> FeeBase {
    FeeBase::Fare
}

/// From when until when, counted down to departure: positive before it, negative after. An end that is left out is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Minutes before the moment of departure, decided to the second.
    Minutes(Range),
    /// Calendar days before the local date of departure: 1 is the day before, 0 the day itself.
    Days(Range),
}

/// Begins at `from`, ends at `to`. `from` belongs to it and `to` does not; with `to_included` it is the other way round,
/// as in "at least 7 days before departure".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Range {
    pub from: Option<i64>,
    pub to: Option<i64>,
    pub to_included: bool,
}

impl Range {
    /// Whether a value lies inside, in units of which `scale` make one of the range's.
    #[must_use]
    pub fn holds(&self, value: i64, scale: i64) -> bool {
        let (from, to) = (self.from.map(|from| from.saturating_mul(scale)), self.to.map(|to| to.saturating_mul(scale)));
        if self.to_included {
            from.is_none_or(|from| value < from) && to.is_none_or(|to| value >= to)
        } else {
            from.is_none_or(|from| value <= from) && to.is_none_or(|to| value > to)
        }
    }
}

impl Span {
    /// The range, in minutes or days.
    #[must_use]
    pub const fn range(&self) -> &Range {
        match self {
            Self::Minutes(range) | Self::Days(range) => range,
        }
    }
}

/// What holds for a passenger who did not cancel in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoShow {
    /// A seat given back later than this many minutes before departure is a no-show's.
    pub cutoff_minutes: i64,
    pub refundability: Refundability,
    /// Added to the window's fee.
    #[serde(default)]
    pub fee: Option<Fee>,
}
