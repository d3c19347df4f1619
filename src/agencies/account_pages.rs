//! One's own account: language, time zone, and the browsers one is signed in with.

use actix_session::Session as WebSession;
use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::model::{Session, parse_zone};
use super::user_pages::Nothing;
use super::{actions, store};
use crate::kernel::language::Language;
use crate::kernel::time::Timestamp;
use crate::notices::model::MailWish;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{SeeBookings, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// Zones offered in the list; any other IANA name can be typed.
const ZONES: &[&str] = &[
    "Asia/Ho_Chi_Minh",
    "Asia/Shanghai",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Asia/Bangkok",
    "Asia/Dubai",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "UTC",
];

#[derive(Template)]
#[template(path = "agencies/account.html")]
struct AccountPage {
    frame: Frame,
    sessions: Vec<Session>,
    languages: &'static [Language],
    language: Language,
    zones: &'static [&'static str],
    zone_name: String,
    wishes: &'static [MailWish],
    mail: MailWish,
    mail_failed_at: Option<Timestamp>,
    email: String,
    problems: Problems,
}

async fn account_page(visit: &Visit<SeeBookings>, session: &WebSession, zone_name: String, problems: Problems) -> Answer {
    let this = session.get::<String>("session_id").ok().flatten().unwrap_or_default();
    let mut conn = visit.app.db.read().await?;
    let user = store::user(&mut conn, &visit.actor.user_id).await?.ok_or(Error::NotFound)?;
    let sessions = store::sessions(&mut conn, &visit.actor.user_id, &this, visit.app.clock.now()).await?;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AccountPage {
        frame: visit.frame("account-title", Place::Account),
        sessions,
        languages: Language::ALL,
        language: visit.actor.language,
        zones: ZONES,
        zone_name,
        wishes: MailWish::ALL,
        mail: user.mail,
        mail_failed_at: user.mail_failed_at,
        email: user.email,
        problems,
    };
    visit.page_with(status, &page)
}

/// `GET /account`
pub async fn show(visit: Visit<SeeBookings>, session: WebSession) -> Answer {
    account_page(&visit, &session, visit.actor.zone_name.clone(), Problems::default()).await
}

#[derive(Deserialize)]
pub struct PreferencesForm {
    #[serde(default)]
    language: String,
    #[serde(default)]
    zone_name: String,
    #[serde(default)]
    mail: String,
}

/// `POST /account/preferences`
pub async fn set_preferences(visit: Visit<SeeBookings>, session: WebSession, form: Form<PreferencesForm>) -> Answer {
    let mut problems = Problems::default();
    let language = problems.take("language", form.0.language.parse::<Language>().map_err(|_| Message::new("form-choose")));
    let zone = problems.take("zone_name", parse_zone(&form.0.zone_name));
    let mail = problems.take("mail", form.0.mail.parse::<MailWish>().map_err(|_| Message::new("form-choose")));
    let (Some(language), Some(zone), Some(mail)) = (language, zone, mail) else {
        return account_page(&visit, &session, form.0.zone_name, problems).await;
    };
    actions::set_preferences(&visit.app.db, visit.actor.user_id.clone(), language, zone, mail).await?;
    Ok(see_other("/account?done=preferences-saved"))
}

/// `POST /account/sessions/{id}/end`
pub async fn end_session(visit: Visit<SeeBookings>, id: Path<String>, _form: Form<Nothing>) -> Answer {
    actions::end_sessions(&visit.app.db, visit.actor.user_id.clone(), Some(id.into_inner())).await?;
    Ok(see_other("/account?done=session-ended"))
}

/// `POST /account/sessions/end`: all of them, this one too.
pub async fn end_all_sessions(visit: Visit<SeeBookings>, session: WebSession, _form: Form<Nothing>) -> Answer {
    actions::end_sessions(&visit.app.db, visit.actor.user_id.clone(), None).await?;
    session.purge();
    Ok(see_other("/sign-in?done=signed-out"))
}
