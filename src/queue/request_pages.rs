//! The desk's requests: views and their files, and the same done to many.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::pages::{Left, left};
use super::request_store::{self, Counts};
use super::view::{RequestView, ViewPage};
use crate::agencies::model::User;
use crate::agencies::store as agencies;
use crate::kernel::actor::Permission;
use crate::kernel::time::utc_day;
use crate::requests::bulk::{self, Done, Seen};
use crate::requests::state::Verb;
use crate::requests::store::Line;
use crate::web::Answer;
use crate::web::figures::moment;
use crate::web::filters::{self, Reader};
use crate::web::form::{Form, Problems, prose};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{Needs, TalkToAirline, Visit, WorkDesk};
use crate::web::words::{Message, Named, say};

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct DeskQuery {
    view: String,
    after: String,
}

#[derive(Template)]
#[template(path = "queue/requests.html")]
struct DeskPage {
    frame: Frame,
    views: &'static [RequestView],
    view: RequestView,
    counts: Counts,
    lines: Vec<(Line, Left)>,
    team: Vec<User>,
    may_answer: bool,
    next: Option<String>,
    /// What became of what was just done to many.
    done: Vec<Done>,
    body: String,
    problems: Problems,
    most: u64,
}

/// `GET /desk/requests`
pub async fn desk(visit: Visit<WorkDesk>, query: Query<DeskQuery>) -> Answer {
    page(&visit, query.into_inner(), Vec::new(), String::new(), Problems::default()).await
}

async fn page<P: Needs>(visit: &Visit<P>, query: DeskQuery, done: Vec<Done>, body: String, problems: Problems) -> Answer {
    let view = query.view.parse().unwrap_or(RequestView::WaitingForUs);
    let (limits, now) = (&visit.app.settings.limits, visit.app.clock.now());
    let mut conn = visit.app.db.read().await?;
    let (user_id, after) = (visit.actor.user_id.as_str(), Cursor::parse(&query.after));
    let wanted = ViewPage { view, user_id, now, after, limit: limits.page_rows + 1 };
    let (counts, lines) = request_store::desk(&mut conn, &visit.app.plenty, &wanted).await?;
    let page = Page::cut(lines, limits.page_rows, request_store::cursor);
    let team = agencies::users(&mut conn, None).await?;
    let with_left = |line: Line| {
        let left = left(line.due_at, now);
        (line, left)
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = DeskPage {
        frame: visit.frame("desk-requests-title", Place::DeskRequests),
        views: RequestView::ALL,
        next: page.next.map(|after| paging::with_cursor(&query, &after)),
        lines: page.rows.into_iter().map(with_left).collect(),
        team: team.into_iter().filter(|user| !user.disabled).collect(),
        may_answer: visit.may(Permission::TalkToAirline),
        most: limits.bulk_items,
        view,
        counts,
        done,
        body,
        problems,
    };
    visit.page_with(status, &page)
}

const COLUMNS: [&str; 8] = ["request", "order-no", "airline", "agency", "request-category", "request-due", "status", "desk-assignee"];

fn cells(line: Line, reader: &Reader) -> Vec<Cell> {
    let texts = [
        line.number,
        line.order_no,
        line.airline,
        line.agency,
        line.category.named().say(reader.language),
        moment(line.due_at, &reader.zone_name),
        line.status.named().say(reader.language),
        line.assignee.unwrap_or_default(),
    ];
    texts.into_iter().map(Cell::Text).collect()
}

/// Exactly the view, as a file.
async fn export(visit: &Visit<WorkDesk>, query: &DeskQuery, format: Format) -> Answer {
    let (app, user_id, reader, now) = (visit.app.clone(), visit.actor.user_id.clone(), visit.reader(), visit.app.clock.now());
    let view = query.view.parse().unwrap_or(RequestView::WaitingForUs);
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after| {
        let (app, user_id, reader) = (app.clone(), user_id.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let lines = request_store::lines(&mut conn, &ViewPage { view, user_id: &user_id, now, after, limit: sheet::STEP }).await?;
            let next = paging::after_full(&lines, sheet::STEP, request_store::cursor);
            Ok((lines.into_iter().map(|line| cells(line, &reader)).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("desk-requests-{view}-{}", utc_day(now)), columns).send(format, rows).await
}

/// `GET /desk/requests.csv`
pub async fn csv(visit: Visit<WorkDesk>, query: Query<DeskQuery>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /desk/requests.xlsx`
pub async fn xlsx(visit: Visit<WorkDesk>, query: Query<DeskQuery>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}

/// What is done to many.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BulkForm {
    view: String,
    request: Vec<String>,
    assignee: String,
    body: String,
    r#as: String,
}

impl BulkForm {
    /// The requests that are meant, no more than may be done in one go.
    fn seen(&self, most: u64, problems: &mut Problems) -> Vec<Seen> {
        let seen: Vec<Seen> = self.request.iter().filter_map(|text| Seen::parse(text)).collect();
        if seen.is_empty() {
            problems.add("request", "bulk-nothing-chosen");
        } else if u64::try_from(seen.len()).unwrap_or(u64::MAX) > most {
            problems.add("request", Message::new("bulk-too-many").count("max", i64::try_from(most).unwrap_or(i64::MAX)));
        }
        seen
    }
}

/// `POST /desk/requests/assignment`: give many to somebody, or take them.
pub async fn assign(visit: Visit<WorkDesk>, form: Form<BulkForm>) -> Answer {
    let Form(form) = form;
    let limits = &visit.app.settings.limits;
    let mut problems = Problems::default();
    let seen = form.seen(limits.bulk_items, &mut problems);
    let mut conn = visit.app.db.read().await?;
    let team = agencies::users(&mut conn, None).await?;
    drop(conn);
    let to = if form.assignee.is_empty() { visit.actor.user_id.clone() } else { form.assignee.clone() };
    if !team.iter().any(|user| user.id == to && !user.disabled) {
        problems.add("assignee", "form-choose");
    }
    let query = DeskQuery { view: form.view, after: String::new() };
    if !problems.is_empty() {
        return page(&visit, query, Vec::new(), String::new(), problems).await;
    }
    let verb = Verb::Assign { to: Some(to) };
    let done = bulk::perform(&visit.app.db, &visit.actor, seen, &verb, None, limits, visit.app.clock.now()).await;
    page(&visit, query, done, String::new(), problems).await
}

/// `POST /desk/requests/replies`: say the same to many.
pub async fn reply(visit: Visit<TalkToAirline>, form: Form<BulkForm>) -> Answer {
    let Form(form) = form;
    let limits = &visit.app.settings.limits;
    let mut problems = Problems::default();
    let seen = form.seen(limits.bulk_items, &mut problems);
    let body = problems.take("body", prose(&form.body, limits.max_message_chars));
    let query = DeskQuery { view: form.view, after: String::new() };
    let (Some(body), true) = (body, problems.is_empty()) else {
        return page(&visit, query, Vec::new(), form.body, problems).await;
    };
    let verb = Verb::Answer { processed: form.r#as == "processed" };
    let done = bulk::perform(&visit.app.db, &visit.actor, seen, &verb, Some(&body), limits, visit.app.clock.now()).await;
    page(&visit, query, done, String::new(), problems).await
}
