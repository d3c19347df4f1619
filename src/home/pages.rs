//! Home: what needs me, and refunds by state and age.

use askama::Template;

use super::store;
use crate::finance::filters::Search;
use crate::finance::store as finance;
use crate::finance::store::Line;
use crate::kernel::actor::Permission;
use crate::ledger::balance::{self, Balance};
use crate::queue::request_store::{self as queue_requests, Counts as RequestCounts};
use crate::queue::store as queue;
use crate::queue::store::Counts;
use crate::queue::view::{RequestView, View};
use crate::refunds::model::{Kind, Status};
use crate::requests::filters::Search as RequestSearch;
use crate::requests::model::Status as RequestStatus;
use crate::requests::store::{self as request_store, Line as RequestLine};
use crate::web::Answer;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{SeeBookings, Visit};
use crate::web::words::{Message, Named};

/// One bar of a chart: its length is out of [`CHART_WIDTH`].
struct Bar {
    label: Message,
    count: i64,
    length: i64,
    href: Option<String>,
}

const CHART_WIDTH: i64 = 300;

/// A small chart with the same numbers as a table.
struct Chart {
    id: &'static str,
    heading: &'static str,
    sentence: Message,
    bars: Vec<Bar>,
}

fn chart(id: &'static str, heading: &'static str, sentence: Message, rows: Vec<(Message, i64, Option<String>)>) -> Chart {
    let most = rows.iter().map(|(_, count, _)| *count).max().unwrap_or(0).max(1);
    let bar = |(label, count, href): (Message, i64, Option<String>)| {
        let length = (count * CHART_WIDTH / most).max(i64::from(count > 0) * 3);
        Bar { label, count, length, href }
    };
    Chart { id, heading, sentence, bars: rows.into_iter().map(bar).collect() }
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    frame: Frame,
    name: String,
    views: &'static [View],
    desk: Option<Counts>,
    refused: Vec<Line>,
    /// Requests that wait for the agency.
    waiting: Vec<RequestLine>,
    request_views: &'static [RequestView],
    requests: Option<RequestCounts>,
    charts: Vec<Chart>,
    balances: Vec<Balance>,
}

/// `GET /`
pub async fn home(visit: Visit<SeeBookings>) -> Answer {
    let (scope, now) = (visit.scope(), visit.app.clock.now());
    let mut conn = visit.app.db.read().await?;
    let sees_refunds = visit.may(Permission::SeeRefunds);
    let desk = if visit.may(Permission::WorkDesk) {
        Some(queue::counts(&mut conn, &visit.app.plenty, &visit.actor.user_id, now).await?)
    } else {
        None
    };
    let (mut charts, mut refused) = (Vec::new(), Vec::new());
    if sees_refunds {
        charts.push(states(&store::by_state(&mut conn, &scope, now).await?));
        charts.push(ages(store::by_age(&mut conn, &scope, now).await?));
        let search = Search { status: Some(Status::Rejected), ..Search::default() };
        refused = finance::refunds(&mut conn, &scope, Kind::Refund, &search, 5).await?;
    }
    let (mut waiting, mut requests) = (Vec::new(), None);
    if visit.may(Permission::RaiseRequests) {
        let search = RequestSearch { status: Some(RequestStatus::Processed), ..RequestSearch::default() };
        waiting = request_store::list(&mut conn, &scope, &visit.actor.user_id, &search, 5).await?;
    }
    if visit.may(Permission::WorkDesk) {
        requests = Some(queue_requests::counts(&mut conn, &visit.app.plenty, &visit.actor.user_id, now).await?);
    }
    let own_money = visit.may(Permission::SeeMoney) && scope.agency_id().is_some();
    let balances = if own_money { balance::deposits(&mut conn, scope.agency_id()).await? } else { Vec::new() };
    visit.page(&HomePage {
        frame: visit.frame("home-title", Place::Home),
        name: visit.actor.name.clone(),
        views: View::ALL,
        desk,
        refused,
        waiting,
        request_views: RequestView::ALL,
        requests,
        charts,
        balances,
    })
}

fn states(rows: &[(Status, i64)]) -> Chart {
    let open = |status: Status| matches!(status, Status::AtlasProcessing | Status::AirlineProcessing | Status::AirlineRefunding);
    let sum = rows.iter().filter(|(status, _)| open(*status)).map(|(_, count)| count).sum();
    let rows = rows.iter().map(|(status, count)| {
        let href = format!("/finance/refunds?status={}", status.word());
        (status.named(), *count, Some(href))
    });
    chart("states", "chart-states", Message::new("chart-states-says").count("count", sum), rows.collect())
}

fn ages(counts: [i64; 5]) -> Chart {
    let keys = ["age-3", "age-7", "age-14", "age-21", "age-more"];
    let old = counts[4];
    let rows = keys.iter().zip(counts).map(|(key, count)| (Message::new(*key), count, None));
    chart("ages", "chart-ages", Message::new("chart-ages-says").count("count", old), rows.collect())
}
