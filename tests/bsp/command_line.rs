//! The command line: the manual's commands, the host's codes, in the browser and as a program.

use std::time::Duration;

use afterfare::bsp::command::Code;
use afterfare::bsp::host::{Host, NotDone};
use afterfare::bsp::office_store;
use afterfare::bsp::ticket_number::TicketNumber;
use afterfare::bsp::ticket_store::{Found, TicketSource};
use afterfare::bsp::transmitting::Terms;
use afterfare::kernel::actor::{Actor, Role};
use afterfare::kernel::language::Language;
use fantoccini::Locator;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::{TICKET, cast, figure, office, set, take_in, ticket, with};
use crate::browser::{accessible, browser, fill, press, see, sign_in};
use crate::on_both;
use crate::world::{Page, World};

on_both! {
    each_error_of_the_manual_happens
    a_source_that_is_too_slow_is_told
    a_hidden_form_that_was_left_asks_for_the_standard_entry
    forms_by_number_and_by_ticket
    a_preview_is_confirmed
    check_digits_warn_and_never_block
    the_command_line_of_the_program
    the_command_line_in_a_browser
}

async fn each_error_of_the_manual_happens(world: World) {
    let other = with("784-5805431600", json!({ "office": "PEK100", "tickets": ["784-5805431600"] }));
    let old = with("784-5805431700", json!({ "issued_on": "2026-10-05" }));
    let no_show =
        json!([{ "coupon": 1, "status": "open-for-use", "carrier": "CZ", "from": "SHA", "to": "PEK", "departs": "2026-11-15T08:00" }]);
    let missed = with("784-5805431800", json!({ "issued_on": "2026-01-10", "coupons": no_show }));
    let tickets = [with(TICKET, json!({ "z_value": "4.37" })), old, missed, with("784-5805431900", json!({ "tour_code": "IT6" }))];
    let (ben, _) = cast(&world, &tickets).await;
    let agency = world.sunriver().await;
    office(&world, &agency, "PEK100", &[]).await;
    assert_eq!(take_in(&world, &other.to_string()).await.0.added, 1);
    for option in ["H", "T", "TM", "TH", "X"] {
        assert_eq!(ben.code(&format!("TRFD:L/784-5805431488/{option}/1/D")).await, "OPTION");
    }
    for number in ["784-580543148", "784-58054314889", "ABC"] {
        assert_eq!(ben.code(&format!("TRFD:L/{number}/AM/1/D")).await, "TKT# FORMAT ERROR");
    }
    assert_eq!(ben.code("TRFD:L/111-5805431488/AM/1/D").await, "FILL THE FORM MANUALLY");
    assert_eq!(ben.code("TRFD:L/784-0000000000/AM/1/D").await, "TKT LOADING FAILED");
    assert_eq!(ben.code("TRFD:L/784-5805431700/AM/1/D").await, "TKT LOADING FAILED", "46 days after its issue");
    assert_eq!(ben.code("TRFD:L/784-5805431600/AM/1/D").await, "AUTHORITY");
    assert_eq!(ben.code("TRFD:L/784-5805431488/AM/3/D").await, "DEVICE");
    assert_eq!(ben.code("HELLO").await, "FORMAT");
    ben.form("TRFD:L/784-5805431800/AM/1/D").await;
    // Each code stands with what it means and what to do.
    let page = ben.command("TRFD:L/111-5805431488/AM/1/D").await.expect("No airline is known here under this number");
    assert_eq!(page.attribute(".note.bad [data-take]", "data-take").as_deref(), Some("TRFD:A/1/D"));

    let form = ben.form("TRFD:L/784-5805431488/M/1/D/000000777").await;
    let code = |page: Page| page.select(".note.bad b.code").join(" ");
    let page = ben.transmit(&form, &[("number", "784-5805431900")]).await.expect_status(422);
    assert_eq!(code(page), "TKT# MISMATCH, REOPEN IT");
    for (rate, amount) in [("3.01", ""), ("", "30.00"), ("3.00", "30.00")] {
        let page = ben
            .post(&format!("{form}/transmission"), &[("version", "1"), ("number", TICKET), ("rate", rate), ("commission", amount)])
            .await;
        assert_eq!(code(page.expect_status(422)), "INCORRECT COMMISSION RATE", "{rate} {amount}");
    }
    ben.transmit(&form, &[]).await.expect_status(303);
    assert_eq!(ben.code("TRFD:L/784-5805431900/1/D/000000777").await, "REFUND # ALREADY EXIST");
    // A tour code alone fixes the rate too, and adds nothing to it.
    let tour = ben.form("TRFD:L/784-5805431900/A/1/D").await;
    ben.get(&tour).await.expect("+1C");
    ben.transmit(&tour, &[]).await.expect_status(303);
    assert_eq!(figure(&ben.get(&tour).await, "Net refund"), "CNY 1,983.90");
    // The number was free when the form was begun, and is not when it is transmitted.
    world.later(60 * 24);
    let ben = world.back("ben").await;
    take_in(&world, &ticket("784-5805432000").to_string()).await;
    take_in(&world, &ticket("784-5805432100").to_string()).await;
    let one = ben.form("TRFD:L/784-5805432000/1/D/000000888").await;
    let two = ben.form("TRFD:L/784-5805432100/1/D/000000888").await;
    ben.transmit(&one, &[]).await.expect_status(303);
    assert_eq!(code(ben.transmit(&two, &[]).await.expect_status(422)), "REFUND # ALREADY EXIST");
    // Nobody without a seat types commands; in Chinese the code stays as it is.
    let agency = world.sunriver().await;
    let dee = world.person_speaking("dee", Role::Operations, Some(&agency), Language::Chinese).await;
    dee.get("/bsp").await.expect("您在 BSP Office 还没有工作号");
    dee.command("TSL").await.expect_status(422).expect("工作号");
}

/// A source of tickets that thinks for a while.
struct Slow;

impl TicketSource for Slow {
    fn ticket<'a>(&'a self, _: &'a str, _: &'a TicketNumber) -> BoxFuture<'a, Result<Found, sqlx::Error>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_mins(1)).await;
            Ok(Found::Absent)
        })
    }
}

async fn a_source_that_is_too_slow_is_told(world: World) {
    cast(&world, &[ticket(TICKET)]).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let user = afterfare::agencies::store::user_by_email(&mut conn, "ben@people.example").await.expect("an answer").expect("ben");
    let seat = office_store::seat_of(&mut conn, &user.id).await.expect("an answer").expect("a desk");
    drop(conn);
    let actor = Actor::from(user);
    let mut limits = world.app.settings.limits.clone();
    limits.ticket_source_ms = 30;
    let terms = Terms::new(&limits, &world.app.secret);
    let host = Host { db: &world.app.db, source: &Slow, limits: &limits, terms, actor: &actor, seat, now: world.now() };
    let answer = host.execute("TRFD:L/784-5805431488/A/1/D").await;
    assert!(matches!(answer, Err(NotDone::Code(Code::TimeOut))), "{answer:?}");
    assert_eq!(Code::TimeOut.word(), "TIME OUT - RETRY LATER");
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_forms").await, 0);
    world.back("ben").await.get("/bsp").await.expect("TIME OUT - RETRY LATER");
}

async fn a_hidden_form_that_was_left_asks_for_the_standard_entry(world: World) {
    let (ben, cho) = cast(&world, &[with(TICKET, json!({ "z_value": "4.37" })), ticket("784-5805431600")]).await;
    let left = ben.form("TRFD:L/784-5805431488/A/1/D").await;
    for other in ["TRFD:A/1/D", "TRFD:L/784-5805431600/A/1/D", "TRFD:123456789/1/D", "TRFD:Z/784-5805431600/1/D"] {
        assert_eq!(ben.code(other).await, "USE STANDARD ENTRY", "{other}");
    }
    cho.form("TRFD:A/1/D").await;
    ben.form("TRFD:L/784-5805431600/AM/1/D").await;
    ben.get(&left).await.expect("Given up");
    ben.form("TRFD:A/1/D").await;
}

async fn forms_by_number_and_by_ticket(world: World) {
    let (ben, _) = cast(&world, &[ticket(TICKET)]).await;
    assert_eq!(ben.code("TRFD:T/1/D/784-5805431488").await, "NO RECORD");
    let form = ben.form("TRFD L/784-5805431488/1/D/000000042").await;
    ben.transmit(&form, &[]).await.expect_status(303);
    for command in ["TRFD:000000042/1/D", "TRFD:M/1/D/000000042", "TRFD:T/1/D/784-5805431488", "trfd tm/784-5805431488"] {
        assert_eq!(ben.form(command).await, form, "{command}");
    }
    let printed = ben.command("TRFD:TH/1/D/784-5805431488").await.expect_status(303).location;
    assert_eq!(printed, format!("{form}/print"));
    assert_eq!(ben.code("TRFD:H/1/D/000000043").await, "NO RECORD");
    let history = ben.get("/bsp").await;
    let typed = history.select("#history [data-take]");
    assert_eq!(typed[0], "TRFD:H/1/D/000000043");
    assert_eq!(typed.len(), 8);
    let list = ben.get("/bsp/forms?number=784-5805431488").await.expect("000000042");
    assert_eq!(list.select("tbody tr").len(), 1);
    let file = ben.get("/bsp/forms.csv").await.expect_status(200).text();
    assert!(file.contains("000000042") && file.contains("2040.00"), "{file}");
}

async fn a_preview_is_confirmed(world: World) {
    let (ben, _) = cast(&world, &[with(TICKET, json!({ "z_value": "4.37" }))]).await;
    let form = ben.form("TRFD:Z/784-5805431488/1/D").await;
    ben.get(&form).await.expect("Draft").expect("after transmission");
    assert_eq!(ben.form("RFIS:784-5805431488").await, form);
    assert_eq!(figure(&ben.get(&form).await, "Net refund"), "CNY 1,902.18");
    assert_eq!(ben.code("RFIS:784-5805431488").await, "NO RECORD");
}

async fn check_digits_warn_and_never_block(world: World) {
    let (ben, _) = cast(&world, &[ticket("390-5822054200"), ticket("082-1085809732"), ticket("055-8470038327")]).await;
    for (number, good) in [("390-5822054200", "3"), ("082-1085809732", "6"), ("055-8470038327", "2")] {
        let form = ben.form(&format!("TRFD:L/{number}/AM/1/D")).await;
        ben.transmit(&form, &[("check_digit", good)]).await.expect_status(303);
        assert!(!ben.get(&form).await.words().contains("fits neither"), "{number}");
        ben.transmit(&form, &[("check_digit", "9")]).await.expect_status(303);
        ben.get(&form).await.expect("The check digit 9 fits neither");
    }
}

async fn the_command_line_of_the_program(world: World) {
    let agency = world.agency("SUNRIVER").await;
    world.user("ben", Role::Operations, Some(&agency), Language::English).await;
    world.user("cora", Role::Finance, Some(&agency), Language::English).await;
    let folder = crate::world::Folder::new();
    let run = |arguments: &[&str]| {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_afterfare"));
        let done = { program }.args(arguments).args(["--database", &world.url]).output().expect("the program runs");
        (done.status.code(), format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
    };
    let expect = |arguments: &[&str], code: i32, words: &str| {
        let (status, said) = run(arguments);
        assert_eq!(status, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{words}: {said}");
        said
    };
    let add = ["office", "add", "sha999", "--agency", "SUNRIVER", "--iata", "08312345", "--devices", "2"];
    expect(&add, 0, "SHA999 of SUNRIVER added");
    expect(&add, 1, "The office SHA999 is there already");
    expect(&["office", "add", "PEK1", "--agency", "SUNRIVER", "--iata", "083"], 1, "083 is not an IATA number: eight digits");
    expect(&["office", "add", "PEK1", "--agency", "SUNRIVER", "--iata", "08312345", "--zone", "Mars"], 1, "Mars is not a zone");
    expect(&["office", "agent", "SHA999", "11", "--user", "ben@people.example"], 0, "ben works as 11 in SHA999");
    expect(&["office", "agent", "SHA999", "12", "--user", "cora@people.example"], 1, "nobody of that agency who may ask for refunds");
    let (json, table) = (folder.0.join("tickets.jsonl"), folder.0.join("tickets.csv"));
    // The program's clock is the machine's: the ticket was issued today.
    let today = afterfare::kernel::time::day_in("Asia/Shanghai", afterfare::kernel::time::Clock::System.now());
    let fresh = with(TICKET, json!({ "issued_on": today.to_string(), "z_value": "4.37" }));
    std::fs::write(&json, format!("{fresh}\n{{\"tickets\":[]}}\n")).expect("a file");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tickets-example.csv"), &table).expect("a file");
    let path = json.to_str().expect("a path");
    let said = expect(&["import", "tickets", path, table.to_str().expect("a path")], 1, "3 added, 0 updated, 0 unchanged, 1 refused");
    assert!(said.contains(&format!("{path}:2: missing field")), "{said}");
    let at = ["--office", "SHA999", "--agent", "11"];
    let bsp = |command: &str| [&["bsp", command][..], &at].concat().iter().map(|part| (*part).to_owned()).collect::<Vec<String>>();
    let type_in = |command: &str, code: i32, words: &str| {
        let arguments = bsp(command);
        expect(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), code, words)
    };
    let said = type_in("TRFD:Z/784-5805431488/1/D", 0, "COMMISSION       3.00+1C");
    assert!(said.contains("GROSS REFUND     1870.00") && !said.contains("NET REFUND"), "{said}");
    type_in("RFIS:784-5805431488", 0, "NET REFUND       1902.18");
    type_in("TSL:1", 0, "ET-REFUND");
    type_in("TRFD:L/784-5805431488/H/1/D", 1, "OPTION\nThis command fills new forms only");
    type_in("TRFD:L/784-0000000000/A/1/D", 1, "TKT LOADING FAILED");
    let late = [&bsp("TRFD:L/784-5805431488/A/1/D")[..], &["--ticket-source-ms".to_owned(), "0".to_owned()]].concat();
    expect(&late.iter().map(String::as_str).collect::<Vec<_>>(), 1, "TIME OUT - RETRY LATER");
    expect(&["bsp", "TSL", "--office", "SHA999", "--agent", "99"], 1, "nobody works as 99 in SHA999");
    expect(&["bsp", "TSL", "--office", "NONE", "--agent", "11"], 1, "there is no office NONE");
}

async fn the_command_line_in_a_browser(world: World) {
    use fantoccini::key::Key;
    cast(&world, &[with(TICKET, json!({ "z_value": "4.37" })), set()]).await;
    let agency = world.sunriver().await;
    office(&world, &agency, "PEK100", &[]).await;
    take_in(&world, &with("784-5805431600", json!({ "office": "PEK100" })).to_string()).await;
    let browser = browser(true, 1440).await;
    sign_in(&browser, &world, "ben@people.example").await;
    browser.goto(&format!("{}/bsp", world.base)).await.expect("the page");
    accessible(&browser, "BSP line").await;
    let enter = Key::Return.to_string();
    for (command, code) in [
        ("TRFD:L/784-5805431488/H/1/D", "OPTION"),
        ("TRFD:L/784-5805/A/1/D", "TKT# FORMAT ERROR"),
        ("TRFD:L/111-5805431488/A/1/D", "FILL THE FORM MANUALLY"),
        ("TRFD:L/784-0000000000/A/1/D", "TKT LOADING FAILED"),
    ] {
        fill(&browser, "#command", &format!("{command}{enter}")).await;
        see(&browser, ".note.bad b.code", code).await;
    }
    accessible(&browser, "BSP errors").await;
    // The arrow keys go through what was typed.
    let up = Key::Up.to_string();
    fill(&browser, "#command", &up.repeat(4)).await;
    let typed = browser.find(Locator::Css("#command")).await.expect("the line").prop("value").await.expect("a value");
    assert_eq!(typed.as_deref(), Some("TRFD:L/784-5805431488/H/1/D"));
    fill(&browser, "#command", &format!("TRFD:L/784-5805431600/A/1/D{enter}")).await;
    see(&browser, ".note.bad b.code", "AUTHORITY").await;
    // The same portal over a source of tickets that is given no time.
    let mut settings = (*world.app.settings).clone();
    settings.limits.ticket_source_ms = 0;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let hurried = format!("http://{}", listener.local_addr().expect("an address"));
    settings.public_origin = Some(hurried.clone());
    let app = afterfare::web::App { settings: std::sync::Arc::new(settings), ..world.app.clone() };
    actix_web::rt::spawn(afterfare::app::serve(app, listener, 1).expect("a server"));
    browser.goto(&format!("{hurried}/bsp")).await.expect("the page");
    fill(&browser, "#command", &format!("TRFD:L/784-5805431488/A/1/D{enter}")).await;
    see(&browser, ".note.bad b.code", "TIME OUT - RETRY LATER").await;
    browser.goto(&format!("{}/bsp", world.base)).await.expect("the page");
    // A blank stands for the colon. What is fixed by +1C is refused even from a page that was tampered with.
    fill(&browser, "#command", &format!("TRFD L/784-5805431488/1/D/000000001{enter}")).await;
    see(&browser, "h1", "New refund form").await;
    for (field, text, code) in [("number", "784-5805431504", "TKT# MISMATCH, REOPEN IT"), ("rate", "2.00", "INCORRECT COMMISSION RATE")] {
        let script = format!(
            "document.getElementById('{field}').value = '{text}'; document.querySelector('form[action$=transmission] .btn.main').click()"
        );
        browser.execute(&script, vec![]).await.expect("the page is tampered with");
        see(&browser, ".note.bad b.code", code).await;
        let script = format!(
            "document.getElementById('{field}').value = document.getElementById('{field}').id === 'rate' ? '3.00' : '784-5805431488'"
        );
        browser.execute(&script, vec![]).await.expect("the page is put right");
    }
    accessible(&browser, "BSP form").await;
    press(&browser, "form[action$=transmission] .btn.main").await;
    see(&browser, ".receipt", "CNY 1,902.18").await;
    browser.goto(&format!("{}/bsp", world.base)).await.expect("the page");
    fill(&browser, "#command", &format!("TRFD:L/784-5805431504/M/1/D/000000001{enter}")).await;
    see(&browser, ".note.bad b.code", "REFUND # ALREADY EXIST").await;
    // A part of a conjunction set: its first coupon.
    fill(&browser, "#command", &format!("TRFD:L/784-5805431504/AM/1/D{enter}")).await;
    fill(&browser, "input[name=coupons]", "1000").await;
    fill(&browser, ".groups label:nth-child(2) input", "0000").await;
    fill(&browser, "#gross", "1000.00").await;
    fill(&browser, "input[name=tax_amount]", "50.00").await;
    press(&browser, "form[action$=transmission] .btn.main").await;
    see(&browser, ".receipt", "CNY 1,030.00").await;
    accessible(&browser, "BSP part").await;
    press(&browser, "form[action$=printing] button").await;
    see(&browser, ".sheet-form", "784-5805431504").await;
    accessible(&browser, "BSP printed").await;
    let layout = fantoccini::wd::PrintConfigurationBuilder::default().build().expect("a layout");
    let text = crate::printing::read_back(&browser.print(layout).await.expect("the pages"));
    for words in ["784-5805431504 / 5431505", "1000 0000 0000 0000", "ZHANG/SAN MR", "CNY-2", "1050.00", "1030.00", "08312345", "20NOV26"] {
        assert!(text.contains(words), "“{words}” is not on paper: {text}");
    }
    browser.goto(&format!("{}/bsp/reports", world.base)).await.expect("the page");
    accessible(&browser, "BSP report").await;
    browser.close().await.expect("the browser closes");
}
