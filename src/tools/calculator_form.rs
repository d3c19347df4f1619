//! The calculator's form: text fields of one ticket, to facts and back.

use serde::Deserialize;

use super::calculator_base::{
    blank_facts, blank_ticket, flat, keep_candidates, keep_components, keep_coupons, keep_details, with_statuses_of,
};
use super::calculator_fields::{amount, basis_points, candidate, code, day, fee, flight, instant, lines, minute, tax};
use crate::kernel::code::Code;
use crate::kernel::money::{Currency, Money, MoneyError};
use crate::kernel::time::Timestamp;
use crate::refund_calculation::facts::{Commission, Coupon, Direction, Facts, FareComponent, OneWayFare, ServiceFee, Tax, Ticket};
use crate::web::form::Problems;
use crate::web::words::Message;

/// Rows of flights in the form; the JSON has no such limit.
pub const FLIGHT_ROWS: usize = 6;

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CalculatorForm {
    /// Facts of a booking that the form began with; the fields stand above them.
    pub base: String,
    /// The order that it began with.
    pub start: String,
    /// Whose conditions hold where the base has its own: `own`, or `rule-set`.
    pub conditions: String,
    pub rule_set: String,
    pub carrier: String,
    pub issued_on: String,
    pub publication: String,
    pub currency: String,
    pub payment: String,
    pub reason: String,
    pub requested_at: String,
    pub released_at: String,
    pub passenger_type: String,
    pub fare: String,
    pub used_fare: String,
    pub taxes: String,
    pub commission: String,
    pub commission_on_fee: String,
    pub waiver: String,
    pub service_fee: String,
    pub fee: String,
    pub candidates: String,
    pub from: Vec<String>,
    pub to: Vec<String>,
    pub departs: Vec<String>,
    pub class: Vec<String>,
    pub basis: Vec<String>,
    pub operator: Vec<String>,
    pub status: Vec<String>,
    pub direction: Vec<String>,
    pub component_fare: Vec<String>,
    /// Facts as JSON; where they are given, the fields above are not read.
    pub json: String,
    /// What the agent typed in the host, and for which of the tickets, counted from 0; empty for all together.
    pub typed: String,
    pub typed_for: String,
}

/// One row of flights as the page shows it.
#[derive(Debug, Default)]
pub struct FlightRow<'f> {
    pub from: &'f str,
    pub to: &'f str,
    pub departs: &'f str,
    pub class: &'f str,
    pub basis: &'f str,
    pub operator: &'f str,
    pub status: &'f str,
    pub direction: &'f str,
    pub component_fare: &'f str,
}

impl CalculatorForm {
    /// The rows of flights, with empty ones at the end.
    pub fn rows(&self) -> Vec<FlightRow<'_>> {
        fn cell(column: &[String], row: usize) -> &str {
            column.get(row).map_or("", String::as_str)
        }
        (0..self.from.len().max(FLIGHT_ROWS))
            .map(|row| FlightRow {
                from: cell(&self.from, row),
                to: cell(&self.to, row),
                departs: cell(&self.departs, row),
                class: cell(&self.class, row),
                basis: cell(&self.basis, row),
                operator: cell(&self.operator, row),
                status: cell(&self.status, row),
                direction: cell(&self.direction, row),
                component_fare: cell(&self.component_fare, row),
            })
            .collect()
    }

    /// The facts that the form was begun with.
    #[must_use]
    pub fn begun_with(&self) -> Option<Facts> {
        serde_json::from_str(&self.base).ok()
    }

    /// The facts, or what is wrong with the fields.
    pub fn facts(&self, now: Timestamp, problems: &mut Problems) -> Option<Facts> {
        let base = self.begun_with();
        let currency = problems.take("currency", Currency::parse(&self.currency).map_err(|_| Message::new("calculator-bad-currency")));
        // The other fields are looked at all the same, so that one mistake does not hide the next.
        let currency = currency.unwrap_or(Currency::USD);
        let ticket = self.ticket(base.as_ref(), currency, problems);
        let own_fee = problems.take("fee", fee(&self.fee, currency)).flatten();
        let service_fee = problems.take("service_fee", amount(&self.service_fee, currency)).flatten();
        let waiver = problems.take("waiver", code(&self.waiver)).flatten();
        let requested_at = problems.take("requested_at", instant(&self.requested_at)).flatten().unwrap_or(now);
        // The field shows minutes; where it was not touched the second stays.
        let untouched = base.as_ref().map(|base| base.requested_at).filter(|at| minute(*at) == minute(requested_at));
        let requested_at = untouched.unwrap_or(requested_at);
        let seats_released_at = problems.take("released_at", instant(&self.released_at)).flatten();
        let mut facts = base.unwrap_or_else(|| blank_facts(currency, requested_at));
        if facts.currency != currency || facts.requested_at != requested_at {
            // Rates are of a day and a currency; others are looked up anew.
            facts.rates.clear();
        }
        facts.conditions = match (own_fee, self.conditions.as_str()) {
            (Some(fee), _) => vec![flat(fee)],
            (None, "rule-set") => Vec::new(),
            (None, _) => facts.conditions,
        };
        let others = facts.tickets.iter().filter(|other| other.selected).skip(1).cloned();
        let others = others.map(|other| with_statuses_of(other, &ticket)).collect::<Vec<_>>();
        facts.tickets = std::iter::once(ticket).chain(others).collect();
        (facts.currency, facts.requested_at, facts.seats_released_at, facts.waiver) = (currency, requested_at, seats_released_at, waiver);
        facts.payment = self.payment.parse().unwrap_or(crate::refund_calculation::facts::Payment::Deposit);
        facts.reason = self.reason.parse().unwrap_or(crate::refund_calculation::facts::Reason::Voluntary);
        facts.service_fee = match (facts.service_fee, service_fee) {
            (_, None) => ServiceFee::None,
            (ServiceFee::PerOrder(_), Some(fee)) => ServiceFee::PerOrder(fee),
            (_, Some(fee)) => ServiceFee::PerPassenger(fee),
        };
        problems.is_empty().then_some(facts)
    }

    /// The ticket of the fields; what they do not show is the base's.
    fn ticket(&self, base: Option<&Facts>, currency: Currency, problems: &mut Problems) -> Ticket {
        let fare = problems.take("fare", amount(&self.fare, currency).and_then(|fare| fare.ok_or_else(|| Message::new("form-required"))));
        let begun_with = base.and_then(|base| base.selected().next().cloned()).unwrap_or_else(|| blank_ticket(currency));
        let (components, coupons) = self.flights(currency, &begun_with, problems);
        let taxes = problems.take("taxes", lines("calculator-taxes", &self.taxes, |words| tax(words, currency))).unwrap_or_default();
        let publication = self.publication.parse().ok();
        let candidates = lines("calculator-candidates", &self.candidates, |words| candidate(words, currency, publication));
        Ticket {
            validating_carrier: problems.take("carrier", code(&self.carrier)).flatten(),
            issued_on: problems.take("issued_on", day(&self.issued_on)).flatten(),
            publication,
            passenger_type: self.passenger_type.parse().unwrap_or(crate::refund_calculation::facts::PassengerType::Adult),
            fare: fare.unwrap_or(Money::zero(currency)),
            used_fare: problems.take("used_fare", amount(&self.used_fare, currency)).flatten(),
            taxes: keep_details(taxes, begun_with.taxes.clone()),
            commission: self.commission(begun_with.commission, problems),
            candidate_fares: keep_candidates(
                problems.take("candidates", candidates).unwrap_or_default(),
                begun_with.candidate_fares.clone(),
            ),
            components: keep_components(components, &begun_with),
            coupons: keep_coupons(coupons, &begun_with),
            selected: true,
            ..begun_with
        }
    }

    fn commission(&self, begun_with: Option<Commission>, problems: &mut Problems) -> Option<Commission> {
        let points = problems.take("commission", basis_points(&self.commission)).flatten();
        let on_fee = problems.take("commission_on_fee", basis_points(&self.commission_on_fee)).flatten();
        // An amount has no field; it stays as long as no share is typed over it.
        let amount = begun_with.filter(|before| before.basis_points == points).and_then(|before| before.amount);
        let fee_basis_points = on_fee.unwrap_or_default();
        (points.is_some() || on_fee.is_some() || amount.is_some()).then_some(Commission { basis_points: points, amount, fee_basis_points })
    }

    /// One coupon for each row that is filled in. A coupon that the form was begun with keeps its component; flights that
    /// are new share one by direction, unless they have a fare of their own.
    fn flights(&self, currency: Currency, begun_with: &Ticket, problems: &mut Problems) -> (Vec<FareComponent>, Vec<Coupon>) {
        let (mut components, mut coupons): (Vec<FareComponent>, Vec<Coupon>) = (Vec::new(), Vec::new());
        let filled = |row: &FlightRow<'_>| !(row.from.trim().is_empty() && row.to.trim().is_empty());
        for (number, row) in (1..).zip(self.rows()).filter(|(_, row)| filled(row)) {
            let read = flight(&row, currency).map_err(|wrong| Message::new("calculator-bad-row").count("row", number).word("wrong", wrong));
            let Some((coupon, component)) = problems.take("flights", read) else { continue };
            let no = coupons.last().map_or(1, |last| last.no + 1);
            let before = begun_with.coupons.iter().find(|one| one.no == no).map(|one| one.component);
            let shares = |other: &FareComponent| match before {
                Some(before) => other.no == before,
                None => other.direction == component.direction && other.fare.is_none() && component.fare.is_none(),
            };
            let place = components.iter().position(shares).unwrap_or_else(|| {
                let highest = components.iter().chain(&begun_with.components).map(|one| one.no).max().unwrap_or(0);
                components.push(FareComponent { no: before.unwrap_or(highest + 1), ..component });
                components.len() - 1
            });
            coupons.push(Coupon { no, component: components[place].no, ..coupon });
        }
        if coupons.is_empty() && problems.of("flights").is_none() {
            problems.add("flights", "calculator-need-flight");
        }
        (components, coupons)
    }

    /// The form of facts: of their first ticket whose refund is asked for.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let Some(ticket) = facts.selected().next() else { return Self::default() };
        let plain = |amount: Option<Money>| amount.map(|amount| amount.decimal().to_string()).unwrap_or_default();
        let text = |code: Option<Code>| code.map(|code| code.to_string()).unwrap_or_default();
        let at = |at: Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
        let percent = |points: Option<u32>| {
            points.map(|points| rust_decimal::Decimal::new(i64::from(points), 2).normalize().to_string()).unwrap_or_default()
        };
        let component = |coupon: &Coupon| ticket.components.iter().find(|component| component.no == coupon.component);
        let column = |cell: &dyn Fn(&Coupon) -> String| ticket.coupons.iter().map(cell).collect::<Vec<_>>();
        let tax_line = |tax: &Tax| {
            let coupon = tax.coupon.map(|no| format!(" {no}")).unwrap_or_default();
            format!("{} {}{coupon}", tax.code, tax.amount.decimal())
        };
        let candidate_line = |fare: &OneWayFare| {
            let currency = if fare.fare.currency == facts.currency { String::new() } else { format!("{} ", fare.fare.currency) };
            let amount = fare.fare.decimal();
            format!("{} {} {} {} {currency}{amount}", fare.from, fare.to, fare.booking_class, fare.fare_basis)
        };
        Self {
            base: serde_json::to_string(facts).unwrap_or_default(),
            start: String::new(),
            conditions: String::new(),
            rule_set: String::new(),
            carrier: text(ticket.validating_carrier),
            issued_on: ticket.issued_on.map(|day| day.to_string()).unwrap_or_default(),
            publication: ticket.publication.map(|one| one.to_string()).unwrap_or_default(),
            currency: facts.currency.to_string(),
            payment: facts.payment.to_string(),
            reason: facts.reason.to_string(),
            requested_at: at(Some(facts.requested_at)),
            released_at: at(facts.seats_released_at),
            passenger_type: ticket.passenger_type.to_string(),
            fare: plain(Some(ticket.fare)),
            used_fare: plain(ticket.used_fare),
            taxes: ticket.taxes.iter().map(tax_line).collect::<Vec<_>>().join("\n"),
            commission: percent(ticket.commission.and_then(|commission| commission.basis_points)),
            commission_on_fee: percent(ticket.commission.map(|commission| commission.fee_basis_points).filter(|points| *points > 0)),
            waiver: text(facts.waiver),
            service_fee: match facts.service_fee {
                ServiceFee::None => String::new(),
                ServiceFee::PerPassenger(fee) | ServiceFee::PerOrder(fee) => plain(Some(fee)),
            },
            fee: String::new(),
            candidates: ticket.candidate_fares.iter().map(candidate_line).collect::<Vec<_>>().join("\n"),
            from: column(&|coupon| coupon.from.to_string()),
            to: column(&|coupon| coupon.to.to_string()),
            departs: column(&|coupon| coupon.departs_local.strftime("%Y-%m-%d %H:%M").to_string()),
            class: column(&|coupon| text(component(coupon).and_then(|component| component.booking_class))),
            basis: column(&|coupon| text(component(coupon).and_then(|component| component.fare_basis))),
            operator: column(&|coupon| text(coupon.operating_carrier)),
            status: column(&|coupon| coupon.status.to_string()),
            direction: column(&|coupon| component(coupon).map_or(Direction::Outbound, |component| component.direction).to_string()),
            component_fare: column(&|coupon| plain(component(coupon).and_then(|component| component.fare))),
            json: String::new(),
            typed: String::new(),
            typed_for: String::new(),
        }
    }
}

/// What the agent typed in the host against what was computed.
#[derive(Debug)]
pub struct TypeBack {
    pub typed: Money,
    pub computed: Money,
    pub difference: Money,
    /// What to tell the agent.
    pub sentence: Message,
}

impl TypeBack {
    /// Reads the amount; nothing while none was typed.
    ///
    /// # Errors
    /// A sentence when it is no amount.
    pub fn read(text: &str, computed: Money) -> Result<Option<Self>, Message> {
        let typed = match text.trim() {
            "" => return Ok(None),
            text => Money::parse(text, computed.currency).map_err(|_: MoneyError| Message::new("calculator-bad-amount"))?,
        };
        let difference = typed.minus(computed).map_err(|_| Message::new("calculator-bad-amount"))?;
        let apart = |key: &str, difference: Money| {
            Message::new(key).money("typed", typed).money("computed", computed).money("difference", difference)
        };
        let sentence = match difference.minor {
            0 => Message::new("calculator-agrees").money("amount", computed),
            1.. => apart("calculator-too-much", difference),
            _ => apart("calculator-too-little", computed.minus(typed).map_err(|_| Message::new("calculator-bad-amount"))?),
        };
        Ok(Some(Self { typed, computed, difference, sentence }))
    }

    /// Whether both are the same.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.difference.is_zero()
    }
}
