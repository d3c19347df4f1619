//! The server killed in the middle: nothing acknowledged is lost, nothing is done twice, the books are clean.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use afterfare::db::{Db, Kind, PoolSizes};
use afterfare::kernel::actor::Role;
use futures_util::future::join_all;

use crate::world::{Folder, PASSWORD, Person, World, new_database};

const PROGRAM: &str = env!("CARGO_BIN_EXE_afterfare");

/// A server in a process of its own, on a port that it is told.
pub struct Server {
    child: Child,
    pub base: String,
    /// Where it keeps attachments and mail.
    _files: Option<Folder>,
}

impl Server {
    pub async fn start(url: &str) -> Self {
        Self::start_logging(url, "off", Stdio::inherit()).await
    }

    /// The same, over files that outlive it.
    pub async fn start_over(url: &str, files: &Folder) -> Self {
        Self::start_with(Command::new(PROGRAM), url, "off", Stdio::inherit(), Folder(files.0.clone()), false, None).await
    }

    /// The same, with a log of its own.
    pub async fn start_logging(url: &str, log: &str, to: Stdio) -> Self {
        Self::start_with(Command::new(PROGRAM), url, log, to, Folder::new(), true, None).await
    }

    /// One of several behind a proxy, whose address people type.
    pub async fn start_behind(url: &str, files: &Folder, origin: &str) -> Self {
        Self::start_with(Command::new(PROGRAM), url, "off", Stdio::inherit(), Folder(files.0.clone()), false, Some(origin)).await
    }

    /// One that another program starts, over files that outlive it.
    pub async fn start_by(mut launcher: Command, url: &str, files: &Folder) -> Self {
        launcher.arg(PROGRAM);
        Self::start_with(launcher, url, "off", Stdio::inherit(), Folder(files.0.clone()), false, None).await
    }

    async fn start_with(
        mut program: Command,
        url: &str,
        log: &str,
        to: Stdio,
        files: Folder,
        own_files: bool,
        origin: Option<&str>,
    ) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let origin = origin.map_or_else(|| format!("http://{listen}"), ToOwned::to_owned);
        let child = program
            .args(["serve", "--database", url, "--listen", &listen, "--log", log, "--public-origin", &origin])
            .env("AFTERFARE_FILES", files.0.join("files"))
            .env("AFTERFARE_MAIL_FOLDER", files.0.join("mail"))
            .stdout(Stdio::null())
            .stderr(to)
            .spawn()
            .expect("the server starts");
        let base = format!("http://{listen}");
        // A folder goes with its owner: one that was lent is let go of, not emptied.
        let files = if own_files {
            Some(files)
        } else {
            std::mem::forget(files);
            None
        };
        let server = Self { child, base, _files: files };
        for _ in 0..1_200 {
            if reqwest::get(format!("{}/readyz", server.base)).await.is_ok_and(|answer| answer.status().is_success()) {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not answer");
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that are its own: not the pages of the database's file, which are the system's.
    pub fn memory(&self) -> usize {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a process");
        let line = text.lines().find(|one| one.starts_with("RssAnon:")).expect("its memory");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<usize>().ok()).expect("a number") * 1024
    }

    /// SIGKILL, as its owner's end is in any case: a test that fails leaves no server behind.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port below those that the system gives to outgoing connections: none of the tests beside this one is given it
/// between its being found free and its being listened at.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).expect("small");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Orders that are led between two kills.
const ORDERS_OF_ROUND: usize = 6;

/// How often the server is killed while refunds are led to their credit.
pub fn kills() -> usize {
    std::env::var("AFTERFARE_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

async fn killed_during_submissions_and_credits(kind: Kind) {
    let (url, _folder) = new_database(kind).await;
    prepare(&url, kills() * ORDERS_OF_ROUND).await;
    let mut acknowledged: Vec<(String, String)> = Vec::new();
    for round in 0..kills() {
        let server = Server::start(&url).await;
        let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
        let orders = (0..ORDERS_OF_ROUND).map(|n| number(round * ORDERS_OF_ROUND + n));
        let work = join_all(orders.map(|order_no| {
            let (lan, sam) = (lan.clone(), sam.clone());
            async move { lead(lan, sam, order_no).await }
        }));
        let killer = async {
            tokio::time::sleep(Duration::from_millis(150 + 170 * (round as u64 % 6))).await;
            server.kill();
        };
        let (done, ()) = tokio::join!(work, killer);
        acknowledged.extend(done.into_iter().flatten());
    }
    assert!(!acknowledged.is_empty(), "nothing was acknowledged before a kill: then nothing is shown");
    let server = Server::start(&url).await;
    let lan = signed_in(&server.base, "lan").await;
    check_acknowledged(&lan, &acknowledged).await;
    server.kill();
    let refunds = check_books(&url).await;
    assert!(refunds >= i64::try_from(acknowledged.len()).expect("few"), "a refund was lost");
}

/// Every refund that was acknowledged is there, and not behind what was acknowledged.
pub async fn check_acknowledged(lan: &Person, acknowledged: &[(String, String)]) {
    for (number, status) in acknowledged {
        let page = lan.get(&format!("/refunds/{number}")).await.expect_status(200);
        let reached = page.select(".timeline li").join(" ");
        assert!(reached.contains(status.as_str()), "{number} was acknowledged as “{status}”: {reached}");
    }
}

/// The books are clean, and no order was refunded twice; how many refunds there are.
pub async fn check_books(url: &str) -> i64 {
    let db = Db::open(url, PoolSizes { readers: 1, writers: 1 }).await.expect("the database opens");
    let report = afterfare::finance::verify::run(&db).await.expect("the check runs");
    assert_eq!(report.differences, Vec::<String>::new());
    let mut conn = db.read().await.expect("a connection");
    let (refunds, orders): (i64, i64) =
        sqlx::query_as("SELECT COUNT(*), COUNT(DISTINCT order_id) FROM refunds").fetch_one(&mut *conn).await.expect("counts");
    assert_eq!(refunds, orders, "an order was refunded twice");
    refunds
}

pub fn number(n: usize) -> String {
    format!("SKLA202611041932{n:05}")
}

/// A database with an agency, two people and orders, made before any server runs.
pub async fn prepare(url: &str, orders: usize) {
    let world = World::over(url, None).await;
    let agency = world.agency("SUNRIVER").await;
    world.user("lan", Role::Admin, Some(&agency), afterfare::kernel::language::Language::English).await;
    world.user("sam", Role::Supervisor, None, afterfare::kernel::language::Language::English).await;
    for n in 0..orders {
        let text = far_off(&number(n));
        let (counts, faults) = world.import(&agency, &text).await;
        assert_eq!((counts.added, faults.len()), (1, 0), "{faults:?}");
    }
}

/// An order whose flight has not departed, whatever the machine's clock says.
pub fn far_off(number: &str) -> String {
    let departs = |order: &mut serde_json::Value| {
        order["routing"]["fromSegments"][0]["depTime"] = "209912011325".into();
        order["routing"]["fromSegments"][0]["arrTime"] = "209912011600".into();
    };
    crate::world::order(number).with(departs).finish().0
}

pub async fn signed_in(base: &str, name: &str) -> Person {
    let mut person = Person::at(base);
    person.sign_in(&format!("{name}@people.example"), PASSWORD).await.expect_status(303);
    person
}

/// A verb, its fields, and what its timeline says.
type Step<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// Leads one order as far as the server lives, and tells how far it was acknowledged.
pub async fn lead(lan: Person, sam: Person, order_no: String) -> Option<(String, String)> {
    let fields = [("passenger", "1"), ("segment", "1"), ("reason", "involuntary")];
    let quote = lan.try_post(&format!("/bookings/{order_no}/quotes"), &fields).await?;
    let id = quote.rsplit('/').next()?.to_owned();
    let proof = ("files", "proof.pdf", crate::world::PDF);
    let submitted = lan.try_upload(&format!("/bookings/{order_no}/refunds"), &[("quote", &id), ("once", &id)], proof).await?;
    let number = crate::world::number_in(&submitted);
    let mut reached = "Refund registered".to_owned();
    let steps: [Step<'_>; 4] = [
        ("submission", &[], "Submitted to the airline"),
        ("confirmation", &[("amount", "522.19")], "The airline confirmed"),
        ("receipt", &[("amount", "522.19"), ("received_on", "2026-11-20"), ("receipt_reference", "B")], "came from the airline"),
        ("credit", &[], "credited to the deposit"),
    ];
    for (version, (verb, more, told)) in (1..).zip(steps) {
        let (version, once) = (version.to_string(), format!("{number}-{verb}"));
        let mut fields = vec![("version", version.as_str()), ("once", once.as_str())];
        fields.extend_from_slice(more);
        if sam.try_post(&format!("/refunds/{number}/{verb}"), &fields).await.is_none() {
            break;
        }
        reached = told.to_owned();
    }
    Some((number, reached))
}

/// Batches that are confirmed while the server is killed.
const BATCHES: usize = 50;
/// Orders of each batch.
const ORDERS_OF_BATCH: usize = 4;

/// Batches are confirmed and remittances posted while the server is killed again and again: after the last start all of
/// it goes on to its end, nothing is lost and nothing happens twice.
async fn killed_during_batches_and_remittances(kind: Kind) {
    let (url, _folder) = new_database(kind).await;
    let orders = BATCHES * ORDERS_OF_BATCH;
    {
        let world = World::over(&url, None).await;
        let agency = world.agency("SUNRIVER").await;
        world.user("lan", Role::Admin, Some(&agency), afterfare::kernel::language::Language::English).await;
        world.user("sam", Role::Supervisor, None, afterfare::kernel::language::Language::English).await;
        let texts: Vec<String> = (0..orders).map(|n| crate::world::order(&number(n)).finish().0).collect();
        world.import(&agency, &texts.join("\n")).await;
        world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
        // Checked before, so that what is killed is the posting.
        let lan = world.back("lan").await;
        for batch in 0..BATCHES {
            let rows: Vec<String> = (0..ORDERS_OF_BATCH).map(|n| number(batch * ORDERS_OF_BATCH + n)).collect();
            let text = format!("order_no\n{}\n", rows.join("\n"));
            crate::batches::uploaded(&lan, "a.csv", text.as_bytes(), &[]).await;
        }
        world.work_all().await;
        assert_eq!(world.count("SELECT COUNT(*) FROM batches WHERE status = 'checked'").await, i64::try_from(BATCHES).expect("few"));
    }
    let files = Folder::new();
    let (mut confirmed, mut posted, mut cut) = (0, 0, 0);
    let mut chance = crate::chance::Chance::new();
    for _ in 0..6.max(kills() / 5) {
        let server = Server::start_over(&url, &files).await;
        let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
        let work = async {
            while confirmed < BATCHES {
                let path = format!("/batches/BA-202611-{:04}/confirmation", confirmed + 1);
                if lan.try_post(&path, &[]).await.is_none() {
                    return;
                }
                confirmed += 1;
            }
            while posted < BATCHES {
                // A claim is money that the agency was promised: the airline's file brings it.
                let csv = (0..ORDERS_OF_BATCH)
                    .map(|n| format!("{},74.99,USD,2026-11-19\n", number(posted * ORDERS_OF_BATCH + n)))
                    .collect::<Vec<_>>()
                    .concat();
                let csv = format!("Order number,Amount,Currency,Date\n{csv}");
                let Some(remittance) = crate::remittances::try_imported(&sam, csv.as_bytes()).await else { return };
                if sam.try_post(&format!("{remittance}/posting"), &[]).await.is_none() {
                    return;
                }
                posted += 1;
            }
        };
        let killer = tokio::time::sleep(Duration::from_millis(chance.draw(&(100u64..1_800))));
        tokio::select! { () = work => {}, () = killer => cut += 1 }
        server.kill();
    }
    assert!(cut > 0, "no kill met any work");
    // The last server is left to finish.
    let server = Server::start_over(&url, &files).await;
    let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
    let db = Db::open(&url, PoolSizes { readers: 2, writers: 1 }).await.expect("the database opens");
    let count = |query: &str| {
        let (db, query) = (db.clone(), query.to_owned());
        async move {
            let mut conn = db.read().await.expect("a connection");
            let (count,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_one(&mut *conn).await.expect("a count");
            count
        }
    };
    let until = |query: &str, wanted: i64| {
        let (count, query) = (&count, query.to_owned());
        async move {
            for _ in 0..1_800 {
                if count(&query).await == wanted {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("{query} never becomes {wanted}, it is {}", count(&query).await);
        }
    };
    // What a killed server had taken is taken up again after a while; the others at once.
    age_the_work(&url).await;
    // What was acknowledged comes to its end by itself.
    let of = |count: usize| i64::try_from(count).expect("few");
    until(&format!("SELECT COUNT(*) FROM batches WHERE status = 'posted' AND number <= 'BA-202611-{confirmed:04}'"), of(confirmed)).await;
    until(&format!("SELECT COUNT(*) FROM remittances WHERE number <= 'RM-202611-{posted:04}'"), of(posted)).await;
    let still_open = "SELECT COUNT(*) FROM remittance_lines l JOIN remittances m ON m.id = l.remittance_id \
                      WHERE l.finding = 'exact' AND l.status IN ('unmatched', 'proposed')";
    until(&format!("{still_open} AND m.number <= 'RM-202611-{posted:04}'"), 0).await;
    for batch in 0..BATCHES {
        lan.post(&format!("/batches/BA-202611-{:04}/confirmation", batch + 1), &[]).await.expect_status(303);
    }
    until("SELECT COUNT(*) FROM refunds", i64::try_from(orders).expect("few")).await;
    until("SELECT COUNT(*) FROM batches WHERE status = 'posted'", i64::try_from(BATCHES).expect("few")).await;
    for batch in 0..BATCHES {
        let csv: String = (0..ORDERS_OF_BATCH)
            .map(|n| format!("{},74.99,USD,2026-11-19\n", number(batch * ORDERS_OF_BATCH + n)))
            .collect::<Vec<_>>()
            .concat();
        let remittance = crate::remittances::imported(&sam, "a.csv", format!("Order number,Amount,Currency,Date\n{csv}").as_bytes()).await;
        let remittance = remittance.split('?').next().expect("a path").to_owned();
        // What was imported before its claims were there is compared again.
        sam.post(&format!("{remittance}/comparing"), &[]).await.expect_status(303);
        sam.post(&format!("{remittance}/posting"), &[]).await.expect_status(303);
    }
    until("SELECT COUNT(*) FROM refunds WHERE status = 'refunded'", i64::try_from(orders).expect("few")).await;
    server.kill();
    assert_eq!(count("SELECT COUNT(*) FROM remittances").await, i64::try_from(BATCHES).expect("few"));
    assert_eq!(count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, i64::try_from(orders).expect("few"));
    let report = afterfare::finance::verify::run(&db).await.expect("the check runs");
    assert_eq!(report.differences, Vec::<String>::new());
}

/// As if the time after which abandoned work is taken up had passed.
pub async fn age_the_work(url: &str) {
    for table in ["batches", "remittances"] {
        crate::world::execute(url, &format!("UPDATE {table} SET taken_until = '2026-01-01T00:00:00Z'")).await;
    }
}

#[actix_web::test]
async fn batches_killed_on_sqlite() {
    killed_during_batches_and_remittances(Kind::Sqlite).await;
}

#[actix_web::test]
async fn batches_killed_on_postgres() {
    killed_during_batches_and_remittances(Kind::Postgres).await;
}

#[actix_web::test]
async fn killed_on_sqlite() {
    killed_during_submissions_and_credits(Kind::Sqlite).await;
}

#[actix_web::test]
async fn killed_on_postgres() {
    killed_during_submissions_and_credits(Kind::Postgres).await;
}
