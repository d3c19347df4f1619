//! A quote as the calculator shows it.

use crate::kernel::code::Code;
use crate::refund_calculation::{Facts, Quote};
use crate::refunds::explaining::{self, Explained};
use crate::web::words::{Message, Named};

/// Everything that the answer's page needs.
#[derive(Debug)]
pub struct Answer {
    pub quote: Quote,
    pub reasons: Vec<Message>,
    pub steps: Vec<Explained>,
    /// The facts it was made from, to go on with.
    pub facts: String,
    pub rights: Vec<RightLine>,
    /// Airports of departure that the no-go table does not name.
    pub no_go_unknown: Vec<Code>,
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
        Self {
            reasons: quote.reasons.iter().map(Named::named).collect(),
            steps: explaining::trace(&quote, name),
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
