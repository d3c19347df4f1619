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
    /// The airline will pay so much: it has said so, or its money is here.
    Confirm { amount: Money, expected_on: Option<Date>, by_money: bool },
    /// The airline, or we, said no.
    Refuse { code: RefusalCode, note: Option<String> },
    /// A part of the airline's money came with a line of a remittance; the rest is waited for.
    Hold { amount: Money },
    /// What was held belongs to another refund.
    Release,
    /// The airline's money came: by hand, or with the lines whose parts are held.
    Receive { amount: Money, on: Date, reference: Option<String>, difference: Option<Difference>, from_lines: bool },
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
            Verb::Confirm { amount, expected_on, by_money } => self.confirmed(*amount, *expected_on, *by_money, now),
            Verb::Hold { amount } => self.holding(*amount),
            Verb::Release => self.released(),
            Verb::Refuse { code, note } => self.refused(*code, note.clone(), now),
            Verb::Receive { amount, on, reference, difference, from_lines } => {
                // Money by hand beside money that is held would be counted twice.
                expect(*from_lines != self.held.is_zero())?;
                self.received(*amount, *on, reference.clone(), *difference, now)
            }
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

    fn confirmed(self, amount: Money, expected_on: Option<Date>, by_money: bool, now: Timestamp) -> Result<Self, Impossible> {
        expect(self.status == Status::AirlineProcessing && self.payment_channel == PaymentChannel::Deposit)?;
        if amount.minor <= 0 {
            return Err(Impossible::NoAmount);
        }
        let confirmed_by_money = by_money;
        Ok(Self {
            status: Status::AirlineRefunding,
            airline_amount: Some(amount),
            expected_on,
            confirmed_at: Some(now),
            confirmed_by_money,
            ..self
        })
    }

    fn refused(self, code: RefusalCode, note: Option<String>, now: Timestamp) -> Result<Self, Impossible> {
        let open = matches!(self.status, Status::AtlasProcessing | Status::AirlineProcessing | Status::AirlineRefunding);
        expect(open && self.received_at.is_none() && self.held.is_zero())?;
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
            held: Money::zero(self.currency),
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
        // A confirmation that only the money gave goes with it.
        let kept = if self.confirmed_by_money {
            Self { status: Status::AirlineProcessing, airline_amount: None, confirmed_at: None, expected_on: None, ..self }
        } else {
            Self { status: Status::AirlineRefunding, ..self }
        };
        Ok(Self {
            confirmed_by_money: false,
            actual: None,
            difference: None,
            refusal: None,
            refusal_note: None,
            received_on: None,
            received_at: None,
            receipt_reference: None,
            closed_at: None,
            round: kept.round + 1,
            ..kept
        })
    }

    /// Whether an airline's money can be taken for it: it was submitted, or the agency has asked the airline itself.
    #[must_use]
    pub fn can_take_money(&self) -> bool {
        let waits = matches!(self.status, Status::AirlineProcessing | Status::AirlineRefunding);
        let claimed = self.kind == Kind::Claim && self.status == Status::AtlasProcessing;
        self.payment_channel == PaymentChannel::Deposit && (waits || claimed) && self.received_at.is_none()
    }

    fn holding(self, amount: Money) -> Result<Self, Impossible> {
        expect(self.can_take_money())?;
        if amount.minor <= 0 {
            return Err(Impossible::NoAmount);
        }
        let held = self.held.plus(amount).map_err(|_| Impossible::NoAmount)?;
        Ok(Self { held, ..self })
    }

    fn released(self) -> Result<Self, Impossible> {
        expect(!self.held.is_zero())?;
        Ok(Self { held: Money::zero(self.currency), ..self })
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
        self.kind == Kind::Claim && self.status == Status::AtlasProcessing && self.held.is_zero()
    }

    fn withdrawn(self, now: Timestamp) -> Result<Self, Impossible> {
        expect(self.can_be_withdrawn())?;
        Ok(Self { status: Status::Withdrew, closed_at: Some(now), ..self })
    }
}

fn expect(possible: bool) -> Result<(), Impossible> {
    if possible { Ok(()) } else { Err(Impossible::WrongStatus) }
}
