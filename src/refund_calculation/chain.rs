//! Which tickets' conditions hold: the ticket's own, or the strictest of all it was exchanged from (TM 5).

use super::combination;
use super::conditions::FeeUnit;
use super::facts::{EarlierTicket, FareComponent, Ticket};
use super::lines::{Breakdown, FeeLine};
use super::notes::{Given, Notes, Stop};
use super::penalty::{self, Assessed};
use super::reckoning;
use super::rules::{ChainRule, Hierarchy};
use super::trace::Step;
use crate::kernel::code::Code;
use crate::kernel::money::Money;

/// Reckons a ticket by the conditions that hold for it.
///
/// # Errors
/// When a fact is missing that any of the conditions needs.
pub fn reckon(given: &Given<'_>, ticket: &Ticket, used: Money, notes: &mut Notes) -> Result<Breakdown, Stop> {
    if ticket.chain.is_empty() {
        let assessed = assess_all(given, ticket, None, notes)?;
        return reckoning::reckon(given, ticket, used, None, &assessed, notes);
    }
    match given.rules.chain {
        ChainRule::LockOriginal => with_locked_original(given, ticket, used, notes),
        ChainRule::StrictestOfChain => strictest(given, ticket, used, notes),
    }
}

/// Every component that can still be refunded, by one ticket's conditions.
fn assess_all(given: &Given<'_>, ticket: &Ticket, earlier: Option<&EarlierTicket>, notes: &mut Notes) -> Result<Vec<Assessed>, Stop> {
    let mut all = Vec::with_capacity(ticket.components.len());
    for component in open_components(ticket) {
        let mut assessed = match given.rules.hierarchy {
            None => penalty::assess(given, ticket, component, penalty::conditions(given, ticket, component, earlier)?, notes)?,
            Some(hierarchy) => ruled(given, ticket, component, earlier, hierarchy, notes)?,
        };
        if assessed.unit == FeeUnit::Journey && !assessed.fees.is_zero() {
            if given.journey_paid {
                // Another ticket of the same passenger carries the fee of the journey.
                assessed.fees = Money::zero(given.facts.currency);
                for line in notes.fees.iter_mut().filter(|line| line.component == Some(component.no)) {
                    line.charged = assessed.fees;
                }
            } else {
                notes.journey_fee = true;
            }
        }
        all.push(assessed);
    }
    if let Some(hierarchy) = given.rules.hierarchy.filter(|_| all.len() > 1) {
        notes.step(Step::Ruled { hierarchy });
    }
    Ok(all)
}

fn open_components(ticket: &Ticket) -> impl Iterator<Item = &FareComponent> {
    ticket.components.iter().filter(|component| ticket.coupons_of(component.no).any(|coupon| coupon.status.is_refundable()))
}

/// One component by the most or least restrictive conditions of its pricing unit.
fn ruled(
    given: &Given<'_>,
    ticket: &Ticket,
    component: &FareComponent,
    earlier: Option<&EarlierTicket>,
    hierarchy: Hierarchy,
    notes: &mut Notes,
) -> Result<Assessed, Stop> {
    let mut chosen: Option<(bool, i64, Assessed, Notes)> = None;
    for other in open_components(ticket).filter(|other| other.pricing_unit == component.pricing_unit) {
        let conditions = penalty::conditions(given, ticket, other, earlier)?;
        let mut own = Notes::default();
        let assessed = penalty::assess(given, ticket, component, conditions, &mut own)?;
        let (lost, fees) = (assessed.non_refundable, assessed.fees.minor);
        let better = chosen.as_ref().is_none_or(|(had_lost, had_fees, ..)| match hierarchy {
            Hierarchy::MostRestrictive => (lost, fees) > (*had_lost, *had_fees),
            Hierarchy::LeastRestrictive => (lost, fees) < (*had_lost, *had_fees),
        });
        if better {
            chosen = Some((lost, fees, assessed, own));
        }
    }
    let (_, _, assessed, own) = chosen.ok_or(Stop::Missing(super::quote::ReasonCode::NoRule))?;
    notes.take(own);
    Ok(assessed)
}

/// One way of reckoning: by the conditions of one ticket of the chain.
struct Way {
    /// Nothing for the ticket itself where it has no number.
    document: Option<Code>,
    refund: Money,
    assessed: Vec<Assessed>,
    /// Before combination.
    fees: Vec<FeeLine>,
    notes: Notes,
    breakdown: Breakdown,
}

fn way(given: &Given<'_>, ticket: &Ticket, used: Money, earlier: Option<&EarlierTicket>) -> Result<Way, Stop> {
    let mut notes = Notes::default();
    let assessed = assess_all(given, ticket, earlier, &mut notes)?;
    let fees = notes.fees.clone();
    let breakdown = reckoning::reckon(given, ticket, used, None, &assessed, &mut notes)?;
    let document = earlier.map_or_else(|| ticket.document_numbers.first().copied(), |earlier| Some(earlier.document_number));
    Ok(Way { document, refund: breakdown.of_fare_and_tax()?, assessed, fees, notes, breakdown })
}

/// Reckons the whole ticket once by each ticket's conditions and once by the strictest of each component, and takes
/// what leaves least: so the answer is never more than what any ticket of the chain would give.
fn strictest(given: &Given<'_>, ticket: &Ticket, used: Money, notes: &mut Notes) -> Result<Breakdown, Stop> {
    let tickets = std::iter::once(None).chain(ticket.chain.iter().rev().map(Some));
    let mut ways = tickets.map(|earlier| way(given, ticket, used, earlier)).collect::<Result<Vec<_>, _>>()?;
    // The first of the ways that leave least: the ticket itself before older ones.
    let least = (0..ways.len()).min_by_key(|place| ways[*place].refund.minor).unwrap_or_default();
    let most = ways.iter().map(|way| way.refund).fold(ways[least].refund, Money::at_least);
    let mut joined = Notes::default();
    let breakdown = by_component(given, ticket, used, &ways, &mut joined)?;
    let refund = breakdown.of_fare_and_tax()?;
    let paid = ticket.fare.plus(ticket.tax()?)?;
    let (document, least_refund) = (ways[least].document, ways[least].refund.at_most(refund));
    notes.step(Step::Strictest { document, kept: paid.minus(least_refund)?, instead_of: paid.minus(most)? });
    if refund.minor < ways[least].refund.minor {
        notes.take(joined);
        return Ok(breakdown);
    }
    let chosen = ways.swap_remove(least);
    notes.take(chosen.notes);
    Ok(chosen.breakdown)
}

/// Each component by the ticket that is strictest for it.
fn by_component(given: &Given<'_>, ticket: &Ticket, used: Money, ways: &[Way], notes: &mut Notes) -> Result<Breakdown, Stop> {
    let mut all = Vec::with_capacity(ticket.components.len());
    for place in 0..ways[0].assessed.len() {
        let mut strictest = 0;
        for other in 1..ways.len() {
            let (have, new) = (&ways[strictest].assessed[place], &ways[other].assessed[place]);
            if (new.non_refundable, new.fees.minor) > (have.non_refundable, have.fees.minor) {
                strictest = other;
            }
        }
        let assessed = ways[strictest].assessed[place];
        notes.fees.extend(ways[strictest].fees.iter().filter(|line| line.component == Some(assessed.component.no)));
        all.push(assessed);
    }
    notes.steps.extend(combination::as_steps(&all));
    reckoning::reckon(given, ticket, used, None, &all, notes)
}

/// The fare of an earlier ticket that was non-refundable stays with the airline; the ticket's own conditions hold for
/// what was added since.
fn with_locked_original(given: &Given<'_>, ticket: &Ticket, used: Money, notes: &mut Notes) -> Result<Breakdown, Stop> {
    let mut locked: Option<Money> = None;
    for earlier in &ticket.chain {
        let assessed = assess_all(given, ticket, Some(earlier), &mut Notes::default())?;
        let is_higher = locked.is_none_or(|locked| earlier.fare.minor > locked.minor);
        if is_higher && !assessed.is_empty() && assessed.iter().all(|one| one.non_refundable) {
            locked = Some(earlier.fare);
            notes.step(Step::Locked { document: earlier.document_number, amount: earlier.fare });
        }
    }
    // What was flown of the original is not locked any more.
    let locked = locked.map(|locked| locked.minus(used)).transpose()?;
    let assessed = assess_all(given, ticket, None, notes)?;
    reckoning::reckon(given, ticket, used, locked, &assessed, notes)
}
