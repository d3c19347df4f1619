//! The part of a rule set about rounding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::money::{Currency, Money, Rounding};

/// How each kind of line is rounded, once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoundingRules {
    pub fee: LineRounding,
    pub used_fare: LineRounding,
    pub commission: LineRounding,
    pub conversion: LineRounding,
}

/// The direction and the unit of a rounding; without a unit for a currency, its minor unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LineRounding {
    pub direction: Rounding,
    pub units: Vec<Money>,
}

impl Default for LineRounding {
    fn default() -> Self {
        Self { direction: Rounding::HalfUp, units: Vec::new() }
    }
}

impl LineRounding {
    /// The unit in minor units, at least 1.
    #[must_use]
    pub fn unit(&self, currency: Currency) -> i64 {
        self.units.iter().find(|unit| unit.currency == currency).map_or(1, |unit| unit.minor.max(1))
    }
}
