//! How the program itself is: the page of a Supervisor, the metrics, the nightly check of the books.

use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{World, execute};

on_both! {
    a_supervisor_sees_how_things_are
    the_books_are_checked_every_night_by_one_server
    the_metrics_tell_what_the_dashboard_asks
}

/// What a server does every few seconds.
async fn check(world: &World) {
    afterfare::system::checking::step(&world.app).await.expect("a step");
}

async fn a_supervisor_sees_how_things_are(world: World) {
    let (lan, sam, number) = world.registered("SKLA20261104193210042").await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    lan.get("/system").await.expect_status(403);
    wei.get("/system").await.expect_status(403);
    let page = sam.get("/system").await.expect_status(200);
    page.expect("The books were not checked yet")
        .expect("No backup was made yet")
        .expect("Atlas Processing 1")
        .expect("Past their deadline 0");
    world.later(5 * 60);
    check(&world).await;
    let page = sam.get("/system").await.expect("the books are clean").expect("Past their deadline 1");
    page.expect("Oldest one not with its airline 5:00");
    let file = world.files.0.join("now.zip");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_afterfare"))
        .args(["backup", file.to_str().expect("a path"), "--database", &world.url])
        .env("AFTERFARE_FILES", world.files.0.join("files"))
        .output()
        .expect("the program runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    sam.get("/system").await.expect("The last backup was made on");
    for (language, words) in [("zh-Hans", "账目相符"), ("vi", "sổ sách khớp")] {
        sam.post("/language", &[("language", language), ("back", "/system")]).await.expect_status(303);
        sam.get("/system").await.expect(words);
    }
    assert!(number.starts_with("202611-"));
}

async fn the_books_are_checked_every_night_by_one_server(world: World) {
    let (_, sam, number) = world.registered("SKLA20261104193210042").await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    check(&world).await;
    sam.get("/system").await.expect("the books are clean");
    // Somebody changes the database by hand: the next night tells, not the next minute.
    execute(&world.url, "UPDATE accounts SET balance_minor = balance_minor + 1 WHERE kind = 'airline-receivable'").await;
    world.later(60);
    check(&world).await;
    sam.get("/system").await.expect("the books are clean");
    world.later(12 * 60);
    let (one, two) = tokio::join!(afterfare::system::checking::step(&world.app), afterfare::system::checking::step(&world.app));
    let done = [one.expect("a step"), two.expect("a step")];
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "two servers: one of them checks");
    let page = sam.get("/system").await.expect("the books are not clean");
    assert!(page.select(".note.bad li").join(" ").contains("airline-receivable"), "{}", page.words());
    // A check whose server was killed is not waited for until the next night.
    execute(&world.url, "UPDATE accounts SET balance_minor = balance_minor - 1 WHERE kind = 'airline-receivable'").await;
    execute(&world.url, "UPDATE system_marks SET ended_at = '2026-11-01T00:00:00Z' WHERE name = 'verify'").await;
    world.later(59);
    check(&world).await;
    sam.get("/system").await.expect("has not ended");
    world.later(2);
    check(&world).await;
    sam.get("/system").await.expect("the books are clean");
}

async fn the_metrics_tell_what_the_dashboard_asks(world: World) {
    let (lan, sam, number) = world.registered("SKLA20261104193210042").await;
    let csv = "Reference,Amount,Currency,Date\nNOBODY,74.99,USD,2026-11-19\n";
    crate::remittances::imported(&sam, "a.csv", csv.as_bytes()).await;
    check(&world).await;
    execute(
        &world.url,
        "INSERT INTO system_marks (name, begun_at, ended_at, found, findings) VALUES ('backup', '2026-11-20T08:00:00Z', '2026-11-20T08:00:00Z', 0, '')",
    )
    .await;
    lan.get(&format!("/refunds/{number}")).await.expect_status(200);
    lan.get("/refunds/nothing").await.expect_status(404);
    lan.get("/nowhere/at/all").await.expect_status(404);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = afterfare::app::serve_metrics(world.app.clone(), listener).expect("a server");
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let text = reqwest::get(format!("http://{address}/metrics")).await.expect("an answer").text().await.expect("text");
    let other = reqwest::get(format!("http://{address}/bookings")).await.expect("an answer").status();
    handle.stop(false).await;
    assert_eq!(other, 404, "nothing else is served there");
    for line in [
        "afterfare_open_refunds{status=\"atlas-processing\"} 1",
        "afterfare_overdue_refunds 0",
        "afterfare_unmatched_money{currency=\"USD\"} 74.99",
        "afterfare_unmatched_lines{currency=\"USD\"} 1",
        "afterfare_verify_differences 0",
        "afterfare_backup_age_seconds 3600",
        "afterfare_http_request_duration_seconds_count{route=\"/refunds/{number}\",method=\"GET\",status=\"200\"}",
        "afterfare_http_request_duration_seconds_count{route=\"/refunds/{number}\",method=\"GET\",status=\"404\"}",
        "afterfare_http_request_duration_seconds_count{route=\"other\",method=\"GET\",status=\"404\"}",
        "afterfare_database_connections{pool=\"writers\",state=\"open\"}",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    for secret in [number.as_str(), "nowhere", "lan@", "ZHANG"] {
        assert!(!text.contains(secret), "the metrics tell {secret}");
    }
    // Every figure that the dashboard asks for is there.
    let dashboard: serde_json::Value = serde_json::from_str(include_str!("../docs/grafana-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    for panel in panels {
        let asked = panel["targets"][0]["expr"].as_str().expect("a query");
        let begin = asked.find("afterfare_").expect("a figure of ours");
        let name: String = asked[begin..].chars().take_while(|sign| sign.is_ascii_lowercase() || *sign == '_').collect();
        assert!(text.contains(&format!("\n{name}")), "{name} is asked for, but not told:\n{text}");
    }
}
