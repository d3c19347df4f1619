//! A database that is locked or slow, people who go away, and clients that never come to an end.

use std::time::{Duration, Instant};

use afterfare::db::{Db, Kind, PoolSizes};
use afterfare::kernel::actor::Role;
use futures_util::future::join_all;
use sqlx::{AnyConnection, Connection, Executor};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::on_both;
use crate::remittances::{deposit, imported, number, plain, waiting};
use crate::world::{Page, Person, World, number_in};

on_both! {
    a_locked_database_gets_a_sentence
    a_slow_database_is_waited_for
    a_thread_whose_connections_are_busy_reads_through_others
    whoever_goes_away_leaves_nothing_half_done
}

/// Somebody who keeps every other writer out.
async fn lock(world: &World) -> AnyConnection {
    let mut conn = AnyConnection::connect(&world.url).await.expect("the database is reached");
    let text = match world.app.db.kind {
        Kind::Sqlite => "BEGIN IMMEDIATE",
        Kind::Postgres => "BEGIN; LOCK TABLE orders, refunds, once_keys IN EXCLUSIVE MODE",
    };
    conn.execute(text).await.expect("the lock");
    conn
}

/// A refund that can be submitted: where, and what the button sends.
async fn ready(world: &World) -> (Person, String, [(&'static str, String); 2]) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let order_no = world.booked(&agency, &number(1)).await;
    let (quote, once) = lan.button(&lan.quote(&order_no, "voluntary").await).await;
    (lan, format!("/bookings/{order_no}/refunds"), [("quote", quote), ("once", once)])
}

async fn press(lan: &Person, path: &str, fields: &[(&'static str, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    lan.post(path, &fields).await
}

async fn a_locked_database_gets_a_sentence(world: World) {
    let (lan, path, fields) = ready(&world).await;
    let mut locked = lock(&world).await;
    let held = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        locked.execute("ROLLBACK").await.expect("the lock is let go of");
    };
    let pressed = async {
        let began = Instant::now();
        let page = press(&lan, &path, &fields).await;
        assert!(began.elapsed() < Duration::from_secs(10), "it was given up before the lock was");
        assert_eq!(page.status, 409, "{}", page.words());
        assert!(page.words().contains("Nothing was done: please try again"), "{}", page.words());
        // Who only reads is not kept waiting.
        lan.get("/bookings").await.expect_status(200);
        assert!(began.elapsed() < Duration::from_secs(10));
    };
    tokio::join!(held, pressed);
    press(&lan, &path, &fields).await.expect_status(303);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_slow_database_is_waited_for(world: World) {
    let (lan, path, fields) = ready(&world).await;
    let mut locked = lock(&world).await;
    let held = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        locked.execute("ROLLBACK").await.expect("the lock is let go of");
    };
    let (page, ()) = tokio::join!(press(&lan, &path, &fields), held);
    page.expect_status(303);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_thread_whose_connections_are_busy_reads_through_others(world: World) {
    let db = Db::open(&world.url, PoolSizes { readers: 6, writers: 1 }).await.expect("the database opens");
    let thread = db.for_pages(1);
    let own = [thread.read().await, thread.read().await, thread.read().await];
    let (began, two_threads) = (Instant::now(), std::thread::available_parallelism().is_ok_and(|threads| threads.get() > 1));
    // The next thread does not even notice; more of this one take the others' after a moment.
    db.for_pages(2).read().await.expect("a connection");
    assert!(!two_threads || began.elapsed() < Duration::from_millis(200), "it waited {:?}", began.elapsed());
    drop(own);
    // Six for pages, and three for other work, which does none now.
    let reading = join_all((0..9).map(|_| thread.read()));
    let lent = tokio::time::timeout(Duration::from_secs(5), reading).await.expect("nobody waits for what is free");
    assert!(lent.iter().all(Result::is_ok), "{lent:?}");
    assert_eq!((db.connections().readers, db.connections().idle_readers), (9, 0));
    drop(lent);
    assert_eq!(db.connections().idle_readers, 9);
    db.close().await;
}

/// Presses, goes away after a while, and presses again as often as it takes; the last page.
async fn gone_and_back(what: &str, after: Duration, press: impl AsyncFn() -> Page) -> Page {
    // The connection ends with its request.
    let _ = tokio::time::timeout(after, press()).await;
    let page = press().await;
    assert_eq!(page.status, 303, "{what}, gone after {after:?}: {}", page.words());
    page
}

async fn whoever_goes_away_leaves_nothing_half_done(world: World) {
    const TRIES: usize = 24;
    let (sam, lan, refunds) = waiting(&world, TRIES).await;
    let lines: Vec<String> = (1..=TRIES).map(|n| format!("LJ-REF-{n},74.99,USD,2026-11-19")).collect();
    let csv = format!("Reference,Amount,Currency,Date\n{}\n", lines.join("\n"));
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    for (nth, refund) in refunds.iter().enumerate() {
        let after = Duration::from_micros(700 * nth as u64);
        let order_no = world.booked_more(&number(100 + nth)).await;
        let (quote, once) = lan.button(&lan.quote(&order_no, "voluntary").await).await;
        let fields = [("quote", quote.as_str()), ("once", once.as_str())];
        let submit = async || lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await;
        let submitted = number_in(&gone_and_back("a submission", after, submit).await.location);
        let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1"), ("difference", "")];
        let road: [(&str, &[(&str, &str)]); 4] =
            [("submission", &[]), ("confirmation", &[("amount", "74.99")]), ("receipt", &money), ("credit", &[])];
        for (version, (verb, fields)) in (1..).zip(road) {
            let (version, key) = (version.to_string(), format!("{submitted}-{verb}"));
            let all = [&[("version", version.as_str()), ("once", key.as_str())], fields].concat();
            gone_and_back(verb, after, async || sam.post(&format!("/refunds/{submitted}/{verb}"), &all).await).await;
        }
        let (path, key) = (format!("{remittance}/lines/{}/matches", nth + 1), format!("match-{nth}"));
        let share = [("version", "1"), ("once", key.as_str()), ("refund", refund), ("amount", "74.99"), ("difference", "")];
        gone_and_back("a match", after, async || sam.post(&path, &share).await).await;
    }
    let all = i64::try_from(2 * TRIES).expect("few");
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds WHERE status = 'refunded'").await, all);
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, all);
    assert_eq!(deposit(&world).await, 7299 * all);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

/// A client that sends a byte now and then, and never the last.
async fn dawdle(address: String, head: &'static str) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return };
    let mut sent = stream.write_all(head.as_bytes()).await;
    while sent.is_ok() {
        tokio::time::sleep(Duration::from_millis(300)).await;
        sent = stream.write_all(b"a").await;
    }
}

/// Slow clients hold up nobody else.
#[actix_web::test]
async fn two_hundred_slow_clients_hold_nobody_up() {
    let world = World::on(Kind::Sqlite).await;
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    world.booked(&agency, &number(1)).await;
    let address = world.base.trim_start_matches("http://").to_owned();
    let heads = [
        "GET / HTTP/1.1\r\nHost: afterfare\r\nX-Slow: ",
        "POST /sign-in HTTP/1.1\r\nHost: afterfare\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\nemail=",
    ];
    let slow: Vec<_> = (0..200).map(|nth| tokio::spawn(dawdle(address.clone(), heads[nth % 2]))).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut took = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        lan.get("/bookings").await.expect_status(200);
        took.push(began.elapsed());
    }
    took.sort();
    assert!(took[197] < Duration::from_millis(500), "the slowest of others: {:?}", &took[190..]);
    for client in slow {
        client.abort();
    }
}
