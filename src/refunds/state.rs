//! The life of a refund. A transition takes the refund as it is and gives the refund as it becomes, or says that it
//! cannot. Nothing here touches the database.

use super::model::{Difference, Kind, Refund, RefusalCode, Status};
use crate::bookings::model::PaymentChannel;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, plus_days};

/// What is done to a refund: all by the operator's team, except the withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Take it, or hand it over to somebody; nothing puts it back.
    Assign { to: Option<String> },
    /// It was sent to the airline.
    Submit { reference: Option<String>, follow_up_after_days: i64 },
    /// The airline will pay so much.
    Confirm { amount: Money, expected_on: Option<Date> },
    /// The airline, or we, said no.
    Refuse { code: RefusalCode, note: Option<String> },
    /// The airline's money came.
    Receive { amount: Money, on: Date, reference: Option<String>, difference: Option<Difference> },
    /// Put it, less the fee, on the agency's deposit.
    Credit,
    /// The airline has paid the card.
    Fulfil,
    /// The agency takes its claim back.
    Withdraw,
    /// The money was another's: credit and receipt are reversed, and the airline's money is waited for again.
    TakeBack,
}

/// Why a transition is not possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Impossible {
    /// Not from this status, or not for this payment channel.
    WrongStatus,
    /// What came differs from the estimate and nobody said why.
    DifferenceUnexplained { estimated: Money, actual: Money },
    /// An amount must be above zero.
    NoAmount,
}

impl Refund {
    /// The refund after a verb.
    ///
    /// # Errors
    /// `Impossible` when it cannot be.
    pub fn after(self, verb: &Verb, now: Timestamp) -> Result<Self, Impossible> {
        match verb {
            Verb::Assign { to } => self.assigned(to.clone()),
            Verb::Submit { reference, follow_up_after_days } => self.submitted(reference.clone(), *follow_up_after_days, now),
            Verb::Confirm { amount, expected_on } => self.confirmed(*amount, *expected_on, now),
            Verb::Refuse { code, note } => self.refused(*code, note.clone(), now),
            Verb::Receive { amount, on, reference, difference } => self.received(*amount, *on, reference.clone(), *difference, now),
            Verb::Credit => self.credited_at(now),
            Verb::Fulfil => self.fulfilled(now),
            Verb::Withdraw => self.withdrawn(now),
            Verb::TakeBack => self.taken_back(),
        }
    }

    fn assigned(self, to: Option<String>) -> Result<Self, Impossible> {
        expect(!self.is_closed())?;
        Ok(Self { assignee_id: to, ..self })
    }

    fn submitted(self, reference: Option<String>, follow_up_after_days: i64, now: Timestamp) -> Result<Self, Impossible> {
        expect(self.status == Status::AtlasProcessing)?;
        Ok(Self {
            status: Status::AirlineProcessing,
            airline_reference: reference,
            submitted_at: Some(now),
            follow_up_from: Some(plus_days(now, follow_up_after_days)),
            ..self
        })
    }

    fn confirmed(self, amount: Money, expected_on: Option<Date>, now: Timestamp) -> Result<Self, Impossible> {
        expect(self.status == Status::AirlineProcessing && self.payment_channel == PaymentChannel::Deposit)?;
        if amount.minor <= 0 {
            return Err(Impossible::NoAmount);
        }
        Ok(Self { status: Status::AirlineRefunding, airline_amount: Some(amount), expected_on, confirmed_at: Some(now), ..self })
    }

    fn refused(self, code: RefusalCode, note: Option<String>, now: Timestamp) -> Result<Self, Impossible> {
        let open = matches!(self.status, Status::AtlasProcessing | Status::AirlineProcessing | Status::AirlineRefunding);
        expect(open && self.received_at.is_none())?;
        Ok(Self { status: Status::Rejected, refusal: Some(code), refusal_note: note, closed_at: Some(now), ..self })
    }

    /// The money of a deposit refund. Less than the service fee is refused with reason 14 at once.
    fn received(
        self,
        amount: Money,
        on: Date,
        reference: Option<String>,
        difference: Option<Difference>,
        now: Timestamp,
    ) -> Result<Self, Impossible> {
        expect(self.status == Status::AirlineRefunding && self.received_at.is_none())?;
        if amount.minor <= 0 {
            return Err(Impossible::NoAmount);
        }
        let differs = self.estimated.filter(|estimated| *estimated != amount);
        if let (Some(estimated), None) = (differs, difference) {
            return Err(Impossible::DifferenceUnexplained { estimated, actual: amount });
        }
        let received = Self {
            actual: Some(amount),
            difference: differs.and(difference),
            received_on: Some(on),
            received_at: Some(now),
            receipt_reference: reference,
            ..self
        };
        if amount.minor >= received.service_fee.minor {
            return Ok(received);
        }
        Ok(Self { status: Status::Rejected, refusal: Some(RefusalCode::BELOW_SERVICE_FEE), closed_at: Some(now), ..received })
    }

    fn credited_at(self, now: Timestamp) -> Result<Self, Impossible> {
        expect(self.is_due_to_credit())?;
        Ok(Self { status: Status::Refunded, closed_at: Some(now), ..self })
    }

    fn taken_back(self) -> Result<Self, Impossible> {
        expect(matches!(self.status, Status::Refunded | Status::Rejected | Status::AirlineRefunding) && self.received_at.is_some())?;
        Ok(Self {
            status: Status::AirlineRefunding,
            actual: None,
            difference: None,
            refusal: None,
            refusal_note: None,
            received_on: None,
            received_at: None,
            receipt_reference: None,
            closed_at: None,
            round: self.round + 1,
            ..self
        })
    }

    fn fulfilled(self, now: Timestamp) -> Result<Self, Impossible> {
        expect(self.status == Status::AirlineProcessing && self.payment_channel == PaymentChannel::Vcc)?;
        Ok(Self { status: Status::FulfillmentDone, closed_at: Some(now), ..self })
    }
}

impl Refund {
    /// Whether the agency can take it back: a claim that the team has not begun with.
    #[must_use]
    pub fn can_be_withdrawn(&self) -> bool {
        self.kind == Kind::Claim && self.status == Status::AtlasProcessing
    }

    fn withdrawn(self, now: Timestamp) -> Result<Self, Impossible> {
        expect(self.can_be_withdrawn())?;
        Ok(Self { status: Status::Withdrew, closed_at: Some(now), ..self })
    }
}

fn expect(possible: bool) -> Result<(), Impossible> {
    if possible { Ok(()) } else { Err(Impossible::WrongStatus) }
}
