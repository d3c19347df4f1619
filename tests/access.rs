//! Who may do what: every route × role, and every foreign thing looks exactly like an absent one.

use afterfare::kernel::actor::{Permission, Role};
use afterfare::routes;

use crate::on_both;
use crate::world::{PDF, Page, Person, World, request_in};

on_both! {
    every_route_asks_for_its_permission
    foreign_things_look_absent
    lists_and_searches_hold_only_one_s_own
    an_admin_cannot_touch_another_agency_s_users
    an_admin_manages_users_and_a_supervisor_agencies
}

const ORDER: &str = "SKLA20261104193210042";

/// The things of one agency that paths name.
pub struct Things {
    order: String,
    refund: String,
    quote: String,
    request: String,
    offer: String,
    incident: String,
    attachment: String,
    notice: String,
    compensation: String,
    batch: String,
    remittance: String,
    statement: String,
    form: String,
    bsp_batch: String,
    office: String,
    user: String,
}

impl Things {
    /// Things that do not exist.
    fn absent() -> Self {
        let id = afterfare::kernel::id::new_id;
        Self {
            order: "SKLA20991104193210042".to_owned(),
            refund: "209911-0042".to_owned(),
            quote: id(),
            request: "SR-209911-0042".to_owned(),
            offer: id(),
            incident: "IN-209911-0042".to_owned(),
            attachment: id(),
            notice: id(),
            compensation: "CO-209911-0042".to_owned(),
            batch: "BA-209911-0042".to_owned(),
            remittance: "RM-209911-0042".to_owned(),
            statement: "ST-209911-0042".to_owned(),
            form: id(),
            bsp_batch: "BB-209911-0042".to_owned(),
            office: "XXX999".to_owned(),
            user: "x".to_owned(),
        }
    }

    /// One of each, made through the pages by an agency's Admin and the operator.
    pub async fn of(world: &World, owner: &Person, order: &str) -> Self {
        let sam = world.person("maker", Role::Supervisor, None).await;
        let quote = owner.quote(order, "voluntary").await.rsplit('/').next().expect("an id").to_owned();
        let refund = owner.refund(order, "voluntary").await;
        let answer = owner.raise(order, "feedback-dispute", &[], &[("a.pdf", PDF)]).await.expect_status(303);
        let request = request_in(&answer.location);
        let page = owner.get(&answer.location).await;
        let attachment = page.attribute(".attachments a", "href").expect("a file").trim_start_matches("/attachments/").to_owned();
        sam.offer(&request, &[("kind", "change"), ("amount", "1")]).await.expect_status(303);
        let offer = owner.offer_address(&request).await.rsplit('/').next().expect("an id").to_owned();
        sam.post(&format!("/bookings/{order}/incidents"), &[("kind", "order.schedulechange"), ("what", "cancelled")])
            .await
            .expect_status(303);
        let notice = owner.get("/notices").await.attribute(".notices form", "action").expect("a notice");
        let notice = notice.trim_start_matches("/notices/").trim_end_matches("/opening").to_owned();
        let (form, bsp_batch) = crate::bsp::things(world, owner).await;
        Self {
            form,
            bsp_batch,
            office: "SHA999".to_owned(),
            order: order.to_owned(),
            incident: "IN-202611-0001".to_owned(),
            compensation: "CO-202611-0001".to_owned(),
            statement: statement(world).await,
            batch: crate::batches::uploaded(owner, "a.csv", format!("order_no\n{order}\n").as_bytes(), &[])
                .await
                .trim_start_matches("/batches/")
                .to_owned(),
            remittance: crate::remittances::imported(&sam, "a.csv", b"Reference,Amount,Currency\nX,1.00,USD\n")
                .await
                .trim_start_matches("/finance/remittances/")
                .split('?')
                .next()
                .expect("a number")
                .to_owned(),
            user: "nobody".to_owned(),
            refund,
            quote,
            request,
            offer,
            attachment,
            notice,
        }
    }

    /// A path with everything in braces filled in.
    pub fn filled(&self, path: &str) -> String {
        let number = if path.contains("/incidents/") {
            &self.incident
        } else if path.starts_with("/requests/") {
            &self.request
        } else if path.starts_with("/finance/statements/") {
            &self.statement
        } else if path.starts_with("/batches/") {
            &self.batch
        } else if path.starts_with("/finance/remittances/") {
            &self.remittance
        } else {
            &self.refund
        };
        let filled = path
            .replace("{order}", &self.order)
            .replace("{number}", number)
            .replace("{offer}", &self.offer)
            .replace("{attachment}", &self.attachment)
            .replace("{notice}", &self.notice)
            .replace("{compensation}", &self.compensation)
            .replace("{id}", if path.contains("quotes") { &self.quote } else { &self.user })
            .replace("{reply}", "nobody")
            .replace("{draft}", "nobody")
            .replace("{top_up}", "TU-209911-0042")
            .replace("{report}", "differences")
            .replace("{form}", &self.form)
            .replace("{bsp_batch}", &self.bsp_batch)
            .replace("{office}", &self.office)
            .replace("{said}", "authorizes")
            .replace("{line}", "1")
            .replace("{code}", "SUNRIVER")
            .replace("{name}", "vn-domestic")
            .replace("{version}", "2018-02")
            .replace("{hash}", "x")
            .replace("{file}", "app.css")
            .replace("{token}", "spent");
        assert!(!filled.contains('{'), "{filled}: teach the tests this placeholder");
        filled
    }
}

/// A statement of SUNRIVER, as the worker would issue it after the end of a month.
async fn statement(world: &World) -> String {
    use afterfare::kernel::money::{Currency, Money};
    use afterfare::statements::model::Statement;
    let (agency, now) = (world.sunriver().await, world.now());
    let day = |text: &str| text.parse().expect("a day");
    let statement = Statement {
        id: afterfare::kernel::id::new_id(),
        number: "ST-202611-0001".to_owned(),
        agency_id: agency.id,
        issuer: "Atlas".to_owned(),
        agency_name: agency.name,
        from: day("2026-10-01"),
        until: day("2026-11-01"),
        zone_name: "UTC".to_owned(),
        opening: Money::zero(Currency::USD),
        closing: Money::zero(Currency::USD),
        line_count: 0,
        created_at: now,
    };
    let number = statement.number.clone();
    let insert = world
        .app
        .db
        .write(move |conn| Box::pin(async move { afterfare::statements::store::insert(conn, &statement, &[], &[], now).await }));
    insert.await.expect("it is kept");
    number
}

/// What of a page may differ between two requests: its reference and the token of its forms.
fn same_words(page: &Page) -> String {
    let reference = page.headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    page.text().replace(&reference, "")
}

async fn every_route_asks_for_its_permission(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let order_no = world.booked(&agency, ORDER).await;
    let owner = world.person("owner", Role::Admin, Some(&agency)).await;
    let things = Things::of(&world, &owner, &order_no).await;
    let mut people: Vec<(Role, Person)> = Vec::new();
    for role in Role::ALL {
        let of = if role.is_operator() { None } else { Some(&agency) };
        people.push((*role, world.person(role.word(), *role, of).await));
    }
    let nobody = world.visitor();
    for route in routes::ALL {
        let path = things.filled(route.path);
        // Signing out would end the session that the next routes need.
        if ["/sign-out", "/account/sessions/end"].contains(&route.path) {
            continue;
        }
        let Some(permission) = route.needs else {
            let status = call(&nobody, route.method, &path).await.status;
            assert!(![302, 500].contains(&status), "{} {path}: {status}", route.method);
            continue;
        };
        let outside = call(&nobody, route.method, &path).await;
        assert!(
            (route.method == "get" && outside.status == 303 && outside.location.starts_with("/sign-in"))
                || (route.method == "post" && outside.status == 303 && outside.location.starts_with("/sign-in")),
            "{} {path} without a session: {}",
            route.method,
            outside.status
        );
        for (role, person) in &people {
            let status = call(person, route.method, &path).await.status;
            assert_eq!(status == 403, !role.may(permission), "{} {path} as {role}: {status}", route.method);
            assert_ne!(status, 500, "{} {path} as {role}", route.method);
        }
    }
}

async fn call(person: &Person, method: &str, path: &str) -> Page {
    if method == "get" { person.get(path).await } else { person.post(path, &[]).await }
}

async fn foreign_things_look_absent(world: World) {
    let (own, other) = (world.agency("SUNRIVER").await, world.agency("SAOMAI").await);
    let owner = world.person("owner", Role::Admin, Some(&own)).await;
    let order_no = world.booked(&own, ORDER).await;
    let (things, nothing) = (Things::of(&world, &owner, &order_no).await, Things::absent());
    for role in Role::OF_AGENCIES {
        let stranger = world.person(&format!("stranger-{role}"), *role, Some(&other)).await;
        for route in routes::ALL.iter().filter(|route| names_a_thing(route.path)) {
            if !route.needs.is_some_and(|permission| role.may(permission)) {
                continue;
            }
            let (foreign, absent) = (things.filled(route.path), nothing.filled(route.path));
            let (foreign, absent) = (choose(&stranger, route.method, &foreign).await, choose(&stranger, route.method, &absent).await);
            assert_eq!((foreign.status, absent.status), (404, 404), "{} {} as {role}", route.method, route.path);
            assert_eq!(same_words(&foreign), same_words(&absent), "{} {} as {role}", route.method, route.path);
        }
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM requests WHERE version > 2").await, 0, "nobody has touched it");
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE read_at IS NOT NULL").await, 0);
}

/// Whether a path names something that belongs to an agency.
fn names_a_thing(path: &str) -> bool {
    ["{order}", "{number}", "{attachment}", "{notice}", "{form}", "{bsp_batch}", "{office}"].iter().any(|name| path.contains(name))
}

/// A request as complete as a form's, so that only the object's absence can refuse it.
async fn choose(person: &Person, method: &str, path: &str) -> Page {
    if method == "get" {
        return person.get(path).await;
    }
    let fields = [
        ("passenger", "1"),
        ("segment", "1"),
        ("reason", "involuntary"),
        ("quote", "x"),
        ("once", "k"),
        ("version", "1"),
        ("category", "feedback-dispute"),
        ("description", "text"),
        ("body", "text"),
        ("fulfilled_on", "2026-11-18"),
        ("seen", "1.00"),
        ("result", "FLIGHT_CANCELED"),
        ("note", "text"),
    ];
    person.post(path, &fields).await
}

async fn lists_and_searches_hold_only_one_s_own(world: World) {
    let (own, other) = (world.agency("SUNRIVER").await, world.agency("SAOMAI").await);
    let owner = world.person("owner", Role::Admin, Some(&own)).await;
    let stranger = world.person("stranger", Role::Admin, Some(&other)).await;
    let order_no = world.booked(&own, ORDER).await;
    let number = owner.refund(&order_no, "voluntary").await;
    let request = owner.raised(&order_no, "feedback-dispute", &[]).await;
    for path in [
        "/",
        "/bookings",
        "/bookings?passenger=zhang",
        "/bookings?pnr=K74MM4",
        "/finance/refunds",
        "/finance/transactions",
        "/finance/refunds.csv",
        "/finance/claims",
        "/finance/compensations",
        "/requests",
        "/requests.csv",
        "/incidents",
        "/notices",
    ] {
        let page = stranger.get(path).await.expect_status(200);
        assert!(!page.text().contains(&order_no) && !page.text().contains(&number) && !page.text().contains(&request), "{path}");
    }
    for typed in [ORDER, "K74MM4", "718-2345678901", "zhang", &number, &request] {
        let location = stranger.get(&format!("/search?q={typed}")).await.location;
        assert!(location.starts_with("/bookings?"), "{typed}: {location}");
    }
    let operator = world.person("sam", Role::Supervisor, None).await;
    assert!(operator.get("/bookings").await.text().contains(&order_no));
}

async fn an_admin_cannot_touch_another_agency_s_users(world: World) {
    let (own, other) = (world.agency("SUNRIVER").await, world.agency("SAOMAI").await);
    let anna = world.person("anna", Role::Admin, Some(&own)).await;
    let lan = world.person("lan", Role::Admin, Some(&other)).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let users = afterfare::agencies::store::users(&mut conn, Some(&other.id)).await.expect("the users");
    drop(conn);
    for verb in ["disabling", "enabling", "links"] {
        anna.post(&format!("/users/{}/{verb}", users[0].id), &[]).await.expect_status(404);
    }
    lan.get("/").await.expect_status(200);
}

async fn an_admin_manages_users_and_a_supervisor_agencies(world: World) {
    let sam = world.person("sam", Role::Supervisor, None).await;
    // The operator's own team is managed in the same way.
    let page =
        sam.post("/agencies/operator/users", &[("email", "wei@operator.example"), ("name", "Wei"), ("role", "operator-agent")]).await;
    let page = page.expect_status(200).expect("One-time link");
    let renew = page.attribute("form[action$=links]", "action").expect("a button");
    sam.post(&renew, &[]).await.expect_status(200).expect("One-time link");
    let disable = page.attribute("form[action$=disabling]", "action").expect("a button");
    sam.post(&disable, &[]).await.expect_status(303);
    let fields = [("code", "saomai"), ("name", "Sao Mai"), ("currency", "vnd"), ("credit_line", "5,000,000")];
    assert_eq!(sam.post("/agencies", &fields).await.expect_status(303).location, "/agencies/SAOMAI?done=agency-added");
    sam.post("/agencies", &fields).await.expect_status(422).expect("There is an agency with the code SAOMAI already");
    let page =
        sam.post("/agencies/SAOMAI/users", &[("email", "Lan@SaoMai.example"), ("name", "Lan"), ("role", "admin")]).await.expect_status(200);
    let link = page.select("#one-time-link").remove(0);
    let path = link.strip_prefix(&world.base).expect("our own address").to_owned();
    let mut lan = set_password(&world, &path).await;
    lan.sign_in("lan@saomai.example", "a new long password").await.expect_status(303);
    lan.post("/users", &[("email", "minh@saomai.example"), ("name", ""), ("role", "supervisor")])
        .await
        .expect_status(422)
        .expect("Fill this in");
    lan.post("/users", &[("email", "minh@saomai.example"), ("name", "Minh"), ("role", "finance")])
        .await
        .expect_status(200)
        .expect("One-time link");
    world.visitor().get(&path).await.expect_status(410).expect("used already or has expired");
}

async fn set_password(world: &World, path: &str) -> Person {
    let visitor = world.visitor();
    let form = visitor.get(path).await.expect_status(200);
    let token = form.attribute("input[name=csrf]", "value").expect("a token");
    let short = [("csrf", token.as_str()), ("password", "short"), ("repeated", "other")];
    visitor
        .post_from(path, &short, ("origin", &world.base))
        .await
        .expect_status(422)
        .expect("Use 12 to 200 characters")
        .expect("The two passwords differ");
    let good = [("csrf", token.as_str()), ("password", "a new long password"), ("repeated", "a new long password")];
    visitor.post_from(path, &good, ("origin", &world.base)).await.expect_status(303);
    visitor
}

#[test]
fn agency_roles_never_work_the_desk() {
    for role in Role::OF_AGENCIES {
        for permission in [Permission::WorkDesk, Permission::TalkToAirline, Permission::PostMoney, Permission::ManageAgencies] {
            assert!(!role.may(permission), "{role}");
        }
    }
}
