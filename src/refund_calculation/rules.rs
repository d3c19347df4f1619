//! How a carrier's rules are read where the order's own windows leave a choice.

use serde::{Deserialize, Serialize};

use crate::kernel::money::Rounding;

crate::text_column! {
    /// What happens when fees are higher than what they are taken from.
    pub enum FeeCap {
        /// The fare is kept, the taxes come back.
        CapFareAndFuel = "cap-fare-and-fuel",
        /// Nothing comes back, nothing is owed.
        CapAll = "cap-all",
    }
}

/// Rules as data. A quote keeps the version it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSet {
    pub version: String,
    pub fee_cap: FeeCap,
    /// Whether taxes come back although the fare does not.
    pub taxes_of_non_refundable: bool,
    /// How a converted or proportional fee is rounded to the minor unit.
    pub fee_rounding: Rounding,
    /// Whether the operator takes its service fee on an involuntary refund too.
    pub service_fee_on_involuntary: bool,
}

impl RuleSet {
    /// The rules of low-cost orders: windows come with the order; taxes of a non-refundable fare are kept; an
    /// involuntary refund is free of the operator's fee.
    #[must_use]
    pub fn low_cost() -> Self {
        Self {
            version: "low-cost/2026-11".to_owned(),
            fee_cap: FeeCap::CapFareAndFuel,
            taxes_of_non_refundable: false,
            fee_rounding: Rounding::HalfUp,
            service_fee_on_involuntary: false,
        }
    }
}
