//! A ticket record as it is written down, in JSON or CSV, and what is wrong with it: said without repeating what stands in
//! it, for a Z value might.

use serde::Deserialize;
use serde_json::Value;

use super::model::{Coupon, CouponStatus, MOST_COUPONS, MOST_TICKETS, Sale, Tax, Ticket, masked_card};
use super::ticket_number::TicketNumber;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, DateTime};
use crate::refund_calculation::refund_form::{FIXED_POINTS, MOST_TAXES, points};
use crate::refund_calculation::sealed::SealedRate;

/// A ticket record as it is written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    tickets: Vec<String>,
    office: String,
    iata_number: String,
    device: i64,
    agent: String,
    #[serde(default)]
    sale: Option<String>,
    issued_on: String,
    passenger_name: String,
    #[serde(default)]
    passenger_type: Option<String>,
    #[serde(default = "yes")]
    electronic: bool,
    currency: String,
    fare: Value,
    #[serde(default)]
    taxes: Vec<TaxRecord>,
    #[serde(default)]
    commission_rate: Value,
    #[serde(default)]
    commission: Value,
    #[serde(default)]
    z_value: Value,
    #[serde(default)]
    tour_code: Value,
    form_of_payment: String,
    #[serde(default)]
    credit_card: String,
    #[serde(default)]
    pnr: String,
    #[serde(default)]
    seats_released: bool,
    coupons: Vec<CouponRecord>,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxRecord {
    code: String,
    amount: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CouponRecord {
    #[serde(default = "first")]
    ticket: usize,
    coupon: usize,
    status: String,
    carrier: String,
    #[serde(default)]
    flight: String,
    from: String,
    to: String,
    departs: String,
}

const fn first() -> usize {
    1
}

/// What is wrong with a record: its field, and why.
pub(super) type Fault = (String, String);

pub(super) fn fault(field: impl Into<String>, cause: impl Into<String>) -> Fault {
    (field.into(), cause.into())
}

/// A figure, as text or as a number.
fn figure(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether nothing stands there; what is neither that nor a figure is a fault.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn text(field: &str, text: &str, most: usize) -> Result<String, Fault> {
    let text = text.trim();
    if text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(fault(field, format!("at most {most} characters in one line are expected")));
    }
    Ok(text.to_owned())
}

fn needed(field: &str, given: &str, most: usize) -> Result<String, Fault> {
    let text = text(field, given, most)?;
    if text.is_empty() { Err(fault(field, "is missing")) } else { Ok(text) }
}

fn money(field: &str, value: &Value, currency: Currency) -> Result<Money, Fault> {
    let text = figure(value).ok_or_else(|| fault(field, "an amount such as 1870.00 is expected"))?;
    let amount = Money::parse(&text, currency).map_err(|_| fault(field, "is not an amount of the record's currency"))?;
    if (0..=crate::web::form::MOST_MINOR).contains(&amount.minor) { Ok(amount) } else { Err(fault(field, "is not a possible amount")) }
}

/// A record as it is kept, with what is hidden behind it apart.
pub(super) struct Checked {
    pub ticket: Ticket,
    pub z: SealedRate,
    pub hidden: bool,
}

impl Record {
    /// Looks at every field.
    ///
    /// # Errors
    /// The first that is wrong.
    pub(super) fn checked(self) -> Result<Checked, Fault> {
        if self.tickets.is_empty() || self.tickets.len() > MOST_TICKETS {
            return Err(fault("tickets", format!("one to {MOST_TICKETS} ticket numbers are expected")));
        }
        let number =
            |text: &String| TicketNumber::parse(text).map_err(|_| fault("tickets", "thirteen digits are expected: 784-5805431488"));
        let numbers: Vec<TicketNumber> = self.tickets.iter().map(number).collect::<Result<_, _>>()?;
        let mut different = numbers.clone();
        different.sort();
        different.dedup();
        if different.len() != numbers.len() || numbers.iter().any(|one| one.airline() != numbers[0].airline()) {
            return Err(fault("tickets", "the numbers of a set are different ones of one airline"));
        }
        if self.iata_number.len() != 8 || !self.iata_number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fault("iata_number", "eight digits are expected"));
        }
        let currency = Currency::parse(self.currency.trim()).map_err(|_| fault("currency", "is not a currency"))?;
        let fare = money("fare", &self.fare, currency)?;
        if self.taxes.len() > MOST_TAXES {
            return Err(fault("taxes", format!("at most {MOST_TAXES} taxes fit on a form")));
        }
        let tax = |tax: &TaxRecord| -> Result<Tax, Fault> {
            Ok(Tax { code: needed("taxes.code", &tax.code, 2)?.to_uppercase(), amount: money("taxes.amount", &tax.amount, currency)? })
        };
        let taxes = self.taxes.iter().map(tax).collect::<Result<_, _>>()?;
        let wrong_z = || fault("z_value", "percent with at most two decimals are expected");
        let z = match figure(&self.z_value) {
            Some(text) => SealedRate::parse(&text).map_err(|_| wrong_z())?,
            None if is_nothing(&self.z_value) => SealedRate::NONE,
            None => return Err(wrong_z()),
        };
        if figure(&self.tour_code).is_none() && !is_nothing(&self.tour_code) {
            return Err(fault("tour_code", "text is expected"));
        }
        let hidden = !z.is_none() || figure(&self.tour_code).is_some();
        let rate = figure(&self.commission_rate)
            .map(|text| points(&text).ok_or_else(|| fault("commission_rate", "percent such as 3.00 are expected")));
        let commission = figure(&self.commission).map(|_| money("commission", &self.commission, currency)).transpose()?;
        let rate_points = match rate.transpose()? {
            Some(FIXED_POINTS) | None if hidden => Some(FIXED_POINTS),
            Some(_) if hidden => return Err(fault("commission_rate", "is 3.00 beside a Z value or a tour code")),
            rate => rate,
        };
        if rate_points.is_some() && commission.is_some() {
            return Err(fault("commission", "a rate or an amount is expected, not both"));
        }
        let sale =
            self.sale.as_deref().map_or(Ok(Sale::Sale), str::parse).map_err(|_| fault("sale", "sale, exchange or void is expected"))?;
        let coupons = self.coupons.iter().map(|coupon| coupon.checked(numbers.len())).collect::<Result<Vec<_>, _>>()?;
        let mut places: Vec<(usize, usize)> = coupons.iter().map(|coupon| (coupon.ticket, coupon.coupon)).collect();
        places.dedup();
        if places.is_empty() || places.len() != coupons.len() || !places.is_sorted() {
            return Err(fault("coupons", "each coupon is expected once, in order"));
        }
        let ticket = Ticket {
            numbers: numbers.iter().map(|number| number.digits().to_owned()).collect(),
            office: needed("office", &self.office, 10)?.to_uppercase(),
            device: self.device,
            agent: needed("agent", &self.agent, 10)?,
            iata_number: self.iata_number,
            sale,
            issued_on: self.issued_on.trim().parse::<Date>().map_err(|_| fault("issued_on", "a day such as 2026-11-02 is expected"))?,
            passenger_name: needed("passenger_name", &self.passenger_name, 46)?,
            passenger_type: text("passenger_type", self.passenger_type.as_deref().unwrap_or("ADT"), 3)?.to_uppercase(),
            electronic: self.electronic,
            fare,
            taxes,
            rate_points,
            commission,
            form_of_payment: masked_card(&needed("form_of_payment", &self.form_of_payment, 18)?),
            credit_card: masked_card(&text("credit_card", &self.credit_card, 22)?),
            pnr: text("pnr", &self.pnr, 8)?.to_uppercase(),
            seats_released: self.seats_released,
            coupons,
        };
        Ok(Checked { ticket, z, hidden })
    }
}

impl CouponRecord {
    fn checked(&self, tickets: usize) -> Result<Coupon, Fault> {
        if !(1..=tickets).contains(&self.ticket) || !(1..=MOST_COUPONS).contains(&self.coupon) {
            return Err(fault("coupons", format!("ticket counts the set's tickets, coupon 1 to {MOST_COUPONS}")));
        }
        let words = || CouponStatus::ALL.iter().map(|status| status.word()).collect::<Vec<_>>().join(", ");
        Ok(Coupon {
            ticket: self.ticket,
            coupon: self.coupon,
            status: self
                .status
                .trim()
                .to_lowercase()
                .replace(' ', "-")
                .parse()
                .map_err(|_| fault("coupons.status", format!("one of {} is expected", words())))?,
            carrier: needed("coupons.carrier", &self.carrier, 2)?.to_uppercase(),
            flight: text("coupons.flight", &self.flight, 8)?.to_uppercase(),
            from: needed("coupons.from", &self.from, 3)?.to_uppercase(),
            to: needed("coupons.to", &self.to, 3)?.to_uppercase(),
            departs: self
                .departs
                .trim()
                .parse::<DateTime>()
                .map_err(|_| fault("coupons.departs", "local time such as 2026-12-01T08:00 is expected"))?,
        })
    }
}

/// The record of a line of CSV: the same names as the header, lists in one cell each.
pub(super) fn record_of(header: &csv::StringRecord, line: &csv::StringRecord) -> Result<Record, Fault> {
    let mut object = serde_json::Map::new();
    for (name, cell) in header.iter().zip(line) {
        let (name, cell) = (name.trim().to_lowercase(), cell.trim());
        let pieces = || cell.split(';').map(str::trim).filter(|piece| !piece.is_empty());
        let value = match name.as_str() {
            _ if cell.is_empty() => continue,
            "tickets" => pieces().map(Value::from).collect(),
            "taxes" => pieces().map(tax_of).collect(),
            "coupons" => pieces().map(coupon_of).collect(),
            "device" => Value::from(cell.parse::<i64>().map_err(|_| fault("device", "a number is expected"))?),
            "electronic" | "seats_released" => match cell.to_lowercase().as_str() {
                "y" | "yes" | "true" | "1" => Value::from(true),
                "n" | "no" | "false" | "0" => Value::from(false),
                _ => return Err(fault(name, "Y or N is expected")),
            },
            _ => Value::from(cell),
        };
        object.insert(name, value);
    }
    for list in ["tickets", "coupons"] {
        object.entry(list).or_insert_with(|| Value::Array(Vec::new()));
    }
    serde_json::from_value(Value::Object(object)).map_err(|error| fault("", said(&error)))
}

/// `CN 50.00`
fn tax_of(text: &str) -> Value {
    let (code, amount) = text.split_once(' ').unwrap_or((text, ""));
    serde_json::json!({ "code": code, "amount": amount.trim() })
}

/// `1.2 open-for-use CZ3101 SHA PEK 2026-12-01T08:00`: ticket and coupon, status, flight, from, to, departure.
fn coupon_of(text: &str) -> Value {
    let words: Vec<&str> = text.split_whitespace().collect();
    let word = |place: usize| words.get(place).copied().unwrap_or_default();
    let (ticket, coupon) = word(0).split_once('.').unwrap_or(("1", word(0)));
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    serde_json::json!({
        "ticket": number(ticket), "coupon": number(coupon), "status": word(1), "carrier": word(2).get(..2).unwrap_or_default(),
        "flight": word(2), "from": word(3), "to": word(4), "departs": word(5),
    })
}

/// What the reader complains of, without what it read.
pub(super) fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field") {
        return text;
    }
    // Its name might be a value that slipped into the place of a name.
    if text.starts_with("unknown field") {
        return "unknown field: only those of docs/tickets.md are read".to_owned();
    }
    match error.classify() {
        serde_json::error::Category::Data => "a field is not of the kind that the format asks for".to_owned(),
        _ => "the record is not whole JSON".to_owned(),
    }
}
