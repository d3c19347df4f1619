//! The operations desk.

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::store::{self, Counts, Line};
use super::view::View;
use crate::kernel::time::{Timestamp, minutes_until};
use crate::web::Answer;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::visit::{Visit, WorkDesk};
use crate::web::words::Message;

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
    let counts = store::counts(&mut conn, &visit.actor.user_id, now).await?;
    let lines = store::lines(&mut conn, view, &visit.actor.user_id, now, Cursor::parse(&query.after), rows + 1).await?;
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
