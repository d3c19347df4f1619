//! A rule set: a carrier's refund rules for a market as dated, versioned data. `docs/rules.md` explains the document.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conditions::Conditions;
use super::law::Law;
pub use super::rounding::{LineRounding, RoundingRules};
pub use super::tax_rules::{FuelRule, TaxRule, TaxRules};
use super::ticket::PassengerType;
use super::void::VoidRules;
use crate::kernel::code::Code;
use crate::kernel::time::Date;

crate::text_column! {
    /// What happens when fees are higher than what they are taken from.
    pub enum FeeCap {
        /// Fare and fuel surcharges are kept, government taxes come back.
        CapFareAndFuel = "cap-fare-and-fuel",
        /// Nothing comes back, nothing is owed.
        CapAll = "cap-all",
        /// What is missing is owed.
        CarryExcess = "carry-excess",
    }
}

crate::text_column! {
    /// How the fees of several fare components make one (ATPCO).
    pub enum Combination {
        /// Sum of each; a non-refundable component counts whole.
        SumOfEach = "F",
        /// The highest of each pricing unit.
        HighestOfPricingUnit = "P",
        /// The highest of the journey.
        HighestOfJourney = "J",
        /// Everything non-refundable, and the highest fee of the others.
        NonRefundablePlusHighest = "S",
        /// All is non-refundable if one component is.
        AllNonRefundable = "N",
    }
}

crate::text_column! {
    /// Which component's conditions rule the others of its pricing unit (ATPCO).
    pub enum Hierarchy { LeastRestrictive = "X", MostRestrictive = "M" }
}

crate::text_column! {
    /// Whose conditions hold for a reissued ticket.
    pub enum ChainRule {
        /// The strictest of old and new tickets, over the whole chain (TM 5).
        StrictestOfChain = "strictest-of-chain",
        /// The fare of a non-refundable earlier ticket stays locked; only what was added since comes back.
        LockOriginal = "lock-original",
    }
}

crate::text_column! {
    /// How the used part of a fare is priced.
    pub enum UsedFareMethod {
        OneWayReprice = "one-way-reprice",
        HalfRoundTrip = "half-round-trip",
        FareComponentAsTicketed = "fare-component-as-ticketed",
        Manual = "manual",
    }
}

crate::text_column! {
    /// What recalled commission is a share of.
    pub enum CommissionBase {
        FareRefund = "fare-refund",
        FareRefundLessFees = "fare-refund-less-fees",
    }
}

crate::text_column! {
    /// What a waiver waives.
    pub enum Waives { Fee = "fee", NoShow = "no-show", TaxOnlyFee = "tax-only-fee", NonRefundable = "non-refundable" }
}

crate::text_column! {
    /// The parts of the rules, each with a source of its own.
    pub enum Section {
        Document = "document",
        Conditions = "conditions",
        UsedFare = "used-fare",
        Chain = "chain",
        Mixed = "mixed",
        Combination = "combination",
        NoShow = "no-show",
        PassengerFactor = "passenger-factor",
        Waiver = "waiver",
        Cap = "cap",
        Taxes = "taxes",
        Ancillaries = "ancillaries",
        Commission = "commission",
        Conversion = "conversion",
        Involuntary = "involuntary",
        NoGo = "no-go",
        OutOfSequence = "out-of-sequence",
        FormOfPayment = "form-of-payment",
        Destination = "destination",
        Fees = "fees",
        Arithmetic = "arithmetic",
    }
}

crate::text_column! {
    /// Where all points of a journey must lie.
    pub enum Scope { Any = "any", Domestic = "domestic", International = "international" }
}

/// The journeys that a rule set is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Market {
    pub scope: Scope,
    /// ISO countries; with any, every point of the journey must lie in one of them.
    pub countries: Vec<Code>,
}

impl Default for Market {
    fn default() -> Self {
        Self { scope: Scope::Any, countries: Vec::new() }
    }
}

/// A carrier's rules for a market. A quote keeps the version it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a field of the document with a meaning of its own")]
pub struct RuleSet {
    /// Short name of the rules, such as `vn-domestic`; versions of one name follow each other.
    pub name: String,
    /// Such as `2018-02`.
    pub version: String,
    pub title: String,
    /// Where all this is written.
    pub source: String,
    /// The day on which the source said so.
    pub as_of: Date,
    /// Whether this is an example and no tariff.
    #[serde(default)]
    pub example: bool,
    /// The validating carrier; left out for any.
    #[serde(default)]
    pub carrier: Option<Code>,
    #[serde(default)]
    pub market: Market,
    /// Tickets issued from this day on.
    #[serde(default)]
    pub issued_from: Option<Date>,
    /// Tickets issued until this day.
    #[serde(default)]
    pub issued_until: Option<Date>,
    /// The ISO country that is domestic to this carrier.
    #[serde(default)]
    pub home_country: Option<Code>,
    #[serde(default)]
    pub conditions: Vec<Conditions>,
    #[serde(default = "sum_of_each")]
    pub combination: Combination,
    #[serde(default)]
    pub hierarchy: Option<Hierarchy>,
    #[serde(default = "strictest")]
    pub chain: ChainRule,
    #[serde(default)]
    pub used_fare: UsedFareRules,
    /// Whether the answer names the values to type on the host's refund screens 10, 30, 31 and 32.
    #[serde(default)]
    pub host_screens: bool,
    #[serde(default)]
    pub passenger_factors: Vec<PassengerFactor>,
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    #[serde(default = "fare_and_fuel")]
    pub fee_cap: FeeCap,
    #[serde(default)]
    pub taxes: TaxRules,
    #[serde(default = "of_fare_refund")]
    pub commission_base: CommissionBase,
    #[serde(default)]
    pub rounding: RoundingRules,
    /// Whether sectors must be closed as no-go before a refund.
    #[serde(default)]
    pub no_go: bool,
    /// The form of payment is "Accounting" from so many reissues on, where it was the agency credit limit.
    #[serde(default)]
    pub accounting_after_reissues: Option<u32>,
    /// Whether the operator takes its service fee on an involuntary refund too.
    #[serde(default)]
    pub service_fee_on_involuntary: bool,
    /// When a sale can be undone; left out, it cannot.
    #[serde(default)]
    pub void: Option<VoidRules>,
    /// The sources of single parts.
    #[serde(default)]
    pub sources: BTreeMap<Section, String>,
    /// Regimes and calendars to use instead of the ones that are shipped.
    #[serde(default)]
    pub law: Option<Law>,
}

const fn sum_of_each() -> Combination {
    Combination::SumOfEach
}

const fn strictest() -> ChainRule {
    ChainRule::StrictestOfChain
}

const fn fare_and_fuel() -> FeeCap {
    FeeCap::CapFareAndFuel
}

const fn of_fare_refund() -> CommissionBase {
    CommissionBase::FareRefund
}

/// How used parts are priced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UsedFareRules {
    pub method: UsedFareMethod,
    /// The carrier's booking classes from the lowest to the highest.
    pub booking_classes: Vec<Code>,
    /// Whether a used fare above the fare paid is charged; otherwise it leaves nothing.
    pub charge_above_paid: bool,
}

impl Default for UsedFareRules {
    fn default() -> Self {
        Self { method: UsedFareMethod::OneWayReprice, booking_classes: Vec::new(), charge_above_paid: false }
    }
}

/// The share of a fee that a passenger of a type pays; who is not named pays the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PassengerFactor {
    pub passenger_type: PassengerType,
    /// Only with, or only without a seat of its own.
    #[serde(default)]
    pub has_seat: Option<bool>,
    pub basis_points: u32,
}

impl PassengerFactor {
    /// The share in percent.
    #[must_use]
    pub fn percent(&self) -> rust_decimal::Decimal {
        rust_decimal::Decimal::new(i64::from(self.basis_points), 2).normalize()
    }
}

/// A waiver code and what it waives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    pub code: Code,
    pub waives: Vec<Waives>,
    #[serde(default)]
    pub from: Option<Date>,
    #[serde(default)]
    pub until: Option<Date>,
}

impl Waiver {
    /// Whether the waiver holds on a day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from) && self.until.is_none_or(|until| day <= until)
    }
}

/// The rules of low-cost orders as the document that they are.
pub const LOW_COST_DOCUMENT: &str = include_str!("../../rules/low-cost.json");

static LOW_COST: LazyLock<RuleSet> =
    LazyLock::new(|| serde_json::from_str(LOW_COST_DOCUMENT).unwrap_or_else(|error| panic!("rules/low-cost.json: {error}")));

impl RuleSet {
    /// The rules of low-cost orders, which stand where no other rule set does: windows come with the order.
    #[must_use]
    pub fn low_cost() -> &'static Self {
        &LOW_COST
    }

    /// Name and version together, as a quote keeps them.
    #[must_use]
    pub fn full_version(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }

    /// The share of fees that a passenger pays, in hundredths of a percent.
    #[must_use]
    pub fn factor(&self, passenger_type: PassengerType, has_seat: bool) -> u32 {
        let fits = |factor: &&PassengerFactor| {
            factor.passenger_type == passenger_type && factor.has_seat.is_none_or(|with_seat| with_seat == has_seat)
        };
        self.passenger_factors.iter().find(fits).map_or(10_000, |factor| factor.basis_points)
    }

    /// The law that holds: the rule set's own, or what is shipped.
    #[must_use]
    pub fn law(&self) -> &Law {
        self.law.as_ref().unwrap_or_else(|| Law::shipped())
    }
}
