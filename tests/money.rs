//! Balance, transactions, top-ups, statements and reports: what an agency sees of its money.

use afterfare::kernel::actor::Role;
use afterfare::web::App;
use afterfare::worker::{Step, Worker};

use crate::crash::{Server, signed_in};
use crate::on_both;
use crate::world::{PDF, Person, World, execute};

on_both! {
    a_top_up_is_declared_with_proof_and_credited_once_it_came
    transactions_have_an_opening_and_a_closing_balance
    a_low_balance_is_told_once
    statements_are_issued_after_their_period_and_never_changed
    statements_are_sent_to_at_most_ten_addresses
    a_long_statement_is_sent_whole_or_not_at_all
    an_export_is_never_held_in_memory
    reports_count_what_their_lists_show
    an_export_is_exactly_what_is_filtered
}

/// An agency with its Admin, a supervisor, and one credited refund.
async fn credited(world: &World) -> (Person, Person, String) {
    let (lan, sam, number) = world.registered("SKLA20261104193210042").await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "70.00")]).await.expect_status(303);
    let money = [("amount", "70.00"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1"), ("difference", "higher-penalty")];
    sam.work(&number, "receipt", &money).await.expect_status(303);
    sam.work(&number, "credit", &[]).await.expect_status(303);
    (lan, sam, number)
}

async fn declare(lan: &Person, amount: &str, once: &str) -> u16 {
    let fields = [("currency", "USD"), ("amount", amount), ("paid_on", "2026-11-19"), ("reference", "WIRE 77"), ("once", once)];
    lan.upload("/finance/top-ups", &fields, &[("wire.pdf", PDF)]).await.status
}

async fn a_top_up_is_declared_with_proof_and_credited_once_it_came(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (lan, sam) = (world.person("lan", Role::Admin, Some(&agency)).await, world.person("sam", Role::OperatorFinance, None).await);
    let bare = [("currency", "USD"), ("amount", "1000"), ("paid_on", "2026-12-19"), ("reference", ""), ("once", "k0")];
    let page = lan.upload("/finance/top-ups", &bare, &[]).await.expect_status(422);
    page.expect("Attach the bank's confirmation").expect("This day is not here yet");
    assert_eq!((declare(&lan, "1000", "k1").await, declare(&lan, "1000", "k1").await), (303, 303));
    assert_eq!(world.count("SELECT COUNT(*) FROM top_ups").await, 1, "the same form twice declares once");
    lan.get("/finance/top-ups").await.expect("Waiting for the money").expect("wire.pdf");
    sam.get("/notices").await.expect("SUNRIVER Travel declared a transfer of USD 1,000.00");
    let confirm = [("version", "1"), ("received", "985.00")];
    for _ in 0..2 {
        sam.post("/finance/top-ups/TU-202611-0001/confirmation", &confirm).await.expect_status(303);
    }
    sam.post("/finance/top-ups/TU-202611-0001/refusal", &[("version", "1"), ("note", "no")]).await.expect_status(409);
    lan.get("/finance/top-ups").await.expect("USD 985.00").expect("Bank charges USD 15.00");
    let page = lan.get("/finance/transactions").await.expect("USD 985.00").expect("TU-202611-0001");
    let its_own = page.attribute("a[href*='top-ups?number=']", "href").expect("a link");
    lan.get("/notices").await.expect("USD 985.00 came and were credited");
    assert_eq!(declare(&lan, "5.00", "k2").await, 303);
    sam.post("/finance/top-ups/TU-202611-0002/refusal", &[("version", "1"), ("note", "")])
        .await
        .expect_status(422)
        .expect("Tell the agency why");
    sam.post("/finance/top-ups/TU-202611-0002/refusal", &[("version", "1"), ("note", "It never came.")]).await.expect_status(303);
    lan.get("/notices").await.expect("was not confirmed (TU-202611-0002)").expect("It never came.");
    let page = lan.get(&its_own).await.expect("TU-202611-0001");
    assert!(!page.words().contains("TU-202611-0002"), "the movement leads to its own top-up: {}", page.words());
    let file = lan.get("/finance/top-ups.csv?status=confirmed").await.expect_status(200).text();
    assert!(file.contains("TU-202611-0001") && !file.contains("TU-202611-0002"), "{file}");
    assert_eq!(world.verify().await, Vec::<String>::new());
    // Customer service sees no money, and another agency sees nothing of it.
    let other = world.agency("SAOMAI").await;
    let stranger = world.person("stranger", Role::Finance, Some(&other)).await;
    stranger.get("/finance/top-ups").await.expect("No transfer was declared yet");
    stranger.post("/finance/top-ups/TU-202611-0001/confirmation", &confirm).await.expect_status(403);
}

async fn transactions_have_an_opening_and_a_closing_balance(world: World) {
    let (lan, sam, number) = credited(&world).await;
    declare(&lan, "100.00", "k").await;
    world.later(60 * 24 * 3);
    let (lan, sam) = {
        drop((lan, sam));
        (world.back("lan").await, world.back("sam").await)
    };
    sam.post("/finance/top-ups/TU-202611-0001/confirmation", &[("version", "1"), ("received", "100.00")]).await.expect_status(303);
    let page = lan.get("/finance/transactions?from=2026-11-21").await.expect_status(200);
    page.expect("Opening balance USD 68.00 Came in USD 100.00 Went out USD 0.00 Closing balance USD 168.00");
    let page = lan.get("/finance/transactions?from=2026-11-20&to=2026-11-20").await.expect(&number);
    page.expect("Opening balance USD 0.00 Came in USD 70.00 Went out USD 2.00 Closing balance USD 68.00");
    let file = lan.get("/finance/transactions.csv?to=2026-11-20").await.text();
    assert_eq!(file.lines().count(), 3, "{file}");
    assert!(lan.get("/finance/transactions.xlsx").await.expect_status(200).body.starts_with(b"PK"));
    lan.get("/finance/transactions?from=yesterday").await.expect("Give a day");
}

async fn a_low_balance_is_told_once(world: World) {
    let (lan, sam, _) = credited(&world).await;
    world.work_all().await;
    let told = "SELECT COUNT(*) FROM notices WHERE case_kind = 'balance'";
    lan.post("/finance/alerts", &[("currency", "USD"), ("threshold", "100.00")]).await.expect_status(303);
    world.work_all().await;
    world.work_all().await;
    assert_eq!(world.count(told).await, 1);
    lan.get("/notices").await.expect("Your deposit has fallen to USD 68.00, below USD 100.00.");
    declare(&lan, "50.00", "k").await;
    sam.post("/finance/top-ups/TU-202611-0001/confirmation", &[("version", "1"), ("received", "50.00")]).await.expect_status(303);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM balance_alerts WHERE told_at IS NULL").await, 1, "it is above again");
    lan.post("/finance/alerts", &[("currency", "USD"), ("threshold", "200.00")]).await.expect_status(303);
    world.work_all().await;
    assert_eq!(world.count(told).await, 2);
    lan.post("/finance/alerts", &[("currency", "USD"), ("threshold", "")]).await.expect_status(303);
    assert_eq!(world.count("SELECT COUNT(*) FROM balance_alerts").await, 0);
}

async fn statements_are_issued_after_their_period_and_never_changed(world: World) {
    let (lan, _, number) = credited(&world).await;
    world.work_all().await;
    lan.get("/finance/statements").await.expect("No statement was issued yet").expect("2026-12-01 00:10");
    world.later(60 * 24 * 11);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM statements").await, 1);
    let lan = world.back("lan").await;
    let page = lan.get("/finance/statements").await.expect("ST-202612-0001").expect("2026-11-01 – 2026-11-30").expect("USD 68.00");
    drop(page);
    let page = lan.get("/finance/statements/ST-202612-0001").await.expect_status(200).expect(&number).expect("ZHANG/SAN");
    page.expect("USD 74.99 USD 70.00 USD 2.00 USD 68.00").expect("Closing balance 2026-11-30 USD 68.00");
    let list = lan.get("/finance/statements.csv").await.expect_status(200).text();
    assert!(list.contains("ST-202612-0001,SUNRIVER Travel,2026-11-01,2026-11-30,USD,"), "{list}");
    assert!(lan.get("/finance/statements.xlsx").await.expect_status(200).body.starts_with(b"PK"));
    let file = lan.get("/finance/statements/ST-202612-0001/file.csv").await.expect_status(200).text();
    assert!(file.contains("Opening balance,,,,,,,,,0.00,USD") && file.contains("Closing balance,,,,,,,,,68.00,USD"), "{file}");
    assert!(lan.get("/finance/statements/ST-202612-0001/file.xlsx").await.expect_status(200).body.starts_with(b"PK"));
    for statement in ["UPDATE statements SET closing_minor = 0", "DELETE FROM statement_lines"] {
        let refused = world.app.db.write(move |conn| Box::pin(async move { sqlx::query(statement).execute(conn).await.map(|_| ()) })).await;
        assert!(refused.is_err_and(|error: sqlx::Error| error.to_string().contains("never")), "{statement}");
    }
    // What happens later stands on the next, which begins where this one ended.
    let sam = world.back("sam").await;
    declare(&lan, "10.00", "k").await;
    sam.post("/finance/top-ups/TU-202612-0001/confirmation", &[("version", "1"), ("received", "10.00")]).await.expect_status(303);
    world.later(60 * 24 * 32);
    world.work_all().await;
    let lan = world.back("lan").await;
    let page = lan.get("/finance/statements/ST-202701-0001").await.expect_status(200).expect("TU-202612-0001");
    page.expect("Opening balance 2026-12-01 USD 68.00").expect("Closing balance 2026-12-31 USD 78.00");
    assert_eq!(world.verify().await, Vec::<String>::new());
    // The operator is called otherwise now: what it issued says who it was.
    lan.get("/finance/statements/ST-202701-0001").await.expect("Issued by Atlas");
    world.later(60 * 24 * 31);
    let mut settings = (*world.app.settings).clone();
    "Hải Âu".clone_into(&mut settings.operator_name);
    let renamed = Worker::new(App { settings: settings.into(), ..world.app.clone() }).expect("a worker");
    while renamed.step().await.expect("the worker steps") == Step::Done {}
    world.back("lan").await.get("/finance/statements/ST-202702-0001").await.expect_status(200).expect("Issued by Hải Âu");
    let other = world.agency("SAOMAI").await;
    let stranger = world.person("stranger", Role::Finance, Some(&other)).await;
    stranger.get("/finance/statements/ST-202612-0001").await.expect_status(404);
    stranger.get("/finance/statements/ST-202612-0001/file.csv").await.expect_status(404);
}

async fn statements_are_sent_to_at_most_ten_addresses(world: World) {
    let (lan, _, _) = credited(&world).await;
    let many = (0..11).map(|n| format!("a{n}@agency.example")).collect::<Vec<_>>().join("\n");
    let save = |emails: String| {
        let lan = lan.clone();
        async move {
            let fields = [("period", "weekly"), ("weekday", "1"), ("weekday", "4"), ("language", "vi"), ("emails", &emails)];
            lan.post("/finance/statements/settings", &fields).await
        }
    };
    save(many).await.expect_status(422).expect("Not more than 10 addresses");
    save("nobody".to_owned()).await.expect_status(422).expect("“nobody” is no e-mail address");
    lan.post("/finance/statements/settings", &[("period", "weekly"), ("language", "vi")])
        .await
        .expect_status(422)
        .expect("Choose at least one day");
    world.work_all().await;
    save("boss@agency.example, books@agency.example".to_owned()).await.expect_status(303);
    // 2026-11-20 is a Friday: the week ends before Monday the 23rd.
    world.later(60 * 24 * 3);
    world.work_all().await;
    // The first statement reaches back to the beginning of the month, in steps of the chosen days.
    let last = "SELECT COUNT(*) FROM statements WHERE period_until = '2026-11-23' AND closing_minor = 6800";
    assert_eq!(world.count(last).await, 1);
    let mails: Vec<String> = world.mails().into_iter().filter(|mail| mail.contains("ST-202611-")).collect();
    assert_eq!(mails.len(), 2 * usize::try_from(world.count("SELECT COUNT(*) FROM statements").await).expect("a count"));
    assert!(
        mails.iter().any(|mail| mail.contains("boss@agency.example")) && mails.iter().any(|mail| mail.contains("books@agency.example"))
    );
    assert!(mails.iter().all(|mail| mail.contains(".xlsx") && mail.contains(".csv")));
    world.work_all().await;
    assert_eq!(world.mails().iter().filter(|mail| mail.contains("ST-202611-")).count(), mails.len(), "each once");
    let lan = world.back("lan").await;
    lan.post("/finance/statements/settings", &[("period", "never"), ("language", "vi")]).await.expect_status(303);
    world.later(60 * 24 * 60);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM statements WHERE created_at > '2026-11-30'").await, 0);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_long_statement_is_sent_whole_or_not_at_all(world: World) {
    let (lan, _, _) = credited(&world).await;
    let fields = [("period", "monthly"), ("language", "vi"), ("emails", "boss@agency.example")];
    lan.post("/finance/statements/settings", &fields).await.expect_status(303);
    world.later(60 * 24 * 11);
    let mut settings = (*world.app.settings).clone();
    settings.limits.statement_mail_lines = 0;
    let short_of_breath = App { settings: settings.into(), ..world.app.clone() };
    let worker = Worker::new(short_of_breath).expect("a worker");
    while worker.step().await.expect("the worker steps") == Step::Done {}
    let mails: Vec<String> = world.mails().into_iter().filter(|mail| mail.contains("ST-202612-0001")).collect();
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].contains(".xlsx") && !mails[0].contains(".csv"), "too long for a mail");
    // More movements than one step of a download reads.
    let lines = "INSERT INTO statement_lines (statement_id, line_no, at, kind, amount_minor) \
         WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 6999) \
         SELECT s.id, n.i, '2026-11-20T00:00:00Z', 'top-up', 100 FROM statements s, n";
    execute(&world.url, lines).await;
    let file = world.back("lan").await.get("/finance/statements/ST-202612-0001/file.csv").await.expect_status(200).text();
    let rows: Vec<&str> = file.lines().collect();
    assert_eq!(rows.len(), 1 + 1 + 1 + 6000 + 1, "the header, the opening, the credit, the others, the closing");
    assert!(rows[1].contains("Opening balance") && rows[rows.len() - 1].contains("Closing balance"));
    assert_eq!(rows.iter().filter(|row| row.contains("balance")).count(), 2);
}

/// How many movements an exported statement has here, and how much text is in each.
const MANY: usize = 100_000;
const WIDE: usize = 400;

async fn an_export_is_never_held_in_memory(world: World) {
    credited(&world).await;
    world.later(60 * 24 * 11);
    world.work_all().await;
    let wide = "x".repeat(WIDE);
    let lines = format!(
        "INSERT INTO statement_lines (statement_id, line_no, at, kind, passenger, actual_minor, fee_minor, amount_minor) \
         WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < {}) \
         SELECT s.id, n.i, '2026-11-20T00:00:00Z', 'refund-credit', '{wide}', 100, 0, 100 FROM statements s, n",
        999 + MANY
    );
    execute(&world.url, &lines).await;
    let server = Server::start(&world.url).await;
    let lan = signed_in(&server.base, "lan").await;
    for kind in ["csv", "xlsx"] {
        let path = format!("/finance/statements/ST-202612-0001/file.{kind}");
        lan.get("/finance/statements/ST-202612-0001").await.expect_status(200);
        let (before, mut most) = (server.memory(), 0);
        let sent = lan.take_whole(&path, || most = server.memory().max(most)).await;
        let grown = most.saturating_sub(before);
        assert!(grown < 20 * 1_048_576, "{kind}: {sent} bytes were sent, and {grown} bytes held");
        assert!(sent > if kind == "csv" { MANY * WIDE } else { 5 * MANY }, "{kind}: {sent} bytes are not all of it");
    }
    server.kill();
}

async fn reports_count_what_their_lists_show(world: World) {
    let (lan, sam, number) = credited(&world).await;
    let open = {
        let order = world.booked_more("SKLA20261104193210043").await;
        lan.refund(&order, "voluntary").await
    };
    for person in [&lan, &sam] {
        let page = person.get("/finance/reports").await.expect_status(200);
        page.expect("USD 70.00 of USD 144.99").expect("LJ 2026-11").expect("USD 74.99 are still to come");
    }
    let page = lan.get("/finance/reports?months=3").await.expect("100 %, 0 late").expect("once: The airline kept a higher penalty");
    for (report, words) in [("expected-received", 2), ("days-to-money", 1), ("state-age", 1), ("attainment", 1), ("differences", 1)] {
        let links: Vec<String> = page.attributes(&format!("#{report} .bars a"), "href");
        assert!(!links.is_empty(), "{report}");
        let list = lan.get(&links[0]).await.expect_status(200);
        assert_eq!(list.select("table.lines tbody tr").len(), words, "{report}: {}", links[0]);
        let file = lan.get(&format!("/finance/reports/{report}.csv?months=3")).await.expect_status(200).text();
        assert!(file.lines().count() >= 2, "{report}: {file}");
        let book = lan.get(&format!("/finance/reports/{report}.xlsx?months=3")).await.expect_status(200);
        assert!(book.body.starts_with(b"PK"), "{report}");
    }
    let list = lan.get(&page.attributes("#state-age .bars a", "href")[0]).await.words();
    assert!(list.contains(&open) && !list.contains(&number), "{list}");
    let file = lan.get("/finance/reports/differences.csv").await.text();
    assert!(file.contains("The airline kept a higher penalty,1,-4.99,USD"), "{file}");
    // One that was refused is expected no more, and one of another airline and in another currency has bars of its own.
    let refused = lan.refund(&world.booked_more("SKLA20261104193210044").await, "voluntary").await;
    sam.work(&refused, "refusal", &[("code", "2"), ("note", "No.")]).await.expect_status(303);
    let (text, other) = crate::world::order("SKLA20261104193210045").with(in_another_currency).finish();
    let agency = world.sunriver().await;
    assert_eq!(world.import(&agency, &text).await.0.added, 1);
    lan.refund(&other, "voluntary").await;
    let page = sam.get("/finance/reports").await.expect("USD 70.00 of USD 144.99");
    let bars = page.select("#expected-received .bars a").len();
    assert_eq!(bars, 2, "one of each currency");
    for link in page.attributes("#expected-received .bars a", "href") {
        let expected = if link.contains("currency=USD") { 2 } else { 1 };
        assert_eq!(sam.get(&link).await.select("table.lines tbody tr").len(), expected, "{link}");
    }
    // Each figure of the ages is the list of them; a table's counts are those of its lists.
    for (link, count) in page.attributes("#state-age table a", "href").into_iter().zip(page.select("#state-age table a")) {
        assert_eq!(sam.get(&link).await.select("table.lines tbody tr").len().to_string(), count, "{link}");
    }
    // One airline alone: in all five, and in what they lead to.
    let page = sam.get("/finance/reports?airline=ZZ").await.expect_status(200);
    assert_eq!(page.select(".bars a").len(), 0, "{}", page.words());
    for report in ["expected-received", "days-to-money", "state-age", "attainment", "differences"] {
        let file = sam.get(&format!("/finance/reports/{report}.csv?airline=ZZ")).await.expect_status(200).text();
        assert_eq!(file.lines().count(), 1, "{report}: {file}");
    }
    let page = sam.get("/finance/reports?airline=LJ").await;
    assert!(page.attributes(".bars a", "href").iter().all(|link| link.contains("airline=LJ")));
    // Four hours on, what was not submitted is late.
    world.later(60 * 5);
    let page = lan.get("/finance/reports").await.expect("33 %, 2 late");
    let links = page.attributes("#attainment .bars a", "href");
    assert_eq!(lan.get(&links[0]).await.select("table.lines tbody tr").len(), 3, "one in time, two late");
    lan.get("/finance/reports/nonsense.csv").await.expect_status(404);
}

/// The sample order in yuan.
fn in_another_currency(order: &mut serde_json::Value) {
    let text = order.to_string().replace("\"USD\"", "\"CNY\"");
    *order = serde_json::from_str(&text).expect("JSON");
}

async fn an_export_is_exactly_what_is_filtered(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    // More rows than one step of an export reads, and a text that a spreadsheet must not run.
    for chunk in 0..3 {
        let orders: Vec<String> = (0..1000)
            .map(|n| {
                let number = format!("SKLA2026110419{:07}", chunk * 1000 + n);
                crate::world::order(&number).with(|order| order["paxTicketInfos"][0]["name"] = "=HYPERLINK/X".into()).finish().0
            })
            .collect();
        let (counts, faults) = world.import(&agency, &orders.join("\n")).await;
        assert_eq!((counts.added, faults.len()), (1000, 0), "{faults:?}");
    }
    let file = lan.get("/bookings.csv").await.expect_status(200).text();
    assert_eq!(file.lines().count(), 3001);
    assert!(file.contains(",'=HYPERLINK/X,") || file.contains("'=HYPERLINK"), "{}", &file[..400]);
    let mut numbers: Vec<&str> = file.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 3000, "each once");
    let file = lan.get("/bookings.csv?order_no=SKLA20261104190000042").await.text();
    assert_eq!(file.lines().count(), 2, "{file}");
    assert!(lan.get("/bookings.xlsx").await.expect_status(200).body.starts_with(b"PK"));
}
