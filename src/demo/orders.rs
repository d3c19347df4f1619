//! Made-up orders in the form of the order document.

use serde_json::{Value, json};

use crate::kernel::time::{Timestamp, plus_hours};

/// Units of each airline's currency for one dollar.
pub const PER_DOLLAR: [(&str, &str); 8] = [
    ("VND", "25400"),
    ("KRW", "1390"),
    ("GBP", "0.78"),
    ("PHP", "58.1"),
    ("CNY", "7.24"),
    ("KWD", "0.307"),
    ("JPY", "152"),
    ("AED", "3.6725"),
];

/// What agencies settle in, and how much of it a dollar is.
pub const SETTLED: [(&str, &str); 3] = [("USD", "1"), ("EUR", "0.92"), ("CNY", "7.24")];

struct Carrier {
    code: &'static str,
    name: &'static str,
    /// Index into [`PER_DOLLAR`].
    currency: usize,
    fee: &'static str,
    routes: [(&'static str, &'static str); 2],
}

const CARRIERS: [Carrier; 8] = [
    Carrier { code: "VJ", name: "Vietjet Air", currency: 0, fee: "450000", routes: [("SGN", "DAD"), ("HAN", "BKK")] },
    Carrier { code: "LJ", name: "Jin Air", currency: 1, fee: "30000", routes: [("PVG", "CJU"), ("ICN", "KIX")] },
    Carrier { code: "U2", name: "easyJet", currency: 2, fee: "24.50", routes: [("LTN", "CDG"), ("LGW", "AMS")] },
    Carrier { code: "5J", name: "Cebu Pacific", currency: 3, fee: "1500", routes: [("MNL", "CEB"), ("MNL", "SIN")] },
    Carrier { code: "9C", name: "Spring Airlines", currency: 4, fee: "180", routes: [("PVG", "CAN"), ("PVG", "NRT")] },
    Carrier { code: "J9", name: "Jazeera Airways", currency: 5, fee: "9.500", routes: [("KWI", "DXB"), ("KWI", "CAI")] },
    Carrier { code: "MM", name: "Peach", currency: 6, fee: "5300", routes: [("KIX", "HND"), ("NRT", "TPE")] },
    Carrier { code: "G9", name: "Air Arabia", currency: 7, fee: "120", routes: [("SHJ", "JED"), ("SHJ", "DEL")] },
];

const FAMILY: [&str; 10] = ["NGUYEN", "TRAN", "ZHANG", "WANG", "KIM", "SANTOS", "O'NEIL", "PHAM", "SATO", "DE LA CRUZ"];
const GIVEN: [&str; 9] = ["AN", "MINH ANH", "XIAO MING", "MARIA", "JOON HO", "FATIMA", "YUKI", "LAN", "PETER JAMES"];

/// The `n`th order, as one line of JSON: the same for the same `n` and `now`.
pub fn line(n: u32, now: Timestamp) -> String {
    order(n, now).to_string()
}

fn pick<T: Copy, const N: usize>(from: [T; N], by: u32) -> T {
    from[by as usize % N]
}

fn cents(minor: u64) -> Value {
    // Whole cents written with two digits: serde_json would make a float of 12.30.
    serde_json::from_str(&format!("{}.{:02}", minor / 100, minor % 100)).unwrap_or_default()
}

fn order(n: u32, now: Timestamp) -> Value {
    let carrier = &CARRIERS[n as usize % CARRIERS.len()];
    let route = carrier.routes[(n / 3) as usize % 2];
    let created = plus_hours(now, -i64::from(26 * (n % 34) + 30 + n));
    let departs = plus_hours(now, departure_hours(n));
    let (settled, scale) = pick([("USD", 100), ("EUR", 92), ("CNY", 724)], n / 5);
    let (fare, tax) = (u64::from(4500 + n * 137 % 21000) * scale / 100, u64::from(900 + n * 71 % 3800) * scale / 100);
    let pnr: String = (0..6).map(|place| pick(["K", "7", "M", "R", "4", "X", "D", "9", "H", "Q"], n * 7 + place * 3 + n / 9)).collect();
    let stamp = created.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).strftime("%Y%m%d%H%M%S").to_string();
    let order_no = format!("{}{}A{stamp}{n:03}", pick(["AF", "TR", "SK"], n), pick(["K", "L", "M"], n / 2));
    let (status, ticketed) = pick(
        [("2", "1"), ("2", "1"), ("2", "1"), ("2", "1"), ("2", "1"), ("2", "1"), ("0", "0"), ("1", "0"), ("-3", "1"), ("2", "1")],
        n / 2,
    );
    let mut extra = 0;
    let passengers: Vec<Value> = (0..=n % 3).map(|p| passenger(n, p, carrier, &pnr, settled, scale, &mut extra)).collect();
    let per_person = |kind: &Value| if kind["passengerType"] == 1 { fare * 3 / 4 + tax } else { fare + tax };
    let total: u64 = passengers.iter().map(per_person).sum::<u64>() + extra;
    let round_trip = n % 5 == 1;
    let vendor = PER_DOLLAR[carrier.currency].0;
    let local = |at: Timestamp, airport: &str| {
        let found = crate::kernel::airport::find(airport).and_then(|airport| airport.local(at));
        found.map(|local| local.strftime("%Y%m%d%H%M").to_string()).unwrap_or_default()
    };
    let segment = |index: u32, from: &str, to: &str, at: Timestamp| {
        json!({ "segmentIndex": index, "carrier": carrier.code, "flightNumber": format!("{}{}", carrier.code, 100 + n * 13 % 800 + index),
            "depAirport": from, "depTime": local(at, from), "arrAirport": to, "arrTime": local(plus_hours(at, 3), to),
            "operatingCarrier": carrier.code, "cabinClass": 1, "fareFamily": pick(["Eco", "Deluxe", "FLEX"], n) })
    };
    let back: Vec<Value> = if round_trip { vec![segment(2, route.1, route.0, plus_hours(departs, 24 * 6))] } else { Vec::new() };
    let rules: Vec<Value> = (0..=usize::from(round_trip)).map(|_| rule(n, carrier, vendor)).collect();
    json!({
        "orderNo": order_no, "orderList": [{ "orderNo": order_no, "orderStatus": status, "totalPrice": cents(total), "currency": settled }],
        "pnrCode": format!("A{pnr}")[..6], "orderStatus": status, "ticketStatus": ticketed, "paxTicketInfos": passengers,
        "totalPrice": cents(total), "currency": settled, "paymentMethod": if n % 4 == 3 { 3 } else { 1 },
        "tktLimitTime": created.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        "vendorCurrency": null,
        "routing": { "currency": settled, "adultPrice": cents(fare), "adultTax": cents(tax), "childPrice": cents(fare * 3 / 4), "childTax": cents(tax),
            "infantPrice": null, "infantTax": null, "transactionFeePerPax": cents(100 * scale / 100), "transactionFeeMode": "PER_PAX",
            "fromSegments": [segment(1, route.0, route.1, departs)], "retSegments": back, "rule": { "refundRules": rules } },
        "airlineBookings": [{ "airlineCode": carrier.code, "airlineName": carrier.name, "airlinePnr": pnr,
            "airlineWebSiteAddress": format!("https://{}.example", carrier.code.to_lowercase()), "mmbEmail": "mmb@agency.example",
            "tailDigitsOfPaymentCard": if n % 4 == 3 { Some("4242") } else { None } }],
    })
}

/// Most depart in weeks, some within a day, some have departed.
fn departure_hours(n: u32) -> i64 {
    match n % 17 {
        4 => 20,
        9 => -50,
        _ => i64::from(24 * (12 + n * 5 % 70) + n % 11),
    }
}

fn passenger(n: u32, place: u32, carrier: &Carrier, pnr: &str, settled: &str, scale: u64, extra: &mut u64) -> Value {
    let child = place == 2 && n.is_multiple_of(2);
    let with_bag = (n + place) % 4 == 1;
    let bag = u64::from(1800 + n * 31 % 2500) * scale / 100;
    let ancillaries = if with_bag {
        *extra += bag;
        json!([{ "productCode": "SCI_1PC_20KG", "segmentIndex": 1, "ancillaryPrice": cents(bag), "currency": settled, "productType": 1 }])
    } else {
        Value::Null
    };
    let ticket =
        if carrier.code == "9C" { format!("{}", 0x0099_5000_0000_u64 + u64::from(n) * 7919 + u64::from(place)) } else { pnr.to_owned() };
    json!({
        "name": format!("{}/{}", pick(FAMILY, n + place * 3), pick(GIVEN, n * 2 + place)), "passengerType": u32::from(child),
        "birthday": if child { "20170630" } else { "19880214" }, "gender": pick(["F", "M"], n + place), "cardType": "PP",
        "cardNum": format!("P{:08}", n * 1009 + place), "nationality": pick(["VN", "CN", "KR", "PH", "GB"], n),
        "ticketNos": [ticket], "airlinePNRs": [pnr], "contactEmails": ["desk@agency.example"], "contactPhones": null, "ancillaries": ancillaries,
    })
}

fn rule(n: u32, carrier: &Carrier, vendor: &str) -> Value {
    let kind = pick(["H", "H", "F", "H", "T", "H"], n / 4);
    let fee = |times: u32| serde_json::from_str::<Value>(carrier.fee).ok().filter(|_| times == 1).unwrap_or_else(|| doubled(carrier.fee));
    let window = |from: i64, to: i64, status: &str, times: u32| json!({ "status": status, "startMinute": from, "endMinute": to, "amount": if status == "H" { fee(times) } else { json!(0) }, "currency": vendor });
    json!({ "refundType": 0, "refundStatus": kind, "currency": vendor, "refNoshow": "T", "refNoShowCondition": 2, "refNoshowFee": 0,
        "ruleDetailList": [window(525_600, 4320, kind, 1), window(4320, 1440, kind, 1), window(1440, 0, if kind == "F" { "F" } else { kind }, 2),
            window(0, -525_600, "T", 1)] })
}

fn doubled(fee: &str) -> Value {
    let doubled = rust_decimal::Decimal::from_str_exact(fee).unwrap_or_default() * rust_decimal::Decimal::TWO;
    serde_json::from_str(&doubled.to_string()).unwrap_or_default()
}
