//! The part of a rule set about taxes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::Tax;
use crate::kernel::code::Code;
use crate::kernel::money::Money;

crate::text_column! {
    /// What comes back of fuel surcharges (YQ, YR) on a voluntary refund.
    pub enum FuelRule {
        Returned = "returned",
        /// They follow the fare: kept where it is non-refundable.
        WithFare = "with-fare",
        Kept = "kept",
    }
}

/// What comes back of taxes on a voluntary refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TaxRules {
    pub fuel: FuelRule,
    /// Whether taxes come back although the fare does not.
    pub of_non_refundable: bool,
    /// The same for single sectors of a ticket of which others are refundable; left out, as above.
    pub of_non_refundable_sectors: Option<bool>,
    /// Looked at before the two above; the first that applies holds.
    pub rules: Vec<TaxRule>,
    /// What a refund of taxes alone costs per ticket.
    pub tax_only_fee: Option<Money>,
}

impl Default for TaxRules {
    fn default() -> Self {
        Self { fuel: FuelRule::WithFare, of_non_refundable: true, of_non_refundable_sectors: None, rules: Vec::new(), tax_only_fee: None }
    }
}

impl TaxRules {
    /// Whether taxes come back although their fare does not.
    #[must_use]
    pub fn returns_of_non_refundable(&self, whole_ticket: bool) -> bool {
        self.of_non_refundable_sectors.filter(|_| !whole_ticket).unwrap_or(self.of_non_refundable)
    }
}

/// A rule for some taxes, by their whole key. What is left out is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    #[serde(default)]
    pub codes: Vec<Code>,
    #[serde(default)]
    pub carrier: Option<Code>,
    #[serde(default)]
    pub station: Option<Code>,
    /// Whether the fare that the tax belongs to is refundable.
    #[serde(default)]
    pub ticket_refundable: Option<bool>,
    #[serde(default)]
    pub voluntary: Option<bool>,
    #[serde(default)]
    pub coupon_used: Option<bool>,
    pub returned: bool,
}

impl TaxRule {
    /// Whether the rule is for a tax, by its whole key.
    #[must_use]
    pub fn applies(&self, voluntary: bool, tax: &Tax, used: bool, refundable: bool) -> bool {
        (self.codes.is_empty() || self.codes.contains(&tax.code))
            && self.carrier.is_none_or(|carrier| tax.carrier == Some(carrier))
            && self.station.is_none_or(|station| tax.station == Some(station))
            && self.ticket_refundable.is_none_or(|asked| asked == refundable)
            && self.voluntary.is_none_or(|asked| asked == voluntary)
            // A tax of a used coupon is gone, unless a rule names used coupons.
            && self.coupon_used.map_or(!used, |asked| asked == used)
    }
}
