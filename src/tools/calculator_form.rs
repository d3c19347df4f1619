//! The calculator's form: text fields of one ticket, to facts and back.

use serde::Deserialize;

use crate::kernel::airport;
use crate::kernel::code::Code;
use crate::kernel::money::{Currency, Money, MoneyError};
use crate::kernel::time::{DateTime, Timestamp};
use crate::refund_calculation::conditions::{Applies, Range};
use crate::refund_calculation::facts::{
    Commission, Conditions, Coupon, CouponStatus, Direction, Facts, FareComponent, Fee, FeeBase, FeeUnit, OneWayFare, Publication,
    Refundability, ServiceFee, Span, Tax, Ticket, Window,
};
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
    /// What the agent typed in the host.
    pub typed: String,
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

fn code(text: &str) -> Result<Option<Code>, Message> {
    match text.trim() {
        "" => Ok(None),
        text => Code::parse(text).map(Some).map_err(|_| Message::new("calculator-bad-code").text("text", text)),
    }
}

fn amount(text: &str, currency: Currency) -> Result<Option<Money>, Message> {
    match text.trim() {
        "" => Ok(None),
        text => Money::parse(text, currency)
            .ok()
            .filter(|amount| amount.minor >= 0)
            .map(Some)
            .ok_or_else(|| Message::new("calculator-bad-amount")),
    }
}

/// `7` or `0.5`, in hundredths of a percent.
fn basis_points(text: &str) -> Result<Option<u32>, Message> {
    let text = text.trim().trim_end_matches('%').trim();
    if text.is_empty() {
        return Ok(None);
    }
    let percent: Option<rust_decimal::Decimal> = text.parse().ok();
    let points = percent.and_then(|percent| percent.checked_mul(100.into())).filter(|points| points.fract().is_zero());
    let points = points.and_then(|points| u32::try_from(points).ok()).filter(|points| *points <= 10_000);
    points.map(Some).ok_or_else(|| Message::new("calculator-bad-percent"))
}

fn instant(text: &str) -> Result<Option<Timestamp>, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let local: Result<DateTime, _> = text.replace(' ', "T").trim_end_matches('Z').parse();
    let at = local.ok().and_then(|local| local.to_zoned(jiff::tz::TimeZone::UTC).ok());
    at.map(|at| Some(at.timestamp())).ok_or_else(|| Message::new("calculator-bad-time"))
}

fn fee(text: &str) -> Result<Option<Fee>, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Message::new("calculator-bad-fee");
    if text.ends_with('%') {
        return basis_points(text).map(|points| points.map(Fee::BasisPoints)).map_err(|_| bad());
    }
    let (currency, number) = text.split_once(' ').ok_or_else(bad)?;
    let currency = Currency::parse(currency).map_err(|_| bad())?;
    let amount = amount(number, currency).map_err(|_| bad())?;
    amount.map(|amount| Some(Fee::Amount(amount))).ok_or_else(bad)
}

/// Reads lines; a bad one is named with its number.
fn lines<T>(text: &str, parse: impl Fn(&[&str]) -> Option<T>) -> Result<Vec<T>, Message> {
    let mut read = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let bad = || Message::new("calculator-bad-line").count("line", number).text("text", line.chars().take(60).collect::<String>());
        read.push(parse(&words).ok_or_else(bad)?);
    }
    Ok(read)
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

    /// The facts, or what is wrong with the fields.
    pub fn facts(&self, now: Timestamp, problems: &mut Problems) -> Option<Facts> {
        let base: Option<Facts> = serde_json::from_str(&self.base).ok();
        let currency = problems.take("currency", Currency::parse(&self.currency).map_err(|_| Message::new("calculator-bad-currency")))?;
        let (components, coupons) = self.flights(currency, problems);
        let own_fee = problems.take("fee", fee(&self.fee)).flatten();
        let fare = problems.take("fare", amount(&self.fare, currency).and_then(|fare| fare.ok_or_else(|| Message::new("form-required"))));
        let service_fee = problems.take("service_fee", amount(&self.service_fee, currency)).flatten();
        let ticket = Ticket {
            validating_carrier: problems.take("carrier", code(&self.carrier)).flatten(),
            issued_on: self.issued_on.parse().ok(),
            publication: self.publication.parse().ok(),
            passenger_type: self.passenger_type.parse().unwrap_or(crate::refund_calculation::facts::PassengerType::Adult),
            fare: fare.unwrap_or(Money::zero(currency)),
            used_fare: problems.take("used_fare", amount(&self.used_fare, currency)).flatten(),
            taxes: problems.take("taxes", lines(&self.taxes, |words| tax(words, currency))).unwrap_or_default(),
            commission: self.commission(problems),
            candidate_fares: problems
                .take("candidates", lines(&self.candidates, |words| candidate(words, currency, self.publication.parse().ok())))
                .unwrap_or_default(),
            components,
            coupons,
            ..base.as_ref().and_then(|base| base.selected().next().cloned()).unwrap_or_else(|| blank_ticket(currency))
        };
        let waiver = problems.take("waiver", code(&self.waiver)).flatten();
        let requested_at = problems.take("requested_at", instant(&self.requested_at)).flatten().unwrap_or(now);
        let seats_released_at = problems.take("released_at", instant(&self.released_at)).flatten();
        let conditions = match (own_fee, &base) {
            (Some(fee), _) => vec![flat(fee)],
            (None, Some(base)) => base.conditions.clone(),
            (None, None) => Vec::new(),
        };
        problems.is_empty().then(|| Facts {
            currency,
            payment: self.payment.parse().unwrap_or(crate::refund_calculation::facts::Payment::Deposit),
            reason: self.reason.parse().unwrap_or(crate::refund_calculation::facts::Reason::Voluntary),
            requested_at,
            seats_released_at,
            tickets: vec![Ticket { selected: true, ..ticket }],
            unpriced: Vec::new(),
            conditions,
            event: base.as_ref().and_then(|base| base.event),
            waiver,
            check_in: Vec::new(),
            rates: Vec::new(),
            service_fee: service_fee.map_or(ServiceFee::None, ServiceFee::PerPassenger),
            agency_fee: None,
        })
    }

    fn commission(&self, problems: &mut Problems) -> Option<Commission> {
        let points = problems.take("commission", basis_points(&self.commission)).flatten();
        let on_fee = problems.take("commission_on_fee", basis_points(&self.commission_on_fee)).flatten();
        (points.is_some() || on_fee.is_some()).then(|| Commission {
            basis_points: points,
            amount: None,
            fee_basis_points: on_fee.unwrap_or_default(),
        })
    }

    /// One component and one coupon for each row that is filled in. Flights of one direction without fares of their own
    /// share a component.
    fn flights(&self, currency: Currency, problems: &mut Problems) -> (Vec<FareComponent>, Vec<Coupon>) {
        let (mut components, mut coupons): (Vec<FareComponent>, Vec<Coupon>) = (Vec::new(), Vec::new());
        for row in self.rows().into_iter().filter(|row| !(row.from.trim().is_empty() && row.to.trim().is_empty())) {
            let Some((coupon, component)) = problems.take("flights", flight(&row, currency)) else { continue };
            let shares = |other: &FareComponent| other.direction == component.direction && other.fare.is_none() && component.fare.is_none();
            let place = components.iter().position(shares).unwrap_or_else(|| {
                let no = i64::try_from(components.len() + 1).unwrap_or(i64::MAX);
                components.push(FareComponent { no, ..component });
                components.len() - 1
            });
            let no = i64::try_from(coupons.len() + 1).unwrap_or(i64::MAX);
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
        let candidate_line =
            |fare: &OneWayFare| format!("{} {} {} {} {}", fare.from, fare.to, fare.booking_class, fare.fare_basis, fare.fare.decimal());
        Self {
            base: serde_json::to_string(facts).unwrap_or_default(),
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
        }
    }
}

/// `UE 119000 2`: code, amount, coupon.
fn tax(words: &[&str], currency: Currency) -> Option<Tax> {
    let (code, amount, coupon) = match words {
        [code, amount] => (code, amount, None),
        [code, amount, coupon] => (code, amount, Some(coupon.parse().ok()?)),
        _ => return None,
    };
    let amount = Money::parse(amount, currency).ok().filter(|amount| amount.minor >= 0)?;
    Some(Tax { code: Code::parse(code).ok()?, amount, coupon, station: None, carrier: None, refundable: None })
}

/// `HAN SGN Q QVNOW 3200000`: from, to, class, fare basis, amount.
fn candidate(words: &[&str], currency: Currency, publication: Option<Publication>) -> Option<OneWayFare> {
    let [from, to, class, basis, amount] = words else { return None };
    let code = |text: &str| Code::parse(text).ok();
    Some(OneWayFare {
        from: code(from)?,
        to: code(to)?,
        fare_basis: code(basis)?,
        booking_class: code(class)?,
        fare_level: None,
        validity_days: None,
        publication: publication.unwrap_or(Publication::Carrier),
        fare: Money::parse(amount, currency).ok().filter(|amount| amount.minor >= 0)?,
        named_by_rule: false,
    })
}

/// One row: the coupon, and the component it would have alone.
fn flight(row: &FlightRow<'_>, currency: Currency) -> Result<(Coupon, FareComponent), Message> {
    let place = |text: &str| {
        let unknown = || Message::new("calculator-bad-airport").text("code", text.trim());
        let upper = text.trim().to_ascii_uppercase();
        let airport = airport::find(&upper).ok_or_else(unknown)?;
        Ok::<_, Message>((Code::parse(&upper).map_err(|_| unknown())?, airport))
    };
    let ((from, origin), (to, _)) = (place(row.from)?, place(row.to)?);
    let bad_time = || Message::new("calculator-bad-time");
    let departs_local: DateTime = row.departs.trim().replace(' ', "T").parse().map_err(|_| bad_time())?;
    let departs_at = origin.instant(departs_local).ok_or_else(bad_time)?;
    let direction = row.direction.parse().unwrap_or(Direction::Outbound);
    let coupon = Coupon {
        no: 0,
        component: 0,
        status: row.status.parse().unwrap_or(CouponStatus::Open),
        flown_order: None,
        marketing_carrier: None,
        operating_carrier: code(row.operator)?,
        from,
        to,
        departs_local,
        departs_at,
    };
    let component = FareComponent {
        no: 0,
        pricing_unit: 1,
        direction,
        fare: amount(row.component_fare, currency)?,
        fare_basis: code(row.basis)?,
        booking_class: code(row.class)?,
        fare_level: None,
        validity_days: None,
    };
    Ok((coupon, component))
}

/// One fee at any time, per ticket.
fn flat(fee: Fee) -> Conditions {
    let span = Span::Minutes(Range::default());
    let window = Window { span, refundability: Refundability::WithFee, fee: Some(fee), base: FeeBase::Fare, minimum: None, maximum: None };
    Conditions {
        name: "typed".to_owned(),
        source: None,
        applies: Applies::default(),
        fee_unit: FeeUnit::Ticket,
        windows: vec![window],
        no_show: None,
        misc_fee: None,
        used_fare: None,
    }
}

fn blank_ticket(currency: Currency) -> Ticket {
    Ticket {
        no: 1,
        name: "–".to_owned(),
        passenger_type: crate::refund_calculation::facts::PassengerType::Adult,
        has_seat: false,
        selected: true,
        document_numbers: Vec::new(),
        issued_on: None,
        issuing_office: None,
        validating_carrier: None,
        publication: None,
        tour_code: None,
        commission: None,
        forms_of_payment: Vec::new(),
        fare: Money::zero(currency),
        taxes: Vec::new(),
        components: Vec::new(),
        coupons: Vec::new(),
        ancillaries: Vec::new(),
        used_fare: None,
        candidate_fares: Vec::new(),
        chain: Vec::new(),
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
        let sentence = if difference.is_zero() {
            Message::new("calculator-agrees").money("amount", computed)
        } else {
            let message = Message::new("calculator-differs").money("typed", typed).money("computed", computed);
            message.money("difference", difference)
        };
        Ok(Some(Self { typed, computed, difference, sentence }))
    }

    /// Whether both are the same.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.difference.is_zero()
    }
}
