//! How the fees of several fare components make one (ATPCO F, P, J, S, N).

use super::conditions::FeeUnit;
use super::notes::Stop;
use super::penalty::Assessed;
use super::quote::ReasonCode;
use super::rules::Combination;
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};

/// What is lost with non-refundable components, and the fees of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Combined {
    /// Everything; `lost` is then the whole fare refund.
    pub all_lost: bool,
    pub lost: Money,
    pub fees: Money,
    /// The places of the components whose fees are charged, one bit each.
    pub charged: u64,
}

impl Combined {
    const fn everything(zero: Money) -> Self {
        Self { all_lost: true, lost: zero, fees: zero, charged: 0 }
    }
}

/// Joins what the components came to. A fee whose unit spans several components is taken once, at its highest.
///
/// # Errors
/// `DirectionFareMissing` when only some components are lost and a fare of theirs is unknown.
pub fn combine(combination: Combination, assessed: &[Assessed], zero: Money) -> Result<Combined, Stop> {
    if !assessed.is_empty() && assessed.iter().all(|one| one.non_refundable) {
        return Ok(Combined::everything(zero));
    }
    let one_lost = assessed.iter().any(|one| one.non_refundable);
    if one_lost && combination == Combination::AllNonRefundable {
        return Ok(Combined::everything(zero));
    }
    let mut items = Vec::with_capacity(assessed.len());
    for (place, one) in assessed.iter().enumerate() {
        let lost = if one.non_refundable { Some(one.fare.ok_or(Stop::Missing(ReasonCode::DirectionFareMissing))?) } else { None };
        let fee = if one.non_refundable || stands_for_another(assessed, place) { None } else { Some(one.fees) };
        items.push(Item { place, pricing_unit: one.component.pricing_unit, lost, fee });
    }
    let mut combined = Combined { all_lost: false, lost: zero, fees: zero, charged: 0 };
    match combination {
        Combination::SumOfEach | Combination::AllNonRefundable => items.iter().try_for_each(|item| combined.add(item))?,
        Combination::NonRefundablePlusHighest => {
            items.iter().filter(|item| item.lost.is_some()).try_for_each(|item| combined.add(item))?;
            combined.add_highest(items.iter().filter(|item| item.lost.is_none()))?;
        }
        Combination::HighestOfJourney => combined.add_highest(items.iter())?,
        Combination::HighestOfPricingUnit => {
            for (at, item) in items.iter().enumerate() {
                let is_first = !items[..at].iter().any(|before| before.pricing_unit == item.pricing_unit);
                if is_first {
                    combined.add_highest(items.iter().filter(|other| other.pricing_unit == item.pricing_unit))?;
                }
            }
        }
    }
    Ok(combined)
}

/// What one component would cost: its fare, or a fee, or nothing because another fee stands for it.
struct Item {
    place: usize,
    pricing_unit: i64,
    lost: Option<Money>,
    fee: Option<Money>,
}

impl Item {
    fn minor(&self) -> i64 {
        self.lost.or(self.fee).map_or(0, |amount| amount.minor)
    }
}

impl Combined {
    fn add(&mut self, item: &Item) -> Result<(), MoneyError> {
        if let Some(lost) = item.lost {
            self.lost = self.lost.plus(lost)?;
        }
        if let Some(fee) = item.fee {
            self.fees = self.fees.plus(fee)?;
            self.charged |= 1 << (item.place % 64);
        }
        Ok(())
    }

    /// Adds the dearest of some; of equal ones the first.
    fn add_highest<'i>(&mut self, items: impl Iterator<Item = &'i Item>) -> Result<(), MoneyError> {
        let dearest = items.fold(None, |best: Option<&Item>, item| match best {
            Some(best) if best.minor() >= item.minor() => Some(best),
            _ => Some(item),
        });
        dearest.map_or(Ok(()), |item| self.add(item))
    }
}

/// Whether another component's fee is charged for the same unit instead of this one.
fn stands_for_another(assessed: &[Assessed], place: usize) -> bool {
    let own = &assessed[place];
    let same_unit = |other: &Assessed| match own.unit {
        FeeUnit::Coupon | FeeUnit::Component => false,
        FeeUnit::Direction => other.component.direction == own.component.direction,
        FeeUnit::PricingUnit => other.component.pricing_unit == own.component.pricing_unit,
        FeeUnit::Ticket | FeeUnit::Journey => true,
    };
    assessed.iter().enumerate().any(|(other_place, other)| {
        let is_charged_too = other_place != place && !other.non_refundable && other.unit == own.unit && same_unit(other);
        // Of equal fees the first is charged.
        is_charged_too && (other.fees.minor, place) > (own.fees.minor, other_place)
    })
}

/// The fees of assessed components as steps, where they come from several tickets.
#[must_use]
pub fn as_steps(assessed: &[Assessed]) -> Vec<Step> {
    let fee = |one: &Assessed| Step::Fee { direction: one.component.direction, amount: one.fees };
    assessed.iter().filter(|one| !one.non_refundable).map(fee).collect()
}
