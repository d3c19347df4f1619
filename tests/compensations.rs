//! Goodwill and dispute credits: one person up to the limit, two above it.

use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{Person, World, execute};

on_both! {
    a_small_one_is_credited_at_once
    a_large_one_needs_a_second_person
    the_limit_holds_in_every_currency
    the_agency_sees_what_it_got
}

const ORDER: &str = "SKLA20261104193210042";

async fn cast(world: &World) -> (Person, Person, Person) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let mei = world.person("mei", Role::OperatorFinance, None).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    world.booked(&agency, ORDER).await;
    (lan, mei, sam)
}

impl Person {
    async fn compensate(&self, currency: &str, amount: &str, once: &str) -> crate::world::Page {
        let fields = [
            ("agency", "SUNRIVER"),
            ("order_no", ORDER),
            ("currency", currency),
            ("amount", amount),
            ("reason", "late-handling"),
            ("note", "We were late."),
            ("once", once),
        ];
        self.post("/finance/compensations", &fields).await
    }
}

async fn a_small_one_is_credited_at_once(world: World) {
    let (lan, mei, _) = cast(&world).await;
    for _ in 0..3 {
        mei.compensate("USD", "100.00", "same").await.expect_status(303);
    }
    lan.get("/finance/transactions").await.expect("USD 100.00").expect("Compensation").expect("CO-202611-0001");
    lan.get("/finance/compensations").await.expect("We were late.").expect("USD 100.00").expect("Late handling");
    lan.get("/notices").await.expect("USD 100.00 were credited to your deposit as a compensation: Late handling");
    assert_eq!(world.count("SELECT COUNT(*) FROM compensations").await, 1);
    mei.compensate("USD", "50", "same").await.expect_status(422);
    // What one person gave alone is added up: the limit cannot be split.
    mei.compensate("USD", "0.01", "more").await.expect_status(303);
    mei.get("/finance/compensations?status=proposed").await.expect("USD 0.01");
    let sam = world.back("sam").await;
    sam.get("/notices").await.expect("mei proposes a compensation of USD 0.01 for SUNRIVER Travel");
    sam.post("/finance/compensations/CO-202611-0003/approval", &[("version", "1")]).await;
    for (currency, amount) in [("USD", "0"), ("USD", "-5"), ("XX", "5"), ("JPY", "5.5")] {
        mei.compensate(currency, amount, "new").await.expect_status(422);
    }
    let foreign = [
        ("agency", "SUNRIVER"),
        ("order_no", "SKLA20991104193210042"),
        ("currency", "USD"),
        ("amount", "5"),
        ("reason", "other"),
        ("note", "x"),
    ];
    mei.post("/finance/compensations", &foreign).await.expect_status(422).expect("This agency has no such order");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_large_one_needs_a_second_person(world: World) {
    let (lan, mei, sam) = cast(&world).await;
    mei.compensate("USD", "100.01", "a").await.expect_status(303);
    assert!(!lan.get("/finance/compensations").await.text().contains("CO-"), "what is only proposed is the operator's own affair");
    mei.get("/finance/compensations").await.expect("Somebody else must decide.");
    let path = "/finance/compensations/CO-202611-0001";
    let seen = [("version", "1")];
    mei.post(&format!("{path}/approval"), &seen).await.expect_status(422).expect("Ask a colleague");
    // The database refuses it as well.
    let alone = "UPDATE compensations SET status = 'credited', decided_by = proposed_by, decided_at = 'x' WHERE number = 'CO-202611-0001'";
    let refused = tokio::spawn({
        let url = world.url.clone();
        async move { execute(&url, alone).await }
    });
    assert!(refused.await.is_err());
    sam.post(&format!("{path}/approval"), &[("version", "0")]).await.expect_status(409);
    let all = (0..8).map(|_| {
        let sam = sam.clone();
        async move { sam.post(&format!("{path}/approval"), &seen).await.status }
    });
    let statuses = futures_util::future::join_all(all).await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    lan.get("/finance/transactions").await.expect("USD 100.01");
    assert_eq!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'compensation'").await, 1);
    mei.compensate("USD", "900", "b").await.expect_status(303);
    sam.post("/finance/compensations/CO-202611-0002/refusal", &[("version", "1"), ("note", "Not ours")]).await.expect_status(303);
    sam.post("/finance/compensations/CO-202611-0002/approval", &[("version", "2")]).await.expect_status(409);
    sam.get("/finance/compensations?status=refused").await.expect("Not ours");
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn the_limit_holds_in_every_currency(world: World) {
    let (_, mei, _) = cast(&world).await;
    // CNY 1 = USD 0.137917: 725 are USD 99.99 and go through, 726 are USD 100.13. What has no rate waits for a second person.
    for (n, (currency, amount, status)) in
        [("CNY", "725", "credited"), ("CNY", "726", "proposed"), ("EUR", "1", "proposed")].into_iter().enumerate()
    {
        // Somebody else each time: what one gives alone is added up.
        let mei = if n == 0 { mei.clone() } else { world.person(&format!("mei-{n}"), Role::OperatorFinance, None).await };
        mei.compensate(currency, amount, &format!("{currency}{amount}")).await.expect_status(303);
        let page = mei.get("/finance/compensations").await;
        assert_eq!(page.select("tbody tr:first-child .tag").concat().to_lowercase(), status, "{currency} {amount}");
    }
}

async fn the_agency_sees_what_it_got(world: World) {
    let (lan, mei, _) = cast(&world).await;
    let stranger = world.person("stranger", Role::Admin, Some(&world.agency("SAOMAI").await)).await;
    mei.compensate("USD", "20", "a").await.expect_status(303);
    lan.get("/finance/compensations").await.expect("CO-202611-0001");
    assert!(!stranger.get("/finance/compensations").await.text().contains("CO-202611-0001"));
    lan.post("/finance/compensations", &[]).await.expect_status(403);
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    wei.post("/finance/compensations", &[]).await.expect_status(403);
    wei.get("/finance/compensations").await.expect("CO-202611-0001");
}
