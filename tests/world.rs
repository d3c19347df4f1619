//! A world for one test: a fresh database, a server on a port of its own, a clock that the test sets, and people.

use std::sync::atomic::{AtomicU32, Ordering};

use afterfare::agencies::actions::{self, NewAgency, NewUser};
use afterfare::agencies::model::Agency;
use afterfare::agencies::password;
use afterfare::app;
use afterfare::bookings::import::{Counts, Import, Refused};
use afterfare::config::Settings;
use afterfare::db::{Db, Kind, PoolSizes};
use afterfare::journal::Author;
use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use afterfare::kernel::money::{Currency, Money};
use afterfare::kernel::time::Clock;
use afterfare::rates;
use afterfare::web::App;
use afterfare::web::words::MISSING;
use afterfare::worker::{Step, Worker};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use scraper::{Html, Selector};
use tokio::sync::OnceCell;

/// Declares tests that run on both databases.
#[macro_export]
macro_rules! on_both {
    ($($name:ident)+) => {
        mod sqlite {
            $(#[actix_web::test] async fn $name() { super::$name($crate::world::World::on(afterfare::db::Kind::Sqlite).await).await })+
        }
        mod postgres {
            $(#[actix_web::test] async fn $name() { super::$name($crate::world::World::on(afterfare::db::Kind::Postgres).await).await })+
        }
    };
}

/// What a form sends: each field's name and value.
pub type Fields<'a> = &'a [(&'a str, &'a str)];

/// What a form sends beside its fields: each file's name and content.
pub type Files<'a> = &'a [(&'a str, &'a [u8])];

/// A file that begins as a PDF does.
pub const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n";

/// When every world begins: a Friday morning.
pub const NOW: &str = "2026-11-20T09:00:00Z";
pub const PASSWORD: &str = "correct horse battery";

pub struct World {
    pub app: App,
    pub base: String,
    pub url: String,
    pub clock: Clock,
    /// Where this world keeps attachments and mail.
    pub files: Folder,
    _folder: Option<Folder>,
}

/// A folder that goes with its owner.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("afterfare-{}", afterfare::kernel::id::new_id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    settings: Settings,
}

pub fn settings(listen: &str, files: &Folder) -> Settings {
    let (attachments, mail) = (files.0.join("files"), files.0.join("mail"));
    let (attachments, mail) = (attachments.to_string_lossy(), mail.to_string_lossy());
    // Long sessions: tests move the clock past deadlines, not past sign-ins; the tests of sessions say their own.
    // Nor do they wait for a mail provider's pace.
    let sessions = ["--session-idle-minutes", "1440", "--session-hours", "168", "--mails-per-second", "1000"];
    // The tests are no reader of spreadsheets: the program is.
    let folders = ["--files", &attachments, "--mail-folder", &mail, "--sheet-reader", env!("CARGO_BIN_EXE_afterfare")];
    Defaults::parse_from(["test", "--listen", listen].into_iter().chain(sessions).chain(folders)).settings
}

/// The address of a new, empty database, and the folder it lives in.
pub async fn new_database(kind: Kind) -> (String, Option<Folder>) {
    match kind {
        Kind::Sqlite => {
            let folder = Folder::new();
            (format!("sqlite://{}/afterfare.db", folder.0.display()), Some(folder))
        }
        Kind::Postgres => (new_postgres().await, None),
    }
}

async fn new_postgres() -> String {
    static TEMPLATE: OnceCell<()> = OnceCell::const_new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server =
        std::env::var("AFTERFARE_TEST_POSTGRES").expect("AFTERFARE_TEST_POSTGRES is not set: run ./tests/run, which starts a PostgreSQL");
    let (host, _) = server.rsplit_once('/').expect("an address with a database");
    let template = format!("afterfare_template_{}", std::process::id());
    TEMPLATE
        .get_or_init(|| async {
            execute(&server, &format!("CREATE DATABASE {template}")).await;
            let db = Db::open(&format!("{host}/{template}"), PoolSizes { readers: 1, writers: 1 }).await.expect("the template opens");
            db.close().await;
        })
        .await;
    let name = format!("afterfare_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    format!("{host}/{name}")
}

/// Runs a statement outside of the house, as somebody with the keys to the database would.
pub async fn execute(url: &str, statement: &str) {
    use sqlx::{Connection, Executor};
    sqlx::any::install_default_drivers();
    let mut conn = sqlx::AnyConnection::connect(url).await.expect("the database is reached");
    conn.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    conn.close().await.expect("the connection closes");
}

impl World {
    pub async fn on(kind: Kind) -> Self {
        let (url, folder) = new_database(kind).await;
        Self::over(&url, folder).await
    }

    /// A world over a database that is there already.
    pub async fn over(url: &str, folder: Option<Folder>) -> Self {
        let db = Db::open(url, PoolSizes { readers: 4, writers: 4 }).await.expect("the database opens");
        let files = Folder::new();
        let clock = Clock::standing_at(NOW.parse().expect("an instant"));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let app = app::new(db, settings(&address, &files), clock.clone()).await.expect("the app");
        let server = app::serve(app.clone(), listener, 1).expect("the server");
        actix_web::rt::spawn(server);
        Self { app, base: format!("http://{address}"), url: url.to_owned(), clock, files, _folder: folder }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn later(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
    }

    pub async fn agency(&self, code: &str) -> Agency {
        let new = NewAgency {
            code: code.to_owned(),
            name: format!("{code} Travel"),
            credit_line: Money::zero(Currency::parse("USD").expect("a currency")),
        };
        actions::add_agency(&self.app.db, new, Author::program(), self.now()).await.expect("the agency is added")
    }

    /// Somebody with a password, not signed in yet; answers the e-mail address.
    pub async fn user(&self, name: &str, role: Role, agency: Option<&Agency>, language: Language) -> String {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = HASH.get_or_init(|| async { password::hash(PASSWORD.to_owned()).await.expect("a hash") }).await;
        let new = NewUser {
            email: format!("{name}@people.example"),
            name: name.to_owned(),
            role,
            agency_id: agency.map(|agency| agency.id.clone()),
            language,
        };
        let added = actions::add_user(&self.app.db, new, Author::program(), 1, self.now()).await;
        let (user, link) = added.expect("the user is added");
        actions::set_password(&self.app.db, &link.token, hash.clone(), self.now()).await.expect("the password is set");
        user.email
    }

    /// Somebody who is signed in.
    pub async fn person(&self, name: &str, role: Role, agency: Option<&Agency>) -> Person {
        self.person_speaking(name, role, agency, Language::English).await
    }

    pub async fn person_speaking(&self, name: &str, role: Role, agency: Option<&Agency>, language: Language) -> Person {
        let email = self.user(name, role, agency, language).await;
        let mut person = self.visitor();
        person.sign_in(&email, PASSWORD).await.expect_status(303);
        person
    }

    /// Somebody who was signed in before, and signs in again: sessions end when the clock moves far.
    pub async fn back(&self, name: &str) -> Person {
        let mut person = self.visitor();
        person.sign_in(&format!("{name}@people.example"), PASSWORD).await.expect_status(303);
        person
    }

    pub fn visitor(&self) -> Person {
        Person::at(&self.base)
    }

    pub async fn import(&self, agency: &Agency, text: &str) -> (Counts, Vec<Refused>) {
        let mut faults = Vec::new();
        let mut refused = |refused| faults.push(refused);
        let mut import = Import {
            db: &self.app.db,
            clock: &self.clock,
            agency_id: &agency.id,
            counts: Counts::default(),
            refused: &mut refused,
            progress: &mut |_| {},
        };
        import.run(text.as_bytes()).await.expect("the import runs");
        let counts = import.counts;
        (counts, faults)
    }

    /// One order of the kind of the published example: fare 118.40 + taxes 22.79, baggage 381.00, penalty CNY 480.00.
    pub async fn booked(&self, agency: &Agency, number: &str) -> String {
        let (order, _) = order(number).finish();
        let (counts, faults) = self.import(agency, &order).await;
        assert_eq!((counts.added + counts.updated + counts.unchanged, faults.as_slice()), (1, [].as_slice()));
        self.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
        number.to_owned()
    }

    /// The agency SUNRIVER, which is there already.
    pub async fn sunriver(&self) -> Agency {
        let mut conn = self.app.db.read().await.expect("a connection");
        afterfare::agencies::store::agency(&mut conn, "SUNRIVER").await.expect("an answer").expect("the agency")
    }

    /// One more order of the agency SUNRIVER, which is there already.
    pub async fn booked_more(&self, number: &str) -> String {
        self.booked(&self.sunriver().await, number).await
    }

    /// A refund that an agency's Admin asked for, the Admin, and a supervisor to work it.
    pub async fn registered(&self, order_no: &str) -> (Person, Person, String) {
        let agency = self.agency("SUNRIVER").await;
        let lan = self.person("lan", Role::Admin, Some(&agency)).await;
        let sam = self.person("sam", Role::Supervisor, None).await;
        let order_no = self.booked(&agency, order_no).await;
        let number = lan.refund(&order_no, "voluntary").await;
        (lan, sam, number)
    }

    pub async fn rates(&self, csv: &str) {
        let (good, bad) = rates::read(csv.as_bytes());
        assert!(bad.is_empty(), "{bad:?}");
        rates::save(&self.app.db, good).await.expect("the rates are saved");
    }

    pub fn worker(&self) -> Worker {
        Worker::new(self.app.clone()).expect("a worker")
    }

    /// Lets the worker do everything that there is to do now.
    pub async fn work_all(&self) {
        let worker = self.worker();
        for _ in 0..500 {
            if worker.step().await.expect("the worker steps") == Step::Idle {
                return;
            }
        }
        panic!("the worker never comes to an end");
    }

    /// The mails that were written into the folder, as they would go out.
    pub fn mails(&self) -> Vec<String> {
        let folder = self.files.0.join("mail");
        let entries = std::fs::read_dir(folder).map(|all| all.filter_map(Result::ok).collect::<Vec<_>>()).unwrap_or_default();
        let mut mails: Vec<String> = entries.iter().filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect();
        mails.sort();
        mails
    }

    pub async fn verify(&self) -> Vec<String> {
        afterfare::finance::verify::run(&self.app.db).await.expect("the check runs").differences
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        let mut conn = self.app.db.read().await.expect("a connection");
        let (count,): (i64,) = sqlx::query_as(query).fetch_one(&mut *conn).await.expect("a count");
        count
    }
}

/// An order document in the making.
pub struct OrderMaker(pub serde_json::Value);

pub fn order(number: &str) -> OrderMaker {
    OrderMaker(serde_json::json!({
        "orderNo": number, "orderStatus": "2", "ticketStatus": "1", "pnrCode": "KEJCBK", "totalPrice": raw("522.19"), "currency": "USD",
        "paymentMethod": 1, "tktLimitTime": "2026-11-04 20:00:00", "orderList": null,
        "paxTicketInfos": [passenger("ZHANG/SAN", 0, raw("381.00"))],
        "routing": { "currency": "USD", "adultPrice": raw("118.40"), "adultTax": raw("22.79"), "childPrice": raw("88.80"), "childTax": raw("22.79"),
            "transactionFeePerPax": raw("2.00"), "transactionFeeMode": "PER_PAX",
            "fromSegments": [segment(1, "LJ820", "PVG", "202612011325", "CJU", "202612011600")], "retSegments": [],
            "rule": { "refundRules": [rule("H", "480.00")] } },
        "airlineBookings": [{ "airlineCode": "LJ", "airlineName": "Jin Air", "airlinePnr": format!("P{}", &number[number.len() - 5..]),
            "airlineWebSiteAddress": "https://lj.example", "mmbEmail": "mmb@agency.example", "tailDigitsOfPaymentCard": null }],
    }))
}

pub fn raw(number: &str) -> serde_json::Value {
    serde_json::from_str(number).expect("a number")
}

pub fn passenger(name: &str, kind: i64, bag: serde_json::Value) -> serde_json::Value {
    let bags = if bag.is_null() {
        serde_json::Value::Null
    } else {
        serde_json::json!([{ "productCode": "SCI_1PC_20KG", "segmentIndex": 1, "ancillaryPrice": bag, "currency": "USD", "productType": 1 }])
    };
    serde_json::json!({ "name": name, "passengerType": kind, "birthday": "19880214", "gender": "M", "cardNum": "P87457446", "cardType": "PP",
        "nationality": "CN", "ticketNos": ["718-2345678901"], "airlinePNRs": ["K74MM4"], "contactEmails": null, "contactPhones": null, "ancillaries": bags })
}

pub fn segment(index: i64, flight: &str, from: &str, at: &str, to: &str, arrives: &str) -> serde_json::Value {
    serde_json::json!({ "segmentIndex": index, "carrier": &flight[..2], "flightNumber": flight, "depAirport": from, "depTime": at,
        "arrAirport": to, "arrTime": arrives, "operatingCarrier": &flight[..2], "cabinClass": 1, "fareFamily": "Eco" })
}

pub fn rule(status: &str, fee: &str) -> serde_json::Value {
    serde_json::json!({ "refundType": 0, "refundStatus": status, "currency": "CNY", "refNoshow": "T", "refNoShowCondition": 0, "refNoshowFee": 0,
        "ruleDetailList": [
            { "status": status, "startMinute": 525_600, "endMinute": 4320, "amount": raw(fee), "currency": "CNY" },
            { "status": status, "startMinute": 4320, "endMinute": 0, "amount": raw("1280.00"), "currency": "CNY" },
            { "status": "T", "startMinute": 0, "endMinute": -525_600, "amount": 0, "currency": "CNY" } ] })
}

impl OrderMaker {
    pub fn with(mut self, change: impl FnOnce(&mut serde_json::Value)) -> Self {
        change(&mut self.0);
        self
    }

    pub fn finish(self) -> (String, String) {
        let number = self.0["orderNo"].as_str().expect("a number").to_owned();
        (self.0.to_string(), number)
    }
}

/// A browser without a script.
#[derive(Clone)]
pub struct Person {
    client: reqwest::Client,
    base: String,
    csrf: String,
}

/// What came back.
pub struct Page {
    pub status: u16,
    pub location: String,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What a reader sees: without marks, blanks in one, no-break spaces plain.
    pub fn words(&self) -> String {
        let html = Html::parse_document(&self.text());
        let text: Vec<&str> = html.root_element().text().collect();
        text.join(" ").replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn select(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.text());
        let found = html.select(&Selector::parse(selector).expect("a selector")).map(|e| e.text().collect::<String>()).collect::<Vec<_>>();
        found.into_iter().map(|text| text.replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.attributes(selector, name).into_iter().next()
    }

    /// An attribute of all that have it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let html = Html::parse_document(&self.text());
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).filter_map(|element| element.value().attr(name).map(ToOwned::to_owned)).collect()
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.words());
        self
    }

    #[track_caller]
    pub fn expect(self, words: &str) -> Self {
        assert!(self.words().contains(words), "“{words}” is not in: {}", self.words());
        self
    }
}

impl Person {
    pub fn at(base: &str) -> Self {
        // The server closes what was idle for five seconds: a connection that is about to be closed is not used again.
        let client = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(std::time::Duration::from_secs(2))
            .build()
            .expect("a client");
        Self { client, base: base.to_owned(), csrf: String::new() }
    }

    async fn page(&self, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.expect("the server answers");
        let headers = response.headers().clone();
        let location = headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let page = Page { status: response.status().as_u16(), location, headers, body: response.bytes().await.expect("a body").to_vec() };
        if page.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
            let text = page.text();
            assert!(!text.contains(MISSING) && !text.contains("{$"), "a sentence is missing, or not filled in: {}", page.words());
        }
        page
    }

    pub async fn get(&self, path: &str) -> Page {
        self.page(self.client.get(format!("{}{path}", self.base))).await
    }

    /// Takes a download bit by bit, looks at something meanwhile, and keeps nothing of it; how many bytes there were.
    pub async fn take_whole(&self, path: &str, mut look: impl FnMut()) -> usize {
        let mut response = self.client.get(format!("{}{path}", self.base)).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let mut sent = 0;
        while let Some(bit) = response.chunk().await.expect("the whole file") {
            sent += bit.len();
            look();
        }
        sent
    }

    pub async fn get_with(&self, path: &str, header: (&'static str, &str)) -> Page {
        self.page(self.client.get(format!("{}{path}", self.base)).header(header.0, header.1)).await
    }

    pub async fn post(&self, path: &str, fields: Fields<'_>) -> Page {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_from(path, &all, ("origin", &self.base)).await
    }

    /// Posts a form with files: fields first, the token before all of them.
    pub async fn upload(&self, path: &str, fields: Fields<'_>, files: Files<'_>) -> Page {
        let mut form = reqwest::multipart::Form::new().text("csrf", self.csrf.clone());
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        for (name, bytes) in files {
            form = form.part("files", reqwest::multipart::Part::bytes(bytes.to_vec()).file_name((*name).to_owned()));
        }
        self.page(self.client.post(format!("{}{path}", self.base)).header("origin", &self.base).multipart(form)).await
    }

    /// Posts a form with a spreadsheet, and with files beside it.
    pub async fn upload_sheet(&self, path: &str, fields: Fields<'_>, sheet: (&str, &[u8]), files: Files<'_>) -> Page {
        let part = |bytes: &[u8], name: &str| reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        let mut form = reqwest::multipart::Form::new().text("csrf", self.csrf.clone());
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        form = form.part("sheet", part(sheet.1, sheet.0));
        for (name, bytes) in files {
            form = form.part("files", part(bytes, name));
        }
        self.page(self.client.post(format!("{}{path}", self.base)).header("origin", &self.base).multipart(form)).await
    }

    /// Uploads a spreadsheet to a server that may die meanwhile: where it led to, or nothing when it was not acknowledged.
    pub async fn try_upload_sheet(&self, path: &str, fields: Fields<'_>, sheet: (&str, &[u8])) -> Option<String> {
        self.try_upload(path, fields, ("sheet", sheet.0, sheet.1)).await
    }

    /// The same with one file under any name of a field.
    pub async fn try_upload(&self, path: &str, fields: Fields<'_>, (field, name, bytes): (&str, &str, &[u8])) -> Option<String> {
        let mut form = reqwest::multipart::Form::new().text("csrf", self.csrf.clone());
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        let request = self.client.post(format!("{}{path}", self.base)).header("origin", &self.base);
        let request = request.multipart(form.part(field.to_owned(), part));
        let answer = request.send().await.ok().filter(|answer| answer.status() == 303)?;
        answer.headers().get("location")?.to_str().ok().map(ToOwned::to_owned)
    }

    pub async fn post_from(&self, path: &str, fields: Fields<'_>, origin: (&'static str, &str)) -> Page {
        self.page(self.client.post(format!("{}{path}", self.base)).header(origin.0, origin.1).form(fields)).await
    }

    /// Posts to a server that may die meanwhile: where it led to, or nothing when it was not acknowledged.
    pub async fn try_post(&self, path: &str, fields: Fields<'_>) -> Option<String> {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(fields);
        let request = self.client.post(format!("{}{path}", self.base)).header("origin", &self.base).form(&all);
        let answer = request.send().await.ok().filter(|answer| answer.status() == 303)?;
        answer.headers().get("location")?.to_str().ok().map(ToOwned::to_owned)
    }

    /// The same person, signed in as before, at another server of the same portal.
    pub fn at_another(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        let form = self.get("/sign-in").await;
        self.csrf = form.attribute("input[name=csrf]", "value").expect("a token");
        let answer = self.post("/sign-in", &[("email", email), ("password", password)]).await;
        if answer.status == 303 {
            self.csrf = self.get("/account").await.attribute("input[name=csrf]", "value").expect("a token");
        }
        answer
    }

    /// Chooses everything that can be chosen and asks for the fee; answers the address of the quote.
    pub async fn quote(&self, order_no: &str, reason: &str) -> String {
        let form = self.get(&format!("/bookings/{order_no}/refund")).await.expect_status(200);
        let html = Html::parse_document(&form.text());
        let values = |selector: &str| {
            let selector = Selector::parse(selector).expect("a selector");
            html.select(&selector).filter_map(|e| e.value().attr("value").map(ToOwned::to_owned)).collect::<Vec<_>>()
        };
        let (passengers, segments) = (values("input[name=passenger]:not([disabled])"), values("input[name=segment]"));
        let mut fields: Vec<(&str, &str)> = passengers.iter().map(|no| ("passenger", no.as_str())).collect();
        fields.extend(segments.iter().map(|no| ("segment", no.as_str())));
        fields.push(("reason", reason));
        self.post(&format!("/bookings/{order_no}/quotes"), &fields).await.expect_status(303).location
    }

    /// The fields of the button on a quote.
    pub async fn button(&self, quote: &str) -> (String, String) {
        let page = self.get(quote).await.expect_status(200);
        let value =
            |name: &str| page.attribute(&format!("input[name={name}]"), "value").unwrap_or_else(|| panic!("no {name}: {}", page.words()));
        (value("quote"), value("once"))
    }

    /// Quotes and submits; answers the refund's number.
    pub async fn refund(&self, order_no: &str, reason: &str) -> String {
        let quote = self.quote(order_no, reason).await;
        let (quote, once) = self.button(&quote).await;
        let fields = [("quote", quote.as_str()), ("once", once.as_str())];
        let path = format!("/bookings/{order_no}/refunds");
        // Without a confirmed incident a file must prove what the airline did.
        let answer = if reason == "involuntary" {
            self.upload(&path, &fields, &[("proof.pdf", PDF)]).await
        } else {
            self.post(&path, &fields).await
        };
        let answer = answer.expect_status(303);
        number_in(&answer.location)
    }

    /// One of the operator's verbs, with the form as the page has it now.
    pub async fn work(&self, number: &str, verb: &str, fields: Fields<'_>) -> Page {
        let page = self.get(&format!("/refunds/{number}")).await.expect_status(200);
        let value = |name: &str| page.attribute(&format!("#desk input[name={name}]"), "value").unwrap_or_default();
        let (version, once) = (value("version"), value("once"));
        let mut all = vec![("version", version.as_str()), ("once", once.as_str())];
        all.extend_from_slice(fields);
        self.post(&format!("/refunds/{number}/{verb}"), &all).await
    }

    /// Posts a multipart body as it is; the status that comes back.
    pub async fn upload_raw(&self, path: &str, form: reqwest::multipart::Form, origin: &str) -> u16 {
        let request = self.client.post(format!("{}{path}", self.base)).header("origin", origin).multipart(form);
        self.page(request).await.status
    }

    /// Raises a request with these fields; the page that comes back.
    pub async fn raise(&self, order_no: &str, category: &str, fields: Fields<'_>, files: Files<'_>) -> Page {
        let form = self.get(&format!("/bookings/{order_no}/request?category={category}")).await.expect_status(200);
        let once = form.attribute("form input[name=once]", "value").unwrap_or_else(|| "no form".to_owned());
        let mut all = vec![("once", once.as_str()), ("category", category), ("description", "Please help with this.")];
        all.retain(|(name, _)| !fields.iter().any(|(own, _)| own == name));
        all.extend_from_slice(fields);
        self.upload(&format!("/bookings/{order_no}/requests"), &all, files).await
    }

    /// Raises a request that must be taken; its number.
    pub async fn raised(&self, order_no: &str, category: &str, fields: Fields<'_>) -> String {
        let answer = self.raise(order_no, category, fields, &[]).await.expect_status(303);
        request_in(&answer.location)
    }

    /// Writes in a request, with the form as the page has it now.
    pub async fn say(&self, number: &str, body: &str, kind: &str) -> Page {
        let page = self.get(&format!("/requests/{number}")).await.expect_status(200);
        let version = page.attribute("form.write input[name=version]", "value").unwrap_or_default();
        self.say_as_of(number, body, kind, &version).await
    }

    /// Writes in a request as of a version.
    pub async fn say_as_of(&self, number: &str, body: &str, kind: &str, version: &str) -> Page {
        let once = afterfare::kernel::id::new_token();
        let fields = [("version", version), ("once", &once), ("body", body), ("as", kind)];
        self.upload(&format!("/requests/{number}/messages"), &fields, &[]).await
    }

    /// Makes an offer in a request, with its newest version.
    pub async fn offer(&self, number: &str, fields: Fields<'_>) -> Page {
        let kind = fields.iter().find(|(name, _)| *name == "kind").map_or("refund", |(_, kind)| kind);
        let form = self.get(&format!("/requests/{number}/offers/new?kind={kind}")).await.expect_status(200);
        let value = |name: &str| form.attribute(&format!("form[data-once] input[name={name}]"), "value").unwrap_or_default();
        let (version, once) = (value("version"), value("once"));
        let mut all = vec![("version", version.as_str()), ("once", once.as_str()), ("what", "As the airline said."), ("valid_hours", "24")];
        all.retain(|(name, _)| !fields.iter().any(|(own, _)| own == name));
        all.extend_from_slice(fields);
        self.post(&format!("/requests/{number}/offers"), &all).await
    }

    /// The address under which the newest offer of a request is decided.
    pub async fn offer_address(&self, number: &str) -> String {
        let page = self.get(&format!("/requests/{number}")).await.expect_status(200);
        let html = Html::parse_document(&page.text());
        let offers = Selector::parse("section.offer").expect("a selector");
        let id = html
            .select(&offers)
            .next_back()
            .and_then(|offer| offer.value().attr("id"))
            .unwrap_or_else(|| panic!("no offer: {}", page.words()));
        format!("/requests/{number}/offers/{}", id.trim_start_matches("offer-"))
    }

    /// Decides the newest offer of a request.
    pub async fn decide(&self, number: &str, decision: &str) -> Page {
        let address = self.offer_address(number).await;
        let once = afterfare::kernel::id::new_token();
        self.post(&format!("{address}/{decision}"), &[("once", once.as_str()), ("note", "because")]).await
    }
}

/// `SR-202611-0042` out of `/requests/SR-202611-0042?done=…`.
pub fn request_in(location: &str) -> String {
    let rest = location.strip_prefix("/requests/").unwrap_or_else(|| panic!("no request in {location}"));
    rest.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// `202611-0042` out of `/refunds/202611-0042?done=…`.
pub fn number_in(location: &str) -> String {
    location
        .strip_prefix("/refunds/")
        .and_then(|rest| rest.split('?').next())
        .unwrap_or_else(|| panic!("no refund in {location}"))
        .to_owned()
}
