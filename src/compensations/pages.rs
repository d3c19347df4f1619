//! Finance → Refunds → Compensation.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::actions::{self, Decision, NotDone};
use super::forms::ProposeForm;
use super::model::{Cause, Compensation, Status};
use super::store;
use crate::agencies::model::Agency;
use crate::agencies::store as agencies;
use crate::kernel::actor::Permission;
use crate::kernel::id::new_token;
use crate::kernel::money::Money;
use crate::kernel::time::utc_day;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems, optional_prose};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{Needs, PostMoney, SeeRefunds, Visit};
use crate::web::words::{Message, Named, say};
use crate::web::{Answer, see_other};

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct ListQuery {
    status: String,
    /// One alone: where a movement of the account leads to.
    number: String,
    after: String,
}

/// A line with what this visitor may do about it.
struct Line {
    compensation: Compensation,
    agency: String,
    can_decide: bool,
    /// It waits for somebody else than the visitor.
    waits: bool,
}

#[derive(Template)]
#[template(path = "compensations/list.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    statuses: &'static [Status],
    status: String,
    next: Option<String>,
    operator: bool,
    can_propose: bool,
    agencies: Vec<Agency>,
    causes: &'static [Cause],
    limit: Money,
    typed: ProposeForm,
    problems: Problems,
    once_key: String,
}

/// `GET /finance/compensations`
pub async fn list(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    page(&visit, query.into_inner(), ProposeForm::default(), Problems::default(), StatusCode::OK).await
}

async fn page<P: Needs>(visit: &Visit<P>, query: ListQuery, typed: ProposeForm, problems: Problems, status: StatusCode) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let may = visit.may(Permission::PostMoney);
    let mut conn = visit.app.db.read().await?;
    let lines =
        store::list(&mut conn, &visit.scope(), query.status.parse().ok(), &query.number, Cursor::parse(&query.after), rows + 1).await?;
    let page = Page::cut(lines, rows, |(compensation, _)| store::cursor(compensation));
    let line = |(compensation, agency): (Compensation, String)| {
        let can_decide = may && compensation.may_be_decided_by(&visit.actor.user_id);
        Line { waits: may && compensation.status == Status::Proposed && !can_decide, can_decide, agency, compensation }
    };
    let page = ListPage {
        frame: visit.frame("compensations-title", Place::Refunds),
        statuses: Status::ALL,
        next: page.next.map(|after| paging::with_cursor(&query, &after)),
        status: query.status,
        lines: page.rows.into_iter().map(line).collect(),
        operator: visit.actor.role.is_operator(),
        can_propose: may,
        agencies: if may { agencies::agencies(&mut conn).await? } else { Vec::new() },
        causes: Cause::ALL,
        limit: visit.app.settings.limits.compensation_alone_up_to,
        typed,
        problems,
        once_key: new_token(),
    };
    visit.page_with(status, &page)
}

/// `POST /finance/compensations`
pub async fn propose(visit: Visit<PostMoney>, form: Form<ProposeForm>) -> Answer {
    let mut problems = Problems::default();
    let mut conn = visit.app.db.read().await?;
    let agency = agencies::agency(&mut conn, &form.0.agency).await?;
    drop(conn);
    let agency = problems.take("agency", agency.ok_or_else(|| Message::new("form-choose")));
    let (Some(agency), Some(proposed)) = (agency, form.0.parse(&mut problems)) else {
        return page(&visit, ListQuery::default(), form.0, problems, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let app = &visit.app;
    let done =
        actions::propose(&app.db, visit.actor.clone(), agency, proposed, form.0.once.clone(), &app.settings.limits, app.clock.now()).await;
    match done {
        Ok(new) => {
            let done = if new.status == Status::Credited { "compensation-credited" } else { "compensation-proposed" };
            Ok(see_other(&format!("/finance/compensations?done={done}")))
        }
        Err(NotDone::UnknownOrder) => {
            problems.add("order_no", "compensation-unknown-order");
            page(&visit, ListQuery::default(), form.0, problems, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(error.into()),
    }
}

impl From<NotDone> for Error {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Absent => Self::NotFound,
            NotDone::UnknownOrder => Self::Refused(Message::new("compensation-unknown-order")),
            NotDone::NeedsSecond => Self::Refused(Message::new("compensation-needs-second")),
            NotDone::Overtaken => Self::Conflict(Message::new("compensation-overtaken")),
            NotDone::KeyReused => Self::Refused(Message::new("request-key-reused")),
            NotDone::Ledger(error) => Self::Internal(format!("{error:?}")),
            NotDone::Database(error) => error.into(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecideForm {
    version: i64,
    note: String,
}

async fn decide(visit: &Visit<PostMoney>, number: String, form: DecideForm, approve: bool) -> Answer {
    let note = optional_prose(&form.note, 1000).map_err(Error::Refused)?;
    let decision = Decision { actor: visit.actor.clone(), number, seen_version: form.version, approve, note };
    actions::decide(&visit.app.db, decision, visit.app.clock.now()).await?;
    let done = if approve { "compensation-credited" } else { "compensation-refused" };
    Ok(see_other(&format!("/finance/compensations?done={done}")))
}

/// `POST /finance/compensations/{compensation}/approval`
pub async fn approve(visit: Visit<PostMoney>, number: Path<String>, form: Form<DecideForm>) -> Answer {
    decide(&visit, number.into_inner(), form.0, true).await
}

/// `POST /finance/compensations/{compensation}/refusal`
pub async fn refuse(visit: Visit<PostMoney>, number: Path<String>, form: Form<DecideForm>) -> Answer {
    decide(&visit, number.into_inner(), form.0, false).await
}

const COLUMNS: [&str; 8] =
    ["compensation", "agency", "order-no", "currency", "compensation-amount", "compensation-reason", "status", "when"];

/// Exactly what is filtered, as a file.
async fn export(visit: &Visit<SeeRefunds>, query: &ListQuery, format: Format) -> Answer {
    let (app, scope, reader, number) = (visit.app.clone(), visit.scope(), visit.reader(), query.number.clone());
    let status: Option<Status> = query.status.parse().ok();
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after: Option<Cursor>| {
        let (app, scope, reader, number) = (app.clone(), scope.clone(), reader.clone(), number.clone());
        async move {
            let mut conn = app.db.read().await?;
            let found = store::list(&mut conn, &scope, status, &number, after, sheet::STEP).await?;
            let next = paging::after_full(&found, sheet::STEP, |(one, _)| store::cursor(one));
            let cells = |(one, agency): (Compensation, String)| {
                let at = one.decided_at.unwrap_or(one.proposed_at);
                vec![
                    Cell::Text(one.number),
                    Cell::Text(agency),
                    Cell::Text(one.order_no.unwrap_or_default()),
                    Cell::Text(one.amount.currency.code().to_owned()),
                    Cell::Amount(Some(one.amount)),
                    Cell::Text(one.cause.named().say(reader.language)),
                    Cell::Text(one.status.named().say(reader.language)),
                    Cell::Text(crate::web::figures::moment(at, &reader.zone_name)),
                ]
            };
            Ok((found.into_iter().map(cells).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("compensations-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /finance/compensations.csv`
pub async fn csv(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /finance/compensations.xlsx`
pub async fn xlsx(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}
