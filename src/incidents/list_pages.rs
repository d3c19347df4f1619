//! Incident Management: every incident that the visitor may see.

use actix_web::web::Query;
use askama::Template;

use super::filters::{Filters, Search};
use super::model::{IncidentKind, Status};
use super::store::{self, Line};
use crate::kernel::time::utc_day;
use crate::web::Answer;
use crate::web::figures::moment;
use crate::web::filters::{self, Reader};
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{SeeRequests, Visit};
use crate::web::words::{Named, say};

#[derive(Template)]
#[template(path = "incidents/list.html")]
struct ListPage {
    frame: Frame,
    filters: Filters,
    filtered: bool,
    kinds: &'static [IncidentKind],
    statuses: &'static [Status],
    problems: Problems,
    lines: Vec<Line>,
    next: Option<String>,
    operator: bool,
    query: String,
}

/// `GET /incidents`
pub async fn list(visit: Visit<SeeRequests>, query: Query<Filters>) -> Answer {
    let filters = query.into_inner();
    let mut problems = Problems::default();
    let search = filters.parse(&visit.actor.zone_name, &mut problems);
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let lines = store::list(&mut conn, &visit.scope(), &search, rows + 1).await?;
    let page = Page::cut(lines, rows, Line::cursor);
    visit.page(&ListPage {
        frame: visit.frame("incidents-title", Place::Incidents),
        filtered: !paging::query_of(&filters).is_empty(),
        kinds: IncidentKind::ALL,
        statuses: Status::ALL,
        problems,
        query: paging::query_of(&filters),
        next: page.next.map(|after| paging::with_cursor(&filters, &after)),
        lines: page.rows,
        operator: visit.actor.role.is_operator(),
        filters,
    })
}

const COLUMNS: [&str; 9] = [
    "incident",
    "order-no",
    "agency",
    "airline",
    "incident-kind",
    "status",
    "incident-result",
    "incident-told-at",
    "incident-confirmed-at",
];

fn cells(line: &Line, reader: &Reader) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    vec![
        text(&line.number),
        text(&line.order_no),
        text(&line.agency),
        text(&line.airline),
        text(&line.kind.named().say(reader.language)),
        text(&line.status.named().say(reader.language)),
        text(&line.outcome.map(|outcome| outcome.named().say(reader.language)).unwrap_or_default()),
        text(&moment(line.told_at, &reader.zone_name)),
        text(&line.confirmed_at.map(|at| moment(at, &reader.zone_name)).unwrap_or_default()),
    ]
}

/// Exactly what is filtered, as a file.
async fn export(visit: &Visit<SeeRequests>, filters: &Filters, format: Format) -> Answer {
    let search = filters.parse(&visit.actor.zone_name, &mut Problems::default());
    let (app, scope, reader) = (visit.app.clone(), visit.scope(), visit.reader());
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after| {
        let (app, scope, reader) = (app.clone(), scope.clone(), reader.clone());
        let search = Search { after, ..search.clone() };
        async move {
            let mut conn = app.db.read().await?;
            let lines = store::list(&mut conn, &scope, &search, sheet::STEP).await?;
            let next = paging::after_full(&lines, sheet::STEP, Line::cursor);
            Ok((lines.iter().map(|line| cells(line, &reader)).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("incidents-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /incidents.csv`
pub async fn csv(visit: Visit<SeeRequests>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /incidents.xlsx`
pub async fn xlsx(visit: Visit<SeeRequests>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}
