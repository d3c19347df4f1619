//! BSP → offices: who sits where, and whether a second person releases the forms.

use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::model::Office;
use super::office_store;
use crate::agencies::model::User;
use crate::agencies::store as agencies;
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Permission;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, required};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ManageUsers, SeeRefunds, Visit};
use crate::web::words::Message;
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
    let agent = required(&form.0.agent, 10).map_err(Error::Refused)?.to_uppercase();
    if !agent.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Error::Refused(Message::new("bsp-agent-wrong")));
    }
    let author = Author::from(&visit.actor);
    let now = visit.app.clock.now();
    let seated = visit.app.db.write(move |conn| {
        Box::pin(async move {
            let user = agencies::user(conn, &form.0.user).await?;
            let Some(user) =
                user.filter(|user| user.agency_id.as_ref() == Some(&office.agency_id) && user.role.may(Permission::RequestRefunds))
            else {
                return Ok::<_, sqlx::Error>(None);
            };
            if office_store::user_of(conn, &office.id, &agent).await?.is_some_and(|other| other != user.id) {
                return Ok(Some(false));
            }
            office_store::seat(conn, &user.id, &office.id, &agent).await?;
            let details = serde_json::json!({ "office": office.code, "agent": agent });
            journal::write(conn, Subject::User, &user.id, "seated", &author, &details, now).await?;
            Ok(Some(true))
        })
    });
    match seated.await? {
        None => Err(Error::NotFound),
        Some(false) => Err(Error::Refused(Message::new("bsp-agent-taken"))),
        Some(true) => Ok(see_other("/bsp/offices?done=bsp-seated")),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FourEyesForm {
    four_eyes: String,
}

/// `POST /bsp/offices/{office}/four-eyes`
pub async fn set_four_eyes(visit: Visit<ManageUsers>, code: Path<String>, form: Form<FourEyesForm>) -> Answer {
    let office = own_office(&visit, &code).await?;
    let desk = office_store::desk_of(&mut *visit.app.db.read().await?, &visit.actor.user_id).await?;
    // Whoever transmits there must not be the one who lets the second person go.
    if form.0.four_eyes != "1" && desk.is_some_and(|desk| desk.office.id == office.id) {
        return Err(Error::Refused(Message::new("bsp-four-eyes-own")));
    }
    let (four_eyes, author, now) = (form.0.four_eyes == "1", Author::from(&visit.actor), visit.app.clock.now());
    let set = visit.app.db.write(move |conn| {
        Box::pin(async move {
            office_store::set_four_eyes(conn, &office.id, four_eyes).await?;
            let details = serde_json::json!({ "office": office.code, "four_eyes": four_eyes });
            journal::write(conn, Subject::Agency, &office.agency_id, "four-eyes", &author, &details, now).await
        })
    });
    set.await?;
    Ok(see_other("/bsp/offices?done=bsp-office-saved"))
}
