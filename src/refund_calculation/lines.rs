//! The lines of a quote: each amount with what it is made of.

use serde::{Deserialize, Serialize};

use super::rules::Waives;
use crate::kernel::code::Code;
use crate::kernel::money::{Money, MoneyError};

/// What a passenger's refund is made of: `fare_paid − fare_used − fare_lost − fees + tax_returned + ancillaries_returned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    pub fare_paid: Money,
    /// The applicable fare of the used part, at most what was paid unless the rules charge more.
    pub fare_used: Money,
    /// The fare of non-refundable parts.
    pub fare_lost: Money,
    /// What fees would be without a cap.
    pub fees_before_cap: Money,
    pub fees: Money,
    pub tax_returned: Money,
    pub ancillaries_returned: Money,
    /// Taken back from the agency by the airline, never from the passenger.
    pub commission_recalled: Money,
    /// The agency's share of the cancellation fee.
    pub commission_on_fee: Money,
}

impl Breakdown {
    pub(super) fn nothing(fare_paid: Money) -> Self {
        let zero = Money::zero(fare_paid.currency);
        Self {
            fare_paid,
            fare_used: zero,
            fare_lost: zero,
            fees_before_cap: zero,
            fees: zero,
            tax_returned: zero,
            ancillaries_returned: zero,
            commission_recalled: zero,
            commission_on_fee: zero,
        }
    }

    /// The fare less its used part, before anything is lost or charged.
    ///
    /// # Errors
    /// On overflow.
    pub fn fare_refund(&self) -> Result<Money, MoneyError> {
        self.fare_paid.minus(self.fare_used)
    }

    /// What comes back of fare and taxes.
    ///
    /// # Errors
    /// On overflow.
    pub fn of_fare_and_tax(&self) -> Result<Money, MoneyError> {
        self.fare_back()?.plus(self.tax_returned)
    }

    /// Everything that comes back; nothing on overflow.
    #[must_use]
    pub fn refund(&self) -> Option<Money> {
        self.of_fare_and_tax().and_then(|sum| sum.plus(self.ancillaries_returned)).ok()
    }

    /// What comes back of the fare once everything is taken.
    ///
    /// # Errors
    /// On overflow.
    pub fn fare_back(&self) -> Result<Money, MoneyError> {
        self.fare_refund()?.minus(self.fare_lost)?.minus(self.fees)
    }
}

crate::text_column! {
    /// Why a one-way fare was not taken for a used part.
    pub enum Rejected {
        OtherRoute = "other-route",
        OtherPublication = "other-publication",
        LowerLevel = "lower-level",
        ShorterValidity = "shorter-validity",
        LowerClass = "lower-class",
        UnknownClass = "unknown-class",
        NotAboveHalf = "not-above-half",
        FurtherAway = "further-away",
    }
}

crate::text_column! {
    /// By which step of the search a used fare was found (TM 5.1, 5.8).
    pub enum UsedFareStep {
        Stated = "stated",
        NamedByRule = "named-by-rule",
        SameFareBasis = "same-fare-basis",
        SameLevel = "same-level",
        HigherLevel = "higher-level",
        NearestHigherClass = "nearest-higher-class",
        AsTicketed = "as-ticketed",
        HalfRoundTrip = "half-round-trip",
    }
}

/// A one-way fare that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAt {
    pub fare_basis: Code,
    pub booking_class: Code,
    pub fare: Money,
    pub rejected: Rejected,
}

/// The applicable fare of one used component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedFareLine {
    /// Nothing where one amount was stated for the whole used part.
    pub component: Option<i64>,
    pub step: UsedFareStep,
    pub fare_basis: Option<Code>,
    pub booking_class: Option<Code>,
    pub fare: Money,
    pub rejected: Vec<LookedAt>,
}

crate::text_column! {
    pub enum FeeKind { Cancellation = "cancellation", NoShow = "no-show", Misc = "misc", TaxOnly = "tax-only" }
}

impl FeeKind {
    /// What a waiver must say to take such a fee.
    #[must_use]
    pub const fn waived_by(self) -> Waives {
        match self {
            Self::Cancellation | Self::Misc => Waives::Fee,
            Self::NoShow => Waives::NoShow,
            Self::TaxOnly => Waives::TaxOnlyFee,
        }
    }
}

/// One fee of one passenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeLine {
    /// The component that it was assessed on; nothing for a fee of the whole ticket.
    pub component: Option<i64>,
    pub kind: FeeKind,
    /// As the rule has it, in the rule's currency.
    pub rule_amount: Money,
    /// The share and what it was taken of, where the rule has a share.
    pub basis_points: Option<u32>,
    pub of: Option<Money>,
    /// What is charged, in the order's currency; zero where another fee stands for it or it is waived.
    pub charged: Money,
    /// The charge as a share of the fare refund, in hundredths of a percent, rounded half-up.
    pub share_of_fare_refund: Option<u32>,
    pub waived: bool,
}

impl FeeLine {
    /// A fee as the rule has it, nothing charged yet.
    pub(super) const fn of_rule(kind: FeeKind, component: Option<i64>, rule_amount: Money) -> Self {
        let charged = Money::zero(rule_amount.currency);
        Self { component, kind, rule_amount, basis_points: None, of: None, charged, share_of_fare_refund: None, waived: false }
    }
}

/// One tax of one passenger: `amount = used + kept + refund`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    pub code: Code,
    pub station: Option<Code>,
    pub coupon: Option<i64>,
    pub amount: Money,
    pub used: Money,
    /// What is not refundable by a rule.
    pub kept: Money,
    pub refund: Money,
}

/// One ancillary of one passenger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AncillaryLine {
    pub name: String,
    pub price: Money,
    pub refund: Money,
}

crate::text_column! {
    /// A field of the host's refund screens.
    pub enum ScreenField {
        OriginalValue = "original-value",
        OldNet = "old-net",
        NewNet = "new-net",
        CancellationFee = "cancellation-fee",
        Taxes = "taxes",
        RefundAmount = "refund-amount",
    }
}

crate::text_column! {
    /// The two ways of refunding fares of which some are not refundable; both come to the same amount.
    pub enum Method { ExchangeTax = "exchange-tax", NetRemit = "net-remit" }
}

/// A value to type in the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedValue {
    pub method: Method,
    pub screen: i64,
    pub field: ScreenField,
    pub amount: Money,
}

crate::text_column! {
    /// Why a sector must be closed as no-go.
    pub enum NoGoCause { NoInteractiveCheckIn = "no-interactive-check-in", OtherOperator = "other-operator" }
}

/// A sector to be closed before the refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoGoSector {
    pub passenger: i64,
    pub coupon: i64,
    pub from: Code,
    pub to: Code,
    pub cause: NoGoCause,
}

/// Whether sectors must be closed before the refund, and which.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoGo {
    pub sectors: Vec<NoGoSector>,
    /// Airports of departure that the table does not name.
    pub unknown: Vec<Code>,
}
