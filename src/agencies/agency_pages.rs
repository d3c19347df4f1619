//! Agencies, managed by a Supervisor.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::actions::{self, NewAgency, NewUser};
use super::model::{Agency, Refusal, parse_code};
use super::store;
use super::user_pages::{NewLink, Nothing, UserForm, UsersPage, link_address};
use crate::kernel::actor::Role;
use crate::kernel::money::{Currency, Money};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems, one_line};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ManageAgencies, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// The code under which the operator's own team is managed.
const OPERATOR: &str = "operator";

#[derive(Template)]
#[template(path = "agencies/agencies.html")]
struct AgenciesPage {
    frame: Frame,
    agencies: Vec<Agency>,
    form: AgencyForm,
    problems: Problems,
}

#[derive(Deserialize, Default)]
pub struct AgencyForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    credit_line: String,
}

impl AgencyForm {
    fn parse(&self, problems: &mut Problems) -> Option<NewAgency> {
        let code = problems.take("code", parse_code(&self.code));
        let name = problems.take("name", one_line(&self.name, 100));
        let currency = problems.take("currency", Currency::parse(&self.currency).map_err(|_| Message::new("form-currency")))?;
        let typed = if self.credit_line.trim().is_empty() { "0" } else { &self.credit_line };
        let amount = Money::parse(typed, currency).ok().filter(|amount| amount.minor >= 0);
        let credit_line = problems.take("credit_line", amount.ok_or_else(|| Message::new("form-amount")));
        Some(NewAgency { code: code?, name: name?, credit_line: credit_line? })
    }
}

async fn agencies_page(visit: &Visit<ManageAgencies>, form: AgencyForm, problems: Problems) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let agencies = store::agencies(&mut conn).await?;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    visit.page_with(status, &AgenciesPage { frame: visit.frame("agencies-title", Place::Agencies), agencies, form, problems })
}

/// `GET /agencies`
pub async fn list(visit: Visit<ManageAgencies>) -> Answer {
    agencies_page(&visit, AgencyForm::default(), Problems::default()).await
}

/// `POST /agencies`
pub async fn add(visit: Visit<ManageAgencies>, form: Form<AgencyForm>) -> Answer {
    let mut problems = Problems::default();
    let Some(new) = form.0.parse(&mut problems) else { return agencies_page(&visit, form.0, problems).await };
    let code = new.code.clone();
    match actions::add_agency(&visit.app.db, new, (&visit.actor).into(), visit.app.clock.now()).await {
        Ok(_) => Ok(see_other(&format!("/agencies/{code}?done=agency-added"))),
        Err(Refusal::Database(error)) => Err(error.into()),
        Err(refusal) => {
            problems.add("code", refusal.message());
            agencies_page(&visit, form.0, problems).await
        }
    }
}

/// Whose users a path names: an agency's, or the operator's own.
struct Team {
    agency: Option<Agency>,
    base: String,
}

impl Team {
    async fn find(visit: &Visit<ManageAgencies>, code: &str) -> Result<Self, Error> {
        let base = format!("/agencies/{code}/users");
        if code == OPERATOR {
            return Ok(Self { agency: None, base });
        }
        let mut conn = visit.app.db.read().await?;
        let agency = store::agency(&mut conn, code).await?.ok_or(Error::NotFound)?;
        Ok(Self { agency: Some(agency), base })
    }

    fn agency_id(&self) -> Option<String> {
        self.agency.as_ref().map(|agency| agency.id.clone())
    }

    fn roles(&self) -> Vec<Role> {
        Role::ALL.iter().copied().filter(|role| role.is_operator() == self.agency.is_none()).collect()
    }

    async fn page(self, visit: &Visit<ManageAgencies>, form: UserForm, problems: Problems, link: Option<NewLink>) -> Answer {
        let mut conn = visit.app.db.read().await?;
        let users = store::users(&mut conn, self.agency_id().as_deref()).await?;
        let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let page = UsersPage {
            frame: visit.frame("users-title", Place::Agencies),
            roles: self.roles(),
            heading: self.agency.map_or_else(|| visit.app.settings.operator_name.clone(), |agency| agency.name),
            base: self.base,
            users,
            form,
            problems,
            link,
            own_id: visit.actor.user_id.clone(),
        };
        visit.page_with(status, &page)
    }
}

/// `GET /agencies/{code}`
pub async fn show(visit: Visit<ManageAgencies>, code: Path<String>) -> Answer {
    let team = Team::find(&visit, &code).await?;
    team.page(&visit, UserForm::default(), Problems::default(), None).await
}

/// `POST /agencies/{code}/users`
pub async fn add_user(visit: Visit<ManageAgencies>, code: Path<String>, form: Form<UserForm>) -> Answer {
    let team = Team::find(&visit, &code).await?;
    let mut problems = Problems::default();
    let Some((email, name, role)) = form.0.parse(&team.roles(), &mut problems) else {
        return team.page(&visit, form.0, problems, None).await;
    };
    let new = NewUser { email, name, role, agency_id: team.agency_id(), language: visit.actor.language };
    let app = &visit.app;
    match actions::add_user(&app.db, new, (&visit.actor).into(), app.settings.limits.link_hours, app.clock.now()).await {
        Ok((user, link)) => {
            let link = NewLink { email: user.email, address: link_address(&app.settings.origin(), &link), link };
            team.page(&visit, UserForm::default(), problems, Some(link)).await
        }
        Err(Refusal::Database(error)) => Err(error.into()),
        Err(refusal) => {
            problems.add("email", refusal.message());
            team.page(&visit, form.0, problems, None).await
        }
    }
}

/// `POST /agencies/{code}/users/{id}/disabling`
pub async fn disable_user(visit: Visit<ManageAgencies>, path: Path<(String, String)>, _form: Form<Nothing>) -> Answer {
    set_disabled(&visit, path.into_inner(), true).await
}

/// `POST /agencies/{code}/users/{id}/enabling`
pub async fn enable_user(visit: Visit<ManageAgencies>, path: Path<(String, String)>, _form: Form<Nothing>) -> Answer {
    set_disabled(&visit, path.into_inner(), false).await
}

async fn set_disabled(visit: &Visit<ManageAgencies>, (code, id): (String, String), disabled: bool) -> Answer {
    let team = Team::find(visit, &code).await?;
    let app = &visit.app;
    actions::set_disabled(&app.db, id, team.agency_id(), disabled, (&visit.actor).into(), app.clock.now()).await?;
    Ok(see_other(&format!("/agencies/{code}?done=user-{}", if disabled { "disabled" } else { "enabled" })))
}

/// `POST /agencies/{code}/users/{id}/links`
pub async fn renew_user_link(visit: Visit<ManageAgencies>, path: Path<(String, String)>, _form: Form<Nothing>) -> Answer {
    let (code, id) = path.into_inner();
    let team = Team::find(&visit, &code).await?;
    let (app, now) = (&visit.app, visit.app.clock.now());
    let hours = app.settings.limits.link_hours;
    let link = actions::renew_link(&app.db, id.clone(), team.agency_id(), (&visit.actor).into(), hours, now).await?;
    let mut conn = app.db.read().await?;
    let email = store::user(&mut conn, &id).await?.map(|user| user.email).unwrap_or_default();
    drop(conn);
    let link = NewLink { email, address: link_address(&app.settings.origin(), &link), link };
    team.page(&visit, UserForm::default(), Problems::default(), Some(link)).await
}
