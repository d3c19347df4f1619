//! The answer: a verdict, the lines, the totals, and the way there.

use serde::{Deserialize, Serialize};

use super::facts::{Direction, Facts, Passenger, Payment, Rate, Reason, Refundability, ServiceFee};
use super::rules::RuleSet;
use super::trace::Step;
use crate::kernel::money::{Currency, Money, MoneyError};

crate::text_column! {
    /// How sure the answer is.
    pub enum Verdict {
        /// The amounts follow from the airline's rule.
        Accurate = "accurate-quote",
        /// A fact is missing; the airline decides. It may be submitted all the same.
        CannotQuote = "cannot-quote",
        /// Nothing would come back.
        NonRefundable = "non-refundable",
    }
}

crate::text_column! {
    /// Why a verdict is not `Accurate`.
    pub enum ReasonCode {
        NoRule = "no-rule",
        OutsideWindows = "outside-windows",
        NoExchangeRate = "no-exchange-rate",
        FeeMissing = "fee-missing",
        AncillaryCurrency = "ancillary-currency",
        FareCurrency = "fare-currency",
        FareMissing = "fare-missing",
        DirectionFareMissing = "direction-fare-missing",
        NoShowConfirmation = "no-show-confirmation",
        FareNonRefundable = "fare-non-refundable",
        NoShow = "no-show",
        FeeTakesAll = "fee-takes-all",
        NobodySelected = "nobody-selected",
    }
}

crate::text_column! {
    /// Where the money goes.
    pub enum Destination { DepositBalance = "deposit-balance", CardOfPurchase = "card-of-purchase" }
}

/// What one passenger paid, what the airline keeps and what comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassengerLine {
    pub no: i64,
    pub name: String,
    pub fare: Money,
    pub tax: Money,
    pub ancillaries: Money,
    /// Nothing while the verdict is `CannotQuote`, as the two below.
    pub fare_penalty: Option<Money>,
    pub ancillary_penalty: Option<Money>,
    pub refund: Option<Money>,
}

impl PassengerLine {
    /// Everything paid, nothing taken yet.
    pub(super) fn paid(facts: &Facts, passenger: &Passenger) -> Result<Self, MoneyError> {
        let ancillaries = facts.ancillaries_of(passenger)?;
        Ok(Self {
            no: passenger.no,
            name: passenger.name.clone(),
            fare: passenger.fare,
            tax: passenger.tax,
            ancillaries,
            fare_penalty: None,
            ancillary_penalty: None,
            refund: None,
        })
    }

    /// What was paid.
    pub(super) fn original(&self) -> Result<Money, MoneyError> {
        self.fare.plus(self.tax)?.plus(self.ancillaries)
    }

    /// Takes the penalties off what was paid, and answers what is left.
    pub(super) fn close(&mut self, fare_penalty: Money, ancillary_penalty: Money) -> Result<Money, MoneyError> {
        let refund = self.original()?.minus(fare_penalty)?.minus(ancillary_penalty)?;
        (self.fare_penalty, self.ancillary_penalty, self.refund) = (Some(fare_penalty), Some(ancillary_penalty), Some(refund));
        Ok(refund)
    }

    /// Forgets penalties that were found before a fact turned out to be missing.
    pub(super) fn reopen(&mut self) {
        (self.fare_penalty, self.ancillary_penalty, self.refund) = (None, None, None);
    }
}

/// The window that was applied to a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedWindow {
    pub direction: Direction,
    pub minutes_before: i64,
    pub from_minute: i64,
    pub to_minute: i64,
    pub refundability: Refundability,
}

/// The six lines that a person reads, in the order's currency. Without a quote only what was paid and the fee are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub original: Money,
    pub fare: Money,
    pub tax: Money,
    pub ancillaries: Money,
    /// What the airline keeps of fare and taxes.
    pub fare_penalty: Option<Money>,
    /// What the airline keeps of the ancillaries.
    pub ancillary_penalty: Option<Money>,
    pub penalty: Option<Money>,
    /// `original − penalty`; the service fee is not taken off here.
    pub refund: Option<Money>,
    /// The operator's own, apart from the above.
    pub service_fee: Money,
}

impl Totals {
    pub(super) fn of(facts: &Facts, rules: &RuleSet, quote: &Quote) -> Result<Self, MoneyError> {
        let sum = |line: fn(&PassengerLine) -> Money| quote.passengers.iter().map(line).try_fold(Money::zero(facts.currency), Money::plus);
        let known = |line: fn(&PassengerLine) -> Option<Money>| {
            let amounts: Option<Vec<Money>> = quote.passengers.iter().map(line).collect();
            let amounts = amounts.filter(|_| quote.verdict != Verdict::CannotQuote);
            amounts.map(|amounts| amounts.into_iter().try_fold(Money::zero(facts.currency), Money::plus)).transpose()
        };
        let (fare, tax, ancillaries) = (sum(|l| l.fare)?, sum(|l| l.tax)?, sum(|l| l.ancillaries)?);
        let (fare_penalty, ancillary_penalty) = (known(|l| l.fare_penalty)?, known(|l| l.ancillary_penalty)?);
        Ok(Self {
            original: fare.plus(tax)?.plus(ancillaries)?,
            fare,
            tax,
            ancillaries,
            fare_penalty,
            ancillary_penalty,
            penalty: fare_penalty.zip(ancillary_penalty).map(|(fare, ancillary)| fare.plus(ancillary)).transpose()?,
            refund: known(|l| l.refund)?,
            service_fee: service_fee(facts, rules, quote.passengers.len())?,
        })
    }
}

fn service_fee(facts: &Facts, rules: &RuleSet, passengers: usize) -> Result<Money, MoneyError> {
    let zero = Money::zero(facts.currency);
    if facts.reason == Reason::Involuntary && !rules.service_fee_on_involuntary {
        return Ok(zero);
    }
    match facts.service_fee {
        ServiceFee::None => Ok(zero),
        ServiceFee::PerOrder(fee) => zero.plus(fee),
        ServiceFee::PerPassenger(fee) => (0..passengers).try_fold(zero, |sum, _| sum.plus(fee)),
    }
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
    pub rule_set_version: String,
    pub trace: Vec<Step>,
}

impl Quote {
    pub(super) fn begin(facts: &Facts, rules: &RuleSet) -> Self {
        let zero = Money::zero(facts.currency);
        Self {
            verdict: Verdict::Accurate,
            reasons: Vec::new(),
            currency: facts.currency,
            passengers: Vec::with_capacity(facts.passengers.len()),
            totals: Totals {
                original: zero,
                fare: zero,
                tax: zero,
                ancillaries: zero,
                fare_penalty: None,
                ancillary_penalty: None,
                penalty: None,
                refund: None,
                service_fee: zero,
            },
            windows: Vec::new(),
            rates: Vec::new(),
            destination: match facts.payment {
                Payment::Deposit => Destination::DepositBalance,
                Payment::Card => Destination::CardOfPurchase,
            },
            rule_set_version: rules.version.clone(),
            trace: Vec::new(),
        }
    }

    /// Ends without amounts: the airline decides.
    pub(super) fn cannot(&mut self, reason: ReasonCode) {
        self.verdict = Verdict::CannotQuote;
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Notes why nothing, or less, comes back.
    pub(super) fn because(&mut self, reason: ReasonCode) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }
}
