//! The disk full and freed again, and PostgreSQL stopped in the middle: nothing acknowledged is lost, and the server goes
//! on without a restart.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::crash::{Server, check_acknowledged, check_books, lead, number, prepare, signed_in};
use crate::world::{Folder, Person};

/// How often PostgreSQL is stopped; the tests stop it less often than `scripts/faults`.
const STOPS: u64 = 20;
const ORDERS_OF_ROUND: usize = 4;

async fn lead_some(lan: &Person, sam: &Person, orders: std::ops::Range<usize>) -> Vec<(String, String)> {
    let led = join_all(orders.map(|n| lead(lan.clone(), sam.clone(), number(n)))).await;
    led.into_iter().flatten().collect()
}

/// A file that takes whatever room a disk has left.
fn fill(path: &Path) {
    use std::io::Write;
    let mut filler = std::fs::File::create(path).expect("the filler");
    for piece in [1 << 20, 4096, 1] {
        while filler.write_all(&vec![0; piece]).is_ok() {}
    }
}

#[actix_web::test]
async fn a_full_disk_loses_nothing_and_is_worked_on_when_it_is_freed() {
    let (source, disk) = (Folder::new(), Folder::new());
    prepare(&format!("sqlite://{}/afterfare.db", source.0.display()), 60).await;
    // A small file system that only the server sees: everything it keeps is on it.
    let script = r#"mount -t tmpfs -o size=24m tmpfs "$1" && cp -r "$0"/. "$1" && shift && exec "$@""#;
    let apart = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs tmpfs \"$0\""])
        .arg(&disk.0)
        .stderr(Stdio::null())
        .status();
    if !apart.is_ok_and(|status| status.success()) {
        println!("skipped: this system lets nobody mount a small file system of his own");
        return;
    }
    let mut launcher = Command::new("unshare");
    launcher.args(["--map-root-user", "--mount", "sh", "-c", script]).arg(&source.0).arg(&disk.0);
    let inside = format!("sqlite://{}/afterfare.db", disk.0.display());
    let server = Server::start_by(launcher, &inside, &disk).await;
    let seen = PathBuf::from(format!("/proc/{}/root{}", server.pid(), disk.0.display()));
    let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
    let mut acknowledged = lead_some(&lan, &sam, 0..4).await;
    assert_eq!(acknowledged.len(), 4, "there is room yet");
    fill(&seen.join("filler"));
    // Room that the log had already is used up first.
    let mut next = 4;
    loop {
        let led = lead_some(&lan, &sam, next..next + 4).await;
        next += 4;
        let refused = led.len() < 4;
        acknowledged.extend(led);
        if refused {
            break;
        }
        assert!(next < 50, "the disk is never full");
    }
    lan.get("/bookings").await.expect_status(200);
    std::fs::remove_file(seen.join("filler")).expect("the disk is freed");
    let freed = Instant::now();
    while lead(lan.clone(), sam.clone(), number(next)).await.is_none() {
        assert!(freed.elapsed() < Duration::from_secs(5), "writing works again within 5 seconds");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    acknowledged.extend(lead_some(&lan, &sam, next + 1..next + 5).await);
    check_acknowledged(&lan, &acknowledged).await;
    // Its disk goes with the server: what it kept is copied while it stands still.
    assert!(Command::new("kill").args(["-STOP", &server.pid().to_string()]).status().expect("kill").success());
    let kept = Folder::new();
    for name in ["afterfare.db", "afterfare.db-wal"] {
        std::fs::copy(seen.join(name), kept.0.join(name)).expect("a copy");
    }
    check_books(&format!("sqlite://{}/afterfare.db", kept.0.display())).await;
}

/// A PostgreSQL of the test's own.
struct Cluster {
    folder: Folder,
    port: u16,
}

impl Cluster {
    fn new() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let this = Self { folder: Folder::new(), port };
        if is_root() {
            let account = variable("AFTERFARE_TEST_POSTGRES_ACCOUNT");
            assert!(Command::new("chown").arg(&account).arg(&this.folder.0).status().expect("chown").success());
        }
        this.run("initdb", &["-U", "afterfare", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        this
    }

    fn url(&self) -> String {
        format!("postgres://afterfare@127.0.0.1:{}/postgres", self.port)
    }

    fn start(&self) {
        let options = format!("-c port={} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off", self.port);
        self.run("pg_ctl", &["-w", "-s", "-l", &self.data("log"), "-o", &options, "start"]);
    }

    fn stop(&self) {
        self.run("pg_ctl", &["-w", "-s", "-m", "immediate", "stop"]);
    }

    fn data(&self, name: &str) -> String {
        self.folder.0.join(name).display().to_string()
    }

    /// Runs a program of PostgreSQL, which refuses to be run by root.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = Path::new(&variable("AFTERFARE_TEST_POSTGRES_BIN")).join(program);
        let mut command = if is_root() {
            let account = variable("AFTERFARE_TEST_POSTGRES_ACCOUNT");
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &account, "--regid", &account, "--init-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let status = command.args(["-D", &self.data("data")]).args(arguments).current_dir(&self.folder.0).stdout(Stdio::null()).status();
        assert!(status.expect("PostgreSQL's program runs").success(), "{arguments:?}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.folder.0.join("data/postmaster.pid").exists() {
            self.stop();
        }
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run ./tests/run, which finds PostgreSQL"))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[actix_web::test]
async fn postgres_stopped_in_the_middle_loses_nothing() {
    let cluster = Arc::new(Cluster::new());
    cluster.start();
    let rounds = usize::try_from(STOPS).expect("few");
    prepare(&cluster.url(), (rounds + 1) * ORDERS_OF_ROUND).await;
    let server = Server::start(&cluster.url()).await;
    let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
    let (mut acknowledged, mut cut) = (Vec::new(), 0);
    for (round, stop) in (0..=rounds).zip(0..=STOPS) {
        let work = lead_some(&lan, &sam, round * ORDERS_OF_ROUND..(round + 1) * ORDERS_OF_ROUND);
        let stopper = async {
            if stop == STOPS {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20 + 37 * (stop % 10))).await;
            // Both wait for processes to end: on a thread of their own, so that the load goes on.
            let cluster = cluster.clone();
            let again = tokio::task::spawn_blocking(move || {
                cluster.stop();
                cluster.start();
            });
            again.await.expect("PostgreSQL is there again");
        };
        let (led, ()) = tokio::join!(work, stopper);
        cut += usize::from(led.iter().filter(|(_, reached)| reached.contains("credited")).count() < ORDERS_OF_ROUND);
        acknowledged.extend(led);
        ready(&server.base).await;
    }
    // Much work waits until PostgreSQL is there again, and is done then.
    assert!(cut >= 3, "only {cut} of {rounds} stops cut anything off");
    // The last round was stopped by nobody: the server works as before.
    let last = acknowledged.iter().rev().take(ORDERS_OF_ROUND).filter(|(_, reached)| reached.contains("credited")).count();
    assert_eq!(last, ORDERS_OF_ROUND);
    check_acknowledged(&lan, &acknowledged).await;
    check_books(&cluster.url()).await;
}

/// Waits until a page is shown again: within 5 seconds.
async fn ready(base: &str) {
    let began = Instant::now();
    let mut well = 0;
    while well < 10 {
        let is_well = reqwest::get(format!("{base}/sign-in")).await.is_ok_and(|answer| answer.status().is_success());
        well = if is_well { well + 1 } else { 0 };
        assert!(began.elapsed() < Duration::from_secs(5), "the server does not find PostgreSQL again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
