//! What a category needs to know, beside the description.

use serde::{Deserialize, Serialize};

use crate::bookings::model::ProductType;
use crate::kernel::money::Money;
use crate::kernel::time::Date;
use crate::refunds::model::Reason;

/// A passenger as the request names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub no: i64,
    pub name: String,
}

/// The fields of all categories; each has those that its category asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    pub passengers: Vec<Named>,
    pub reason: Option<Reason>,
    /// The flights that are wanted instead.
    pub itinerary: Option<String>,
    /// What the customer will pay at most for a change.
    pub at_most: Option<Money>,
    pub name_to: Option<String>,
    pub segment: Option<(i64, String)>,
    pub product: Option<ProductType>,
    /// The refund that is followed up.
    pub refund_number: Option<String>,
    pub fulfilled_on: Option<Date>,
    pub expected: Option<Money>,
}
