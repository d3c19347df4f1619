//! The main road in a real browser, with and without a script; and no page with an accessibility fault (WCAG 2.2 A/AA).

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

use crate::on_both;
use crate::world::{PASSWORD, World};

on_both! {
    the_road_with_a_script
    the_road_without_a_script
}

const ORDER: &str = "SKLA20261104193210042";

pub async fn browser(script: bool, width: u32) -> Client {
    let driver =
        std::env::var("AFTERFARE_TEST_WEBDRIVER").expect("AFTERFARE_TEST_WEBDRIVER is not set: run ./tests/run, which starts a browser");
    let chromium = std::env::var("AFTERFARE_TEST_CHROMIUM").expect("AFTERFARE_TEST_CHROMIUM is not set: run ./tests/run");
    let javascript = if script { 1 } else { 2 };
    let options = json!({
        "binary": chromium,
        "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
            "--disable-dev-shm-usage", format!("--window-size={width},900")],
        "prefs": { "profile.managed_default_content_settings.javascript": javascript },
    });
    let mut capabilities = serde_json::Map::new();
    capabilities.insert("goog:chromeOptions".to_owned(), options);
    ClientBuilder::new(hyper_connector()).capabilities(capabilities).connect(&driver).await.expect("the browser starts")
}

fn hyper_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}

pub async fn sign_in(browser: &Client, world: &World, email: &str) {
    browser.goto(&format!("{}/sign-in", world.base)).await.expect("the page");
    fill(browser, "#email", email).await;
    fill(browser, "#password", PASSWORD).await;
    press(browser, "main button[type=submit]").await;
    browser.wait().for_element(Locator::Css("nav.nav")).await.expect("signed in");
}

/// A page that is just being left gives up its elements: what failed on it is tried on the next one, for ten seconds.
async fn patiently<T, F: Future<Output = Result<T, String>>>(what: &str, attempt: impl Fn() -> F) -> T {
    let mut last = String::new();
    for _ in 0..100 {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => last = error,
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{what}: {last}");
}

pub async fn fill(browser: &Client, selector: &str, text: &str) {
    patiently(selector, || async {
        let field = browser.find(Locator::Css(selector)).await.map_err(|error| error.to_string())?;
        field.clear().await.map_err(|error| error.to_string())?;
        field.send_keys(text).await.map_err(|error| error.to_string())
    })
    .await;
}

pub async fn press(browser: &Client, selector: &str) {
    patiently(selector, || async {
        let button = browser.find(Locator::Css(selector)).await.map_err(|error| error.to_string())?;
        button.click().await.map_err(|error| error.to_string())
    })
    .await;
}

pub async fn see(browser: &Client, selector: &str, words: &str) {
    patiently(selector, || async {
        let found = browser.find(Locator::Css(selector)).await.map_err(|error| error.to_string())?;
        let text = found.text().await.map_err(|error| error.to_string())?.replace('\u{a0}', " ");
        if text.contains(words) { Ok(()) } else { Err(format!("“{words}” is not in: {text}")) }
    })
    .await;
}

/// No violation of WCAG 2.2 A or AA on the page as it stands.
pub async fn accessible(browser: &Client, name: &str) {
    let axe = std::env::var("AFTERFARE_TEST_AXE").expect("AFTERFARE_TEST_AXE is not set: run ./tests/run");
    let source = std::fs::read_to_string(axe).expect("axe");
    browser.execute(&source, vec![]).await.expect("axe loads");
    let run = "const done = arguments[arguments.length - 1]; \
               axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'] } })\
               .then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + ' — ' + n.failureSummary).join(' | '))), e => done([String(e)]));";
    let found = browser.execute_async(run, vec![]).await.expect("axe runs");
    assert_eq!(found, json!([]), "{name}");
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let wider = browser.execute(overflow, vec![]).await.expect("a width");
    assert!(wider.as_i64().is_some_and(|pixels| pixels <= 0), "{name} is {wider} px wider than the screen");
}

/// No table of the page goes on behind the edge of the screen.
async fn whole_tables(browser: &Client, name: &str) {
    let overflow = "return Math.max(0, ...[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth))";
    let hidden = browser.execute(overflow, vec![]).await.expect("a width");
    assert_eq!(hidden, json!(0), "{name}: pixels of a table behind the edge");
}

/// On a telephone the first rows of a list are near: of its filters two are shown until the others are asked for, or one of
/// them is wrong. Needs no script.
async fn filters_fold(browser: &Client, world: &World) {
    let shown = async |path: &str, width: u32| {
        browser.set_window_size(width, 900).await.expect("a width");
        browser.goto(&format!("{}{path}", world.base)).await.expect("the page");
        shown_fields(browser).await
    };
    for (path, all) in [("/bookings", 12), ("/finance/refunds", 12), ("/finance/claims", 12), ("/requests", 7), ("/incidents", 6)] {
        assert_eq!(shown(path, 1440).await, all, "{path} at a desk");
        assert_eq!(shown(path, 400).await, 2, "{path} on a telephone");
        press(browser, ".fold input").await;
        assert_eq!(shown_fields(browser).await, all, "{path} on a telephone, all of them");
    }
    assert_eq!(shown("/bookings?airline=VJ&status=ticketed", 400).await, 2);
    see(browser, ".fold", "All filters (2 in use)").await;
    assert_eq!(shown("/bookings?created_from=2026-99", 400).await, 12, "what is wrong is seen");
    browser.set_window_size(1440, 900).await.expect("a desk");
}

async fn shown_fields(browser: &Client) -> usize {
    let mut shown = 0;
    for field in browser.find_all(Locator::Css(".filters .field")).await.expect("fields") {
        shown += usize::from(field.is_displayed().await.expect("an answer"));
    }
    shown
}

/// One road by clicks only: from the list of bookings to the refund's page.
async fn by_clicks(browser: &Client, world: &World) {
    browser.goto(&format!("{}/bookings", world.base)).await.expect("the page");
    press(browser, "table a.code").await;
    press(browser, "a.btn.main[data-panel]").await;
    see(browser, "dialog.slide", "ZHANG/SAN").await;
    press(browser, "dialog.slide footer button").await;
    see(browser, "dialog.slide .receipt", "USD 74.99").await;
    see(browser, "dialog.slide footer button", "Refund USD 74.99").await;
}

async fn the_road_with_a_script(world: World) {
    let agency = world.agency("SUNRIVER").await;
    world.booked(&agency, ORDER).await;
    let email = world.user("lan", Role::Admin, Some(&agency), Language::English).await;
    let desk = world.user("sam", Role::Supervisor, None, Language::English).await;
    let browser = browser(true, 1440).await;
    browser.goto(&format!("{}/sign-in", world.base)).await.expect("the page");
    accessible(&browser, "sign-in").await;
    sign_in(&browser, &world, &email).await;
    by_clicks(&browser, &world).await;
    let address = browser.current_url().await.expect("an address");
    assert!(address.path().contains("/quotes/"), "the panel has its own address: {address}");
    accessible(&browser, "the quote").await;
    press(&browser, "dialog.slide footer button").await;
    see(&browser, ".ball", "Atlas has the ball").await;
    for path in ["/", "/bookings", "/finance/refunds", "/finance/transactions", "/users", "/account", "/refunds/202611-0001", "/nowhere"] {
        browser.goto(&format!("{}{path}", world.base)).await.expect("the page");
        accessible(&browser, path).await;
    }
    the_conversation(&browser, &world).await;
    for tab in [
        "",
        "/fees",
        "/ancillaries",
        "/refunds",
        "/emails",
        "/requests",
        "/incidents",
        "/e-ticket",
        "/refund",
        "/claim",
        "/void",
        "/request",
    ] {
        browser.goto(&format!("{}/bookings/{ORDER}{tab}", world.base)).await.expect("the page");
        accessible(&browser, tab).await;
    }
    browser.delete_all_cookies().await.expect("signed out");
    sign_in(&browser, &world, &desk).await;
    the_request_desk(&browser, &world).await;
    the_calculator(&browser, &world).await;
    for language in ["zh-Hans", "vi", "en"] {
        browser.set_window_size(1440, 900).await.expect("a desk");
        browser.goto(&format!("{}/account", world.base)).await.expect("the page");
        press(&browser, &format!("button[lang={language}]")).await;
        browser.wait().for_element(Locator::Css(&format!("html[lang={language}]"))).await.expect("the language");
        for path in ["/finance/refunds", "/desk", "/bookings"] {
            browser.goto(&format!("{}{path}", world.base)).await.expect("the page");
            whole_tables(&browser, &format!("{path} in {language}")).await;
        }
        browser.set_window_size(400, 900).await.expect("a telephone");
        for path in [
            "/",
            "/desk",
            "/refunds/202611-0001",
            "/agencies",
            "/agencies/SUNRIVER",
            "/bookings",
            "/finance/refunds",
            "/calculator",
            "/rule-sets",
            "/rule-sets/vn-domestic/2018-02",
            "/no-go",
            "/requests",
            "/requests/SR-202611-0001",
            "/desk/requests",
            "/desk/replies",
            "/incidents",
            "/notices",
            "/finance/compensations",
            "/finance/unmatched",
            "/finance/overdue",
            "/finance/reports",
            "/finance/statements",
            "/system",
            "/account",
        ] {
            browser.goto(&format!("{}{path}", world.base)).await.expect("the page");
            accessible(&browser, &format!("{path} in {language}")).await;
        }
    }
    browser.close().await.expect("closed");
}

/// A request is raised from the booking by clicks, written in, and found again.
async fn the_conversation(browser: &Client, world: &World) {
    browser.goto(&format!("{}/bookings/{ORDER}", world.base)).await.expect("the page");
    press(browser, "a.btn[href$='/request']").await;
    see(browser, "dialog.slide", "Post-Ticketing Request").await;
    accessible(browser, "the categories").await;
    press(browser, "dialog.slide a[href$='category=voluntary-change']").await;
    see(browser, "dialog.slide form", "The most the customer will pay").await;
    accessible(browser, "the form of a request").await;
    fill(browser, "#itinerary", "LJ822, 3 December").await;
    fill(browser, "#at_most", "much").await;
    fill(browser, "#description", "Please move them two days.").await;
    press(browser, "dialog.slide footer button").await;
    // It comes back as a panel, with what was typed and what is wrong.
    see(browser, "dialog.slide [role=alert]", "Give an amount such as").await;
    accessible(browser, "a request that came back").await;
    fill(browser, "#at_most", "80").await;
    press(browser, "dialog.slide footer button").await;
    see(browser, "[role=status]", "The request was opened").await;
    see(browser, ".thread", "Please move them two days.").await;
    accessible(browser, "the conversation").await;
    fill(browser, "#body", "They would also take the evening flight.").await;
    press(browser, "form.write button").await;
    see(browser, "#newest", "evening flight").await;
    // Somewhere else the order number is typed, and checked as the field is left.
    browser.goto(&format!("{}/requests/new", world.base)).await.expect("the page");
    fill(browser, "#order", "SKLA209").await;
    press(browser, "h1").await;
    see(browser, "#order-problem", "There is no booking SKLA209").await;
    fill(browser, "#order", ORDER).await;
    press(browser, "h1").await;
    see(browser, "#found", "SR-202611-0001").await;
    accessible(browser, "a new request").await;
    for path in ["/requests", "/notices", "/incidents", "/finance/claims", "/finance/compensations"] {
        browser.goto(&format!("{}{path}", world.base)).await.expect("the page");
        accessible(browser, path).await;
    }
}

/// The operator's side: an offer, a canned reply, the desk.
async fn the_request_desk(browser: &Client, world: &World) {
    browser.goto(&format!("{}/desk/replies", world.base)).await.expect("the page");
    fill(browser, "#name", "Asked").await;
    fill(browser, "#body", "Dear {name}, we asked.").await;
    press(browser, "main form button.main").await;
    see(browser, "[role=status]", "The reply was saved").await;
    accessible(browser, "canned replies").await;
    browser.goto(&format!("{}/desk/requests", world.base)).await.expect("the page");
    accessible(browser, "the desk of requests").await;
    press(browser, "table a.code").await;
    press(browser, "a.btn.small").await;
    see(browser, "#body", "Dear lan, we asked.").await;
    press(browser, "form.write button[value=answer]").await;
    see(browser, "#newest", "Dear lan, we asked.").await;
    press(browser, "a[href$='kind=change']").await;
    accessible(browser, "an offer in the making").await;
    fill(browser, "#amount", "60").await;
    fill(browser, "#what", "LJ822 on 3 December").await;
    press(browser, "form[data-once] button.main").await;
    see(browser, ".offer", "USD 60.00").await;
    accessible(browser, "the operator's page of a request").await;
    // What was read is not unread any more: the bell is empty on the next page.
    browser.goto(&format!("{}/requests?unread=yes", world.base)).await.expect("the page");
    see(browser, "main", "No request matches").await;
}

/// A rule set is loaded, facts are pasted, the amount is typed back.
async fn the_calculator(browser: &Client, world: &World) {
    browser.goto(&format!("{}/rule-sets", world.base)).await.expect("the page");
    fill(browser, "#document", include_str!("../rules/vn-domestic.json")).await;
    press(browser, "main form button").await;
    see(browser, "[role=status]", "kept as a draft").await;
    accessible(browser, "a draft").await;
    press(browser, "form[action$=activation] button").await;
    see(browser, "[role=status]", "in use").await;
    browser.goto(&format!("{}/calculator?start={ORDER}", world.base)).await.expect("the page");
    press(browser, "form.in.stack button.main").await;
    see(browser, "#to-passenger", "USD 74.99").await;
    accessible(browser, "the calculator's answer").await;
    fill(browser, "#typed", "75").await;
    press(browser, "form.note button").await;
    see(browser, "#type-back", "does not agree").await;
    browser.goto(&format!("{}/no-go", world.base)).await.expect("the page");
    fill(browser, "#text", "HAN SABRE SSCI SGN").await;
    press(browser, "form[action$=preview] button").await;
    press(browser, "form[action='/no-go'] button").await;
    see(browser, "[role=status]", "The table is loaded").await;
    accessible(browser, "the no-go tables").await;
}

async fn the_road_without_a_script(world: World) {
    let agency = world.agency("SUNRIVER").await;
    world.booked(&agency, ORDER).await;
    let email = world.user("lan", Role::CustomerService, Some(&agency), Language::English).await;
    let desk = world.user("sam", Role::Supervisor, None, Language::English).await;
    let browser = browser(false, 1440).await;
    sign_in(&browser, &world, &email).await;
    filters_fold(&browser, &world).await;
    by_clicks(&browser, &world).await;
    press(&browser, "dialog.slide footer button").await;
    see(&browser, ".ball", "Atlas has the ball").await;
    browser.delete_all_cookies().await.expect("signed out");
    sign_in(&browser, &world, &desk).await;
    browser.goto(&format!("{}/desk", world.base)).await.expect("the page");
    press(&browser, "table a.code").await;
    press(&browser, "form[action$=assignment] button").await;
    see(&browser, "[role=status]", "It is yours now").await;
    fill(&browser, "#reference", "LJ-1").await;
    press(&browser, "form[action$=submission] button").await;
    fill(&browser, "#amount", "74.99").await;
    press(&browser, "form[action$=confirmation] button").await;
    fill(&browser, "#amount", "74.99").await;
    fill(&browser, "#receipt_reference", "BANK-1").await;
    press(&browser, "form[action$=receipt] button").await;
    see(&browser, "form[action$=credit] button", "Credit to the deposit USD 72.99").await;
    press(&browser, "form[action$=credit] button").await;
    see(&browser, ".ball", "Done").await;
    assert_eq!(world.verify().await, Vec::<String>::new());
    browser.close().await.expect("closed");
}
