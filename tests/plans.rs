//! Every list is served by an index, on both databases; and a page asks a fixed number of questions.

use afterfare::batches::model::{BatchKind, RowStatus};
use afterfare::batches::{row_store as batch_rows, store as batches};
use afterfare::bookings::filters::Search as BookingSearch;
use afterfare::bookings::list_store as bookings;
use afterfare::bookings::model::{PaymentChannel, Status};
use afterfare::bookings::store as bookings_store;
use afterfare::bsp::batch_store as bsp_batches;
use afterfare::bsp::form_store::{self as bsp_forms, Wanted};
use afterfare::bsp::model::Status as FormStatus;
use afterfare::compensations::model::Status as CompensationStatus;
use afterfare::compensations::store as compensations;
use afterfare::db::Kind;
use afterfare::db::select::Select;
use afterfare::finance::filters::{Search as RefundSearch, Standing};
use afterfare::finance::store as finance;
use afterfare::incidents::filters::Search as IncidentSearch;
use afterfare::incidents::model::{IncidentKind, Status as IncidentStatus};
use afterfare::incidents::store as incidents;
use afterfare::kernel::actor::{Role, Scope};
use afterfare::ledger::balance;
use afterfare::notices::store as notices;
use afterfare::queue::request_store as queue_requests;
use afterfare::queue::store as queue;
use afterfare::queue::view::{RequestView, View, ViewPage};
use afterfare::refunds::deadline_store as deadlines;
use afterfare::refunds::model::Kind as RefundKind;
use afterfare::refunds::quote_store as quotes;
use afterfare::refunds::taken_store as taken;
use afterfare::remittances::line_store::{self as remittance_lines, View as LinesView};
use afterfare::remittances::model::{Finding, LineStatus};
use afterfare::remittances::store as remittances;
use afterfare::requests::filters::Search as RequestSearch;
use afterfare::requests::model::{Category, Status as RequestStatus};
use afterfare::requests::store as requests;
use afterfare::web::once;
use afterfare::web::paging::Cursor;
use afterfare::web::plenty::Plenty;

use crate::crash::{Server, signed_in};
use crate::on_both;
use crate::world::{Folder, World};

on_both! {
    lists_are_served_by_an_index
    rows_of_a_file_are_found_by_their_numbers
    a_small_agency_waits_for_no_large_one
    a_write_trusts_no_table_to_be_empty
    no_query_is_compiled
    a_page_asks_a_fixed_number_of_questions
    terms_are_read_once
}

/// A later page of a view of the desk.
fn later_page<V>(world: &World, view: V) -> ViewPage<'static, V> {
    let after = Some(Cursor { sorted: "2026-11-20T09:00:00Z".to_owned(), id: "x".to_owned() });
    ViewPage { view, user_id: "u", now: world.now(), after, limit: 51 }
}

async fn lists_are_served_by_an_index(world: World) {
    let cursor = || Some(Cursor { sorted: "2026-11-20T09:00:00Z".to_owned(), id: "x".to_owned() });
    let scopes = [Scope::Operator, Scope::Agency("a".to_owned())];
    let mut queries: Vec<(String, Select)> = vec![("the stamps of orders".to_owned(), taken::stamps_query(&["X", "Y", "Z"]))];
    queries.push(("bookings to quote".to_owned(), quotes::to_quote_query(&["X", "Y", "Z"])));
    queries.push(("quotes to submit".to_owned(), quotes::to_submit_query(&["q", "r", "s"])));
    for scope in &scopes {
        let searches = [
            BookingSearch::default(),
            BookingSearch { status: Some(Status::Cancelled), ..BookingSearch::default() },
            BookingSearch { channel: Some(PaymentChannel::Vcc), ..BookingSearch::default() },
            BookingSearch { airline: Some("VN".to_owned()), ..BookingSearch::default() },
            BookingSearch { has_refund: Some(true), ..BookingSearch::default() },
            BookingSearch { has_refund: Some(false), ..BookingSearch::default() },
            BookingSearch { has_refund: Some(true), order_no: Some("X".to_owned()), ..BookingSearch::default() },
            BookingSearch { has_refund: Some(true), airline: Some("VN".to_owned()), ..BookingSearch::default() },
            BookingSearch { has_refund: Some(true), created_from: Some(world.now()), ..BookingSearch::default() },
            BookingSearch { has_refund: Some(true), departure_from: "2026-11-20".parse().ok(), ..BookingSearch::default() },
            BookingSearch { created_from: Some(world.now()), ..BookingSearch::default() },
            BookingSearch { departure_from: "2026-11-20".parse().ok(), ..BookingSearch::default() },
            BookingSearch { order_no: Some("X".to_owned()), ..BookingSearch::default() },
            BookingSearch { pnr: Some("X".to_owned()), ..BookingSearch::default() },
            BookingSearch { passenger: Some("X".to_owned()), ..BookingSearch::default() },
        ];
        for mut search in searches {
            queries.push((format!("bookings {search:?}"), bookings::list_query(scope, &search, false, 51)));
            search.after = cursor();
            queries.push((format!("bookings, next page, {search:?}"), bookings::list_query(scope, &search, false, 51)));
            if search.passenger.is_some() {
                let query = bookings::list_query(scope, &search, true, 51);
                let plan = world.app.db.explain(&query).await.expect("a plan").join("\n");
                assert!(!plan.contains("TEMP B-TREE") && !plan.contains("booking_keys"), "a common name: {plan}");
                // What PostgreSQL walks is seen among many rows, below.
                let index = if scope.agency_id().is_some() { "orders_of_agency_newest" } else { "orders_newest" };
                assert!(plan.contains(index) || world.app.db.kind == Kind::Postgres, "a common name: {plan}");
                for more in [
                    BookingSearch { has_refund: Some(true), ..search.clone() },
                    BookingSearch { departure_from: "2026-11-20".parse().ok(), ..search.clone() },
                ] {
                    queries.push((format!("bookings of a common name, {more:?}"), bookings::list_query(scope, &more, true, 51)));
                }
            }
        }
        let searches = [
            RefundSearch::default(),
            RefundSearch { airline: Some("VN".to_owned()), ..RefundSearch::default() },
            RefundSearch { order_no: Some("X".to_owned()), ..RefundSearch::default() },
            RefundSearch { pnr: Some("X".to_owned()), ..RefundSearch::default() },
            RefundSearch { after: cursor(), ..RefundSearch::default() },
        ];
        for search in searches {
            queries.push((format!("refunds {search:?}"), finance::refunds_query(scope, RefundKind::Refund, &search, 51)));
        }
    }
    for scope in &scopes {
        for kind in BatchKind::ALL {
            queries.push((format!("batches {kind}"), batches::list_query(scope, *kind, cursor(), 51)));
        }
    }
    let number = || Some("7845805431488".to_owned());
    let wanted = [
        Wanted::default(),
        Wanted { status: Some(FormStatus::Saved), ..Wanted::default() },
        Wanted { number: number(), ..Wanted::default() },
        Wanted { batch_id: number(), ..Wanted::default() },
    ];
    for scope in &scopes {
        for wanted in &wanted {
            queries.push((format!("refund forms {wanted:?}"), bsp_forms::list_query(scope, wanted, cursor(), 51)));
        }
        queries.push(("batches of tickets".to_owned(), bsp_batches::list_query(scope, cursor(), 51)));
    }
    queries.push(("refund applications".to_owned(), bsp_forms::applications_query(cursor(), 51)));
    queries.push(("rows of a batch".to_owned(), batch_rows::rows_query("b", None, 7, 51)));
    queries.push(("refused rows of a batch".to_owned(), batch_rows::rows_query("b", Some(RowStatus::Refused), 7, 51)));
    queries.push(("remittances".to_owned(), remittances::list_query(cursor(), 51)));
    for view in [LinesView::All, LinesView::Open(Finding::Exact), LinesView::Status(LineStatus::Matched)] {
        queries.push((format!("lines {view:?}"), remittance_lines::lines_query("r", view, 7, 51)));
    }
    queries.push(("open money".to_owned(), remittance_lines::open_query(None, cursor(), 51)));
    queries.push(("somebody's open money".to_owned(), remittance_lines::open_query(Some("u"), cursor(), 51)));
    let plenty = Plenty::default();
    for view in View::ALL {
        queries.push((format!("counts and desk {view}"), queue::desk_query(&plenty, &later_page(&world, *view)).0));
        queries.push((format!("desk {view}"), queue::query(&later_page(&world, *view))));
    }
    for view in RequestView::ALL {
        let both = queue_requests::desk_query(&plenty, &later_page(&world, *view)).0;
        queries.push((format!("counts and desk of requests {view}"), both));
        queries.push((format!("desk of requests {view}"), queue_requests::query(&later_page(&world, *view))));
    }
    queries.push(("a silent request".to_owned(), requests::silent_query(world.now())));
    for scope in &scopes {
        let searches = [
            RequestSearch::default(),
            RequestSearch { status: Some(RequestStatus::Processed), ..RequestSearch::default() },
            RequestSearch { category: Some(Category::CreditShell), ..RequestSearch::default() },
            RequestSearch { modified_from: Some(world.now()), ..RequestSearch::default() },
            RequestSearch { number: Some("X".to_owned()), ..RequestSearch::default() },
            RequestSearch { after: cursor(), ..RequestSearch::default() },
        ];
        for search in searches {
            queries.push((format!("requests {search:?}"), requests::list_query(scope, "u", &search, 51)));
        }
        let searches = [
            IncidentSearch::default(),
            IncidentSearch { status: Some(IncidentStatus::Confirmed), ..IncidentSearch::default() },
            IncidentSearch { airline: Some("VN".to_owned()), ..IncidentSearch::default() },
            IncidentSearch { kind: Some(IncidentKind::AbnormalCancelled), ..IncidentSearch::default() },
            IncidentSearch { order_no: Some("X".to_owned()), ..IncidentSearch::default() },
            IncidentSearch { after: cursor(), ..IncidentSearch::default() },
        ];
        for search in searches {
            queries.push((format!("incidents {search:?}"), incidents::list_query(scope, &search, 51)));
        }
        for status in [None, Some(CompensationStatus::Proposed)] {
            queries.push((format!("compensations {status:?}"), compensations::list_query(scope, status, "", cursor(), 51)));
        }
        for kind in [RefundKind::Refund, RefundKind::Claim] {
            let held = RefundSearch { standing: Some((Standing::Held, world.now())), ..RefundSearch::default() };
            queries.push((format!("held {kind}"), finance::refunds_query(scope, kind, &held, 51)));
        }
        let claims = RefundSearch { airline: Some("VN".to_owned()), ..RefundSearch::default() };
        queries.push(("claims of an airline".to_owned(), finance::refunds_query(scope, RefundKind::Claim, &claims, 51)));
    }
    queries.push(("notices".to_owned(), notices::list_query("u", cursor(), 51)));
    queries.push(("movements".to_owned(), balance::movements_query("a", Some(world.now()), cursor(), 51)));
    for (name, query) in queries {
        let plan = world.app.db.explain(&query).await.expect("a plan");
        let scans = |line: &&String| match world.app.db.kind {
            // The inner tables of a union are read as far as their own limits go; and what was gathered inside is read out.
            Kind::Sqlite => {
                let is_inner = ["SCAN c", "SCAN p", "SCAN CONSTANT ROW"].contains(&line.trim());
                line.contains("SCAN") && !line.contains("USING") && !line.contains("SCAN m") && !line.contains("SCAN k") && !is_inner
            }
            Kind::Postgres => line.contains("Seq Scan"),
        };
        let bad: Vec<&String> = plan.iter().filter(scans).filter(|line| !line.contains("credits") && !line.contains("debits")).collect();
        assert!(bad.is_empty(), "{name}: {plan:#?}");
        assert!(!name.starts_with("held") || plan.iter().any(|line| line.contains("refunds_held")), "{name}: {plan:#?}");
        // What a filter names exactly may be sorted afterwards; a list never is.
        let exact = name.contains("pnr: Some")
            || name.contains("passenger: Some")
            || name.contains("order_no: Some")
            || name.contains("number: Some")
            || name == "movements";
        let sorts = plan.iter().any(|line| line.contains("USE TEMP B-TREE FOR ORDER BY"));
        assert!(exact || !sorts, "{name}: {plan:#?}");
    }
}

/// Without statistics SQLite guesses that an agency has ten orders: it must not look for a thousand numbers by walking
/// through all orders of one.
async fn rows_of_a_file_are_found_by_their_numbers(world: World) {
    let numbers: Vec<String> = (0..2048).map(|n| format!("SKLA2026110419{n:07}")).collect();
    let scope = Scope::Agency("a".to_owned());
    for (column, query) in [
        ("order_no", bookings_store::digests_query(&scope, &numbers)),
        ("order_no", bookings_store::find_many_query(&scope, &numbers)),
        ("order_no", batch_rows::refunds_of_orders_query(&scope, &numbers)),
        ("row_no", batch_rows::mark_posted_query("b", 1..=2048)),
    ] {
        let plan = world.app.db.explain(&query).await.expect("a plan").join("\n");
        let wanted = match world.app.db.kind {
            Kind::Sqlite if column == "row_no" => "(batch_id=? AND status=? AND row_no>? AND row_no<?)".to_owned(),
            Kind::Postgres if column == "row_no" => "(row_no >= ".to_owned(),
            Kind::Sqlite => format!("({column}=?)"),
            Kind::Postgres => format!("({column} = ANY"),
        };
        assert!(plan.contains(&wanted), "{wanted}: {plan}");
    }
}

/// Copies every row of the tables so many times; what is unique gets a suffix.
fn multiply(round: &str, copies: u32) -> String {
    "SET session_replication_role = replica; \
     DO $$ DECLARE name TEXT; names TEXT; cells TEXT; BEGIN \
     FOREACH name IN ARRAY ARRAY['orders', 'refunded_orders', 'refunds', 'requests'] LOOP \
     SELECT STRING_AGG(column_name, ', '), STRING_AGG(CASE WHEN column_name IN ('id', 'number', 'order_id', 'order_no', 'quote_id') \
     THEN column_name || ' || ''{round}'' || n' ELSE column_name END, ', ') INTO names, cells \
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name = name; \
     EXECUTE format('INSERT INTO %I (%s) SELECT %s FROM %I, generate_series(1, %s) n', name, names, cells, name, {copies}); \
     EXECUTE format('ANALYZE %I', name); END LOOP; END $$"
        .replace("{round}", round)
        .replace("{copies}", &copies.to_string())
}

/// An agency with a few hundred bookings: its newest are walked to, not all gathered and sorted.
async fn few_of_an_agency_are_walked(world: &World) {
    let mut conn = world.app.db.read().await.expect("a connection");
    let (agency,): (String,) = sqlx::query_as("SELECT id FROM agencies").fetch_one(&mut *conn).await.expect("an agency");
    let scope = Scope::Agency(agency);
    let lists = [
        bookings::list_query(&scope, &BookingSearch::default(), false, 51),
        finance::refunds_query(&scope, RefundKind::Refund, &RefundSearch::default(), 51),
    ];
    for query in lists {
        let plan = world.app.db.explain_for_all(&query).await.expect("a plan").join("\n");
        assert!(plan.contains("(ROW(agency_id, ") && !plan.contains("Sort"), "{plan}");
    }
}

/// Where one agency has most of the rows, PostgreSQL must not look for those of a small one by walking through everybody's.
async fn a_small_agency_waits_for_no_large_one(world: World) {
    if world.app.db.kind == Kind::Sqlite {
        return;
    }
    let (lan, _, _) = world.registered("SKLA20261104193210042").await;
    lan.raised("SKLA20261104193210042", "feedback-dispute", &[]).await;
    crate::world::execute(&world.url, &multiply("a", 300)).await;
    few_of_an_agency_are_walked(&world).await;
    crate::world::execute(&world.url, &multiply("b", 66)).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM orders").await, 20_167);
    let scope = Scope::Agency("small".to_owned());
    let cursor = || Some(Cursor { sorted: "2026-11-20T09:00:00Z".to_owned(), id: "x".to_owned() });
    let mut lists: Vec<(String, Select)> = Vec::new();
    for after in [None, cursor()] {
        for search in [
            BookingSearch { after: after.clone(), ..BookingSearch::default() },
            BookingSearch { after: after.clone(), airline: Some("VN".to_owned()), ..BookingSearch::default() },
            BookingSearch { after: after.clone(), has_refund: Some(true), ..BookingSearch::default() },
            BookingSearch { after: after.clone(), departure_from: "2026-11-20".parse().ok(), ..BookingSearch::default() },
            BookingSearch {
                after: after.clone(),
                status: Some(Status::Cancelled),
                created_until: Some(world.now()),
                ..BookingSearch::default()
            },
        ] {
            lists.push((format!("{search:?}"), bookings::list_query(&scope, &search, false, 51)));
        }
        let search = RefundSearch { after: after.clone(), ..RefundSearch::default() };
        lists.push((format!("{search:?}"), finance::refunds_query(&scope, RefundKind::Refund, &search, 51)));
        let search = RequestSearch { after, ..RequestSearch::default() };
        lists.push((format!("{search:?}"), requests::list_query(&scope, "u", &search, 51)));
    }
    // One plan serves all, and it walks the agency's own index.
    for (name, query) in lists {
        let plan = world.app.db.explain_for_all(&query).await.expect("a plan").join("\n");
        assert!(plan.contains("(ROW(agency_id, ") && !plan.contains("Sort"), "{name}: {plan}");
        let filters: Vec<&str> = plan.lines().filter(|line| line.contains("Filter: ") && !line.contains("id <> $")).collect();
        assert!(filters.is_empty(), "{name}: {plan}");
    }
    // Who is called by a common name is looked for along the same index.
    for after in [None, cursor()] {
        let search = BookingSearch { passenger: Some("NGUYEN".to_owned()), after, ..BookingSearch::default() };
        let plan = world.app.db.explain_for_all(&bookings::list_query(&scope, &search, true, 51)).await.expect("a plan").join("\n");
        assert!(plan.contains("(ROW(agency_id, ") && !plan.contains("Sort") && plan.contains("name_keys ~~"), "{plan}");
    }
    // What is asked by two filters at once is planned for its values.
    let search = BookingSearch { airline: Some("VN".to_owned()), status: Some(Status::Cancelled), ..BookingSearch::default() };
    let plan = world.app.db.explain(&bookings::list_query(&scope, &search, false, 51)).await.expect("a plan").join("\n");
    assert!(plan.contains("(agency_id = 'small'") && !plan.contains("Filter: (agency_id"), "{plan}");
    let mut lists: Vec<(String, Select)> = Vec::new();
    for view in [View::ToSubmit, View::Unassigned] {
        lists.push((format!("desk {view}"), queue::query(&later_page(&world, view))));
    }
    lists.push(("desk of requests".to_owned(), queue_requests::query(&later_page(&world, RequestView::New))));
    for (name, query) in lists {
        let plan = world.app.db.explain_for_all(&query).await.expect("a plan").join("\n");
        assert!(!plan.contains("Sort") && !plan.contains("Seq Scan on re"), "{name}: {plan}");
    }
    // Nothing is overdue, and nobody reads twenty thousand refunds to learn it.
    let plan = world.app.db.explain_for_all(&deadlines::missed_query(world.now(), 1)).await.expect("a plan").join("\n");
    assert!(plan.contains("refunds_missed"), "{plan}");
}

/// A plan outlives what the server knew when it was made. Of a table that was empty a minute ago, and of a queue, too, a write
/// finds its rows by their keys and in their order.
async fn a_write_trusts_no_table_to_be_empty(world: World) {
    if world.app.db.kind == Kind::Postgres {
        crate::world::execute(&world.url, "VACUUM ANALYZE once_keys, notices").await;
        // Sorting is refused to those who take, and to nobody else: the detour to an index may be long.
        let world = &world;
        let setting = |now| async move {
            let asked = "SELECT setting FROM pg_settings WHERE name = 'enable_sort'";
            let asked = world.app.db.write(move |conn| {
                Box::pin(async move {
                    if let Some(now) = now {
                        notices::take_due(conn, now, now).await?;
                    }
                    sqlx::query_scalar::<_, String>(asked).fetch_one(conn).await
                })
            });
            asked.await.expect("a setting")
        };
        assert_eq!([setting(Some(world.now())).await, setting(None).await], ["off", "on"]);
    }
    let now = world.now();
    let keys = once::used_query(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let wanted = [
        (keys, ["Index Only Scan using once_keys_pkey", "k USING COVERING INDEX sqlite_autoindex_once_keys_1 (owner=? AND once_key=?)"]),
        (notices::next_reader_query(now), ["Index Scan using notices_to_mail", "USING INDEX notices_to_mail (mail_due_at<?)"]),
        (
            notices::take_query("u", now, now),
            ["Index Scan using notices_of_user_to_mail", "USING INDEX notices_of_user_to_mail (user_id=? AND mail_due_at<?)"],
        ),
    ];
    for (query, [postgres, sqlite]) in wanted {
        let plan = world.app.db.explain(&query).await.expect("a plan").join("\n");
        let wanted = if world.app.db.kind == Kind::Postgres { postgres } else { sqlite };
        assert!(plan.contains(wanted), "{wanted}: {plan}");
        let walks = !["Seq Scan", "Sort", "SCAN once_keys", "SCAN notices", "TEMP B-TREE FOR"].iter().any(|bad| plan.contains(bad));
        assert!(walks, "{plan}");
    }
}

/// From a million bookings on PostgreSQL would compile some queries of lists, which takes a hundred times as long as they do.
async fn no_query_is_compiled(world: World) {
    if world.app.db.kind == Kind::Postgres {
        let mut conn = world.app.db.read().await.expect("a connection");
        let (jit,): (String,) =
            sqlx::query_as("SELECT setting FROM pg_settings WHERE name = 'jit'").fetch_one(&mut *conn).await.expect("a setting");
        assert_eq!(jit, "off");
    }
}

const PAGES: [&str; 25] = [
    "/",
    "/bookings",
    "/bookings?passenger=zhang",
    "/bookings/SKLA20261104193200000",
    "/bookings/SKLA20261104193200000/refunds",
    "/bookings/SKLA20261104193200000/refund",
    "/refunds/202611-0001",
    "/finance/refunds",
    "/finance/transactions",
    "/finance/refunds.csv",
    "/users",
    "/account",
    "/requests",
    "/requests.csv",
    "/requests/SR-202611-0001",
    "/bookings/SKLA20261104193200000/requests",
    "/bookings/SKLA20261104193200000/incidents",
    "/incidents",
    "/notices",
    "/finance/claims/batches",
    "/finance/top-ups",
    "/finance/statements",
    "/bsp/forms",
    "/bsp/batches",
    "/bsp/reports",
];

/// Statements per page, as the driver's own log counts them, with few rows and with many.
async fn a_page_asks_a_fixed_number_of_questions(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let folder = Folder::new();
    let mut counted = Vec::new();
    for (from, to) in [(0, 2), (2, 25)] {
        for n in from..to {
            let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
            let number = lan.refund(&order_no, "voluntary").await;
            let cancelled = [("kind", "order.schedulechange"), ("what", "cancelled")];
            sam.post(&format!("/bookings/{order_no}/incidents"), &cancelled).await.expect_status(303);
            let request = lan.raised(&order_no, "feedback-dispute", &[]).await;
            // The first conversation grows as the number of bookings does.
            sam.say(if n == 0 { &request } else { "SR-202611-0001" }, "One more word.", "note").await.expect_status(303);
            sam.work(&number, "submission", &[]).await.expect_status(303);
            sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
            let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
            sam.work(&number, "receipt", &money).await.expect_status(303);
            sam.work(&number, "credit", &[]).await.expect_status(303);
        }
        // Mail that waits would be sent while pages are counted.
        world.work_all().await;
        let log = folder.0.join(format!("{to}.log"));
        let file = std::fs::File::create(&log).expect("a log");
        let server = Server::start_logging(&world.url, "off,sqlx::query=debug", file.into()).await;
        let statements = || std::fs::read_to_string(&log).expect("the log").matches("sqlx::query").count();
        let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
        let mut pages = Vec::new();
        for (person, path) in PAGES.iter().map(|path| (&lan, *path)).chain([
            (&sam, "/"),
            (&sam, "/desk?view=mine"),
            (&sam, "/agencies"),
            (&sam, "/desk/requests?view=new"),
            (&sam, "/requests/SR-202611-0001"),
        ]) {
            // The fewest of six: a connection that is just opened, and the worker, ask questions of their own.
            let mut fewest = usize::MAX;
            for _ in 0..6 {
                let before = statements();
                person.get(path).await.expect_status(200);
                fewest = fewest.min(statements() - before);
            }
            pages.push((path, fewest));
        }
        server.kill();
        counted.push(pages);
    }
    assert!(counted[0].iter().all(|(_, count)| (1..=22).contains(count)), "{:?}", counted[0]);
    assert_eq!(counted[0], counted[1], "statements with 2 bookings and with 25");
}

async fn terms_are_read_once(world: World) {
    const QUOTES: usize = 40;
    let agency = world.agency("SUNRIVER").await;
    let order_no = world.booked(&agency, "SKLA20261104193200001").await;
    world.person("lan", Role::Admin, Some(&agency)).await;
    let folder = Folder::new();
    let log = folder.0.join("log");
    let file = std::fs::File::create(&log).expect("a log");
    let server = Server::start_logging(&world.url, "off,sqlx::query=debug", file.into()).await;
    let lan = signed_in(&server.base, "lan").await;
    let everything = [("passenger", "1"), ("segment", "1"), ("reason", "voluntary")];
    for _ in 0..QUOTES {
        lan.post(&format!("/bookings/{order_no}/quotes"), &everything).await.expect_status(303);
    }
    server.kill();
    let log = std::fs::read_to_string(&log).expect("the log");
    let asked = |table: &str| log.lines().filter(|line| line.contains(&format!("FROM {table} "))).count();
    assert!(asked("orders") >= QUOTES, "every quote asks for its booking");
    // Once in each of a few threads.
    for table in ["exchange_rates", "rule_sets"] {
        assert!((1..QUOTES / 2).contains(&asked(table)), "{table}: {}", asked(table));
    }
}
