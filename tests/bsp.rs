//! BSP refund forms: the manual's commands and messages, the arithmetic, the life of a form, and what is never told.

use std::time::Duration;

use afterfare::agencies::model::Agency;
use afterfare::bsp::command::Code;
use afterfare::bsp::host::{Host, NotDone};
use afterfare::bsp::model::Office;
use afterfare::bsp::office_store;
use afterfare::bsp::ticket_import::{Counts, Import};
use afterfare::bsp::ticket_number::TicketNumber;
use afterfare::bsp::ticket_store::{Found, TicketSource};
use afterfare::bsp::transmitting::Terms;
use afterfare::kernel::actor::{Actor, Role};
use afterfare::kernel::id::new_id;
use afterfare::kernel::language::Language;
use afterfare::kernel::money::Currency;
use afterfare::refund_calculation::sealed::SealKey;
use fantoccini::Locator;
use futures_util::future::{BoxFuture, join_all};
use serde_json::{Value, json};

use crate::browser::{accessible, browser, fill, press, see, sign_in};
use crate::on_both;
use crate::world::{Page, Person, World};

on_both! {
    the_documented_tickets_are_taken_in
    a_full_refund_with_a_hidden_rate
    a_set_is_refunded_in_two_parts
    each_error_of_the_manual_happens
    a_source_that_is_too_slow_is_told
    a_hidden_form_that_was_left_asks_for_the_standard_entry
    a_form_is_changed_deleted_printed_and_reported
    forms_by_number_and_by_ticket
    a_preview_is_confirmed
    a_form_is_filled_by_hand
    no_way_leads_around_the_ticket
    a_newer_record_counts
    a_second_person_releases
    an_airline_is_asked_first
    reports_are_the_sum_of_their_forms
    a_file_of_tickets_becomes_forms
    two_agents_make_one_form_of_a_ticket
    a_sign_is_one_person_s
    check_digits_warn_and_never_block
    the_command_line_of_the_program
    the_command_line_in_a_browser
    a_hidden_rate_is_told_nowhere
}

pub const TICKET: &str = "784-5805431488";

/// An office of an agency, in which these people sit under the signs 11, 12 and so on.
pub async fn office(world: &World, agency: &Agency, code: &str, people: &[&str]) -> Office {
    let office = Office {
        id: new_id(),
        agency_id: agency.id.clone(),
        code: code.to_owned(),
        iata_number: "08312345".to_owned(),
        currency: Currency::parse("CNY").expect("a currency"),
        zone_name: "Asia/Shanghai".to_owned(),
        devices: 2,
        four_eyes: false,
    };
    let (new, now) = (office.clone(), world.now());
    let added = world.app.db.write(move |conn| Box::pin(async move { office_store::insert(conn, &new, now).await }));
    added.await.expect("the office is added");
    for (nth, name) in people.iter().enumerate() {
        let admin = world.back("lan").await;
        let page = admin.get("/bsp/offices").await.expect_status(200);
        let place = page.select(&format!("select#user-{code} option")).iter().position(|one| one == name).expect("somebody to seat");
        let user = page.attribute(&format!("select#user-{code} option:nth-child({})", place + 1), "value").expect("an id");
        let sign = (11 + nth).to_string();
        admin.post(&format!("/bsp/offices/{code}/agents"), &[("user", &user), ("agent", &sign)]).await.expect_status(303);
    }
    office
}

pub async fn take_in(world: &World, text: &str) -> (Counts, Vec<String>) {
    let mut faults = Vec::new();
    let mut refused = |line: u64, field: &str, cause: &str| faults.push(format!("{line}: {field}: {cause}"));
    let key = SealKey::of(&world.app.secret);
    let mut import = Import { db: &world.app.db, key, now: world.now(), counts: Counts::default(), refused: &mut refused };
    import.json(text.as_bytes()).await.expect("the import runs");
    (import.counts, faults)
}

/// A ticket record: fare 1870.00, taxes 170.00, one coupon, no commission.
pub fn ticket(number: &str) -> Value {
    json!({ "tickets": [number], "office": "SHA999", "iata_number": "08312345", "device": 1, "agent": "11", "issued_on": "2026-11-10",
        "passenger_name": "ZHANG/SAN MR", "currency": "CNY", "fare": "1870.00",
        "taxes": [{ "code": "CN", "amount": "50.00" }, { "code": "YQ", "amount": "120.00" }], "form_of_payment": "CASH", "pnr": "HX4K2P",
        "seats_released": true, "coupons": [{ "coupon": 1, "status": "open-for-use", "carrier": "CZ", "flight": "CZ3101", "from": "SHA",
        "to": "PEK", "departs": "2026-12-01T08:00" }] })
}

fn with(number: &str, changes: Value) -> Value {
    let mut ticket = ticket(number);
    for (name, value) in changes.as_object().expect("changes") {
        ticket[name] = value.clone();
    }
    ticket
}

/// The agency SUNRIVER with an Admin, two agents and the office SHA999, and these tickets.
async fn cast(world: &World, tickets: &[Value]) -> (Person, Person) {
    let agency = world.agency("SUNRIVER").await;
    world.user("lan", Role::Admin, Some(&agency), Language::English).await;
    let ben = world.person("ben", Role::Operations, Some(&agency)).await;
    let cho = world.person("cho", Role::CustomerService, Some(&agency)).await;
    office(world, &agency, "SHA999", &["ben", "cho"]).await;
    let text: Vec<String> = tickets.iter().map(Value::to_string).collect();
    let (counts, faults) = take_in(world, &text.join("\n")).await;
    assert_eq!((counts.added, faults), (u64::try_from(tickets.len()).expect("few"), Vec::<String>::new()));
    (ben, cho)
}

/// An agent with a form of a whole refund, not yet transmitted: its address.
pub async fn one_form(world: &World) -> (Person, String) {
    let (ben, _) = cast(world, &[ticket(TICKET)]).await;
    let form = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    (ben, form)
}

impl Person {
    /// Types a command.
    pub async fn command(&self, text: &str) -> Page {
        self.post("/bsp", &[("command", text)]).await
    }

    /// A command that leads to a form: its address.
    async fn form(&self, text: &str) -> String {
        let answer = self.command(text).await.expect_status(303);
        answer.location.split('?').next().expect("an address").to_owned()
    }

    /// The host's code after a command.
    async fn code(&self, text: &str) -> String {
        let page = self.command(text).await.expect_status(422);
        page.select(".note.bad b.code").join(" ")
    }

    /// Transmits a form as it is shown, but for these fields.
    pub async fn transmit(&self, form: &str, changes: &[(&str, &str)]) -> Page {
        let page = self.get(&format!("{form}?change=1")).await.expect_status(200);
        let mut fields: Vec<(String, String)> = Vec::new();
        let html = scraper::Html::parse_document(&page.text());
        let inputs = scraper::Selector::parse("form[action$=transmission] input[name]").expect("a selector");
        for input in html.select(&inputs) {
            let attribute = |name: &str| input.value().attr(name).unwrap_or_default().to_owned();
            let (name, kind) = (attribute("name"), attribute("type"));
            if name != "csrf" && (kind != "checkbox" || input.value().attr("checked").is_some()) {
                fields.push((name, attribute("value")));
            }
        }
        for (name, _) in changes {
            fields.retain(|(other, _)| other != name);
        }
        let all: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(changes.iter().copied()).collect();
        self.post(&format!("{form}/transmission"), &all).await
    }
}

/// A form and a batch of SUNRIVER, made by somebody of it who sits in an office then: the form's id and the batch's number.
pub async fn things(world: &World, owner: &Person) -> (String, String) {
    let agency = world.sunriver().await;
    office(world, &agency, "SHA999", &[]).await;
    let page = owner.get("/bsp/offices").await;
    let user = page.attribute("select[name=user] option", "value").expect("somebody");
    owner.post("/bsp/offices/SHA999/agents", &[("user", &user), ("agent", "10")]).await.expect_status(303);
    take_in(world, &ticket(TICKET).to_string()).await;
    let form = owner.form("TRFD:L/784-5805431488/AM/1/D").await;
    let batch = owner.upload("/bsp/batches", &[("numbers", TICKET)], &[]).await.expect_status(303).location;
    (form.trim_start_matches("/bsp/forms/").to_owned(), batch.trim_start_matches("/bsp/batches/").to_owned())
}

/// What the receipt of a form says of a line.
fn figure(page: &Page, name: &str) -> String {
    let line = page.select(".receipt > div").into_iter().find(|line| line.trim_start().starts_with(name));
    line.unwrap_or_default().replace('\u{a0}', " ").trim_start().trim_start_matches(name).trim().to_owned()
}

async fn the_documented_tickets_are_taken_in(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (json, csv) = (include_str!("../docs/tickets-example.jsonl"), include_str!("../docs/tickets-example.csv"));
    let (counts, faults) = take_in(&world, json).await;
    assert_eq!((counts.refused, faults.len()), (4, 4));
    assert!(faults[0].contains("office: there is no office of this code: add it with `afterfare office add`"), "{}", faults[0]);
    office(&world, &agency, "SHA999", &[]).await;
    assert_eq!(take_in(&world, json).await, (Counts { added: 4, ..Counts::default() }, Vec::new()));
    assert_eq!(take_in(&world, json).await, (Counts { unchanged: 4, ..Counts::default() }, Vec::new()));
    let key = SealKey::of(&world.app.secret);
    let mut refused = |line: u64, field: &str, cause: &str| panic!("{line}: {field}: {cause}");
    let mut import = Import { db: &world.app.db, key, now: world.now(), counts: Counts::default(), refused: &mut refused };
    import.csv(csv.as_bytes()).await.expect("the import runs");
    assert_eq!(import.counts, Counts { added: 2, ..Counts::default() });
    // Another Z value is another record.
    let (counts, _) = take_in(&world, &json.replace("4.37", "4.38")).await;
    assert_eq!(counts, Counts { updated: 1, unchanged: 3, ..Counts::default() });
    let wrong = [
        (json!({ "tickets": ["784-580543148"] }), "tickets: thirteen digits"),
        (json!({ "fare": "-1" }), "fare:"),
        (json!({ "z_value": "1.375" }), "z_value: percent with at most two decimals"),
        (json!({ "z_value": "2.00", "commission_rate": "4.00" }), "commission_rate: is 3.00 beside"),
        (json!({ "coupons": [] }), "coupons: each coupon is expected once"),
        (json!({ "device": 3 }), "device: the office SHA999 has the devices 1 to 2"),
        (json!({ "currency": "USD" }), "currency: the office SHA999 reports in CNY"),
        (json!({ "fee": 1 }), "unknown field"),
        (json!({ "tickets": ["784-5805431504"] }), "tickets: is in another set"),
    ];
    for (changes, said) in wrong {
        let (counts, faults) = take_in(&world, &with("784-5805439999", changes).to_string()).await;
        assert!(counts.refused == 1 && faults[0].contains(said), "{said}: {faults:?}");
        assert!(!faults[0].contains("1.375"), "a value is repeated: {faults:?}");
    }
}

async fn a_full_refund_with_a_hidden_rate(world: World) {
    let (ben, _) = cast(&world, &[with(TICKET, json!({ "z_value": "4.37" }))]).await;
    let form = ben.form("TRFD:L/784-5805431488/A/1/D").await;
    let page = ben.get(&form).await.expect_status(200).expect("+1C").expect("OPEN FOR USE").expect("CNY-2");
    assert_eq!(page.attribute("input[name=rate]", "value").as_deref(), Some("3.00"));
    assert!(page.attribute("input[name=rate]", "readonly").is_some() && page.attribute("input[name=number]", "readonly").is_some());
    assert_eq!(page.select("input[name=tax_code]").len(), 27);
    assert_eq!(page.attribute("input[name=coupons]", "value").as_deref(), Some("1000"));
    ben.transmit(&form, &[]).await.expect_status(303);
    let page = ben.get(&form).await.expect("REFUNDED").expect("Saved").expect("Refund form 000000001");
    // 7.37 % of 1870.00 is 137.819.
    assert_eq!(figure(&page, "Airline refund"), "CNY 2,040.00");
    assert_eq!(figure(&page, "Net refund"), "CNY 1,902.18");
    assert!(figure(&page, "Commission").contains("+1C"));
    assert_eq!(world.count("SELECT commission_minor FROM bsp_forms").await, 13_782);
    // A second form finds nothing open, and is told so.
    let second = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&second, &[("coupons", "1000"), ("gross", "1.00")]).await.expect_status(422).expect("is REFUNDED: it is on another form");
}

/// A set of two tickets and five coupons, 2 % commission: 5000.00 and 250.00.
fn set() -> Value {
    let coupon = |ticket: usize, coupon: usize| {
        json!({ "ticket": ticket, "coupon": coupon, "status": "open-for-use", "carrier": "CZ", "flight": "CZ3101", "from": "SHA",
            "to": "PEK", "departs": "2026-12-01T08:00" })
    };
    with(
        "784-5805431504",
        json!({ "tickets": ["784-5805431504", "784-5805431505"], "fare": "5000.00", "taxes": [{ "code": "CN", "amount": "250.00" }],
            "commission_rate": "2.00", "coupons": [coupon(1, 1), coupon(1, 2), coupon(1, 3), coupon(1, 4), coupon(2, 1)] }),
    )
}

async fn a_set_is_refunded_in_two_parts(world: World) {
    let (ben, _) = cast(&world, &[set()]).await;
    let form = ben.form("TRFD:L/784-5805431505/A/1/D").await;
    let page = ben.get(&form).await.expect_status(200);
    assert_eq!(page.attribute("input[name=number]", "value").as_deref(), Some("784-5805431504"), "a set is loaded whole");
    assert_eq!(page.attribute("input[name=last_digits]", "value").as_deref(), Some("5431505"));
    let part = [("coupons", "1000"), ("gross", "1000.00"), ("tax_code", "CN"), ("tax_amount", "50.00")];
    ben.transmit(&form, &part).await.expect_status(303);
    let page = ben.get(&form).await.expect("1000").expect_status(200);
    assert_eq!(figure(&page, "Net refund"), "CNY 1,030.00");
    assert!(page.text().matches("coupon-open-for-use").count() == 4 && page.text().matches("coupon-refunded").count() == 1);
    let rest = ben.form("TRFD:L/784-5805431504/A/1/D").await;
    let page = ben.get(&rest).await.expect_status(200);
    let groups =
        page.text().matches("name=\"coupons\" value=\"0234\"").count() + page.text().matches("name=\"coupons\" value=\"1000\"").count();
    assert_eq!(groups, 2, "what is left is filled in");
    let more = [("gross", "4000.01"), ("tax_code", "CN"), ("tax_amount", "200.00")];
    ben.transmit(&rest, &more).await.expect_status(422).expect("The ticket has only CNY 4,000.00 of its fare left");
    let more = [("gross", "4000.00"), ("tax_code", "CN"), ("tax_amount", "200.01")];
    ben.transmit(&rest, &more).await.expect_status(422).expect("has only CNY 200.00 of its taxes left");
    ben.transmit(&rest, &[("gross", "4000.00"), ("tax_code", "CN"), ("tax_amount", "200.00")]).await.expect_status(303);
    assert_eq!(figure(&ben.get(&rest).await, "Net refund"), "CNY 4,120.00");
    // Together what the whole would have been: 5250.00 less 2 % of 5000.00.
    assert_eq!(world.count("SELECT CAST(SUM(net_minor) AS BIGINT) FROM bsp_forms").await, 515_000);
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

async fn a_form_is_changed_deleted_printed_and_reported(world: World) {
    let (ben, cho) = cast(&world, &[ticket(TICKET), ticket("784-5805431600")]).await;
    let form = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&form, &[("deduction", "100.00")]).await.expect_status(303);
    let change = cho.form("TRFU:1/D/000000001").await;
    assert_eq!(change, form, "any agent of the office");
    cho.transmit(&form, &[("deduction", "200.00")]).await.expect_status(303);
    let page = cho.get(&form).await.expect("Changed: Saved");
    assert_eq!(figure(&page, "Net refund"), "CNY 1,840.00");
    // Whoever looked at an older state is told.
    let stale = [
        ("version", "1"),
        ("number", TICKET),
        ("coupons", "1000"),
        ("passenger_name", "X"),
        ("rate", "0.00"),
        ("gross", "5"),
        ("seats", "Y"),
    ];
    ben.post(&format!("{form}/transmission"), &stale).await.expect_status(409).expect("changed this form meanwhile");
    // Deleted, its coupons are open again, and its number is not given anew.
    ben.command("TRFX:1/D/000000001").await.expect_status(303);
    ben.get(&form).await.expect("Deleted").expect("OPEN FOR USE");
    let again = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&again, &[]).await.expect_status(303);
    let print = ben.command("TRFD:H/1/D/000000002").await.expect_status(303).location;
    let page = ben.get(&print).await.expect("784-5805431488").expect("2040.00").expect("20NOV26").expect("ZHANG/SAN MR");
    assert!(page.select(".boxes").len() == 2);
    ben.get(&again).await.expect("Printed");
    // The day of the office ends at its own midnight: 16:00 UTC.
    world.later(6 * 60 + 59);
    world.work_all().await;
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_forms WHERE status = 'reported'").await, 0);
    world.later(2);
    world.work_all().await;
    let ben = world.back("ben").await;
    ben.get(&again).await.expect("Reported");
    assert_eq!(ben.code("TRFX:1/D/000000002").await, "SALES DAY CLOSED");
    assert_eq!(ben.code("TRFU:1/D/000000002").await, "SALES DAY CLOSED");
    assert_eq!(ben.code("TRFX:1/D/000000009").await, "NO RECORD");
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_form_coupons WHERE stands = 1").await, 1);
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

async fn a_form_is_filled_by_hand(world: World) {
    let hidden = with(TICKET, json!({ "z_value": "4.37" }));
    let booked = with("784-5805431600", json!({ "seats_released": false, "commission": "15.00" }));
    let suspended = with(
        "784-5805431700",
        json!({ "coupons": [{ "coupon": 1, "status": "suspended", "carrier": "CZ", "from": "SHA",
        "to": "PEK", "departs": "2026-12-01T08:00" }] }),
    );
    let (ben, _) = cast(&world, &[hidden, booked, suspended]).await;
    let form = ben.form("TRFD:A/1/I").await;
    let typed = |number: &'static str| {
        [
            ("number", number),
            ("coupons", "1000"),
            ("passenger_name", "wang/wu"),
            ("gross", "760.00"),
            ("tax_code", "CN"),
            ("tax_amount", "50.00"),
            ("deduction", "38.00"),
            ("rate", "0.00"),
            ("commission", "15.00"),
            ("seats", "Y"),
        ]
    };
    // What is hidden behind a known ticket cannot be got round by hand.
    let page = ben.transmit(&form, &typed(TICKET)).await.expect_status(422);
    assert_eq!(page.select(".note.bad b.code").join(" "), "TKT# MISMATCH, REOPEN IT");
    ben.transmit(&form, &typed("784-5805431700")).await.expect_status(422).expect("is SUSPENDED. Release it first");
    ben.transmit(&form, &[("number", "12")]).await.expect_status(422).expect("A ticket number has three digits");
    for (field, text, said) in [
        ("coupons", "2100", "Each group has four places"),
        ("gross", "-5", "not below zero"),
        ("gross", "7.605", "not below zero"),
        ("commission", "900", "more than the gross refund"),
        ("deduction", "9999.00", "would be below zero"),
        ("passenger_name", "", "Fill this in"),
        ("tax_amount", "x", "is not an amount, such as 50.00"),
        ("remark", "4111111111111111", ""),
    ] {
        let mut fields: Vec<(&str, &str)> = typed("999-5822054200").into_iter().filter(|(name, _)| *name != field).collect();
        fields.push((field, text));
        let page = ben.transmit(&form, &fields).await.expect_status(422).expect(said);
        assert_eq!(
            page.attribute("#deduction", "value").as_deref(),
            Some(if field == "deduction" { text } else { "38.00" }),
            "nothing typed is lost"
        );
    }
    // The complete record of the manual: 760.00 + 50.00 - 38.00 = 772.00; 772.00 - 15.00 = 757.00.
    ben.transmit(&form, &typed("999-5822054200")).await.expect_status(303);
    let page = ben.get(&form).await.expect("WANG/WU");
    assert_eq!((figure(&page, "Airline refund").as_str(), figure(&page, "Net refund").as_str()), ("CNY 772.00", "CNY 757.00"));
    // Seats that are still booked are cancelled first.
    let booked = ben.form("TRFD:L/784-5805431600/A/1/D").await;
    ben.transmit(&booked, &[]).await.expect_status(422).expect("Cancel them first");
    ben.transmit(&booked, &[("seats", "Y")]).await.expect_status(303);
    assert_eq!(figure(&ben.get(&booked).await, "Net refund"), "CNY 2,025.00");
}

async fn no_way_leads_around_the_ticket(world: World) {
    let void = with("784-5805431600", json!({ "sale": "void" }));
    let coupon = |no: usize, status: &str| json!({ "coupon": no, "status": status, "carrier": "CZ", "from": "SHA", "to": "PEK", "departs": "2026-12-01T08:00" });
    let used = with("784-5805431700", json!({ "coupons": [coupon(1, "used"), coupon(2, "open-for-use")] }));
    let old = with("784-5805431800", json!({ "issued_on": "2026-06-01", "z_value": "4.37" }));
    let (ben, _) = cast(&world, &[with(TICKET, json!({ "z_value": "4.37" })), void, used, old]).await;
    let code = |page: Page| page.expect_status(422).select(".note.bad b.code").join(" ");
    let hand = ben.form("TRFD:A/1/D").await;
    let typed = |number: &'static str, more: &[(&'static str, &'static str)]| {
        let mut fields = vec![("number", number), ("passenger_name", "X"), ("gross", "100.00"), ("rate", "0.00"), ("seats", "Y")];
        fields.extend_from_slice(more);
        fields
    };
    // The second ticket of a set that begins with an unknown number is known, and hides something.
    let page = ben.transmit(&hand, &typed("784-5805431487", &[("coupons", "1000"), ("coupons", "1000")])).await;
    assert_eq!(code(page), "TKT# MISMATCH, REOPEN IT");
    let page = ben.transmit(&hand, &typed("784-5805431487", &[("coupons", "0000"), ("coupons", "1000")])).await.expect_status(422);
    page.expect("Each group has four places");
    assert_eq!(code(ben.transmit(&hand, &typed("784-5805431600", &[("coupons", "1000")])).await), "TKT LOADING FAILED", "a void ticket");
    let unknown = [("coupons", "1000"), ("seats", "")];
    let mut fields = typed("999-1234567890", &unknown);
    fields.retain(|(name, text)| *name != "seats" || text.is_empty());
    fields.retain(|(name, _)| *name != "seats");
    ben.transmit(&hand, &fields).await.expect_status(422).expect("Cancel them first");
    // Of a ticket that is partly used nothing is filled in, and nothing is confirmed blindly.
    let form = ben.form("TRFD:Z/784-5805431700/1/D").await;
    let page = ben.get(&form).await;
    assert_eq!(page.attribute("#gross", "value").as_deref(), Some("0.00"));
    assert_eq!(page.attribute("input[name=coupons]", "value").as_deref(), Some("0200"));
    ben.command("RFIS:784-5805431700").await.expect_status(422).expect("A part of this ticket was used or refunded");
    // What cannot be loaded any more is filled in by hand, and reckoned with what is hidden all the same.
    assert_eq!(ben.code("TRFD:L/784-5805431800/AM/1/D").await, "TKT LOADING FAILED");
    let fields = [("number", "784-5805431800"), ("coupons", "1000"), ("passenger_name", "X"), ("gross", "1870.00"), ("seats", "Y")];
    let page = ben.transmit(&hand, &[&fields[..], &[("rate", "0.00")]].concat()).await;
    assert_eq!(code(page), "INCORRECT COMMISSION RATE");
    ben.transmit(&hand, &[&fields[..], &[("rate", "3.00")]].concat()).await.expect_status(303);
    let page = ben.get(&hand).await.expect("+1C");
    assert_eq!(figure(&page, "Net refund"), "CNY 1,732.18");
    // Nobody from outside of the office prints.
    let agency = world.sunriver().await;
    let dee = world.person("dee", Role::Operations, Some(&agency)).await;
    dee.post(&format!("{hand}/printing"), &[]).await.expect_status(422).expect("AUTHORITY");
    // Values in the place of names, and lists in the place of values, are refused without being repeated.
    for (record, said) in [
        (with("784-5805439999", json!({ "z_value": ["4.37"] })), "z_value: percent"),
        (with("784-5805439999", json!({ "tour_code": { "a": 1 } })), "tour_code: text"),
        (with("784-5805439999", json!({ "z_value: 4.37": "" })), "unknown field"),
        (with("784-5805439999", json!({ "office": "4.37" })), "office: there is no office of this code"),
    ] {
        let (_, faults) = take_in(&world, &record.to_string()).await;
        assert!(faults[0].contains(said) && !faults[0].contains("4.37"), "{faults:?}");
    }
}

async fn a_newer_record_counts(world: World) {
    let (ben, _) = cast(&world, &[ticket("784-5805431600")]).await;
    // By hand, before there is a record: then the record comes, and what was taken counts.
    let hand = ben.form("TRFD:A/1/D").await;
    let fields = [("number", TICKET), ("coupons", "1000"), ("passenger_name", "X"), ("gross", "1000.00"), ("rate", "0.00"), ("seats", "Y")];
    ben.transmit(&hand, &fields).await.expect_status(303);
    let coupon = |no: usize| json!({ "coupon": no, "status": "open-for-use", "carrier": "CZ", "from": "SHA", "to": "PEK", "departs": "2026-12-01T08:00" });
    take_in(&world, &with(TICKET, json!({ "coupons": [coupon(1), coupon(2)] })).to_string()).await;
    let rest = ben.form("TRFD:L/784-5805431488/AM/1/D").await;
    ben.transmit(&rest, &[("gross", "870.01")]).await.expect_status(422).expect("The ticket has only CNY 870.00 of its fare left");
    ben.transmit(&rest, &[("gross", "870.00")]).await.expect_status(303);
    // A draft that was filled before something was hidden behind its ticket is reopened.
    let draft = ben.form("TRFD:L/784-5805431600/AM/1/D").await;
    take_in(&world, &with("784-5805431600", json!({ "z_value": "4.37" })).to_string()).await;
    let page = ben.transmit(&draft, &[("rate", "3.00")]).await.expect_status(422);
    assert_eq!(page.select(".note.bad b.code").join(" "), "TKT# MISMATCH, REOPEN IT");
    // What waits is looked at again when it is released: the coupon was used meanwhile.
    let lan = world.back("lan").await;
    lan.post("/bsp/offices/SHA999/four-eyes", &[("four_eyes", "1")]).await.expect_status(303);
    let form = ben.form("TRFD:L/784-5805431600/AM/1/D").await;
    ben.transmit(&form, &[]).await.expect_status(303);
    let mut used = with("784-5805431600", json!({ "z_value": "4.37" }));
    used["coupons"][0]["status"] = "used".into();
    take_in(&world, &used.to_string()).await;
    lan.post(&format!("{form}/release"), &[("version", "2")]).await.expect_status(422).expect("is not OPEN FOR USE");
    ben.get(&form).await.expect("Awaiting release");
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

async fn two_agents_make_one_form_of_a_ticket(world: World) {
    let (ben, cho) = cast(&world, &[ticket(TICKET)]).await;
    let mut forms = Vec::new();
    for person in [&ben, &cho, &ben, &cho, &ben, &cho] {
        forms.push((person, person.form("TRFD:L/784-5805431488/AM/1/D").await));
    }
    let done = join_all(forms.iter().map(|(person, form)| person.transmit(form, &[]))).await;
    let statuses: Vec<u16> = done.iter().map(|page| page.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 409, 422].contains(status)), "{statuses:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_forms WHERE refund_no IS NOT NULL").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM bsp_form_coupons WHERE stands = 1").await, 1);
    // The same press again gets the first answer.
    let (person, form) = &forms[statuses.iter().position(|status| *status == 303).expect("one")];
    let version = [("version", "1")];
    let again = person.transmit(form, &version).await;
    assert_eq!(again.expect_status(303).location, done.iter().find(|page| page.status == 303).expect("one").location);
    assert_eq!(world.count("SELECT version FROM bsp_forms WHERE refund_no IS NOT NULL").await, 2);
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

/// A Z value that stands nowhere else, alone and with the 3.00 that is shown.
const Z: &str = "13.37";
const SECRETS: [&str; 4] = [Z, "16.37", "13,37", "16,37"];

/// Whether a text tells it: not as a part of another number, such as the time that a statement took.
fn tells(text: &str) -> bool {
    let is_whole = |at: usize, secret: &str| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_digit()) && !after.is_some_and(|c| ('1'..='9').contains(&c))
    };
    SECRETS.iter().any(|secret| text.match_indices(secret).any(|(at, _)| is_whole(at, secret)))
}

async fn a_hidden_rate_is_told_nowhere(world: World) {
    let tickets: Vec<Value> =
        (0..6).map(|nth| with(&format!("784-58054314{nth}8"), json!({ "z_value": Z, "tour_code": "SECRETIT" }))).collect();
    let (ben, cho) = cast(&world, &tickets).await;
    let lan = world.back("lan").await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut note = |what: &str, page: &Page| seen.push((what.to_owned(), page.text()));
    // Every verb, and every refusal on the way.
    let mut forms = Vec::new();
    for nth in 0..4 {
        let answer = ben.command(&format!("TRFD:L/784-58054314{nth}8/AM/1/D")).await;
        note("load", &answer);
        let form = answer.location.split('?').next().expect("an address").to_owned();
        for changes in [
            &[("rate", "9.99")][..],
            &[("gross", "-1")],
            &[("number", "784-5805431499")],
            &[("coupons", "9999")],
            &[("deduction", "99999")],
        ] {
            note("refused", &ben.transmit(&form, changes).await.expect_status(422));
        }
        let go = if nth == 1 { "application" } else { "" };
        note("transmit", &ben.transmit(&form, &[("go", go)]).await.expect_status(303));
        forms.push(form);
    }
    note("change", &cho.transmit(&forms[0], &[("deduction", "10.00")]).await.expect_status(303));
    note("delete", &ben.command("TRFX:1/D/000000004").await);
    note("answer", &wei.post(&format!("{}/answers/rejects", forms[1]), &[("version", "2"), ("remark", "No")]).await.expect_status(303));
    note("printed", &ben.command("TRFD:H/1/D/000000001").await);
    note("left", &ben.command("TRFD:Z/784-5805431448/1/D").await);
    note("standard entry", &ben.command("TRFD:A/1/D").await.expect_status(422));
    let batch = ben.upload("/bsp/batches", &[("numbers", "784-5805431458")], &[]).await.expect_status(303).location;
    world.work_all().await;
    // Everything that can be looked at, by each side.
    let mut paths: Vec<String> = [
        "/bsp/forms",
        "/bsp/forms.csv",
        "/bsp/reports",
        "/bsp/reports.csv",
        "/bsp/batches",
        "/notices",
        "/bsp/offices",
        "/desk/bsp",
        "/bsp",
    ]
    .map(ToOwned::to_owned)
    .to_vec();
    paths.extend([batch.clone(), format!("{batch}/evaluation.csv")]);
    for form in &forms {
        paths.extend([form.clone(), format!("{form}?view=mask"), format!("{form}?change=1"), format!("{form}/print")]);
    }
    for person in [&ben, &lan, &wei] {
        for path in &paths {
            note(path, &person.get(path).await);
        }
    }
    for path in ["/bsp/forms.xlsx", "/bsp/reports.xlsx"] {
        let book = ben.get(path).await.expect_status(200).body;
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(book)).expect("a workbook");
        for nth in 0..zip.len() {
            let mut part = String::new();
            std::io::Read::read_to_string(&mut zip.by_index(nth).expect("a part"), &mut part).expect("text");
            seen.push((path.to_owned(), part));
        }
    }
    seen.extend(world.mails().into_iter().map(|mail| ("mail".to_owned(), mail)));
    // The program's own command line, with its log at its loudest, and an import that is refused.
    let folder = crate::world::Folder::new();
    let file = folder.0.join("tickets.json");
    let wrong =
        [with("784-5805431499", json!({ "z_value": Z, "fare": "x" })), with("784-5805431499", json!({ "z_value": format!("{Z}5") }))];
    let text = format!("{}\n{}\n{{\"z_value\":\"{Z}\"\n", wrong[0], wrong[1]);
    std::fs::write(&file, text).expect("a file");
    for arguments in [
        vec!["import", "tickets", file.to_str().expect("a path")],
        vec!["bsp", "TRFD:M/1/D/000000001", "--office", "SHA999", "--agent", "11"],
        vec!["bsp", "TSL", "--office", "SHA999", "--agent", "11"],
        vec!["bsp", "TRFD:L/784-5805431438/AM/1/D", "--office", "SHA999", "--agent", "12"],
    ] {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_afterfare"))
            .args(&arguments)
            .args(["--database", &world.url])
            .env("RUST_LOG", "trace")
            .output()
            .expect("the program runs");
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(!said.is_empty());
        seen.push((arguments.join(" "), said));
    }
    let log = folder.0.join("log");
    let server = crate::crash::Server::start_logging(&world.url, "trace", std::fs::File::create(&log).expect("a file").into()).await;
    let again = crate::crash::signed_in(&server.base, "ben").await;
    again.get("/bsp/forms").await.expect_status(200);
    again.post("/bsp", &[("command", "TRFD:L/784-5805431438/AM/1/D")]).await;
    again.transmit(&forms[0], &[("deduction", "20.00")]).await;
    server.kill();
    seen.push(("the log".to_owned(), String::from_utf8_lossy(&std::fs::read(&log).expect("the log")).into_owned()));
    for (what, text) in &seen {
        assert!(!tells(text) && !text.contains("SECRETIT"), "{what} tells what is hidden: {text}");
    }
    assert!(seen.iter().any(|(what, text)| what == "the log" && text.contains("/bsp")), "the log says something");
    // Nor does anybody read it in the database.
    for (table, columns) in [
        ("bsp_tickets", "document || COALESCE(sealed, '') || document_digest || CAST(commission_minor AS TEXT)"),
        ("bsp_forms", "content || CAST(rate_points AS TEXT)"),
        ("bsp_commands", "command"),
        ("bsp_batches", "rows_read"),
        ("events", "details"),
        ("notices", "sentences"),
    ] {
        for secret in [Z, "SECRETIT"] {
            let query = format!("SELECT COUNT(*) FROM {table} WHERE {columns} LIKE '%{secret}%'");
            assert_eq!(world.count(Box::leak(query.into_boxed_str())).await, 0, "{table}");
        }
    }
    // It is there all the same: 16.37 % of 1870.00 less 306.12.
    assert_eq!(world.count("SELECT commission_minor FROM bsp_forms WHERE refund_no = '000000003'").await, 30_612);
}
