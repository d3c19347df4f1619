//! Claims from a file, and the batch search: the flow, every row's own result, and files that nobody should be hurt by.

use afterfare::batches::working::CHUNK;
use afterfare::db::Kind;
use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use afterfare::worker::Step;
use rust_xlsxwriter::Workbook;

use crate::on_both;
use crate::world::{PDF, Page, Person, World, execute, order, passenger, raw};

on_both! {
    a_file_is_checked_and_confirmed_and_every_row_has_its_result
    the_same_file_again_makes_nothing_twice
    two_people_with_the_same_orders_make_each_claim_once
    one_order_far_apart_in_a_long_file_is_reckoned_as_one
    every_other_reason_to_refuse_a_row
    the_template_is_filled_in_and_taken
    a_discarded_batch_makes_nothing
    a_step_that_fails_is_done_again_soon
    a_corrected_result_file_is_taken
    a_search_finds_every_refund_and_the_not_found_apart
    another_agency_s_orders_are_not_found
}

fn number(n: usize) -> String {
    format!("SKLA202611041932{n:05}")
}

/// A workbook with one sheet of texts.
pub fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0u32..).zip(rows) {
        for (column, cell) in (0u16..).zip(*cells) {
            sheet.write_string(row, column, *cell).expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

/// Uploads a file of claims and lets it be checked; its page.
pub async fn checked(world: &World, person: &Person, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> Page {
    let path = uploaded(person, name, bytes, fields).await;
    world.work_all().await;
    person.get(&path).await.expect_status(200)
}

/// Uploads a file of claims; where it can be seen.
pub async fn uploaded(person: &Person, name: &str, bytes: &[u8], fields: &[(&str, &str)]) -> String {
    let once = afterfare::kernel::id::new_token();
    let mut all = vec![("once", once.as_str()), ("reason", "voluntary"), ("fulfilled_on", "2026-11-18")];
    all.retain(|(name, _)| !fields.iter().any(|(own, _)| own == name));
    all.extend_from_slice(fields);
    let answer = person.upload_sheet("/finance/claims/batches", &all, (name, bytes), &[("proof.pdf", PDF)]).await.expect_status(303);
    answer.location
}

fn rows_of(page: &Page) -> Vec<String> {
    page.select("table tbody tr")
}

async fn a_file_is_checked_and_confirmed_and_every_row_has_its_result(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (lan, sam) = (world.person("lan", Role::Admin, Some(&agency)).await, world.person("sam", Role::Supervisor, None).await);
    for n in 1..=9 {
        let (text, _) = order(&number(n))
            .with(|order| match n {
                3 => order["paymentMethod"] = raw("3"),
                4 => order["orderStatus"] = "1".into(),
                5 => order["orderStatus"] = "-3".into(),
                _ => {}
            })
            .finish();
        let (_, faults) = world.import(&agency, &text).await;
        assert!(faults.is_empty(), "{faults:?}");
    }
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    let open = lan.refund(&number(6), "voluntary").await;
    let numbers: Vec<String> = (1..=9).map(number).collect();
    let mut rows: Vec<Vec<&str>> = vec![vec!["备注", "order_no", "passengers", "reason", "fulfilled_on", "expected_amount"]];
    rows.extend(numbers.iter().map(|number| vec!["我的", number.as_str(), "", "", "", ""]));
    rows[7][5] = "70.00";
    rows[8][2] = "NOBODY/ELSE";
    rows[9][3] = "自愿";
    rows.push(vec!["", "1.23457E+18"]);
    rows.push(vec!["", &numbers[0]]);
    rows.push(vec!["", "SKLA20991104193200042"]);
    rows.push(vec!["", "no number!"]);
    rows.push(vec!["nothing here"]);
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let page = checked(&world, &lan, "claims.xlsx", &workbook(&rows), &[]).await;
    let page = page
        .expect("Check the file before it is sent")
        .expect("4 rows")
        .expect("Nothing was sent yet. When you confirm, 4 claims are made; the other 9 rows");
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1, "nothing happened yet");
    let all = rows_of(&page);
    let expected = [
        (1, "ReadyUSD 74.99 estimate"),
        (2, "ReadyUSD 74.99 estimate"),
        (3, "E_VCC"),
        (4, "E_NOT_TICKETED"),
        (5, "E_CANCELLED"),
        (6, "Already open"),
        (7, "ReadyUSD 70.00"),
        (8, "E_PASSENGER"),
        (9, "ReadyUSD 74.99"),
        (10, "Excel has changed this number"),
        (11, "The same as line 2"),
        (12, "E_NOT_FOUND"),
        (13, "E_FORMAT"),
    ];
    for (row, words) in expected {
        assert!(all[row - 1].contains(words), "row {row}: {}", all[row - 1]);
    }
    assert!(all[5].contains(&open), "{}", all[5]);
    let path = page.attribute("form[action$=confirmation]", "action").expect("a button");
    let batch = path.trim_end_matches("/confirmation").to_owned();
    lan.post(&path, &[]).await.expect_status(303);
    lan.post(&path, &[]).await.expect_status(303);
    world.work_all().await;
    let page = lan.get(&batch).await.expect("Result of the batch").expect("4 claims were made");
    assert!(rows_of(&page)[0].contains("Claim made202611-"), "{}", rows_of(&page)[0]);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds WHERE kind = 'claim'").await, 4);
    assert_eq!(world.count("SELECT COUNT(*) FROM events WHERE happened = 'claimed'").await, 4);
    let file = lan.get(&format!("{batch}/rows.csv")).await.expect_status(200).text();
    assert!(
        file.starts_with("\u{feff}备注,order_no,passengers,reason,fulfilled_on,expected_amount,result,error_code,message,refund_id\r\n"),
        "{file}"
    );
    assert!(file.contains("我的,SKLA20261104193200003,,,,,refused,E_VCC,"), "{file}");
    assert_eq!(lan.get(&format!("{batch}/rows.csv?status=refused")).await.text().lines().count(), 9);
    lan.get("/finance/claims/batches").await.expect("claims.xlsx").expect("Done");
    let list = lan.get("/finance/claims/batches.csv").await.expect_status(200).text();
    assert!(list.contains("BA-202611-0001,claims.xlsx,Done,"), "{list}");
    assert!(lan.get("/finance/claims/batches.xlsx").await.expect_status(200).body.starts_with(b"PK"));
    lan.get("/finance/claims").await.expect(&number(1));
    // The claim's own page leads back to the file with its proof.
    let claim = lan.get(&batch).await.attribute("tbody a[href^='/refunds/']", "href").expect("a claim");
    lan.get(&claim).await.expect("BA-202611-0001");
    sam.get("/notices").await.expect("brought 4 claims (BA-202611-0001)");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn the_same_file_again_makes_nothing_twice(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    world.booked(&agency, &number(1)).await;
    let file = format!("order_no\n{}\n", number(1)).into_bytes();
    let page = checked(&world, &lan, "a.csv", &file, &[]).await;
    confirm(&world, &lan, &page).await;
    let page = checked(&world, &lan, "again.csv", &file, &[]).await;
    let page = page.expect("The very same file was uploaded before").expect("Already open").expect("No row of this file can be claimed");
    assert_eq!(page.attribute("form[action$=confirmation]", "action"), None);
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1);
}

async fn confirm(world: &World, person: &Person, page: &Page) {
    let path = page.attribute("form[action$=confirmation]", "action").expect("a button");
    person.post(&path, &[]).await.expect_status(303);
    world.work_all().await;
}

async fn two_people_with_the_same_orders_make_each_claim_once(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (lan, minh) = (world.person("lan", Role::Admin, Some(&agency)).await, world.person("minh", Role::Operations, Some(&agency)).await);
    let mut texts = String::from("order_no\n");
    for n in 0..40 {
        let (text, _) = order(&number(n)).finish();
        world.import(&agency, &text).await;
        texts = texts + &number(n) + "\n";
    }
    let one = checked(&world, &lan, "a.csv", texts.as_bytes(), &[]).await;
    let other = checked(&world, &minh, "b.csv", texts.as_bytes(), &[]).await;
    for (person, page) in [(&lan, &one), (&minh, &other)] {
        let path = page.attribute("form[action$=confirmation]", "action").expect("a button");
        person.post(&path, &[]).await.expect_status(303);
    }
    // Two servers work on both at once.
    let (first, second) = (world.worker(), world.worker());
    let work = |worker: afterfare::worker::Worker| async move {
        for _ in 0..60 {
            let _ = worker.step().await;
        }
    };
    futures_util::future::join(work(first), work(second)).await;
    world.later(5);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 40);
    assert_eq!(world.count("SELECT COUNT(DISTINCT order_id) FROM refunds").await, 40);
    assert_eq!(world.count("SELECT CAST(SUM(posted_count) AS BIGINT) FROM batches").await, 40);
    assert_eq!(world.count("SELECT CAST(SUM(listed_count) AS BIGINT) FROM batches").await, 40);
    assert_eq!(world.count("SELECT COUNT(*) FROM batches WHERE status = 'posted' AND row_count = posted_count + listed_count").await, 2);
}

async fn one_order_far_apart_in_a_long_file_is_reckoned_as_one(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let rows = usize::try_from(CHUNK).expect("some") + 20;
    let mut orders = String::new();
    for n in 0..rows {
        let (text, _) = order(&number(n))
            .with(|order| {
                if n == 0 {
                    order["paxTicketInfos"] = serde_json::json!([
                        passenger("ZHANG/SAN", 0, serde_json::Value::Null),
                        passenger("LI/SI", 0, serde_json::Value::Null)
                    ]);
                    order["routing"]["transactionFeeMode"] = "PER_ORDER".into();
                    order["routing"]["transactionFee"] = raw("3.00");
                }
            })
            .finish();
        orders.push_str(text.trim());
        orders.push('\n');
    }
    let (_, faults) = world.import(&agency, &orders).await;
    assert!(faults.is_empty(), "{faults:?}");
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    // The two passengers of one order stand farther from each other than rows that are posted together.
    let others: String = (1..rows).map(|n| number(n) + ",\n").collect();
    let file = format!("order_no,passengers\n{first},ZHANG/SAN\n{others}{first},LI/SI\n", first = number(0));
    let page = checked(&world, &lan, "long.csv", file.as_bytes(), &[]).await;
    lan.post(&page.attribute("form[action$=confirmation]", "action").expect("a button"), &[]).await.expect_status(303);
    world.work_all().await;
    let refunds = "SELECT COUNT(*) FROM refunds WHERE kind = 'claim'";
    assert_eq!(world.count(refunds).await, i64::try_from(rows).expect("some") + 1);
    let of_first = "SELECT COUNT(*) FROM refunds WHERE order_no = 'SKLA20261104193200000'";
    assert_eq!(world.count(of_first).await, 2);
    let fees = "SELECT CAST(SUM(service_fee_minor) AS BIGINT) FROM refunds WHERE order_no = 'SKLA20261104193200000'";
    assert_eq!(world.count(fees).await, 300, "the fee per order once");
    let ordinals = "SELECT CAST(SUM(q.ordinal) AS BIGINT) FROM quotes q JOIN orders o ON o.id = q.order_id \
         WHERE o.order_no = 'SKLA20261104193200000'";
    assert_eq!(world.count(ordinals).await, 1 + 2, "each quote has its own number");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn every_other_reason_to_refuse_a_row(world: World) {
    let (lan, sam, refunded) = world.registered(&number(1)).await;
    sam.work(&refunded, "submission", &[]).await.expect_status(303);
    sam.work(&refunded, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    sam.work(&refunded, "receipt", &money).await.expect_status(303);
    sam.work(&refunded, "credit", &[]).await.expect_status(303);
    let agency = world.sunriver().await;
    for n in 2..=4 {
        world.booked(&agency, &number(n)).await;
    }
    let rows = [
        format!("{},,,", number(1)),
        ",,,only a name".to_owned(),
        format!("{},maybe,,", number(2)),
        format!("{},,1999-01-01,", number(3)),
        format!("{},,,a lot", number(4)),
        format!("{},,,0", number(4)),
    ];
    let text = format!("order_no,reason,fulfilled_on,expected_amount\n{}\n", rows.join("\n"));
    let page = checked(&world, &lan, "a.csv", text.as_bytes(), &[("fulfilled_on", "2026-11-18")]).await;
    let all = rows_of(&page);
    let expected = ["E_REFUNDED", "E_EMPTY", "E_REASON", "E_DATE_UNLIKELY", "E_AMOUNT", "E_DUPLICATE"];
    for (row, code) in all.iter().zip(expected) {
        assert!(row.contains(code), "{code}: {row}");
    }
    assert!(all[0].contains(&refunded), "{}", all[0]);
    assert_eq!(all.len(), expected.len());
}

/// What stands in a sheet of a workbook.
fn cells_of(bytes: &[u8], sheet: &str) -> Vec<Vec<String>> {
    use calamine::Reader;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes.to_vec())).expect("a workbook");
    let range = book.worksheet_range(sheet).expect("the sheet");
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

async fn the_template_is_filled_in_and_taken(world: World) {
    let agency = world.agency("SUNRIVER").await;
    world.booked(&agency, &number(1)).await;
    for (name, language, words) in [
        ("lan", Language::English, "The order number, as in Booking Details"),
        ("mei", Language::Chinese, "订单号"),
        ("hoa", Language::Vietnamese, "Mã đơn"),
    ] {
        let person = world.person_speaking(name, Role::Admin, Some(&agency), language).await;
        let book = person.get("/finance/claims/template.xlsx").await.expect_status(200).body;
        let header = cells_of(&book, "data").swap_remove(0);
        assert_eq!(header[0], "order_no", "names that no language changes: {header:?}");
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book.clone())).expect("a zip");
        let mut all = String::new();
        for n in 0..archive.len() {
            let mut part = archive.by_index(n).expect("a part");
            std::io::Read::read_to_string(&mut part, &mut all).expect("text");
        }
        assert!(all.contains(words), "{name}: the instructions");
        assert!(all.contains("state=\"frozen\"") && all.contains("dataValidation"), "{name}: the sheet");
        let csv = person.get("/finance/claims/template.csv").await.expect_status(200);
        assert!(csv.body.starts_with(b"\xEF\xBB\xBForder_no,"), "{}", csv.text());
        // Filled in as it is, it is taken.
        let filled = format!("{}{}\n", csv.text().lines().next().expect("a header").to_owned() + "\n", number(1));
        checked(&world, &person, "filled.csv", filled.as_bytes(), &[("fulfilled_on", "2026-11-18")]).await;
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM batches WHERE ready_count = 1").await, 3);
}

/// What fails in the middle of a step is no server that vanished: it is not waited for as long.
async fn a_step_that_fails_is_done_again_soon(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let count = 2 * CHUNK + 1;
    let mut rows = vec!["order_no".to_owned()];
    rows.extend((1..=count).map(|n| format!("SKLA2026110419{n:07}")));
    let batch = uploaded(&lan, "many.csv", rows.join("\n").as_bytes(), &[]).await;
    let (fault, mended) = match world.app.db.kind {
        Kind::Sqlite => (
            "CREATE TRIGGER fault BEFORE UPDATE ON batches WHEN NEW.done_rows > 3000 BEGIN SELECT RAISE(ABORT, 'a fault of the test'); END",
            "DROP TRIGGER fault",
        ),
        Kind::Postgres => {
            ("ALTER TABLE batches ADD CONSTRAINT fault CHECK (done_rows <= 3000)", "ALTER TABLE batches DROP CONSTRAINT fault")
        }
    };
    execute(&world.url, fault).await;
    let worker = world.worker();
    while worker.step().await.is_ok_and(|step| step == Step::Done) {}
    let soon = "SELECT COUNT(*) FROM batches WHERE status = 'checking' AND done_rows BETWEEN 1 AND 3000 \
         AND taken_until <= '2026-11-20T09:00:05Z'";
    assert_eq!(world.count(soon).await, 1, "a part is kept, the rest is free in a moment");
    execute(&world.url, mended).await;
    world.later(1);
    world.work_all().await;
    lan.get(&batch).await.expect("4,097 Refused");
}

async fn a_discarded_batch_makes_nothing(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    world.booked(&agency, &number(1)).await;
    let page = checked(&world, &lan, "a.csv", format!("order_no\n{}\n", number(1)).as_bytes(), &[]).await;
    let confirmation = page.attribute("form[action$=confirmation]", "action").expect("a button");
    let discarding = confirmation.replace("confirmation", "discarding");
    lan.post(&discarding, &[]).await.expect_status(303);
    lan.post(&confirmation, &[]).await.expect_status(409).expect("confirmed or discarded");
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 0);
}

async fn a_corrected_result_file_is_taken(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    world.booked(&agency, &number(1)).await;
    let page = checked(&world, &lan, "a.csv", format!("order_no,fulfilled_on\n{},11/12/2026\n", number(1)).as_bytes(), &[]).await;
    let page = page.expect("“11/12/2026” is no day");
    let href = page.attribute("a[href*='rows.csv']", "href").expect("a file");
    let file = lan.get(&href).await.text().replace("11/12/2026", "2026-11-12");
    let page = checked(&world, &lan, "b.csv", file.as_bytes(), &[]).await.expect("Ready");
    confirm(&world, &lan, &page).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds WHERE fulfilled_on = '2026-11-12'").await, 1);
    // A number that was kept from the spreadsheet leaves as no formula, and comes back as the number it is; so does a workbook.
    world.booked(&agency, &number(2)).await;
    world.booked(&agency, &number(3)).await;
    let kept = format!("order_no,fulfilled_on\n\"=\"\"{}\"\"\",11/12/2026\n", number(2));
    let page = checked(&world, &lan, "c.csv", kept.as_bytes(), &[]).await.expect("is no day");
    let file = lan.get(&page.attribute("a[href*='rows.csv']", "href").expect("a file")).await.text();
    assert!(file.contains("'=\"\"SKLA"), "{file}");
    let page = checked(&world, &lan, "d.csv", file.replace("11/12/2026", "2026-11-13").as_bytes(), &[]).await;
    page.expect("1 Ready");
    let page = checked(&world, &lan, "e.csv", format!("order_no\n{}\n", number(3)).as_bytes(), &[]).await;
    let workbook = lan.get(&page.attribute("a[href*='rows.xlsx']", "href").expect("a file")).await.body;
    checked(&world, &lan, "f.xlsx", &workbook, &[("fulfilled_on", "2026-11-13")]).await.expect("1 Ready");
}

async fn a_search_finds_every_refund_and_the_not_found_apart(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    for n in 1..=2 {
        world.booked(&agency, &number(n)).await;
    }
    let refund = lan.refund(&number(1), "voluntary").await;
    // One of them twice, in two spellings, and one that is no order number.
    let text =
        format!("{0}, {1}\nＳＫＬＡ202611041932{2:05}\n{3}, 1.2E+18", number(1), "SKLA20991104193200042", 2, number(1).to_lowercase());
    let answer = lan.upload("/bookings/batch-search", &[("orders", &text), ("once", "k")], &[]).await.expect_status(303);
    world.work_all().await;
    let page = lan.get(&answer.location).await.expect_status(200);
    let rows = rows_of(&page);
    assert!(rows[0].contains(&refund) && rows[0].contains("Atlas Processing"), "{rows:?}");
    assert!(rows[1].contains("Not found"), "{rows:?}");
    assert!(rows[2].contains("No refund yet"), "{rows:?}");
    assert!(rows[3].contains("E_EXCEL_PRECISION") && !rows[3].contains("Not found"), "{rows:?}");
    page.expect("4 rows in the file").expect("2 Found").expect("2 Not found, or not readable");
    let missing = lan.get(&format!("{}?status=refused", answer.location)).await;
    assert_eq!(rows_of(&missing).len(), 2);
    let file = lan.get(&format!("{}/rows.csv", answer.location)).await.text();
    assert!(file.contains(&format!("{},Found,{refund},Atlas Processing,USD,74.99,", number(1))), "{file}");
    // By file, as the operator, who sees every agency's orders.
    let sam = world.person("sam", Role::OperatorAgent, None).await;
    let sheet = workbook(&[&["order_no"], &[&number(1)], &["123"], &[&number(1)]]);
    let answer = sam.upload_sheet("/bookings/batch-search", &[("once", "k2")], ("s.xlsx", &sheet), &[]).await.expect_status(303);
    world.work_all().await;
    let rows = rows_of(&sam.get(&answer.location).await);
    assert!(rows[0].contains(&refund) && rows[2].contains(&refund), "what is asked twice is answered twice: {rows:?}");
    lan.get(&answer.location).await.expect_status(404);
    lan.upload("/bookings/batch-search", &[("orders", " "), ("once", "k3")], &[]).await.expect_status(422).expect("Paste order numbers");
    // However many there were, each can be found again.
    for n in 0..10 {
        let once = format!("more-{n}");
        lan.upload("/bookings/batch-search", &[("orders", &number(1)), ("once", &once)], &[]).await.expect_status(303);
        world.later(1);
    }
    let lan = world.back("lan").await;
    let page = lan.get("/bookings/batch-search").await;
    assert_eq!(rows_of(&page).len(), 10);
    let next = lan.get(&format!("/bookings/batch-search{}", page.attribute("a[href^='?after=']", "href").expect("a next page"))).await;
    assert_eq!(rows_of(&next).len(), 1, "{}", next.words());
}

async fn another_agency_s_orders_are_not_found(world: World) {
    let (own, other) = (world.agency("SUNRIVER").await, world.agency("SAOMAI").await);
    world.booked(&other, &number(1)).await;
    let lan = world.person("lan", Role::Admin, Some(&own)).await;
    let file = format!("order_no\n{}\nSKLA20991104193200042\n", number(1));
    let page = checked(&world, &lan, "a.csv", file.as_bytes(), &[]).await;
    let rows = rows_of(&page);
    let plain = |row: &str, order: &str| row.replace(order, "X").replacen(|c: char| c.is_ascii_digit(), "", 1);
    assert_eq!(plain(&rows[0], &number(1)), plain(&rows[1], "SKLA20991104193200042"));
    let path = page.attribute("form[action$=discarding]", "action").expect("a button");
    let stranger = world.person("stranger", Role::Admin, Some(&other)).await;
    stranger.get(path.trim_end_matches("/discarding")).await.expect_status(404);
    stranger.post(&path, &[]).await.expect_status(404);
}
