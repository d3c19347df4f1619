//! The airlines' money: every cent of a file is matched, open or rejected; a match credits once; an undo is a reversal.

use afterfare::kernel::actor::Role;
use futures_util::future::join_all;

use crate::batches::workbook;
use crate::on_both;
use crate::world::{PDF, Page, Person, World, number_in, order, raw};

mod sums;

on_both! {
    a_file_is_read_matched_and_credited
    the_same_file_or_the_same_lines_again_change_nothing
    a_near_amount_with_the_name_is_suggested_and_a_ticket_is_exact
    money_that_cannot_be_read_is_never_left_out
    one_line_pays_two_refunds_and_two_lines_one
    a_line_pays_a_refund_in_two_parts
    short_over_and_unknown_lines_each_have_a_place
    a_refund_s_own_number_counts_before_a_pnr
    two_lines_at_once_for_one_refund_never_lose_a_cent
    an_undone_match_is_reversed_and_can_be_made_anew
    a_card_is_never_credited
    a_line_is_rejected_and_opened_again
    a_match_pressed_many_times_credits_once
    two_thousand_credits_sent_three_times_are_two_thousand
    overdue_airlines_are_listed_with_their_totals
}

pub fn number(n: usize) -> String {
    format!("SKLA202611041932{n:05}")
}

/// A supervisor, the agency's Admin, and refunds that wait for the airline: their numbers.
pub async fn waiting(world: &World, count: usize) -> (Person, Person, Vec<String>) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let mut numbers = Vec::new();
    for n in 1..=count {
        let order_no = world.booked(&agency, &number(n)).await;
        let refund = lan.refund(&order_no, "voluntary").await;
        let reference = format!("LJ-REF-{n}");
        sam.work(&refund, "submission", &[("reference", &reference)]).await.expect_status(303);
        numbers.push(refund);
    }
    (sam, lan, numbers)
}

/// Uploads a payment file; the address of its draft.
async fn draft(sam: &Person, name: &str, bytes: &[u8]) -> String {
    sam.upload_sheet("/finance/remittances", &[("source", "Jin Air")], (name, bytes), &[]).await.expect_status(303).location
}

/// Uploads a payment file and imports it as its columns are guessed; where it led to.
pub async fn imported(sam: &Person, name: &str, bytes: &[u8]) -> String {
    let draft = draft(sam, name, bytes).await;
    if draft.contains("done=") {
        return draft;
    }
    let page = sam.get(&draft).await.expect_status(200);
    let fields = columns(&page);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sam.post(&draft, &[&fields[..], &[("go", "import"), ("leave_out", "1")]].concat()).await.expect_status(303).location
}

/// As [`imported`], from a server that may die meanwhile: where it led to, or nothing when it was not acknowledged.
pub async fn try_imported(sam: &Person, bytes: &[u8]) -> Option<String> {
    let draft = sam.try_upload_sheet("/finance/remittances", &[("source", "Jin Air")], ("a.csv", bytes)).await?;
    if draft.contains("done=") {
        return Some(plain(&draft));
    }
    let fields = [("amount", "Amount"), ("currency", "Currency"), ("paid_on", "Date"), ("order_no", "Order number"), ("go", "import")];
    sam.try_post(&draft, &fields).await.map(|location| plain(&location))
}

/// The columns as the page offers them.
fn columns(page: &Page) -> Vec<(String, String)> {
    let fields = ["amount", "currency", "paid_on", "reference", "refund_no", "order_no", "pnr", "ticket", "passenger"];
    let chosen = |name: &str| page.attribute(&format!("select[name={name}] option[selected]"), "value").unwrap_or_default();
    let mut all: Vec<(String, String)> = fields.iter().map(|name| ((*name).to_owned(), chosen(name))).collect();
    all.push(("fixed_currency".to_owned(), page.attribute("#fixed_currency", "value").unwrap_or_default()));
    all
}

pub fn plain(location: &str) -> String {
    location.split('?').next().unwrap_or_default().to_owned()
}

/// Matches a line with shares: refund, amount, reason of a difference, whether more is to come.
pub async fn take(sam: &Person, line: &str, shares: &[(&str, &str, &str, bool)]) -> Page {
    let page = sam.get(line).await.expect_status(200);
    let version =
        page.attribute("form[action$=matches] input[name=version], form[action$=owner] input[name=version]", "value").expect("a form");
    let once = afterfare::kernel::id::new_token();
    let mut fields = vec![("version", version.as_str()), ("once", once.as_str())];
    for (refund, amount, difference, more) in shares {
        fields.extend([("refund", *refund), ("amount", *amount), ("difference", *difference)]);
        if *more {
            fields.push(("more", refund));
        }
    }
    sam.post(&format!("{line}/matches"), &fields).await
}

/// Presses the undo button beside a refund's match of a line, as often as is said; or nothing where there is none.
pub async fn undo(sam: &Person, line: &str, refund: &str, times: usize) -> Option<Page> {
    let page = sam.get(line).await;
    let html = scraper::Html::parse_document(&page.text());
    let rows = scraper::Selector::parse("tr").expect("a selector");
    let input = scraper::Selector::parse("input[name=allocation]").expect("a selector");
    let row = html.select(&rows).find(|row| row.text().any(|text| text == refund) && row.select(&input).next().is_some())?;
    let allocation = row.select(&input).next().and_then(|input| input.value().attr("value")).expect("an id").to_owned();
    let mut answer = None;
    for _ in 0..times {
        answer = Some(sam.post(&format!("{line}/undoing"), &[("allocation", &allocation)]).await);
    }
    answer
}

pub async fn deposit(world: &World) -> i64 {
    world.count("SELECT CAST(COALESCE(SUM(balance_minor), 0) AS BIGINT) FROM accounts WHERE kind = 'deposit'").await
}

async fn a_file_is_read_matched_and_credited(world: World) {
    let (sam, lan, refunds) = waiting(&world, 3).await;
    let file = workbook(&[
        &["Payment date", "Airline reference", "PNR", "Passenger name", "Amount", "Currency"],
        &["2026-11-19", "LJ-REF-1", "", "", "74.99", "USD"],
        &["2026-11-19", "", "P00002", "", "74.99", "USD"],
        &["2026-11-19", "", "", "SAN ZHANG", "74.99", "USD"],
        &["2026-11-19", "", "", "", "12.34", "USD"],
        &["", "Total", "", "", "", ""],
    ]);
    let draft = draft(&sam, "lj.xlsx", &file).await;
    let page = sam.get(&draft).await.expect("First lines as they are read").expect("1 line cannot be read").expect("USD 237.31");
    let fields = columns(&page);
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("go", "import"));
    sam.post(&draft, &fields).await.expect_status(200).expect("say that it holds no money");
    fields.push(("leave_out", "1"));
    let remittance = plain(&sam.post(&draft, &fields).await.expect_status(303).location);
    let page = sam.get(&remittance).await.expect("USD 237.31 USD 0.00 USD 237.31 USD 0.00").expect("Post 2 exact matches");
    assert_eq!(deposit(&world).await, 0, "nothing is credited before somebody says so");
    assert!(page.select("table tbody tr").iter().any(|row| row.contains("Suggested") && row.contains("ZHANG")), "{}", page.words());
    sam.post(&format!("{remittance}/posting"), &[]).await.expect_status(303);
    world.work_all().await;
    sam.get(&remittance).await.expect("USD 237.31 USD 149.98 USD 87.33 USD 0.00");
    let list = sam.get("/finance/remittances.csv").await.expect_status(200).text();
    assert!(list.lines().count() == 2 && list.contains("lj.xlsx,USD,237.31,149.98,87.33,0.00"), "{list}");
    assert!(sam.get("/finance/remittances.xlsx").await.expect_status(200).body.starts_with(b"PK"));
    assert_eq!(deposit(&world).await, 2 * (7499 - 200));
    for refund in &refunds[..2] {
        lan.get(&format!("/refunds/{refund}")).await.expect("Refunded").expect("USD 72.99");
    }
    assert_eq!(world.verify().await, Vec::<String>::new());
    // The suggested one says why, and is matched by hand.
    let line = format!("{remittance}/lines/3");
    sam.get(&line).await.expect("The passenger's name, SAN ZHANG").expect("The same amount, 74.99");
    take(&sam, &line, &[(&refunds[2], "74.99", "", false)]).await.expect_status(303);
    sam.get(&line).await.expect("Credited");
    assert_eq!(deposit(&world).await, 3 * (7499 - 200));
    let file = sam.get(&format!("{remittance}/lines.csv?view=matched")).await.expect_status(200).text();
    assert_eq!(file.lines().count(), 4, "{file}");
    assert!(file.contains(&format!(",{},", refunds[2])) && file.contains("2026-11-19 · SAN ZHANG · 74.99 · USD"), "{file}");
    sam.get("/finance/unmatched").await.expect("USD 12.34");
    let number = remittance.rsplit('/').next().unwrap_or_default();
    sam.get("/finance/unmatched.csv").await.expect_status(200).expect(&format!("{number},5,2026-11-19,USD,12.34"));
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn the_same_file_or_the_same_lines_again_change_nothing(world: World) {
    let (sam, _, _) = waiting(&world, 1).await;
    let csv = b"Reference,Amount,Currency,Date\nLJ-REF-1,74.99,USD,2026-11-19\n";
    let first = plain(&imported(&sam, "a.csv", csv).await);
    sam.post(&format!("{first}/posting"), &[]).await.expect_status(303);
    world.work_all().await;
    let again = sam.upload_sheet("/finance/remittances", &[("source", "Jin Air")], ("b.csv", csv), &[]).await.expect_status(303).location;
    assert_eq!(again, format!("{first}?done=remittance-there"));
    sam.get(&again).await.expect("This file was imported before");
    // The same lines in another form.
    let sheet = workbook(&[&["Reference", "Amount", "Currency", "Date"], &["LJ-REF-1", "74.99", "USD", "2026-11-19"]]);
    let draft = draft(&sam, "c.xlsx", &sheet).await;
    let fields = columns(&sam.get(&draft).await);
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("go", "import"));
    let number = first.rsplit('/').next().unwrap_or_default();
    sam.post(&draft, &fields).await.expect_status(200).expect(&format!("Another file, {number}, has the very same lines"));
    assert_eq!(world.count("SELECT COUNT(*) FROM remittances").await, 1);
    assert_eq!(deposit(&world).await, 7499 - 200);
    // A bank may pay the same twice: whoever says so imports it, once.
    fields.push(("other_payments", "1"));
    let second = sam.post(&draft, &fields).await.expect_status(303).location;
    assert_eq!(sam.post(&draft, &fields).await.expect_status(303).location, second, "the same press again");
    sam.get(&second).await.expect("USD 74.99 USD 0.00 USD 74.99 USD 0.00");
    assert_eq!(world.count("SELECT COUNT(*) FROM remittances").await, 2);
    // The source remembers its columns.
    assert_eq!(world.count("SELECT COUNT(*) FROM remittance_sources").await, 1);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_near_amount_with_the_name_is_suggested_and_a_ticket_is_exact(world: World) {
    let (sam, _, refunds) = waiting(&world, 1).await;
    let ticket: String = {
        let mut conn = world.app.db.read().await.expect("a connection");
        let query = "SELECT MIN(k.value) FROM booking_keys k JOIN refunds r ON r.order_id = k.order_id WHERE k.kind = 'ticket'";
        sqlx::query_as::<_, (String,)>(query).fetch_one(&mut *conn).await.expect("a ticket").0
    };
    sam.work(&refunds[0], "confirmation", &[("amount", "74.99"), ("expected_on", "2026-11-22")]).await.expect_status(303);
    let csv = format!(
        "Ticket,Passenger,Amount,Currency,Date\n,SAN ZHANG,72.00,USD,2026-11-19\n,ZHANG SAN,78.00,USD,2026-11-19\n\
         ,SAN ZHANG,60.00,USD,2026-11-19\n,LI SI,74.99,USD,2026-11-19\n{ticket},,74.99,USD,2026-11-19\n"
    );
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    let page = sam.get(&remittance).await.expect("2 Suggested").expect("1 Exact").expect("2 Unknown");
    let rows: Vec<String> = page.select("table tbody tr").into_iter().filter(|row| row.contains("Suggested")).collect();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.contains(&refunds[0])), "{rows:?}");
    let line = sam.get(&format!("{remittance}/lines/1")).await;
    line.expect("A near amount, 74.99").expect("The passenger's name, SAN ZHANG").expect("Expected about this day, 2026-11-22");
    sam.post(&format!("{remittance}/posting"), &[]).await.expect_status(303);
    world.work_all().await;
    assert_eq!(deposit(&world).await, 7299, "by its ticket and its amount");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn money_that_cannot_be_read_is_never_left_out(world: World) {
    let (sam, _, _) = waiting(&world, 1).await;
    let csv = "Reference,Amount,Currency,Date\nLJ-REF-1,74.99,USD,19/11/2026\nLJ-REF-2,12.0O,USD,\nTotal,,,\n";
    let draft_of = async |csv: &str| {
        let draft = draft(&sam, "a.csv", csv.as_bytes()).await;
        let fields = columns(&sam.get(&draft).await.expect("3 lines cannot be read"));
        (draft, [fields, vec![("go".to_owned(), "import".to_owned()), ("leave_out".to_owned(), "1".to_owned())]].concat())
    };
    let press = async |(draft, fields): &(String, Vec<(String, String)>), more: &[(&str, &str)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        sam.post(draft, &[&fields[..], more].concat()).await
    };
    let form = draft_of(csv).await;
    press(&form, &[]).await.expect_status(200).expect("2 lines may hold money that cannot be read");
    press(&form, &[("dates", "day-first")]).await.expect_status(200).expect("1 line may hold money that cannot be read");
    assert_eq!(world.count("SELECT COUNT(*) FROM remittances").await, 0);
    // Corrected in the file, and the dates said: only the line without any figure is left out.
    let form = draft_of(&csv.replace("12.0O", "12.00").replace("USD,\nTotal", "USD,20/11/2026\nTotal")).await;
    let remittance = press(&form, &[("dates", "day-first")]).await.expect_status(303).location;
    sam.get(&remittance).await.expect("USD 86.99 USD 0.00 USD 86.99 USD 0.00").expect("2026-11-19").expect("2026-11-20");
    // The source remembers how its dates are written.
    let page = sam.get(&draft(&sam, "b.csv", b"Reference,Amount,Currency,Date\nX,1.00,USD,03/11/2026\n").await).await;
    assert_eq!(page.attribute("#dates option[selected]", "value").as_deref(), Some("day-first"));
    page.expect("2026-11-03");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn one_line_pays_two_refunds_and_two_lines_one(world: World) {
    let (sam, _, refunds) = waiting(&world, 3).await;
    let csv = "Reference,Amount,Currency,Date\nBULK,149.98,USD,2026-11-19\nPART-1,50.00,USD,2026-11-19\nPART-2,24.99,USD,2026-11-20\n";
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    let line = format!("{remittance}/lines/1");
    sam.get(&format!("{line}?find={}", refunds[0])).await.expect("Found by");
    take(&sam, &line, &[(&refunds[0], "74.99", "", false), (&refunds[1], "74.99", "", false)]).await.expect_status(303);
    assert_eq!(deposit(&world).await, 2 * (7499 - 200));
    take(&sam, &format!("{remittance}/lines/2"), &[(&refunds[2], "50.00", "", true)]).await.expect_status(303);
    assert_eq!(deposit(&world).await, 2 * (7499 - 200), "held, not credited");
    let page = sam.get("/finance/unmatched").await.expect("Refunds whose money is not complete").expect(&refunds[2]).expect("USD 50.00");
    page.expect("the newest first: Atlas Initiated · Agency & Passenger Initiated");
    let held = sam.get("/finance/refunds?standing=held").await.expect_status(200);
    assert_eq!(held.attributes("tbody a[href^='/refunds/']", "href"), [format!("/refunds/{}", refunds[2])], "exactly what is held");
    sam.get(&format!("{remittance}/lines/2")).await.expect(&format!("USD 50.00 matched with {}", refunds[2]));
    // Beside what is held the desk cannot take the same money by hand, nor close the refund.
    sam.work(&refunds[2], "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let by_hand = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    sam.work(&refunds[2], "receipt", &by_hand).await.expect_status(409);
    sam.work(&refunds[2], "refusal", &[("code", "1")]).await.expect_status(409);
    assert_eq!(world.verify().await, Vec::<String>::new());
    sam.get(&format!("{remittance}/lines/3?find={}", refunds[2])).await.expect("held: USD 50.00");
    take(&sam, &format!("{remittance}/lines/3"), &[(&refunds[2], "24.99", "", false)]).await.expect_status(303);
    assert_eq!(deposit(&world).await, 3 * (7499 - 200));
    sam.get(&remittance).await.expect("USD 224.97 USD 224.97 USD 0.00 USD 0.00");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn short_over_and_unknown_lines_each_have_a_place(world: World) {
    let (sam, lan, refunds) = waiting(&world, 3).await;
    let csv = "Reference,Amount,Currency,Date\nLJ-REF-1,60.00,USD,2026-11-19\nLJ-REF-2,100.00,USD,2026-11-19\nNOBODY,1.00,USD,2026-11-19\nLJ-REF-3,-5.00,USD,2026-11-19\n";
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    for (view, count) in [("short-paid", 1), ("over-paid", 1), ("unknown", 1), ("rejected", 1), ("exact", 0)] {
        let page = sam.get(&format!("{remittance}?view={view}")).await;
        let rows = page.select("section.card:last-of-type table tbody tr");
        assert_eq!(rows.iter().filter(|row| row.contains("sam")).count(), count, "{view}: {rows:?}");
    }
    // Short: somebody must say why.
    let line = format!("{remittance}/lines/1");
    take(&sam, &line, &[(&refunds[0], "60.00", "", false)]).await.expect_status(422).expect("USD 60.00 came, USD 74.99 was estimated");
    take(&sam, &line, &[(&refunds[0], "60.00", "higher-penalty", false)]).await.expect_status(303);
    lan.get(&format!("/refunds/{}", refunds[0])).await.expect("USD 58.00").expect("kept a higher penalty");
    // Over: what the refund does not take stays open, and is rejected in its turn.
    let line = format!("{remittance}/lines/2");
    take(&sam, &line, &[(&refunds[1], "120.00", "", false)]).await.expect_status(422).expect("more than is open");
    take(&sam, &line, &[(&refunds[1], "74.99", "", false)]).await.expect_status(303);
    sam.get(&line).await.expect("USD 25.01");
    sam.get(&remittance).await.expect("USD 156.00 USD 134.99 USD 26.01 USD −5.00");
    let unmatched = sam.get("/finance/unmatched").await.expect("USD 26.01");
    assert_eq!(unmatched.select("table.lines tbody tr").len(), 2);
    sam.get("/finance/unmatched?owner=mine").await.expect("USD 26.01");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn an_undone_match_is_reversed_and_can_be_made_anew(world: World) {
    let (sam, lan, refunds) = waiting(&world, 2).await;
    let csv = "Reference,Amount,Currency,Date\nLJ-REF-1,74.99,USD,2026-11-19\n";
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    let line = format!("{remittance}/lines/1");
    for round in 0..2 {
        take(&sam, &line, &[(&refunds[0], "74.99", "", false)]).await.expect_status(303);
        assert_eq!(deposit(&world).await, 7299);
        undo(&sam, &line, &refunds[0], 2).await.expect("a button").expect_status(303);
        assert_eq!(deposit(&world).await, 0, "round {round}");
        sam.get(&remittance).await.expect("USD 74.99 USD 0.00 USD 74.99 USD 0.00");
        assert_eq!(world.verify().await, Vec::<String>::new());
    }
    // Nobody but the money had said that the airline pays: that is undone with it.
    lan.get(&format!("/refunds/{}", refunds[0])).await.expect("Airline Processing").expect("taken back by a reversal");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'reversal'").await, 2 * 4);
    // The money was the other refund's; the first gets its own by hand.
    take(&sam, &line, &[(&refunds[1], "74.99", "", false)]).await.expect_status(303);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    sam.work(&refunds[0], "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    sam.work(&refunds[0], "receipt", &money).await.expect_status(303);
    sam.work(&refunds[0], "credit", &[]).await.expect_status(303);
    assert_eq!(deposit(&world).await, 2 * 7299);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_card_is_never_credited(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (lan, sam) = (world.person("lan", Role::Admin, Some(&agency)).await, world.person("sam", Role::Supervisor, None).await);
    let (text, order_no) = order(&number(1)).with(|order| order["paymentMethod"] = raw("3")).finish();
    world.import(&agency, &text).await;
    let quote = lan.quote(&order_no, "voluntary").await;
    let (quote, once) = lan.button(&quote).await;
    let refund = number_in(&lan.post(&format!("/bookings/{order_no}/refunds"), &[("quote", &quote), ("once", &once)]).await.location);
    sam.work(&refund, "submission", &[("reference", "CARD-1")]).await.expect_status(303);
    let csv = "Reference,Amount,Currency,Date\nCARD-1,74.99,USD,2026-11-19\n";
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    sam.get(&remittance).await.expect("Paid to a card");
    take(&sam, &format!("{remittance}/lines/1"), &[(&refund, "74.99", "", false)])
        .await
        .expect_status(422)
        .expect("never credited to a deposit");
    assert_eq!(world.count("SELECT COUNT(*) FROM allocations").await, 0);
    let forced = "INSERT INTO allocations (id, remittance_id, line_id, refund_id, refund_channel, amount_minor, state, created_by_name, created_at) \
                  SELECT 'x', l.remittance_id, l.id, r.id, 'deposit', 1, 'held', 'x', 'x' FROM remittance_lines l, refunds r";
    let refused = world.app.db.write(move |conn| Box::pin(async move { sqlx::query(forced).execute(conn).await.map(|_| ()) })).await;
    assert!(refused.is_err_and(|error: sqlx::Error| error.as_database_error().is_some()), "the database itself refuses it");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_line_is_rejected_and_opened_again(world: World) {
    let (sam, _, _) = waiting(&world, 1).await;
    let fin = world.person("fin", Role::OperatorFinance, None).await;
    let csv = "Reference,Amount,Currency,Date\nLJ-REF-1,74.99,USD,2026-11-19\n";
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    let line = format!("{remittance}/lines/1");
    let version = |page: &Page| page.attribute("input[name=version]", "value").expect("a form");
    let page = sam.get(&line).await;
    let team = page.attribute("#owner option:not([selected])", "value").expect("somebody else");
    // The same press again changes nothing, and says the same.
    for _ in 0..2 {
        sam.post(&format!("{line}/owner"), &[("version", &version(&page)), ("once", "o"), ("owner", &team)]).await.expect_status(303);
    }
    fin.get("/finance/unmatched?owner=mine").await.expect("USD 74.99");
    let old = version(&page);
    sam.post(&format!("{line}/rejection"), &[("version", &old), ("once", "late"), ("rejection", "returned")])
        .await
        .expect_status(409)
        .expect("changed this line");
    for round in ["1", "2"] {
        let now = version(&sam.get(&line).await);
        let reject = [("version", now.as_str()), ("once", &format!("reject-{round}")), ("rejection", "returned")];
        let pressed =
            futures_util::future::join_all((0..8).map(|_| async { sam.post(&format!("{line}/rejection"), &reject).await.status }));
        assert_eq!(pressed.await, [303; 8]);
        sam.get(&remittance).await.expect("USD 74.99 USD 0.00 USD 0.00 USD 74.99").expect("Returned to the sender");
        assert_eq!(world.verify().await, Vec::<String>::new());
        let now = version(&sam.get(&line).await);
        for _ in 0..2 {
            let reopen = [("version", now.as_str()), ("once", &format!("reopen-{round}"))];
            sam.post(&format!("{line}/reopening"), &reopen).await.expect_status(303);
        }
        sam.get(&remittance).await.expect("USD 74.99 USD 0.00 USD 74.99 USD 0.00");
        assert_eq!(world.verify().await, Vec::<String>::new());
    }
}

async fn a_match_pressed_many_times_credits_once(world: World) {
    let (sam, _, refunds) = waiting(&world, 1).await;
    let csv = "Reference,Amount,Currency,Date\nLJ-REF-1,74.99,USD,2026-11-19\nLJ-REF-1,74.99,USD,2026-11-18\n";
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    let mut presses = Vec::new();
    for line in 1..=2 {
        for copy in 0..16 {
            // Half of them are the same form again, the others were filled in beside it.
            let once = if copy % 2 == 0 { format!("key-{line}") } else { afterfare::kernel::id::new_token() };
            let (sam, path, refund) = (sam.clone(), format!("{remittance}/lines/{line}/matches"), refunds[0].clone());
            presses.push(async move {
                sam.post(&path, &[("version", "1"), ("once", &once), ("refund", &refund), ("amount", "74.99"), ("difference", "")])
                    .await
                    .status
            });
        }
    }
    let statuses = join_all(presses).await;
    assert!(statuses.iter().all(|status| [303, 409, 422].contains(status)), "{statuses:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, 1);
    assert_eq!(deposit(&world).await, 7299);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn overdue_airlines_are_listed_with_their_totals(world: World) {
    let (sam, _, refunds) = waiting(&world, 2).await;
    sam.work(&refunds[0], "confirmation", &[("amount", "74.99"), ("expected_on", "2026-11-25")]).await.expect_status(303);
    sam.get("/finance/overdue").await.expect("No airline is late");
    world.later(60 * 24 * 6);
    let sam = world.back("sam").await;
    let page = sam.get("/finance/overdue").await.expect("1 refund USD 74.99").expect("LJ Refund 1 USD 74.99 2026-11-25");
    let list = sam.get(&page.attribute("a[href*='overdue=1']", "href").expect("a link")).await;
    assert!(list.words().contains(&refunds[0]) && !list.words().contains(&refunds[1]), "{}", list.words());
    // A claim whose money has not come by the day it names is late, too, and has a list of its own.
    let order_no = world.booked_more("SKLA20261104193219999").await;
    let lan = world.back("lan").await;
    let claim = [("passenger", "1"), ("segment", "1"), ("reason", "voluntary"), ("fulfilled_on", "2026-11-18"), ("once", "c")];
    lan.upload(&format!("/bookings/{order_no}/claims"), &claim, &[("proof.pdf", PDF)]).await.expect_status(303);
    let page = sam.get("/finance/overdue").await.expect("2 refunds USD 149.98");
    let links: Vec<String> = page.attributes("table a[href*='overdue=1']", "href");
    assert_eq!(links.len(), 2, "{links:?}");
    for link in links {
        assert_eq!(sam.get(&link).await.select("table.lines tbody tr").len(), 1, "{link}");
    }
    world.later(60 * 24 * 15 + 1);
    let sam = world.back("sam").await;
    sam.get("/finance/overdue").await.expect("LJ Refund 2 USD 149.98");
    sam.get("/finance/overdue.csv").await.expect_status(200).expect("LJ,Refund,2,USD,149.98,0,");
    assert!(sam.get("/finance/overdue.xlsx").await.expect_status(200).body.starts_with(b"PK"));
}

async fn two_thousand_credits_sent_three_times_are_two_thousand(world: World) {
    const REFUNDS: usize = 2000;
    const CLIENTS: usize = 64;
    let agency = world.agency("SUNRIVER").await;
    let (lan, sam) = (world.person("lan", Role::Admin, Some(&agency)).await, world.person("sam", Role::Supervisor, None).await);
    let orders: Vec<String> = (0..REFUNDS).map(number).collect();
    for some in orders.chunks(500) {
        let texts: Vec<String> = some.iter().map(|number| order(number).finish().0).collect();
        let (_, faults) = world.import(&agency, &texts.join("\n")).await;
        assert!(faults.is_empty(), "{faults:?}");
    }
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    // Claims from a file, and the airline's money for each.
    let page = crate::batches::checked(&world, &lan, "a.csv", format!("order_no\n{}\n", orders.join("\n")).as_bytes(), &[]).await;
    let path = page.attribute("form[action$=confirmation]", "action").expect("a button");
    lan.post(&path, &[]).await.expect_status(303);
    world.work_all().await;
    let lines: Vec<String> = orders.iter().map(|number| format!("{number},74.99,USD,2026-11-19")).collect();
    let csv = format!("Order number,Amount,Currency,Date\n{}\n", lines.join("\n"));
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    let numbers: Vec<(String,)> = {
        let mut conn = world.app.db.read().await.expect("a connection");
        sqlx::query_as("SELECT number FROM refunds ORDER BY order_no").fetch_all(&mut *conn).await.expect("numbers")
    };
    let clients = (0..CLIENTS).map(|client| {
        let (sam, remittance, numbers) = (sam.clone(), remittance.clone(), &numbers);
        async move {
            let mut taken = 0;
            // Each credit is sent by three clients, by each with the key of the same form.
            for nth in (0..REFUNDS * 3).skip(client).step_by(CLIENTS) {
                // Neighbours send the same, at the same time.
                let line = nth / 3;
                let (path, once) = (format!("{remittance}/lines/{}/matches", line + 1), format!("key-{line}"));
                let fields =
                    [("version", "1"), ("once", once.as_str()), ("refund", &numbers[line].0), ("amount", "74.99"), ("difference", "")];
                let answer = sam.post(&path, &fields).await;
                assert!([303, 409].contains(&answer.status), "{}", answer.words());
                taken += i64::from(answer.status == 303);
            }
            taken
        }
    });
    let taken: i64 = join_all(clients).await.into_iter().sum();
    assert!(taken >= i64::try_from(REFUNDS).expect("few"), "{taken}");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await, i64::try_from(REFUNDS).expect("few"));
    assert_eq!(deposit(&world).await, 7299 * i64::try_from(REFUNDS).expect("few"));
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_refund_s_own_number_counts_before_a_pnr(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (lan, sam) = (world.person("lan", Role::Admin, Some(&agency)).await, world.person("sam", Role::Supervisor, None).await);
    let mut refunds = Vec::new();
    for (n, fare) in [(1, "118.40"), (2, "108.40")] {
        let (text, order_no) = order(&number(n))
            .with(|order| {
                order["routing"]["adultPrice"] = raw(fare);
                order["airlineBookings"][0]["airlinePnr"] = "SAMEPN".into();
            })
            .finish();
        world.import(&agency, &text).await;
        world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
        refunds.push(lan.refund(&order_no, "voluntary").await);
        sam.work(refunds.last().expect("one"), "submission", &[("reference", "lj case 7")]).await.expect_status(303);
    }
    // The first is paid short, by exactly what the second expects: it is not the second's money.
    let csv = format!("Refund ID,PNR,Amount,Currency\n{},SAMEPN,64.99,USD\n,SAMEPN,74.99,USD\n209911-0001,SAMEPN,64.99,USD\n", refunds[0]);
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    let rows = sam.get(&remittance).await.select("section.card:last-of-type tbody tr");
    assert!(rows[0].contains("Short-paid") && rows[0].contains(&refunds[0]) && !rows[0].contains(&refunds[1]), "{rows:?}");
    assert!(rows[1].contains("Exact") && rows[1].contains(&refunds[0]), "{rows:?}");
    assert!(rows[2].contains("Suggested"), "a number that is not found makes a guess of everything else: {rows:?}");
    // The airline's reference is found however it was typed.
    let csv = "Reference,Amount,Currency\nLJ-CASE 7,1.00,USD\nLJCASE7,2.00,USD\n";
    let remittance = plain(&imported(&sam, "b.csv", csv.as_bytes()).await);
    let rows = sam.get(&remittance).await.select("section.card:last-of-type tbody tr");
    assert!(rows[0].contains("Unknown") && rows[1].contains(&refunds[0]), "{rows:?}");
}

async fn a_line_pays_a_refund_in_two_parts(world: World) {
    let (sam, _, refunds) = waiting(&world, 1).await;
    let remittance = plain(&imported(&sam, "a.csv", b"Reference,Amount,Currency\nPARTS,74.99,USD\n").await);
    let line = format!("{remittance}/lines/1");
    take(&sam, &line, &[(&refunds[0], "30.00", "", true)]).await.expect_status(303);
    take(&sam, &line, &[(&refunds[0], "44.99", "", false)]).await.expect_status(303);
    assert_eq!(deposit(&world).await, 7299);
    undo(&sam, &line, &refunds[0], 1).await.expect("one allocation of both parts").expect_status(303);
    assert_eq!(deposit(&world).await, 0);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn two_lines_at_once_for_one_refund_never_lose_a_cent(world: World) {
    const TRIES: usize = 8;
    let (sam, _, refunds) = waiting(&world, TRIES).await;
    let mut csv = String::from("Reference,Amount,Currency\n");
    for n in 1..=TRIES {
        csv.extend([format!("PART-A-{n},50.00,USD\n"), format!("PART-B-{n},24.99,USD\n")]);
    }
    let remittance = plain(&imported(&sam, "a.csv", csv.as_bytes()).await);
    for (n, refund) in refunds.iter().enumerate() {
        let (first, second) = (format!("{remittance}/lines/{}", 2 * n + 1), format!("{remittance}/lines/{}", 2 * n + 2));
        let (part, rest) = ([(refund.as_str(), "50.00", "", true)], [(refund.as_str(), "24.99", "higher-penalty", false)]);
        let (held, settled) = futures_util::future::join(take(&sam, &first, &part), take(&sam, &second, &rest)).await;
        assert!([303, 409, 422].contains(&held.status) && [303, 409].contains(&settled.status), "{} {}", held.status, settled.status);
        assert_eq!(world.verify().await, Vec::<String>::new(), "hold {} settle {}", held.status, settled.status);
    }
}
