//! Where the operator's forms post to: one verb, one resource, one function.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::case_pages::{Line, line, show_with};
use super::desk_actions::{self, NotDone, Order};
use super::desk_forms::Typed;
use super::model::{Refund, Status};
use super::state::{Impossible, Verb};
use super::{store, wording};
use crate::journal::{self, Subject};
use crate::kernel::actor::Scope;
use crate::ledger::posting::LedgerError;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{Needs, PostMoney, RequestRefunds, TalkToAirline, Visit, WorkDesk};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// `POST /refunds/{number}/assignment`: take it.
pub async fn take(visit: Visit<WorkDesk>, number: Path<String>, form: Form<Typed>) -> Answer {
    let verb = Verb::Assign { to: Some(visit.actor.user_id.clone()) };
    perform(&visit, &number, form.0, verb, "refund-taken").await
}

/// `POST /refunds/{number}/handover`: give it to a colleague, or back to nobody.
pub async fn hand_over(visit: Visit<WorkDesk>, number: Path<String>, form: Form<Typed>) -> Answer {
    let assignee = form.0.assignee.trim().to_owned();
    let mut conn = visit.app.db.read().await?;
    let team = crate::agencies::store::users(&mut conn, None).await?;
    drop(conn);
    if !assignee.is_empty() && !team.iter().any(|user| user.id == assignee && !user.disabled) {
        let mut problems = Problems::default();
        problems.add("assignee", "form-choose");
        return show_with(&visit, &number, StatusCode::UNPROCESSABLE_ENTITY, form.0, problems).await;
    }
    let verb = Verb::Assign { to: Some(assignee).filter(|id| !id.is_empty()) };
    perform(&visit, &number, form.0, verb, "refund-handed-over").await
}

/// `POST /refunds/{number}/submission`
pub async fn submit(visit: Visit<TalkToAirline>, number: Path<String>, form: Form<Typed>) -> Answer {
    let days = visit.app.settings.limits.follow_up_after_days;
    parsed(&visit, &number, form.0, "refund-sent", |typed, _, problems| typed.submit(days, problems)).await
}

/// `POST /refunds/{number}/confirmation`
pub async fn confirm(visit: Visit<TalkToAirline>, number: Path<String>, form: Form<Typed>) -> Answer {
    parsed(&visit, &number, form.0, "refund-confirmed", Typed::confirm).await
}

/// `POST /refunds/{number}/refusal`
pub async fn refuse(visit: Visit<TalkToAirline>, number: Path<String>, form: Form<Typed>) -> Answer {
    parsed(&visit, &number, form.0, "refund-refused", |typed, _, problems| typed.refuse(problems)).await
}

/// `POST /refunds/{number}/receipt`
pub async fn receive(visit: Visit<PostMoney>, number: Path<String>, form: Form<Typed>) -> Answer {
    parsed(&visit, &number, form.0, "refund-received", Typed::receive).await
}

/// `POST /refunds/{number}/credit`
pub async fn credit(visit: Visit<PostMoney>, number: Path<String>, form: Form<Typed>) -> Answer {
    perform(&visit, &number, form.0, Verb::Credit, "refund-credited").await
}

/// `POST /refunds/{number}/fulfilment`
pub async fn fulfil(visit: Visit<TalkToAirline>, number: Path<String>, form: Form<Typed>) -> Answer {
    perform(&visit, &number, form.0, Verb::Fulfil, "refund-fulfilled").await
}

/// `POST /refunds/{number}/withdrawal`: the agency takes its claim back.
pub async fn withdraw(visit: Visit<RequestRefunds>, number: Path<String>, form: Form<Typed>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    perform(&visit, &number, form.0, Verb::Withdraw, "claim-withdrawn").await
}

/// Reads the verb from the form; a form with problems comes back.
async fn parsed<P: Needs>(
    visit: &Visit<P>,
    number: &str,
    typed: Typed,
    done: &str,
    parse: impl FnOnce(&Typed, &Refund, &mut Problems) -> Option<Verb>,
) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let refund = store::find(&mut conn, &Scope::Operator, number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let mut problems = Problems::default();
    match parse(&typed, &refund, &mut problems) {
        Some(verb) if problems.is_empty() => perform(visit, number, typed, verb, done).await,
        _ => show_with(visit, number, StatusCode::UNPROCESSABLE_ENTITY, typed, problems).await,
    }
}

async fn perform<P: Needs>(visit: &Visit<P>, number: &str, typed: Typed, verb: Verb, done: &str) -> Answer {
    let order =
        Order { actor: visit.actor.clone(), number: number.to_owned(), seen_version: typed.version, once_key: typed.once.clone(), verb };
    match desk_actions::perform(&visit.app.db, order, visit.app.clock.now()).await {
        Ok(after) => {
            let below_fee = done == "refund-received" && after.status == Status::Rejected;
            let done = if below_fee { "refund-refused" } else { done };
            Ok(see_other(&format!("/refunds/{number}?done={done}")))
        }
        Err(NotDone::Impossible(Impossible::DifferenceUnexplained { estimated, actual })) => {
            let mut problems = Problems::default();
            let message = Message::new("difference-unexplained").money("estimated", estimated).money("actual", actual);
            problems.add("difference", message);
            show_with(visit, number, StatusCode::UNPROCESSABLE_ENTITY, typed, problems).await
        }
        Err(NotDone::Impossible(Impossible::NoAmount)) => {
            let mut problems = Problems::default();
            problems.add("amount", "form-amount-above-zero");
            show_with(visit, number, StatusCode::UNPROCESSABLE_ENTITY, typed, problems).await
        }
        Err(NotDone::Overtaken | NotDone::Impossible(Impossible::WrongStatus)) => overtaken(visit, number, typed.version).await,
        Err(error) => Err(error.into()),
    }
}

impl From<NotDone> for Error {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Absent => Self::NotFound,
            NotDone::Database(error) | NotDone::Ledger(LedgerError::Database(error)) => error.into(),
            NotDone::Ledger(LedgerError::Twice) => Self::Conflict(Message::new("ledger-twice")),
            NotDone::Ledger(LedgerError::BelowFloor) => Self::Refused(Message::new("ledger-below-floor")),
            NotDone::KeyReused => Self::Refused(Message::new("refuse-key-reused").text("code", 816)),
            NotDone::Overtaken | NotDone::TakenMeanwhile | NotDone::Impossible(_) => Self::Conflict(Message::new("overtaken")),
        }
    }
}

#[derive(Template)]
#[template(path = "refunds/overtaken.html")]
struct OvertakenPage {
    frame: Frame,
    refund: Refund,
    changes: Vec<Line>,
}

/// What changed since the form was filled in.
async fn overtaken<P: Needs>(visit: &Visit<P>, number: &str, seen_version: i64) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let refund = store::find(&mut conn, &visit.scope(), number).await?.ok_or(Error::NotFound)?;
    let events = journal::of(&mut conn, Subject::Refund, &refund.id).await?;
    let newer = events.iter().filter(|event| wording::event_version(event) > seen_version);
    let page = OvertakenPage { frame: visit.frame("overtaken-title", Place::Desk), changes: newer.map(line).collect(), refund };
    visit.page_with(StatusCode::CONFLICT, &page)
}
