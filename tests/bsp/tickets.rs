//! Ticket records: taken in, made anew, and that no form leads around them.

use afterfare::bsp::ticket_import::{Counts, Import};
use afterfare::kernel::actor::Role;
use afterfare::refund_calculation::sealed::SealKey;
use serde_json::json;

use super::{TICKET, cast, figure, office, take_in, ticket, with};
use crate::on_both;
use crate::world::{Page, World};

on_both! {
    the_documented_tickets_are_taken_in
    no_way_leads_around_the_ticket
    a_newer_record_counts
}

async fn the_documented_tickets_are_taken_in(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (json, csv) = (include_str!("../../docs/tickets-example.jsonl"), include_str!("../../docs/tickets-example.csv"));
    let (counts, faults) = take_in(&world, json).await;
    assert_eq!((counts.refused, faults.len()), (4, 4));
    assert!(faults[0].contains("office: there is no office of this code: add it with `afterfare office add`"), "{}", faults[0]);
    office(&world, &agency, "SHA999", &[]).await;
    assert_eq!(take_in(&world, json).await, (Counts { added: 4, ..Counts::default() }, Vec::new()));
    assert_eq!(take_in(&world, json).await, (Counts { unchanged: 4, ..Counts::default() }, Vec::new()));
    let key = SealKey::of(&world.app.secret);
    let mut refused = |line: u64, field: &str, cause: &str| panic!("{line}: {field}: {cause}");
    let mut import = Import { db: &world.app.db, key, now: world.now(), counts: Counts::default(), refused: &mut refused };
    import.csv(csv.as_bytes()).await.expect("the import runs");
    assert_eq!(import.counts, Counts { added: 2, ..Counts::default() });
    // Another Z value is another record.
    let (counts, _) = take_in(&world, &json.replace("4.37", "4.38")).await;
    assert_eq!(counts, Counts { updated: 1, unchanged: 3, ..Counts::default() });
    let wrong = [
        (json!({ "tickets": ["784-580543148"] }), "tickets: thirteen digits"),
        (json!({ "fare": "-1" }), "fare:"),
        (json!({ "z_value": "1.375" }), "z_value: percent with at most two decimals"),
        (json!({ "z_value": "2.00", "commission_rate": "4.00" }), "commission_rate: is 3.00 beside"),
        (json!({ "coupons": [] }), "coupons: each coupon is expected once"),
        (json!({ "device": 3 }), "device: the office SHA999 has the devices 1 to 2"),
        (json!({ "currency": "USD" }), "currency: the office SHA999 reports in CNY"),
        (json!({ "fee": 1 }), "unknown field"),
        (json!({ "tickets": ["784-5805431504"] }), "tickets: is in another set"),
    ];
    for (changes, said) in wrong {
        let (counts, faults) = take_in(&world, &with("784-5805439999", changes).to_string()).await;
        assert!(counts.refused == 1 && faults[0].contains(said), "{said}: {faults:?}");
        assert!(!faults[0].contains("1.375"), "a value is repeated: {faults:?}");
    }
}

async fn a_newer_record_counts(world: World) {
    let (ben, _) = cast(&world, &[ticket("784-5805431600")]).await;
    // By hand, before there is a record: then the record comes, and what was taken counts.
    let hand = ben.form("TRFD:A/1/D").await;
    let fields = [("number", TICKET), ("coupons", "1000"), ("passenger_name", "X"), ("gross", "1000.00"), ("rate", "0.00"), ("seats", "Y")];
    ben.transmit(&hand, &fields).await.expect_status(303);
    let coupon = |no: usize| json!({ "coupon": no, "status": "open-for-use", "carrier": "CZ", "from": "SHA", "to": "PEK", "departs": "2026-12-01T08:00" });
    take_in(&world, &with(TICKET, json!({ "coupons": [coupon(1), coupon(2)] })).to_string()).await;
    let rest = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&rest, &[("gross", "870.01")]).await.expect_status(422).expect("The ticket has only CNY 870.00 of its fare left");
    ben.transmit(&rest, &[("gross", "870.00")]).await.expect_status(303);
    // A draft that was filled before something was hidden behind its ticket is reopened.
    let draft = ben.form("TRFD:L/784-5805431600/AM/1/D").await;
    take_in(&world, &with("784-5805431600", json!({ "z_value": "4.37" })).to_string()).await;
    let page = ben.transmit(&draft, &[("rate", "3.00")]).await.expect_status(422);
    assert_eq!(page.select(".note.bad b.code").join(" "), "TKT# MISMATCH, REOPEN IT");
    // What waits is looked at again when it is released: the coupon was used meanwhile.
    let lan = world.back("lan").await;
    lan.post("/bsp/offices/SHA999/four-eyes", &[("four_eyes", "1")]).await.expect_status(303);
    let form = ben.form("TRFD:L/784-5805431600/AM/1/D").await;
    ben.transmit(&form, &[]).await.expect_status(303);
    let mut used = with("784-5805431600", json!({ "z_value": "4.37" }));
    used["coupons"][0]["status"] = "used".into();
    take_in(&world, &used.to_string()).await;
    lan.post(&format!("{form}/release"), &[("version", "2")]).await.expect_status(422).expect("is not OPEN FOR USE");
    ben.get(&form).await.expect("Awaiting release");
}

async fn no_way_leads_around_the_ticket(world: World) {
    let void = with("784-5805431600", json!({ "sale": "void" }));
    let coupon = |no: usize, status: &str| json!({ "coupon": no, "status": status, "carrier": "CZ", "from": "SHA", "to": "PEK", "departs": "2026-12-01T08:00" });
    let used = with("784-5805431700", json!({ "coupons": [coupon(1, "used"), coupon(2, "open-for-use")] }));
    let old = with("784-5805431800", json!({ "issued_on": "2026-06-01", "z_value": "4.37" }));
    let (ben, _) = cast(&world, &[with(TICKET, json!({ "z_value": "4.37" })), void, used, old]).await;
    let code = |page: Page| page.expect_status(422).select(".note.bad b.code").join(" ");
    let hand = ben.form("TRFD:A/1/D").await;
    let typed = |number: &'static str, more: &[(&'static str, &'static str)]| {
        let mut fields = vec![("number", number), ("passenger_name", "X"), ("gross", "100.00"), ("rate", "0.00"), ("seats", "Y")];
        fields.extend_from_slice(more);
        fields
    };
    // The second ticket of a set that begins with an unknown number is known, and hides something.
    let page = ben.transmit(&hand, &typed("784-5805431487", &[("coupons", "1000"), ("coupons", "1000")])).await;
    assert_eq!(code(page), "TKT# MISMATCH, REOPEN IT");
    let page = ben.transmit(&hand, &typed("784-5805431487", &[("coupons", "0000"), ("coupons", "1000")])).await.expect_status(422);
    page.expect("Each group has four places");
    assert_eq!(code(ben.transmit(&hand, &typed("784-5805431600", &[("coupons", "1000")])).await), "TKT LOADING FAILED", "a void ticket");
    let unknown = [("coupons", "1000"), ("seats", "")];
    let mut fields = typed("999-1234567890", &unknown);
    fields.retain(|(name, text)| *name != "seats" || text.is_empty());
    fields.retain(|(name, _)| *name != "seats");
    ben.transmit(&hand, &fields).await.expect_status(422).expect("Cancel them first");
    // Of a ticket that is partly used nothing is filled in, and nothing is confirmed blindly.
    let form = ben.form("TRFD:Z/784-5805431700/1/D").await;
    let page = ben.get(&form).await;
    assert_eq!(page.attribute("#gross", "value").as_deref(), Some("0.00"));
    assert_eq!(page.attribute("input[name=coupons]", "value").as_deref(), Some("0200"));
    ben.command("RFIS:784-5805431700").await.expect_status(422).expect("A part of this ticket was used or refunded");
    // What cannot be loaded any more is filled in by hand, and reckoned with what is hidden all the same.
    assert_eq!(ben.code("TRFD:L/784-5805431800/AM/1/D").await, "TKT LOADING FAILED");
    let fields = [("number", "784-5805431800"), ("coupons", "1000"), ("passenger_name", "X"), ("gross", "1870.00"), ("seats", "Y")];
    let page = ben.transmit(&hand, &[&fields[..], &[("rate", "0.00")]].concat()).await;
    assert_eq!(code(page), "INCORRECT COMMISSION RATE");
    ben.transmit(&hand, &[&fields[..], &[("rate", "3.00")]].concat()).await.expect_status(303);
    let page = ben.get(&hand).await.expect("+1C");
    assert_eq!(figure(&page, "Net refund"), "CNY 1,732.18");
    // Nobody from outside of the office prints.
    let agency = world.sunriver().await;
    let dee = world.person("dee", Role::Operations, Some(&agency)).await;
    dee.post(&format!("{hand}/printing"), &[]).await.expect_status(422).expect("AUTHORITY");
    // Values in the place of names, and lists in the place of values, are refused without being repeated.
    for (record, said) in [
        (with("784-5805439999", json!({ "z_value": ["4.37"] })), "z_value: percent"),
        (with("784-5805439999", json!({ "tour_code": { "a": 1 } })), "tour_code: text"),
        (with("784-5805439999", json!({ "z_value: 4.37": "" })), "unknown field"),
        (with("784-5805439999", json!({ "office": "4.37" })), "office: there is no office of this code"),
    ] {
        let (_, faults) = take_in(&world, &record.to_string()).await;
        assert!(faults[0].contains(said) && !faults[0].contains("4.37"), "{faults:?}");
    }
}
