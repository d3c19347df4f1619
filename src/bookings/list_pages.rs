//! My Bookings.

use actix_web::web::Query;
use askama::Template;

use super::filters::{Filters, Search};
use super::list_store::{self, Line};
use super::model::{PaymentChannel, Status};
use crate::kernel::time::utc_day;
use crate::web::Answer;
use crate::web::figures::moment;
use crate::web::filters::{self, Reader};
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{SeeBookings, Visit};
use crate::web::words::{Named, say};

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
    query: String,
}

/// `GET /bookings`
pub async fn list(visit: Visit<SeeBookings>, query: Query<Filters>) -> Answer {
    let filters = query.into_inner();
    let mut problems = Problems::default();
    let search = filters.parse(&visit.actor.zone_name, &mut problems);
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let lines = list_store::list(&mut conn, &visit.scope(), &search, rows + 1, &visit.app.plenty, visit.app.clock.now()).await?;
    let page = Page::cut(lines, rows, |line| line.cursor(&search));
    visit.page(&ListPage {
        frame: visit.frame("bookings-title", Place::Bookings),
        filtered: !paging::query_of(&filters).is_empty(),
        statuses: Status::ALL,
        channels: PaymentChannel::ALL,
        problems,
        query: paging::query_of(&filters),
        next: page.next.map(|after| paging::with_cursor(&filters, &after)),
        lines: page.rows,
        filters,
    })
}

const COLUMNS: [&str; 13] = [
    "order-no",
    "pnr",
    "journey",
    "departure",
    "passenger",
    "passengers",
    "airline",
    "payment-channel",
    "currency",
    "total",
    "status",
    "include-refund",
    "created",
];

fn cells(line: &Line, reader: &Reader) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    vec![
        text(&line.order_no),
        text(&line.pnr),
        text(&format!("{}-{}", line.origin, line.destination)),
        text(&line.departure()),
        text(&line.lead_passenger),
        Cell::Count(line.other_passengers + 1),
        text(&line.airlines),
        text(&line.payment_channel.named().say(reader.language)),
        text(line.total.currency.code()),
        Cell::Amount(Some(line.total)),
        text(&line.status.named().say(reader.language)),
        text(&say(reader.language, if line.has_refund { "yes" } else { "no" })),
        text(&moment(line.created_at, &reader.zone_name)),
    ]
}

/// Exactly what is filtered, as a file.
async fn export(visit: &Visit<SeeBookings>, filters: &Filters, format: Format) -> Answer {
    let search = filters.parse(&visit.actor.zone_name, &mut Problems::default());
    let (app, scope, reader) = (visit.app.clone(), visit.scope(), visit.reader());
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after| {
        let (app, scope, reader) = (app.clone(), scope.clone(), reader.clone());
        let search = Search { after, ..search.clone() };
        async move {
            let mut conn = app.db.read().await?;
            let lines = list_store::list(&mut conn, &scope, &search, sheet::STEP, &app.plenty, app.clock.now()).await?;
            let next = paging::after_full(&lines, sheet::STEP, |line| line.cursor(&search));
            Ok((lines.iter().map(|line| cells(line, &reader)).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("bookings-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /bookings.csv`
pub async fn csv(visit: Visit<SeeBookings>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /bookings.xlsx`
pub async fn xlsx(visit: Visit<SeeBookings>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}
