//! From the order document to a booking: every required field is there and means something, or the path of the one
//! that does not is named.

use rust_decimal::Decimal;

use super::document::{self, Amount};
use super::model::{
    AirlineBooking, Ancillary, Booking, Direction, Fare, Fares, JourneyType, NoShow, Passenger, PassengerType, PaymentChannel, ProductType,
    RefundRule, Refundability, Segment, Status, Window,
};
use crate::kernel::airport;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{DateTime, Timestamp};

/// What is wrong, and where: `routing.fromSegments[0].depTime`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub path: String,
    pub cause: String,
}

impl Fault {
    fn new(path: impl Into<String>, cause: impl ToString) -> Self {
        Self { path: path.into(), cause: cause.to_string() }
    }
}

const MAX_PASSENGERS: usize = 99;
const MAX_SEGMENTS: usize = 16;
const MAX_WINDOWS: usize = 50;

/// Reads one order from its JSON text.
///
/// # Errors
/// The first fault.
pub fn order(text: &str) -> Result<Booking, Fault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let order: document::Order = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        Fault::new(if path == "." { String::new() } else { path }, error.into_inner())
    })?;
    if text.contains("\\u0000") {
        return Err(Fault::new("", "the order contains a NUL character"));
    }
    booking(order)
}

fn booking(order: document::Order) -> Result<Booking, Fault> {
    let order_no = order_number(&order.order_no)?;
    let entries = order.order_list.unwrap_or_default();
    let main = entries.iter().position(|entry| entry.order_no.as_deref() == Some(order_no.as_str())).or((!entries.is_empty()).then_some(0));
    let main = main.map(|index| &entries[index]);
    let currency = order.currency.or_else(|| main.and_then(|entry| entry.currency.clone()));
    let currency = parse_currency(&required("currency", currency)?, "currency")?;
    let total = order.total_price.or_else(|| main.and_then(|entry| entry.total_price));
    let total = money(required("totalPrice", total)?, currency, "totalPrice")?;
    let status = order.order_status.or_else(|| main.and_then(|entry| entry.order_status.clone()));
    let status = parse_status(&required("orderStatus", status)?.0)?;
    let method = order.payment_method.or_else(|| main.and_then(|entry| entry.support_payment_method.clone()));
    let payment_channel = parse_channel(&required("paymentMethod", method)?.0)?;
    let limit = order.tkt_limit_time.or_else(|| main.and_then(|entry| entry.tkt_limit_time.clone()));
    let ticketing_limit = limit.map(|text| china_time(&text, "%Y-%m-%d %H:%M:%S", "tktLimitTime")).transpose()?;
    let vendor = (
        order.vendor_total_price.or_else(|| main.and_then(|entry| entry.vendor_total_price)),
        order.vendor_currency.or_else(|| main.and_then(|entry| entry.vendor_currency.clone())),
    );
    let vendor_total = match vendor {
        (Some(amount), Some(code)) => Some(money(amount, parse_currency(&code, "vendorCurrency")?, "vendorTotalPrice")?),
        _ => None,
    };
    let created_at =
        created(&order_no).or(ticketing_limit).ok_or_else(|| Fault::new("orderNo", "holds no time, and tktLimitTime is missing"))?;
    let segments = segments(&order.routing)?;
    let (fee_per_passenger, fee_per_order) = fees(&order.routing, currency)?;
    Ok(Booking {
        operator_pnr: order.pnr_code.unwrap_or_default(),
        status,
        payment_channel,
        journey_type: if segments.iter().any(|s| s.direction == Direction::Inbound) { JourneyType::RoundTrip } else { JourneyType::OneWay },
        currency,
        total,
        vendor_total,
        created_at,
        ticketing_limit,
        passengers: passengers(order.pax_ticket_infos, currency)?,
        fares: fares(&order.routing, currency)?,
        fee_per_passenger,
        fee_per_order,
        refund_rules: refund_rules(order.routing.rule)?,
        airline_bookings: order.airline_bookings.unwrap_or_default().into_iter().map(airline_booking).collect(),
        segments,
        order_no,
    })
}

fn required<T>(path: &str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::new(path, "is missing"))
}

fn order_number(text: &str) -> Result<String, Fault> {
    let number = crate::kernel::folding::fold_identifier(text);
    let fits = (4..=40).contains(&number.len()) && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if fits { Ok(number) } else { Err(Fault::new("orderNo", format!("“{text}” is not an order number"))) }
}

/// The time inside an order number: 14 digits, China's time.
fn created(order_no: &str) -> Option<Timestamp> {
    let digits = order_no.trim_start_matches(|c: char| !c.is_ascii_digit());
    china_time(digits.get(..14)?, "%Y%m%d%H%M%S", "orderNo").ok()
}

fn china_time(text: &str, form: &str, path: &str) -> Result<Timestamp, Fault> {
    let local = DateTime::strptime(form, text).map_err(|_| Fault::new(path, format!("“{text}” is not a time of the form {form}")))?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    local.to_zoned(zone).map(|zoned| zoned.timestamp()).map_err(|error| Fault::new(path, error))
}

fn parse_currency(text: &str, path: &str) -> Result<Currency, Fault> {
    Currency::parse(text).map_err(|error| Fault::new(path, error))
}

fn money(amount: Amount, currency: Currency, path: &str) -> Result<Money, Fault> {
    if amount.0.is_sign_negative() && !amount.0.is_zero() {
        return Err(Fault::new(path, format!("{} is below zero", amount.0)));
    }
    Money::exactly(amount.0, currency).map_err(|error| Fault::new(path, error))
}

fn parse_status(code: &str) -> Result<Status, Fault> {
    match code {
        "0" => Ok(Status::Unpaid),
        "1" => Ok(Status::Ticketing),
        "2" => Ok(Status::Ticketed),
        "-3" => Ok(Status::Cancelled),
        other => Err(Fault::new("orderStatus", format!("“{other}” is none of 0, 1, 2, -3"))),
    }
}

fn parse_channel(code: &str) -> Result<PaymentChannel, Fault> {
    match code {
        "1" => Ok(PaymentChannel::Deposit),
        "3" => Ok(PaymentChannel::Vcc),
        other => Err(Fault::new("paymentMethod", format!("“{other}” is neither 1 (deposit) nor 3 (card)"))),
    }
}

fn passengers(infos: Vec<document::Passenger>, currency: Currency) -> Result<Vec<Passenger>, Fault> {
    if infos.is_empty() || infos.len() > MAX_PASSENGERS {
        return Err(Fault::new("paxTicketInfos", format!("must hold 1 to {MAX_PASSENGERS} passengers")));
    }
    infos.into_iter().zip(0..).map(|(info, index)| passenger(info, index, currency)).collect()
}

fn passenger(info: document::Passenger, index: i64, currency: Currency) -> Result<Passenger, Fault> {
    let path = format!("paxTicketInfos[{index}]");
    let name = info.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Fault::new(format!("{path}.name"), "must be 1 to 100 characters"));
    }
    let passenger_type = match info.passenger_type.0.as_str() {
        "0" => PassengerType::Adult,
        "1" => PassengerType::Child,
        "2" => PassengerType::Infant,
        other => return Err(Fault::new(format!("{path}.passengerType"), format!("“{other}” is none of 0, 1, 2"))),
    };
    let ancillaries = info.ancillaries.unwrap_or_default().into_iter().enumerate();
    Ok(Passenger {
        no: index + 1,
        name,
        passenger_type,
        birthday: info.birthday,
        gender: info.gender,
        nationality: info.nationality,
        document_type: info.card_type,
        document_number: info.card_num,
        ticket_numbers: texts(info.ticket_numbers),
        airline_pnrs: texts(info.airline_pnrs),
        emails: texts(info.contact_emails),
        phones: texts(info.contact_phones),
        ancillaries: ancillaries.map(|(n, a)| ancillary(a, &format!("{path}.ancillaries[{n}]"), currency)).collect::<Result<_, _>>()?,
    })
}

fn texts(list: Option<Vec<Option<String>>>) -> Vec<String> {
    list.unwrap_or_default().into_iter().flatten().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

fn ancillary(info: document::Ancillary, path: &str, order_currency: Currency) -> Result<Ancillary, Fault> {
    let currency = info.currency.map(|code| parse_currency(&code, &format!("{path}.currency"))).transpose()?.unwrap_or(order_currency);
    let path_of_price = format!("{path}.ancillaryPrice");
    Ok(Ancillary {
        product_type: match info.product_type.as_ref().map(|code| code.0.as_str()) {
            Some("1") => ProductType::CheckedBaggage,
            Some("2") => ProductType::CabinBaggage,
            Some("6") => ProductType::Seat,
            _ => ProductType::Other,
        },
        product_code: info.product_code.unwrap_or_default(),
        segment_no: info.segment_index.map(|code| index(&code.0, &format!("{path}.segmentIndex"))).transpose()?,
        price: money(required(&path_of_price, info.ancillary_price)?, currency, &path_of_price)?,
    })
}

fn index(text: &str, path: &str) -> Result<i64, Fault> {
    text.parse().ok().filter(|n| (0..1000).contains(n)).ok_or_else(|| Fault::new(path, format!("“{text}” is not a segment's number")))
}

fn segments(routing: &document::Routing) -> Result<Vec<Segment>, Fault> {
    let none = Vec::new();
    let inbound = routing.ret_segments.as_ref().unwrap_or(&none);
    if routing.from_segments.is_empty() || routing.from_segments.len() + inbound.len() > MAX_SEGMENTS {
        return Err(Fault::new("routing.fromSegments", format!("must hold 1 to {MAX_SEGMENTS} segments")));
    }
    let outbound = routing.from_segments.iter().enumerate().map(|(n, s)| (s, Direction::Outbound, format!("routing.fromSegments[{n}]")));
    let inbound = inbound.iter().enumerate().map(|(n, s)| (s, Direction::Inbound, format!("routing.retSegments[{n}]")));
    let mut all: Vec<Segment> =
        outbound.chain(inbound).zip(1..).map(|((s, direction, path), no)| segment(s, direction, no, &path)).collect::<Result<_, _>>()?;
    // Documents in the wild repeat an index; then the place in the document counts.
    let mut numbers: Vec<i64> = all.iter().map(|segment| segment.no).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() != all.len() {
        all.iter_mut().zip(1..).for_each(|(segment, no)| segment.no = no);
    }
    Ok(all)
}

fn segment(info: &document::Segment, direction: Direction, place: i64, path: &str) -> Result<Segment, Fault> {
    let no = info.segment_index.as_ref().map(|code| index(&code.0, &format!("{path}.segmentIndex"))).transpose()?;
    let (departure_local, departure_at) = local_time(&info.dep_airport, &info.dep_time.0, path, "dep")?;
    let (arrival_local, arrival_at) = local_time(&info.arr_airport, &info.arr_time.0, path, "arr")?;
    Ok(Segment {
        no: no.unwrap_or(place),
        direction,
        carrier: info.carrier.trim().to_ascii_uppercase(),
        flight_number: info.flight_number.trim().to_ascii_uppercase(),
        operating_carrier: info.operating_carrier.clone().filter(|carrier| !carrier.is_empty() && *carrier != info.carrier),
        departure_airport: info.dep_airport.to_ascii_uppercase(),
        departure_local,
        departure_at,
        departure_terminal: info.dep_terminal.clone().filter(|text| !text.is_empty()),
        arrival_airport: info.arr_airport.to_ascii_uppercase(),
        arrival_local,
        arrival_at,
        arrival_terminal: info.arr_terminal.clone().filter(|text| !text.is_empty()),
        cabin: info.cabin_class.as_ref().map(|code| code.0.clone()),
        fare_family: info.fare_family.clone().filter(|text| !text.is_empty()),
    })
}

fn local_time(iata: &str, text: &str, path: &str, end: &str) -> Result<(DateTime, Timestamp), Fault> {
    let code = iata.to_ascii_uppercase();
    let airport =
        airport::find(&code).ok_or_else(|| Fault::new(format!("{path}.{end}Airport"), format!("“{iata}” is not an airport we know")))?;
    let path = format!("{path}.{end}Time");
    let local = DateTime::strptime("%Y%m%d%H%M", text)
        .map_err(|_| Fault::new(&path, format!("“{text}” is not a time of the form yyyyMMddHHmm")))?;
    let at = airport.instant(local).ok_or_else(|| Fault::new(&path, "has no meaning in the airport's time zone"))?;
    Ok((local, at))
}

fn fares(routing: &document::Routing, order_currency: Currency) -> Result<Fares, Fault> {
    let currency = routing.currency.as_deref().map(|code| parse_currency(code, "routing.currency")).transpose()?.unwrap_or(order_currency);
    let of = |price: Option<Amount>, tax: Option<Amount>, name: &str| -> Result<Option<Fare>, Fault> {
        let Some(price) = price else { return Ok(None) };
        let fare = money(price, currency, &format!("routing.{name}Price"))?;
        let tax = money(tax.unwrap_or(Amount(Decimal::ZERO)), currency, &format!("routing.{name}Tax"))?;
        Ok(Some(Fare { fare, tax }))
    };
    Ok(Fares {
        adult: of(routing.adult_price, routing.adult_tax, "adult")?,
        child: of(routing.child_price, routing.child_tax, "child")?,
        infant: of(routing.infant_price, routing.infant_tax, "infant")?,
    })
}

fn fees(routing: &document::Routing, currency: Currency) -> Result<(Option<Money>, Option<Money>), Fault> {
    let fee = |amount: Option<Amount>, path: &str| amount.map(|amount| money(amount, currency, path)).transpose();
    if routing.transaction_fee_mode.as_deref() == Some("PER_ORDER") {
        return Ok((None, fee(routing.transaction_fee, "routing.transactionFee")?));
    }
    Ok((fee(routing.transaction_fee_per_pax, "routing.transactionFeePerPax")?, None))
}

fn refund_rules(rule: Option<document::Rule>) -> Result<Vec<RefundRule>, Fault> {
    let rules = rule.and_then(|rule| rule.refund_rules).unwrap_or_default();
    // Only the rules of a wholly unused ticket: a partly used one goes to a service request.
    let unused = rules.into_iter().enumerate().filter(|(_, rule)| rule.refund_type.as_ref().is_none_or(|code| code.0 == "0"));
    unused.zip([Direction::Outbound, Direction::Inbound]).map(|((n, rule), direction)| refund_rule(rule, direction, n)).collect()
}

fn refund_rule(rule: document::RefundRule, direction: Direction, n: usize) -> Result<RefundRule, Fault> {
    let path = format!("routing.rule.refundRules[{n}]");
    let details = rule.rule_detail_list.unwrap_or_default();
    if details.len() > MAX_WINDOWS {
        return Err(Fault::new(format!("{path}.ruleDetailList"), format!("holds more than {MAX_WINDOWS} windows")));
    }
    let fee = |amount: Option<Amount>, currency: Option<&str>, path: &str| -> Result<Option<Money>, Fault> {
        let Some((amount, code)) = amount.zip(currency) else { return Ok(None) };
        money(amount, parse_currency(code, path)?, path).map(Some)
    };
    let mut windows = Vec::with_capacity(details.len());
    for (w, detail) in details.into_iter().enumerate() {
        let path = format!("{path}.ruleDetailList[{w}]");
        let refundability: Refundability =
            detail.status.parse().map_err(|_| Fault::new(format!("{path}.status"), format!("“{}” is none of T, H, F", detail.status)))?;
        if detail.start_minute <= detail.end_minute {
            return Err(Fault::new(path, "startMinute must be above endMinute: minutes count down to departure"));
        }
        let currency = detail.currency.as_deref().or(rule.currency.as_deref());
        let amount = fee(detail.amount, currency, &format!("{path}.amount"))?;
        windows.push(Window {
            refundability,
            from_minute: detail.start_minute,
            to_minute: detail.end_minute,
            fee: amount.filter(|_| refundability == Refundability::WithFee),
        });
    }
    windows.sort_by_key(|window| std::cmp::Reverse(window.from_minute));
    let no_show = no_show(rule.ref_noshow.as_deref(), rule.no_show_hours, fee(rule.no_show_fee, rule.currency.as_deref(), &path)?, &path)?;
    Ok(RefundRule { direction, windows, no_show })
}

fn no_show(status: Option<&str>, hours: Option<Amount>, fee: Option<Money>, path: &str) -> Result<Option<NoShow>, Fault> {
    let Some(status) = status.filter(|status| !status.is_empty()) else { return Ok(None) };
    let refundability = status.parse().map_err(|_| Fault::new(format!("{path}.refNoshow"), format!("“{status}” is none of T, H, F")))?;
    let minutes = hours.map_or(Decimal::ZERO, |hours| hours.0 * Decimal::from(60)).trunc();
    let cutoff_minutes =
        i64::try_from(minutes).map_err(|_| Fault::new(format!("{path}.refNoShowCondition"), "is not a number of hours"))?;
    Ok(Some(NoShow { refundability, cutoff_minutes, fee: fee.filter(|fee| !fee.is_zero()) }))
}

fn airline_booking(info: document::AirlineBooking) -> AirlineBooking {
    let website = info.airline_web_site_address.filter(|address| address.starts_with("https://") || address.starts_with("http://"));
    AirlineBooking {
        airline_name: info.airline_name.or_else(|| info.airline_code.clone()).unwrap_or_default(),
        airline_code: info.airline_code.unwrap_or_default(),
        pnr: info.airline_pnr.unwrap_or_default(),
        website,
        login_email: info.mmb_email.filter(|text| !text.is_empty()),
        card_digits: info.tail_digits_of_payment_card.filter(|text| !text.is_empty()),
    }
}
