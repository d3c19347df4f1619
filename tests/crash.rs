//! The server killed in the middle: nothing acknowledged is lost, nothing is done twice, the books are clean.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use afterfare::db::{Db, Kind, PoolSizes};
use afterfare::kernel::actor::Role;
use futures_util::future::join_all;

use crate::world::{Folder, PASSWORD, Person, World, new_database};

/// A server in a process of its own, on a port that it is told.
pub struct Server {
    child: Child,
    pub base: String,
    /// Where it keeps attachments and mail.
    _files: Folder,
}

impl Server {
    pub async fn start(url: &str) -> Self {
        Self::start_logging(url, "off", Stdio::inherit()).await
    }

    /// The same, with a log of its own.
    pub async fn start_logging(url: &str, log: &str, to: Stdio) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let listen = format!("127.0.0.1:{port}");
        let files = Folder::new();
        let child = Command::new(env!("CARGO_BIN_EXE_afterfare"))
            .args(["serve", "--database", url, "--listen", &listen, "--log", log])
            .env("AFTERFARE_FILES", files.0.join("files"))
            .env("AFTERFARE_MAIL_FOLDER", files.0.join("mail"))
            .stdout(Stdio::null())
            .stderr(to)
            .spawn()
            .expect("the server starts");
        let server = Self { child, base: format!("http://{listen}"), _files: files };
        for _ in 0..200 {
            if reqwest::get(format!("{}/readyz", server.base)).await.is_ok_and(|answer| answer.status().is_success()) {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server does not answer");
    }

    pub fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("it is gone");
    }
}

const ORDERS: usize = 24;
const KILLS: usize = 4;

async fn killed_during_submissions_and_credits(kind: Kind) {
    let (url, _folder) = new_database(kind).await;
    prepare(&url).await;
    let mut acknowledged: Vec<(String, String)> = Vec::new();
    for round in 0..KILLS {
        let server = Server::start(&url).await;
        let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
        let orders = (0..ORDERS).skip(round * ORDERS / KILLS).take(ORDERS / KILLS).map(number);
        let work = join_all(orders.map(|order_no| {
            let (lan, sam) = (lan.clone(), sam.clone());
            async move { lead(lan, sam, order_no).await }
        }));
        let killer = async {
            tokio::time::sleep(Duration::from_millis(150 + 170 * round as u64)).await;
            server.kill();
        };
        let (done, ()) = tokio::join!(work, killer);
        acknowledged.extend(done.into_iter().flatten());
    }
    let server = Server::start(&url).await;
    let lan = signed_in(&server.base, "lan").await;
    for (number, status) in &acknowledged {
        let page = lan.get(&format!("/refunds/{number}")).await.expect_status(200);
        // It is there, and not behind what was acknowledged.
        let reached = page.select(".timeline li").join(" ");
        assert!(reached.contains(status.as_str()), "{number} was acknowledged as “{status}”: {reached}");
    }
    server.kill();
    let db = Db::open(&url, PoolSizes { readers: 2, writers: 1 }).await.expect("the database opens");
    let report = afterfare::finance::verify::run(&db).await.expect("the check runs");
    assert_eq!(report.differences, Vec::<String>::new());
    let mut conn = db.read().await.expect("a connection");
    let (refunds, orders): (i64, i64) =
        sqlx::query_as("SELECT COUNT(*), COUNT(DISTINCT order_id) FROM refunds").fetch_one(&mut *conn).await.expect("counts");
    assert_eq!(refunds, orders, "an order was refunded twice");
}

fn number(n: usize) -> String {
    format!("SKLA202611041932{n:05}")
}

/// A database with an agency, two people and orders, made before any server runs.
async fn prepare(url: &str) {
    let world = World::over(url, None).await;
    let agency = world.agency("SUNRIVER").await;
    world.user("lan", Role::Admin, Some(&agency), afterfare::kernel::language::Language::English).await;
    world.user("sam", Role::Supervisor, None, afterfare::kernel::language::Language::English).await;
    for n in 0..ORDERS {
        let (text, _) = crate::world::order(&number(n))
            .with(|order| {
                order["routing"]["fromSegments"][0]["depTime"] = "209912011325".into();
                order["routing"]["fromSegments"][0]["arrTime"] = "209912011600".into();
            })
            .finish();
        let (counts, faults) = world.import(&agency, &text).await;
        assert_eq!((counts.added, faults.len()), (1, 0), "{faults:?}");
    }
}

pub async fn signed_in(base: &str, name: &str) -> Person {
    let mut person = Person::at(base);
    person.sign_in(&format!("{name}@people.example"), PASSWORD).await.expect_status(303);
    person
}

/// A verb, its fields, and what its timeline says.
type Step<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// Leads one order as far as the server lives, and tells how far it was acknowledged.
async fn lead(lan: Person, sam: Person, order_no: String) -> Option<(String, String)> {
    let fields = [("passenger", "1"), ("segment", "1"), ("reason", "involuntary")];
    let quote = lan.try_post(&format!("/bookings/{order_no}/quotes"), &fields).await?;
    let id = quote.rsplit('/').next()?.to_owned();
    let submitted = lan.try_post(&format!("/bookings/{order_no}/refunds"), &[("quote", &id), ("once", &id)]).await?;
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

#[actix_web::test]
async fn killed_on_sqlite() {
    killed_during_submissions_and_credits(Kind::Sqlite).await;
}

#[actix_web::test]
async fn killed_on_postgres() {
    killed_during_submissions_and_credits(Kind::Postgres).await;
}
