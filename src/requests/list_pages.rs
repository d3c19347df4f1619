//! My Requests, its files, and the Request History tab of a booking.

use actix_web::web::{Path, Query};
use askama::Template;

use super::filters::{Filters, Search};
use super::model::{Category, Request, Status};
use super::store::{self, Line};
use crate::bookings::strip::{BookingFrame, Tab};
use crate::kernel::time::utc_day;
use crate::web::Answer;
use crate::web::figures::moment;
use crate::web::filters;
use crate::web::filters::Reader;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{SeeRequests, Visit};
use crate::web::words::{Message, Named, say};

#[derive(Template)]
#[template(path = "requests/list.html")]
struct ListPage {
    frame: Frame,
    filters: Filters,
    filtered: bool,
    query: String,
    categories: &'static [Category],
    statuses: &'static [Status],
    problems: Problems,
    lines: Vec<Line>,
    next: Option<String>,
    operator: bool,
    may_raise: bool,
}

/// `GET /requests`
pub async fn list(visit: Visit<SeeRequests>, query: Query<Filters>) -> Answer {
    let filters = query.into_inner();
    let mut problems = Problems::default();
    let search = filters.parse(&visit.actor.zone_name, &mut problems);
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let lines = store::list(&mut conn, &visit.scope(), &visit.actor.user_id, &search, rows + 1).await?;
    let page = Page::cut(lines, rows, Line::cursor);
    visit.page(&ListPage {
        frame: visit.frame(if visit.actor.role.is_operator() { "menu-all-requests" } else { "requests-title" }, Place::Requests),
        query: paging::query_of(&filters),
        filtered: !paging::query_of(&filters).is_empty(),
        categories: Category::ALL,
        statuses: Status::ALL,
        problems,
        next: page.next.map(|after| paging::with_cursor(&filters, &after)),
        lines: page.rows,
        operator: visit.actor.role.is_operator(),
        may_raise: visit.may(crate::kernel::actor::Permission::RaiseRequests),
        filters,
    })
}

const COLUMNS: [&str; 9] =
    ["request", "agency", "order-no", "airline", "request-category", "status", "request-creator", "request-created", "request-modified"];

fn cells(line: Line, reader: &Reader) -> Vec<Cell> {
    let at = |at| moment(at, &reader.zone_name);
    let texts = [
        line.number,
        line.agency,
        line.order_no,
        line.airline,
        line.category.named().say(reader.language),
        line.status.named().say(reader.language),
        line.created_by_name,
        at(line.created_at),
        at(line.modified_at),
    ];
    texts.into_iter().map(Cell::Text).collect()
}

/// Exactly what is filtered, as a file.
async fn export(visit: &Visit<SeeRequests>, filters: &Filters, format: Format) -> Answer {
    let search = filters.parse(&visit.actor.zone_name, &mut Problems::default());
    let (app, scope, user_id, reader) = (visit.app.clone(), visit.scope(), visit.actor.user_id.clone(), visit.reader());
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after| {
        let (app, scope, user_id, reader) = (app.clone(), scope.clone(), user_id.clone(), reader.clone());
        let search = Search { after, ..search.clone() };
        async move {
            let mut conn = app.db.read().await?;
            let lines = store::list(&mut conn, &scope, &user_id, &search, sheet::STEP).await?;
            let next = paging::after_full(&lines, sheet::STEP, Line::cursor);
            Ok((lines.into_iter().map(|line| cells(line, &reader)).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("requests-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /requests.csv`
pub async fn csv(visit: Visit<SeeRequests>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /requests.xlsx`
pub async fn xlsx(visit: Visit<SeeRequests>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}

#[derive(Template)]
#[template(path = "requests/tab.html")]
struct TabPage {
    frame: Frame,
    booking: BookingFrame,
    requests: Vec<Request>,
}

/// `GET /bookings/{order}/requests`
pub async fn tab(visit: Visit<SeeRequests>, order_no: Path<String>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(&visit, &mut conn, &order_no, Tab::Requests).await?;
    let requests = store::of_order(&mut conn, &booking.kept.id).await?;
    visit.page(&TabPage {
        frame: visit.frame(Message::new("booking-title").text("order", order_no.as_str()), Place::Bookings),
        booking,
        requests,
    })
}
