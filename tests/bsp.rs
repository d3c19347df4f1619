//! BSP refund forms: the manual's commands and messages, the arithmetic, the life of a form, and what is never told.

use afterfare::agencies::model::Agency;
use afterfare::bsp::model::Office;
use afterfare::bsp::office_store;
use afterfare::bsp::ticket_import::{Counts, Import};
use afterfare::kernel::actor::Role;
use afterfare::kernel::id::new_id;
use afterfare::kernel::language::Language;
use afterfare::kernel::money::Currency;
use afterfare::refund_calculation::sealed::SealKey;
use serde_json::{Value, json};

use crate::world::{Page, Person, World};

mod command_line;
mod forms;
mod hidden;
mod office;
mod tickets;

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

    /// What a form transmits as it is shown, but for these fields.
    pub async fn transmitted(&self, form: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
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
        fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    }

    /// Transmits a form as it is shown, but for these fields.
    pub async fn transmit(&self, form: &str, changes: &[(&str, &str)]) -> Page {
        let fields = self.transmitted(form, changes).await;
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&format!("{form}/transmission"), &fields).await
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
