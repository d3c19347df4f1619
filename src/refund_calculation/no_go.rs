//! Sectors that must be closed as no-go before a refund (Vietnam Airlines, questions 4 and 6), and the host's answer
//! about interactive check-in that tells which.

use std::collections::BTreeMap;

use super::airports;
use super::facts::{Coupon, Facts, Ticket};
use super::lines::{NoGo, NoGoCause, NoGoSector};
use super::quote::{Quote, ReasonCode};
use super::rules::RuleSet;
use super::trace::Step;
use crate::kernel::code::Code;

/// Names the sectors to be closed. Wholly domestic: every refunded sector from an airport without interactive check-in
/// or flown by another carrier; international: the first sector, where it is such and was not flown. A ticket that names
/// no operating carrier is operated by its own: others must be disclosed on it.
pub fn check(facts: &Facts, rules: &RuleSet, quote: &mut Quote) {
    if !rules.no_go {
        return;
    }
    let mut answer = NoGo::default();
    for ticket in facts.selected() {
        let unknown = ticket.coupons.iter().flat_map(|coupon| [coupon.from, coupon.to]).find(|code| airports::country(*code).is_none());
        if let Some(unknown) = unknown {
            // Whether the journey is domestic is not known, so neither is which sectors count.
            answer.unknown.push(unknown);
            continue;
        }
        let domestic = airports::is_domestic(ticket) == Some(true) && is_home(rules, ticket);
        let sectors = if domestic { &ticket.coupons[..] } else { &ticket.coupons[..ticket.coupons.len().min(1)] };
        for coupon in sectors.iter().filter(|coupon| coupon.status.is_refundable()) {
            look_at(facts, rules, ticket, coupon, domestic, &mut answer);
        }
    }
    if !answer.unknown.is_empty() {
        quote.because(ReasonCode::NoGoTableMissing);
    }
    for sector in &answer.sectors {
        quote.trace.push(Step::NoGo { from: sector.from, to: sector.to, cause: sector.cause });
    }
    if answer.sectors.is_empty() && answer.unknown.is_empty() {
        quote.trace.push(Step::NoGoNone);
    }
    quote.no_go = Some(answer);
}

fn is_home(rules: &RuleSet, ticket: &Ticket) -> bool {
    let first = ticket.coupons.first().and_then(|coupon| airports::country(coupon.from));
    rules.home_country.is_none_or(|home| first == Some(home.text()))
}

fn look_at(facts: &Facts, rules: &RuleSet, ticket: &Ticket, coupon: &Coupon, domestic: bool, answer: &mut NoGo) {
    let own = rules.carrier.or(ticket.validating_carrier).or(coupon.marketing_carrier);
    let mut close = |cause| {
        answer.sectors.push(NoGoSector { passenger: ticket.no, coupon: coupon.no, from: coupon.from, to: coupon.to, cause });
    };
    if coupon.operating_carrier.is_some_and(|operating| Some(operating) != own) {
        return close(NoGoCause::OtherOperator);
    }
    let row = facts.check_in.iter().find(|row| row.airport == coupon.from);
    match row.and_then(|row| if domestic { row.domestic } else { row.international }) {
        Some(true) => {}
        Some(false) => close(NoGoCause::NoInteractiveCheckIn),
        None if answer.unknown.contains(&coupon.from) => {}
        None => answer.unknown.push(coupon.from),
    }
}

/// Reads the host's answer to `F*TWDYVX` or `F*TWUGIA`: airports, with `SABRE SSCI` after those that have interactive
/// check-in. A line with other words gives only the codes before a `SABRE SSCI`; one that gives nothing is returned as
/// it stands, so that nobody believes it was read.
#[must_use]
pub fn read_answer(text: &str) -> (BTreeMap<Code, bool>, Vec<String>) {
    let (mut airports, mut unread) = (BTreeMap::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_code = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        let only_codes = words.iter().all(|word| is_code(word) || matches!(*word, "SABRE" | "SSCI"));
        let mut found = false;
        for (place, word) in words.iter().enumerate().filter(|(_, word)| is_code(word)) {
            let interactive = words.get(place + 1) == Some(&"SABRE") && words.get(place + 2) == Some(&"SSCI");
            if let Some(code) = Code::parse(word).ok().filter(|_| only_codes || interactive) {
                *airports.entry(code).or_insert(interactive) |= interactive;
                found = true;
            }
        }
        if !found {
            unread.push(line.to_owned());
        }
    }
    (airports, unread)
}
