//! Sessions, sign-in, forms from elsewhere, headers.

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;

use crate::on_both;
use crate::world::{PASSWORD, World};

on_both! {
    wrong_passwords_are_slowed_down_per_account
    a_session_is_listed_and_ended_by_its_user
    a_disabled_user_is_out_at_once
    sessions_end_when_idle_and_when_old
    forms_from_elsewhere_are_refused
    pages_carry_their_headers
    the_language_follows_the_user_then_the_browser
    an_error_shows_a_reference_and_no_internals
    health_is_told
}

async fn wrong_passwords_are_slowed_down_per_account(world: World) {
    let email = world.user("lan", Role::Supervisor, None, Language::English).await;
    let mut visitor = world.visitor();
    for _ in 0..8 {
        visitor.sign_in(&email, "wrong password").await.expect_status(422).expect("do not fit together");
    }
    visitor.sign_in(&email, PASSWORD).await.expect_status(429).expect("Wait 15 minutes");
    visitor.sign_in("nobody@people.example", PASSWORD).await.expect_status(422).expect("do not fit together");
    world.later(16);
    visitor.sign_in(&email, PASSWORD).await.expect_status(303);
}

async fn a_session_is_listed_and_ended_by_its_user(world: World) {
    let email = world.user("lan", Role::Supervisor, None, Language::English).await;
    let (mut here, mut there) = (world.visitor(), world.visitor());
    here.sign_in(&email, PASSWORD).await.expect_status(303);
    there.sign_in(&email, PASSWORD).await.expect_status(303);
    let page = here.get("/account").await.expect_status(200).expect("This one");
    let end = page.attribute("tbody form", "action").expect("the other session");
    here.post(&end, &[]).await.expect_status(303);
    assert!(there.get("/").await.location.starts_with("/sign-in"));
    here.get("/").await.expect_status(200);
    here.post("/sign-out", &[]).await.expect_status(303);
    assert!(here.get("/").await.location.starts_with("/sign-in"));
}

async fn a_disabled_user_is_out_at_once(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let anna = world.person("anna", Role::Admin, Some(&agency)).await;
    let ben = world.person("ben", Role::Finance, Some(&agency)).await;
    ben.get("/").await.expect_status(200);
    let page = anna.get("/users").await;
    let disable = page.attribute("form[action$=disabling]", "action").expect("a button");
    anna.post(&disable, &[]).await.expect_status(303);
    assert!(ben.get("/").await.location.starts_with("/sign-in"));
    world.visitor().sign_in("ben@people.example", PASSWORD).await.expect_status(422);
    assert_eq!(world.count("SELECT COUNT(*) FROM sessions").await, 1);
}

async fn sessions_end_when_idle_and_when_old(world: World) {
    let lan = world.person("lan", Role::Supervisor, None).await;
    world.later(1439);
    lan.get("/").await.expect_status(200);
    world.later(1439);
    lan.get("/").await.expect_status(200);
    world.later(1440);
    assert!(lan.get("/").await.location.starts_with("/sign-in"), "idle");
    let lan = world.person("lan2", Role::Supervisor, None).await;
    for _ in 0..8 {
        world.later(1260);
        lan.get("/").await;
    }
    assert!(lan.get("/").await.location.starts_with("/sign-in"), "older than a week");
}

async fn forms_from_elsewhere_are_refused(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let fields = [("csrf", lan.csrf()), ("language", "vi"), ("back", "/")];
    for origin in
        [("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("x-nothing", "y")]
    {
        lan.post_from("/language", &fields, origin).await.expect_status(403).expect("came from another site");
    }
    let stale = [("csrf", "0000"), ("language", "vi"), ("back", "/")];
    lan.post_from("/language", &stale, ("sec-fetch-site", "same-origin")).await.expect_status(403);
    let back = [("csrf", lan.csrf()), ("language", "en"), ("back", "//elsewhere.example/")];
    assert_eq!(lan.post_from("/language", &back, ("sec-fetch-site", "same-origin")).await.expect_status(303).location, "/");
}

async fn pages_carry_their_headers(world: World) {
    let lan = world.person("lan", Role::Supervisor, None).await;
    for page in [lan.get("/").await, world.visitor().get("/sign-in").await, lan.get("/nowhere").await] {
        let header = |name: &str| page.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
        assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff".to_owned(), "same-origin".to_owned()));
        assert_eq!(header("cache-control"), "no-store");
        for forbidden in [" style=\"", " onclick=\"", "<style", "javascript:"] {
            assert!(!page.text().contains(forbidden), "{forbidden}");
        }
    }
    let styles = lan.get("/").await.attribute("link[rel=stylesheet]", "href").expect("a stylesheet");
    let file = lan.get(&styles).await.expect_status(200);
    assert!(file.headers["cache-control"].to_str().is_ok_and(|value| value.contains("immutable")));
}

async fn the_language_follows_the_user_then_the_browser(world: World) {
    let lang = |page: crate::world::Page| page.attribute("html", "lang").unwrap_or_default();
    let visitor = world.visitor();
    assert_eq!(lang(visitor.get_with("/sign-in", ("accept-language", "fr, vi;q=0.8, en;q=0.5")).await), "vi");
    assert_eq!(lang(visitor.get_with("/sign-in", ("accept-language", "zh-CN,zh;q=0.9")).await), "zh-Hans");
    let lan = world.person("lan", Role::Supervisor, None).await;
    lan.post("/language", &[("language", "vi"), ("back", "/desk")]).await.expect_status(303);
    assert_eq!(lang(lan.get_with("/desk", ("accept-language", "en")).await), "vi");
}

async fn an_error_shows_a_reference_and_no_internals(world: World) {
    let lan = world.person("lan", Role::Supervisor, None).await;
    crate::world::execute(&world.url, "ALTER TABLE refunds RENAME TO gone").await;
    let page = lan.get("/desk").await.expect_status(500).expect("Something went wrong on our side");
    let reference = page.headers["x-request-id"].to_str().expect("text").to_owned();
    let words = page.expect(&reference).words();
    assert!(!words.contains("refunds") && !words.contains("SQL"), "{words}");
    // Whoever is signed in stays so, with their menu and in their language.
    let hoa = world.person_speaking("hoa", Role::Supervisor, None, Language::Vietnamese).await;
    let page = hoa.get("/bookings/SKLA20991104193210042").await.expect_status(404);
    assert_eq!(page.attribute("html", "lang").as_deref(), Some("vi"));
    assert!(page.attribute("nav.nav a[href='/desk']", "href").is_some() && page.select(".person").join("").contains("hoa"));
}

async fn health_is_told(world: World) {
    let visitor = world.visitor();
    assert_eq!(visitor.get("/healthz").await.expect_status(200).text(), "ok\n");
    let head = reqwest::Client::new().head(format!("{}/healthz", world.base)).send().await.expect("an answer");
    assert_eq!((head.status().as_u16(), head.bytes().await.expect("a body").len()), (200, 0));
    assert_eq!(visitor.get("/readyz").await.expect_status(200).text(), "ready\n");
}
