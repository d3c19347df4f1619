//! Signing in and out, the one-time link, and the switch of languages.

use actix_session::Session;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::sign_in::{self, Outcome};
use super::{actions, password, store};
use crate::kernel::actor::Actor;
use crate::kernel::id::{digest, new_token};
use crate::kernel::language::Language;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems};
use crate::web::frame::Frame;
use crate::web::visit::{Guest, SeeBookings, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

#[derive(Template)]
#[template(path = "agencies/sign_in.html")]
struct SignInPage {
    frame: Frame,
    email: String,
    next: String,
    problem: Option<Message>,
}

#[derive(Deserialize)]
pub struct SignInQuery {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub async fn form(guest: Guest, query: Query<SignInQuery>) -> Answer {
    let page = SignInPage { frame: guest.frame("sign-in-title"), email: String::new(), next: query.into_inner().next, problem: None };
    guest.page(StatusCode::OK, &page)
}

#[derive(Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`
pub async fn sign_in(guest: Guest, session: Session, form: Form<SignInForm>) -> Answer {
    let Form(SignInForm { email, password, next }) = form;
    let (app, known_email) = (&guest.app, email.trim().to_lowercase());
    // A password longer than any we accept would only cost time.
    let password = if password.len() > 1000 { String::new() } else { password };
    match sign_in::attempt(&app.db, &known_email, password, &guest.address, &app.settings.limits, app.clock.now()).await? {
        Outcome::Right(user_id) => {
            begin_session(&session, &user_id, &guest).map_err(|error| Error::Internal(error.to_string()))?;
            Ok(see_other(local_path(&next)))
        }
        outcome => {
            let (status, key) = match outcome {
                Outcome::Wait => (StatusCode::TOO_MANY_REQUESTS, "sign-in-wait"),
                _ => (StatusCode::UNPROCESSABLE_ENTITY, "sign-in-wrong"),
            };
            let problem = Message::new(key).count("minutes", app.settings.limits.sign_in_window_minutes);
            guest.page(status, &SignInPage { frame: guest.frame("sign-in-title"), email, next, problem: Some(problem) })
        }
    }
}

/// A new token, so that one planted before sign-in is worth nothing after it.
fn begin_session(session: &Session, user_id: &str, guest: &Guest) -> Result<(), actix_session::SessionInsertError> {
    session.clear();
    session.renew();
    session.insert("user_id", user_id)?;
    session.insert("browser", &guest.browser)?;
    session.insert("address", &guest.address)?;
    session.insert("csrf", new_token())
}

/// A path on this server, or Home: never another site.
fn local_path(next: &str) -> &str {
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if local { next } else { "/" }
}

#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /sign-out`
pub async fn sign_out(_visit: Visit<SeeBookings>, session: Session, _form: Form<Nothing>) -> Answer {
    session.purge();
    Ok(see_other("/sign-in?done=signed-out"))
}

#[derive(Template)]
#[template(path = "agencies/set_password.html")]
struct SetPasswordPage {
    frame: Frame,
    email: Option<String>,
    problems: Problems,
}

/// `GET /set-password/{token}`
pub async fn password_form(guest: Guest, token: Path<String>) -> Answer {
    let mut conn = guest.app.db.read().await?;
    let owner = store::link_owner(&mut conn, &digest(&token), guest.app.clock.now()).await?;
    let status = if owner.is_some() { StatusCode::OK } else { StatusCode::GONE };
    let page =
        SetPasswordPage { frame: guest.frame("set-password-title"), email: owner.map(|(_, email)| email), problems: Problems::default() };
    guest.page(status, &page)
}

#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    password: String,
    #[serde(default)]
    repeated: String,
}

/// `POST /set-password/{token}`
pub async fn set_password(guest: Guest, token: Path<String>, form: Form<PasswordForm>) -> Answer {
    let mut problems = Problems::default();
    let password = problems.take("password", password::parse(&form.0.password));
    if form.0.password != form.0.repeated {
        problems.add("repeated", "password-repeated");
    }
    let now = guest.app.clock.now();
    let Some(password) = password.filter(|_| problems.is_empty()) else {
        let mut conn = guest.app.db.read().await?;
        let owner = store::link_owner(&mut conn, &digest(&token), now).await?;
        let page = SetPasswordPage { frame: guest.frame("set-password-title"), email: owner.map(|(_, email)| email), problems };
        return guest.page(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let hash = password::hash(password).await.ok_or_else(|| Error::Internal("no password hash".to_owned()))?;
    actions::set_password(&guest.app.db, &token, hash, now).await?;
    Ok(see_other("/sign-in?done=password-set"))
}

#[derive(Deserialize)]
pub struct LanguageForm {
    language: String,
    #[serde(default)]
    back: String,
}

/// `POST /language`: for the signed-in kept with the user, for others in a cookie.
pub async fn set_language(guest: Guest, session: Session, form: Form<LanguageForm>) -> Answer {
    let language: Language = form.0.language.parse().map_err(|_| Error::BadRequest)?;
    if let Some(actor) = session.get::<Actor>("actor").ok().flatten() {
        actions::set_language(&guest.app.db, actor.user_id, language).await?;
    }
    let mut response = see_other(local_path(&form.0.back));
    let cookie = Cookie::build("afterfare-language", language.word())
        .path("/")
        .http_only(true)
        .secure(guest.app.settings.is_https())
        .same_site(SameSite::Lax)
        .max_age(Duration::days(365))
        .finish();
    response.add_cookie(&cookie).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(response)
}
