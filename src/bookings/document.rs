//! The order document as the operator's programs answer it (`queryOrderDetails`), nulls included. Unknown fields are
//! ignored. Amounts are kept as the digits that were written: they never pass through a float.

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

/// A JSON number, or a text that holds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let digits = raw.get().trim_matches('"');
        let parsed = digits.parse::<Decimal>().or_else(|_| Decimal::from_scientific(digits));
        parsed.map(Self).map_err(|_| D::Error::custom(format!("{} is not an amount", raw.get())))
    }
}

/// A code that some writers send as text and others as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(pub String);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let text = raw.get();
        if text.starts_with('"') {
            serde_json::from_str(text).map(Self).map_err(D::Error::custom)
        } else if text.starts_with(['{', '[', 't', 'f']) {
            Err(D::Error::custom(format!("expected a text or a number, found {}", text.chars().take(20).collect::<String>())))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_no: String,
    pub order_list: Option<Vec<OrderEntry>>,
    pub pnr_code: Option<String>,
    pub order_status: Option<Code>,
    pub total_price: Option<Amount>,
    pub currency: Option<String>,
    pub vendor_total_price: Option<Amount>,
    pub vendor_currency: Option<String>,
    pub payment_method: Option<Code>,
    pub tkt_limit_time: Option<String>,
    pub pax_ticket_infos: Vec<Passenger>,
    pub routing: Routing,
    pub airline_bookings: Option<Vec<AirlineBooking>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderEntry {
    pub order_no: Option<String>,
    pub order_status: Option<Code>,
    pub total_price: Option<Amount>,
    pub currency: Option<String>,
    pub vendor_total_price: Option<Amount>,
    pub vendor_currency: Option<String>,
    pub support_payment_method: Option<Code>,
    pub tkt_limit_time: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passenger {
    pub name: String,
    pub passenger_type: Code,
    pub birthday: Option<String>,
    pub gender: Option<String>,
    pub nationality: Option<String>,
    pub card_type: Option<String>,
    pub card_num: Option<String>,
    #[serde(rename = "ticketNos")]
    pub ticket_numbers: Option<Vec<Option<String>>>,
    #[serde(rename = "airlinePNRs")]
    pub airline_pnrs: Option<Vec<Option<String>>>,
    pub contact_emails: Option<Vec<Option<String>>>,
    pub contact_phones: Option<Vec<Option<String>>>,
    pub ancillaries: Option<Vec<Ancillary>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ancillary {
    pub product_code: Option<String>,
    pub segment_index: Option<Code>,
    pub ancillary_price: Option<Amount>,
    pub currency: Option<String>,
    pub product_type: Option<Code>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Routing {
    pub currency: Option<String>,
    pub adult_price: Option<Amount>,
    pub adult_tax: Option<Amount>,
    pub child_price: Option<Amount>,
    pub child_tax: Option<Amount>,
    pub infant_price: Option<Amount>,
    pub infant_tax: Option<Amount>,
    pub transaction_fee: Option<Amount>,
    pub transaction_fee_per_pax: Option<Amount>,
    pub transaction_fee_mode: Option<String>,
    pub from_segments: Vec<Segment>,
    pub ret_segments: Option<Vec<Segment>>,
    pub rule: Option<Rule>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    pub segment_index: Option<Code>,
    pub carrier: String,
    pub flight_number: String,
    pub dep_airport: String,
    pub dep_time: Code,
    pub arr_airport: String,
    pub arr_time: Code,
    pub operating_carrier: Option<String>,
    pub cabin_class: Option<Code>,
    pub fare_family: Option<String>,
    #[serde(alias = "departureTerminal")]
    pub dep_terminal: Option<String>,
    #[serde(alias = "arrivalTerminal")]
    pub arr_terminal: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub refund_rules: Option<Vec<RefundRule>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRule {
    pub refund_type: Option<Code>,
    pub currency: Option<String>,
    pub ref_noshow: Option<String>,
    #[serde(rename = "refNoShowCondition")]
    pub no_show_hours: Option<Amount>,
    #[serde(rename = "refNoshowFee")]
    pub no_show_fee: Option<Amount>,
    pub rule_detail_list: Option<Vec<RuleDetail>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleDetail {
    pub status: String,
    pub start_minute: i64,
    pub end_minute: i64,
    pub amount: Option<Amount>,
    pub currency: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AirlineBooking {
    pub airline_code: Option<String>,
    pub airline_name: Option<String>,
    pub airline_pnr: Option<String>,
    pub airline_web_site_address: Option<String>,
    pub mmb_email: Option<String>,
    pub tail_digits_of_payment_card: Option<String>,
}
