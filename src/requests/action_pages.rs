//! The forms of a request's page: what is written, and what the team does with it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use serde::Deserialize;

use super::actions::{self, Order};
use super::show_pages::{Typed, come_back, page};
use super::state::Verb;
use super::{store, thread_store};
use crate::agencies::store as agencies;
use crate::attachments::upload::Upload;
use crate::kernel::time::plus_hours;
use crate::web::error::Error;
use crate::web::form::{Form, Problems, prose};
use crate::web::visit::{Needs, TalkToAirline, Visit, WorkDesk, WriteRequests};
use crate::web::{Answer, see_other};

/// What a message is sent as.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MessageForm {
    body: String,
    r#as: String,
    version: i64,
    once: String,
}

/// `POST /requests/{number}/messages`
pub async fn write(visit: Visit<WriteRequests>, number: Path<String>, form: Upload<MessageForm>) -> Answer {
    let Upload { fields, files, mut problems, .. } = form;
    let mut conn = visit.app.db.read().await?;
    store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let limits = &visit.app.settings.limits;
    let body = problems.take("body", prose(&fields.body, limits.max_message_chars));
    let (Some(body), true) = (body, problems.is_empty()) else {
        let typed = Typed { body: fields.body, files, ..Typed::default() };
        return page(&visit, &number, StatusCode::UNPROCESSABLE_ENTITY, typed, problems).await;
    };
    let verb = match fields.r#as.as_str() {
        _ if !visit.actor.role.is_operator() => Verb::Comment,
        "note" => Verb::Note,
        "processed" => Verb::Answer { processed: true },
        _ => Verb::Answer { processed: false },
    };
    let order = Order {
        actor: visit.actor.clone(),
        number: number.clone(),
        seen_version: fields.version,
        once_key: fields.once,
        verb,
        message: Some((body, files.clone())),
    };
    match actions::perform(&visit.app.db, order, limits, visit.app.clock.now()).await {
        Ok(_) => Ok(see_other(&format!("/requests/{number}?done=message-sent#newest"))),
        Err(error) => come_back(&visit, &number, error, Typed { body: fields.body, files, ..Typed::default() }).await,
    }
}

/// The fields that the small forms of the team share.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeskForm {
    version: i64,
    once: String,
    assignee: String,
    into: String,
}

async fn perform<P: Needs>(visit: &Visit<P>, number: &str, form: DeskForm, verb: Verb, done: &str) -> Answer {
    let order = Order {
        actor: visit.actor.clone(),
        number: number.to_owned(),
        seen_version: form.version,
        once_key: form.once,
        verb,
        message: None,
    };
    match actions::perform(&visit.app.db, order, &visit.app.settings.limits, visit.app.clock.now()).await {
        Ok(_) => Ok(see_other(&format!("/requests/{number}?done={done}"))),
        Err(error) => come_back(visit, number, error, Typed::default()).await,
    }
}

/// `POST /requests/{number}/assignment`: take it.
pub async fn take(visit: Visit<WorkDesk>, number: Path<String>, form: Form<DeskForm>) -> Answer {
    let verb = Verb::Assign { to: Some(visit.actor.user_id.clone()) };
    perform(&visit, &number, form.0, verb, "request-taken").await
}

/// `POST /requests/{number}/handover`: give it to a colleague, or back to nobody.
pub async fn hand_over(visit: Visit<WorkDesk>, number: Path<String>, form: Form<DeskForm>) -> Answer {
    let assignee = Some(form.0.assignee.trim().to_owned()).filter(|id| !id.is_empty());
    let mut conn = visit.app.db.read().await?;
    store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    let team = agencies::users(&mut conn, None).await?;
    drop(conn);
    if assignee.as_ref().is_some_and(|id| !team.iter().any(|user| user.id == *id && !user.disabled)) {
        let mut problems = Problems::default();
        problems.add("assignee", "form-choose");
        return page(&visit, &number, StatusCode::UNPROCESSABLE_ENTITY, Typed::default(), problems).await;
    }
    perform(&visit, &number, form.0, Verb::Assign { to: assignee }, "request-handed-over").await
}

/// `POST /requests/{number}/merging`: it is the same as another one.
pub async fn merge(visit: Visit<TalkToAirline>, number: Path<String>, form: Form<DeskForm>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let request = store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    let target = actions::merge_target(&mut conn, &request, &form.0.into).await?;
    drop(conn);
    let Some(target) = target else {
        let mut problems = Problems::default();
        problems.add("into", "request-merge-unknown");
        return page(&visit, &number, StatusCode::UNPROCESSABLE_ENTITY, Typed::default(), problems).await;
    };
    perform(&visit, &number, form.0, Verb::Merge { into: target.id }, "request-merged").await
}

/// `POST /requests/{number}/presence`: I am writing an answer.
pub async fn presence(visit: Visit<WorkDesk>, number: Path<String>, _form: Form<DeskForm>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let request = store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let (actor, now) = (visit.actor.clone(), visit.app.clock.now());
    visit
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                thread_store::forget_presence(conn, plus_hours(now, -1)).await?;
                thread_store::note_presence(conn, &request.id, &actor.user_id, &actor.name, now).await
            })
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
