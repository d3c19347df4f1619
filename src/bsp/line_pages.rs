//! BSP → command line.

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use super::command::{self, Code, View};
use super::host::{HISTORY, Host, NotDone, Outcome};
use super::model::Seat;
use super::office_store;
use super::transmitting::Terms;
use crate::kernel::time::Date;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{Needs, RequestRefunds, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// A command of the list of those that there are: how it is written, what it does, and an example to take over.
struct Help {
    form: &'static str,
    what: &'static str,
}

const HELP: [Help; 12] = [
    Help { form: "TRFD:L/784-5805431488/AM/1/D", what: "bsp-help-load" },
    Help { form: "TRFD:L/784-5805431488/1/D/000000123", what: "bsp-help-load-given" },
    Help { form: "TRFD:A/1/D", what: "bsp-help-new" },
    Help { form: "TRFD:000000123/1/D", what: "bsp-help-number" },
    Help { form: "TRFD:H/1/D/000000123", what: "bsp-help-print" },
    Help { form: "TRFD:T/1/D/784-5805431488", what: "bsp-help-ticket" },
    Help { form: "TRFD:Z/784-5805431488/1/D", what: "bsp-help-preview" },
    Help { form: "RFIS:784-5805431488", what: "bsp-help-confirm" },
    Help { form: "TRFU:1/D/000000123", what: "bsp-help-change" },
    Help { form: "TRFX:1/D/000000123", what: "bsp-help-delete" },
    Help { form: "TSL:1", what: "bsp-help-tsl" },
    Help { form: "TPR:1/20NOV26", what: "bsp-help-tpr" },
];

/// What the host answered.
struct Said {
    command: String,
    code: Option<Code>,
    /// What is wrong with a form that should be confirmed.
    problems: Vec<Message>,
    /// The command to try next.
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "bsp/line.html")]
struct LinePage {
    frame: Frame,
    seat: Option<Seat>,
    said: Option<Said>,
    history: Vec<(String, Option<Code>)>,
    help: &'static [Help],
    most: usize,
}

/// The host for a visitor, at the seat where they sit.
///
/// # Errors
/// A sentence that says who can seat them.
pub async fn host<P: Needs>(visit: &Visit<P>) -> Result<Host<'_>, Error> {
    let app = &visit.app;
    let seat = office_store::seat_of(&mut *app.db.read().await?, &visit.actor.user_id).await?;
    Ok(Host {
        db: &app.db,
        source: &app.db,
        limits: &app.settings.limits,
        terms: Terms::new(&app.settings.limits, &app.secret),
        actor: &visit.actor,
        seat: seat.ok_or_else(|| Error::Refused(Message::new("bsp-no-desk")))?,
        now: app.clock.now(),
    })
}

/// `GET /bsp`
pub async fn show(visit: Visit<RequestRefunds>) -> Answer {
    page(&visit, None).await
}

async fn page(visit: &Visit<RequestRefunds>, said: Option<Said>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let history = office_store::history(&mut conn, &visit.actor.user_id, HISTORY).await?;
    let status = if said.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = LinePage {
        frame: visit.frame("bsp-title", Place::Bsp),
        seat: office_store::seat_of(&mut conn, &visit.actor.user_id).await?,
        said,
        history: history.into_iter().map(|(text, code)| (text, code.and_then(|word| word.parse().ok()))).collect(),
        help: &HELP,
        most: command::MAX_CHARS,
    };
    visit.page_with(status, &page)
}

/// A command as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CommandForm {
    command: String,
}

/// `POST /bsp`
pub async fn execute(visit: Visit<RequestRefunds>, form: Form<CommandForm>) -> Answer {
    let typed = form.0.command;
    let said = match host(&visit).await?.execute(&typed).await {
        Ok(outcome) => return Ok(see_other(&address(&outcome))),
        Err(NotDone::Database(error)) => return Err(error.into()),
        Err(NotDone::Code(code)) => Said { next: next(code, &typed), command: typed, code: Some(code), problems: Vec::new() },
        Err(NotDone::Form(super::life::NotDone::Problems(problems))) => {
            Said { command: typed, code: None, problems: problems.0.into_iter().map(|(_, message)| message).collect(), next: None }
        }
        Err(NotDone::Form(error)) => return Err(error.into()),
    };
    page(&visit, Some(said)).await
}

/// The command that leads on after a refusal.
fn next(code: Code, typed: &str) -> Option<String> {
    let number = typed.split(['/', ':', ' ']).find(|piece| super::ticket_number::TicketNumber::parse(piece).is_ok());
    match code {
        Code::Option | Code::StandardEntry | Code::TimeOut => Some(format!("TRFD:L/{}/AM/1/D", number.unwrap_or("nnn-nnnnnnnnnn"))),
        Code::FillManually | Code::LoadingFailed => Some("TRFD:A/1/D".to_owned()),
        _ => None,
    }
}

/// Where an outcome is seen.
#[must_use]
pub fn address(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Form { id, view: View::Print } => format!("/bsp/forms/{id}/print"),
        Outcome::Form { id, view: View::Mask } => format!("/bsp/forms/{id}?view=mask"),
        Outcome::Form { id, view: View::Full } => format!("/bsp/forms/{id}"),
        Outcome::Preview { id } => format!("/bsp/forms/{id}?done=bsp-previewed"),
        Outcome::Confirmed { id } => format!("/bsp/forms/{id}?done=bsp-transmitted"),
        Outcome::Change { id } => format!("/bsp/forms/{id}?change=1"),
        Outcome::Deleted { id } => format!("/bsp/forms/{id}?done=bsp-deleted"),
        Outcome::Report { device, day, page } => report_address(*device, *day, *page),
    }
}

fn report_address(device: Option<i64>, day: Date, page: usize) -> String {
    let device = device.map(|device| format!("&device={device}")).unwrap_or_default();
    format!("/bsp/reports?day={day}{device}&page={page}")
}
