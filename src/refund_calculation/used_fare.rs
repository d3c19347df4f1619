//! The applicable fare of the used part (Vietnam Airlines TM 5.1, 5.8).

use super::conversion;
use super::facts::{FareComponent, OneWayFare, Ticket};
use super::lines::{LookedAt, Rejected, UsedFareLine, UsedFareStep};
use super::notes::{Given, Notes, Stop};
use super::penalty;
use super::quote::ReasonCode;
use super::rules::UsedFareMethod;
use super::trace::Step;
use crate::kernel::code::Code;
use crate::kernel::money::Money;

/// The fare of everything that was flown; zero for a ticket that was not used. Unless the rules charge more, it is at
/// most the fare paid.
///
/// # Errors
/// When no fare can be found, or a person must find it.
pub fn of(given: &Given<'_>, ticket: &Ticket, notes: &mut Notes) -> Result<Money, Stop> {
    let zero = Money::zero(given.facts.currency);
    if !ticket.is_partly_used() {
        return Ok(zero);
    }
    let used = if let Some(stated) = ticket.used_fare {
        found(None, UsedFareStep::Stated, None, stated, Vec::new(), notes);
        stated
    } else {
        let mut sum = zero;
        for component in ticket.components.iter().filter(|component| is_used(ticket, component)) {
            sum = sum.plus(of_component(given, ticket, component, notes)?)?;
        }
        sum
    };
    let mut counted = used;
    if used.minor > ticket.fare.minor && !given.rules.used_fare.charge_above_paid {
        notes.step(Step::UsedAbovePaid { used, paid: ticket.fare });
        counted = ticket.fare;
    }
    notes.step(Step::FareRefund { paid: ticket.fare, used: counted, left: ticket.fare.minus(counted)? });
    Ok(counted)
}

fn is_used(ticket: &Ticket, component: &FareComponent) -> bool {
    ticket.coupons_of(component.no).any(|coupon| coupon.status.is_used())
}

/// By the method of the fare, or else of the market.
fn of_component(given: &Given<'_>, ticket: &Ticket, component: &FareComponent, notes: &mut Notes) -> Result<Money, Stop> {
    let stated = penalty::conditions(given, ticket, component, None).ok().and_then(|conditions| conditions.used_fare);
    let rounding = &given.rules.rounding.used_fare;
    let (direction, unit) = (rounding.direction, rounding.unit(given.facts.currency));
    let as_ticketed = || ticket.fare_of(component).ok_or(Stop::Missing(ReasonCode::DirectionFareMissing));
    let is_one_way = !ticket.components.iter().any(|other| other.no != component.no && other.pricing_unit == component.pricing_unit);
    let wholly = ticket.coupons_of(component.no).all(|coupon| coupon.status.is_used());
    match stated.unwrap_or(given.rules.used_fare.method) {
        UsedFareMethod::Manual => Err(Stop::Manual(ReasonCode::UsedFareByHand)),
        UsedFareMethod::FareComponentAsTicketed => {
            let fare = as_ticketed()?;
            found(Some(component), UsedFareStep::AsTicketed, component.fare_basis, fare, Vec::new(), notes);
            Ok(fare)
        }
        UsedFareMethod::HalfRoundTrip | UsedFareMethod::OneWayReprice if is_one_way && wholly => {
            // A one-way fare that was flown to its end is its own one-way fare.
            let fare = as_ticketed()?;
            found(Some(component), UsedFareStep::AsTicketed, component.fare_basis, fare, Vec::new(), notes);
            Ok(fare)
        }
        UsedFareMethod::HalfRoundTrip if is_one_way => Err(Stop::Manual(ReasonCode::UsedFareByHand)),
        UsedFareMethod::HalfRoundTrip => {
            let fare = round_trip(ticket, component)?.ratio(1, 2, direction, unit)?;
            found(Some(component), UsedFareStep::HalfRoundTrip, component.fare_basis, fare, Vec::new(), notes);
            notes.because(ReasonCode::HalfRoundTripEstimate);
            Ok(fare)
        }
        UsedFareMethod::OneWayReprice => {
            // A one-way has no round trip to be half of.
            let round_trip = if is_one_way { None } else { Some(round_trip(ticket, component)?) };
            search(given, ticket, component, round_trip, notes)
        }
    }
}

/// The fare of the pricing unit that a component belongs to.
fn round_trip(ticket: &Ticket, component: &FareComponent) -> Result<Money, Stop> {
    let unit = || ticket.components.iter().filter(|other| other.pricing_unit == component.pricing_unit);
    if unit().count() == ticket.components.len() {
        return Ok(ticket.fare);
    }
    let mut sum = Money::zero(ticket.fare.currency);
    for other in unit() {
        sum = sum.plus(other.fare.ok_or(Stop::Missing(ReasonCode::DirectionFareMissing))?)?;
    }
    Ok(sum)
}

/// A candidate with its fare in the order's currency, and why it was rejected, if it was.
struct Candidate<'f> {
    fare: &'f OneWayFare,
    amount: Money,
    rejected: Option<Rejected>,
}

/// The four-step search.
fn search(
    given: &Given<'_>,
    ticket: &Ticket,
    component: &FareComponent,
    round_trip: Option<Money>,
    notes: &mut Notes,
) -> Result<Money, Stop> {
    let mut candidates = candidates(given, ticket, component, notes)?;
    let chosen = match first_named(&candidates).map(|place| (place, UsedFareStep::NamedByRule)) {
        Some(named) => Some(named),
        None if candidates.iter().any(|one| one.rejected.is_none() && Some(one.fare.booking_class) == component.booking_class) => {
            by_level(component, &mut candidates)?
        }
        None => nearest_higher_class(given, component, round_trip, &mut candidates)?,
    };
    let chosen_place = chosen.map(|(place, _)| place);
    let mut rejected = Vec::with_capacity(candidates.len());
    for candidate in candidates.iter().enumerate().filter(|(place, _)| Some(*place) != chosen_place).map(|(_, one)| one) {
        let (fare, why) = (candidate.fare, candidate.rejected.unwrap_or(Rejected::FurtherAway));
        rejected.push(LookedAt { fare_basis: fare.fare_basis, booking_class: fare.booking_class, fare: candidate.amount, rejected: why });
        // Fares of other routes and fares beyond the chosen one need no sentence each.
        if !matches!(why, Rejected::OtherRoute | Rejected::FurtherAway) {
            let half_of = round_trip.filter(|_| why == Rejected::NotAboveHalf);
            let half = half_of.map(|whole| whole.ratio(1, 2, crate::kernel::money::Rounding::Down, 1)).transpose()?;
            let (fare_basis, booking_class) = (fare.fare_basis, fare.booking_class);
            notes.step(Step::UsedFareRejected { fare_basis, booking_class, fare: candidate.amount, why, half });
        }
    }
    let (place, step) = chosen.ok_or(Stop::Missing(ReasonCode::UsedFareMissing))?;
    let (fare, amount) = (candidates[place].fare, candidates[place].amount);
    found(Some(component), step, Some(fare.fare_basis), amount, rejected, notes);
    if let Some(line) = notes.used_fares.last_mut() {
        line.booking_class = Some(fare.booking_class);
    }
    Ok(amount)
}

/// Candidates over the used part with the ticket's publication form; the others with the reason.
fn candidates<'f>(given: &Given<'f>, ticket: &'f Ticket, component: &FareComponent, notes: &mut Notes) -> Result<Vec<Candidate<'f>>, Stop> {
    let flown = || ticket.coupons_of(component.no).filter(|coupon| coupon.status.is_used());
    let from = flown().next().map(|coupon| coupon.from).unwrap_or_default();
    let to = flown().last().map(|coupon| coupon.to).unwrap_or_default();
    let publication = ticket.publication.ok_or(Stop::Missing(ReasonCode::PublicationMissing))?;
    let mut candidates = Vec::with_capacity(ticket.candidate_fares.len());
    for fare in &ticket.candidate_fares {
        let rejected = if (fare.from, fare.to) != (from, to) {
            Some(Rejected::OtherRoute)
        } else if fare.publication != publication {
            Some(Rejected::OtherPublication)
        } else {
            None
        };
        // A fare that may be the right one must be known in the order's currency.
        let amount = if rejected.is_some() { fare.fare } else { conversion::money(given, fare.fare, notes)? };
        candidates.push(Candidate { fare, amount, rejected });
    }
    // The answer must not depend on the order in which fares were listed.
    candidates.sort_by_key(|one| (one.fare.booking_class, one.fare.fare_basis, one.amount.minor));
    Ok(candidates)
}

fn first_named(candidates: &[Candidate<'_>]) -> Option<usize> {
    candidates.iter().position(|one| one.rejected.is_none() && one.fare.named_by_rule)
}

/// Same fare basis, else same level, else the nearest higher level; the last two with equal or longer validity.
fn by_level(component: &FareComponent, candidates: &mut [Candidate<'_>]) -> Result<Option<(usize, UsedFareStep)>, Stop> {
    let unknown = || Stop::Missing(ReasonCode::CandidateFactMissing);
    let is_same = |one: &Candidate<'_>| one.rejected.is_none() && Some(one.fare.fare_basis) == component.fare_basis;
    if let Some(place) = candidates.iter().position(is_same) {
        let differs = candidates.iter().any(|one| is_same(one) && one.amount != candidates[place].amount);
        return if differs { Err(unknown()) } else { Ok(Some((place, UsedFareStep::SameFareBasis))) };
    }
    for candidate in candidates.iter_mut().filter(|one| one.rejected.is_none()) {
        let (level, own) = (candidate.fare.fare_level.ok_or_else(unknown)?, component.fare_level.ok_or_else(unknown)?);
        if level < own {
            candidate.rejected = Some(Rejected::LowerLevel);
            continue;
        }
        let (days, own) = (candidate.fare.validity_days.ok_or_else(unknown)?, component.validity_days.ok_or_else(unknown)?);
        candidate.rejected = (days < own).then_some(Rejected::ShorterValidity);
    }
    let good = |one: &(usize, &Candidate<'_>)| one.1.rejected.is_none();
    let nearest = candidates.iter().enumerate().filter(good).min_by_key(|(_, one)| (one.fare.fare_level, one.amount.minor));
    Ok(nearest.map(|(place, one)| {
        let is_same_level = one.fare.fare_level == component.fare_level;
        (place, if is_same_level { UsedFareStep::SameLevel } else { UsedFareStep::HigherLevel })
    }))
}

/// No one-way fare in the ticketed class: the nearest higher class whose fare is strictly above half the round trip.
fn nearest_higher_class(
    given: &Given<'_>,
    component: &FareComponent,
    round_trip: Option<Money>,
    candidates: &mut [Candidate<'_>],
) -> Result<Option<(usize, UsedFareStep)>, Stop> {
    let classes = &given.rules.used_fare.booking_classes;
    let rank = |class: Code| classes.iter().position(|one| *one == class);
    let own = component.booking_class.and_then(rank).ok_or(Stop::Missing(ReasonCode::ClassOrderMissing))?;
    let mut best: Option<(usize, i64, usize)> = None;
    for (place, candidate) in candidates.iter_mut().enumerate().filter(|(_, one)| one.rejected.is_none()) {
        let amount = candidate.amount.minor;
        match rank(candidate.fare.booking_class) {
            None => candidate.rejected = Some(Rejected::UnknownClass),
            Some(class) if class <= own => candidate.rejected = Some(Rejected::LowerClass),
            // Twice the fare against the whole, so that no half is rounded.
            Some(_) if round_trip.is_some_and(|whole| i128::from(amount) * 2 <= i128::from(whole.minor)) => {
                candidate.rejected = Some(Rejected::NotAboveHalf);
            }
            Some(class) if best.is_none_or(|(other, lowest, _)| (class, amount) < (other, lowest)) => best = Some((class, amount, place)),
            Some(_) => {}
        }
    }
    Ok(best.map(|(_, _, place)| (place, UsedFareStep::NearestHigherClass)))
}

fn found(
    component: Option<&FareComponent>,
    step: UsedFareStep,
    fare_basis: Option<Code>,
    fare: Money,
    rejected: Vec<LookedAt>,
    notes: &mut Notes,
) {
    notes.step(Step::UsedFare { how: step, fare_basis, fare });
    notes.used_fares.push(UsedFareLine {
        component: component.map(|component| component.no),
        step,
        fare_basis,
        booking_class: component.and_then(|component| component.booking_class),
        fare,
        rejected,
    });
}
