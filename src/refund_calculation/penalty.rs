//! What the airline keeps on a voluntary refund: the window of each direction, the no-show rule, the cap.

use super::ancillaries;
use super::conversion;
use super::facts::{Direction, DirectionFare, Facts, Fee, JourneyPart, Passenger, Rate, Refundability};
use super::quote::{AppliedWindow, Quote, ReasonCode, Verdict};
use super::rules::{FeeCap, RuleSet};
use super::trace::Step;
use crate::kernel::money::{Money, MoneyError};
use crate::kernel::time::minutes_until;

/// The rule that holds for one direction at the time of the request.
struct Holding<'f> {
    direction: Direction,
    refundability: Refundability,
    fees: Vec<&'f Fee>,
}

/// Takes the penalties of every selected passenger.
///
/// # Errors
/// On overflow.
pub fn apply(facts: &Facts, rules: &RuleSet, quote: &mut Quote, trace: &mut Vec<Step>) -> Result<(), MoneyError> {
    let mut holdings = Vec::with_capacity(facts.directions.len());
    for part in &facts.directions {
        match holding(facts, part, quote, trace) {
            Some(holding) => holdings.push(holding),
            None => return Ok(()),
        }
    }
    let lost = holdings.iter().filter(|holding| holding.refundability == Refundability::NonRefundable).count();
    let split = facts.selected().all(|passenger| has_split(facts, passenger));
    if lost > 0 && lost < holdings.len() && !split {
        give_up(quote, trace, ReasonCode::DirectionFareMissing);
        return Ok(());
    }
    for (place, passenger) in facts.selected().enumerate() {
        let Some(fees) = fees(facts, rules, passenger, &holdings, split, quote, trace)? else { return Ok(()) };
        take(facts, rules, passenger, &holdings, fees, place, quote, trace)?;
    }
    if quote.passengers.iter().all(|line| line.refund.is_some_and(Money::is_zero)) {
        quote.verdict = Verdict::NonRefundable;
        if quote.reasons.is_empty() {
            quote.because(ReasonCode::FeeTakesAll);
        }
    }
    Ok(())
}

/// Ends without an amount: a fact is missing.
fn give_up(quote: &mut Quote, trace: &mut Vec<Step>, reason: ReasonCode) {
    trace.push(Step::Missing { reason });
    quote.cannot(reason);
}

/// Finds the window of a direction, and the no-show rule where it is too late.
fn holding<'f>(facts: &Facts, part: &'f JourneyPart, quote: &mut Quote, trace: &mut Vec<Step>) -> Option<Holding<'f>> {
    let minutes = minutes_until(facts.requested_at, part.departs_at);
    let seconds = part.departs_at.as_second() - facts.requested_at.as_second();
    // From the beginning of a window, included, down to its end, not included; to the second, not the minute.
    let Some(window) = part.windows.iter().find(|window| seconds <= window.from_minute * 60 && seconds > window.to_minute * 60) else {
        give_up(quote, trace, ReasonCode::OutsideWindows);
        return None;
    };
    let applied = AppliedWindow {
        direction: part.direction,
        minutes_before: minutes,
        from_minute: window.from_minute,
        to_minute: window.to_minute,
        refundability: window.refundability,
    };
    quote.windows.push(applied);
    trace.push(Step::Window {
        direction: part.direction,
        minutes_before: minutes,
        from_minute: window.from_minute,
        to_minute: window.to_minute,
        refundability: window.refundability,
    });
    let mut holding = Holding { direction: part.direction, refundability: window.refundability, fees: Vec::with_capacity(2) };
    if window.refundability == Refundability::WithFee {
        let Some(fee) = &window.fee else {
            give_up(quote, trace, ReasonCode::FeeMissing);
            return None;
        };
        holding.fees.push(fee);
    }
    if window.refundability == Refundability::NonRefundable {
        quote.because(ReasonCode::FareNonRefundable);
        return Some(holding);
    }
    if let Some(no_show) = part.no_show.as_ref().filter(|rule| seconds < rule.cutoff_minutes.max(0) * 60) {
        trace.push(Step::NoShow {
            direction: part.direction,
            cutoff_minutes: no_show.cutoff_minutes,
            refundability: no_show.refundability,
        });
        holding.fees.extend(&no_show.fee);
        if no_show.refundability == Refundability::NonRefundable {
            holding.refundability = Refundability::NonRefundable;
            quote.because(ReasonCode::NoShow);
            return Some(holding);
        }
    }
    if seconds <= 0 {
        // After departure only the airline knows whether the passenger was on board.
        give_up(quote, trace, ReasonCode::NoShowConfirmation);
        return None;
    }
    Some(holding)
}

/// Whether a passenger's fare is told apart by direction, to the last cent.
fn has_split(facts: &Facts, passenger: &Passenger) -> bool {
    let parts = &passenger.fare_by_direction;
    let sum = |amount: fn(&DirectionFare) -> Money| parts.iter().map(amount).try_fold(Money::zero(facts.currency), Money::plus);
    facts.directions.iter().all(|part| parts.iter().any(|fare| fare.direction == part.direction))
        && sum(|part| part.fare) == Ok(passenger.fare)
        && sum(|part| part.tax) == Ok(passenger.tax)
}

/// The fare and tax that one direction has of a passenger's, or the whole where they are not told apart.
fn part_of(passenger: &Passenger, direction: Direction, split: bool) -> (Money, Money) {
    let own = passenger.fare_by_direction.iter().find(|fare| fare.direction == direction).filter(|_| split);
    own.map_or((passenger.fare, passenger.tax), |fare| (fare.fare, fare.tax))
}

/// The fees of all refundable directions in the order's currency; nothing when one cannot be known.
fn fees(
    facts: &Facts,
    rules: &RuleSet,
    passenger: &Passenger,
    holdings: &[Holding<'_>],
    split: bool,
    quote: &mut Quote,
    trace: &mut Vec<Step>,
) -> Result<Option<Money>, MoneyError> {
    let mut sum = Money::zero(facts.currency);
    for holding in holdings.iter().filter(|holding| holding.refundability != Refundability::NonRefundable) {
        for fee in &holding.fees {
            let amount = match **fee {
                Fee::Amount(amount) => {
                    trace.push(Step::Fee { direction: holding.direction, amount });
                    amount
                }
                Fee::BasisPoints(_) if holdings.len() > 1 && !split => {
                    give_up(quote, trace, ReasonCode::DirectionFareMissing);
                    return Ok(None);
                }
                Fee::BasisPoints(points) => {
                    let (of, _) = part_of(passenger, holding.direction, split);
                    let amount = of.basis_points(points, rules.fee_rounding)?;
                    trace.push(Step::Share { direction: holding.direction, basis_points: points, of, amount });
                    amount
                }
            };
            let Some((converted, rate)) = conversion::convert(amount, facts, rules, trace)? else {
                give_up(quote, trace, ReasonCode::NoExchangeRate);
                return Ok(None);
            };
            keep_rate(quote, rate);
            sum = sum.plus(converted)?;
        }
    }
    Ok(Some(sum))
}

fn keep_rate(quote: &mut Quote, rate: Option<&Rate>) {
    if let Some(rate) = rate.filter(|rate| !quote.rates.contains(rate)) {
        quote.rates.push(rate.clone());
    }
}

/// Writes one passenger's line: what is lost with non-refundable directions, the fees up to their cap, the ancillaries.
#[allow(clippy::too_many_arguments, reason = "one paragraph of the rule, cut in two for its length")]
fn take(
    facts: &Facts,
    rules: &RuleSet,
    passenger: &Passenger,
    holdings: &[Holding<'_>],
    fees: Money,
    place: usize,
    quote: &mut Quote,
    trace: &mut Vec<Step>,
) -> Result<(), MoneyError> {
    let (mut lost_fare, mut lost_tax) = (Money::zero(facts.currency), Money::zero(facts.currency));
    let lost = || holdings.iter().filter(|holding| holding.refundability == Refundability::NonRefundable);
    if lost().count() == holdings.len() {
        (lost_fare, lost_tax) = (passenger.fare, passenger.tax);
    } else {
        for holding in lost() {
            let (fare, tax) = part_of(passenger, holding.direction, true);
            (lost_fare, lost_tax) = (lost_fare.plus(fare)?, lost_tax.plus(tax)?);
        }
    }
    if rules.taxes_of_non_refundable {
        lost_tax = Money::zero(facts.currency);
    }
    let lost = lost_fare.plus(lost_tax)?;
    if !lost.is_zero() {
        trace.push(Step::FareKept { passenger: passenger.no, kept: lost });
    }
    let cap = match rules.fee_cap {
        FeeCap::CapFareAndFuel => passenger.fare.minus(lost_fare)?,
        FeeCap::CapAll => passenger.fare.plus(passenger.tax)?.minus(lost)?,
    };
    if fees.minor > cap.minor {
        trace.push(Step::Capped { passenger: passenger.no, fees, cap });
    }
    let ancillaries = ancillaries::kept(facts, passenger)?;
    if !ancillaries.is_zero() {
        trace.push(Step::AncillariesKept { passenger: passenger.no, kept: ancillaries });
    }
    let line = &mut quote.passengers[place];
    let refund = line.close(lost.plus(fees.at_most(cap))?, ancillaries)?;
    let paid = line.original()?;
    trace.push(Step::Refund { passenger: passenger.no, paid, kept: paid.minus(refund)?, refund });
    Ok(())
}
