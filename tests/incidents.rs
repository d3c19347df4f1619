//! Schedule changes and cancellations: told, confirmed, and what they give a right to.

use afterfare::incidents::import::{self, Counts};
use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{Fields, Person, World, number_in, order, raw};

on_both! {
    notifications_are_taken_in_once
    the_documented_example_is_taken_in_once
    a_confirmed_cancellation_is_refunded_without_proof
    a_change_is_shown_before_and_after
    what_was_no_change_gives_nothing
    the_law_is_named_with_its_deadline
    the_operator_enters_what_the_airline_said
    incidents_are_filtered
}

const ORDER: &str = "SKLA20261104193210042";

/// The notification of a departure that is moved to `departs`, or of a cancellation.
fn notification(id: &str, order_no: &str, departs: Option<&str>) -> String {
    let seg = |departs: &str| {
        serde_json::json!({ "flightNumber": "LJ820", "depAirport": "PVG", "depTime": departs, "arrAirport": "CJU", "arrTime": "2026-12-01 16:00:00",
            "carrier": "LJ", "direction": 1 })
    };
    let revised: Vec<serde_json::Value> = departs.into_iter().map(seg).collect();
    serde_json::json!({ "cid": "X", "notificationId": id, "status": 0, "type": "order.schedulechange", "data": { "orderNo": order_no,
        "scheduleChangeType": if departs.is_some() { 1 } else { 2 }, "previousSegs": [seg("2026-12-01 13:25:00")], "revisedSegs": revised,
        "originalSegs": [seg("2026-12-01 13:25:00")] } })
    .to_string()
}

async fn take_in(world: &World, text: &str) -> (Counts, Vec<String>) {
    let mut refused = Vec::new();
    let mut refuse = |line: usize, path: &str, cause: &str| refused.push(format!("{line}: {path}: {cause}"));
    let counts = import::run(&world.app.db, text.as_bytes(), world.now(), &mut refuse).await.expect("the file is read");
    (counts, refused)
}

async fn cast(world: &World) -> (Person, Person, String) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    (lan, wei, world.booked(&agency, ORDER).await)
}

impl Person {
    async fn confirm_incident(&self, order_no: &str, result: &str, more: Fields<'_>) -> u16 {
        let page = self.get(&format!("/bookings/{order_no}/incidents")).await.expect_status(200);
        let path = page.attribute("form[action$=confirmation]", "action").unwrap_or_else(|| panic!("no form: {}", page.words()));
        let version = page.attribute("form[action$=confirmation] input[name=version]", "value").expect("a version");
        let mut fields = vec![("version", version.as_str()), ("result", result)];
        fields.extend_from_slice(more);
        self.post(&path, &fields).await.status
    }
}

async fn notifications_are_taken_in_once(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    let change = notification("N-1", &order_no, Some("2026-12-01 17:00:00"));
    let abnormal = serde_json::json!({ "cid": "X", "notificationId": "N-2", "status": 0, "type": "abnormal.cancelled",
        "data": { "orderNo": order_no, "vendorRefundInformation": "FULLY" } });
    let email = serde_json::json!({ "cid": "X", "notificationId": "N-3", "status": 0, "type": "email.schedulechange",
        "data": { "orderNo": order_no, "emailSubject": "Flight delay notice", "emailLink": "https://mail.example/1" } });
    let unknown = notification("N-4", "SKLA20991104193210042", None);
    let wrong = change.replace("PVG", "XXX");
    let text = format!("{change}\n{abnormal}\n{email}\n{unknown}\n{wrong}\nrubbish\n{change}\n");
    let (counts, refused) = take_in(&world, &text).await;
    assert_eq!(counts, Counts { added: 3, unchanged: 1, refused: 3 });
    assert!(refused[0].starts_with("4: data.orderNo: there is no order SKLA20991104193210042"), "{refused:?}");
    assert!(refused[1].starts_with("5: data.previousSegs[0].depAirport: “XXX” is not a known airport"), "{refused:?}");
    assert_eq!(take_in(&world, &text).await.0, Counts { added: 0, unchanged: 4, refused: 3 });
    let page = lan.get(&format!("/bookings/{order_no}/incidents")).await.expect("Flight delay notice").expect("FULLY");
    assert_eq!(page.select(".tag.incident-unconfirmed").len(), 3);
    lan.get("/notices").await.expect("changed the schedule of order").expect("cancelled a flight of order");
}

async fn the_documented_example_is_taken_in_once(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    let example = include_str!("../docs/incidents-example.jsonl").replace(ORDER, &order_no);
    assert_eq!(take_in(&world, &example).await.0, Counts { added: 3, unchanged: 0, refused: 0 });
    let page = lan.get(&format!("/bookings/{order_no}/incidents")).await.expect("LJ820 on 1 December: new times");
    let newest_first = ["Cancelled", "Cancelled", "PVG 2026-12-01 17:40", "CJU 2026-12-01 20:15"];
    assert_eq!(page.select("ins"), newest_first);
    // Without numbers of the sender's, the very words tell that they are the same.
    let unnumbered = example.replace("\"notificationId\"", "\"otherId\"");
    assert_eq!(take_in(&world, &unnumbered).await.0, Counts { added: 3, unchanged: 0, refused: 0 });
    assert_eq!(take_in(&world, &unnumbered).await.0, Counts { added: 0, unchanged: 3, refused: 0 });
}

async fn a_confirmed_cancellation_is_refunded_without_proof(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    take_in(&world, &notification("N-1", &order_no, None)).await;
    // Told but not confirmed: it proves nothing yet.
    lan.get(&lan.quote(&order_no, "involuntary").await).await.expect("No schedule change or cancellation is confirmed");
    assert_eq!(wei.confirm_incident(&order_no, "ABNORMAL_CANCELLATION", &[]).await, 422, "not a result of this kind");
    assert_eq!(wei.confirm_incident(&order_no, "FLIGHT_CANCELED", &[("cause", "carrier"), ("note", "LJ answered")]).await, 303);
    lan.get("/notices").await.expect("wei confirmed “Flight cancelled”").expect("LJ answered");
    let page = lan.get(&format!("/bookings/{order_no}/incidents")).await.expect("Flight cancelled").expect("China’s rules");
    // One click leads to the quote, without choosing and without a proof.
    let values = |name: &str| page.attribute(&format!("form[action$=quotes] input[name={name}]"), "value").expect("a field");
    let fields = [("passenger", values("passenger")), ("segment", values("segment")), ("reason", values("reason"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let quote = lan.post(&format!("/bookings/{order_no}/quotes"), &fields).await.expect_status(303).location;
    let page = lan.get(&quote).await.expect("USD 522.19").expect("China’s rules");
    assert!(page.select("input[type=file]").is_empty());
    let (quote, once) = lan.button(&quote).await;
    let answer = lan.post(&format!("/bookings/{order_no}/refunds"), &[("quote", &quote), ("once", &once)]).await.expect_status(303);
    lan.get(&format!("/refunds/{}", number_in(&answer.location))).await.expect("Involuntary");
}

async fn a_change_is_shown_before_and_after(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    take_in(&world, &notification("N-1", &order_no, Some("2026-12-01 17:00:00"))).await;
    let page = lan.get(&format!("/bookings/{order_no}/incidents")).await.expect_status(200);
    assert_eq!(
        (page.select("del"), page.select("ins")),
        (vec!["PVG 2026-12-01 13:25".to_owned()], vec!["PVG 2026-12-01 17:00".to_owned()])
    );
    // The agency itself may confirm; then the operator is told, and nobody can confirm it again.
    let wei = world.person("olga", Role::OperatorAgent, None).await;
    assert_eq!(lan.confirm_incident(&order_no, "FLIGHT_CHANGE", &[]).await, 303);
    wei.get("/notices").await.expect("lan confirmed “Flight changed”");
    let path = format!("/bookings/{order_no}/incidents/IN-202611-0001/confirmation");
    let again = wei.post(&path, &[("version", "1"), ("result", "NO_SCHEDULE_CHANGE")]).await;
    again.expect_status(409).expect("Somebody confirmed this incident");
}

async fn what_was_no_change_gives_nothing(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    take_in(&world, &notification("N-1", &order_no, Some("2026-12-01 13:30:00"))).await;
    assert_eq!(wei.confirm_incident(&order_no, "NO_SCHEDULE_CHANGE", &[]).await, 303);
    let page = lan.get(&format!("/bookings/{order_no}/incidents")).await.expect("No schedule change");
    assert!(!page.text().contains("action=\"/bookings/SKLA20261104193210042/quotes\""));
    lan.get(&lan.quote(&order_no, "involuntary").await).await.expect("attach what the airline wrote");
}

async fn the_law_is_named_with_its_deadline(world: World) {
    let (lan, wei, _) = cast(&world).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let agency = afterfare::agencies::store::agency(&mut conn, "SUNRIVER").await.expect("an answer").expect("the agency");
    drop(conn);
    for (n, (from, to, law, day)) in [
        ("LAX", "SFO", "14 CFR 260", "2026-12-10"),
        ("CDG", "FRA", "EU Regulation 261/2004", "2026-11-27"),
        ("LHR", "MAN", "UK261", "2026-11-27"),
    ]
    .into_iter()
    .enumerate()
    {
        let number = format!("SKLA202611041932{n:05}");
        let (text, order_no) = order(&number)
            .with(|order| {
                order["routing"]["fromSegments"][0]["depAirport"] = raw(&format!("\"{from}\""));
                order["routing"]["fromSegments"][0]["arrAirport"] = raw(&format!("\"{to}\""));
            })
            .finish();
        world.import(&agency, &text).await;
        take_in(&world, &notification(&format!("N-{n}"), &order_no, None).replace("PVG", from).replace("CJU", to)).await;
        assert_eq!(wei.confirm_incident(&order_no, "FLIGHT_CANCELED", &[]).await, 303);
        lan.get(&format!("/bookings/{order_no}/incidents")).await.expect(law).expect(&format!("to be paid by {day}"));
    }
}

async fn the_operator_enters_what_the_airline_said(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let path = format!("/bookings/{order_no}/incidents");
    let same = [
        ("kind", "order.schedulechange"),
        ("what", "changed"),
        ("flight", "LJ820"),
        ("from", "PVG"),
        ("departs", "2026-12-01T13:25"),
        ("to", "CJU"),
        ("arrives", "2026-12-01T16:00"),
    ];
    let with = |name: &'static str, value: &'static str| same.map(|(field, old)| if field == name { (field, value) } else { (field, old) });
    lan.post(&path, &same).await.expect_status(403);
    wei.post(&path, &same).await.expect_status(422).expect("Nothing differs from the booking");
    let page = wei.post(&path, &with("departs", "tomorrow")).await.expect_status(422).expect("Give each flight a number");
    assert_eq!(page.attribute("input[name=departs]", "value"), Some("tomorrow".to_owned()));
    wei.post(&path, &with("from", "XXX")).await.expect_status(422);
    for _ in 0..3 {
        // Pressed again and again, it is one.
        let later = with("departs", "2026-12-01T18:10");
        wei.post(&path, &[later.as_slice(), &[("once", "one")]].concat()).await.expect_status(303);
    }
    wei.post(&path, &[with("what", "cancelled").as_slice(), &[("once", "two")]].concat()).await.expect_status(303);
    let page = lan.get(&path).await.expect("PVG 2026-12-01 18:10").expect("by wei");
    assert_eq!(page.select(".card .tag.incident-unconfirmed").len(), 2);
}

async fn incidents_are_filtered(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    take_in(&world, &notification("N-1", &order_no, None)).await;
    assert_eq!(wei.confirm_incident(&order_no, "FLIGHT_CANCELED", &[]).await, 303);
    for (query, there) in [
        ("", true),
        ("?status=confirmed", true),
        ("?status=unconfirmed", false),
        ("?airline=LJ&kind=order.schedulechange", true),
        ("?airline=VN", false),
        ("?kind=abnormal.cancelled", false),
        ("?from=2026-11-20&to=2026-11-20", true),
        ("?from=2026-11-21", false),
        ("?order_no=SKLA20261104193210042", true),
    ] {
        for person in [&lan, &wei] {
            let page = person.get(&format!("/incidents{query}")).await.expect_status(200);
            assert_eq!(page.text().contains("IN-202611-0001"), there, "{query}");
        }
    }
    let stranger = world.person("stranger", Role::Admin, Some(&world.agency("SAOMAI").await)).await;
    assert!(!stranger.get("/incidents").await.text().contains("IN-202611-0001"));
    stranger.get(&format!("/bookings/{order_no}/incidents")).await.expect_status(404);
}
