//! What the airline did, as far as rights of the traveller hang on it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::time::Timestamp;

crate::text_column! {
    /// What happened to the flight.
    pub enum Happened { Cancelled = "cancelled", Changed = "changed" }
}

/// The airline's cancellation or change. Times are instants; what is left out did not happen or is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub happened: Happened,
    /// The flight that it happened to; left out, any that was not flown.
    #[serde(default)]
    pub coupon: Option<i64>,
    /// Whether the cause lies with the carrier; some laws ask for it.
    #[serde(default)]
    pub carrier_cause: Option<bool>,
    #[serde(default)]
    pub ticketed_departure: Option<Timestamp>,
    #[serde(default)]
    pub new_departure: Option<Timestamp>,
    #[serde(default)]
    pub ticketed_arrival: Option<Timestamp>,
    #[serde(default)]
    pub new_arrival: Option<Timestamp>,
    #[serde(default)]
    pub other_airport: bool,
    #[serde(default)]
    pub more_connections: bool,
    #[serde(default)]
    pub downgraded: bool,
    /// The departure of the earliest flight that the airline offers instead; nothing when it offers none.
    #[serde(default)]
    pub rebooked_departure: Option<Timestamp>,
}
