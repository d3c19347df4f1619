//! Importing orders as they are in the wild.

use afterfare::bookings::import::Counts;
use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{Person, World, order, passenger, raw};

on_both! {
    the_same_file_again_changes_nothing
    any_number_of_orders_is_kept_whole
    a_changed_order_keeps_its_refunds
    a_common_name_finds_everybody_who_has_it
    a_bad_order_is_named_by_line_and_path_and_the_others_go_in
    another_agency_s_order_is_refused
    nulls_at_the_top_are_taken_from_the_main_entry
    departures_are_local_to_the_airport
    amounts_keep_every_digit
    ten_thousand_orders_go_in
}

fn counts(added: u64, updated: u64, unchanged: u64, refused: u64) -> Counts {
    Counts { added, updated, unchanged, refused }
}

fn number(n: usize) -> String {
    format!("SKLA2026110419{n:07}")
}

async fn the_same_file_again_changes_nothing(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lines: String = (0..300).map(|n| order(&number(n)).finish().0 + "\n").collect();
    assert_eq!(world.import(&agency, &lines).await, (counts(300, 0, 0, 0), vec![]));
    let array = format!("[{}]", lines.trim().replace('\n', ","));
    assert_eq!(world.import(&agency, &array).await, (counts(0, 0, 300, 0), vec![]));
    assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, 300);
    // Twice in one file counts once.
    let twice = order(&number(900)).finish().0;
    assert_eq!(world.import(&agency, &format!("{twice}\n{twice}\n")).await.0, counts(1, 0, 1, 0));
}

async fn any_number_of_orders_is_kept_whole(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let mut sum = 0;
    // Around the sizes in which rows are written together.
    for count in [1_u32, 2, 3, 5, 16, 17, 63, 64, 65, 100, 128, 129, 256, 257] {
        let lines: String = (0..count).map(|n| order(&number((1_000 * count + n) as usize)).finish().0 + "\n").collect();
        assert_eq!(world.import(&agency, &lines).await, (counts(count.into(), 0, 0, 0), vec![]));
        sum += i64::from(count);
        assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, sum, "after {count} at once");
        let own_documents =
            "SELECT COUNT(*) FROM orders o JOIN order_documents d ON d.order_id = o.id WHERE d.document LIKE '%' || o.order_no || '%'";
        assert_eq!(world.count(own_documents).await, sum);
        assert_eq!(world.count("SELECT COUNT(DISTINCT order_id) FROM booking_keys WHERE kind = 'name'").await, sum);
    }
}

async fn a_changed_order_keeps_its_refunds(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let order_no = world.booked(&agency, &number(1)).await;
    let refund = lan.refund(&order_no, "voluntary").await;
    let changed =
        order(&order_no).with(|order| order["paxTicketInfos"] = serde_json::json!([passenger("LI/WEI", 0, raw("381.00"))])).finish().0;
    assert_eq!(world.import(&agency, &changed).await.0, counts(0, 1, 0, 0));
    lan.get(&format!("/bookings/{order_no}/refunds")).await.expect(&refund);
    lan.get(&format!("/bookings/{order_no}")).await.expect("LI/WEI").expect("Include refund Yes");
    assert_eq!(lan.get("/search?q=li%20wei").await.location, format!("/bookings/{order_no}"));
    assert!(lan.get("/search?q=zhang").await.location.starts_with("/bookings?"), "the old name finds nothing");
}

/// From two thousand bookings under a name on, the newest bookings are walked through instead of gathering those.
async fn a_common_name_finds_everybody_who_has_it(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let named = |n: usize, name: &str| {
        order(&number(n)).with(|order| order["paxTicketInfos"] = serde_json::json!([passenger(name, 0, raw("381.00"))])).finish().0 + "\n"
    };
    let name = |n: usize| match n % 3 {
        0 => "NGUYỄN/AN",
        1 => "LE/NGUYENHA",
        _ => "NGUYEN/THI BINH",
    };
    let lines: String = (0..2_100)
        .map(|n| named(n, name(n)))
        .chain((2_100..2_130).map(|n| named(n, "TRAN/BINH")))
        .chain([named(2_130, "TRAN/BANGUYEN")])
        .collect();
    assert_eq!(world.import(&agency, &lines).await.0, counts(2_131, 0, 0, 0));
    let other = world.agency("RIVERSIDE").await;
    let (omar, sam) = (world.person("omar", Role::Admin, Some(&other)).await, world.person("sam", Role::Supervisor, None).await);
    world.import(&other, &named(5_000, "NGUYEN/AN")).await;
    let found_by = async |person: &Person, query: &str| -> Vec<String> {
        let file = person.get(&format!("/bookings.csv?{query}")).await.text();
        file.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect()
    };
    let found = async |query: &str| found_by(&lan, query).await;
    let newest: Vec<String> = (0..2_100).rev().map(number).collect();
    // Twice: the second time nothing is counted.
    for _ in 0..2 {
        assert_eq!(found("passenger=nguyen").await, newest);
    }
    // What is known of one agency says nothing of another, and nobody sees more for it.
    let is_known = |whose: &str| world.app.plenty.is_known(&format!("{whose} 4e475559454e"), world.now());
    assert!(is_known(&agency.id) && !is_known(&other.id) && !is_known(""), "it is not counted again");
    assert_eq!(found_by(&omar, "passenger=nguyen").await, [number(5_000)]);
    assert_eq!(found_by(&sam, "passenger=nguyen").await.len(), 2_101);
    let page = lan.get("/bookings?passenger=Nguy%E1%BB%85n").await;
    assert_eq!(page.select("tbody td:first-child a"), newest[..50]);
    let next = page.attribute("a[rel=next]", "href").expect("a next page");
    assert_eq!(lan.get(&format!("/bookings{next}")).await.select("tbody td:first-child a"), newest[50..100]);
    assert_eq!(found("passenger=nguyen&status=cancelled").await, Vec::<String>::new());
    assert_eq!(found("passenger=nguyen&departure_from=2026-12-01").await.len(), 2_100);
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    lan.refund(&newest[7], "voluntary").await;
    assert_eq!(found("passenger=nguyen&has_refund=yes").await, newest[7..8]);
    assert_eq!((found("passenger=binh").await.len(), found("passenger=guyen").await.len()), (730, 0), "names are found by their words");
    // Who is renamed is found by the new name only.
    world.import(&agency, &named(2_099, "LI/WEI")).await;
    assert_eq!(found("passenger=nguyen").await, newest[1..]);
    assert_eq!(found("passenger=wei%20li").await, newest[..1]);
}

async fn a_bad_order_is_named_by_line_and_path_and_the_others_go_in(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let bad = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut made = order(&number(5)).0;
        change(&mut made);
        made.to_string()
    };
    let lines = [
        order(&number(1)).finish().0,
        bad(&|order| order["routing"]["fromSegments"][0]["depTime"] = serde_json::Value::Null),
        bad(&|order| order["routing"]["fromSegments"][0]["depAirport"] = "QQQ".into()),
        bad(&|order| order["totalPrice"] = raw("12.345")),
        bad(&|order| order["paxTicketInfos"][0]["ancillaries"][0]["ancillaryPrice"] = "much".into()),
        "{\"orderNo\": \"SKLA2".to_owned(),
        order(&number(2)).finish().0,
    ];
    let (found, faults) = world.import(&agency, &lines.join("\n")).await;
    assert_eq!(found, counts(2, 0, 0, 5));
    let places: Vec<(usize, &str)> = faults.iter().map(|fault| (fault.line, fault.path.as_str())).collect();
    assert_eq!(
        places,
        [
            (2, "orders[1].routing.fromSegments[0].depTime"),
            (3, "orders[2].routing.fromSegments[0].depAirport"),
            (4, "orders[3].totalPrice"),
            (5, "orders[4].paxTicketInfos[0].ancillaries[0].ancillaryPrice"),
            (6, "orders[5]"),
        ]
    );
}

async fn another_agency_s_order_is_refused(world: World) {
    let (own, other) = (world.agency("SUNRIVER").await, world.agency("SAOMAI").await);
    world.booked(&own, &number(1)).await;
    let (found, faults) = world.import(&other, &order(&number(1)).finish().0).await;
    assert_eq!((found.refused, faults[0].path.as_str()), (1, "orders[0].orderNo"));
}

async fn nulls_at_the_top_are_taken_from_the_main_entry(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let (text, order_no) = order(&number(1))
        .with(|order| {
            for name in ["orderStatus", "totalPrice", "currency", "paymentMethod", "tktLimitTime", "pnrCode"] {
                order[name] = serde_json::Value::Null;
            }
            order["orderList"] = serde_json::json!([
                { "orderNo": "SKLB20261104193210099", "orderStatus": "2", "totalPrice": raw("1.00"), "currency": "EUR" },
                { "orderNo": number(1), "orderStatus": 2, "totalPrice": "522.19", "currency": "USD", "supportPaymentMethod": 3,
                  "tktLimitTime": "2026-11-04 20:00:00" } ]);
        })
        .finish();
    assert_eq!(world.import(&agency, &text).await, (counts(1, 0, 0, 0), vec![]));
    lan.get(&format!("/bookings/{order_no}")).await.expect("USD 522.19").expect("Virtual credit card").expect("Issued");
}

async fn departures_are_local_to_the_airport(world: World) {
    let agency = world.agency("SUNRIVER").await;
    world.booked(&agency, &number(1)).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let (local, instant): (String, String) =
        sqlx::query_as("SELECT departure_local, departure_at FROM orders").fetch_one(&mut *conn).await.expect("the order");
    assert_eq!((local.as_str(), instant.as_str()), ("2026-12-01T13:25", "2026-12-01T05:25:00Z"));
}

async fn amounts_keep_every_digit(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let text = order(&number(1)).finish().0.replace("522.19", "90071992547409.93").replace("118.4", "1.184e2");
    assert_eq!(world.import(&agency, &text).await, (counts(1, 0, 0, 0), vec![]));
    assert_eq!(world.count("SELECT total_minor FROM orders").await, 9_007_199_254_740_993);
}

async fn ten_thousand_orders_go_in(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lines: String = (0..10_000).map(|n| order(&number(n)).finish().0 + "\n").collect();
    assert_eq!(world.import(&agency, &lines).await.0, counts(10_000, 0, 0, 0));
}
