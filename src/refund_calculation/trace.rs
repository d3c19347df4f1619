//! The way to the answer, step by step, with the numbers of each; pages put it into words.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::facts::{Direction, FormOfPayment, PassengerType, Refundability};
use super::lines::{Method, NoGoCause, Rejected, UsedFareStep};
use super::quote::{Destination, Document, ReasonCode};
use super::rules::{Combination, Hierarchy, Section};
use crate::kernel::code::Code;
use crate::kernel::money::Money;
use crate::kernel::time::Date;

/// One step of the calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// What a passenger paid.
    Paid {
        passenger: i64,
        fare: Money,
        tax: Money,
        ancillaries: Money,
    },
    /// The airline changed or cancelled the flight: it may keep nothing.
    AirlineCause,
    /// The sale is undone as a whole.
    Voided,
    /// A law gives the right to a full refund.
    Right {
        regime: String,
        basis: String,
    },
    /// No law gives a right for what happened.
    NoRight,
    /// By when a law wants the refund made.
    Deadline {
        day: Date,
        basis: String,
    },
    /// The rule of a direction that holds now, in minutes; an open end is left out.
    Window {
        direction: Direction,
        minutes_before: i64,
        from_minute: Option<i64>,
        to_minute: Option<i64>,
        refundability: Refundability,
    },
    /// The same in calendar days.
    WindowOfDays {
        direction: Direction,
        days_before: i64,
        from_day: Option<i64>,
        to_day: Option<i64>,
        refundability: Refundability,
    },
    /// Too late to cancel: the no-show rule holds as well.
    NoShow {
        direction: Direction,
        cutoff_minutes: i64,
        refundability: Refundability,
    },
    /// A fee that is an amount per passenger.
    Fee {
        direction: Direction,
        amount: Money,
    },
    /// A fee that is a share of the fare.
    Share {
        direction: Direction,
        basis_points: u32,
        of: Money,
        amount: Money,
    },
    /// A fee was raised to its minimum or lowered to its maximum.
    Limited {
        from: Money,
        to: Money,
    },
    /// A passenger of this type pays a share of the fee.
    Factor {
        passenger_type: PassengerType,
        basis_points: u32,
        amount: Money,
    },
    /// A further fee per ticket.
    MiscFee {
        amount: Money,
    },
    /// A waiver took a fee away.
    Waived {
        code: Code,
        amount: Money,
    },
    /// An amount of the airline's currency in the order's.
    Converted {
        from: Money,
        to: Money,
        rate: Decimal,
        day: Date,
    },
    /// The same, by a rate that is given the other way round.
    ConvertedInversely {
        from: Money,
        to: Money,
        rate: Decimal,
        day: Date,
    },
    /// The strictest of the tickets of a chain.
    Strictest {
        document: Option<Code>,
        kept: Money,
        instead_of: Money,
    },
    /// The fare of an earlier non-refundable ticket stays locked.
    Locked {
        document: Code,
        amount: Money,
    },
    /// A one-way fare that was not taken.
    UsedFareRejected {
        fare_basis: Code,
        booking_class: Code,
        fare: Money,
        why: Rejected,
        half: Option<Money>,
    },
    /// The applicable fare of a used part.
    UsedFare {
        how: UsedFareStep,
        fare_basis: Option<Code>,
        fare: Money,
    },
    /// The used fare was above the fare paid.
    UsedAbovePaid {
        used: Money,
        paid: Money,
    },
    /// What is left of the fare after the used part.
    FareRefund {
        paid: Money,
        used: Money,
        left: Money,
    },
    /// The fare of the unused part, where it is more.
    UnusedPart {
        amount: Money,
    },
    /// Components whose conditions rule the others.
    Ruled {
        hierarchy: Hierarchy,
    },
    /// How several components' fees make one.
    Combined {
        combination: Combination,
        lost: Money,
        fees: Money,
    },
    /// One ticket joins refundable and non-refundable fares: two methods, one amount.
    Mixed {
        old_net: Money,
        new_net: Money,
        fees: Money,
        taxes: Money,
        refund: Money,
        method: Method,
    },
    /// The fees were higher than what they may take.
    Capped {
        passenger: i64,
        fees: Money,
        cap: Money,
    },
    /// The fees are higher than the refund, and the rest is owed.
    Owed {
        passenger: i64,
        amount: Money,
    },
    /// The fare does not come back.
    FareKept {
        passenger: i64,
        kept: Money,
    },
    TaxReturned {
        code: Code,
        amount: Money,
    },
    TaxUsed {
        code: Code,
        amount: Money,
    },
    TaxKept {
        code: Code,
        amount: Money,
    },
    /// What a refund of taxes alone costs.
    TaxOnlyFee {
        amount: Money,
    },
    /// Ancillaries that the airline does not give back.
    AncillariesKept {
        passenger: i64,
        kept: Money,
    },
    /// Commission that the airline takes back from the agency.
    CommissionRecalled {
        amount: Money,
    },
    /// The agency's share of the cancellation fee.
    CommissionOnFee {
        amount: Money,
    },
    /// What a passenger gets.
    Refund {
        passenger: i64,
        paid: Money,
        kept: Money,
        refund: Money,
    },
    /// A fact is missing, or a person must look.
    Missing {
        reason: ReasonCode,
    },
    /// A paper that the branch office asks for.
    Bring {
        document: Document,
    },
    /// A sector to be closed before the refund.
    NoGo {
        from: Code,
        to: Code,
        cause: NoGoCause,
    },
    /// No sector must be closed.
    NoGoNone,
    /// The form of payment to choose in the host.
    FormOfPayment {
        form: FormOfPayment,
    },
    /// Everything together.
    Total {
        original: Money,
        penalty: Money,
        refund: Money,
    },
    /// What the airline pays the agency, where commission makes a difference.
    AirlineToAgency {
        amount: Money,
    },
    /// The operator's fee, apart from the refund.
    ServiceFee {
        amount: Money,
    },
    /// The agency's fee, apart from the refund.
    AgencyFee {
        amount: Money,
    },
    /// Where the money goes.
    Destination {
        destination: Destination,
    },
}

impl Step {
    /// The part of the rules that a step follows from.
    #[must_use]
    pub const fn section(&self) -> Section {
        match self {
            Self::Paid { .. } | Self::Missing { .. } => Section::Document,
            Self::AirlineCause | Self::Right { .. } | Self::NoRight | Self::Deadline { .. } | Self::UnusedPart { .. } => {
                Section::Involuntary
            }
            Self::Voided
            | Self::Window { .. }
            | Self::WindowOfDays { .. }
            | Self::Fee { .. }
            | Self::Share { .. }
            | Self::Limited { .. }
            | Self::MiscFee { .. }
            | Self::FareKept { .. } => Section::Conditions,
            Self::NoShow { .. } => Section::NoShow,
            Self::Factor { .. } => Section::PassengerFactor,
            Self::Waived { .. } => Section::Waiver,
            Self::Converted { .. } | Self::ConvertedInversely { .. } => Section::Conversion,
            Self::Strictest { .. } | Self::Locked { .. } => Section::Chain,
            Self::UsedFareRejected { .. } | Self::UsedFare { .. } | Self::UsedAbovePaid { .. } => Section::UsedFare,
            Self::Ruled { .. } | Self::Combined { .. } => Section::Combination,
            Self::Mixed { .. } => Section::Mixed,
            Self::Capped { .. } | Self::Owed { .. } => Section::Cap,
            Self::TaxReturned { .. } | Self::TaxUsed { .. } | Self::TaxKept { .. } | Self::TaxOnlyFee { .. } => Section::Taxes,
            Self::AncillariesKept { .. } => Section::Ancillaries,
            Self::CommissionRecalled { .. } | Self::CommissionOnFee { .. } => Section::Commission,
            Self::Bring { .. } => Section::OutOfSequence,
            Self::NoGo { .. } | Self::NoGoNone => Section::NoGo,
            Self::FormOfPayment { .. } => Section::FormOfPayment,
            Self::Destination { .. } => Section::Destination,
            Self::ServiceFee { .. } | Self::AgencyFee { .. } => Section::Fees,
            Self::FareRefund { .. } | Self::Refund { .. } | Self::Total { .. } | Self::AirlineToAgency { .. } => Section::Arithmetic,
        }
    }
}
