//! Quotes that are asked for at the same time are kept together, and submissions registered together: each is still its own.

use std::collections::BTreeSet;
use std::time::Duration;

use afterfare::db::Kind;
use afterfare::kernel::actor::Role;
use afterfare::refunds::taken_store::{self, Stamp};
use futures_util::future::join_all;
use sqlx::{AnyConnection, Connection, Executor};

use crate::on_both;
use crate::world::{Person, World, number_in};

on_both! {
    quotes_are_asked_for_at_once
    an_order_that_somebody_holds_keeps_no_other_quote_waiting
    quotes_that_wait_are_kept_by_one_transaction
    what_changes_before_a_quote_is_kept_is_seen
    thirty_orders_are_submitted_at_once
    what_is_wrong_with_one_is_nobody_elses_affair
    an_order_that_somebody_holds_keeps_nobody_else_waiting
    a_quote_is_submitted_by_its_own_agency_only
    terms_that_change_before_its_turn_are_seen
    deadlines_of_many_are_told_once
}

/// A button that can be pressed.
#[derive(Clone)]
struct Button {
    person: Person,
    order_no: String,
    quote: String,
    once: String,
}

impl Button {
    async fn of(person: &Person, order_no: &str, reason: &str) -> Self {
        let (quote, once) = person.button(&person.quote(order_no, reason).await).await;
        Self { person: person.clone(), order_no: order_no.to_owned(), quote, once }
    }

    fn with_key(self, once: &str) -> Self {
        Self { once: once.to_owned(), ..self }
    }

    /// The status and where it leads.
    async fn press(self) -> (u16, String) {
        let fields = [("quote", self.quote.as_str()), ("once", self.once.as_str())];
        let page = self.person.post(&format!("/bookings/{}/refunds", self.order_no), &fields).await;
        (page.status, page.location)
    }
}

async fn pressed(buttons: Vec<Button>) -> Vec<(u16, String)> {
    join_all(buttons.into_iter().map(Button::press)).await
}

fn order_no(n: usize) -> String {
    format!("SKLA2026110419321{n:04}")
}

async fn people(world: &World) -> Vec<Person> {
    let (sunriver, riverside) = (world.agency("SUNRIVER").await, world.agency("RIVERSIDE").await);
    for n in 0..15 {
        world.booked(&sunriver, &order_no(n)).await;
        world.booked(&riverside, &order_no(100 + n)).await;
    }
    world.person("sam", Role::Supervisor, None).await;
    vec![world.person("lan", Role::Admin, Some(&sunriver)).await, world.person("ben", Role::Operations, Some(&riverside)).await]
}

async fn quotes_are_asked_for_at_once(world: World) {
    let people = people(&world).await;
    let (lan, ben) = (&people[0], &people[1]);
    // Nine orders of one agency, and of the other one four once and one five times.
    let mut all: Vec<(&Person, String)> = (0..9).map(|n| (ben, order_no(100 + n))).collect();
    all.extend((0..9).map(|n: usize| (lan, order_no(n.min(4)))));
    let stranger = |person: &Person, order_no: String| {
        let person = person.clone();
        async move {
            person
                .post(&format!("/bookings/{order_no}/quotes"), &[("passenger", "1"), ("segment", "1"), ("reason", "voluntary")])
                .await
                .status
        }
    };
    let (quotes, strange) = tokio::join!(
        join_all(all.iter().map(|(person, order_no)| person.quote(order_no, "voluntary"))),
        join_all([stranger(lan, order_no(100)), stranger(ben, order_no(4)), stranger(ben, order_no(9_999))])
    );
    assert_eq!(strange, [404, 404, 404]);
    assert_eq!((quotes.iter().collect::<BTreeSet<_>>().len(), world.count("SELECT COUNT(*) FROM quotes").await), (18, 18));
    for ((person, order_no), quote) in all.iter().zip(&quotes) {
        assert!(quote.starts_with(&format!("/bookings/{order_no}/quotes/")), "{quote}");
        person.get(quote).await.expect_status(200);
    }
    let of_another = "SELECT COUNT(*) FROM quotes q JOIN orders o ON o.id = q.order_id JOIN users u ON u.id = q.created_by \
                      WHERE q.agency_id <> o.agency_id OR u.agency_id <> o.agency_id";
    assert_eq!(world.count(of_another).await, 0, "each is its own agency's");
    let of_one = "SELECT CAST(MAX(q.ordinal) * 100 + COUNT(*) AS BIGINT) FROM quotes q JOIN orders o ON o.id = q.order_id \
                  WHERE o.order_no = 'SKLA20261104193210004'";
    assert_eq!(world.count(of_one).await, 505, "five quotes of one order, one after the other");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

/// Holds an order, or whatever else somebody works on, until the transaction ends.
async fn holding(world: &World, statement: &str) -> AnyConnection {
    let mut conn = AnyConnection::connect(&world.url).await.expect("a connection");
    conn.execute("BEGIN").await.expect("begun");
    conn.execute(sqlx::AssertSqlSafe(statement)).await.expect("held");
    conn
}

/// Until somebody waits for what is held.
async fn somebody_waits(world: &World) {
    let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut patience = 1_000;
    while world.count(waits).await == 0 {
        patience -= 1;
        assert!(patience > 0, "nobody waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn an_order_that_somebody_holds_keeps_no_other_quote_waiting(world: World) {
    if world.app.db.kind == Kind::Sqlite {
        // One writer holds everything there.
        return;
    }
    let people = people(&world).await;
    let quote = |n: usize| {
        let lan = people[0].clone();
        async move { lan.quote(&order_no(n), "voluntary").await }
    };
    let mut conn = holding(&world, &format!("SELECT id FROM orders WHERE order_no = '{}' FOR NO KEY UPDATE", order_no(0))).await;
    let waiting = actix_web::rt::spawn(quote(0));
    somebody_waits(&world).await;
    join_all((1..6).map(quote)).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM quotes").await, 5);
    assert!(!waiting.is_finished());
    conn.execute("COMMIT").await.expect("let go");
    waiting.await.expect("a quote");
    assert_eq!(world.count("SELECT COUNT(*) FROM quotes").await, 6);
}

async fn quotes_that_wait_are_kept_by_one_transaction(world: World) {
    if world.app.db.kind == Kind::Sqlite {
        // Its rows do not say which transaction wrote them.
        return;
    }
    let people = people(&world).await;
    let quote = |n: usize| {
        let lan = people[0].clone();
        async move { lan.quote(&order_no(n), "voluntary").await }
    };
    let mut conn = holding(&world, "LOCK TABLE quotes IN EXCLUSIVE MODE").await;
    let first = actix_web::rt::spawn(quote(0));
    somebody_waits(&world).await;
    let waiting = [1, 1, 1, 2, 3].map(|n| actix_web::rt::spawn(quote(n)));
    // Shorter than the first one's patience, and long enough for the others to stand behind it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    conn.execute("COMMIT").await.expect("let go");
    join_all(waiting.into_iter().chain([first])).await.into_iter().for_each(|quote| assert!(quote.is_ok()));
    assert_eq!(world.count("SELECT COUNT(*) FROM quotes").await, 6);
    assert_eq!(world.count("SELECT COUNT(DISTINCT CAST(xmin AS TEXT)) FROM quotes").await, 2, "the first, and all that waited");
    assert_eq!(world.count("SELECT COUNT(*) FROM quotes WHERE ordinal = 1").await, 4);
    assert_eq!(world.count("SELECT MAX(ordinal) FROM quotes").await, 3);
}

async fn what_changes_before_a_quote_is_kept_is_seen(world: World) {
    let people = people(&world).await;
    let lan = people[0].clone();
    let quote = |n: usize| {
        let lan = lan.clone();
        async move { lan.quote(&order_no(n), "voluntary").await }
    };
    let before = quote(0).await;
    let is_sqlite = world.app.db.kind == Kind::Sqlite;
    // Whoever changes the rate keeps every quote waiting.
    let hold = if is_sqlite { "UPDATE revisions SET revision = revision" } else { "LOCK TABLE quotes IN EXCLUSIVE MODE" };
    let mut conn = holding(&world, hold).await;
    let first = actix_web::rt::spawn(quote(1));
    if !is_sqlite {
        // It has its turn already, and waits to be written.
        somebody_waits(&world).await;
    }
    // These are reckoned by the old rate while they wait for theirs.
    let waiting = [2, 3].map(|n| actix_web::rt::spawn(quote(n)));
    tokio::time::sleep(Duration::from_millis(500)).await;
    conn.execute("UPDATE exchange_rates SET rate = '0.14' WHERE from_currency = 'CNY' AND to_currency = 'USD'").await.expect("a rate");
    conn.execute("UPDATE revisions SET revision = revision / 2 + 1 WHERE name = 'terms'").await.expect("other terms");
    conn.execute("COMMIT").await.expect("let go");
    first.await.expect("a quote");
    let amounts = |quote: String| {
        let lan = lan.clone();
        async move { lan.get(&quote).await.expect_status(200).select(".receipt dd") }
    };
    let after = amounts(quote(4).await).await;
    assert_ne!(amounts(before).await, after, "the rate makes a difference");
    for waiting in waiting {
        assert_eq!(amounts(waiting.await.expect("a quote")).await, after);
    }
}

async fn thirty_orders_are_submitted_at_once(world: World) {
    let people = people(&world).await;
    let mut buttons = Vec::new();
    for n in 0..15 {
        buttons.push(Button::of(&people[0], &order_no(n), "voluntary").await);
        buttons.push(Button::of(&people[1], &order_no(100 + n), "voluntary").await);
    }
    let numbers: BTreeSet<String> = pressed(buttons.clone()).await.into_iter().map(|(_, location)| number_in(&location)).collect();
    let expected: BTreeSet<String> = (1..=30).map(|n| format!("202611-{n:04}")).collect();
    assert_eq!(numbers, expected, "none twice, none left out");
    let of_another = "SELECT COUNT(*) FROM refunds r JOIN users u ON u.id = r.registered_by JOIN orders o ON o.id = r.order_id \
                      WHERE u.agency_id <> o.agency_id OR r.agency_id <> o.agency_id OR r.order_no <> o.order_no";
    assert_eq!(world.count(of_another).await, 0, "each is its own agency's");
    let events = "SELECT COUNT(*) FROM events e JOIN refunds r ON r.id = e.subject_id AND r.registered_by = e.actor_id WHERE e.happened = 'registered'";
    assert_eq!(world.count(events).await, 30);
    let notices = "SELECT COUNT(*) FROM notices n JOIN refunds r ON r.number = n.case_no AND r.order_no = n.order_no AND n.case_id = r.id";
    assert_eq!(world.count(notices).await, 30, "the operator hears of each");
    assert_eq!(world.verify().await, Vec::<String>::new());
    // The same presses again: the same refunds.
    let again: BTreeSet<String> = pressed(buttons).await.into_iter().map(|(_, location)| number_in(&location)).collect();
    assert_eq!((again, world.count("SELECT COUNT(*) FROM refunds").await), (expected, 30));
}

async fn what_is_wrong_with_one_is_nobody_elses_affair(world: World) {
    let people = people(&world).await;
    let lan = &people[0];
    let mut buttons = Vec::new();
    for n in 0..8 {
        buttons.push(Button::of(lan, &order_no(n), "voluntary").await);
    }
    // A key that another submission used; one key for two orders at once; a quote that was overtaken; nothing that proves it.
    let used = Button::of(lan, &order_no(8), "voluntary").await;
    let key = used.once.clone();
    used.press().await;
    buttons.push(Button::of(lan, &order_no(9), "voluntary").await.with_key(&key));
    buttons.push(Button::of(lan, &order_no(10), "voluntary").await.with_key("one-key-for-two"));
    buttons.push(Button::of(lan, &order_no(11), "voluntary").await.with_key("one-key-for-two"));
    let overtaken = Button::of(lan, &order_no(12), "voluntary").await;
    Button::of(lan, &order_no(12), "voluntary").await;
    buttons.push(overtaken);
    buttons.push(Button::of(lan, &order_no(13), "involuntary").await);
    let answers = pressed(buttons).await;
    assert!(answers[..8].iter().all(|(status, location)| *status == 303 && location.starts_with("/refunds/")), "{answers:?}");
    assert_eq!(answers[8].0, 422, "the key was used for something else");
    let of_two: BTreeSet<u16> = answers[9..11].iter().map(|(status, _)| *status).collect();
    assert_eq!(of_two, BTreeSet::from([303, 422]), "one key, one refund");
    assert!(answers[11].1.contains("done=quote-renewed"), "{:?}", answers[11]);
    assert_eq!(answers[12].0, 422, "a proof is needed");
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 10);
    assert_eq!(
        world.count("SELECT CAST(MAX(value) AS BIGINT) FROM counters WHERE name = 'refund-202611'").await,
        10,
        "no number is left out"
    );
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn an_order_that_somebody_holds_keeps_nobody_else_waiting(world: World) {
    if world.app.db.kind == Kind::Sqlite {
        // One writer holds everything there.
        return;
    }
    let people = people(&world).await;
    let mut buttons = Vec::new();
    for n in 0..4 {
        buttons.push(Button::of(&people[0], &order_no(n), "voluntary").await);
    }
    let held = buttons.remove(0);
    let mut conn = holding(&world, &format!("SELECT id FROM orders WHERE order_no = '{}' FOR NO KEY UPDATE", order_no(0))).await;
    let waiting = actix_web::rt::spawn(held.press());
    // Whoever comes after it does not wait for it.
    assert!(pressed(buttons).await.iter().all(|(status, _)| *status == 303));
    assert!(!waiting.is_finished());
    conn.execute("COMMIT").await.expect("let go");
    assert_eq!(waiting.await.expect("an answer").0, 303);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 4);
}

async fn a_quote_is_submitted_by_its_own_agency_only(world: World) {
    let people = people(&world).await;
    let (lan, stranger) = (&people[0], people.last().expect("somebody of the other agency"));
    let own = Button::of(lan, &order_no(0), "voluntary").await;
    let another = Button::of(lan, &order_no(1), "voluntary").await;
    let strangers = Button::of(stranger, &order_no(100), "voluntary").await;
    let as_stranger = |button: &Button, once: &str| Button { person: stranger.clone(), ..button.clone() }.with_key(once);
    let answers = pressed(vec![
        as_stranger(&own, "stranger-1"),
        Button { quote: own.quote.clone(), ..as_stranger(&strangers, "stranger-2") },
        Button { quote: another.quote.clone(), ..own.clone() }.with_key("other-order"),
        own.clone(),
        as_stranger(&own, "stranger-3"),
    ])
    .await;
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [404, 404, 404, 303, 404]);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds r JOIN users u ON u.id = r.registered_by AND u.agency_id = r.agency_id").await, 1);
}

async fn stamp(world: &World, order_no: &str) -> Option<Stamp> {
    let mut conn = world.app.db.read().await.expect("a connection");
    taken_store::stamps(&mut conn, &[order_no]).await.expect("stamps").remove(order_no)
}

async fn terms_that_change_before_its_turn_are_seen(world: World) {
    let people = people(&world).await;
    let lan = &people[0];
    lan.refund(&order_no(0), "voluntary").await;
    let (first, second) = (Button::of(lan, &order_no(1), "voluntary").await, Button::of(lan, &order_no(2), "voluntary").await);
    let dearer = "date,from,to,rate\n2026-11-20,CNY,USD,0.14\n";
    let (before, after) = (stamp(&world, &order_no(3)).await, {
        world.rates("date,from,to,rate\n2026-11-20,CNY,VND,3700\n").await;
        stamp(&world, &order_no(3)).await
    });
    assert_ne!(before, after, "whoever registers sees that a rate was loaded");
    if world.app.db.kind == Kind::Sqlite {
        // Nobody can write while somebody else does.
        world.rates(dearer).await;
        assert!(second.press().await.1.contains("done=quote-renewed"));
        return;
    }
    // Whoever takes a number waits.
    let mut conn = holding(&world, "UPDATE counters SET value = value").await;
    let first = actix_web::rt::spawn(first.press());
    somebody_waits(&world).await;
    // The second is decided by the old rate while it waits for its turn.
    let second = actix_web::rt::spawn(second.press());
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.rates(dearer).await;
    conn.execute("COMMIT").await.expect("let go");
    assert!(first.await.expect("an answer").1.starts_with("/refunds/"), "its turn had come");
    let (_, location) = second.await.expect("an answer");
    assert!(location.contains("done=quote-renewed"), "{location}");
    lan.get(&location).await.expect_status(200).expect("nothing was submitted");
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 2);
}

async fn deadlines_of_many_are_told_once(world: World) {
    let people = people(&world).await;
    for n in 0..12 {
        people[0].refund(&order_no(n), "voluntary").await;
    }
    // One more that is with its airline in time.
    let sam = world.person("kim", Role::Supervisor, None).await;
    sam.work(&people[0].refund(&order_no(12), "voluntary").await, "submission", &[]).await.expect_status(303);
    world.later(5 * 60);
    let workers = [world.worker(), world.worker(), world.worker()];
    for worked in join_all(workers.iter().map(afterfare::worker::Worker::step)).await {
        worked.expect("a step");
    }
    world.work_all().await;
    let told = "SELECT COUNT(*) FROM events e JOIN refunds r ON r.id = e.subject_id WHERE e.happened = 'deadline-missed' \
                AND r.deadline_missed_at IS NOT NULL AND r.status = 'atlas-processing'";
    assert_eq!(world.count(told).await, 12);
    assert_eq!(world.count("SELECT COUNT(DISTINCT subject_id) FROM events WHERE happened = 'deadline-missed'").await, 12);
}
