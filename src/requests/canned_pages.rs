//! The page of canned replies.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::canned::{self, PLACES, Reply};
use crate::kernel::language::Language;
use crate::web::filters;
use crate::web::form::{Form, Problems, one_line, prose};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{TalkToAirline, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

#[derive(Template)]
#[template(path = "requests/replies.html")]
struct RepliesPage {
    frame: Frame,
    replies: Vec<Reply>,
    languages: &'static [Language],
    places: String,
    typed: ReplyForm,
    problems: Problems,
}

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ReplyForm {
    language: String,
    name: String,
    body: String,
}

/// `GET /desk/replies`
pub async fn list(visit: Visit<TalkToAirline>) -> Answer {
    page(&visit, ReplyForm { language: visit.actor.language.word().to_owned(), ..ReplyForm::default() }, Problems::default()).await
}

async fn page(visit: &Visit<TalkToAirline>, typed: ReplyForm, problems: Problems) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = RepliesPage {
        frame: visit.frame("replies-title", Place::Replies),
        replies: canned::all(&mut conn).await?,
        languages: Language::ALL,
        places: PLACES.map(|place| format!("{{{place}}}")).join(" "),
        typed,
        problems,
    };
    visit.page_with(status, &page)
}

/// `POST /desk/replies`
pub async fn save(visit: Visit<TalkToAirline>, form: Form<ReplyForm>) -> Answer {
    let mut problems = Problems::default();
    let language = problems.take("language", form.0.language.parse::<Language>().map_err(|_| Message::new("form-choose")));
    let name = problems.take("name", one_line(&form.0.name, 60));
    let body = problems.take("body", prose(&form.0.body, visit.app.settings.limits.max_message_chars));
    let (Some(language), Some(name), Some(body)) = (language, name, body) else {
        return page(&visit, form.0, problems).await;
    };
    let (by, now) = (visit.actor.email.clone(), visit.app.clock.now());
    visit.app.db.write(move |conn| Box::pin(async move { canned::save(conn, language, &name, &body, &by, now).await })).await?;
    Ok(see_other("/desk/replies?done=reply-saved"))
}

#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /desk/replies/{id}/removal`
pub async fn remove(visit: Visit<TalkToAirline>, id: Path<String>, _form: Form<Nothing>) -> Answer {
    let id = id.into_inner();
    visit.app.db.write(move |conn| Box::pin(async move { canned::remove(conn, &id).await })).await?;
    Ok(see_other("/desk/replies?done=reply-removed"))
}
