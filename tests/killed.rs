//! The server killed (SIGKILL) in the middle of every operation on money, while it is at the first, second, fourth, … of its
//! writes: whoever was not answered presses again, and it is done once.

use std::time::Duration;

use afterfare::db::Kind;
use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;

use crate::crash::{Server, age_the_work, far_off, kills, signed_in};
use crate::faults::{Fault, lay_with};
use crate::on_both;
use crate::remittances::{imported, number, plain};
use crate::world::{PDF, Person, World, execute, number_in};

on_both! {
    every_operation_on_money
}

#[derive(Clone)]
struct People {
    lan: Person,
    sam: Person,
    ben: Person,
}

/// A database, and the server over it when one runs.
struct Stage {
    world: World,
    server: Option<Server>,
    people: People,
}

/// Minutes of seventy days: the month before the last one is over then.
const SEVENTY_DAYS: i64 = 70 * 24 * 60;

/// At which of its writes an operation is killed.
fn points() -> Vec<i64> {
    if kills() >= 1_000 { (1..=64).collect() } else { vec![1, 2, 4, 8, 16, 32] }
}

impl Stage {
    async fn over(world: World) -> Self {
        let server = Server::start_over(&world.url, &world.files).await;
        let people = People {
            lan: signed_in(&server.base, "lan").await,
            sam: signed_in(&server.base, "sam").await,
            ben: signed_in(&server.base, "ben").await,
        };
        Self { world, server: Some(server), people }
    }

    /// The people at the server that runs now.
    async fn served(&mut self) -> People {
        if self.server.is_none() {
            self.server = Some(Server::start_over(&self.world.url, &self.world.files).await);
        }
        let base = self.server.as_ref().map(|server| server.base.clone()).unwrap_or_default();
        let People { lan, sam, ben } = &self.people;
        People { lan: lan.at_another(&base), sam: sam.at_another(&base), ben: ben.at_another(&base) }
    }

    /// Chooses the write that comes to no end; none when it is below zero.
    async fn choose(&self, nth: i64) {
        execute(&self.world.url, &format!("UPDATE fault SET remaining = {nth}")).await;
    }

    /// Until the chosen write was reached. What SQLite is at can only be guessed by the time it takes.
    async fn reached(&self) {
        if self.world.app.db.kind == Kind::Sqlite {
            tokio::time::sleep(Duration::from_millis(800)).await;
            return;
        }
        let asleep = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
        while self.world.count(asleep).await == 0 {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn until(&self, (query, count): (&'static str, i64)) {
        while self.world.count(query).await != count {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    async fn kill(&mut self) {
        self.server.take().expect("a server").kill();
        if self.world.app.db.kind == Kind::Postgres {
            // It would learn only at its next word that nobody listens any more.
            let asleep =
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
            execute(&self.world.url, asleep).await;
        }
        self.choose(-1).await;
        age_the_work(&self.world.url).await;
    }

    /// Kills the server at one write of an operation after the other, until the operation comes to its end; then it is pressed
    /// once more.
    async fn killed_at_its_writes(
        &mut self,
        what: &str,
        press: impl AsyncFn(People) -> Option<String>,
        done: (&'static str, i64),
    ) -> String {
        let mut killed = 0;
        for nth in points() {
            self.choose(nth).await;
            let people = self.served().await;
            let work = async {
                if press(people).await.is_none() {
                    std::future::pending::<()>().await;
                }
                self.until(done).await;
            };
            tokio::select! {
                () = work => break,
                () = self.reached() => {}
            }
            self.kill().await;
            killed += 1;
        }
        assert!(killed >= 2, "{what} was killed {killed} times");
        if self.server.is_some() {
            // Answered, and killed at once: other work may be at the chosen write.
            self.kill().await;
        }
        let people = self.served().await;
        let answer = press(people).await.unwrap_or_else(|| panic!("{what}: whoever presses again is answered"));
        tokio::time::timeout(Duration::from_mins(1), self.until(done)).await.unwrap_or_else(|_| panic!("{what} never comes to its end"));
        assert_eq!(self.world.verify().await, Vec::<String>::new(), "{what}");
        answer
    }
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

async fn every_operation_on_money(world: World) {
    let (ben, form) = crate::bsp::one_form(&world).await;
    let transmission = ben.transmitted(&form, &[("deduction", "187.00")]).await;
    world.user("sam", Role::Supervisor, None, Language::English).await;
    let (lan, sam, agency) = (world.back("lan").await, world.back("sam").await, world.sunriver().await);
    let orders: Vec<String> = (1..=4).map(number).collect();
    world.import(&agency, &format!("{}\n{}", far_off(&orders[0]), far_off(&orders[1]))).await;
    for order_no in &orders[2..] {
        world.booked(&agency, order_no).await;
    }
    // Money of the airline that belongs to a refund.
    let matched = lan.refund(&orders[1], "involuntary").await;
    sam.work(&matched, "submission", &[("reference", "LJ-REF-1")]).await.expect_status(303);
    let csv = "Reference,Amount,Currency,Date\nLJ-REF-1,522.19,USD,2026-11-19\n";
    let line = format!("{}/lines/1", plain(&imported(&sam, "a.csv", csv.as_bytes()).await));
    let version = sam.get(&line).await.attribute("form[action$=matches] input[name=version]", "value").expect("a version");
    // A file of claims, a payment of the agency, and a month with a movement.
    let file = format!("order_no\n{}\n{}\n", orders[2], orders[3]);
    let batch = crate::batches::checked(&world, &lan, "a.csv", file.as_bytes(), &[]).await;
    let confirmation = batch.attribute("form[action$=confirmation]", "action").expect("a button");
    let declared = [("currency", "USD"), ("amount", "1000"), ("paid_on", "2026-11-19"), ("reference", "WIRE 77"), ("once", "k1")];
    lan.upload("/finance/top-ups", &declared, &[("wire.pdf", PDF)]).await.expect_status(303);
    world.later(-SEVENTY_DAYS);
    crate::requests::top_up(&world, 10_000).await;
    world.later(SEVENTY_DAYS);
    lay_with(&world, Fault::Hangs).await;
    let mut stage = Stage::over(world).await;
    let refund = everything(&mut stage, &orders[0], [&line, &version, &matched], &confirmation, (&form, &transmission)).await;
    let world = &stage.world;
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, 2, "of {refund} and {matched}");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'top-up'").await, 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 4, "one of each order");
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_forms WHERE status = 'saved'").await, 1);
}

/// Each operation in turn; the refund that was led to its credit.
async fn everything(
    stage: &mut Stage,
    order_no: &str,
    [line, version, matched]: [&str; 3],
    confirmation: &str,
    (form, transmission): (&str, &[(String, String)]),
) -> String {
    stage.kill().await;
    let due = "UPDATE statement_settings SET period = 'monthly', zone_name = 'UTC', made_until = '2026-09-01', \
               made_until_at = '2026-09-01T00:00:00Z', next_due_at = '2026-10-01T00:00:00Z'";
    execute(&stage.world.url, due).await;
    let by_itself = async |_| Some(String::new());
    stage.killed_at_its_writes("a statement", by_itself, ("SELECT COUNT(*) FROM statement_lines", 1)).await;

    let fields = [("passenger", "1"), ("segment", "1"), ("reason", "involuntary")];
    let quote = stage.served().await.lan.try_post(&format!("/bookings/{order_no}/quotes"), &fields).await.expect("a quote");
    let quote = quote.rsplit('/').next().expect("an id").to_owned();
    let submit = async |people: People| {
        let path = format!("/bookings/{order_no}/refunds");
        people.lan.try_upload(&path, &[("quote", &quote), ("once", &quote)], ("files", "proof.pdf", PDF)).await
    };
    let at_once = ("SELECT COUNT(*) FROM fault", 1);
    let refund = number_in(&stage.killed_at_its_writes("a submission", submit, at_once).await);
    let road: [(&str, &[(&str, &str)]); 4] = [
        ("submission", &[]),
        ("confirmation", &[("amount", "522.19")]),
        ("receipt", &[("amount", "522.19"), ("received_on", "2026-11-20"), ("receipt_reference", "B")]),
        ("credit", &[]),
    ];
    for (nth, (verb, more)) in (1..).zip(road) {
        let (version, once) = (nth.to_string(), format!("{refund}-{verb}"));
        let fields = [&[("version", version.as_str()), ("once", once.as_str())], more].concat();
        let path = format!("/refunds/{refund}/{verb}");
        stage.killed_at_its_writes(verb, async |people: People| people.sam.try_post(&path, &fields).await, at_once).await;
    }

    let path = "/finance/top-ups/TU-202611-0001/confirmation";
    let confirm = [("version", "1"), ("received", "985.00")];
    stage.killed_at_its_writes("a top-up", async |people: People| people.sam.try_post(path, &confirm).await, at_once).await;

    let path = format!("{line}/matches");
    let share = [("version", version), ("once", "match"), ("refund", matched), ("amount", "522.19"), ("difference", "")];
    stage.killed_at_its_writes("a match", async |people: People| people.sam.try_post(&path, &share).await, at_once).await;

    let claims = ("SELECT COUNT(*) FROM refunds WHERE kind = 'claim'", 2);
    stage.killed_at_its_writes("a batch", async |people: People| people.lan.try_post(confirmation, &[]).await, claims).await;

    let (path, fields) = (format!("{form}/transmission"), borrowed(transmission));
    stage.killed_at_its_writes("a transmission", async |people: People| people.ben.try_post(&path, &fields).await, at_once).await;
    refund
}
