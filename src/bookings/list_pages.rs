//! My Bookings.

use actix_web::web::Query;
use askama::Template;

use super::filters::Filters;
use super::model::{PaymentChannel, Status};
use super::store::{self, Line};
use crate::web::Answer;
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Page};
use crate::web::visit::{SeeBookings, Visit};

#[derive(Template)]
#[template(path = "bookings/list.html")]
struct ListPage {
    frame: Frame,
    filters: Filters,
    filtered: bool,
    statuses: &'static [Status],
    channels: &'static [PaymentChannel],
    problems: Problems,
    lines: Vec<Line>,
    next: Option<String>,
}

/// `GET /bookings`
pub async fn list(visit: Visit<SeeBookings>, query: Query<Filters>) -> Answer {
    let filters = query.into_inner();
    let mut problems = Problems::default();
    let search = filters.parse(&visit.actor.zone_name, &mut problems);
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let lines = store::list(&mut conn, &visit.scope(), &search, rows + 1).await?;
    let page = Page::cut(lines, rows, |line| line.cursor(&search));
    visit.page(&ListPage {
        frame: visit.frame("bookings-title", Place::Bookings),
        filtered: !paging::query_of(&filters).is_empty(),
        statuses: Status::ALL,
        channels: PaymentChannel::ALL,
        problems,
        next: page.next.map(|after| paging::with_cursor(&filters, &after)),
        lines: page.rows,
        filters,
    })
}
