//! Every operation on money failed at its first, second, … write, until none fails: what failed changed nothing, said a
//! sentence, and the same press again does it once.

use afterfare::backup::{self, TableEntry};
use afterfare::db::Kind;
use std::collections::BTreeMap;

use crate::on_both;
use crate::remittances::{deposit, imported, number, plain, take, undo, waiting};
use crate::world::{PDF, Page, World, execute, number_in};
use afterfare::kernel::actor::Role;
use afterfare::worker::Step;

on_both! {
    the_road_of_a_refund
    a_refusal
    a_match_of_the_airline_s_money
    a_top_up
    a_refund_form
    a_compensation
    a_price_that_is_accepted_and_given_back
    the_background_work
}

/// What is written beside the work: a session that was seen, a sign-in that failed, the secret that a server looks for.
const BESIDE: [&str; 5] = ["fault", "secrets", "sessions", "sign_in_failures", "one_time_links"];

/// What becomes of the write that a test has chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Fails,
    /// It comes to no end, as long as a test waits.
    Hangs,
}

/// Lays a trigger on every table that counts the statements, or rows, which are written, and fails one.
async fn lay(world: &World) {
    lay_with(world, Fault::Fails).await;
}

/// As [`lay`], with what becomes of the one.
pub async fn lay_with(world: &World, fault: Fault) {
    let mut conn = world.app.db.read().await.expect("a connection");
    let query = match world.app.db.kind {
        Kind::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_%' ESCAPE '\\'"
        }
        Kind::Postgres => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() AND tablename <> '_sqlx_migrations'"
        }
    };
    let tables: Vec<(String,)> = sqlx::query_as(query).fetch_all(&mut *conn).await.expect("the tables");
    drop(conn);
    execute(&world.url, "CREATE TABLE fault (remaining BIGINT NOT NULL)").await;
    execute(&world.url, "INSERT INTO fault (remaining) VALUES (-1)").await;
    if world.app.db.kind == Kind::Postgres {
        let then = if fault == Fault::Fails { "RAISE EXCEPTION 'a fault of the test'" } else { "PERFORM pg_sleep(60)" };
        let function = format!(
            "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE fault SET remaining = remaining - 1; \
             IF (SELECT remaining FROM fault) = 0 THEN {then}; END IF; RETURN NULL; END $$"
        );
        execute(&world.url, &function).await;
    } else {
        // A trigger has no loop, but may look at a view that has one.
        let endless = "CREATE VIEW fault_loop AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c \
                       WHERE n < (SELECT CASE remaining WHEN 0 THEN 10000000000 ELSE 0 END FROM fault)) SELECT COUNT(*) AS n FROM c";
        execute(&world.url, endless).await;
    }
    for (table,) in tables.iter().filter(|(name,)| !BESIDE.contains(&name.as_str())) {
        match world.app.db.kind {
            Kind::Sqlite => {
                let then = if fault == Fault::Fails {
                    "SELECT RAISE(ABORT, 'a fault of the test') FROM fault WHERE remaining = 0"
                } else {
                    "SELECT n FROM fault_loop"
                };
                for verb in ["INSERT", "UPDATE", "DELETE"] {
                    let trigger = format!(
                        "CREATE TRIGGER fault_{table}_{verb} BEFORE {verb} ON {table} BEGIN UPDATE fault SET remaining = remaining - 1; {then}; END"
                    );
                    execute(&world.url, &trigger).await;
                }
            }
            Kind::Postgres => {
                let trigger = format!(
                    "CREATE TRIGGER fault BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fault()"
                );
                execute(&world.url, &trigger).await;
            }
        }
    }
}

/// Every table as it is now, but for what is written beside.
async fn tables(world: &World) -> BTreeMap<String, TableEntry> {
    let file = world.files.0.join(format!("{}.zip", afterfare::kernel::id::new_id()));
    let manifest = backup::make(&world.app.db, &file, &world.files.0.join("files"), world.now()).await.expect("a backup");
    std::fs::remove_file(file).expect("the backup is removed");
    manifest.tables.into_iter().filter(|(name, _)| !BESIDE.contains(&name.as_str())).collect()
}

/// More writes than any of these has.
const MOST: i64 = 200;

/// Presses until it succeeds, each time with the next write failing. Answers the page of the press that did it.
async fn fails_everywhere(world: &World, what: &str, press: impl AsyncFn() -> Page) -> Page {
    let before = tables(world).await;
    for nth in 1..MOST {
        execute(&world.url, &format!("UPDATE fault SET remaining = {nth}")).await;
        let page = press().await;
        execute(&world.url, "UPDATE fault SET remaining = -1").await;
        if page.status == 303 {
            assert!(nth > 2, "{what}: only {nth} writes were tried");
            assert_eq!(world.verify().await, Vec::<String>::new(), "{what}");
            return page;
        }
        assert_eq!(page.status, 500, "{what}, write {nth}: {}", page.words());
        assert!(page.words().contains("Something went wrong"), "{what}, write {nth}: {}", page.words());
        let after = tables(world).await;
        let changed: Vec<&String> = before.iter().filter(|(name, entry)| after.get(*name) != Some(entry)).map(|(name, _)| name).collect();
        assert!(changed.is_empty(), "{what}, write {nth}: {changed:?} changed although it failed");
    }
    panic!("{what} never succeeds")
}

async fn the_road_of_a_refund(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let order_no = world.booked(&agency, &number(1)).await;
    lay(&world).await;
    let chosen = [("passenger", "1"), ("segment", "1"), ("reason", "voluntary")];
    let quoted = async || lan.post(&format!("/bookings/{order_no}/quotes"), &chosen).await;
    // A quote is one write. It fails with others, and when it goes alone after that.
    execute(&world.url, "UPDATE fault SET remaining = 1").await;
    quoted().await.expect_status(500).expect("Something went wrong");
    assert_eq!(world.count("SELECT COUNT(*) FROM quotes").await, 0);
    execute(&world.url, "UPDATE fault SET remaining = -1").await;
    let (quote, once) = lan.button(&quoted().await.expect_status(303).location).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM quotes").await, 1);
    let fields = [("quote", quote.as_str()), ("once", once.as_str())];
    let submit = async || lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await;
    let refund = number_in(&fails_everywhere(&world, "a submission", submit).await.location);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1"), ("difference", "")];
    let road: [(&str, &[(&str, &str)]); 5] = [
        ("assignment", &[]),
        ("submission", &[("reference", "LJ-778")]),
        ("confirmation", &[("amount", "74.99"), ("expected_on", "2026-12-02")]),
        ("receipt", &money),
        ("credit", &[]),
    ];
    for (verb, fields) in road {
        fails_everywhere(&world, verb, async || sam.work(&refund, verb, fields).await).await;
    }
    lan.get(&format!("/refunds/{refund}")).await.expect("Refunded");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, 1);
}

async fn a_refusal(world: World) {
    let (sam, lan, refunds) = waiting(&world, 1).await;
    lay(&world).await;
    let refusal = [("code", "3"), ("note", "They say no")];
    fails_everywhere(&world, "a refusal", async || sam.work(&refunds[0], "refusal", &refusal).await).await;
    // What is refused gives its passengers free: the same order goes again.
    lan.refund(&number(1), "voluntary").await;
}

async fn a_match_of_the_airline_s_money(world: World) {
    let (sam, _, refunds) = waiting(&world, 2).await;
    let csv = "Reference,Amount,Currency,Date\nLJ-REF-1,74.99,USD,2026-11-19\nLJ-REF-2,10.00,USD,2026-11-19\n";
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    lay(&world).await;
    let line = format!("{remittance}/lines/1");
    fails_everywhere(&world, "a match", async || take(&sam, &line, &[(&refunds[0], "74.99", "", false)]).await).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, 1);
    let undoing = async || undo(&sam, &line, &refunds[0], 1).await.expect("a button");
    fails_everywhere(&world, "an undoing", undoing).await;
    assert_eq!(deposit(&world).await, 0);
}

async fn a_top_up(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::OperatorFinance, None).await;
    lay(&world).await;
    let fields = [("currency", "USD"), ("amount", "1000"), ("paid_on", "2026-11-19"), ("reference", "WIRE 77"), ("once", "k1")];
    let declare = async || lan.upload("/finance/top-ups", &fields, &[("wire.pdf", PDF)]).await;
    assert_eq!(declare().await.status, 303);
    let confirm = [("version", "1"), ("received", "985.00")];
    let path = "/finance/top-ups/TU-202611-0001/confirmation";
    fails_everywhere(&world, "a top-up", async || sam.post(path, &confirm).await).await;
    lan.get("/finance/transactions").await.expect("USD 985.00");
}

async fn a_refund_form(world: World) {
    let (ben, form) = crate::bsp::one_form(&world).await;
    lay(&world).await;
    fails_everywhere(&world, "a transmission", async || ben.transmit(&form, &[("deduction", "187.00")]).await).await;
    ben.get(&form).await.expect("Saved");
}

async fn a_compensation(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (mei, sam) = (world.person("mei", Role::OperatorFinance, None).await, world.person("sam", Role::Supervisor, None).await);
    let order_no = world.booked(&agency, &number(1)).await;
    lay(&world).await;
    let give = async |amount: &str, once: &str| {
        let order = [("agency", "SUNRIVER"), ("order_no", order_no.as_str()), ("reason", "late-handling"), ("note", "We were late.")];
        let all = [&order[..], &[("currency", "USD"), ("amount", amount), ("once", once)]].concat();
        mei.post("/finance/compensations", &all).await
    };
    fails_everywhere(&world, "a small compensation", async || give("100.00", "small").await).await;
    fails_everywhere(&world, "a proposed compensation", async || give("900.00", "large").await).await;
    let approve = async || sam.post("/finance/compensations/CO-202611-0002/approval", &[("version", "1")]).await;
    fails_everywhere(&world, "an approval", approve).await;
    lan.get("/finance/transactions").await.expect("USD 1,000.00");
    assert_eq!(deposit(&world).await, 100_000);
}

async fn a_price_that_is_accepted_and_given_back(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (lan, wei) = (world.person("lan", Role::Admin, Some(&agency)).await, world.person("wei", Role::OperatorAgent, None).await);
    let order_no = world.booked(&agency, &number(1)).await;
    crate::requests::top_up(&world, 10_000).await;
    let request = lan.raised(&order_no, "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "120")]).await;
    wei.offer(&request, &[("kind", "change"), ("amount", "80.00")]).await.expect_status(303);
    lay(&world).await;
    let offer = lan.offer_address(&request).await;
    let decide = async |person: &crate::world::Person, decision: &str| {
        person.post(&format!("{offer}/{decision}"), &[("once", decision), ("note", "because")]).await
    };
    fails_everywhere(&world, "an acceptance", async || decide(&lan, "acceptance").await).await;
    assert_eq!(deposit(&world).await, 2_000);
    fails_everywhere(&world, "a failure", async || decide(&wei, "failure").await).await;
    assert_eq!(deposit(&world).await, 10_000);
}

/// A batch that was confirmed, money to be matched by itself, a deadline that was missed, a request that fell silent, a
/// month that ended, and everybody's mail, with every write failed in turn.
async fn the_background_work(world: World) {
    let (sam, lan, refunds) = waiting(&world, 4).await;
    // A movement of this month, for its statement.
    sam.work(&refunds[3], "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    sam.work(&refunds[3], "receipt", &money).await.expect_status(303);
    sam.work(&refunds[3], "credit", &[]).await.expect_status(303);
    let late = lan.refund(&world.booked_more(&number(50)).await, "voluntary").await;
    let orders = [world.booked_more(&number(60)).await, world.booked_more(&number(61)).await];
    let request = lan.raised(&orders[0], "voluntary-change", &[("itinerary", "LJ820"), ("at_most", "120")]).await;
    sam.say(&request, "Done.", "processed").await.expect_status(303);
    let batch = crate::batches::checked(&world, &lan, "a.csv", format!("order_no\n{}\n", orders.join("\n")).as_bytes(), &[]).await;
    lan.post(&batch.attribute("form[action$=confirmation]", "action").expect("a button"), &[]).await.expect_status(303);
    let lines: Vec<String> = (1..=3).map(|n| format!("LJ-REF-{n},74.99,USD,2026-11-19\n")).collect();
    let csv = format!("Reference,Amount,Currency,Date\n{}", lines.concat());
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    sam.post(&format!("{remittance}/posting"), &[]).await.expect_status(303);
    world.later(15 * 24 * 60);
    lay(&world).await;
    let mut failed = 0;
    for nth in 1.. {
        execute(&world.url, &format!("UPDATE fault SET remaining = {nth}")).await;
        let is_done = worked(&world).await;
        execute(&world.url, "UPDATE fault SET remaining = -1").await;
        assert_eq!(world.verify().await, Vec::<String>::new(), "after write {nth}");
        if is_done {
            break;
        }
        failed += 1;
        assert!(failed < MOST, "the work never comes to an end");
        // Whatever was taken up by a server that failed is taken up again.
        world.later(3);
    }
    assert!(failed > 20, "only {failed} writes were failed");
    let (lan, sam) = (world.back("lan").await, world.back("sam").await);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds WHERE kind = 'claim'").await, 2, "each row of the batch once");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, 4, "each line once");
    assert_eq!(deposit(&world).await, 4 * 7299);
    lan.get(&format!("/requests/{request}")).await.expect("Completed");
    lan.get(&format!("/refunds/{}", refunds[0])).await.expect("Refunded");
    assert_eq!(world.count("SELECT COUNT(*) FROM events WHERE happened = 'deadline-missed'").await, 1);
    sam.get(&format!("/refunds/{late}")).await.expect("The time to submit to the airline has passed.");
    assert_eq!(world.count("SELECT COUNT(*) FROM statements").await, 1);
}

/// Lets the worker work until nothing is left, or something fails.
async fn worked(world: &World) -> bool {
    let worker = world.worker();
    loop {
        match worker.step().await {
            Ok(Step::Done) => {}
            Ok(Step::Idle) => return true,
            Err(_) => return false,
        }
    }
}
