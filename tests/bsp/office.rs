//! What an office does with its forms: a second person, the airline, reports, files, signs.

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use serde_json::{Value, json};

use super::{TICKET, cast, figure, set, take_in, ticket, with};
use crate::on_both;
use crate::world::World;

on_both! {
    a_second_person_releases
    an_airline_is_asked_first
    reports_are_the_sum_of_their_forms
    a_file_of_tickets_becomes_forms
    a_sign_is_one_person_s
}

async fn a_second_person_releases(world: World) {
    let (ben, _) = cast(&world, &[ticket(TICKET)]).await;
    let lan = world.back("lan").await;
    lan.post("/bsp/offices/SHA999/four-eyes", &[("four_eyes", "1")]).await.expect_status(303);
    let form = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&form, &[]).await.expect_status(303);
    let page = ben.get(&form).await.expect("Awaiting release").expect("REFUNDED");
    let version = page.attribute("form[action$=deletion] input[name=version]", "value").expect("a version");
    ben.post(&format!("{form}/release"), &[("version", &version)]).await.expect_status(403);
    ben.get("/bsp/reports").await.expect("Nothing was sold or refunded");
    lan.post(&format!("{form}/release"), &[("version", "1")]).await.expect_status(409);
    lan.post(&format!("{form}/release"), &[("version", &version)]).await.expect_status(303);
    lan.get(&form).await.expect("Released").expect("Saved");
    ben.get("/bsp/reports").await.expect("ET-REFUND");
    // An Admin's own form waits for another Admin, and who sits there cannot do away with that.
    take_in(&world, &ticket("784-5805431600").to_string()).await;
    let page = lan.get("/bsp/offices").await;
    let place = page.select("select[name=user] option").iter().position(|name| name == "lan").expect("the Admin");
    let user = page.attribute(&format!("select[name=user] option:nth-child({})", place + 1), "value").expect("an id");
    lan.post("/bsp/offices/SHA999/agents", &[("user", &user), ("agent", "10")]).await.expect_status(303);
    let own = lan.form("TRFD:L/784-5805431600/AM/1/D").await;
    lan.transmit(&own, &[]).await.expect_status(303);
    lan.post(&format!("{own}/release"), &[("version", "2")]).await.expect_status(422).expect("You transmitted this form yourself");
    let off = [("four_eyes", "0")];
    lan.post("/bsp/offices/SHA999/four-eyes", &off).await.expect_status(422).expect("You transmit forms in this office yourself");
    let agency = world.sunriver().await;
    let eve = world.person("eve", Role::Admin, Some(&agency)).await;
    eve.post("/bsp/offices/SHA999/four-eyes", &off).await.expect_status(303);
    lan.transmit(&own, &[("deduction", "5.00")]).await.expect_status(303);
    lan.get(&own).await.expect("Awaiting release");
    eve.post(&format!("{own}/release"), &[("version", "3")]).await.expect_status(303);
    eve.get(&own).await.expect("Saved");
}

async fn an_airline_is_asked_first(world: World) {
    let (ben, _) = cast(&world, &[ticket(TICKET)]).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let form = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&form, &[("go", "application"), ("waiver", "MED77")]).await.expect_status(303);
    ben.get(&form).await.expect("Pending").expect("The airline is to answer by").expect("REFUNDED");
    let desk = wei.get("/desk/bsp").await.expect("784-5805431488").expect("2026-12-20");
    assert_eq!(desk.select("tbody tr").len(), 1);
    let file = wei.get("/desk/bsp.csv").await.expect_status(200).text();
    assert!(file.lines().count() == 2 && file.contains("784-5805431488") && file.contains("2026-12-20"), "{file}");
    assert!(wei.get("/desk/bsp.xlsx").await.expect_status(200).body.starts_with(b"PK"));
    let answer = |said: &'static str, version: &'static str, remark: &'static str| {
        let (wei, form) = (&wei, &form);
        async move { wei.post(&format!("{form}/answers/{said}"), &[("version", version), ("remark", remark)]).await }
    };
    answer("investigates", "2", "").await.expect_status(303);
    ben.get("/notices").await.expect("The airline investigates refund application 000000001");
    answer("rejects", "3", "").await.expect_status(422).expect("Say what the airline wrote");
    answer("rejects", "2", "No").await.expect_status(409);
    answer("rejects", "3", "Coupon flown").await.expect_status(303);
    ben.get(&form).await.expect("Rejected").expect("Coupon flown").expect("OPEN FOR USE");
    ben.get("/notices").await.expect("its coupons are open again").expect("Coupon flown");
    let again = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&again, &[("go", "application")]).await.expect_status(303);
    wei.post(&format!("{again}/answers/authorizes"), &[("version", "2"), ("remark", "OK 4711")]).await.expect_status(303);
    ben.get(&again).await.expect("Saved").expect("OK 4711");
    // What the airline agreed to is not changed any more.
    let version = ben.get(&again).await.attribute("form[action$=deletion] input[name=version]", "value").expect("a version");
    let changed = [
        ("version", version.as_str()),
        ("number", TICKET),
        ("coupons", "1000"),
        ("passenger_name", "X"),
        ("gross", "1870.00"),
        ("rate", "0.00"),
        ("seats", "Y"),
    ];
    ben.post(&format!("{again}/transmission"), &changed).await.expect_status(422).expect("The airline was asked about this form as it is");
    wei.get("/desk/bsp").await.expect("No airline owes an answer");
    // An application can be taken back while the airline thinks.
    ben.command("TRFX:1/D/000000002").await.expect_status(303);
    let third = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&third, &[("go", "application")]).await.expect_status(303);
    world.later(60 * 24 * 40);
    world.back("wei").await.get("/desk/bsp").await.expect("784-5805431488").text().contains("tag bad").then_some(()).expect("overdue");
    world.back("ben").await.command("TRFX:1/D/000000003").await.expect_status(303);
}

async fn reports_are_the_sum_of_their_forms(world: World) {
    let day = json!({ "issued_on": "2026-11-20", "commission_rate": "5.00" });
    let mut tickets: Vec<Value> = (0..23).map(|nth| with(&format!("784-{:010}", 7_000_000_000_u64 + nth), day.clone())).collect();
    tickets.push(with(TICKET, json!({ "issued_on": "2026-11-20", "z_value": "4.37", "device": 2 })));
    tickets.push(with("784-5805431600", json!({ "issued_on": "2026-11-20", "sale": "void" })));
    let mut exchanged = set();
    exchanged["issued_on"] = "2026-11-20".into();
    exchanged["sale"] = "exchange".into();
    tickets.push(exchanged);
    let (ben, _) = cast(&world, &tickets).await;
    for (command, changes) in [
        ("TRFD:L/784-5805431488/AM/2/D", &[("deduction", "187.00")][..]),
        ("TRFD:L/784-7000000000/AM/1/D", &[("deduction", "100.00")]),
        ("TRFD:L/784-7000000001/AM/1/D", &[]),
    ] {
        let form = ben.form(command).await;
        ben.transmit(&form, changes).await.expect_status(303);
    }
    let address = ben.command("TSL").await.expect_status(303).location;
    let page = ben.get(&address).await.expect("TSL SHA999 20NOV26").expect("Page 1 of 2").expect("SHA PEK-EX").expect("VOID").expect("C1");
    assert_eq!(page.select("tbody tr").len(), 20);
    // 24 sales of 1870.00 and a set of 5000.00; 5 %, 3 % of what is shown, 2 %.
    assert_eq!(figure(&page, "Normal fare"), "CNY 49,880.00");
    assert_eq!(figure(&page, "Normal commission"), "−CNY 2,306.60");
    assert_eq!(figure(&page, "Due to the carriers"), "CNY 47,573.40");
    // Gross refund = net refund + deduction + refund commission − refund tax.
    let sums = [
        ("Net refund", "net_minor"),
        ("Deduction", "deduction_minor"),
        ("Refund commission", "commission_minor"),
        ("Refund tax", "tax_minor"),
        ("Gross refund", "gross_minor"),
    ];
    for (name, column) in sums {
        let query: &'static str = Box::leak(format!("SELECT CAST(SUM({column}) AS BIGINT) FROM bsp_forms").into_boxed_str());
        let sum = world.count(query).await;
        let shown: String = figure(&page, name).chars().filter(char::is_ascii_digit).collect();
        assert_eq!(shown, sum.to_string(), "{name}");
    }
    let next = ben.command("PN").await.expect_status(303).location;
    ben.get(&next).await.expect("Page 2 of 2").expect("ET-REFUND");
    let second = ben.command("TSL:2").await.expect_status(303).location;
    let page = ben.get(&second).await.expect("3.00%+1C");
    assert_eq!(page.select("tbody tr").len(), 2);
    assert_eq!(ben.command("PN").await.expect_status(303).location.rsplit("page=").next(), Some("2"));
    let file = ben.get(&second.replace("/bsp/reports", "/bsp/reports.csv")).await.expect_status(200).text();
    assert_eq!(file.lines().count(), 3, "{file}");
    let book = ben.get(&second.replace("/bsp/reports", "/bsp/reports.xlsx")).await.expect_status(200);
    assert!(book.body.starts_with(b"PK"));
    // Tomorrow it is a past day's.
    world.later(60 * 24);
    let ben = world.back("ben").await;
    let past = ben.command("TPR:2/20NOV26").await.expect_status(303).location;
    ben.get(&past).await.expect("TPR SHA999 /2 20NOV26").expect("ET-REFUND");
    ben.get("/bsp/reports").await.expect("Nothing was sold or refunded");
}

async fn a_file_of_tickets_becomes_forms(world: World) {
    let (ben, _) = cast(&world, &[with(TICKET, json!({ "z_value": "4.37" })), set()]).await;
    let text = "ticket_number\n784-5805431488\n784-5805431504\n784-5805431505\n784-1\n111-5805431488\n784-0000000000\n";
    let answer = ben.upload_sheet("/bsp/batches", &[("journey", "I")], ("tickets.csv", text.as_bytes()), &[]).await.expect_status(303);
    let page = ben.get(&answer.location).await.expect("TKT# FORMAT ERROR").expect("FILL THE FORM MANUALLY").expect("TKT LOADING FAILED");
    assert_eq!(page.select("tbody tr").len(), 6);
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_forms WHERE status = 'draft' AND journey = 'I'").await, 2, "a set is one form");
    // None is transmitted by itself, and those of a file stand in nobody's way.
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_form_coupons").await, 0);
    ben.form("TRFD:A/1/D").await;
    let form = page.attribute("tbody tr:nth-child(1) td:last-child a", "href").expect("a form");
    ben.transmit(&form, &[]).await.expect_status(303);
    ben.get(&answer.location).await.expect("Saved").expect("CNY 1,902.18").expect("Check");
    let file = ben.get(&format!("{}/evaluation.csv", answer.location)).await.expect_status(200).text();
    assert!(file.contains("784-5805431488,Saved,,000000001,CNY,1902.18") && file.contains("TKT# FORMAT ERROR"), "{file}");
    // A file without a header, or numbers that are pasted; nothing, or too much.
    let answer = ben.upload_sheet("/bsp/batches", &[], ("bare.csv", b"784-5805431504\n784-1\n"), &[]).await.expect_status(303);
    assert_eq!(ben.get(&answer.location).await.select("tbody tr").len(), 2);
    let answer = ben.upload("/bsp/batches", &[("numbers", "784-5805431504, 784-2")], &[]).await.expect_status(303);
    ben.get(&answer.location).await.expect("784-2");
    ben.upload("/bsp/batches", &[("numbers", "  ")], &[]).await.expect_status(422).expect("Paste ticket numbers, or choose a file");
    let many = "784-5805431504 ".repeat(501);
    ben.upload("/bsp/batches", &[("numbers", &many)], &[]).await.expect_status(422).expect("500 tickets at most");
    ben.upload_sheet("/bsp/batches", &[], ("old.xls", &crate::files_hostile::file("old.xls")), &[])
        .await
        .expect_status(422)
        .expect("(.xls)");
    assert_eq!(ben.get("/bsp/batches").await.select("tbody tr").len(), 3);
    let list = ben.get("/bsp/batches.csv").await.expect_status(200).text();
    assert!(list.lines().count() == 4 && list.contains("BB-202611-0001,SHA999,tickets.csv,6,3,ben"), "{list}");
    assert!(ben.get("/bsp/batches.xlsx").await.expect_status(200).body.starts_with(b"PK"));
}

async fn a_sign_is_one_person_s(world: World) {
    let (ben, _) = cast(&world, &[]).await;
    let (lan, agency) = (world.back("lan").await, world.sunriver().await);
    let other = world.agency("SAOMAI").await;
    world.user("mai", Role::Operations, Some(&other), Language::English).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let own = afterfare::agencies::store::users(&mut conn, Some(&agency.id)).await.expect("the users");
    let strangers = afterfare::agencies::store::users(&mut conn, Some(&other.id)).await.expect("the users");
    drop(conn);
    let id = |name: &str| own.iter().find(|user| user.name == name).expect("a user").id.clone();
    let (eleven, of_lan, of_ben, of_mai) = ("/bsp/offices/SHA999/agents", id("lan"), id("ben"), strangers[0].id.clone());
    lan.post(eleven, &[("user", &of_mai), ("agent", "30")]).await.expect_status(404);
    lan.post(eleven, &[("user", &of_lan), ("agent", "1-1")]).await.expect_status(422).expect("letters and digits only");
    lan.post(eleven, &[("user", &of_lan), ("agent", "11")]).await.expect_status(422).expect("Somebody else works under this sign");
    // Two at once: one sits there, the other is told.
    let fields = [("user", of_lan.as_str()), ("agent", "30")];
    let rival = [("user", of_ben.as_str()), ("agent", "30")];
    let (one, two) = tokio::join!(lan.post(eleven, &fields), lan.post(eleven, &rival));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    // The sign of a disabled account is free; the account is seated no more.
    lan.post(eleven, &[("user", &of_ben), ("agent", "11")]).await.expect_status(303);
    drop(ben);
    lan.post(&format!("/users/{of_ben}/disabling"), &[]).await.expect_status(303);
    lan.post(eleven, &[("user", &of_ben), ("agent", "31")]).await.expect_status(404);
    lan.post(eleven, &[("user", &of_lan), ("agent", "11")]).await.expect_status(303);
}
