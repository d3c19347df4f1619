//! What is written down on the way: steps and lines of one ticket, and how a calculation ends early.

use super::facts::{Facts, Rate};
use super::lines::{AncillaryLine, FeeLine, TaxLine, TypedValue, UsedFareLine};
use super::quote::{AppliedWindow, Quote, ReasonCode};
use super::rules::{RuleSet, Section};
use super::trace::Step;
use crate::kernel::money::MoneyError;

/// Why the calculation ends without amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A fact is missing: the airline decides.
    Missing(ReasonCode),
    /// A person must look at it.
    Manual(ReasonCode),
    Money(MoneyError),
}

impl From<MoneyError> for Stop {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

/// What every part of the calculation reads.
#[derive(Debug, Clone, Copy)]
pub struct Given<'f> {
    pub facts: &'f Facts,
    pub rules: &'f RuleSet,
    /// Whether the refund is reckoned by the voluntary rules.
    pub voluntary: bool,
    /// Whether another ticket of the same passenger carries the fee of the journey already.
    pub journey_paid: bool,
}

/// What one way of reckoning wrote down. Ways that are not taken are thrown away with their notes.
#[derive(Debug, Default)]
pub struct Notes {
    pub steps: Vec<Step>,
    pub fees: Vec<FeeLine>,
    pub taxes: Vec<TaxLine>,
    pub extras: Vec<AncillaryLine>,
    pub used_fares: Vec<UsedFareLine>,
    pub typed: Vec<TypedValue>,
    pub windows: Vec<AppliedWindow>,
    pub rates: Vec<Rate>,
    pub reasons: Vec<ReasonCode>,
    pub sources: Vec<(Section, String)>,
    /// Whether this ticket carries the fee of its passenger's journey.
    pub journey_fee: bool,
}

impl Notes {
    pub fn step(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub fn because(&mut self, reason: ReasonCode) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Adds what another way of reckoning wrote.
    pub fn take(&mut self, other: Self) {
        self.steps.extend(other.steps);
        self.fees.extend(other.fees);
        self.taxes.extend(other.taxes);
        self.extras.extend(other.extras);
        self.used_fares.extend(other.used_fares);
        self.typed.extend(other.typed);
        self.sources.extend(other.sources);
        self.journey_fee |= other.journey_fee;
        for window in other.windows {
            if !self.windows.contains(&window) {
                self.windows.push(window);
            }
        }
        for rate in other.rates {
            if !self.rates.contains(&rate) {
                self.rates.push(rate);
            }
        }
        other.reasons.into_iter().for_each(|reason| self.because(reason));
    }

    /// Writes everything into the quote; lines stand with the ticket that they are of.
    pub fn settle(self, quote: &mut Quote, place: usize) {
        quote.trace.extend(self.steps);
        quote.sources.extend(self.sources);
        for window in self.windows {
            if !quote.windows.contains(&window) {
                quote.windows.push(window);
            }
        }
        for rate in self.rates {
            if !quote.rates.contains(&rate) {
                quote.rates.push(rate);
            }
        }
        self.reasons.into_iter().for_each(|reason| quote.because(reason));
        let line = &mut quote.passengers[place];
        (line.fees, line.taxes, line.extras) = (self.fees, self.taxes, self.extras);
        (line.used_fares, line.values_to_type) = (self.used_fares, self.typed);
    }
}
