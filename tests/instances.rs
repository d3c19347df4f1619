//! Three servers over one PostgreSQL, behind a proxy that gives each connection to the next of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use afterfare::db::{Db, Kind, PoolSizes};
use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use futures_util::future::join_all;
use tokio::net::{TcpListener, TcpStream};

use crate::crash::{Server, lead, number, prepare, signed_in};
use crate::world::{Folder, World, new_database};

const SERVERS: usize = 3;
/// Orders that are led to their credit, and orders of a batch.
const LED: usize = 12;
const CLAIMED: usize = 24;

/// Hands each connection to the next server that answers; the addresses may be taken away.
async fn proxy(listener: TcpListener, servers: Vec<String>) {
    let (servers, next) = (Arc::new(servers), Arc::new(AtomicUsize::new(0)));
    while let Ok((mut client, _)) = listener.accept().await {
        let (servers, next) = (servers.clone(), next.clone());
        tokio::spawn(async move {
            let first = next.fetch_add(1, Ordering::Relaxed);
            for nth in 0..servers.len() {
                let address = &servers[(first + nth) % servers.len()];
                if let Ok(mut server) = TcpStream::connect(address).await {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    return;
                }
            }
        });
    }
}

#[actix_web::test]
async fn three_servers_are_one_portal() {
    let (url, _folder) = new_database(Kind::Postgres).await;
    prepare(&url, 2 * LED).await;
    {
        let world = World::over(&url, None).await;
        let agency = world.sunriver().await;
        world.user("ben", Role::Operations, Some(&agency), Language::English).await;
        let texts: Vec<String> = (100..100 + CLAIMED).map(|n| crate::world::order(&number(n)).finish().0).collect();
        world.import(&agency, &texts.join("\n")).await;
    }
    let files = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let mut servers = Vec::new();
    for _ in 0..SERVERS {
        servers.push(Server::start_behind(&url, &files, &base).await);
    }
    let addresses = servers.iter().map(|server| server.base.trim_start_matches("http://").to_owned()).collect();
    tokio::spawn(proxy(listener, addresses));

    // Signed in once, at whichever server: all of them know.
    let (lan, sam, ben) = (signed_in(&base, "lan").await, signed_in(&base, "sam").await, signed_in(&base, "ben").await);
    let rows: Vec<String> = (100..100 + CLAIMED).map(number).collect();
    let text = format!("order_no\n{}\n", rows.join("\n"));
    let batch = crate::batches::uploaded(&lan, "a.csv", text.as_bytes(), &[]).await;
    let batch = batch.split('?').next().expect("an address").to_owned();

    // One server is killed while the roads are led; what was acknowledged stays, and the others go on.
    let roads = join_all((0..LED).map(|n| lead(lan.clone(), sam.clone(), number(n))));
    let victim = servers.pop().expect("a server");
    let killer = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        victim.kill();
    };
    let (first, ()) = tokio::join!(roads, killer);
    let second = join_all((LED..2 * LED).map(|n| lead(lan.clone(), sam.clone(), number(n)))).await;
    for (number, reached) in &second.into_iter().map(|led| led.expect("two servers answer")).collect::<Vec<_>>() {
        assert!(reached.contains("credited"), "{number} only came to “{reached}”");
    }
    for (number, reached) in first.into_iter().flatten() {
        let page = lan.get(&format!("/refunds/{number}")).await.expect_status(200);
        let timeline = page.select(".timeline li").join(" ");
        assert!(timeline.contains(&reached), "{number} was acknowledged as “{reached}”: {timeline}");
    }

    // The batch is checked and posted once, though each server looks for work.
    for (verb, wanted) in [("", "checked"), ("/confirmation", "posted")] {
        if !verb.is_empty() {
            ben.post(&format!("{batch}{verb}"), &[]).await.expect_status(303);
        }
        let db = Db::open(&url, PoolSizes { readers: 1, writers: 1 }).await.expect("the database opens");
        for tries in 0.. {
            let (status,): (String,) = sqlx::query_as("SELECT status FROM batches")
                .fetch_one(&mut *db.read().await.expect("a connection"))
                .await
                .expect("a batch");
            if status == wanted {
                break;
            }
            assert!(tries < 1_200, "the batch stays {status}");
            if tries == 100 {
                // The killed server may have had it.
                crate::world::execute(&url, "UPDATE batches SET taken_until = '2026-01-01T00:00:00Z'").await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        db.close().await;
    }

    // A revocation holds at every server at once.
    let page = sam.get("/agencies/SUNRIVER").await.expect_status(200);
    let html = scraper::Html::parse_document(&page.text());
    let rows = scraper::Selector::parse("tr").expect("a selector");
    let form = scraper::Selector::parse("form[action$=disabling]").expect("a selector");
    let of_ben = html.select(&rows).find(|row| row.text().any(|text| text.contains("ben@people.example"))).expect("ben's row");
    let disable = of_ben.select(&form).next().and_then(|form| form.value().attr("action")).expect("a button").to_owned();
    sam.post(&disable, &[]).await.expect_status(303);
    for _ in 0..2 * SERVERS {
        assert_eq!(ben.get("/bookings").await.expect_status(303).location.split('?').next(), Some("/sign-in"));
    }
    for server in servers {
        server.kill();
    }

    let db = Db::open(&url, PoolSizes { readers: 1, writers: 1 }).await.expect("the database opens");
    assert_eq!(afterfare::finance::verify::run(&db).await.expect("the check runs").differences, Vec::<String>::new());
    let mut conn = db.read().await.expect("a connection");
    let (refunds, orders, claims): (i64, i64, i64) =
        sqlx::query_as("SELECT COUNT(*), COUNT(DISTINCT order_id), COUNT(batch_id) FROM refunds")
            .fetch_one(&mut *conn)
            .await
            .expect("counts");
    assert_eq!((refunds, claims), (orders, i64::try_from(CLAIMED).expect("few")), "an order was refunded twice");
    let (told, notices): (i64, i64) =
        sqlx::query_as("SELECT COUNT(DISTINCT user_id || case_id || sentences), COUNT(*) FROM notices WHERE case_kind = 'batch'")
            .fetch_one(&mut *conn)
            .await
            .expect("counts");
    assert_eq!(told, notices, "somebody was told the same of a batch twice");
}
