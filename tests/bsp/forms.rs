//! A form's arithmetic and its life.

use futures_util::future::join_all;
use serde_json::json;

use super::{TICKET, cast, figure, set, ticket, with};
use crate::on_both;
use crate::world::World;

on_both! {
    a_full_refund_with_a_hidden_rate
    a_set_is_refunded_in_two_parts
    a_form_is_changed_deleted_printed_and_reported
    a_form_is_filled_by_hand
    two_agents_make_one_form_of_a_ticket
}

async fn a_full_refund_with_a_hidden_rate(world: World) {
    let (ben, _) = cast(&world, &[with(TICKET, json!({ "z_value": "4.37" }))]).await;
    let form = ben.form("TRFD:L/784-5805431488/A/1/D").await;
    let page = ben.get(&form).await.expect_status(200).expect("+1C").expect("OPEN FOR USE").expect("CNY-2");
    assert_eq!(page.attribute("input[name=rate]", "value").as_deref(), Some("3.00"));
    assert!(page.attribute("input[name=rate]", "readonly").is_some() && page.attribute("input[name=number]", "readonly").is_some());
    assert_eq!(page.select("input[name=tax_code]").len(), 27);
    assert_eq!(page.attribute("input[name=coupons]", "value").as_deref(), Some("1000"));
    ben.transmit(&form, &[]).await.expect_status(303);
    let page = ben.get(&form).await.expect("REFUNDED").expect("Saved").expect("Refund form 000000001");
    // 7.37 % of 1870.00 is 137.819.
    assert_eq!(figure(&page, "Airline refund"), "CNY 2,040.00");
    assert_eq!(figure(&page, "Net refund"), "CNY 1,902.18");
    assert!(figure(&page, "Commission").contains("+1C"));
    assert_eq!(world.count("SELECT commission_minor FROM bsp_forms").await, 13_782);
    // A second form finds nothing open, and is told so.
    let second = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&second, &[("coupons", "1000"), ("gross", "1.00")]).await.expect_status(422).expect("is REFUNDED: it is on another form");
}

async fn a_set_is_refunded_in_two_parts(world: World) {
    let (ben, _) = cast(&world, &[set()]).await;
    let form = ben.form("TRFD:L/784-5805431505/A/1/D").await;
    let page = ben.get(&form).await.expect_status(200);
    assert_eq!(page.attribute("input[name=number]", "value").as_deref(), Some("784-5805431504"), "a set is loaded whole");
    assert_eq!(page.attribute("input[name=last_digits]", "value").as_deref(), Some("5431505"));
    let part = [("coupons", "1000"), ("gross", "1000.00"), ("tax_code", "CN"), ("tax_amount", "50.00")];
    ben.transmit(&form, &part).await.expect_status(303);
    let page = ben.get(&form).await.expect("1000").expect_status(200);
    assert_eq!(figure(&page, "Net refund"), "CNY 1,030.00");
    assert!(page.text().matches("coupon-open-for-use").count() == 4 && page.text().matches("coupon-refunded").count() == 1);
    let rest = ben.form("TRFD:L/784-5805431504/A/1/D").await;
    let page = ben.get(&rest).await.expect_status(200);
    let groups =
        page.text().matches("name=\"coupons\" value=\"0234\"").count() + page.text().matches("name=\"coupons\" value=\"1000\"").count();
    assert_eq!(groups, 2, "what is left is filled in");
    let more = [("gross", "4000.01"), ("tax_code", "CN"), ("tax_amount", "200.00")];
    ben.transmit(&rest, &more).await.expect_status(422).expect("The ticket has only CNY 4,000.00 of its fare left");
    let more = [("gross", "4000.00"), ("tax_code", "CN"), ("tax_amount", "200.01")];
    ben.transmit(&rest, &more).await.expect_status(422).expect("has only CNY 200.00 of its taxes left");
    ben.transmit(&rest, &[("gross", "4000.00"), ("tax_code", "CN"), ("tax_amount", "200.00")]).await.expect_status(303);
    assert_eq!(figure(&ben.get(&rest).await, "Net refund"), "CNY 4,120.00");
    // Together what the whole would have been: 5250.00 less 2 % of 5000.00.
    assert_eq!(world.count("SELECT CAST(SUM(net_minor) AS BIGINT) FROM bsp_forms").await, 515_000);
}

async fn a_form_is_changed_deleted_printed_and_reported(world: World) {
    let (ben, cho) = cast(&world, &[ticket(TICKET), ticket("784-5805431600")]).await;
    let form = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&form, &[("deduction", "100.00")]).await.expect_status(303);
    let change = cho.form("TRFU:1/D/000000001").await;
    assert_eq!(change, form, "any agent of the office");
    cho.transmit(&form, &[("deduction", "200.00")]).await.expect_status(303);
    let page = cho.get(&form).await.expect("Changed: Saved");
    assert_eq!(figure(&page, "Net refund"), "CNY 1,840.00");
    // Whoever looked at an older state is told.
    let stale = [
        ("version", "1"),
        ("number", TICKET),
        ("coupons", "1000"),
        ("passenger_name", "X"),
        ("rate", "0.00"),
        ("gross", "5"),
        ("seats", "Y"),
    ];
    ben.post(&format!("{form}/transmission"), &stale).await.expect_status(409).expect("changed this form meanwhile");
    // Deleted, its coupons are open again, and its number is not given anew.
    ben.command("TRFX:1/D/000000001").await.expect_status(303);
    ben.get(&form).await.expect("Deleted").expect("OPEN FOR USE");
    let again = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&again, &[]).await.expect_status(303);
    let print = ben.command("TRFD:H/1/D/000000002").await.expect_status(303).location;
    let page = ben.get(&print).await.expect("784-5805431488").expect("2040.00").expect("20NOV26").expect("ZHANG/SAN MR");
    assert!(page.select(".boxes").len() == 2);
    ben.get(&again).await.expect("Printed");
    // The day of the office ends at its own midnight: 16:00 UTC.
    world.later(6 * 60 + 59);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_forms WHERE status = 'reported'").await, 0);
    world.later(2);
    world.work_all().await;
    let ben = world.back("ben").await;
    ben.get(&again).await.expect("Reported");
    assert_eq!(ben.code("TRFX:1/D/000000002").await, "SALES DAY CLOSED");
    assert_eq!(ben.code("TRFU:1/D/000000002").await, "SALES DAY CLOSED");
    assert_eq!(ben.code("TRFX:1/D/000000009").await, "NO RECORD");
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_form_coupons WHERE stands = 1").await, 1);
}

async fn a_form_is_filled_by_hand(world: World) {
    let hidden = with(TICKET, json!({ "z_value": "4.37" }));
    let booked = with("784-5805431600", json!({ "seats_released": false, "commission": "15.00" }));
    let suspended = with(
        "784-5805431700",
        json!({ "coupons": [{ "coupon": 1, "status": "suspended", "carrier": "CZ", "from": "SHA",
        "to": "PEK", "departs": "2026-12-01T08:00" }] }),
    );
    let (ben, _) = cast(&world, &[hidden, booked, suspended]).await;
    let form = ben.form("TRFD:A/1/I").await;
    let typed = |number: &'static str| {
        [
            ("number", number),
            ("coupons", "1000"),
            ("passenger_name", "wang/wu"),
            ("gross", "760.00"),
            ("tax_code", "CN"),
            ("tax_amount", "50.00"),
            ("deduction", "38.00"),
            ("rate", "0.00"),
            ("commission", "15.00"),
            ("seats", "Y"),
        ]
    };
    // What is hidden behind a known ticket cannot be got round by hand.
    let page = ben.transmit(&form, &typed(TICKET)).await.expect_status(422);
    assert_eq!(page.select(".note.bad b.code").join(" "), "TKT# MISMATCH, REOPEN IT");
    ben.transmit(&form, &typed("784-5805431700")).await.expect_status(422).expect("is SUSPENDED. Release it first");
    ben.transmit(&form, &[("number", "12")]).await.expect_status(422).expect("A ticket number has three digits");
    for (field, text, said) in [
        ("coupons", "2100", "Each group has four places"),
        ("gross", "-5", "not below zero"),
        ("gross", "7.605", "not below zero"),
        ("commission", "900", "more than the gross refund"),
        ("deduction", "9999.00", "would be below zero"),
        ("passenger_name", "", "Fill this in"),
        ("tax_amount", "x", "is not an amount, such as 50.00"),
        ("remark", "4111111111111111", ""),
    ] {
        let mut fields: Vec<(&str, &str)> = typed("999-5822054200").into_iter().filter(|(name, _)| *name != field).collect();
        fields.push((field, text));
        let page = ben.transmit(&form, &fields).await.expect_status(422).expect(said);
        assert_eq!(
            page.attribute("#deduction", "value").as_deref(),
            Some(if field == "deduction" { text } else { "38.00" }),
            "nothing typed is lost"
        );
    }
    // The complete record of the manual: 760.00 + 50.00 - 38.00 = 772.00; 772.00 - 15.00 = 757.00.
    ben.transmit(&form, &typed("999-5822054200")).await.expect_status(303);
    let page = ben.get(&form).await.expect("WANG/WU");
    assert_eq!((figure(&page, "Airline refund").as_str(), figure(&page, "Net refund").as_str()), ("CNY 772.00", "CNY 757.00"));
    // Seats that are still booked are cancelled first.
    let booked = ben.form("TRFD:L/784-5805431600/A/1/D").await;
    ben.transmit(&booked, &[]).await.expect_status(422).expect("Cancel them first");
    ben.transmit(&booked, &[("seats", "Y")]).await.expect_status(303);
    assert_eq!(figure(&ben.get(&booked).await, "Net refund"), "CNY 2,025.00");
}

async fn two_agents_make_one_form_of_a_ticket(world: World) {
    let (ben, cho) = cast(&world, &[ticket(TICKET)]).await;
    let mut forms = Vec::new();
    for person in [&ben, &cho, &ben, &cho, &ben, &cho] {
        forms.push((person, person.form("TRFD:L/784-5805431488/AM/1/D").await));
    }
    let done = join_all(forms.iter().map(|(person, form)| person.transmit(form, &[]))).await;
    let statuses: Vec<u16> = done.iter().map(|page| page.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 409, 422].contains(status)), "{statuses:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_forms WHERE refund_no IS NOT NULL").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_form_coupons WHERE stands = 1").await, 1);
    // The same press again gets the first answer.
    let (person, form) = &forms[statuses.iter().position(|status| *status == 303).expect("one")];
    let version = [("version", "1")];
    let again = person.transmit(form, &version).await;
    assert_eq!(again.expect_status(303).location, done.iter().find(|page| page.status == 303).expect("one").location);
    assert_eq!(world.count("SELECT version FROM bsp_forms WHERE refund_no IS NOT NULL").await, 2);
}
