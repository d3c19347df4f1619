//! Every list is served by an index, on both databases; and a page asks a fixed number of questions.

use afterfare::bookings::filters::Search as BookingSearch;
use afterfare::bookings::model::{PaymentChannel, Status};
use afterfare::bookings::store as bookings;
use afterfare::db::Kind;
use afterfare::db::select::Select;
use afterfare::finance::filters::Search as RefundSearch;
use afterfare::finance::store as finance;
use afterfare::kernel::actor::Scope;
use afterfare::ledger::balance;
use afterfare::queue::store as queue;
use afterfare::queue::view::View;
use afterfare::refunds::model::Kind as RefundKind;
use afterfare::web::paging::Cursor;

use crate::on_both;
use crate::world::World;

on_both! {
    lists_are_served_by_an_index
}

async fn lists_are_served_by_an_index(world: World) {
    let cursor = || Some(Cursor { sorted: "2026-11-20T09:00:00Z".to_owned(), id: "x".to_owned() });
    let scopes = [Scope::Operator, Scope::Agency("a".to_owned())];
    let mut queries: Vec<(String, Select)> = Vec::new();
    for scope in &scopes {
        let searches = [
            BookingSearch::default(),
            BookingSearch { status: Some(Status::Cancelled), ..BookingSearch::default() },
            BookingSearch { channel: Some(PaymentChannel::Vcc), ..BookingSearch::default() },
            BookingSearch { airline: Some("VN".to_owned()), ..BookingSearch::default() },
            BookingSearch { has_refund: Some(true), ..BookingSearch::default() },
            BookingSearch { created_from: Some(world.now()), ..BookingSearch::default() },
            BookingSearch { departure_from: "2026-11-20".parse().ok(), ..BookingSearch::default() },
            BookingSearch { order_no: Some("X".to_owned()), ..BookingSearch::default() },
            BookingSearch { pnr: Some("X".to_owned()), ..BookingSearch::default() },
            BookingSearch { passenger: Some("X".to_owned()), ..BookingSearch::default() },
        ];
        for mut search in searches {
            queries.push((format!("bookings {search:?}"), bookings::list_query(scope, &search, 51)));
            search.after = cursor();
            queries.push((format!("bookings, next page, {search:?}"), bookings::list_query(scope, &search, 51)));
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
    for view in View::ALL {
        queries.push((format!("desk {view}"), queue::query(*view, "u", world.now(), cursor(), 51)));
    }
    queries.push(("movements".to_owned(), balance::movements_query("a", cursor(), 51)));
    for (name, query) in queries {
        let plan = world.app.db.explain(&query).await.expect("a plan");
        let scans = |line: &&String| match world.app.db.kind {
            // The inner tables of a union are read as far as their own limits go.
            Kind::Sqlite => line.contains("SCAN") && !line.contains("USING") && !line.contains("SCAN m") && !line.contains("SCAN k"),
            Kind::Postgres => line.contains("Seq Scan"),
        };
        let bad: Vec<&String> = plan.iter().filter(scans).filter(|line| !line.contains("credits") && !line.contains("debits")).collect();
        assert!(bad.is_empty(), "{name}: {plan:#?}");
        // What a filter names exactly may be sorted afterwards; a list never is.
        let exact =
            name.contains("pnr: Some") || name.contains("passenger: Some") || name.contains("order_no: Some") || name == "movements";
        let sorts = plan.iter().any(|line| line.contains("USE TEMP B-TREE FOR ORDER BY"));
        assert!(exact || !sorts, "{name}: {plan:#?}");
    }
}
