//! From the airline's currency to the order's, by a dated rate that the quote keeps.

use rust_decimal::Decimal;

use super::facts::{Facts, Rate};
use super::rules::RuleSet;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

/// The amount in the order's currency and the rate it took, or nothing when there is no rate.
///
/// # Errors
/// On overflow.
pub fn convert<'f>(
    amount: Money,
    facts: &'f Facts,
    rules: &RuleSet,
    trace: &mut Vec<Step>,
) -> Result<Option<(Money, Option<&'f Rate>)>, MoneyError> {
    if amount.currency == facts.currency {
        return Ok(Some((amount, None)));
    }
    let direct = facts.rates.iter().find(|rate| rate.from == amount.currency && rate.to == facts.currency);
    let inverse = || facts.rates.iter().find(|rate| rate.to == amount.currency && rate.from == facts.currency);
    if let Some(rate) = direct {
        let product = amount.decimal().checked_mul(rate.rate).ok_or(MoneyError::TooLarge)?;
        let converted = Money::rounded(product, facts.currency, rules.fee_rounding)?;
        trace.push(Step::Converted { from: amount, to: converted, rate: rate.rate, day: rate.day });
        return Ok(Some((converted, Some(rate))));
    }
    let Some(rate) = inverse().filter(|rate| rate.rate > Decimal::ZERO) else { return Ok(None) };
    let quotient = amount.decimal().checked_div(rate.rate).ok_or(MoneyError::TooLarge)?;
    let converted = Money::rounded(quotient, facts.currency, rules.fee_rounding)?;
    trace.push(Step::ConvertedInversely { from: amount, to: converted, rate: rate.rate, day: rate.day });
    Ok(Some((converted, Some(rate))))
}
