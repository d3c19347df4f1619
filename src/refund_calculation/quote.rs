//! The answer: a verdict, the lines, the totals, and the way there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::{Direction, Facts, FormOfPayment, Payment, Rate, Refundability, Ticket};
use super::lines::{AncillaryLine, FeeLine, NoGo, ScreenField, TaxLine, TypedValue, UsedFareLine};
use super::rules::{RuleSet, Section};
use super::totals::Totals;
use super::trace::Step;
use crate::kernel::money::{Currency, Money, MoneyError};
use crate::kernel::time::Date;

pub use super::conditions::Span;
pub use super::lines::Breakdown;

crate::text_column! {
    /// How sure the answer is.
    pub enum Verdict {
        /// The amounts follow from the airline's rule.
        Accurate = "accurate-quote",
        /// The amounts follow from the facts, and something about them is still for the airline to say.
        Estimated = "estimated",
        /// A fact is missing; the airline decides. It may be submitted all the same.
        CannotQuote = "cannot-quote",
        /// Nothing would come back.
        NonRefundable = "non-refundable",
        /// A person must do it, with the documents named.
        ManualReview = "manual-review",
    }
}

crate::text_column! {
    /// Why a verdict is not `Accurate`, or what else must be known about it.
    pub enum ReasonCode {
        NoRule = "no-rule",
        FareFactMissing = "fare-fact-missing",
        ConditionsBroken = "conditions-broken",
        OutsideWindows = "outside-windows",
        NoExchangeRate = "no-exchange-rate",
        FeeMissing = "fee-missing",
        LocalFeeMissing = "local-fee-missing",
        AncillaryCurrency = "ancillary-currency",
        FareCurrency = "fare-currency",
        FareMissing = "fare-missing",
        FareBelowZero = "fare-below-zero",
        FareParts = "fare-parts",
        ComponentMissing = "component-missing",
        TooLarge = "too-large",
        DirectionFareMissing = "direction-fare-missing",
        TaxCouponMissing = "tax-coupon-missing",
        CouponNotOpen = "coupon-not-open",
        CouponGone = "coupon-gone",
        OutOfSequence = "out-of-sequence",
        NoShowConfirmation = "no-show-confirmation",
        UsedFareMissing = "used-fare-missing",
        CandidateFactMissing = "candidate-fact-missing",
        UsedFareByHand = "used-fare-by-hand",
        ClassOrderMissing = "class-order-missing",
        PublicationMissing = "publication-missing",
        ChainRuleMissing = "chain-rule-missing",
        WaiverUnknown = "waiver-unknown",
        EventMissing = "event-missing",
        CarrierCountryMissing = "carrier-country-missing",
        NoInvoluntaryRight = "no-involuntary-right",
        UnknownAirport = "unknown-airport",
        NoGoTableMissing = "no-go-table-missing",
        /// Lines and totals disagree: a fault of ours, never shown as an amount.
        CrossCheck = "cross-check",
        CalendarMissing = "calendar-missing",
        HalfRoundTripEstimate = "half-round-trip-estimate",
        FareNonRefundable = "fare-non-refundable",
        NoShow = "no-show",
        FeeTakesAll = "fee-takes-all",
        FullyUsed = "fully-used",
        NobodySelected = "nobody-selected",
    }
}

crate::text_column! {
    /// Where the money goes.
    pub enum Destination {
        DepositBalance = "deposit-balance",
        CardOfPurchase = "card-of-purchase",
        /// Where the form of payment is "Accounting" (the money still goes to the agency).
        AgencyAccount = "agency-account",
    }
}

crate::text_column! {
    /// What the branch office asks for.
    pub enum Document {
        IntroductionLetter = "introduction-letter",
        RefundForm = "refund-form",
        IdentityCard = "identity-card",
        NoShowConfirmation = "no-show-confirmation",
    }
}

/// What one passenger paid, what the airline keeps and what comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassengerLine {
    pub no: i64,
    pub name: String,
    pub fare: Money,
    pub tax: Money,
    pub ancillaries: Money,
    /// All that is kept of fare and taxes, the used part included. Nothing while no amount can be named, as the two below.
    pub fare_penalty: Option<Money>,
    pub ancillary_penalty: Option<Money>,
    pub refund: Option<Money>,
    /// What the amounts above are made of.
    #[serde(default)]
    pub breakdown: Option<Breakdown>,
    /// The fare taken for each used component, and the rejected ones with their reasons.
    #[serde(default)]
    pub used_fares: Vec<UsedFareLine>,
    #[serde(default)]
    pub fees: Vec<FeeLine>,
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
    #[serde(default)]
    pub extras: Vec<AncillaryLine>,
    #[serde(default)]
    pub values_to_type: Vec<TypedValue>,
}

impl PassengerLine {
    /// Everything paid, nothing taken yet.
    pub(super) fn paid(ticket: &Ticket) -> Result<Self, MoneyError> {
        Ok(Self {
            no: ticket.no,
            name: ticket.name.clone(),
            fare: ticket.fare,
            tax: ticket.tax()?,
            ancillaries: ticket.ancillaries()?,
            fare_penalty: None,
            ancillary_penalty: None,
            refund: None,
            breakdown: None,
            used_fares: Vec::new(),
            fees: Vec::new(),
            taxes: Vec::new(),
            extras: Vec::new(),
            values_to_type: Vec::new(),
        })
    }

    /// The amount that the host must show before "Ticket" is pressed: its last screen's where it has screens, which know no
    /// extras, else what comes back.
    #[must_use]
    pub fn type_back(&self) -> Option<Money> {
        let on_screen = self.values_to_type.iter().find(|value| value.field == ScreenField::RefundAmount);
        self.refund.map(|refund| on_screen.map_or(refund, |value| value.amount))
    }

    /// What was paid.
    pub(super) fn original(&self) -> Result<Money, MoneyError> {
        self.fare.plus(self.tax)?.plus(self.ancillaries)
    }

    /// Writes what comes back and what is kept, so that both together are what was paid.
    pub(super) fn close(&mut self, breakdown: Breakdown) -> Result<Money, MoneyError> {
        let of_fare = breakdown.of_fare_and_tax()?;
        let refund = of_fare.plus(breakdown.ancillaries_returned)?;
        self.fare_penalty = Some(self.fare.plus(self.tax)?.minus(of_fare)?);
        self.ancillary_penalty = Some(self.ancillaries.minus(breakdown.ancillaries_returned)?);
        self.refund = Some(refund);
        self.breakdown = Some(breakdown);
        Ok(refund)
    }

    /// Forgets amounts that were found before a fact turned out to be missing.
    pub(super) fn reopen(&mut self) {
        (self.fare_penalty, self.ancillary_penalty, self.refund, self.breakdown) = (None, None, None, None);
        // Used fares stay: the rejected ones say what is missing.
        self.fees.clear();
        self.taxes.clear();
        self.extras.clear();
        self.values_to_type.clear();
    }
}

/// The window that was applied to a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedWindow {
    pub direction: Direction,
    pub refundability: Refundability,
    /// Absent in quotes made before spans could be days.
    #[serde(default)]
    pub span: Option<Span>,
}

/// The right that an involuntary refund rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    pub regime: String,
    /// The article, as it is cited.
    pub basis: String,
    /// By when the refund must be made; nothing where the law names no term or the calendar does not reach.
    pub deadline: Option<Date>,
}

/// What the calculation answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub verdict: Verdict,
    pub reasons: Vec<ReasonCode>,
    pub currency: Currency,
    pub passengers: Vec<PassengerLine>,
    pub totals: Totals,
    pub windows: Vec<AppliedWindow>,
    /// The rates that were used.
    pub rates: Vec<Rate>,
    pub destination: Destination,
    /// Name and version of the rules.
    pub rule_set_version: String,
    /// The sources of the parts of the rules that the trace rests on.
    #[serde(default)]
    pub sources: BTreeMap<Section, String>,
    /// The laws that give the right to this refund, the earliest deadline first.
    #[serde(default)]
    pub rights: Vec<Right>,
    #[serde(default)]
    pub no_go: Option<NoGo>,
    #[serde(default)]
    pub form_of_payment: Option<FormOfPayment>,
    #[serde(default)]
    pub documents: Vec<Document>,
    pub trace: Vec<Step>,
}

impl Quote {
    pub(super) fn begin(facts: &Facts, rules: &RuleSet) -> Self {
        Self {
            verdict: Verdict::Accurate,
            reasons: Vec::new(),
            currency: facts.currency,
            passengers: Vec::with_capacity(facts.tickets.len()),
            totals: Totals::nothing(facts.currency),
            windows: Vec::new(),
            rates: Vec::new(),
            destination: match facts.payment {
                Payment::Deposit => Destination::DepositBalance,
                Payment::Card => Destination::CardOfPurchase,
            },
            rule_set_version: rules.full_version(),
            sources: BTreeMap::new(),
            rights: Vec::new(),
            no_go: None,
            form_of_payment: None,
            documents: Vec::new(),
            trace: Vec::with_capacity(32),
        }
    }

    /// Notes why nothing, or less, comes back, or what is still open.
    pub(super) fn because(&mut self, reason: ReasonCode) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Whether nothing would come back, or something would even be owed.
    #[must_use]
    pub fn gives_nothing(&self) -> bool {
        self.verdict == Verdict::NonRefundable || self.totals.refund.is_some_and(|refund| refund.minor <= 0)
    }

    /// Whether the amounts can be relied on as far as the verdict says.
    #[must_use]
    pub const fn has_amounts(&self) -> bool {
        !matches!(self.verdict, Verdict::CannotQuote | Verdict::ManualReview)
    }
}
