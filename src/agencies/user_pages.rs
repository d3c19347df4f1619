//! An agency's users, managed by its Admin; and the users of any agency or the operator's own, by a Supervisor.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::actions::{self, Link, NewUser};
use super::model::{Refusal, User, parse_email};
use super::store;
use crate::kernel::actor::Role;
use crate::web::filters;
use crate::web::form::{Form, Problems, one_line};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ManageUsers, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// The list of users with the form that adds one; also used by the page of an agency.
#[derive(Template)]
#[template(path = "agencies/users.html")]
pub(super) struct UsersPage {
    pub frame: Frame,
    pub heading: String,
    /// Where the forms post to: `/users` or `/agencies/{code}/users`.
    pub base: String,
    pub users: Vec<User>,
    pub roles: Vec<Role>,
    pub form: UserForm,
    pub problems: Problems,
    /// A link just made, shown once.
    pub link: Option<NewLink>,
    pub own_id: String,
}

/// A link with the address to hand over.
pub(super) struct NewLink {
    pub email: String,
    pub address: String,
    pub link: Link,
}

#[derive(Deserialize, Default, Clone)]
pub struct UserForm {
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub role: String,
}

impl UserForm {
    /// The typed values, or what is wrong with them.
    pub(super) fn parse(&self, roles: &[Role], problems: &mut Problems) -> Option<(String, String, Role)> {
        let email = problems.take("email", parse_email(&self.email));
        let name = problems.take("name", one_line(&self.name, 100));
        let role = self.role.parse::<Role>().ok().filter(|role| roles.contains(role));
        let role = problems.take("role", role.ok_or_else(|| Message::new("form-choose")));
        Some((email?, name?, role?))
    }
}

impl Visit<ManageUsers> {
    fn agency_id(&self) -> Option<String> {
        self.actor.agency_id.clone()
    }

    async fn users_page(&self, form: UserForm, problems: Problems, link: Option<NewLink>) -> Answer {
        let mut conn = self.app.db.read().await?;
        let users = store::users(&mut conn, self.actor.agency_id.as_deref()).await?;
        let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let page = UsersPage {
            frame: self.frame("users-title", Place::Users),
            heading: self.actor.agency_name.clone().unwrap_or_default(),
            base: "/users".to_owned(),
            users,
            roles: Role::OF_AGENCIES.to_vec(),
            form,
            problems,
            link,
            own_id: self.actor.user_id.clone(),
        };
        self.page_with(status, &page)
    }
}

/// `GET /users`
pub async fn list(visit: Visit<ManageUsers>) -> Answer {
    visit.users_page(UserForm::default(), Problems::default(), None).await
}

/// `POST /users`
pub async fn add(visit: Visit<ManageUsers>, form: Form<UserForm>) -> Answer {
    let mut problems = Problems::default();
    let Some((email, name, role)) = form.0.parse(Role::OF_AGENCIES, &mut problems) else {
        return visit.users_page(form.0, problems, None).await;
    };
    let new = NewUser { email, name, role, agency_id: visit.agency_id(), language: visit.actor.language };
    let (app, author) = (&visit.app, (&visit.actor).into());
    match actions::add_user(&app.db, new, author, app.settings.limits.link_hours, app.clock.now()).await {
        Ok((user, link)) => {
            let link = NewLink { email: user.email, address: link_address(&app.settings.origin(), &link), link };
            visit.users_page(UserForm::default(), problems, Some(link)).await
        }
        Err(Refusal::Database(error)) => Err(error.into()),
        Err(refusal) => {
            problems.add("email", refusal.message());
            visit.users_page(form.0, problems, None).await
        }
    }
}

/// Where a one-time link leads.
#[must_use]
pub fn link_address(origin: &str, link: &Link) -> String {
    format!("{origin}/set-password/{}", link.token)
}

#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /users/{id}/disabling`
pub async fn disable(visit: Visit<ManageUsers>, id: Path<String>, _form: Form<Nothing>) -> Answer {
    let (app, author) = (&visit.app, (&visit.actor).into());
    actions::set_disabled(&app.db, id.into_inner(), visit.agency_id(), true, author, app.clock.now()).await?;
    Ok(see_other("/users?done=user-disabled"))
}

/// `POST /users/{id}/enabling`
pub async fn enable(visit: Visit<ManageUsers>, id: Path<String>, _form: Form<Nothing>) -> Answer {
    let (app, author) = (&visit.app, (&visit.actor).into());
    actions::set_disabled(&app.db, id.into_inner(), visit.agency_id(), false, author, app.clock.now()).await?;
    Ok(see_other("/users?done=user-enabled"))
}

/// `POST /users/{id}/links`
pub async fn renew_link(visit: Visit<ManageUsers>, id: Path<String>, _form: Form<Nothing>) -> Answer {
    let (app, author, id) = (&visit.app, (&visit.actor).into(), id.into_inner());
    let now = app.clock.now();
    let link = actions::renew_link(&app.db, id.clone(), visit.agency_id(), author, app.settings.limits.link_hours, now).await?;
    let mut conn = app.db.read().await?;
    let email = store::user(&mut conn, &id).await?.map(|user| user.email).unwrap_or_default();
    drop(conn);
    let link = NewLink { email, address: link_address(&app.settings.origin(), &link), link };
    visit.users_page(UserForm::default(), Problems::default(), Some(link)).await
}
