//! Voids: the whole order, while the airline's window is open.

use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{Person, World, number_in, order, passenger, raw};

on_both! {
    the_whole_order_is_voided_in_its_window
    past_the_window_the_refund_is_offered
    not_every_order_can_be_voided
    sixteen_presses_make_one_void
}

/// Sold on 20 November at 13:00 in China, 14:00 in Seoul: the window closes at midnight there, 15:00 UTC.
const ORDER: &str = "SKLA20261120130010042";

async fn cast(world: &World) -> (Person, String) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    sam.post("/rule-sets", &[("document", include_str!("../rules/jin-air.json"))]).await.expect_status(303);
    sam.post("/rule-sets/jin-air/2026-11/activation", &[("from", "2026-11-20")]).await.expect_status(303);
    (lan, world.booked(&agency, ORDER).await)
}

impl Person {
    async fn void(&self, order_no: &str) -> crate::world::Page {
        let page = self.get(&format!("/bookings/{order_no}/void")).await.expect_status(200);
        let value = |name: &str| page.attribute(&format!("form input[name={name}]"), "value").unwrap_or_default();
        let (once, seen) = (value("once"), value("seen"));
        self.post(&format!("/bookings/{order_no}/void"), &[("once", &once), ("seen", &seen)]).await
    }
}

async fn the_whole_order_is_voided_in_its_window(world: World) {
    let (lan, order_no) = cast(&world).await;
    lan.get(&format!("/bookings/{order_no}")).await.expect("Void 6:00 h left · Asia/Seoul");
    let page = lan.get(&format!("/bookings/{order_no}/void")).await.expect("Possible until 2026-11-21 00:00 (Asia/Seoul)");
    // Everything comes back, the baggage too, and no service fee is taken.
    page.expect("USD 522.19").expect("Void and get back USD 522.19").expect("Service Fee USD 0.00");
    let number = number_in(&lan.void(&order_no).await.expect_status(303).location);
    let page = lan.get(&format!("/refunds/{number}")).await.expect("Void").expect("USD 522.19");
    // It must be with the airline before the window closes; four hours are sooner here.
    page.expect("2026-11-20 13:00");
    lan.void(&order_no).await.expect_status(422).expect("a part of it is in a refund already");
    assert!(!lan.get(&format!("/bookings/{order_no}/void")).await.text().contains("name=\"seen\""));
}

async fn past_the_window_the_refund_is_offered(world: World) {
    let (lan, order_no) = cast(&world).await;
    world.later(5 * 60 + 59);
    let page = lan.get(&format!("/bookings/{order_no}/void")).await.expect("0:01 h left");
    let value = |name: &str| page.attribute(&format!("form input[name={name}]"), "value").expect("a field");
    world.later(1);
    let late = lan.post(&format!("/bookings/{order_no}/void"), &[("once", &value("once")), ("seen", &value("seen"))]).await;
    let late = late.expect_status(422).expect("The time to void this order has passed. Refund it instead. (822)");
    assert_eq!(late.attribute("dialog footer a", "href"), Some(format!("/bookings/{order_no}/refund")));
    assert!(!lan.get(&format!("/bookings/{order_no}")).await.text().contains("/void\""));
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 0);
}

async fn not_every_order_can_be_voided(world: World) {
    let (lan, order_no) = cast(&world).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let agency = afterfare::agencies::store::agency(&mut conn, "SUNRIVER").await.expect("an answer").expect("the agency");
    drop(conn);
    let (card, by_card) = order("SKLA20261120130010043").with(|order| order["paymentMethod"] = raw("3")).finish();
    let (other, of_other) = order("SKLA20261120130010044")
        .with(|order| {
            order["routing"]["fromSegments"][0]["carrier"] = raw("\"VJ\"");
            order["routing"]["fromSegments"][0]["flightNumber"] = raw("\"VJ877\"");
        })
        .finish();
    let (two, for_two) = order("SKLA20261120130010045")
        .with(|order| {
            order["paxTicketInfos"] =
                serde_json::json!([passenger("ZHANG/SAN", 0, serde_json::Value::Null), passenger("LI/SI", 0, serde_json::Value::Null)]);
        })
        .finish();
    let (unpaid, not_issued) = order("SKLA20261120130010046").with(|order| order["orderStatus"] = raw("\"0\"")).finish();
    for text in [card, other, two, unpaid] {
        world.import(&agency, &text).await;
    }
    for (number, code) in [(&by_card, "(841)"), (&of_other, "(843)"), (&not_issued, "(809)")] {
        lan.get(&format!("/bookings/{number}/void")).await.expect(code);
        lan.post(&format!("/bookings/{number}/void"), &[("once", number), ("seen", "1")]).await.expect_status(422).expect(code);
    }
    let quotes = format!("/bookings/{for_two}/quotes");
    let quote = lan.post(&quotes, &[("passenger", "1"), ("segment", "1"), ("reason", "voluntary")]).await.expect_status(303).location;
    let (quote, once) = lan.button(&quote).await;
    lan.post(&format!("/bookings/{for_two}/refunds"), &[("quote", &quote), ("once", &once)]).await.expect_status(303);
    lan.get(&format!("/bookings/{for_two}/void")).await.expect("(823)");
    // The slide-out makes no void, whatever its form says.
    let fields = [("passenger", "1"), ("segment", "1"), ("reason", "void")];
    lan.post(&format!("/bookings/{of_other}/quotes"), &fields).await.expect_status(422).expect("Select a reason");
    // What the button said must still be so.
    lan.post(&format!("/bookings/{order_no}/void"), &[("once", "x"), ("seen", "1.00")]).await.expect_status(422);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds WHERE reason = 'void'").await, 0);
}

async fn sixteen_presses_make_one_void(world: World) {
    let (lan, order_no) = cast(&world).await;
    let all = (0..16).map(|_| {
        let (lan, order_no) = (lan.clone(), order_no.clone());
        async move { lan.void(&order_no).await.status }
    });
    let statuses = futures_util::future::join_all(all).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1);
}
