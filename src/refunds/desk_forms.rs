//! The forms of the operator's verbs: which a refund has now, and how what was typed becomes a verb.

use serde::Deserialize;

use super::model::{Difference, Refund, RefusalCode, Status};
use super::state::Verb;
use crate::agencies::model::User;
use crate::bookings::model::PaymentChannel;
use crate::kernel::actor::{Actor, Permission};
use crate::kernel::id::new_token;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, utc_day};
use crate::web::form::{Problems, no_card_number, optional, required};
use crate::web::words::Message;

/// The forms on a refund's page, for the operator's team only.
#[allow(clippy::struct_excessive_bools, reason = "one for each button that may be there")]
pub struct DeskForms {
    pub can_take: bool,
    pub can_hand_over: bool,
    pub can_submit: bool,
    pub can_confirm: bool,
    pub can_refuse: bool,
    pub can_receive: bool,
    pub can_credit: bool,
    pub can_fulfil: bool,
    pub team: Vec<User>,
    pub refusals: Vec<RefusalCode>,
    pub differences: &'static [Difference],
    pub once_key: String,
    pub today: Date,
}

impl DeskForms {
    /// What this person may do with this refund now; nothing for an agency.
    #[must_use]
    pub fn of(refund: &Refund, actor: &Actor, team: Vec<User>, now: Timestamp) -> Option<Self> {
        if !actor.role.may(Permission::WorkDesk) || refund.is_closed() {
            return None;
        }
        let (talks, posts) = (actor.role.may(Permission::TalkToAirline), actor.role.may(Permission::PostMoney));
        let deposit = refund.payment_channel == PaymentChannel::Deposit;
        let waiting = refund.status == Status::AirlineProcessing;
        Some(Self {
            can_take: refund.assignee_id.as_deref() != Some(actor.user_id.as_str()),
            can_hand_over: true,
            can_submit: talks && refund.status == Status::AtlasProcessing,
            can_confirm: talks && waiting && deposit,
            can_refuse: talks && refund.received_at.is_none() && refund.held.is_zero(),
            can_receive: posts && refund.status == Status::AirlineRefunding && refund.received_at.is_none() && refund.held.is_zero(),
            can_credit: posts && refund.is_due_to_credit(),
            can_fulfil: talks && waiting && !deposit,
            team: team.into_iter().filter(|user| !user.disabled).collect(),
            refusals: RefusalCode::all().collect(),
            differences: Difference::ALL,
            once_key: new_token(),
            today: utc_day(now),
        })
    }
}

/// Everything that any of the forms posts, exactly as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub version: i64,
    pub once: String,
    pub assignee: String,
    pub reference: String,
    pub amount: String,
    pub expected_on: String,
    pub code: String,
    pub note: String,
    pub received_on: String,
    pub receipt_reference: String,
    pub difference: String,
}

const MAX_REFERENCE: usize = 60;
const MAX_NOTE: usize = 1000;

impl Typed {
    /// The submission to the airline.
    pub fn submit(&self, follow_up_after_days: i64, problems: &mut Problems) -> Option<Verb> {
        let reference = problems.take("reference", optional(&self.reference, MAX_REFERENCE))?;
        Some(Verb::Submit { reference, follow_up_after_days })
    }

    /// The airline's yes.
    pub fn confirm(&self, refund: &Refund, problems: &mut Problems) -> Option<Verb> {
        let amount = self.amount(refund, problems);
        let expected_on = match self.expected_on.trim() {
            "" => Some(None),
            text => problems.take("expected_on", parse_day(text)).map(Some),
        };
        Some(Verb::Confirm { amount: amount?, expected_on: expected_on?, by_money: false })
    }

    /// The airline's, or our, no.
    pub fn refuse(&self, problems: &mut Problems) -> Option<Verb> {
        let code = problems.take("code", RefusalCode::parse(&self.code).ok_or_else(|| Message::new("form-choose")));
        let note = problems.take("note", optional(&self.note, MAX_NOTE).and_then(no_card_number));
        Some(Verb::Refuse { code: code?, note: note? })
    }

    /// The airline's money.
    pub fn receive(&self, refund: &Refund, problems: &mut Problems) -> Option<Verb> {
        let amount = self.amount(refund, problems);
        let on = problems.take("received_on", parse_day(&self.received_on));
        let reference = problems.take("receipt_reference", required(&self.receipt_reference, MAX_REFERENCE));
        let difference = self.difference.parse().ok();
        Some(Verb::Receive { amount: amount?, on: on?, reference: Some(reference?), difference, from_lines: false })
    }

    fn amount(&self, refund: &Refund, problems: &mut Problems) -> Option<Money> {
        let parsed = Money::parse(&self.amount, refund.currency).ok().filter(|amount| amount.minor > 0);
        problems.take("amount", parsed.ok_or_else(|| Message::new("form-amount-above-zero")))
    }
}

fn parse_day(text: &str) -> Result<Date, Message> {
    text.trim().parse().map_err(|_| Message::new("form-day"))
}
