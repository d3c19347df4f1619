//! Refund claims: what the agency or the passenger asked of the airline itself.

use afterfare::kernel::actor::Role;
use scraper::Html;

use crate::on_both;
use crate::world::{Fields, Files, PDF, Page, Person, World, number_in, order, raw};

on_both! {
    a_claim_goes_its_road_to_the_deposit
    a_claim_needs_its_day_and_its_proof
    a_card_is_refunded_by_the_airline_alone
    a_claim_can_be_withdrawn_until_the_team_begins
    claims_and_refunds_exclude_each_other
    a_claim_comes_from_a_request_too
    an_involuntary_refund_needs_a_proof
}

const ORDER: &str = "SKLA20261104193210042";

impl Person {
    /// Claims for everybody and everything that can be chosen.
    async fn claim(&self, order_no: &str, fields: Fields<'_>, files: Files<'_>) -> Page {
        let page = self.get(&format!("/bookings/{order_no}/claim")).await.expect_status(200);
        let once = page.attribute("input[name=once]", "value").unwrap_or_default();
        let mut all = vec![
            ("once", once.as_str()),
            ("passenger", "1"),
            ("segment", "1"),
            ("reason", "involuntary"),
            ("fulfilled_on", "2026-11-18"),
            ("expected", "522.19"),
        ];
        all.retain(|(name, _)| !fields.iter().any(|(own, _)| own == name));
        all.extend_from_slice(fields);
        self.upload(&format!("/bookings/{order_no}/claims"), &all, files).await
    }
}

async fn cast(world: &World) -> (Person, Person, String) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    (lan, sam, world.booked(&agency, ORDER).await)
}

const PROOF: Files<'static> = &[("airline.pdf", PDF)];

async fn a_claim_goes_its_road_to_the_deposit(world: World) {
    let (lan, sam, order_no) = cast(&world).await;
    let answer = lan.claim(&order_no, &[], PROOF).await.expect_status(303);
    let number = number_in(&answer.location);
    let page = lan.get(&answer.location).await.expect("The claim was submitted").expect("Refund claim").expect("airline.pdf");
    page.expect("Expected by the agency USD 522.19").expect("Airline fulfilment date 2026-11-18");
    let list = lan.get("/finance/claims").await.expect(&number).expect("2026-11-18").expect("USD 522.19");
    assert!(list.select(".tabs a[aria-current]").concat().contains("Agency & Passenger Initiated"));
    assert!(!lan.get("/finance/refunds").await.text().contains(&number));
    let csv = lan.get("/finance/claims.csv").await.expect_status(200).text();
    assert!(csv.contains("2026-11-18") && csv.contains("522.19") && csv.contains("Airline fulfilment date"), "{csv}");
    sam.get(&format!("/refunds/{number}")).await.expect("airline.pdf");
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "500.00")]).await.expect_status(303);
    let money = [("amount", "500.00"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    sam.work(&number, "receipt", &money).await.expect_status(422).expect("522.19");
    let money = [money.as_slice(), &[("difference", "bank-charges")]].concat();
    sam.work(&number, "receipt", &money).await.expect_status(303);
    sam.work(&number, "credit", &[]).await.expect_status(303);
    lan.get("/finance/transactions").await.expect("USD 500.00");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_claim_needs_its_day_and_its_proof(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    let cases: [(Fields<'_>, Files<'_>, &str); 6] = [
        (&[], &[], "Attach a file that proves it"),
        (&[("fulfilled_on", "")], PROOF, "Give a day such as"),
        (&[("fulfilled_on", "2026-10-01")], PROOF, "The airline cannot have paid on that day"),
        (&[("fulfilled_on", "2027-06-01")], PROOF, "The airline cannot have paid on that day"),
        (&[("expected", "-5")], PROOF, "above zero"),
        (&[("reason", "void")], PROOF, "Choose one of the list"),
    ];
    for (fields, files, sentence) in cases {
        let page = lan.claim(&order_no, fields, files).await.expect_status(422).expect(sentence);
        assert_eq!(page.select("label.kept").len(), files.len(), "the file is kept: {sentence}");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 0);
}

async fn a_card_is_refunded_by_the_airline_alone(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (text, order_no) = order(ORDER).with(|order| order["paymentMethod"] = raw("3")).finish();
    world.import(&agency, &text).await;
    let page = lan.get(&format!("/bookings/{order_no}/claim")).await.expect_status(200).expect("paid by your VCC");
    assert!(page.select("input[name=passenger]").is_empty());
    lan.claim(&order_no, &[], PROOF).await.expect_status(422).expect("paid by your VCC");
    let fields = [("passenger", "1"), ("reason", "voluntary"), ("fulfilled_on", "2026-11-18")];
    lan.raise(&order_no, "agency-passenger-refund", &fields, PROOF).await.expect_status(422).expect("paid by your VCC");
    assert_eq!(world.count("SELECT (SELECT COUNT(*) FROM refunds) + (SELECT COUNT(*) FROM requests)").await, 0);
}

async fn a_claim_can_be_withdrawn_until_the_team_begins(world: World) {
    let (lan, sam, order_no) = cast(&world).await;
    let number = number_in(&lan.claim(&order_no, &[], PROOF).await.expect_status(303).location);
    let page = lan.get(&format!("/refunds/{number}")).await.expect_status(200);
    let html = Html::parse_document(&page.text());
    assert!(html.select(&scraper::Selector::parse("#withdrawal").expect("a selector")).next().is_some());
    let fields = [("version", "1"), ("once", "w-1")];
    sam.post(&format!("/refunds/{number}/withdrawal"), &fields).await.expect_status(403);
    lan.post(&format!("/refunds/{number}/withdrawal"), &fields).await.expect_status(303);
    lan.post(&format!("/refunds/{number}/withdrawal"), &fields).await.expect_status(303);
    lan.get(&format!("/refunds/{number}")).await.expect("Withdrew").expect("Withdrawn by the agency");
    sam.get("/notices").await.expect("Withdrawn by the agency");
    // The passenger is free again; but once the team has begun it is too late.
    let number = number_in(&lan.claim(&order_no, &[], PROOF).await.expect_status(303).location);
    sam.work(&number, "submission", &[]).await.expect_status(303);
    assert!(!lan.get(&format!("/refunds/{number}")).await.text().contains("id=\"withdrawal\""));
    lan.post(&format!("/refunds/{number}/withdrawal"), &[("version", "2"), ("once", "w-2")]).await.expect_status(409);
    // A refund of the operator's own cannot be withdrawn at all.
    let other = world.booked(&world.agency("SAOMAI").await, "SKLA20261104193210099").await;
    lan.get(&format!("/bookings/{other}/claim")).await.expect_status(404);
}

async fn claims_and_refunds_exclude_each_other(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    let claim = number_in(&lan.claim(&order_no, &[], PROOF).await.expect_status(303).location);
    lan.get(&format!("/bookings/{order_no}/refund")).await.expect(&claim);
    let fields = [("passenger", "1"), ("segment", "1"), ("reason", "voluntary")];
    lan.post(&format!("/bookings/{order_no}/quotes"), &fields).await.expect_status(422).expect(&claim);
    lan.claim(&order_no, &[], PROOF).await.expect_status(422).expect(&claim);
    let other = {
        let mut conn = world.app.db.read().await.expect("a connection");
        let agency = afterfare::agencies::store::agency(&mut conn, "SUNRIVER").await.expect("an answer").expect("the agency");
        drop(conn);
        world.booked(&agency, "SKLA20261104193210043").await
    };
    let refund = lan.refund(&other, "voluntary").await;
    lan.claim(&other, &[], PROOF).await.expect_status(422).expect(&refund);
}

async fn a_claim_comes_from_a_request_too(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    let fields = [("passenger", "1"), ("reason", "voluntary"), ("fulfilled_on", "2026-11-18"), ("expected", "100")];
    lan.raise(&order_no, "agency-passenger-refund", &fields, &[]).await.expect_status(422).expect("Attach a file that proves it");
    assert_eq!(world.count("SELECT COUNT(*) FROM requests").await, 0);
    let answer = lan.raise(&order_no, "agency-passenger-refund", &fields, PROOF).await.expect_status(303);
    let page = lan.get(&answer.location).await.expect("Agency & Passenger Initiated Refund").expect("USD 100.00");
    let number = page.attribute("dl.facts a[href^='/refunds/']", "href").expect("the claim").trim_start_matches("/refunds/").to_owned();
    lan.get(&format!("/refunds/{number}")).await.expect("airline.pdf").expect("Refund claim");
    lan.get("/finance/claims").await.expect(&number);
}

async fn an_involuntary_refund_needs_a_proof(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    let quote = lan.quote(&order_no, "involuntary").await;
    lan.get(&quote).await.expect("No schedule change or cancellation is confirmed");
    let (quote, once) = lan.button(&quote).await;
    let fields = [("quote", quote.as_str()), ("once", once.as_str())];
    let path = format!("/bookings/{order_no}/refunds");
    lan.post(&path, &fields).await.expect_status(422).expect("Attach a file that proves it");
    lan.upload(&path, &fields, &[("a.pdf", b"no pdf")]).await.expect_status(422).expect("is not a png, jpg");
    let answer = lan.upload(&path, &fields, PROOF).await.expect_status(303);
    lan.get(&answer.location).await.expect("airline.pdf");
}
