//! The demo's BSP offices: tickets of the last days, and refund forms in several states.

use serde_json::{Value, json};

use super::{Complaint, said};
use crate::agencies::model::Agency;
use crate::bsp::host::{Host, Outcome};
use crate::bsp::model::{Office, Seat};
use crate::bsp::ticket_import::{Counts, Import};
use crate::bsp::transmitting::{self, Terms, Wish};
use crate::bsp::typed::Typed;
use crate::bsp::{form_store, office_store};
use crate::config::Settings;
use crate::db::Db;
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::money::Currency;
use crate::kernel::time::{Timestamp, day_in, plus_days};

/// Code, IATA number and zone of each agency's office.
const OFFICES: [(&str, &str, &str); 3] =
    [("LAX201", "05312346", "America/Los_Angeles"), ("HAN301", "37312341", "Asia/Ho_Chi_Minh"), ("SHA999", "08312345", "Asia/Shanghai")];

/// One agency's office.
///
/// # Errors
/// A sentence about what could not be made.
pub(super) async fn play(
    db: &Db,
    house: &Settings,
    secret: &str,
    (agency, own, place): (&Agency, &[Actor], u32),
    now: Timestamp,
) -> Result<(), Complaint> {
    let (code, iata, zone) = OFFICES[place as usize % OFFICES.len()];
    let office = Office {
        id: new_id(),
        agency_id: agency.id.clone(),
        code: code.to_owned(),
        iata_number: iata.to_owned(),
        currency: Currency::parse("CNY").map_err(said)?,
        zone_name: zone.to_owned(),
        devices: 2,
        four_eyes: false,
    };
    let (new, seats) = (office.clone(), [(own[0].user_id.clone(), "10"), (own[1].user_id.clone(), "11")]);
    let added = db.write(move |conn| {
        Box::pin(async move {
            office_store::insert(conn, &new, now).await?;
            for (user_id, sign) in seats {
                office_store::seat(conn, &user_id, &new.id, sign).await?;
            }
            Ok::<_, sqlx::Error>(())
        })
    });
    added.await.map_err(said)?;
    let terms = Terms::new(&house.limits, secret);
    let mut refused = |line: u64, field: &str, cause: &str| eprintln!("demo ticket {line}: {field}: {cause}");
    let mut import = Import { db, key: terms.key.clone(), now, counts: Counts::default(), refused: &mut refused };
    let text: Vec<String> = tickets(&office, place, now).iter().map(Value::to_string).collect();
    import.json(text.join("\n").as_bytes()).await?;
    let seat = Seat { office, agent: "11".to_owned() };
    let host = Host { db, source: db, limits: &house.limits, terms, actor: &own[1], seat, now };
    for (ticket, application) in [(0, false), (2, true)] {
        let Outcome::Form { id, .. } = host.execute(&format!("TRFD:L/{}/AM/1/D", number(place, ticket))).await.map_err(refusal)? else {
            continue;
        };
        let mut conn = db.read().await.map_err(said)?;
        let form = form_store::find(&mut conn, &own[1].scope(), &id).await.map_err(said)?.ok_or("a demo form is gone")?;
        drop(conn);
        let typed = Typed { deduction: "100.00".to_owned(), ..Typed::of(&form) };
        transmitting::transmit(db, &own[1], &host.terms, Wish { form_id: id, seen_version: form.version, typed, application }, now)
            .await
            .map_err(refusal)?;
    }
    let list = (3..6).map(|ticket| (ticket, number(place, u64::try_from(ticket).unwrap_or(0)))).chain([(6, "784-58054314".to_owned())]);
    host.prepare_many("tickets.csv".to_owned(), crate::bsp::command::Journey::Domestic, list.collect()).await.map_err(said)?;
    Ok(())
}

fn refusal(error: impl std::fmt::Debug) -> Complaint {
    format!("a demo form was refused: {error:?}")
}

fn number(place: u32, ticket: u64) -> String {
    format!("784-{:010}", 5_805_431_488 + u64::from(place) * 1_000 + ticket * 10)
}

/// Eight ticket records; every other with a Z value, one a conjunction set, one void.
fn tickets(office: &Office, place: u32, now: Timestamp) -> Vec<Value> {
    let day = |days: i64| day_in(&office.zone_name, plus_days(now, days));
    let names =
        ["ZHANG/SAN MR", "LI/SI MS", "NGUYEN/VAN AN MR", "WANG/WU MR", "TRAN/THI HOA MS", "CHEN/QI MS", "ZHAO/LIU MR", "SMITH/ANN MS"];
    let record = |(nth, name): (u64, &&str)| {
        let first = number(place, nth);
        let two = nth == 1;
        let mut numbers = vec![first.clone()];
        if two {
            numbers.push(format!("784-{:010}", 5_805_431_489 + u64::from(place) * 1_000 + nth * 10));
        }
        let leg = |ticket: usize, coupon: usize, days: i64, from: &str, to: &str| {
            json!({ "ticket": ticket, "coupon": coupon, "status": if nth == 6 { "void" } else { "open-for-use" }, "carrier": "CZ",
                "flight": format!("CZ31{coupon:02}"), "from": from, "to": to, "departs": format!("{}T08:30", day(days)) })
        };
        let mut coupons = vec![leg(1, 1, 12, "SHA", "PEK"), leg(1, 2, 15, "PEK", "CAN")];
        if two {
            coupons.push(leg(2, 1, 19, "CAN", "SHA"));
        }
        let days = if nth < 4 { 0 } else { -5 };
        let mut record = json!({ "tickets": numbers, "office": office.code, "iata_number": office.iata_number, "device": 1 + nth % 2,
            "agent": "11", "sale": if nth == 6 { "void" } else { "sale" }, "issued_on": day(days).to_string(), "passenger_name": name,
            "currency": "CNY", "fare": format!("{}.00", 1_120 + nth * 250), "taxes": [{ "code": "CN", "amount": "50.00" },
            { "code": "YQ", "amount": "120.00" }], "form_of_payment": "CASH", "pnr": format!("HX{place}K{nth}P"), "seats_released": true,
            "coupons": coupons });
        if nth % 2 == 0 {
            record["z_value"] = Value::from(format!("{}.50", 2 + nth));
        } else {
            record["commission_rate"] = Value::from("3.00");
        }
        record
    };
    (0u64..).zip(names.iter()).map(record).collect()
}
