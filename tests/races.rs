//! Many at once: one refund, one credit, nothing twice.

use afterfare::kernel::actor::Role;
use futures_util::future::join_all;

use crate::on_both;
use crate::world::{World, number_in};

on_both! {
    sixty_four_clients_submit_one_quote
    two_quotes_of_one_passenger_make_one_refund
    sixteen_clients_credit_one_refund
    the_same_form_again_gets_the_first_answer
    the_same_form_sixteen_times_at_once_is_done_once
    a_key_of_another_form_is_refused
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
