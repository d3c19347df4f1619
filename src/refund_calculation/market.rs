//! Which rule set is for a ticket: by carrier, day of issue and market.

use super::airports;
use super::facts::{Facts, Ticket};
use super::rules::{Market, RuleSet, Scope};
use crate::kernel::code::Code;

/// The carrier whose rules hold: the validating one, else the one of the first flight.
#[must_use]
pub fn carrier_of(ticket: &Ticket) -> Option<Code> {
    ticket.validating_carrier.or_else(|| ticket.coupons.iter().min_by_key(|coupon| coupon.no).and_then(|coupon| coupon.marketing_carrier))
}

/// Whether a rule set is for these facts. The first ticket whose refund is asked for decides for all.
#[must_use]
pub fn fits(rules: &RuleSet, facts: &Facts) -> bool {
    let Some(ticket) = facts.selected().next() else { return rules.carrier.is_none() };
    let from_day = rules.issued_from.is_none_or(|from| ticket.issued_on.is_some_and(|day| day >= from));
    let until_day = rules.issued_until.is_none_or(|until| ticket.issued_on.is_some_and(|day| day <= until));
    let carrier = rules.carrier.is_none_or(|carrier| carrier_of(ticket) == Some(carrier));
    carrier && from_day && until_day && rules.market.includes(ticket)
}

/// How closely a rule set is cut: the higher wins where several fit.
#[must_use]
pub fn closeness(rules: &RuleSet) -> (bool, bool, bool, bool) {
    let dated = rules.issued_from.is_some() || rules.issued_until.is_some();
    (rules.carrier.is_some(), !rules.market.countries.is_empty(), rules.market.scope != Scope::Any, dated)
}

/// The rule set for these facts, of all in use from the oldest to the newest: of the versions of one name the newest that
/// fits, of those the most closely cut, and of equals the newest.
#[must_use]
pub fn choose<'r>(in_use: &'r [RuleSet], facts: &Facts) -> Option<&'r RuleSet> {
    let fitting = || in_use.iter().enumerate().filter(|(_, rules)| fits(rules, facts));
    let is_newest = |(place, rules): &(usize, &RuleSet)| !fitting().any(|(later, other)| later > *place && other.name == rules.name);
    let newest = fitting().filter(is_newest);
    newest.max_by_key(|(place, rules)| (closeness(rules), *place)).map(|(_, rules)| rules)
}

impl Market {
    /// Whether all points of a ticket lie in the market. An unknown airport lies in none but the whole world.
    #[must_use]
    pub fn includes(&self, ticket: &Ticket) -> bool {
        let scope = match self.scope {
            Scope::Any => true,
            Scope::Domestic => airports::is_domestic(ticket) == Some(true),
            Scope::International => airports::is_domestic(ticket) == Some(false),
        };
        let inside = |code: Code| airports::country(code).is_some_and(|country| self.countries.iter().any(|one| one.text() == country));
        scope && (self.countries.is_empty() || ticket.coupons.iter().all(|coupon| inside(coupon.from) && inside(coupon.to)))
    }
}
