//! The whole road: from an imported order to a credited refund, in each language.

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;

use crate::on_both;
use crate::world::{Page, World, order, passenger, raw};

on_both! {
    the_published_example_from_quote_to_credit
    the_road_in_chinese
    the_road_in_vietnamese
    a_card_refund_never_shows_an_amount
    an_actual_amount_that_differs_asks_why_and_shows_both
    less_than_the_service_fee_is_refused_with_reason_14
    an_expired_quote_is_made_anew_with_the_difference
    a_rate_counts_from_the_moment_it_is_loaded
    an_overtaken_form_shows_what_changed
    a_refusal_gives_the_passenger_free_again
    impossible_choices_are_refused_with_their_code
    involuntary_refunds_have_no_penalty_and_no_fee
    the_desk_counts_and_sorts_by_due
    refunds_download_as_filtered
    the_search_box_goes_straight_there
    my_bookings_filters
    every_tab_of_a_booking_has_its_data
    a_fee_per_order_is_taken_once
    a_passenger_without_a_fare_is_never_quoted
    a_nul_character_is_refused_and_breaks_nothing
}

const ORDER: &str = "SKLA20261104193210042";

async fn the_published_example_from_quote_to_credit(world: World) {
    road(world, Language::English, ["Estimated Total Refund", "Accurate quote", "Refunded", "Atlas Processing"]).await;
}

async fn the_road_in_chinese(world: World) {
    road(world, Language::Chinese, ["预计退款", "", "", ""]).await;
}

async fn the_road_in_vietnamese(world: World) {
    road(world, Language::Vietnamese, ["", "", "", ""]).await;
}

async fn road(world: World, language: Language, words: [&str; 4]) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person_speaking("lan", Role::CustomerService, Some(&agency), language).await;
    let wei = world.person_speaking("wei", Role::OperatorAgent, None, language).await;
    let mei = world.person_speaking("mei", Role::OperatorFinance, None, language).await;
    let cora = world.person_speaking("cora", Role::Finance, Some(&agency), language).await;
    let order_no = world.booked(&agency, ORDER).await;

    let quote = lan.quote(&order_no, "voluntary").await;
    let page = lan.get(&quote).await.expect_status(200).expect(words[0]).expect(words[1]);
    let (penalty, refund, rate) =
        if language == Language::Vietnamese { ("447,20", "74,99", "0,137917") } else { ("447.20", "74.99", "0.137917") };
    let lines = page.select(".receipt dd").join(" | ");
    for amount in [penalty, refund] {
        assert!(lines.contains(amount), "{amount} is not in {lines}");
    }
    assert!(page.words().matches(rate).count() >= 2, "beside the fee and in the calculation: {}", page.words());
    assert!(page.select("footer button").join(" ").contains(&format!("USD {refund}")), "the button carries the amount");

    let number = lan.refund(&order_no, "voluntary").await;
    assert_eq!(number, "202611-0001");
    lan.get(&format!("/refunds/{number}")).await.expect_status(200).expect(words[3]);
    wei.work(&number, "assignment", &[]).await.expect_status(303);
    wei.work(&number, "submission", &[("reference", "LJ-778")]).await.expect_status(303);
    world.later(60);
    wei.work(&number, "confirmation", &[("amount", "74.99"), ("expected_on", "2026-12-02")]).await.expect_status(303);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1"), ("difference", "")];
    mei.work(&number, "receipt", &money).await.expect_status(303);
    mei.work(&number, "credit", &[]).await.expect_status(303);

    lan.get(&format!("/refunds/{number}")).await.expect(words[2]).expect("LJ-778").expect("BANK-1");
    let balance = if language == Language::Vietnamese { "USD 72,99" } else { "USD 72.99" };
    cora.get("/finance/transactions").await.expect_status(200).expect(balance);
    assert_eq!(world.verify().await, Vec::<String>::new());
    for path in ["/", "/bookings", "/finance/refunds", "/account", &format!("/bookings/{order_no}/refunds")] {
        let page = lan.get(path).await.expect_status(200);
        assert_eq!(page.attribute("html", "lang").as_deref(), Some(language.word()));
        assert!(!page.text().contains(afterfare::web::words::MISSING), "{path} lacks a sentence: {}", page.words());
    }
}

async fn a_card_refund_never_shows_an_amount(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::CustomerService, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let (text, order_no) = order(ORDER).with(|order| order["paymentMethod"] = raw("3")).finish();
    world.import(&agency, &text).await;
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    let number = lan.refund(&order_no, "voluntary").await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(409);
    sam.work(&number, "receipt", &[("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "x")])
        .await
        .expect_status(409);
    sam.work(&number, "fulfilment", &[]).await.expect_status(303);
    let page = lan.get(&format!("/refunds/{number}")).await.expect("Fulfillment Done");
    assert!(!page.words().contains("Actual"), "{}", page.words());
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers").await, 0);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn an_actual_amount_that_differs_asks_why_and_shows_both(world: World) {
    let (lan, sam, number) = world.registered(ORDER).await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let short = [("amount", "70.00"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    let page = sam.work(&number, "receipt", &short).await.expect_status(422).expect("USD 70.00 came, but USD 74.99 was estimated");
    assert_eq!(page.attribute("#amount", "value").as_deref(), Some("70.00"), "what was typed comes back");
    let why = [("amount", "70.00"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1"), ("difference", "bank-charges")];
    sam.work(&number, "receipt", &why).await.expect_status(303);
    sam.work(&number, "credit", &[]).await.expect_status(303);
    lan.get(&format!("/refunds/{number}")).await.expect("USD −4.99").expect("Bank charges").expect("USD 68.00");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn less_than_the_service_fee_is_refused_with_reason_14(world: World) {
    let (lan, sam, number) = world.registered(ORDER).await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let cents = [("amount", "1.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1"), ("difference", "other")];
    sam.work(&number, "receipt", &cents).await.expect_status(303);
    lan.get(&format!("/refunds/{number}")).await.expect("Rejected").expect("The actual amount is below the service fee");
    assert_eq!(world.count("SELECT CAST(SUM(balance_minor) AS BIGINT) FROM accounts WHERE kind = 'unallocated'").await, 199);
    assert_eq!(world.count("SELECT COUNT(*) FROM accounts WHERE kind = 'deposit'").await, 0);
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn an_expired_quote_is_made_anew_with_the_difference(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let order_no = world.booked(&agency, ORDER).await;
    let (quote, once) = lan.button(&lan.quote(&order_no, "voluntary").await).await;
    world.later(120);
    let fields = [("quote", quote.as_str()), ("once", once.as_str())];
    let answer = lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await.expect_status(303);
    assert!(answer.location.contains("instead_of"), "{}", answer.location);
    lan.get(&answer.location).await.expect("nothing was submitted").expect("USD 74.99");
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 0);
    // A quote that another one overtook is not accepted either, and the newest is.
    let (old, _) = lan.button(&lan.quote(&order_no, "voluntary").await).await;
    let (new, once) = lan.button(&lan.quote(&order_no, "involuntary").await).await;
    let fields = [("quote", old.as_str()), ("once", "another-key")];
    assert!(lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await.location.contains("instead_of"));
    let fields = [("quote", new.as_str()), ("once", once.as_str())];
    assert!(lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await.location.contains("instead_of"));
    assert_eq!(world.count("SELECT COUNT(*) FROM refunds").await, 0);
}

async fn a_rate_counts_from_the_moment_it_is_loaded(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let order_no = world.booked(&agency, ORDER).await;
    let old = lan.quote(&order_no, "voluntary").await;
    let (quote, once) = lan.button(&old).await;
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.14\n").await;
    // Submitted now, it says what it comes to now; asked for anew, it says the same.
    let fields = [("quote", quote.as_str()), ("once", once.as_str())];
    let answer = lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await.expect_status(303);
    assert!(answer.location.contains("instead_of"), "{}", answer.location);
    let renewed = lan.get(&answer.location).await.expect("nothing was submitted");
    let anew = lan.quote(&order_no, "voluntary").await;
    let amount = |page: &Page| page.select("footer button").join(" ");
    let (renewed, anew) = (amount(&renewed), amount(&lan.get(&anew).await));
    assert_eq!(renewed, anew);
    assert!(renewed.contains("USD 73.99"), "CNY 480 are a dollar more: {renewed}");
    lan.get(&old).await.expect("USD 74.99").expect("0.137917");
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    lan.get(&lan.quote(&order_no, "voluntary").await).await.expect("USD 74.99");
}

async fn an_overtaken_form_shows_what_changed(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (wei, sam) = (world.person("wei", Role::OperatorAgent, None).await, world.person("sam", Role::Supervisor, None).await);
    let order_no = world.booked(&agency, ORDER).await;
    let number = lan.refund(&order_no, "voluntary").await;
    let form = wei.get(&format!("/refunds/{number}")).await;
    let version = form.attribute("#desk input[name=version]", "value").expect("a version");
    sam.work(&number, "submission", &[("reference", "SAM-1")]).await.expect_status(303);
    let fields = [("version", version.as_str()), ("once", "wei-1"), ("code", "2")];
    let page = wei.post(&format!("/refunds/{number}/refusal"), &fields).await.expect_status(409);
    page.expect("Somebody was faster").expect("Submitted to the airline").expect("SAM-1").expect("Airline Processing");
}

async fn a_refusal_gives_the_passenger_free_again(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let order_no = world.booked(&agency, ORDER).await;
    let number = lan.refund(&order_no, "involuntary").await;
    lan.get(&format!("/bookings/{order_no}/refund")).await.expect("Already in refund").expect(&number);
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "522.19")]).await.expect_status(303);
    sam.work(&number, "refusal", &[("code", "2"), ("note", "4111 1111 1111 1111")]).await.expect_status(422).expect("card number");
    sam.work(&number, "refusal", &[("code", "2"), ("note", "No change found")]).await.expect_status(303);
    lan.get(&format!("/refunds/{number}"))
        .await
        .expect("The airline knows of no schedule change")
        .expect("Ask for a voluntary refund instead");
    assert_eq!(world.verify().await, Vec::<String>::new());
    assert_eq!(lan.refund(&order_no, "voluntary").await, "202611-0002");
}

async fn impossible_choices_are_refused_with_their_code(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (family, order_no) = order(ORDER)
        .with(|order| {
            order["paxTicketInfos"] =
                serde_json::json!([passenger("ZHANG/SAN", 0, serde_json::Value::Null), passenger("ZHANG/MEI", 1, serde_json::Value::Null)]);
            order["routing"]["retSegments"] =
                serde_json::json!([crate::world::segment(2, "LJ819", "CJU", "202612051120", "PVG", "202612051200")]);
        })
        .finish();
    world.import(&agency, &family).await;
    let quotes = format!("/bookings/{order_no}/quotes");
    let ask = |fields: Vec<(&'static str, &'static str)>| {
        let (lan, quotes) = (lan.clone(), quotes.clone());
        async move { lan.post(&quotes, &fields).await.expect_status(422) }
    };
    ask(vec![("segment", "1"), ("segment", "2"), ("reason", "voluntary")]).await.expect("(810)");
    ask(vec![("passenger", "1"), ("segment", "1"), ("segment", "2"), ("reason", "voluntary")]).await.expect("(802)");
    ask(vec![("passenger", "1"), ("passenger", "2"), ("segment", "1"), ("reason", "voluntary")]).await.expect("(811)");
    ask(vec![("passenger", "9"), ("segment", "1"), ("segment", "2"), ("reason", "voluntary")]).await.expect("(807)");
    ask(vec![("passenger", "1"), ("passenger", "2"), ("segment", "7"), ("reason", "voluntary")]).await.expect("(8041)");
    ask(vec![("passenger", "1"), ("passenger", "2"), ("segment", "1"), ("segment", "2"), ("reason", "because")]).await.expect("(810)");
    // One child of two people may go.
    lan.post(&quotes, &[("passenger", "2"), ("segment", "1"), ("segment", "2"), ("reason", "involuntary")]).await.expect_status(303);
    // The outbound has departed, the return has not.
    world.later(60 * 24 * 13);
    let anna = world.person("anna", Role::Admin, Some(&agency)).await;
    let fields = [("passenger", "2"), ("segment", "1"), ("segment", "2"), ("reason", "voluntary")];
    anna.post(&quotes, &fields).await.expect_status(422).expect("(820)");
    for (status, code) in [("0", "(809)"), ("-3", "(809)")] {
        let number = format!("SKLA2026110419321{}", if status == "0" { "1111" } else { "2222" });
        let (text, number) = order(&number).with(|order| order["orderStatus"] = serde_json::json!(status)).finish();
        world.import(&agency, &text).await;
        anna.get(&format!("/bookings/{number}/refund")).await.expect(code);
    }
}

async fn involuntary_refunds_have_no_penalty_and_no_fee(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Operations, Some(&agency)).await;
    let order_no = world.booked(&agency, ORDER).await;
    let page = lan.get(&lan.quote(&order_no, "involuntary").await).await;
    assert_eq!(page.select(".receipt .total dd"), ["USD 522.19"]);
    page.expect("it keeps nothing");
}

async fn the_desk_counts_and_sorts_by_due(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    for n in 1..=3 {
        let order_no = world.booked(&agency, &format!("SKLA2026110419321004{n}")).await;
        lan.refund(&order_no, "voluntary").await;
        world.later(30);
    }
    let desk = wei.get("/desk").await.expect_status(200);
    assert_eq!(desk.select("tbody td:first-child"), ["202611-0001", "202611-0002", "202611-0003"]);
    assert_eq!(desk.select(".tile b"), ["3", "0", "0", "0", "0", "0", "3"]);
    wei.work("202611-0002", "assignment", &[]).await.expect_status(303);
    wei.work("202611-0002", "submission", &[]).await.expect_status(303);
    world.later(170);
    let desk = wei.get("/desk?view=overdue").await;
    assert_eq!(desk.select(".tile b"), ["2", "1", "0", "0", "1", "1", "2"]);
    assert_eq!(desk.select("tbody td:first-child"), ["202611-0001"]);
    world.work_all().await;
    assert_eq!(world.worker().step().await.expect("the worker steps"), afterfare::worker::Step::Idle);
    lan.get("/refunds/202611-0001").await.expect("The time to submit to the airline has passed").expect("It is late");
}

async fn refunds_download_as_filtered(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    for n in 1..=2 {
        let order_no = world.booked(&agency, &format!("SKLA2026110419321004{n}")).await;
        lan.refund(&order_no, "voluntary").await;
    }
    let all = lan.get("/finance/refunds.csv").await.expect_status(200);
    assert_eq!(all.text().lines().count(), 3);
    let one = lan.get("/finance/refunds.csv?order_no=SKLA20261104193210042").await.text();
    assert_eq!(one.lines().count(), 2, "{one}");
    assert!(one.contains("202611-0002") && one.contains("74.99"), "{one}");
    let sheet = lan.get("/finance/refunds.xlsx").await.expect_status(200);
    assert!(sheet.body.starts_with(b"PK"));
    assert_eq!(lan.get("/finance/refunds?order_no=SKLA20261104193210041").await.select("tbody tr").len(), 1);
    lan.get("/finance/refunds?registered_from=yesterday").await.expect("Give a day such as");
}

async fn the_search_box_goes_straight_there(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (text, order_no) = order(ORDER).with(|order| order["paxTicketInfos"][0]["name"] = "Nguyễn/Đức Ánh".into()).finish();
    world.import(&agency, &text).await;
    let number = lan.refund(&order_no, "involuntary").await;
    let booking = format!("/bookings/{order_no}");
    for typed in [ORDER, "skla20261104193210042", "7182345678901", "718-2345678901", "P10042", "nguyen duc", "ĐỨC ánh", "Anh%20Nguyen"]
    {
        assert_eq!(lan.get(&format!("/search?q={typed}")).await.location, booking, "{typed}");
    }
    assert_eq!(lan.get(&format!("/search?q={number}")).await.location, format!("/refunds/{number}"));
    assert!(lan.get("/search?q=nobody").await.location.starts_with("/bookings?"));
}

async fn my_bookings_filters(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Developer, Some(&agency)).await;
    for n in 1..=9 {
        world.booked(&agency, &format!("SKLA2026110{n}193210042")).await;
    }
    let orders = |page: crate::world::Page| page.select("tbody td:first-child a");
    let all = orders(lan.get("/bookings").await);
    assert_eq!((all.len(), all[0].as_str()), (9, "SKLA20261109193210042"), "the newest first");
    for (query, count) in [
        ("order_no=skla20261103193210042", 1),
        ("pnr=K74MM4", 9),
        ("ticket=718-2345678901", 9),
        ("passenger=zhang", 9),
        ("passenger=li", 0),
        ("airline=LJ", 9),
        ("airline=VN", 0),
        ("status=ticketed", 9),
        ("channel=vcc", 0),
        ("has_refund=no", 9),
        ("has_refund=yes", 0),
        ("departure_from=2026-12-01&departure_to=2026-12-01", 9),
        ("departure_from=2026-12-02", 0),
        ("created_from=2026-11-08", 2),
        ("created_to=2026-11-02&airline=LJ", 2),
    ] {
        assert_eq!(orders(lan.get(&format!("/bookings?{query}")).await).len(), count, "{query}");
    }
    let ben = world.person("ben", Role::Admin, Some(&agency)).await;
    for n in [4, 7, 2] {
        ben.refund(&format!("SKLA2026110{n}193210042"), "voluntary").await;
    }
    // Of another agency's refunds nobody hears.
    let other = world.agency("RIVERSIDE").await;
    let kim = world.person("kim", Role::Admin, Some(&other)).await;
    kim.refund(&world.booked(&other, "SKLA20261106193210099").await, "voluntary").await;
    for (query, days) in [
        ("has_refund=yes", &[7, 4, 2][..]),
        ("has_refund=yes&airline=LJ", &[7, 4, 2]),
        ("has_refund=yes&airline=VN", &[]),
        ("has_refund=yes&created_to=2026-11-04", &[4, 2]),
        ("has_refund=yes&created_from=2026-11-07", &[7]),
        ("has_refund=yes&departure_from=2026-12-01", &[2, 4, 7]),
        ("has_refund=yes&order_no=SKLA20261104193210042", &[4]),
        ("has_refund=yes&order_no=SKLA20261103193210042", &[]),
        ("has_refund=no", &[9, 8, 6, 5, 3, 1]),
    ] {
        let expected: Vec<String> = days.iter().map(|n| format!("SKLA2026110{n}193210042")).collect();
        let mut found = orders(lan.get(&format!("/bookings?{query}")).await);
        if query.contains("departure") {
            // All depart at the same time.
            found.sort();
        }
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(lan.get("/bookings").await.select("tbody .tag.info").len(), 3, "the list marks them");
}

async fn every_tab_of_a_booking_has_its_data(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let order_no = world.booked(&agency, ORDER).await;
    for (tab, words) in [
        ("", "ZHANG/SAN"),
        ("", "More than 3 days before departure · now"),
        ("", "2026-11-28 13:25"),
        ("/fees", "USD 141.19"),
        ("/ancillaries", "SCI_1PC_20KG"),
        ("/refunds", "This booking has no refund"),
        ("/emails", "mmb@agency.example"),
        ("/requests", "No service request"),
        ("/incidents", "No schedule change"),
        ("/e-ticket", "718-2345678901"),
    ] {
        lan.get(&format!("/bookings/{order_no}{tab}")).await.expect_status(200).expect(words);
    }
    world.later(60 * 24 * 10 + 12 * 60);
    let lan = world.person("lan2", Role::Admin, Some(&agency)).await;
    lan.get(&format!("/bookings/{order_no}")).await.expect("Departure is less than 24 hours away").expect("Open Jin Air");
}

async fn a_fee_per_order_is_taken_once(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (text, order_no) = order(ORDER)
        .with(|order| {
            order["paxTicketInfos"] =
                serde_json::json!([passenger("ZHANG/SAN", 0, serde_json::Value::Null), passenger("LI/SI", 0, serde_json::Value::Null)]);
            order["routing"]["transactionFeeMode"] = "PER_ORDER".into();
            order["routing"]["transactionFee"] = raw("3.00");
        })
        .finish();
    world.import(&agency, &text).await;
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    for (passenger, fee) in [("1", 300), ("2", 0)] {
        let fields = [("passenger", passenger), ("segment", "1"), ("reason", "voluntary")];
        let quote = lan.post(&format!("/bookings/{order_no}/quotes"), &fields).await.expect_status(303).location;
        let (quote, once) = lan.button(&quote).await;
        let fields = [("quote", quote.as_str()), ("once", once.as_str())];
        lan.post(&format!("/bookings/{order_no}/refunds"), &fields).await.expect_status(303);
        let newest = "SELECT service_fee_minor FROM refunds ORDER BY number DESC LIMIT 1";
        assert_eq!(world.count(newest).await, fee, "passenger {passenger}");
    }
}

async fn a_passenger_without_a_fare_is_never_quoted(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (text, order_no) = order(ORDER)
        .with(|order| {
            let infant = passenger("ZHANG/BABY", 2, serde_json::Value::Null);
            order["paxTicketInfos"].as_array_mut().expect("passengers").push(infant);
        })
        .finish();
    world.import(&agency, &text).await;
    let page = lan.get(&lan.quote(&order_no, "involuntary").await).await;
    page.expect("The order does not tell the fare of a selected passenger").expect("Submit, the airline decides");
}

async fn a_nul_character_is_refused_and_breaks_nothing(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    for path in ["/search?q=%00", "/bookings?passenger=%00", "/bookings/%00", "/refunds/%00", "/finance/refunds?after=a%00~b"] {
        lan.get(path).await.expect_status(404);
    }
    lan.post("/users", &[("email", "a@b.example"), ("name", "a\0b"), ("role", "finance")]).await.expect_status(400);
}
