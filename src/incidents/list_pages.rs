//! Incident Management: every incident that the visitor may see.

use actix_web::web::Query;
use askama::Template;

use super::filters::Filters;
use super::model::{IncidentKind, Status};
use super::store::{self, Line};
use crate::web::Answer;
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Page};
use crate::web::visit::{SeeRequests, Visit};

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
        next: page.next.map(|after| paging::with_cursor(&filters, &after)),
        lines: page.rows,
        operator: visit.actor.role.is_operator(),
        filters,
    })
}
