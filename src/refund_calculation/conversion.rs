//! From the airline's currency to the order's, by a dated rate that the quote keeps.

use rust_decimal::Decimal;

use super::notes::{Given, Notes, Stop};
use super::quote::ReasonCode;
use super::trace::Step;
use crate::kernel::money::{Currency, Money, MoneyError};

/// An amount in major units of the order's currency, not yet rounded, and whether it was converted.
#[derive(Debug, Clone, Copy)]
pub struct Exact {
    pub amount: Decimal,
    pub converted: bool,
}

/// The amount in the order's currency.
///
/// # Errors
/// `NoExchangeRate` when nobody gave one; on overflow.
pub fn exact(given: &Given<'_>, amount: Money, notes: &mut Notes) -> Result<Exact, Stop> {
    let facts = given.facts;
    if amount.currency == facts.currency {
        return Ok(Exact { amount: amount.decimal(), converted: false });
    }
    let rounding = &given.rules.rounding.conversion;
    let rounded = |value: Decimal| Money::rounded_to(value, facts.currency, rounding.direction, rounding.unit(facts.currency));
    // Of several rates the newest; one of nothing or less is none.
    let newest = |from: Currency, to: Currency| {
        let between = facts.rates.iter().filter(|rate| rate.from == from && rate.to == to && rate.rate > Decimal::ZERO);
        between.max_by_key(|rate| rate.day)
    };
    if let Some(rate) = newest(amount.currency, facts.currency) {
        let value = amount.decimal().checked_mul(rate.rate).ok_or(MoneyError::TooLarge)?;
        notes.step(Step::Converted { from: amount, to: rounded(value)?, rate: rate.rate, day: rate.day });
        notes.rates.push(rate.clone());
        return Ok(Exact { amount: value, converted: true });
    }
    let rate = newest(facts.currency, amount.currency).ok_or(Stop::Missing(ReasonCode::NoExchangeRate))?;
    let value = amount.decimal().checked_div(rate.rate).ok_or(MoneyError::TooLarge)?;
    notes.step(Step::ConvertedInversely { from: amount, to: rounded(value)?, rate: rate.rate, day: rate.day });
    notes.rates.push(rate.clone());
    Ok(Exact { amount: value, converted: true })
}

/// The amount in the order's currency, rounded once.
///
/// # Errors
/// As [`exact`].
pub fn money(given: &Given<'_>, amount: Money, notes: &mut Notes) -> Result<Money, Stop> {
    if amount.currency == given.facts.currency {
        return Ok(amount);
    }
    let exact = exact(given, amount, notes)?;
    let rounding = &given.rules.rounding.conversion;
    let currency = given.facts.currency;
    Ok(Money::rounded_to(exact.amount, currency, rounding.direction, rounding.unit(currency))?)
}
