//! Why a quote or a submission is refused: the portal's codes, each with a sentence and a next step.

use crate::web::error::Error;
use crate::web::words::Message;

/// A refusal of the agency's side.
#[derive(Debug)]
pub enum Refusal {
    /// 802: an adult must stay with every child, and one with each infant.
    ChildAlone,
    /// 803, with the number of the refund that has the passenger and segment.
    AlreadyInRefund(String),
    /// 805
    QuoteExpired,
    /// 807
    UnknownPassenger,
    /// 809
    NotTicketed,
    /// 809: cancelled before.
    Cancelled,
    /// 810: nobody was chosen.
    NobodyChosen,
    /// 810: no reason was chosen.
    NoReason,
    /// 811: connection legs and both directions go together.
    WholeItinerary,
    /// 820: a part has been flown.
    PartlyUsed,
    /// 821
    TooLate,
    /// 8041
    UnknownSegment,
    /// Nothing would come back.
    NothingToRefund,
    /// 8: a claim for an order that the airline pays back to the card.
    PaidByCard,
    /// 13: nothing proves what the airline did or confirmed.
    ProofNeeded,
    /// 13: the files of the form were kept too long ago, or are used already.
    ProofGone,
    /// 810: the airline cannot have paid on that day.
    FulfilledOnUnlikely,
    /// 822
    VoidTooLate,
    /// 823: a part of the order is in a refund.
    VoidNotWhole,
    /// 841
    VoidNotForPayment,
    /// 843
    VoidNotForAirline,
    /// The form's one-time key was used for something else.
    KeyReused,
    Absent,
    Database(sqlx::Error),
    Calculation(crate::kernel::money::MoneyError),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Refusal {
    /// The portal's code, as programs know it.
    #[must_use]
    pub const fn code(&self) -> i64 {
        match self {
            Self::ChildAlone => 802,
            Self::AlreadyInRefund(_) => 803,
            Self::QuoteExpired => 805,
            Self::UnknownPassenger => 807,
            Self::NotTicketed | Self::Cancelled => 809,
            Self::WholeItinerary => 811,
            Self::PartlyUsed => 820,
            Self::TooLate => 821,
            Self::UnknownSegment => 8041,
            Self::Absent => 801,
            Self::KeyReused => 816,
            Self::PaidByCard => 8,
            Self::ProofNeeded | Self::ProofGone => 13,
            Self::VoidTooLate => 822,
            Self::VoidNotWhole => 823,
            Self::VoidNotForPayment => 841,
            Self::VoidNotForAirline => 843,
            Self::FulfilledOnUnlikely
            | Self::NobodyChosen
            | Self::NoReason
            | Self::NothingToRefund
            | Self::Database(_)
            | Self::Calculation(_) => 810,
        }
    }

    /// The sentence with its next step.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(match self {
            Self::ChildAlone => "refuse-child-alone",
            Self::AlreadyInRefund(_) => "refuse-already-in-refund",
            Self::QuoteExpired => "refuse-quote-expired",
            Self::UnknownPassenger => "refuse-unknown-passenger",
            Self::NotTicketed => "refuse-not-ticketed",
            Self::Cancelled => "refuse-cancelled",
            Self::NobodyChosen => "refuse-nobody-chosen",
            Self::NoReason => "refuse-no-reason",
            Self::WholeItinerary => "refuse-whole-itinerary",
            Self::PartlyUsed => "refuse-partly-used",
            Self::TooLate => "refuse-too-late",
            Self::UnknownSegment => "refuse-unknown-segment",
            Self::NothingToRefund => "refuse-nothing-to-refund",
            Self::KeyReused => "refuse-key-reused",
            Self::PaidByCard => "refuse-paid-by-card",
            Self::ProofNeeded => "refuse-proof-needed",
            Self::ProofGone => "refuse-proof-gone",
            Self::FulfilledOnUnlikely => "refuse-fulfilled-on",
            Self::VoidTooLate => "refuse-void-too-late",
            Self::VoidNotWhole => "refuse-void-not-whole",
            Self::VoidNotForPayment => "refuse-void-not-for-payment",
            Self::VoidNotForAirline => "refuse-void-not-for-airline",
            Self::Absent => "error-not-found",
            Self::Database(_) | Self::Calculation(_) => "error-internal",
        });
        let message = message.text("code", self.code());
        match self {
            Self::AlreadyInRefund(number) => message.text("number", number),
            _ => message,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Calculation(error) => Self::Internal(error.to_string()),
            Refusal::Absent => Self::NotFound,
            other => Self::Refused(other.message()),
        }
    }
}
