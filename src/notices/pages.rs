//! What is under the bell.

use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::model::{CaseKind, Notice};
use super::store;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::visit::{SeeBookings, Visit};
use crate::web::{Answer, see_other};

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct NoticesQuery {
    after: String,
}

#[derive(Template)]
#[template(path = "notices/list.html")]
struct ListPage {
    frame: Frame,
    notices: Vec<Notice>,
    next: Option<String>,
}

/// `GET /notices`
pub async fn list(visit: Visit<SeeBookings>, query: Query<NoticesQuery>) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let notices = store::list(&mut conn, &visit.actor.user_id, Cursor::parse(&query.after), rows + 1).await?;
    let cursor = |notice: &Notice| Cursor { sorted: crate::kernel::time::instant_text(notice.at), id: notice.id.clone() };
    let page = Page::cut(notices, rows, cursor);
    visit.page(&ListPage {
        frame: visit.frame("notices-title", Place::Notices),
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        notices: page.rows,
    })
}

#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /notices/{id}/opening`: read, and on to its case.
pub async fn open(visit: Visit<SeeBookings>, id: Path<String>, _form: Form<Nothing>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let notice = store::find(&mut conn, &visit.actor.user_id, &id).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let path = notice.case.path();
    let (user_id, now) = (visit.actor.user_id.clone(), visit.app.clock.now());
    visit.app.db.write(move |conn| Box::pin(async move { store::mark_read(conn, &user_id, Some(&notice.id), now).await })).await?;
    Ok(see_other(&path))
}

#[derive(Deserialize)]
pub struct ReadingForm {
    #[serde(default)]
    case_kind: String,
    #[serde(default)]
    case_id: String,
    #[serde(default)]
    back: String,
}

/// `POST /notices/reading`: everything of one case, or everything.
pub async fn read(visit: Visit<SeeBookings>, form: Form<ReadingForm>) -> Answer {
    let (user_id, now) = (visit.actor.user_id.clone(), visit.app.clock.now());
    let Form(form) = form;
    let case = form.case_kind.parse::<CaseKind>().ok().map(|kind| (kind, form.case_id));
    visit
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                match case {
                    Some((kind, id)) => store::mark_case_read(conn, &user_id, kind, &id, now).await,
                    None => store::mark_read(conn, &user_id, None, now).await,
                }
            })
        })
        .await?;
    let own = form.back.starts_with('/') && !form.back.starts_with("//") && !form.back.contains('\\');
    Ok(see_other(if own { &form.back } else { "/notices" }))
}
