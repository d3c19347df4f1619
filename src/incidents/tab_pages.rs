//! The Incident Management tab of a booking: what changed, side by side, and what it gives a right to.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::actions::{self, Confirmation, NotDone};
use super::forms::{ConfirmForm, NewIncident};
use super::model::{Incident, IncidentKind, Leg, Outcome, Status};
use super::{rights, store};
use crate::bookings::strip::{BookingFrame, Tab};
use crate::kernel::actor::Permission;
use crate::kernel::id::new_token;
use crate::notices;
use crate::notices::model::CaseKind;
use crate::refund_calculation::quote::Right;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ConfirmIncidents, Needs, SeeRequests, TalkToAirline, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// A flight before and after; what differs is marked.
struct Change {
    before: Option<Leg>,
    after: Option<Leg>,
}

impl Change {
    fn differs(&self, of: fn(&Leg) -> String) -> bool {
        self.before.as_ref().map(of) != self.after.as_ref().map(of)
    }

    fn flight_differs(&self) -> bool {
        self.differs(|leg| leg.flight_number.clone())
    }

    fn departure_differs(&self) -> bool {
        self.differs(|leg| format!("{}{}", leg.departure_airport, leg.departure_local))
    }

    fn arrival_differs(&self) -> bool {
        self.differs(|leg| format!("{}{}", leg.arrival_airport, leg.arrival_local))
    }
}

/// An incident as the tab shows it.
struct Shown {
    incident: Incident,
    changes: Vec<Change>,
    rights: Vec<Right>,
    outcomes: &'static [Outcome],
    can_confirm: bool,
    can_refund: bool,
}

#[derive(Template)]
#[template(path = "incidents/tab.html")]
struct TabPage {
    frame: Frame,
    booking: BookingFrame,
    shown: Vec<Shown>,
    unread: Vec<String>,
    kinds: &'static [IncidentKind],
    typed: Option<NewIncident>,
    problems: Problems,
    once_key: String,
    passengers: Vec<i64>,
    segments: Vec<i64>,
}

/// `GET /bookings/{order}/incidents`
pub async fn tab(visit: Visit<SeeRequests>, order_no: Path<String>) -> Answer {
    tab_with(&visit, &order_no, None, Problems::default()).await
}

async fn tab_with<P: Needs>(visit: &Visit<P>, order_no: &str, typed: Option<NewIncident>, problems: Problems) -> Answer {
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(visit, &mut conn, order_no, Tab::Incidents).await?;
    let incidents = store::of_order(&mut conn, &booking.kept.id).await?;
    let rules = if incidents.is_empty() { None } else { Some(rights::rules(&mut conn, booking.booking(), now).await?) };
    let unread = unread(&mut conn, &visit.actor.user_id, &incidents).await?;
    let may_confirm = visit.may(Permission::ConfirmIncidents);
    let show = |incident: Incident| {
        let before = incident.before(booking.booking());
        let after = &incident.told.revised;
        let change = |row: usize| Change { before: before.get(row).cloned(), after: after.get(row).cloned() };
        let event = incident.event(booking.booking());
        Shown {
            changes: (0..before.len().max(after.len())).map(change).collect(),
            rights: event.zip(rules.as_ref()).map(|(event, rules)| rights::of(booking.booking(), event, rules, now)).unwrap_or_default(),
            outcomes: incident.kind.outcomes(),
            can_confirm: may_confirm && incident.status == Status::Unconfirmed,
            can_refund: booking.can_refund && incident.proves_involuntary(),
            incident,
        }
    };
    let may_enter = visit.may(Permission::TalkToAirline);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = TabPage {
        frame: visit.frame(Message::new("booking-title").text("order", order_no), Place::Bookings),
        shown: incidents.into_iter().map(show).collect(),
        unread,
        kinds: IncidentKind::ALL,
        typed: typed.or_else(|| may_enter.then(|| NewIncident::begin(booking.booking()))),
        problems,
        once_key: new_token(),
        passengers: booking.booking().passengers.iter().map(|one| one.no).collect(),
        segments: booking.booking().segments.iter().map(|one| one.no).collect(),
        booking,
    };
    visit.page_with(status, &page)
}

/// The incidents of which the visitor has unread notices.
async fn unread(conn: &mut crate::db::Conn, user_id: &str, incidents: &[Incident]) -> Result<Vec<String>, sqlx::Error> {
    let all = notices::store::unread_cases(conn, user_id, CaseKind::Incident).await?;
    Ok(incidents.iter().filter(|incident| all.contains(&incident.id)).map(|incident| incident.id.clone()).collect())
}

/// `POST /bookings/{order}/incidents`: the operator enters what the airline said.
pub async fn enter(visit: Visit<TalkToAirline>, order_no: Path<String>, form: Form<NewIncident>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let kept = crate::bookings::strip::find_kept(&mut conn, &visit.scope(), &order_no).await?;
    drop(conn);
    let mut problems = Problems::default();
    match form.0.parse(&kept.booking, &mut problems) {
        Some(news) if problems.is_empty() => {
            actions::enter(&visit.app.db, kept, news, &visit.actor, form.0.once, visit.app.clock.now()).await?;
            Ok(see_other(&format!("/bookings/{order_no}/incidents?done=incident-entered")))
        }
        _ => tab_with(&visit, &order_no, Some(form.0), problems).await,
    }
}

#[derive(Deserialize)]
pub struct IncidentPath {
    order: String,
    number: String,
}

/// `POST /bookings/{order}/incidents/{number}/confirmation`
pub async fn confirm(visit: Visit<ConfirmIncidents>, path: Path<IncidentPath>, form: Form<ConfirmForm>) -> Answer {
    let IncidentPath { order, number } = path.into_inner();
    let mut conn = visit.app.db.read().await?;
    let found = store::find(&mut conn, &visit.scope(), &number).await?.filter(|incident| incident.order_no == order);
    drop(conn);
    let incident = found.ok_or(Error::NotFound)?;
    let mut problems = Problems::default();
    let Some((outcome, carrier_cause, note)) = form.0.parse(&mut problems) else {
        return tab_with(&visit, &order, None, problems).await;
    };
    let confirmation =
        Confirmation { actor: visit.actor.clone(), number: incident.number, seen_version: form.0.version, outcome, carrier_cause, note };
    match actions::confirm(&visit.app.db, confirmation, visit.app.clock.now()).await {
        Ok(_) => Ok(see_other(&format!("/bookings/{order}/incidents?done=incident-confirmed"))),
        Err(NotDone::Absent) => Err(Error::NotFound),
        Err(NotDone::Overtaken) => Err(Error::Conflict(Message::new("incident-overtaken"))),
        Err(NotDone::WrongResult) => {
            problems.add("result", "form-choose");
            tab_with(&visit, &order, None, problems).await
        }
        Err(NotDone::Database(error)) => Err(error.into()),
    }
}
