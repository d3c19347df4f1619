//! Service requests: the road of each category, offers, silence, the desk, and who may do what when.

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;

use crate::on_both;
use crate::world::{Fields, PDF, Page, Person, World, order, passenger, raw};

on_both! {
    every_category_walks_its_road
    what_a_category_needs_is_asked_for
    one_open_request_per_order
    a_refund_is_followed_up_from_day_21
    silence_completes_and_a_comment_reopens
    an_offered_refund_becomes_a_case_with_its_lines
    a_fee_per_order_is_not_taken_again_by_an_offer
    an_accepted_price_is_taken_from_the_deposit_and_given_back
    an_offer_ends_with_its_time
    notes_stay_inside
    a_new_offer_replaces_an_open_one_of_its_kind
    what_is_paid_for_is_never_forgotten
    settling_is_possible_beside_another_open_request
    duplicates_are_merged
    many_are_assigned_and_answered_each_for_itself
    colleagues_see_who_is_answering
    canned_replies_are_filled_in
    every_verb_in_every_state
    lists_are_filtered_and_exported
    a_new_request_checks_its_order_number
}

const ORDER: &str = "SKLA20261104193210042";

/// An agency's Admin, the operator's agent, and a booking.
async fn cast(world: &World) -> (Person, Person, String) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let order_no = world.booked(&agency, ORDER).await;
    (lan, wei, order_no)
}

/// The fields of each category, complete.
const COMPLETE: [(&str, Fields<'static>); 8] = [
    ("cancel-and-refund", &[("passenger", "1"), ("reason", "voluntary")]),
    ("credit-shell", &[]),
    ("voluntary-change", &[("itinerary", "LJ820 3 December"), ("at_most", "120.00")]),
    ("involuntary-change", &[("itinerary", "LJ822 same day")]),
    ("name-correction", &[("passenger", "1"), ("name_to", "ZHANG/SANFENG")]),
    ("passenger-information", &[("passenger", "1")]),
    ("baggage-ancillary", &[("passenger", "1"), ("segment", "1"), ("product", "checked-baggage")]),
    ("feedback-dispute", &[]),
];

async fn every_category_walks_its_road(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    for (place, (category, fields)) in COMPLETE.iter().enumerate() {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{place:05}")).await;
        let answer = lan.raise(&order_no, category, fields, &[("letter.pdf", PDF)]).await.expect_status(303);
        let number = crate::world::request_in(&answer.location);
        let page = lan.get(&answer.location).await.expect("The request was opened").expect("Please help with this.").expect("letter.pdf");
        assert_eq!(page.select(".tag.request-new"), ["New"]);
        for (name, value) in fields.iter().filter(|(name, _)| ["itinerary", "name_to"].contains(name)) {
            assert!(page.words().contains(value), "{category} {name}");
        }
        wei.work_request(&number, "assignment", &[]).await.expect_status(303);
        wei.say(&number, "We are on it.", "answer").await.expect_status(303);
        let page = lan.get(&format!("/requests/{number}")).await.expect("We are on it.").expect("the next news by");
        assert_eq!(page.select(".tag.request-in-process"), ["In process"]);
        wei.say(&number, "Done: see the new ticket.", "processed").await.expect_status(303);
        lan.get(&format!("/requests/{number}")).await.expect("You have the ball").expect("72:00 h left");
        lan.say(&number, "Thank you, one more thing.", "").await.expect_status(303);
        lan.get(&format!("/requests/{number}")).await.expect("In process");
        wei.say(&number, "That, too.", "processed").await.expect_status(303);
        lan.get(&format!("/bookings/{order_no}/requests")).await.expect(&number).expect("lan").expect("Processed");
    }
    world.later(72 * 60);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM requests WHERE status = 'completed'").await, i64::try_from(COMPLETE.len()).expect("few"));
}

impl Person {
    /// One of the small forms of the team, with the version that the page has now.
    async fn work_request(&self, number: &str, verb: &str, fields: Fields<'_>) -> Page {
        let page = self.get(&format!("/requests/{number}")).await.expect_status(200);
        let version = page.attribute("form input[name=version]", "value").unwrap_or_default();
        let once = afterfare::kernel::id::new_token();
        let mut all = vec![("version", version.as_str()), ("once", once.as_str())];
        all.extend_from_slice(fields);
        self.post(&format!("/requests/{number}/{verb}"), &all).await
    }
}

async fn what_a_category_needs_is_asked_for(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (text, order_no) = order(ORDER)
        .with(|order| {
            order["paxTicketInfos"] =
                serde_json::json!([passenger("ZHANG/SAN", 0, serde_json::Value::Null), passenger("LI/SI", 0, serde_json::Value::Null)]);
        })
        .finish();
    world.import(&agency, &text).await;
    let cases: [(&str, Fields<'_>, &str); 10] = [
        ("cancel-and-refund", &[("reason", "voluntary")], "Select at least one passenger."),
        ("cancel-and-refund", &[("passenger", "1"), ("reason", "void")], "Choose one of the list."),
        ("voluntary-change", &[("itinerary", "LJ820"), ("at_most", "much")], "Give an amount such as"),
        ("voluntary-change", &[("at_most", "10")], "Fill this in."),
        ("name-correction", &[("passenger", "1"), ("name_to", "ZHANG/SAN")], "This is the name that the ticket has already."),
        ("baggage-ancillary", &[("passenger", "1"), ("segment", "9"), ("product", "seat")], "Choose one of the list."),
        ("feedback-dispute", &[("description", "  ")], "Fill this in."),
        ("feedback-dispute", &[("description", "my card is 4111 1111 1111 1111")], "card number"),
        ("refund-follow-up", &[], "Fill this in."),
        ("agency-passenger-refund", &[("passenger", "1"), ("reason", "voluntary"), ("fulfilled_on", "soon")], "Give a day such as"),
    ];
    for (category, fields, sentence) in cases {
        // What was typed is still there, the file too.
        let page = lan.raise(&order_no, category, fields, &[("letter.pdf", PDF)]).await.expect_status(422).expect(sentence);
        assert!(page.words().contains("letter.pdf"), "{category}: {}", page.words());
        let typed = page.select("#description").concat();
        assert!(fields.iter().any(|(name, _)| *name == "description") || typed == "Please help with this.", "{category}: {typed}");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM requests").await, 0);
    // The kept file goes with the next try, and belongs to nobody else's.
    let page = lan.raise(&order_no, "feedback-dispute", &[("description", " ")], &[("letter.pdf", PDF)]).await.expect_status(422);
    let kept = page.attribute("input[name=kept]", "value").expect("a kept file");
    let ben = world.person("ben", Role::Operations, Some(&agency)).await;
    ben.raise(&order_no, "feedback-dispute", &[("kept", &kept)], &[]).await.expect_status(422).expect("is not there any more");
    let answer = lan.raise(&order_no, "feedback-dispute", &[("kept", &kept)], &[]).await.expect_status(303);
    lan.get(&answer.location).await.expect("letter.pdf");
}

async fn one_open_request_per_order(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let first = lan.raised(&order_no, "feedback-dispute", &[]).await;
    lan.get(&format!("/bookings/{order_no}/request")).await.expect(&format!("has request {first} open already"));
    let second = lan.raise(&order_no, "credit-shell", &[], &[]).await.expect_status(422);
    assert!(second.words().contains(&first));
    wei.say(&first, "Answered.", "processed").await.expect_status(303);
    let second = lan.raised(&order_no, "credit-shell", &[]).await;
    // The first one cannot be reopened beside it: the text is not lost, and the way is shown.
    let page = lan.say(&first, "And one more thing", "").await.expect_status(409).expect("Another request of this booking is open");
    assert_eq!(page.select("#body"), ["And one more thing"]);
    assert_eq!(world.count("SELECT COUNT(*) FROM requests").await, 2);
    // Many at once open one.
    let third = world.booked(&world.agency("SAOMAI").await, "SKLA20261104193210099").await;
    let hoa = {
        let mut conn = world.app.db.read().await.expect("a connection");
        let agency = afterfare::agencies::store::agency(&mut conn, "SAOMAI").await.expect("an answer").expect("the agency");
        drop(conn);
        world.person("hoa", Role::Admin, Some(&agency)).await
    };
    let all = (0..8).map(|n| {
        let (hoa, third) = (hoa.clone(), third.clone());
        async move {
            let once = format!("key-{n}");
            let fields = [("category", "feedback-dispute"), ("description", "help"), ("once", once.as_str())];
            hoa.upload(&format!("/bookings/{third}/requests"), &fields, &[]).await.status
        }
    });
    let statuses = futures_util::future::join_all(all).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    lan.get(&format!("/requests/{second}")).await.expect_status(200);
}

async fn a_refund_is_followed_up_from_day_21(world: World) {
    let (lan, sam, refund) = world.registered(ORDER).await;
    sam.work(&refund, "submission", &[]).await.expect_status(303);
    let path = format!("/bookings/{ORDER}/request?category=refund-follow-up");
    lan.get(&path).await.expect("Follow-up is possible from 2026-12-11 09:00");
    lan.raise(ORDER, "refund-follow-up", &[("refund", &refund)], &[])
        .await
        .expect_status(422)
        .expect("Follow-up is possible from 2026-12-11");
    world.later(21 * 24 * 60 - 1);
    let lan = world.back("lan").await;
    lan.raise(ORDER, "refund-follow-up", &[("refund", &refund)], &[]).await.expect_status(422);
    world.later(1);
    let number = lan.raised(ORDER, "refund-follow-up", &[("refund", &refund)]).await;
    lan.get(&format!("/requests/{number}")).await.expect(&refund);
    // Another order's refund is no refund of this one.
    let other = world.count("SELECT COUNT(*) FROM requests WHERE refund_id IS NOT NULL").await;
    assert_eq!(other, 1);
}

async fn silence_completes_and_a_comment_reopens(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let number = lan.raised(&order_no, "feedback-dispute", &[]).await;
    wei.say(&number, "Answered.", "processed").await.expect_status(303);
    world.later(72 * 60 - 1);
    world.work_all().await;
    let (lan, wei) = (world.back("lan").await, world.back("wei").await);
    lan.get(&format!("/requests/{number}")).await.expect("0:01 h left");
    lan.say(&number, "Wait!", "").await.expect_status(303);
    world.later(2);
    world.work_all().await;
    lan.get(&format!("/requests/{number}")).await.expect("In process");
    wei.say(&number, "Again answered.", "processed").await.expect_status(303);
    world.later(72 * 60);
    // After the worker came by, the text comes back with the way on.
    let lan = world.back("lan").await;
    let page = lan.get(&format!("/requests/{number}")).await.expect_status(200);
    let version = page.attribute("form.write input[name=version]", "value").expect("a form");
    world.work_all().await;
    let page = lan.say_as_of(&number, "Too late?", "", &version).await.expect_status(409);
    assert!(page.words().contains("Too late?") && page.words().contains("This request is completed"), "{}", page.words());
    lan.get(&format!("/requests/{number}")).await.expect("Completed after the time of silence.");
    assert_eq!(world.count("SELECT COUNT(*) FROM request_messages WHERE body = 'Too late?'").await, 0);
}

async fn an_offered_refund_becomes_a_case_with_its_lines(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let number = lan.raised(&order_no, "cancel-and-refund", &[("passenger", "1"), ("reason", "voluntary")]).await;
    // The calculation fills the lines in: 66.20 and 381.00 of 522.19, service fee 2.00.
    let form = wei.get(&format!("/requests/{number}/offers/new?kind=refund")).await.expect_status(200);
    assert_eq!(form.select("table.grid td.num"), ["USD 66.20", "USD 381.00", "USD 2.00"]);
    let lines = [
        ("kind", "refund"),
        ("passenger", "1"),
        ("reason", "voluntary"),
        ("computed", "66.20"),
        ("computed", "381.00"),
        ("computed", "2.00"),
    ];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
        lines.iter().copied().chain(more.iter().copied()).collect()
    };
    let unexplained = with(&[("line", "66.20"), ("line", "0.00"), ("line", "2.00"), ("why", ""), ("why", ""), ("why", "")]);
    wei.offer(&number, &unexplained).await.expect_status(422).expect("Say why this line differs");
    let explained = with(&[
        ("line", "66.20"),
        ("line", "0.00"),
        ("line", "5.00"),
        ("why", ""),
        ("why", "The airline waives it"),
        ("why", "By agreement"),
    ]);
    wei.offer(&number, &explained).await.expect_status(303);
    let page =
        lan.get(&format!("/requests/{number}")).await.expect("USD 455.99").expect("The airline waives it").expect("Calculated USD 381.00");
    assert_eq!(page.select("form[action$=acceptance] button"), ["Accept the refund of USD 455.99"]);
    assert_eq!(page.select(".tag.request-processed"), ["Processed"]);
    let accepted = lan.decide(&number, "acceptance").await.expect_status(303);
    let refund = crate::world::number_in(&accepted.location);
    let page = lan.get(&format!("/refunds/{refund}")).await.expect("USD 455.99").expect("USD 66.20").expect("USD 5.00");
    assert_eq!(page.select(".tag.refund-atlas-processing").len(), 1);
    lan.get(&format!("/requests/{number}")).await.expect("Accepted").expect(&refund);
    // Decided once; and the passenger is in refund now.
    lan.decide(&number, "refusal").await.expect_status(409).expect("has been decided already");
    lan.get(&format!("/bookings/{order_no}/refund")).await.expect(&refund);
    let mei = world.person("mei", Role::Supervisor, None).await;
    mei.work(&refund, "submission", &[]).await.expect_status(303);
    mei.work(&refund, "confirmation", &[("amount", "455.99")]).await.expect_status(303);
    let money = [("amount", "455.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    mei.work(&refund, "receipt", &money).await.expect_status(303);
    mei.work(&refund, "credit", &[]).await.expect_status(303);
    lan.get("/finance/transactions").await.expect("USD 450.99");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_fee_per_order_is_not_taken_again_by_an_offer(world: World) {
    let (lan, wei, _) = cast(&world).await;
    let (text, order_no) = order("SKLA20261104193210043")
        .with(|order| {
            order["paxTicketInfos"] =
                serde_json::json!([passenger("ZHANG/SAN", 0, serde_json::Value::Null), passenger("LI/SI", 0, serde_json::Value::Null)]);
            order["routing"]["transactionFeeMode"] = "PER_ORDER".into();
            order["routing"]["transactionFee"] = raw("3.00");
        })
        .finish();
    world.import(&world.sunriver().await, &text).await;
    let number = lan.raised(&order_no, "cancel-and-refund", &[("passenger", "1"), ("reason", "voluntary")]).await;
    let lines = [("computed", "66.20"), ("computed", "0.00"), ("computed", "3.00"), ("line", "66.20"), ("line", "0.00"), ("line", "3.00")];
    let fields = [("kind", "refund"), ("passenger", "1"), ("reason", "voluntary")];
    wei.offer(&number, &[fields.as_slice(), &lines].concat()).await.expect_status(303);
    lan.get(&format!("/requests/{number}")).await.expect("USD 3.00");
    // Before the offer is accepted, the other passenger is refunded, and the fee of the order is taken with that.
    let fields = [("passenger", "2"), ("segment", "1"), ("reason", "voluntary")];
    let quote = lan.post(&format!("/bookings/{order_no}/quotes"), &fields).await.expect_status(303).location;
    let (quote, once) = lan.button(&quote).await;
    let fields = [("quote", quote.as_str()), ("once", once.as_str())];
    lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await.expect_status(303);
    lan.decide(&number, "acceptance").await.expect_status(303);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 2);
    assert_eq!(world.count("SELECT CAST(SUM(service_fee_minor) AS BIGINT) FROM refunds").await, 300);
}

async fn an_accepted_price_is_taken_from_the_deposit_and_given_back(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let number = lan.raised(&order_no, "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "120")]).await;
    wei.offer(&number, &[("kind", "change"), ("amount", "80.00")]).await.expect_status(303);
    // Nothing on the deposit, and no credit line: refused, and the offer stays open.
    lan.decide(&number, "acceptance").await.expect_status(422).expect("does not cover this price");
    let page = lan.get(&format!("/requests/{number}")).await.expect_status(200);
    assert_eq!(page.select(".tag.offer-open"), ["Open"]);
    top_up(&world, 10_000).await;
    lan.decide(&number, "acceptance").await.expect_status(303);
    lan.get("/finance/transactions").await.expect("USD 20.00").expect("Change or extra").expect(&number);
    lan.get(&format!("/requests/{number}")).await.expect("In process");
    // It could not be done: the price comes back, once.
    wei.post(&format!("{}/failure", wei.offer_address(&number).await), &[("once", "f-1"), ("note", "")]).await.expect_status(422);
    wei.decide(&number, "failure").await.expect_status(303);
    wei.decide(&number, "failure").await.expect_status(409);
    wei.decide(&number, "fulfilment").await.expect_status(409);
    lan.get("/finance/transactions").await.expect("USD 100.00");
    lan.get(&format!("/requests/{number}")).await.expect("was given back to the deposit").expect("because");
    // Another one is done.
    wei.offer(&number, &[("kind", "ancillary"), ("amount", "30.00")]).await.expect_status(303);
    lan.decide(&number, "acceptance").await.expect_status(303);
    wei.decide(&number, "fulfilment").await.expect_status(303);
    lan.get(&format!("/requests/{number}")).await.expect("Processed");
    lan.get("/finance/transactions").await.expect("USD 70.00");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

/// Puts an agency's own payment on the deposit of SUNRIVER.
pub async fn top_up(world: &World, minor: i64) {
    use afterfare::kernel::money::{Currency, Money};
    use afterfare::ledger::posting::{About, Account, Leg, post};
    use afterfare::ledger::{AccountKind, TransferKind};
    let mut conn = world.app.db.read().await.expect("a connection");
    let agency = afterfare::agencies::store::agency(&mut conn, "SUNRIVER").await.expect("an answer").expect("the agency");
    drop(conn);
    let now = world.now();
    let posted: Result<(), sqlx::Error> = world
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let leg = Leg {
                    debit: Account::own(AccountKind::TopUpSource),
                    credit: Account::of(AccountKind::Deposit, &agency.id),
                    amount: Money::new(minor, Currency::parse("USD").expect("a currency")),
                    kind: TransferKind::TopUp,
                };
                post(conn, &[leg], About { refund: None, case: None, round: 0, actor_id: "test", now }).await.expect("posted");
                Ok(())
            })
        })
        .await;
    posted.expect("the top-up");
}

async fn an_offer_ends_with_its_time(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let number = lan.raised(&order_no, "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "120")]).await;
    top_up(&world, 10_000).await;
    wei.offer(&number, &[("kind", "change"), ("amount", "80.00"), ("valid_hours", "400")])
        .await
        .expect_status(422)
        .expect("Give 1 to 336 hours");
    wei.offer(&number, &[("kind", "change"), ("amount", "80.00"), ("valid_hours", "2")]).await.expect_status(303);
    world.later(119);
    world.work_all().await;
    lan.get(&format!("/requests/{number}")).await.expect("0:01 h left");
    world.later(1);
    // Not yet ended by the worker, but its time is over.
    lan.decide(&number, "acceptance").await.expect_status(409).expect("This offer has expired");
    world.work_all().await;
    let page = lan.get(&format!("/requests/{number}")).await.expect("has expired");
    assert_eq!(page.select(".tag.offer-expired"), ["Expired"]);
    lan.decide(&number, "acceptance").await.expect_status(409);
    lan.get("/finance/transactions").await.expect("USD 100.00");
    // One can be taken back.
    wei.offer(&number, &[("kind", "change"), ("amount", "70.00")]).await.expect_status(303);
    wei.decide(&number, "withdrawal").await.expect_status(303);
    lan.decide(&number, "acceptance").await.expect_status(409);
    // And declined.
    wei.offer(&number, &[("kind", "change"), ("amount", "60.00")]).await.expect_status(303);
    lan.decide(&number, "refusal").await.expect_status(303);
    wei.get(&format!("/requests/{number}")).await.expect("declined: USD 60.00").expect("because");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_new_offer_replaces_an_open_one_of_its_kind(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    top_up(&world, 50_000).await;
    let number = lan.raised(&order_no, "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "120")]).await;
    wei.offer(&number, &[("kind", "change"), ("amount", "120")]).await.expect_status(303);
    let first = lan.offer_address(&number).await;
    wei.offer(&number, &[("kind", "change"), ("amount", "90")]).await.expect_status(303);
    lan.post(&format!("{first}/acceptance"), &[("once", "old")]).await.expect_status(409);
    lan.decide(&number, "acceptance").await.expect_status(303);
    lan.get("/finance/transactions").await.expect("USD 410.00");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'service-sale'").await, 1);
    // An offered refund is made with the figures that were seen.
    let other = world.booked_more("SKLA20261104193210043").await;
    let number = lan.raised(&other, "cancel-and-refund", &[("passenger", "1"), ("reason", "voluntary")]).await;
    let fields = [("kind", "refund"), ("passenger", "1"), ("reason", "voluntary")];
    let stale =
        [("computed", "60.00"), ("computed", "381.00"), ("computed", "2.00"), ("line", "60.00"), ("line", "381.00"), ("line", "2.00")];
    let page = wei.offer(&number, &[fields.as_slice(), &stale].concat()).await.expect_status(422).expect("The calculation has changed");
    assert!(page.words().contains("USD 66.20"));
}

async fn what_is_paid_for_is_never_forgotten(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    top_up(&world, 50_000).await;
    let number = lan.raised(&order_no, "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "120")]).await;
    wei.offer(&number, &[("kind", "change"), ("amount", "120"), ("valid_hours", "300")]).await.expect_status(303);
    // The request lasts as long as what is offered in it, whatever is said meanwhile.
    wei.say(&number, "Do you want it?", "processed").await.expect_status(303);
    world.later(73 * 60);
    world.work_all().await;
    let (lan, wei) = (world.back("lan").await, world.back("wei").await);
    lan.get(&format!("/requests/{number}")).await.expect("Processed");
    lan.decide(&number, "acceptance").await.expect_status(303);
    wei.say(&number, "We are on it.", "processed").await.expect_status(409).expect("A price was accepted.");
    wei.work_request(&number, "merging", &[("into", &number)]).await.expect_status(422);
    wei.get("/desk/requests?view=waiting-for-us").await.expect(&number);
    wei.decide(&number, "fulfilment").await.expect_status(303);
    world.later(73 * 60);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM requests WHERE status = 'completed'").await, 1);
}

async fn settling_is_possible_beside_another_open_request(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    top_up(&world, 50_000).await;
    let first = lan.raised(&order_no, "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "120")]).await;
    wei.offer(&first, &[("kind", "change"), ("amount", "100")]).await.expect_status(303);
    wei.offer(&first, &[("kind", "ancillary"), ("amount", "20")]).await.expect_status(303);
    let second = lan.raised(&order_no, "feedback-dispute", &[]).await;
    lan.decide(&first, "acceptance").await.expect_status(303);
    wei.decide(&first, "failure").await.expect_status(303);
    lan.get("/finance/transactions").await.expect("USD 500.00");
    wei.get("/desk/requests?view=waiting-for-us").await.expect(&second);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn notes_stay_inside(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let number = lan.raised(&order_no, "feedback-dispute", &[]).await;
    let page = wei.get(&format!("/requests/{number}")).await;
    let version = page.attribute("form.write input[name=version]", "value").expect("a form");
    let fields = [("version", version.as_str()), ("once", "n-1"), ("body", "The airline admits it."), ("as", "note")];
    wei.upload(&format!("/requests/{number}/messages"), &fields, &[("secret.pdf", PDF)]).await.expect_status(303);
    let page = wei.get(&format!("/requests/{number}")).await.expect("The airline admits it.").expect("secret.pdf").expect("Internal");
    let file = page.attribute(".attachments a", "href").expect("a file");
    wei.get(&file).await.expect_status(200);
    let seen = lan.get(&format!("/requests/{number}")).await;
    assert!(!seen.text().contains("admits") && !seen.text().contains("secret.pdf"));
    lan.get(&file).await.expect_status(404);
    lan.get("/notices").await.expect("Nothing to tell you yet");
    // An agency's message is never a note, whatever its form says.
    lan.say(&number, "Any news?", "note").await.expect_status(303);
    wei.get(&format!("/requests/{number}")).await.expect("Any news?");
    assert_eq!(world.count("SELECT COUNT(*) FROM request_messages WHERE internal = 1").await, 1);
}

async fn duplicates_are_merged(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let agency_two = world.agency("SAOMAI").await;
    let hoa = world.person("hoa", Role::Admin, Some(&agency_two)).await;
    let other_order = world.booked(&agency_two, "SKLA20261104193210077").await;
    let foreign = hoa.raised(&other_order, "feedback-dispute", &[]).await;
    let first = lan.raised(&order_no, "feedback-dispute", &[]).await;
    wei.say(&first, "Answered.", "processed").await.expect_status(303);
    let second = lan.raised(&order_no, "credit-shell", &[]).await;
    for wrong in [second.as_str(), foreign.as_str(), "SR-209901-0001", ""] {
        wei.work_request(&second, "merging", &[("into", wrong)]).await.expect_status(422).expect("There is no other open request");
    }
    wei.work_request(&second, "merging", &[("into", &first)]).await.expect_status(303);
    lan.get(&format!("/requests/{second}")).await.expect("Completed").expect("This request is continued in").expect(&first);
    lan.get("/notices").await.expect(&format!("Merged into {first}"));
    lan.say(&first, "Here then.", "").await.expect_status(303);
}

async fn many_are_assigned_and_answered_each_for_itself(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let mut numbers = Vec::new();
    for n in 0..3 {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
        numbers.push(lan.raised(&order_no, "feedback-dispute", &[]).await);
    }
    wei.get("/desk/requests?view=new").await.expect(&numbers[0]);
    let file = wei.get("/desk/requests.csv?view=new").await.expect_status(200).text();
    assert_eq!(file.lines().count(), 1 + numbers.len(), "{file}");
    assert!(numbers.iter().all(|number| file.contains(number.as_str())), "{file}");
    assert_eq!(wei.get("/desk/requests.csv?view=mine").await.expect_status(200).text().lines().count(), 1);
    assert!(wei.get("/desk/requests.xlsx?view=new").await.expect_status(200).body.starts_with(b"PK"));
    wei.post("/desk/requests/assignment", &[("view", "new")]).await.expect_status(422).expect("Select at least one request");
    let seen: Vec<String> = numbers.iter().map(|number| format!("{number}:1")).collect();
    let all: Vec<(&str, &str)> = seen.iter().map(|one| ("request", one.as_str())).collect();
    let page = wei.post("/desk/requests/assignment", &all).await.expect_status(200);
    assert_eq!(page.select(".rows .tag.ok").len(), 3);
    // One was written in since: it is left alone, and says so.
    lan.say(&numbers[1], "Wait, there is more.", "").await.expect_status(303);
    let seen: Vec<String> = numbers.iter().map(|number| format!("{number}:2")).collect();
    let mut all: Vec<(&str, &str)> = seen.iter().map(|one| ("request", one.as_str())).collect();
    all.extend([("body", "Done for you."), ("as", "processed")]);
    let page = wei.post("/desk/requests/replies", &all).await.expect_status(200).expect("Somebody wrote or changed something");
    assert_eq!((page.select(".rows .tag.ok").len(), page.select(".rows .tag.bad").len()), (2, 1));
    wei.get("/desk/requests?view=waiting-for-customer").await.expect(&numbers[0]).expect(&numbers[2]);
    wei.get("/desk/requests?view=mine").await.expect(&numbers[1]);
    world.later(5 * 60);
    wei.get("/desk/requests?view=due").await.expect(&numbers[1]).expect("overdue");
    wei.post("/desk/requests/replies", &[("request", &seen[0])]).await.expect_status(422).expect("Fill this in.");
}

async fn colleagues_see_who_is_answering(world: World) {
    let (lan, wei, order_no) = cast(&world).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let number = lan.raised(&order_no, "feedback-dispute", &[]).await;
    wei.post(&format!("/requests/{number}/presence"), &[]).await.expect_status(204);
    sam.get(&format!("/requests/{number}")).await.expect("wei is answering just now.");
    for person in [&wei, &lan] {
        assert!(!person.get(&format!("/requests/{number}")).await.words().contains("is answering"));
    }
    world.later(3);
    assert!(!sam.get(&format!("/requests/{number}")).await.words().contains("is answering"));
    wei.post(&format!("/requests/{number}/presence"), &[]).await.expect_status(204);
    wei.say(&number, "Here.", "answer").await.expect_status(303);
    assert!(!sam.get(&format!("/requests/{number}")).await.words().contains("is answering"));
}

async fn canned_replies_are_filled_in(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let minh = world.person_speaking("minh", Role::Admin, Some(&agency), Language::Vietnamese).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let order_no = world.booked(&agency, ORDER).await;
    let number = minh.raised(&order_no, "feedback-dispute", &[]).await;
    let reply = |language: &'static str, body: &'static str| [("language", language), ("name", "Asked"), ("body", body)];
    wei.post("/desk/replies", &reply("vi", "")).await.expect_status(422);
    wei.post("/desk/replies", &reply("vi", "Chào {name}, đơn {order} ({pnr}) của {passengers}, {request} {nothing}"))
        .await
        .expect_status(303);
    wei.post("/desk/replies", &reply("en", "Dear {name}")).await.expect_status(303);
    // Only the customer's own language is offered.
    let page = wei.get(&format!("/requests/{number}")).await.expect_status(200);
    assert_eq!(page.select("a.btn.small"), ["Asked"]);
    let use_it = page.attribute("a.btn.small", "href").expect("a reply");
    let query = use_it.split('#').next().expect("a query");
    let page = wei.get(&format!("/requests/{number}{query}")).await.expect_status(200);
    let expected = format!("Chào minh, đơn {ORDER} (P10042) của ZHANG/SAN, {number} {{nothing}}");
    assert_eq!(page.select("#body"), [expected]);
    let remove = wei.get("/desk/replies").await.attribute("form[action$=removal]", "action").expect("a button");
    wei.post(&remove, &[]).await.expect_status(303);
    assert_eq!(world.count("SELECT COUNT(*) FROM canned_replies").await, 1);
}

/// Every verb of both sides in every state, by every role that may do it and by those who may not.
async fn every_verb_in_every_state(world: World) {
    let agency = world.agency("SUNRIVER").await;
    top_up(&world, 1_000_000).await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let mut people = Vec::new();
    for role in [Role::CustomerService, Role::Finance, Role::OperatorAgent, Role::OperatorFinance] {
        let of = if role.is_operator() { None } else { Some(&agency) };
        people.push((role, world.person(role.word(), role, of).await));
    }
    let mut count = 0;
    for state in ["new", "in-process", "processed", "completed"] {
        for verb in ["messages", "assignment", "handover", "merging", "offers"] {
            for (role, person) in &people {
                count += 1;
                let order_no = world.booked(&agency, &format!("SKLA202611041932{count:05}")).await;
                let number = lan.raised(&order_no, "feedback-dispute", &[]).await;
                if state != "new" {
                    wei.say(&number, "On it.", if state == "in-process" { "answer" } else { "processed" }).await.expect_status(303);
                }
                if state == "completed" {
                    let other = world.booked(&agency, &format!("SKLA202611041933{count:05}")).await;
                    let into = lan.raised(&other, "feedback-dispute", &[]).await;
                    wei.work_request(&number, "merging", &[("into", &into)]).await.expect_status(303);
                }
                let version = world.version_of(&number).await;
                let once = afterfare::kernel::id::new_token();
                let fields = [
                    ("version", version.as_str()),
                    ("once", once.as_str()),
                    ("body", "text"),
                    ("kind", "change"),
                    ("amount", "10"),
                    ("what", "x"),
                    ("valid_hours", "2"),
                    ("into", "nothing"),
                ];
                let status = person.post(&format!("/requests/{number}/{verb}"), &fields).await.status;
                let permission = match verb {
                    "messages" => *role != Role::Finance,
                    "assignment" | "handover" => role.is_operator(),
                    _ => *role == Role::OperatorAgent,
                };
                let expected = match (permission, verb, state) {
                    (false, ..) => 403,
                    (_, "merging", _) => 422,
                    (_, _, "completed") => 409,
                    _ => 303,
                };
                assert_eq!(status, expected, "{verb} on {state} by {role}");
            }
        }
    }
    // A form of before the last change is told so, whatever it is.
    let order_no = world.booked(&agency, "SKLA20261104193499999").await;
    let number = lan.raised(&order_no, "feedback-dispute", &[]).await;
    lan.say(&number, "More.", "").await.expect_status(303);
    for verb in ["messages", "assignment", "handover", "offers"] {
        let fields =
            [("version", "1"), ("once", verb), ("body", "text"), ("kind", "change"), ("amount", "1"), ("what", "x"), ("valid_hours", "2")];
        wei.post(&format!("/requests/{number}/{verb}"), &fields).await.expect_status(409).expect("after you opened this page");
    }
}

impl World {
    async fn version_of(&self, number: &str) -> String {
        let mut conn = self.app.db.read().await.expect("a connection");
        let scope = afterfare::kernel::actor::Scope::Operator;
        let request = afterfare::requests::store::find(&mut conn, &scope, number).await.expect("an answer").expect("the request");
        request.version.to_string()
    }
}

async fn lists_are_filtered_and_exported(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let mut numbers = Vec::new();
    for (n, category) in ["feedback-dispute", "credit-shell"].into_iter().enumerate() {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
        numbers.push(lan.raised(&order_no, category, &[]).await);
    }
    wei.say(&numbers[0], "Answered.", "processed").await.expect_status(303);
    let shows = |page: &Page, place: usize| page.text().contains(&numbers[place]);
    for (query, first, second) in [
        ("", true, true),
        ("?status=processed", true, false),
        ("?category=credit-shell", false, true),
        ("?order_no=SKLA20261104193200001", false, true),
        ("?unread=yes", true, false),
        ("?modified_from=2026-11-20&modified_to=2026-11-20", true, true),
        ("?modified_from=2026-11-21", false, false),
    ] {
        let page = lan.get(&format!("/requests{query}")).await.expect_status(200);
        assert_eq!((shows(&page, 0), shows(&page, 1)), (first, second), "{query}");
        let csv = lan.get(&format!("/requests.csv{query}")).await.expect_status(200);
        assert_eq!((shows(&csv, 0), shows(&csv, 1)), (first, second), "{query} as CSV");
    }
    lan.get("/requests?modified_from=yesterday").await.expect("Give a day such as");
    let xlsx = lan.get("/requests.xlsx").await.expect_status(200);
    assert!(xlsx.body.starts_with(b"PK"));
    // Read, it is not marked any more.
    let page = lan.get(&format!("/requests/{}", numbers[0])).await.expect_status(200);
    let field = |name: &str| page.attribute(&format!("form[data-read] input[name={name}]"), "value").expect("a field");
    lan.post("/notices/reading", &[("case_kind", &field("case_kind")), ("case_id", &field("case_id")), ("back", &field("back"))])
        .await
        .expect_status(303);
    assert!(!shows(&lan.get("/requests?unread=yes").await, 0));
    // The search box finds a request by its number.
    assert_eq!(lan.get(&format!("/search?q={}", numbers[0])).await.location, format!("/requests/{}", numbers[0]));
}

async fn a_new_request_checks_its_order_number(world: World) {
    let (lan, _, order_no) = cast(&world).await;
    let foreign = world.booked(&world.agency("SAOMAI").await, "SKLA20261104193210099").await;
    lan.get("/requests/new").await.expect_status(200).expect("Find the booking");
    let page = lan.get(&format!("/requests/new?order={}", order_no.to_lowercase())).await.expect("Jin Air").expect("Cancel & Refund");
    assert!(
        page.attribute("#found .cascade a", "href")
            .is_some_and(|href| href.starts_with(&format!("/bookings/{order_no}/request?category=")))
    );
    for unknown in [foreign.as_str(), "SKLA20991104193210042", "x"] {
        lan.get(&format!("/requests/new?order={unknown}")).await.expect(&format!("There is no booking {unknown}, or it is not yours"));
    }
    // Less than a day to departure: the airline's own site is faster.
    let (text, soon) =
        order("SKLA20261104193210055").with(|order| order["routing"]["fromSegments"][0]["depTime"] = raw("\"202611210900\"")).finish();
    let mut conn = world.app.db.read().await.expect("a connection");
    let agency = afterfare::agencies::store::agency(&mut conn, "SUNRIVER").await.expect("an answer").expect("the agency");
    drop(conn);
    world.import(&agency, &text).await;
    lan.get(&format!("/bookings/{soon}/request")).await.expect("less than 24 hours").expect("Jin Air");
}
