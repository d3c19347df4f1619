//! The operations desk.

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::store::{self, Counts, Line};
use super::view::{View, ViewPage};
use crate::kernel::time::{Timestamp, minutes_until, utc_day};
use crate::web::Answer;
use crate::web::filters::{self, Reader};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{Visit, WorkDesk};
use crate::web::words::{Message, Named, say};

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct DeskQuery {
    view: String,
    after: String,
}

#[derive(Template)]
#[template(path = "queue/desk.html")]
struct DeskPage {
    frame: Frame,
    views: &'static [View],
    view: View,
    counts: Counts,
    lines: Vec<(Line, Left)>,
    next: Option<String>,
}

/// How long until a line is due, and how loudly to say it.
pub(super) struct Left {
    pub(super) sentence: Message,
    pub(super) tone: &'static str,
}

const SOON_MINUTES: i64 = 60;

pub(super) fn left(due_at: Timestamp, now: Timestamp) -> Left {
    let minutes = minutes_until(now, due_at);
    let tone = match minutes {
        m if m < 0 => "bad",
        m if m <= SOON_MINUTES => "wait",
        _ => "",
    };
    let key = if minutes < 0 { "desk-overdue-by" } else { "desk-left" };
    let minutes = minutes.abs();
    let sentence = if minutes >= 2 * 1440 {
        Message::new(format!("{key}-days")).count("count", minutes / 1440)
    } else {
        Message::new(key).text("time", crate::web::figures::hours_and_minutes(minutes))
    };
    Left { sentence, tone }
}

/// `GET /desk`
pub async fn desk(visit: Visit<WorkDesk>, query: Query<DeskQuery>) -> Answer {
    let view = query.view.parse().unwrap_or(View::ToSubmit);
    let (now, rows) = (visit.app.clock.now(), visit.app.settings.limits.page_rows);
    let mut conn = visit.app.db.read().await?;
    let wanted = ViewPage { view, user_id: &visit.actor.user_id, now, after: Cursor::parse(&query.after), limit: rows + 1 };
    let (counts, lines) = store::desk(&mut conn, &visit.app.plenty, &wanted).await?;
    let page = Page::cut(lines, rows, Line::cursor);
    visit.page(&DeskPage {
        frame: visit.frame("desk-title", Place::Desk),
        views: View::ALL,
        view,
        counts,
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        lines: page
            .rows
            .into_iter()
            .map(|line| {
                let left = left(line.due_at, now);
                (line, left)
            })
            .collect(),
    })
}

const COLUMNS: [&str; 11] = [
    "refund-id",
    "order-no",
    "airline-pnr",
    "airline",
    "agency",
    "refund-reason",
    "currency",
    "amount-estimated",
    "due",
    "status",
    "assignee",
];

fn cells(line: &Line, reader: &Reader) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    vec![
        text(&line.number),
        text(&line.order_no),
        text(&line.airline_pnr),
        text(&line.airline),
        text(&line.agency),
        text(&line.reason.named().say(reader.language)),
        text(line.estimated.as_ref().map_or("", |amount| amount.currency.code())),
        Cell::Amount(line.estimated),
        text(&crate::web::figures::moment(line.due_at, &reader.zone_name)),
        text(&line.status.named().text("operator", &reader.operator_name).say(reader.language)),
        text(line.assignee.as_deref().unwrap_or_default()),
    ]
}

/// Exactly the view, as a file.
async fn export(visit: &Visit<WorkDesk>, query: &DeskQuery, format: Format) -> Answer {
    let (app, user_id, reader, now) = (visit.app.clone(), visit.actor.user_id.clone(), visit.reader(), visit.app.clock.now());
    let view = query.view.parse().unwrap_or(View::ToSubmit);
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after| {
        let (app, user_id, reader) = (app.clone(), user_id.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let lines = store::lines(&mut conn, &ViewPage { view, user_id: &user_id, now, after, limit: sheet::STEP }).await?;
            let next = paging::after_full(&lines, sheet::STEP, Line::cursor);
            Ok((lines.iter().map(|line| cells(line, &reader)).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("desk-{view}-{}", utc_day(now)), columns).send(format, rows).await
}

/// `GET /desk.csv`
pub async fn csv(visit: Visit<WorkDesk>, query: Query<DeskQuery>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /desk.xlsx`
pub async fn xlsx(visit: Visit<WorkDesk>, query: Query<DeskQuery>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}
