//! Which refunds a line seems to belong to, and why: lines are compared with the refunds that wait for money, many lines
//! with a handful of statements.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::allocation_store;
use super::model::{Finding, Line, Proposal};
use crate::bookings::model::PaymentChannel;
use crate::db::Conn;
use crate::db::select::Value;
use crate::kernel::folding::{fold_identifier, fold_name};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Date;
use crate::refunds::model::Refund;
use crate::web::words::Message;

/// The refunds with which a set of lines is compared.
#[derive(Debug, Default)]
struct Candidates {
    by_key: HashMap<(&'static str, String), Vec<usize>>,
    by_amount: BTreeMap<(Currency, i64), Vec<usize>>,
    refunds: Vec<Refund>,
    known: HashSet<String>,
    names: HashMap<String, Vec<String>>,
}

/// Compares lines and writes into each what was found.
///
/// # Errors
/// The database's own.
pub async fn propose(conn: &mut Conn, lines: &mut [Line]) -> Result<(), sqlx::Error> {
    let candidates = Candidates::of(conn, lines).await?;
    for line in lines.iter_mut() {
        let (finding, proposals) = candidates.compare(line);
        line.finding = finding;
        line.proposals = proposals;
        line.status = line.settled_status();
    }
    Ok(())
}

fn values<'a>(lines: &'a [Line], of: impl Fn(&'a Line) -> &'a str) -> Vec<Value> {
    let mut all: Vec<&str> = lines.iter().map(of).filter(|text| !text.is_empty()).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(Into::into).collect()
}

impl Candidates {
    async fn of(conn: &mut Conn, lines: &[Line]) -> Result<Self, sqlx::Error> {
        let mut all = Self::default();
        let named = [
            ("r.number", values(lines, |line| &line.refund_no)),
            ("r.number", values(lines, |line| &line.reference)),
            ("r.airline_reference_key", values(lines, |line| &line.reference)),
            ("r.order_no", values(lines, |line| &line.order_no)),
            ("r.airline_pnr", values(lines, |line| &line.pnr)),
        ];
        for (column, words) in named {
            let found = allocation_store::open_refunds_by(conn, column, words).await?;
            all.take(found);
        }
        let tickets = allocation_store::orders_of_tickets(conn, values(lines, |line| &line.ticket)).await?;
        let mut orders: Vec<Value> = tickets.iter().map(|(_, order)| order.as_str().into()).collect();
        orders.dedup();
        let found = allocation_store::open_refunds_by(conn, "r.order_no", orders).await?;
        all.take(found);
        // The same amounts by themselves: of those that are only near there may be more than are read.
        let mut amounts: HashMap<Currency, Vec<i64>> = HashMap::new();
        for line in named_after_somebody(lines) {
            amounts.entry(line.currency()).or_default().push(line.open().minor);
        }
        for (currency, mut minors) in amounts {
            minors.sort_unstable();
            minors.dedup();
            let found = allocation_store::of_amounts(conn, currency, minors.into_iter().map(Into::into).collect()).await?;
            all.take(found);
        }
        for (currency, ranges) in near_ranges(lines) {
            let found = allocation_store::in_ranges(conn, currency, &ranges).await?;
            all.take(found);
        }
        all.index(&tickets);
        let ids: Vec<&str> = all.refunds.iter().map(|refund| refund.id.as_str()).collect();
        if !ids.is_empty() {
            all.names = allocation_store::passengers(conn, &ids).await?;
        }
        Ok(all)
    }

    fn take(&mut self, found: Vec<Refund>) {
        for refund in found {
            if self.known.insert(refund.id.clone()) {
                self.refunds.push(refund);
            }
        }
    }

    fn index(&mut self, tickets: &[(String, String)]) {
        for (place, refund) in self.refunds.iter().enumerate() {
            let mut keys = vec![("number", refund.number.clone()), ("order", refund.order_no.clone()), ("pnr", refund.airline_pnr.clone())];
            keys.extend(refund.airline_reference.as_deref().map(|reference| ("reference", fold_identifier(reference))));
            let own = tickets.iter().filter(|(_, order)| *order == refund.order_no);
            keys.extend(own.map(|(ticket, _)| ("ticket", ticket.clone())));
            for key in keys {
                self.by_key.entry(key).or_default().push(place);
            }
            if let Some(amount) = refund.expected() {
                self.by_amount.entry((amount.currency, amount.minor)).or_default().push(place);
            }
        }
    }

    /// What a refund still has to bring, less what it holds.
    fn rest(refund: &Refund) -> Option<i64> {
        refund.expected().map(|amount| amount.minor - refund.held.minor)
    }

    /// The refunds that a line names, each with why. What names one refund counts before what names an order, and that
    /// before a PNR, which several orders may have: a refund is not paid with the money that another one's number stands on.
    fn named(&self, line: &Line) -> Vec<(usize, Vec<Message>)> {
        let ranks: [&[(&'static str, &String, &str)]; 3] = [
            &[
                ("number", &line.refund_no, "why-refund-no"),
                ("number", &line.reference, "why-refund-no"),
                ("reference", &line.reference, "why-reference"),
            ],
            &[("order", &line.order_no, "why-order"), ("ticket", &line.ticket, "why-ticket")],
            &[("pnr", &line.pnr, "why-pnr")],
        ];
        let found = ranks.into_iter().map(|keys| self.named_by(keys)).find(|found| !found.is_empty());
        found.unwrap_or_default()
    }

    fn named_by(&self, keys: &[(&'static str, &String, &str)]) -> Vec<(usize, Vec<Message>)> {
        let mut found: Vec<(usize, Vec<Message>)> = Vec::new();
        for (kind, value, why) in keys {
            for place in self.by_key.get(&(*kind, (*value).clone())).map(Vec::as_slice).unwrap_or_default() {
                let reason = Message::new(*why).text("value", value);
                match found.iter_mut().find(|(there, _)| there == place) {
                    Some((_, reasons)) => reasons.push(reason),
                    None => found.push((*place, vec![reason])),
                }
            }
        }
        found
    }

    fn compare(&self, line: &Line) -> (Finding, Vec<Proposal>) {
        if line.amount.minor <= 0 {
            return (Finding::NoAmount, Vec::new());
        }
        let named = self.named(line);
        let usable: Vec<&(usize, Vec<Message>)> = named
            .iter()
            .filter(|(place, _)| self.refunds[*place].currency == line.currency() && self.refunds[*place].can_take_money())
            .collect();
        if usable.is_empty() && named.iter().any(|(place, _)| self.refunds[*place].payment_channel == PaymentChannel::Vcc) {
            return (Finding::Card, Vec::new());
        }
        if usable.is_empty() {
            return self.alike(line);
        }
        let open = line.open().minor;
        let proposal = |(place, reasons): &(usize, Vec<Message>), minor: i64| {
            let refund = &self.refunds[*place];
            let mut reasons = reasons.clone();
            reasons
                .push(Message::new("why-expected").text("value", Money::new(Self::rest(refund).unwrap_or(0), refund.currency).decimal()));
            Proposal { refund_no: refund.number.clone(), minor, reasons }
        };
        // A refund whose airline had said another amount than was estimated needs a reason: nobody posts it unseen.
        let explained =
            |place: usize| self.refunds[place].estimated.is_none_or(|estimated| Some(estimated) == self.refunds[place].expected());
        // A refund number that is not found among the refunds that wait makes everything else a guess.
        let names_another = !line.refund_no.is_empty() && !self.by_key.contains_key(&("number", line.refund_no.clone()));
        let explained = |place: usize| !names_another && explained(place);
        let exact: Vec<_> = usable.iter().filter(|(place, _)| Self::rest(&self.refunds[*place]) == Some(open)).collect();
        if let [only] = exact.as_slice() {
            let finding = if explained(only.0) { Finding::Exact } else { Finding::Suggested };
            return (finding, vec![proposal(only, open)]);
        }
        let sum: Option<i64> = usable.iter().map(|(place, _)| Self::rest(&self.refunds[*place])).sum();
        if exact.is_empty() && usable.len() > 1 && sum == Some(open) {
            let all = usable.iter().map(|one| proposal(one, Self::rest(&self.refunds[one.0]).unwrap_or(0))).collect();
            let finding = if usable.iter().all(|(place, _)| explained(*place)) { Finding::Exact } else { Finding::Suggested };
            return (finding, all);
        }
        if let [only] = usable.as_slice() {
            return match Self::rest(&self.refunds[only.0]) {
                Some(rest) if open < rest => (Finding::ShortPaid, vec![proposal(only, open)]),
                Some(rest) => (Finding::OverPaid, vec![proposal(only, rest.max(0))]),
                None => (Finding::Suggested, vec![proposal(only, open)]),
            };
        }
        let fit = |place: usize| Self::rest(&self.refunds[place]).map_or(open, |rest| rest.clamp(0, open));
        (Finding::Suggested, usable.iter().take(MOST_PROPOSALS).map(|one| proposal(one, fit(one.0))).collect())
    }

    /// Refunds of the same or a near amount with the passenger's name: suggested, never more; the likeliest first.
    fn alike(&self, line: &Line) -> (Finding, Vec<Proposal>) {
        let (name, currency, open) = (fold_name(&line.passenger), line.currency(), line.open().minor);
        let (least, most) = near(open);
        let mut found: Vec<(Likeness, Proposal)> = Vec::new();
        for (_, places) in self.by_amount.range((currency, least)..=(currency, most)) {
            for refund in places.iter().map(|place| &self.refunds[*place]) {
                let names = self.names.get(&refund.id).map(Vec::as_slice).unwrap_or_default();
                let likeness = Likeness::of(line, refund, names, &name);
                if refund.can_take_money() && likeness.name {
                    let reasons = likeness.reasons(line, refund);
                    found.push((likeness, Proposal { refund_no: refund.number.clone(), minor: open, reasons }));
                }
            }
        }
        found.sort_by(|one, other| other.0.score().cmp(&one.0.score()).then_with(|| one.1.refund_no.cmp(&other.1.refund_no)));
        let proposals: Vec<Proposal> = found.into_iter().take(MOST_PROPOSALS).map(|(_, proposal)| proposal).collect();
        let finding = if proposals.is_empty() { Finding::Unknown } else { Finding::Suggested };
        (finding, proposals)
    }
}

/// Proposals that a line keeps.
const MOST_PROPOSALS: usize = 10;

/// Whether two folded names are of one person: the same words in any order, or all words of the shorter in the longer.
#[must_use]
pub fn is_like(one: &str, other: &str) -> bool {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split(' ').collect(), other.split(' ').collect());
    let (fewer, more) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    !fewer.is_empty() && fewer.iter().all(|word| more.contains(word))
}

/// Lines of money that name a passenger: the only ones that are compared with refunds which they do not name.
fn named_after_somebody(lines: &[Line]) -> impl Iterator<Item = &Line> {
    lines.iter().filter(|line| line.amount.minor > 0 && !line.passenger.is_empty())
}

/// Between which amounts one is near another: within a twentieth.
const fn near(minor: i64) -> (i64, i64) {
    (minor - minor / 20, minor + minor / 20)
}

/// The ranges of near amounts of the lines that name a passenger, by currency, put together where they overlap.
fn near_ranges(lines: &[Line]) -> BTreeMap<Currency, Vec<(i64, i64)>> {
    let mut all: BTreeMap<Currency, Vec<(i64, i64)>> = BTreeMap::new();
    for line in named_after_somebody(lines) {
        all.entry(line.currency()).or_default().push(near(line.open().minor));
    }
    for ranges in all.values_mut() {
        ranges.sort_unstable();
        let mut apart: Vec<(i64, i64)> = Vec::new();
        for (least, most) in ranges.drain(..) {
            match apart.last_mut() {
                Some(last) if least <= last.1 + 1 => last.1 = last.1.max(most),
                _ => apart.push((least, most)),
            }
        }
        *ranges = apart;
    }
    all
}

/// What speaks for a line and a refund belonging together, where the line names none.
#[derive(Debug, Clone, Copy)]
struct Likeness {
    amount: bool,
    name: bool,
    day: Option<Date>,
}

impl Likeness {
    /// `wanted`: the line's passenger, folded.
    fn of(line: &Line, refund: &Refund, names: &[String], wanted: &str) -> Self {
        let day = refund.expected_on.or(refund.fulfilled_on);
        Self {
            amount: refund.expected().is_some_and(|amount| amount.minor == line.open().minor),
            name: !wanted.is_empty() && names.iter().any(|own| is_like(&fold_name(own), wanted)),
            day: day.filter(|day| day.since(line.paid_on).is_ok_and(|span| span.get_days().abs() <= 7)),
        }
    }

    fn score(self) -> i64 {
        4 * i64::from(self.amount) + 4 * i64::from(self.name) + i64::from(self.day.is_some())
    }

    fn reasons(self, line: &Line, refund: &Refund) -> Vec<Message> {
        let expected = refund.expected().unwrap_or_else(|| Money::zero(line.currency()));
        let mut reasons = vec![Message::new(if self.amount { "why-amount" } else { "why-near" }).text("value", expected.decimal())];
        reasons.extend(self.name.then(|| Message::new("why-name").text("value", &line.passenger)));
        reasons.extend(self.day.map(|day| Message::new("why-day").text("value", day)));
        reasons
    }
}

/// Suggestions for one line that is looked at: what it names, and refunds near it in amount, name and day, the best
/// first.
///
/// # Errors
/// The database's own.
pub async fn suggest(conn: &mut Conn, line: &Line) -> Result<Vec<(Refund, Vec<Message>)>, sqlx::Error> {
    let (least, most) = near(line.open().minor);
    let near = allocation_store::near(conn, line.currency(), (least, line.open().minor, most), 40).await?;
    let ids: Vec<&str> = near.iter().map(|refund| refund.id.as_str()).collect();
    let names = if ids.is_empty() { HashMap::new() } else { allocation_store::passengers(conn, &ids).await? };
    let wanted = fold_name(&line.passenger);
    let mut scored: Vec<(i64, Refund, Vec<Message>)> = Vec::new();
    for refund in near.into_iter().filter(Refund::can_take_money) {
        let likeness = Likeness::of(line, &refund, names.get(&refund.id).map(Vec::as_slice).unwrap_or_default(), &wanted);
        let reasons = likeness.reasons(line, &refund);
        scored.push((likeness.score(), refund, reasons));
    }
    scored.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.number.cmp(&other.1.number)));
    Ok(scored.into_iter().take(MOST_PROPOSALS).map(|(_, refund, reasons)| (refund, reasons)).collect())
}
