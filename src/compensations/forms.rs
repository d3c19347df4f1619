//! The form of a compensation: what was typed, and what it means.

use serde::Deserialize;

use super::model::Cause;
use crate::kernel::money::{Currency, Money};
use crate::web::filter_fields::identifier;
use crate::web::form::{MOST_MINOR, Problems, prose};
use crate::web::words::Message;

/// What was typed, exactly as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ProposeForm {
    pub agency: String,
    pub order_no: String,
    pub currency: String,
    pub amount: String,
    pub reason: String,
    pub note: String,
    pub once: String,
}

/// What it means; agency and order are still to be found.
#[derive(Debug, Clone)]
pub struct Proposed {
    pub order_no: Option<String>,
    pub amount: Money,
    pub cause: Cause,
    pub note: String,
}

const MAX_NOTE: usize = 1000;

impl ProposeForm {
    /// Amount, cause and note.
    pub fn parse(&self, problems: &mut Problems) -> Option<Proposed> {
        let currency = problems.take("currency", Currency::parse(self.currency.trim()).map_err(|_| Message::new("form-currency")));
        let amount = currency.and_then(|currency| {
            let amount = Money::parse(self.amount.trim(), currency).ok().filter(|amount| (1..=MOST_MINOR).contains(&amount.minor));
            problems.take("amount", amount.ok_or_else(|| Message::new("form-amount-above-zero")))
        });
        let cause = problems.take("reason", self.reason.parse::<Cause>().map_err(|_| Message::new("form-choose")));
        let note = problems.take("note", prose(&self.note, MAX_NOTE));
        let order_no = identifier(&self.order_no);
        Some(Proposed { order_no, amount: amount?, cause: cause?, note: note? })
    }
}
