//! What the calculation is told. The same document that `afterfare quote FILE.json` reads; `docs/facts.md` explains it.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::conditions::{Applies, Conditions, Fee, FeeBase, FeeUnit, NoShow, Refundability, Span, Window};
pub use super::event::{Event, Happened};
pub use super::ticket::{
    Ancillary, Commission, Coupon, CouponStatus, EarlierTicket, FareComponent, FormOfPayment, OneWayFare, PassengerType, Publication, Tax,
    Ticket,
};
use crate::kernel::code::Code;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp};

crate::text_column! {
    /// Why a refund is asked for: by the traveller's own wish, because the airline changed or cancelled the flight, or
    /// because the sale is undone while its void window is open.
    pub enum Reason { Voluntary = "voluntary", Involuntary = "involuntary", Void = "void" }
}

crate::text_column! {
    /// How the ticket was paid, and so where the money goes back to.
    pub enum Payment { Deposit = "deposit", Card = "card" }
}

crate::text_column! {
    /// Which way a part of the journey leads.
    pub enum Direction { Outbound = "outbound", Inbound = "inbound" }
}

/// Everything a quote depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The currency that everything was paid and is settled in.
    pub currency: Currency,
    pub payment: Payment,
    pub reason: Reason,
    /// When the refund was validly asked for; windows are measured and legal deadlines run from here.
    pub requested_at: Timestamp,
    /// When the seats were given back, where that was before the request; no-show cut-offs are measured from here.
    #[serde(default)]
    pub seats_released_at: Option<Timestamp>,
    /// One entry for each passenger and ticket, also those whose refund is not asked for.
    pub tickets: Vec<Ticket>,
    /// Names of selected passengers whose fare nobody knows; with any, no amount can be named.
    #[serde(default)]
    pub unpriced: Vec<String>,
    /// Refund conditions that came with the order or stand in the fare; they are looked at before the rule set's.
    #[serde(default)]
    pub conditions: Vec<Conditions>,
    /// What the airline did, where the reason is involuntary.
    #[serde(default)]
    pub event: Option<Event>,
    /// A waiver that the airline gave.
    #[serde(default)]
    pub waiver: Option<Code>,
    /// Interactive check-in at the airports of departure, as the host answered.
    #[serde(default)]
    pub check_in: Vec<CheckIn>,
    /// Rates by which amounts of the airline's currency become the order's.
    #[serde(default)]
    pub rates: Vec<Rate>,
    /// The operator's own fee for the refund.
    #[serde(default)]
    pub service_fee: ServiceFee,
    /// The agency's own fee to its customer, a line of its own.
    #[serde(default)]
    pub agency_fee: Option<Money>,
}

/// Whether an airport has interactive check-in, by the table of each scope; nothing where a table does not name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    pub airport: Code,
    #[serde(default)]
    pub domestic: Option<bool>,
    #[serde(default)]
    pub international: Option<bool>,
}

/// One unit of `from` was worth `rate` units of `to` on `day`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub from: Currency,
    pub to: Currency,
    pub day: Date,
    pub rate: Decimal,
}

/// What the operator takes for its work, apart from everything the airline keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceFee {
    #[default]
    None,
    PerPassenger(Money),
    PerOrder(Money),
}

impl Facts {
    /// The tickets whose refund is asked for.
    pub fn selected(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.iter().filter(|ticket| ticket.selected)
    }
}
