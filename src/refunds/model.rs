//! A refund: the case from its submission to the credit.

use crate::bookings::model::PaymentChannel;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp, plus_days};
pub use crate::refund_calculation::facts::Reason;
use jiff::tz::TimeZone;

crate::text_column! {
    /// Where a refund stands. The numbers are those that programs know (`refundStatus`).
    pub enum Status {
        AtlasProcessing = "atlas-processing",
        AirlineProcessing = "airline-processing",
        Refunded = "refunded",
        AirlineRefunding = "airline-refunding",
        Rejected = "rejected",
        FulfillmentDone = "fulfillment-done",
        Withdrew = "withdrew",
    }
}

crate::text_column! {
    /// Who asks the airline: the operator, or the agency did already.
    pub enum Kind { Refund = "refund", Claim = "claim" }
}

crate::text_column! {
    /// Why the money that came differs from the estimate.
    pub enum Difference {
        HigherPenalty = "higher-penalty",
        LowerPenalty = "lower-penalty",
        ExchangeRate = "exchange-rate",
        TaxesKept = "taxes-kept",
        BankCharges = "bank-charges",
        GoodwillOfAirline = "goodwill-of-airline",
        Other = "other",
    }
}

crate::text_column! {
    /// Who has to do something now.
    pub enum Ball { Operator = "operator", Airline = "airline", Agency = "agency", Nobody = "nobody" }
}

crate::named!(Status = "refund-status", Kind = "refund-kind", Difference = "difference", Ball = "ball", Reason = "reason");

/// The fourteen coded reasons of refusal. Each has a sentence and a next step for the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusalCode(u8);

impl RefusalCode {
    /// The actual amount is below the service fee.
    pub const BELOW_SERVICE_FEE: Self = Self(14);

    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=14).map(Self)
    }

    /// Reads a code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse().ok().and_then(Self::from_number)
    }

    /// The code of this number.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        u8::try_from(number).ok().filter(|n| (1..=14).contains(n)).map(Self)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// The key of what the customer can do next.
    #[must_use]
    pub fn next_step_key(self) -> String {
        format!("refusal-next-{}", self.0)
    }
}

impl crate::web::words::Named for RefusalCode {
    fn name_key(&self) -> String {
        format!("refusal-{}", self.0)
    }
}

/// A refund with everything its page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: String,
    /// `202611-0042`
    pub number: String,
    pub agency_id: String,
    pub order_id: String,
    pub quote_id: String,
    pub kind: Kind,
    pub status: Status,
    pub payment_channel: PaymentChannel,
    pub reason: Reason,
    pub order_no: String,
    pub airline_pnr: String,
    pub airline: String,
    pub airlines: String,
    pub full_refund: bool,
    pub currency: Currency,
    pub original: Money,
    pub penalty: Option<Money>,
    /// Nothing where the airline had to decide.
    pub estimated: Option<Money>,
    pub service_fee: Money,
    /// What the airline confirmed.
    pub airline_amount: Option<Money>,
    /// What came. Never there for a card: the operator does not know it.
    pub actual: Option<Money>,
    pub difference: Option<Difference>,
    pub refusal: Option<RefusalCode>,
    pub refusal_note: Option<String>,
    pub airline_reference: Option<String>,
    pub receipt_reference: Option<String>,
    pub assignee_id: Option<String>,
    /// Counts changes, so that a form filled in before the last one is noticed.
    pub version: i64,
    pub ticketed_on: Date,
    pub departure_on: Date,
    pub registered_at: Timestamp,
    pub registered_by: String,
    pub submit_by: Timestamp,
    pub deadline_missed_at: Option<Timestamp>,
    pub submitted_at: Option<Timestamp>,
    pub follow_up_from: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    pub expected_on: Option<Date>,
    pub received_on: Option<Date>,
    pub received_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// Of a claim: the day on which the airline says it paid.
    pub fulfilled_on: Option<Date>,
    /// Of a claim: what the agency expects, where it knows.
    pub claimed: Option<Money>,
    /// The service request that it came from.
    pub request_id: Option<String>,
    /// The batch that it came in.
    pub batch: Option<BatchPlace>,
    /// How often its credit was taken back.
    pub round: i64,
    /// What lines of remittances brought before all of its money is there.
    pub held: Money,
    /// Nobody but the money itself said that the airline pays.
    pub confirmed_by_money: bool,
}

impl Refund {
    /// Whether the airline's money is here and has only to be credited.
    #[must_use]
    pub fn is_due_to_credit(&self) -> bool {
        self.status == Status::AirlineRefunding && self.received_at.is_some()
    }

    /// Who has to do something now.
    #[must_use]
    pub fn ball(&self) -> Ball {
        match self.status {
            Status::AtlasProcessing => Ball::Operator,
            Status::AirlineRefunding if self.is_due_to_credit() => Ball::Operator,
            Status::AirlineProcessing | Status::AirlineRefunding => Ball::Airline,
            Status::Rejected => Ball::Agency,
            Status::Refunded | Status::FulfillmentDone | Status::Withdrew => Ball::Nobody,
        }
    }

    /// When the next step is due: submission, follow-up, the airline's money, the credit.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        let expected = self.expected_on.and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|zoned| plus_days(zoned.timestamp(), 1));
        let next = match self.status {
            Status::AtlasProcessing => None,
            Status::AirlineRefunding => self.received_at.map(|at| plus_days(at, 1)).or(expected).or(self.follow_up_from),
            Status::AirlineProcessing => self.follow_up_from,
            _ => self.closed_at,
        };
        next.unwrap_or(self.submit_by)
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.status, Status::Refunded | Status::FulfillmentDone | Status::Rejected | Status::Withdrew)
    }

    /// What the airline is to send: its own word, or the estimate before it spoke; nothing where nobody can say.
    #[must_use]
    pub fn expected(&self) -> Option<Money> {
        self.airline_amount.or(self.estimated)
    }

    /// What was credited, less the operator's fee.
    #[must_use]
    pub fn credited(&self) -> Option<Money> {
        self.actual.filter(|_| self.status == Status::Refunded).and_then(|actual| actual.minus(self.service_fee).ok())
    }

    /// How much more (above zero) or less came than was estimated.
    #[must_use]
    pub fn difference_from_estimate(&self) -> Option<Money> {
        self.actual?.minus(self.estimated?).ok().filter(|difference| !difference.is_zero())
    }
}

/// A row of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPlace {
    pub id: String,
    /// The number that people know it by.
    pub no: String,
    pub row: i64,
}

/// A passenger and segment that a refund covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    pub passenger_no: i64,
    pub passenger_name: String,
    pub segment_no: i64,
}
