//! A quote as the calculator shows it.

use crate::kernel::code::Code;
use crate::refund_calculation::lines::{AncillaryLine, FeeLine, TaxLine, TypedValue, UsedFareLine};
use crate::refund_calculation::quote::Breakdown;
use crate::refund_calculation::{Facts, Quote};
use crate::refunds::explaining::{self, Explained};
use crate::web::words::{Message, Named};

/// Everything that the answer's page needs.
#[derive(Debug)]
pub struct Answer {
    pub quote: Quote,
    pub reasons: Vec<Message>,
    pub steps: Vec<Explained>,
    pub passengers: Vec<PassengerAnswer>,
    /// The facts it was made from, to go on with.
    pub facts: String,
    pub rights: Vec<RightLine>,
    /// Airports of departure that the no-go table does not name.
    pub no_go_unknown: Vec<Code>,
}

/// One passenger's lines.
#[derive(Debug)]
pub struct PassengerAnswer {
    pub name: String,
    pub parts: Option<Breakdown>,
    pub fees: Vec<FeeLine>,
    pub taxes: Vec<TaxLine>,
    pub ancillaries: Vec<AncillaryLine>,
    pub used_fares: Vec<UsedFareLine>,
    pub values_to_type: Vec<TypedValue>,
}

/// One law and its deadline.
#[derive(Debug)]
pub struct RightLine {
    pub name: Message,
    pub basis: String,
    pub deadline: Option<String>,
}

impl Answer {
    /// Puts a quote in order for the page.
    #[must_use]
    pub fn of(quote: Quote, facts: &Facts) -> Self {
        let name = |no: i64| facts.tickets.iter().find(|ticket| ticket.no == no).map(|ticket| ticket.name.clone()).unwrap_or_default();
        let passenger = |line: &crate::refund_calculation::quote::PassengerLine| PassengerAnswer {
            name: line.name.clone(),
            parts: line.breakdown,
            fees: quote.fees.iter().filter(|fee| fee.passenger == line.no).copied().collect(),
            taxes: quote.taxes.iter().filter(|tax| tax.passenger == line.no).copied().collect(),
            ancillaries: quote.ancillaries.iter().filter(|extra| extra.passenger == line.no).cloned().collect(),
            used_fares: quote.used_fares.iter().filter(|used| used.passenger == line.no).cloned().collect(),
            values_to_type: quote.values_to_type.iter().filter(|value| value.passenger == line.no).copied().collect(),
        };
        Self {
            reasons: quote.reasons.iter().map(Named::named).collect(),
            steps: explaining::trace(&quote, name),
            passengers: quote.passengers.iter().map(passenger).collect(),
            facts: serde_json::to_string_pretty(facts).unwrap_or_default(),
            rights: quote
                .rights
                .iter()
                .map(|right| RightLine {
                    name: explaining::regime(&right.regime),
                    basis: right.basis.clone(),
                    deadline: right.deadline.map(|day| day.to_string()),
                })
                .collect(),
            no_go_unknown: quote.no_go.as_ref().map(|answer| answer.unknown.clone()).unwrap_or_default(),
            quote,
        }
    }
}
