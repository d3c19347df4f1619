//! Tools: the calculator, rule sets and the no-go tables, through the front door.

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use afterfare::web::words::MISSING;
use scraper::{Html, Selector};

use crate::on_both;
use crate::world::{Page, World, execute, order};

on_both! {
    the_calculator_begins_with_a_booking_or_a_ticket
    a_booking_of_several_is_reckoned_for_all
    the_calculator_answers_what_is_pasted
    what_was_typed_is_given_back_with_its_mistakes
    a_rule_set_is_checked_previewed_and_put_in_use_from_a_day
    the_host_s_answer_is_previewed_and_loaded
    rule_sets_and_tables_are_never_changed_in_place
    every_page_of_the_tools_speaks_three_languages
}

const ORDER: &str = "SKLA20261104193210042";
const TICKET_EXAMPLE: &str = include_str!("../docs/facts-ticket-example.json");
const VIETNAM: &str = include_str!("../rules/vn-domestic.json");

/// What a form would send as it stands.
fn fields(page: &Page, form: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(&page.text());
    let selector = |text: &str| Selector::parse(text).expect("a selector");
    let form = html.select(&selector(form)).next().unwrap_or_else(|| panic!("no {form}: {}", page.words()));
    let (controls, chosen) = (selector("input[name], select[name], textarea[name]"), selector("option[selected]"));
    let value = |element: scraper::ElementRef<'_>| match element.value().name() {
        "textarea" => element.text().collect(),
        "select" => {
            let first = selector("option");
            let option = element.select(&chosen).next().or_else(|| element.select(&first).next());
            option.and_then(|option| option.value().attr("value")).unwrap_or_default().to_owned()
        }
        _ => element.value().attr("value").unwrap_or_default().to_owned(),
    };
    form.select(&controls).map(|one| (one.value().attr("name").unwrap_or_default().to_owned(), value(one))).collect()
}

fn with<'f>(fields: &'f [(String, String)], changes: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let kept = fields.iter().filter(|(name, _)| name != "csrf" && !changes.iter().any(|(changed, _)| changed == name));
    kept.map(|(name, value)| (name.as_str(), value.as_str())).chain(changes.iter().copied()).collect()
}

const FORM: &str = "form.in.stack[action='/calculator']";

async fn the_calculator_begins_with_a_booking_or_a_ticket(world: World) {
    let agency = world.agency("SUNRIVER").await;
    world.booked(&agency, ORDER).await;
    let lan = world.person("lan", Role::Developer, Some(&agency)).await;
    for start in [ORDER, "718-2345678901", "7182345678901", "718 2345678901"] {
        let page = lan.get(&format!("/calculator?start={start}")).await.expect_status(200);
        let form = fields(&page, FORM);
        let answer = lan.post("/calculator", &with(&form, &[])).await.expect_status(200);
        assert_eq!(answer.select("#to-passenger"), ["USD 74.99"], "{}", answer.words());
        let answer = answer.expect("CNY 480.00 × 0.137917 (rate of 2026-11-20) = USD 66.20").expect("low-cost/2026-11");
        let check = fields(&answer, "form.note[action='/calculator']");
        let right = lan.post("/calculator", &with(&check, &[("typed", "74.99")])).await.expect_status(200);
        assert_eq!(right.select("#type-back.ok"), ["It agrees: USD 74.99."]);
        let wrong = lan.post("/calculator", &with(&check, &[("typed", "75.00")])).await.expect_status(200);
        assert_eq!(wrong.select("#type-back.bad"), ["It does not agree. Typed USD 75.00, computed USD 74.99: USD 0.01 too much."]);
        lan.post("/calculator", &with(&check, &[("typed", "much")])).await.expect_status(422).expect("Give an amount such as");
        // A penalty of one's own stands above the order's.
        let own = lan.post("/calculator", &with(&form, &[("fee", "10 %")])).await.expect_status(200);
        assert_eq!(own.select("#to-passenger"), ["USD 129.35"], "10 % of 118.40 is 11.84; 22.79 of tax: {}", own.words());
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM quotes").await, 0, "nothing is kept");
    let other = world.agency("SAOMAI").await;
    let minh = world.person("minh", Role::Admin, Some(&other)).await;
    let (foreign, absent) = (minh.get(&format!("/calculator?start={ORDER}")).await, minh.get("/calculator?start=NOTHING").await);
    assert_eq!((foreign.status, absent.status), (422, 422));
    assert_eq!(foreign.select("#start-problem"), absent.select("#start-problem"));
    assert!(!foreign.text().contains("ZHANG"));
}

/// The fields show one passenger; the others are reckoned as they were loaded, and the page says so.
async fn a_booking_of_several_is_reckoned_for_all(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let two = order(ORDER).with(|order| {
        let second = crate::world::passenger("LI/SI", 0, serde_json::Value::Null);
        order["paxTicketInfos"].as_array_mut().expect("a list").push(second);
        order["paxTicketInfos"][1]["ticketNos"][0] = "718-9999999999".into();
    });
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    world.import(&agency, &two.finish().0).await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let page = lan.get(&format!("/calculator?start={ORDER}")).await.expect_status(200);
    let page = page.expect("The fields show ZHANG/SAN. Reckoned with it, as loaded: LI/SI.");
    let form = fields(&page, FORM);
    let answer = lan.post("/calculator", &with(&form, &[])).await.expect_status(200);
    assert_eq!(answer.select("#to-passenger"), ["USD 149.98"], "{}", answer.words());
    let again = lan.post("/calculator", &with(&fields(&answer, FORM), &[])).await.expect_status(200);
    assert_eq!(again.select("#to-passenger"), ["USD 149.98"], "pressed twice it is the same");
    let second = lan.get("/calculator?start=718-9999999999").await.expect_status(200);
    assert!(!second.words().contains("Reckoned with it"), "{}", second.words());
    let by_rules = lan.post("/calculator", &with(&form, &[("conditions", "rule-set")])).await.expect_status(200);
    by_rules.expect("There are no refund rules for this journey.");
    world.import(&agency, &order("SKLA20261104193210099").finish().0).await;
    let several = lan.get("/calculator?start=718-2345678901").await.expect_status(422);
    assert_eq!(several.select("#start-problem"), ["Several bookings have this number. Use the order number."]);
}

async fn the_calculator_answers_what_is_pasted(world: World) {
    let sam = world.person("sam", Role::Supervisor, None).await;
    sam.post("/rule-sets", &[("document", VIETNAM)]).await.expect_status(303);
    sam.post("/rule-sets/vn-domestic/2018-02/activation", &[("from", "2026-11-20")]).await.expect_status(303);
    let page = sam.post("/calculator", &[("json", TICKET_EXAMPLE)]).await.expect_status(200);
    assert_eq!(page.select("#to-passenger"), ["VND 1,919,000"], "{}", page.words());
    assert_eq!(page.select("#airline-to-agency"), ["VND 1,850,000"]);
    let page = page.expect("it is not above half of the round trip, VND 2,750,000").expect("TM 5.1, 5.8").expect("vn-domestic/2018-02");
    let page = page
        .expect("Screen 30 · Old Net Method 2: net remit 5500000")
        .expect("Screen 32 · Refund amount Method 2: net remit 1919000")
        .expect("Accounting");
    // The form carries the same facts on.
    let again = sam.post("/calculator", &with(&fields(&page, FORM), &[("used_fare", "3000000")])).await.expect_status(200);
    assert_eq!(again.select("#to-passenger"), ["VND 2,119,000"]);
    let named = sam.post("/calculator", &[("json", TICKET_EXAMPLE), ("rule_set", "vn-domestic/2018-02")]).await.expect_status(200);
    assert_eq!(named.select("#to-passenger"), ["VND 1,919,000"]);
    let broken = TICKET_EXAMPLE.replace("\"flown\"", "\"gone\"");
    let refused = sam.post("/calculator", &[("json", &broken)]).await.expect_status(422);
    let refused = refused.expect("tickets[0].coupons[0].status: unknown variant `gone`");
    assert_eq!(fields(&refused, "details form").iter().find(|(name, _)| name == "json").map(|(_, text)| text.contains("gone")), Some(true));
    let huge = TICKET_EXAMPLE.replace("\"5500000\"", "\"9223372036854775807\"");
    assert!([200, 422].contains(&sam.post("/calculator", &[("json", &huge)]).await.status));
    sam.post("/calculator", &[("json", &"[".repeat(100_000))]).await.expect_status(422);
}

async fn what_was_typed_is_given_back_with_its_mistakes(world: World) {
    let sam = world.person("sam", Role::OperatorAgent, None).await;
    let empty = sam.get("/calculator").await.expect_status(200);
    let form = fields(&empty, FORM);
    let none = sam.post("/calculator", &with(&form, &[("fare", "100.00")])).await.expect_status(422);
    assert_eq!(none.select("#flights-problem"), ["Give at least one flight."]);
    let rows = [("from", "HAN"), ("to", "XXQ"), ("departs", "2026-12-01 10:30"), ("from", "SGN"), ("to", "HAN"), ("departs", "soon")];
    let wrong = [
        ("fare", "12,3x"),
        ("currency", "USD"),
        ("fee", "a lot"),
        ("commission", "200"),
        ("taxes", "UE 5\nUE five"),
        ("candidates", "HAN SGN"),
        ("waiver", "no code!"),
        ("requested_at", "yesterday"),
    ];
    let page = sam.post("/calculator", &with(&form, &[wrong.as_slice(), &rows].concat())).await.expect_status(422);
    for (field, words) in [
        ("fare", "Give an amount such as"),
        ("fee", "Give an amount such as CNY 480 or a percentage"),
        ("commission", "Give a percentage"),
        ("taxes", "Taxes, line 2 cannot be read: “UE five”."),
        ("candidates", "One-way fares for the used part, line 1 cannot be read"),
        ("waiver", "“no code!” is no code."),
        ("requested_at", "Give date and time"),
        ("flights", "Row 1: XXQ is no airport that we know."),
    ] {
        let said = page.select(&format!("#{field}-problem")).join(" ");
        assert!(said.contains(words), "{field}: {said}");
    }
    let back = fields(&page, FORM);
    let value = |name: &str| back.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    assert_eq!((value("fare"), value("taxes")), (vec!["12,3x"], vec!["UE 5\nUE five"]));
    assert_eq!((value("from")[..2].to_vec(), value("departs")[1]), (vec!["HAN", "SGN"], "soon"));
    let good =
        [("fare", "100.00"), ("currency", "USD"), ("fee", "USD 40"), ("from", "HAN"), ("to", "SGN"), ("departs", "2026-12-01 10:30")];
    let page = sam.post("/calculator", &with(&form, &good)).await.expect_status(200);
    assert_eq!(page.select("#to-passenger"), ["USD 60.00"], "{}", page.words());
}

/// Rules for the order's carrier: dollars are rounded to whole ones.
fn rounding(version: &str, unit: &str) -> String {
    serde_json::json!({
        "name": "jin", "version": version, "title": "Jin Air", "source": "test", "as_of": "2026-11-20", "carrier": "LJ",
        "taxes": { "of_non_refundable": false }, "rounding": { "conversion": { "units": [{ "amount": unit, "currency": "USD" }] } }
    })
    .to_string()
}

async fn a_rule_set_is_checked_previewed_and_put_in_use_from_a_day(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let order_no = world.booked(&agency, ORDER).await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let old_quote = lan.quote(&order_no, "voluntary").await;
    lan.get(&old_quote).await.expect("USD 74.99").expect("low-cost/2026-11");

    let bad = VIETNAM
        .replace("\"cutoff_minutes\": 180", "\"cutoff_minutes\": -180")
        .replace("\"title\": \"Vietnam", "\"title\": \"\", \"x\": \"");
    let refused = sam.post("/rule-sets", &[("document", &bad)]).await.expect_status(422).expect("unknown field `x`");
    assert!(refused.text().contains("cutoff_minutes"), "the text is given back");
    let wrong = VIETNAM.replace("\"cutoff_minutes\": 180", "\"cutoff_minutes\": -180");
    let refused = sam.post("/rule-sets", &[("document", &wrong)]).await.expect_status(422);
    refused.expect("conditions[1].no_show.cutoff_minutes must not be below zero.");
    lan.post("/rule-sets", &[("document", VIETNAM)]).await.expect_status(403);
    lan.get("/rule-sets").await.expect_status(200).expect("Built in, where no other is for a ticket");

    let first = rounding("1", "1.00");
    let loaded = sam.post("/rule-sets", &[("document", &first)]).await.expect_status(303);
    assert_eq!(loaded.location, "/rule-sets/jin/1?done=rule-set-loaded");
    sam.post("/rule-sets", &[("document", &first)]).await.expect_status(422).expect("jin 1 is loaded already");
    let draft = sam.get("/rule-sets/jin/1").await.expect_status(200);
    let draft = draft.expect("Of the newest 1 quotes 1 would change.").expect("USD 74.99").expect("USD 75.19").expect("Draft");
    drop(draft.expect("This is the first version."));
    lan.get("/rule-sets/jin/1").await.expect_status(404);
    assert!(!lan.get("/rule-sets").await.text().contains("jin"), "drafts are the supervisor's");
    let unchanged = lan.quote(&order_no, "voluntary").await;
    lan.get(&unchanged).await.expect("USD 74.99");

    let past = sam.post("/rule-sets/jin/1/activation", &[("from", "2026-11-19")]).await.expect_status(422);
    past.expect("Choose today or a later day");
    lan.post("/rule-sets/jin/1/activation", &[("from", "2026-11-21")]).await.expect_status(403);
    sam.post("/rule-sets/jin/1/activation", &[("from", "2026-11-21")]).await.expect_status(303);
    sam.post("/rule-sets/jin/1/activation", &[("from", "2026-11-22")]).await.expect_status(422).expect("in use already");
    let today = lan.quote(&order_no, "voluntary").await;
    lan.get(&today).await.expect("USD 74.99");
    world.later(16 * 60);
    let tomorrow = lan.quote(&order_no, "voluntary").await;
    lan.get(&tomorrow).await.expect("USD 75.19").expect("jin/1");
    lan.get(&old_quote).await.expect("USD 74.99").expect("low-cost/2026-11");

    sam.post("/rule-sets", &[("document", &rounding("2", "10.00"))]).await.expect_status(303);
    let second = sam.get("/rule-sets/jin/2").await.expect_status(200).expect("Compared with 1");
    let second = second.expect("rounding.conversion.units[0].amount 1.00 10.00");
    drop(second);
    sam.post("/rule-sets/jin/2/activation", &[("from", "2026-11-21")]).await.expect_status(303);
    let newest = lan.quote(&order_no, "voluntary").await;
    lan.get(&newest).await.expect("USD 71.19").expect("jin/2");
    sam.get("/rule-sets/jin/9").await.expect_status(404);
    let seen = lan.get("/rule-sets/jin/2").await.expect_status(200);
    assert!(!seen.words().contains("would change"), "quotes of other agencies are not for an agency");
    let list = lan.get("/rule-sets").await.expect_status(200);
    assert_eq!(list.select("tbody tr .tag.ok").len(), 2, "one version of a name is in use, and the built-in: {}", list.words());
    let list = list.expect("In use since 2026-11-21").expect("Replaced");
    drop(list);
    lan.get("/rule-sets/low-cost/2026-11").await.expect_status(200).expect("Low-cost orders");
    let built_in = include_str!("../rules/low-cost.json");
    sam.post("/rule-sets", &[("document", built_in)]).await.expect_status(422).expect("is loaded already");
}

async fn the_host_s_answer_is_previewed_and_loaded(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    lan.get("/no-go").await.expect_status(200).expect("Not loaded yet.");
    lan.post("/no-go", &[("scope", "domestic"), ("text", "HAN SABRE SSCI")]).await.expect_status(403);
    let text = "F*TWDYVX\nHAN SABRE SSCI\nSGN\nVCS";
    let preview = wei.post("/no-go/preview", &[("scope", "domestic"), ("text", text)]).await.expect_status(200);
    let preview = preview.expect("New: HAN, SGN, VCS").expect("These lines name no airport").expect("F*TWDYVX").expect("3 airports");
    assert_eq!(world.count("SELECT COUNT(*) FROM no_go_tables").await, 0, "a preview loads nothing");
    let load = fields(&preview, "form[action='/no-go']");
    wei.post("/no-go", &with(&load, &[])).await.expect_status(303);
    let tables = lan.get("/no-go").await.expect_status(200);
    assert_eq!(tables.select(".airports .tag.ok"), ["HAN"]);
    assert_eq!(tables.select(".airports .tag.wait"), ["SGN", "VCS"]);
    let changed = wei.post("/no-go/preview", &[("scope", "domestic"), ("text", "HAN\nSGN\nDAD")]).await.expect_status(200);
    drop(changed.expect("New: DAD").expect("Gone: VCS").expect("Different: HAN"));
    wei.post("/no-go/preview", &[("scope", "domestic"), ("text", "nothing here")]).await.expect_status(422).expect("No airport was found");
    wei.post("/no-go/preview", &[("scope", "lunar"), ("text", text)]).await.expect_status(422);

    let sam = world.person("sam", Role::Supervisor, None).await;
    sam.post("/rule-sets", &[("document", VIETNAM)]).await.expect_status(303);
    sam.post("/rule-sets/vn-domestic/2018-02/activation", &[("from", "2026-11-20")]).await.expect_status(303);
    let mut example: serde_json::Value = serde_json::from_str(TICKET_EXAMPLE).expect("json");
    example["check_in"].take();
    let example = example.to_string().replace("\"check_in\":null", "\"check_in\":[]");
    let page = lan.post("/calculator", &[("json", &example)]).await.expect_status(200);
    page.expect("Close SGN–HAN as no-go before the refund: this airport has no interactive check-in.");
}

async fn rule_sets_and_tables_are_never_changed_in_place(world: World) {
    let sam = world.person("sam", Role::Supervisor, None).await;
    sam.post("/rule-sets", &[("document", VIETNAM)]).await.expect_status(303);
    sam.post("/no-go", &[("scope", "domestic"), ("text", "HAN SABRE SSCI")]).await.expect_status(303);
    for statement in [
        "UPDATE rule_sets SET document = '{}'",
        "DELETE FROM rule_sets",
        "UPDATE no_go_tables SET airports = '{}'",
        "DELETE FROM no_go_tables",
    ] {
        let url = world.url.clone();
        let refused = tokio::spawn(async move { execute(&url, statement).await }).await;
        assert!(refused.is_err(), "{statement}");
    }
    sam.get("/rule-sets/vn-domestic/2018-02").await.expect_status(200).expect("Vietnam Airlines, domestic");
}

async fn every_page_of_the_tools_speaks_three_languages(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let (document, _) = order(ORDER).finish();
    world.import(&agency, &document).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    for document in [VIETNAM, include_str!("../rules/china-full-fare.json"), include_str!("../rules/jeju.json")] {
        sam.post("/rule-sets", &[("document", document)]).await.expect_status(303);
    }
    sam.post("/rule-sets/vn-domestic/2018-02/activation", &[("from", "2026-11-20")]).await.expect_status(303);
    sam.post("/no-go", &[("scope", "domestic"), ("text", "HAN SABRE SSCI\nVCS")]).await.expect_status(303);
    let mut headings = Vec::new();
    for language in Language::ALL {
        let person = world.person_speaking(&format!("reader-{}", headings.len()), Role::Supervisor, None, *language).await;
        for path in [
            "/calculator",
            "/rule-sets",
            "/rule-sets/vn-domestic/2018-02",
            "/rule-sets/china-full-fare/2026-01",
            "/rule-sets/jeju/2026-01",
            "/no-go",
        ] {
            let page = person.get(path).await.expect_status(200);
            assert!(!page.text().contains(MISSING), "{path} in {language}: {}", page.words());
        }
        let answer = person.post("/calculator", &[("json", TICKET_EXAMPLE)]).await.expect_status(200);
        assert!(!answer.text().contains(MISSING), "{}", answer.words());
        headings.push(answer.select("h1").join(" "));
        let bad = person.post("/rule-sets", &[("document", "{")]).await.expect_status(422);
        assert!(!bad.text().contains(MISSING), "{}", bad.words());
    }
    headings.dedup();
    assert_eq!(headings.len(), 3, "{headings:?}");
}
