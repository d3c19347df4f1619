//! Many at once: one refund, one credit, nothing twice.

use afterfare::kernel::actor::Role;
use futures_util::future::join_all;

use crate::on_both;
use crate::world::{Person, World, number_in};

on_both! {
    sixty_four_clients_submit_one_quote
    two_quotes_of_one_passenger_make_one_refund
    sixteen_clients_credit_one_refund
    the_same_form_again_gets_the_first_answer
    the_same_form_sixteen_times_at_once_is_done_once
    a_key_of_another_form_is_refused
    sixteen_accept_one_offer
    acceptance_against_expiry
    a_comment_against_the_end_of_silence
    a_claim_against_a_refund
    two_requests_merged_into_each_other
}

const ORDER: &str = "SKLA20261104193210042";

async fn sixty_four_clients_submit_one_quote(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let people = [world.person("lan", Role::Admin, Some(&agency)).await, world.person("ben", Role::Operations, Some(&agency)).await];
    let order_no = world.booked(&agency, ORDER).await;
    let (quote, once) = people[0].button(&people[0].quote(&order_no, "voluntary").await).await;
    let path = format!("/bookings/{order_no}/refunds");
    let pressed = (0..64).map(|n| {
        // Half press the same button again and again, half have the quote open in tabs of their own.
        let key = if n % 2 == 0 { once.clone() } else { format!("tab-{n}") };
        let (person, quote, path) = (people[n % 2].clone(), quote.clone(), path.clone());
        async move { person.post(&path, &[("quote", &quote), ("once", &key)]).await }
    });
    for answer in join_all(pressed).await {
        assert_eq!(number_in(&answer.expect_status(303).location), "202611-0001");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM events WHERE happened = 'registered'").await, 1);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn two_quotes_of_one_passenger_make_one_refund(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let order_no = world.booked(&agency, ORDER).await;
    let quotes = [lan.quote(&order_no, "voluntary").await, lan.quote(&order_no, "involuntary").await];
    let mut buttons = Vec::new();
    for quote in &quotes {
        buttons.push(lan.button(quote).await);
    }
    let path = format!("/bookings/{order_no}/refunds");
    let pressed = (0..32).map(|n| {
        let ((quote, _), lan, path) = (buttons[n % 2].clone(), lan.clone(), path.clone());
        async move { lan.post(&path, &[("quote", &quote), ("once", &format!("key-{n}"))]).await.status }
    });
    assert!(join_all(pressed).await.into_iter().all(|status| status == 303 || status == 422));
    assert!(world.count("SELECT COUNT(*) FROM refunds").await <= 1);
}

async fn sixteen_clients_credit_one_refund(world: World) {
    let (_lan, sam, number) = world.registered(ORDER).await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    sam.work(&number, "receipt", &money).await.expect_status(303);
    let pressed = (0..16).map(|_| {
        let (sam, number) = (sam.clone(), number.clone());
        async move { sam.work(&number, "credit", &[]).await.status }
    });
    let statuses = join_all(pressed).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, 1);
    assert_eq!(world.count("SELECT CAST(SUM(balance_minor) AS BIGINT) FROM accounts WHERE kind = 'deposit'").await, 7299);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn the_same_form_again_gets_the_first_answer(world: World) {
    let (_lan, sam, number) = world.registered(ORDER).await;
    let fields = [("version", "1"), ("once", "key-1"), ("reference", "R-1")];
    for _ in 0..3 {
        sam.post(&format!("/refunds/{number}/submission"), &fields).await.expect_status(303);
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM events WHERE happened = 'submitted'").await, 1);
}

async fn a_key_of_another_form_is_refused(world: World) {
    let (_lan, sam, number) = world.registered(ORDER).await;
    let fields = [("version", "1"), ("once", "key-1")];
    sam.post(&format!("/refunds/{number}/submission"), &fields).await.expect_status(303);
    let fields = [("version", "2"), ("once", "key-1"), ("amount", "74.99")];
    sam.post(&format!("/refunds/{number}/confirmation"), &fields).await.expect_status(422).expect("This form was used before");
}

async fn the_same_form_sixteen_times_at_once_is_done_once(world: World) {
    let (_lan, sam, number) = world.registered(ORDER).await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    let path = format!("/refunds/{number}/confirmation");
    let pressed = (0..16).map(|_| {
        let (sam, path) = (sam.clone(), path.clone());
        async move { sam.post(&path, &[("version", "2"), ("once", "one-key"), ("amount", "74.99")]).await.status }
    });
    assert_eq!(join_all(pressed).await, vec![303; 16]);
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers").await, 1);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

/// An agency with money, its Admin, the operator, and an open offer at a price in a request.
async fn offered(world: &World) -> (Person, Person, String) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let order_no = world.booked(&agency, ORDER).await;
    // A credit by the operator is the money to pay with.
    let gift = [("agency", "SUNRIVER"), ("currency", "USD"), ("amount", "100"), ("reason", "goodwill"), ("note", "x"), ("once", "gift")];
    sam.post("/finance/compensations", &gift).await.expect_status(303);
    let number = lan.raised(&order_no, "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "60")]).await;
    sam.offer(&number, &[("kind", "change"), ("amount", "60"), ("valid_hours", "1")]).await.expect_status(303);
    (lan, sam, number)
}

async fn sixteen_accept_one_offer(world: World) {
    let (lan, _, number) = offered(&world).await;
    let address = lan.offer_address(&number).await;
    let pressed = (0..16).map(|n| {
        let (lan, address) = (lan.clone(), address.clone());
        // Half of them press the same button, half come from pages of their own.
        let once = if n % 2 == 0 { "same".to_owned() } else { format!("key-{n}") };
        async move { lan.post(&format!("{address}/acceptance"), &[("once", once.as_str())]).await.status }
    });
    let statuses = join_all(pressed).await;
    assert!(statuses.iter().all(|status| [303, 409].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&303));
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'service-sale'").await, 1);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn acceptance_against_expiry(world: World) {
    let (lan, sam, number) = offered(&world).await;
    for round in 0..12 {
        if round > 0 {
            let offer = [("kind", "change"), ("amount", "5"), ("valid_hours", "1")];
            sam.offer(&number, &offer).await.expect_status(303);
        }
        world.later(59);
        let address = lan.offer_address(&number).await;
        let worker = world.worker();
        let (path, once) = (format!("{address}/acceptance"), format!("again-{round}"));
        let fields = [("once", once.as_str())];
        let accept = async {
            // Sometimes the one comes first, sometimes the other.
            tokio::time::sleep(std::time::Duration::from_millis(round % 4)).await;
            lan.post(&path, &fields).await.status
        };
        let expire = async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            world.later(1);
            while worker.step().await.expect("the worker steps") == afterfare::worker::Step::Done {}
        };
        let (status, ()) = tokio::join!(accept, expire);
        let open = world.count("SELECT COUNT(*) FROM request_offers WHERE status = 'open'").await;
        assert_eq!(open, 0, "{status}");
        if world.count("SELECT COUNT(*) FROM request_offers WHERE status = 'accepted'").await > 0 {
            sam.decide(&number, "fulfilment").await.expect_status(303);
        }
        assert_eq!(world.verify().await, Vec::<String>::new(), "{status}");
    }
    let charged = world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'service-sale'").await;
    assert_eq!(charged, world.count("SELECT COUNT(*) FROM request_offers WHERE status = 'fulfilled'").await);
}

async fn a_comment_against_the_end_of_silence(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let mut numbers = Vec::new();
    for n in 0..12 {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
        let number = lan.raised(&order_no, "feedback-dispute", &[]).await;
        sam.say(&number, "Answered.", "processed").await.expect_status(303);
        numbers.push(number);
    }
    world.later(72 * 60);
    let lan = world.back("lan").await;
    let comments = numbers.iter().map(|number| lan.say_as_of(number, "Wait!", "", "2"));
    let worker = world.worker();
    let complete = async { while worker.step().await.expect("the worker steps") == afterfare::worker::Step::Done {} };
    let (answers, ()) = tokio::join!(join_all(comments), complete);
    for (number, answer) in numbers.iter().zip(answers) {
        let page = lan.get(&format!("/requests/{number}")).await;
        let (written, done) = (page.words().contains("Wait!"), !page.select(".tag.request-completed").is_empty());
        // Either it is reopened with the comment, or completed without it; nothing is said and lost.
        assert_eq!((written, done), (answer.status == 303, answer.status == 409), "{number}: {}", answer.status);
    }
}

async fn a_claim_against_a_refund(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let order_no = world.booked(&agency, ORDER).await;
    let (quote, once) = lan.button(&lan.quote(&order_no, "voluntary").await).await;
    let all = (0..8).map(|n| {
        let (lan, order_no, quote, once) = (lan.clone(), order_no.clone(), quote.clone(), once.clone());
        async move {
            let key = format!("claim-{n}");
            let claim =
                [("passenger", "1"), ("segment", "1"), ("reason", "voluntary"), ("fulfilled_on", "2026-11-18"), ("once", key.as_str())];
            let refund = [("quote", quote.as_str()), ("once", once.as_str())];
            if n % 2 == 0 {
                lan.upload(&format!("/bookings/{order_no}/claims"), &claim, &[("a.pdf", crate::world::PDF)]).await.status
            } else {
                lan.post(&format!("/bookings/{order_no}/refunds"), &refund).await.status
            }
        }
    });
    join_all(all).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn two_requests_merged_into_each_other(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let mut pressed = Vec::new();
    for n in 0..8 {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
        let first = lan.raised(&order_no, "feedback-dispute", &[]).await;
        sam.say(&first, "Answered.", "processed").await.expect_status(303);
        let second = lan.raised(&order_no, "credit-shell", &[]).await;
        pressed.extend([(first.clone(), second.clone(), "2"), (second, first, "1")]);
    }
    let merging = pressed.iter().map(|(from, into, version)| {
        let (sam, path, once) = (sam.clone(), format!("/requests/{from}/merging"), format!("merge-{from}"));
        async move { sam.post(&path, &[("version", version), ("once", &once), ("into", into)]).await.status }
    });
    let statuses = join_all(merging).await;
    for (pair, numbers) in statuses.chunks(2).zip(pressed.chunks(2)) {
        let done = pair.iter().filter(|status| **status == 303).count();
        assert!(done == 1 && pair.iter().all(|status| [303, 409, 422].contains(status)), "{numbers:?}: {pair:?}");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM requests WHERE merged_into_id IS NOT NULL").await, 8);
}
