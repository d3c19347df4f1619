//! BSP → offices: who sits where, and whether a second person releases the forms.

use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::model::Office;
use super::office_actions::{self, NotDone};
use super::office_store;
use crate::agencies::model::User;
use crate::agencies::store as agencies;
use crate::journal::Author;
use crate::kernel::actor::Permission;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ManageUsers, SeeRefunds, Visit};
use crate::web::{Answer, see_other};

/// An office with who sits there: sign and name.
struct Shown {
    office: Office,
    agents: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "bsp/offices.html")]
struct OfficesPage {
    frame: Frame,
    offices: Vec<Shown>,
    people: Vec<User>,
    may_manage: bool,
}

/// `GET /bsp/offices`
pub async fn show(visit: Visit<SeeRefunds>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let offices = office_store::offices(&mut conn, &visit.scope()).await?;
    let seats = office_store::agents(&mut conn, &visit.scope()).await?;
    let may_manage = visit.may(Permission::ManageUsers) && visit.actor.agency_id.is_some();
    let people = match &visit.actor.agency_id {
        Some(agency_id) if may_manage => agencies::users(&mut conn, Some(agency_id)).await?,
        _ => Vec::new(),
    };
    let shown = |office: Office| Shown {
        agents: seats.iter().filter(|seat| seat.office_id == office.id).map(|seat| (seat.agent.clone(), seat.name.clone())).collect(),
        office,
    };
    visit.page(&OfficesPage {
        frame: visit.frame("bsp-offices-title", Place::BspOffices),
        offices: offices.into_iter().map(shown).collect(),
        people: people.into_iter().filter(|user| !user.disabled && user.role.may(Permission::RequestRefunds)).collect(),
        may_manage,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SeatForm {
    user: String,
    agent: String,
}

/// The office with this code, of the visitor's own agency.
async fn own_office(visit: &Visit<ManageUsers>, code: &str) -> Result<Office, Error> {
    let mut conn = visit.app.db.read().await?;
    let office = office_store::office(&mut conn, code).await?;
    office.filter(|office| visit.actor.agency_id.as_ref() == Some(&office.agency_id)).ok_or(Error::NotFound)
}

/// `POST /bsp/offices/{office}/agents`
pub async fn seat(visit: Visit<ManageUsers>, code: Path<String>, form: Form<SeatForm>) -> Answer {
    let office = own_office(&visit, &code).await?;
    let (app, author) = (&visit.app, Author::from(&visit.actor));
    office_actions::seat(&app.db, office, form.0.user, &form.0.agent, &author, app.clock.now()).await?;
    Ok(see_other("/bsp/offices?done=bsp-seated"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FourEyesForm {
    four_eyes: String,
}

/// `POST /bsp/offices/{office}/four-eyes`
pub async fn set_four_eyes(visit: Visit<ManageUsers>, code: Path<String>, form: Form<FourEyesForm>) -> Answer {
    let office = own_office(&visit, &code).await?;
    let (app, author) = (&visit.app, Author::from(&visit.actor));
    let by = visit.actor.user_id.clone();
    office_actions::set_four_eyes(&app.db, office, form.0.four_eyes == "1", by, &author, app.clock.now()).await?;
    Ok(see_other("/bsp/offices?done=bsp-office-saved"))
}

impl From<NotDone> for Error {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Nobody => Self::NotFound,
            NotDone::Refused(message) => Self::Refused(message),
            NotDone::Database(error) => error.into(),
        }
    }
}
