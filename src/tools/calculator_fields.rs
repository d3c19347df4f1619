//! What is typed into the calculator's fields, as values: a sentence where it is none.

use super::calculator_form::FlightRow;
use crate::kernel::airport;
use crate::kernel::code::Code;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, DateTime, Timestamp};
use crate::refund_calculation::facts::{Coupon, CouponStatus, Direction, FareComponent, Fee, OneWayFare, Publication, Tax};
use crate::web::words::Message;

pub(super) fn code(text: &str) -> Result<Option<Code>, Message> {
    match text.trim() {
        "" => Ok(None),
        text => Code::parse(text).map(Some).map_err(|_| Message::new("calculator-bad-code").text("text", text)),
    }
}

pub(super) fn amount(text: &str, currency: Currency) -> Result<Option<Money>, Message> {
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
pub(super) fn basis_points(text: &str) -> Result<Option<u32>, Message> {
    let text = text.trim().trim_end_matches('%').trim();
    if text.is_empty() {
        return Ok(None);
    }
    let percent: Option<rust_decimal::Decimal> = text.parse().ok();
    let points = percent.and_then(|percent| percent.checked_mul(100.into())).filter(|points| points.fract().is_zero());
    let points = points.and_then(|points| u32::try_from(points).ok()).filter(|points| *points <= 10_000);
    points.map(Some).ok_or_else(|| Message::new("calculator-bad-percent"))
}

pub(super) fn day(text: &str) -> Result<Option<Date>, Message> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Message::new("calculator-bad-day")),
    }
}

/// The minute that a field shows of an instant.
pub(super) fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

pub(super) fn instant(text: &str) -> Result<Option<Timestamp>, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let local: Result<DateTime, _> = text.replace(' ', "T").trim_end_matches('Z').parse();
    let at = local.ok().and_then(|local| local.to_zoned(jiff::tz::TimeZone::UTC).ok());
    at.map(|at| Some(at.timestamp())).ok_or_else(|| Message::new("calculator-bad-time"))
}

pub(super) fn fee(text: &str, own: Currency) -> Result<Option<Fee>, Message> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Message::new("calculator-bad-fee");
    if text.ends_with('%') {
        return basis_points(text).map(|points| points.map(Fee::BasisPoints)).map_err(|_| bad());
    }
    let (currency, number) = match text.split_once(' ') {
        Some((currency, number)) if currency.starts_with(|sign: char| sign.is_alphabetic()) => {
            (Currency::parse(currency).map_err(|_| bad())?, number)
        }
        _ => (own, text),
    };
    let amount = amount(number, currency).map_err(|_| bad())?;
    amount.map(|amount| Some(Fee::Amount(amount))).ok_or_else(bad)
}

/// Reads lines; a bad one is named with its field and number.
pub(super) fn lines<T>(field: &'static str, text: &str, parse: impl Fn(&[&str]) -> Option<T>) -> Result<Vec<T>, Message> {
    let mut read = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() {
            continue;
        }
        let bad = || {
            Message::new("calculator-bad-line")
                .word("field", Message::new(field))
                .count("line", number)
                .text("text", line.chars().take(60).collect::<String>())
        };
        read.push(parse(&words).ok_or_else(bad)?);
    }
    Ok(read)
}

/// `UE 119000 2`: code, amount, coupon.
pub(super) fn tax(words: &[&str], currency: Currency) -> Option<Tax> {
    let (code, amount, coupon) = match words {
        [code, amount] => (code, amount, None),
        [code, amount, coupon] => (code, amount, Some(coupon.parse().ok()?)),
        _ => return None,
    };
    let amount = Money::parse(amount, currency).ok().filter(|amount| amount.minor >= 0)?;
    Some(Tax { code: Code::parse(code).ok()?, amount, coupon, station: None, carrier: None, refundable: None })
}

/// `HAN SGN Q QVNOW 3200000`: from, to, class, fare basis, amount; before an amount of another currency its code.
pub(super) fn candidate(words: &[&str], currency: Currency, publication: Option<Publication>) -> Option<OneWayFare> {
    let (from, to, class, basis, currency, amount) = match words {
        [from, to, class, basis, amount] => (from, to, class, basis, currency, amount),
        [from, to, class, basis, own, amount] => (from, to, class, basis, Currency::parse(own).ok()?, amount),
        _ => return None,
    };
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
pub(super) fn flight(row: &FlightRow<'_>, currency: Currency) -> Result<(Coupon, FareComponent), Message> {
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
