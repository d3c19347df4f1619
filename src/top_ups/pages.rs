//! Finance → Top-up.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::actions::{self, Decision, Declared, NotDone};
use super::model::{Status, TopUp};
use super::{alerts, store};
use crate::attachments::store::{self as attachments, Attachment};
use crate::attachments::upload::{FilesField, Upload};
use crate::kernel::actor::Permission;
use crate::kernel::id::new_token;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, utc_day};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, MOST_MINOR, Problems, one_line, optional_prose};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{Needs, PostMoney, SeeMoney, TopUp as MayTopUp, Visit};
use crate::web::words::{Message, Named, say};
use crate::web::{Answer, see_other};

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(default)]
pub struct ListQuery {
    status: String,
    /// One alone: where a movement of the account leads to.
    number: String,
    after: String,
}

/// A top-up with its agency and proof.
struct Line {
    top_up: TopUp,
    agency: String,
    proof: Vec<Attachment>,
}

#[derive(Template)]
#[template(path = "top_ups/list.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Line>,
    statuses: &'static [Status],
    status: String,
    query: String,
    next: Option<String>,
    operator: bool,
    may_declare: bool,
    may_decide: bool,
    files: FilesField,
    typed: DeclareForm,
    today: Date,
    problems: Problems,
    once_key: String,
}

/// `GET /finance/top-ups`
pub async fn list(visit: Visit<SeeMoney>, query: Query<ListQuery>) -> Answer {
    page(&visit, query.into_inner(), DeclareForm::default(), &[], Problems::default()).await
}

async fn page<P: Needs>(visit: &Visit<P>, query: ListQuery, typed: DeclareForm, files: &[String], problems: Problems) -> Answer {
    let limits = &visit.app.settings.limits;
    let mut conn = visit.app.db.read().await?;
    let status = query.status.parse().ok();
    let found = store::list(&mut conn, &visit.scope(), status, &query.number, Cursor::parse(&query.after), limits.page_rows + 1).await?;
    let page = Page::cut(found, limits.page_rows, |(top_up, _)| store::cursor(top_up));
    let ids: Vec<&str> = page.rows.iter().map(|(top_up, _)| top_up.id.as_str()).collect();
    let mut proof = attachments::of_cases(&mut conn, "top-up", &ids).await?;
    let may = |permission| visit.may(permission);
    let code = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ListPage {
        frame: visit.frame("top-ups-title", Place::TopUps),
        statuses: Status::ALL,
        query: paging::query_of(&query),
        next: page.next.map(|after| paging::with_cursor(&query, &after)),
        status: query.status,
        lines: page
            .rows
            .into_iter()
            .map(|(top_up, agency)| Line { proof: proof.remove(&top_up.id).unwrap_or_default(), top_up, agency })
            .collect(),
        operator: visit.actor.role.is_operator(),
        may_declare: may(Permission::TopUp),
        may_decide: may(Permission::PostMoney),
        files: FilesField::of(&mut conn, limits, &visit.actor.user_id, files).await?,
        today: utc_day(visit.app.clock.now()),
        typed,
        problems,
        once_key: new_token(),
    };
    visit.page_with(code, &page)
}

/// What was typed, exactly as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DeclareForm {
    pub currency: String,
    pub amount: String,
    pub paid_on: String,
    pub reference: String,
    pub once: String,
}

const MAX_REFERENCE: usize = 100;

fn amount(text: &str, currency: Currency) -> Result<Money, Message> {
    let amount = Money::parse(text, currency).ok().filter(|amount| (1..=MOST_MINOR).contains(&amount.minor));
    amount.ok_or_else(|| Message::new("form-amount-above-zero"))
}

impl DeclareForm {
    fn parse(&self, today: Date, proof: &[String], problems: &mut Problems) -> Option<Declared> {
        let currency = Currency::parse(self.currency.trim()).map_err(|_| Message::new("form-currency"));
        let currency = problems.take("currency", currency);
        let money = currency.and_then(|currency| problems.take("amount", amount(&self.amount, currency)));
        let paid_on = self.paid_on.trim().parse::<Date>().map_err(|_| Message::new("form-day"));
        let paid_on = paid_on.and_then(|day| if day.year() < 2000 { Err(Message::new("form-day")) } else { Ok(day) });
        let paid_on = paid_on.and_then(|day| if day > today { Err(Message::new("top-up-day-ahead")) } else { Ok(day) });
        let paid_on = problems.take("paid_on", paid_on);
        let reference = problems.take("reference", one_line(&self.reference, MAX_REFERENCE));
        if proof.is_empty() && problems.of("files").is_none() {
            problems.add("files", "top-up-proof-needed");
        }
        Some(Declared { amount: money?, paid_on: paid_on?, reference: reference?, proof: proof.to_vec() }).filter(|_| problems.is_empty())
    }
}

/// `POST /finance/top-ups`
pub async fn declare(visit: Visit<MayTopUp>, upload: Upload<DeclareForm>) -> Answer {
    let Upload { fields, files, mut problems, .. } = upload;
    let app = &visit.app;
    // A transfer of today may carry tomorrow's date where the sun rises earlier.
    let latest = utc_day(app.clock.now()).tomorrow().unwrap_or_else(|_| utc_day(app.clock.now()));
    let Some(declared) = fields.parse(latest, &files, &mut problems) else {
        return page(&visit, ListQuery::default(), fields, &files, problems).await;
    };
    match actions::declare(&app.db, visit.actor.clone(), declared, fields.once.clone(), app.clock.now()).await {
        Ok(_) => Ok(see_other("/finance/top-ups?done=top-up-declared")),
        Err(NotDone::ProofGone) => {
            problems.add("files", crate::web::words::Message::new("refuse-proof-gone").text("code", 13));
            page(&visit, ListQuery::default(), fields, &[], problems).await
        }
        Err(error) => Err(error.into()),
    }
}

impl From<NotDone> for Error {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Absent => Self::NotFound,
            NotDone::Overtaken | NotDone::Again(_) => Self::Conflict(Message::new("top-up-overtaken")),
            NotDone::ProofGone => Self::Refused(Message::new("refuse-proof-gone").text("code", 13)),
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
    received: String,
    note: String,
}

async fn decide(visit: &Visit<PostMoney>, number: &str, form: DecideForm, confirm: bool) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let top_up = store::find(&mut conn, number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let note = optional_prose(&form.note, 1000).map_err(Error::Refused)?;
    let received = if confirm { Some(amount(&form.received, top_up.declared.currency).map_err(Error::Refused)?) } else { None };
    if !confirm && note.is_none() {
        return Err(Error::Refused(Message::new("top-up-note-needed")));
    }
    let decision = Decision { actor: visit.actor.clone(), number: number.to_owned(), seen_version: form.version, received, note };
    actions::decide(&visit.app.db, decision, visit.app.clock.now()).await?;
    visit.app.wake_worker();
    let done = if confirm { "top-up-confirmed" } else { "top-up-refused" };
    Ok(see_other(&format!("/finance/top-ups?done={done}")))
}

/// `POST /finance/top-ups/{top_up}/confirmation`
pub async fn confirm(visit: Visit<PostMoney>, number: Path<String>, form: Form<DecideForm>) -> Answer {
    decide(&visit, &number, form.0, true).await
}

/// `POST /finance/top-ups/{top_up}/refusal`
pub async fn refuse(visit: Visit<PostMoney>, number: Path<String>, form: Form<DecideForm>) -> Answer {
    decide(&visit, &number, form.0, false).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AlertForm {
    currency: String,
    threshold: String,
}

/// `POST /finance/alerts`: below which balance the agency wants to be told.
pub async fn set_alert(visit: Visit<MayTopUp>, form: Form<AlertForm>) -> Answer {
    let agency_id = visit.actor.agency_id.clone().ok_or(Error::NotFound)?;
    let currency = Currency::parse(form.0.currency.trim()).map_err(|_| Error::Refused(Message::new("form-currency")))?;
    let threshold = match form.0.threshold.trim() {
        "" => None,
        text => Some(amount(text, currency).map_err(Error::Refused)?),
    };
    visit.app.db.write(move |conn| Box::pin(async move { alerts::set(conn, &agency_id, currency, threshold).await })).await?;
    visit.app.wake_worker();
    Ok(see_other("/finance/transactions?done=alert-saved"))
}

const COLUMNS: [&str; 10] = [
    "top-up",
    "agency",
    "status",
    "currency",
    "top-up-declared",
    "top-up-received",
    "top-up-paid-on",
    "top-up-reference",
    "top-up-declared-at",
    "top-up-decided-at",
];

async fn export(visit: &Visit<SeeMoney>, query: ListQuery, format: Format) -> Answer {
    let (app, scope, reader, number) = (visit.app.clone(), visit.scope(), visit.reader(), query.number.clone());
    let status: Option<Status> = query.status.parse().ok();
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after: Option<Cursor>| {
        let (app, scope, reader, number) = (app.clone(), scope.clone(), reader.clone(), number.clone());
        async move {
            let mut conn = app.db.read().await?;
            let found = store::list(&mut conn, &scope, status, &number, after, sheet::STEP).await?;
            let next = paging::after_full(&found, sheet::STEP, |(top_up, _)| store::cursor(top_up));
            let moment = |at| crate::web::figures::moment(at, &reader.zone_name);
            let cells = |(top_up, agency): (TopUp, String)| {
                vec![
                    Cell::Text(top_up.number),
                    Cell::Text(agency),
                    Cell::Text(top_up.status.named().say(reader.language)),
                    Cell::Text(top_up.declared.currency.code().to_owned()),
                    Cell::Amount(Some(top_up.declared)),
                    Cell::Amount(top_up.received),
                    Cell::Text(top_up.paid_on.to_string()),
                    Cell::Text(top_up.reference),
                    Cell::Text(moment(top_up.declared_at)),
                    Cell::Text(top_up.decided_at.map(moment).unwrap_or_default()),
                ]
            };
            Ok((found.into_iter().map(cells).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("top-ups-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /finance/top-ups.csv`
pub async fn csv(visit: Visit<SeeMoney>, query: Query<ListQuery>) -> Answer {
    export(&visit, query.into_inner(), Format::Csv).await
}

/// `GET /finance/top-ups.xlsx`
pub async fn xlsx(visit: Visit<SeeMoney>, query: Query<ListQuery>) -> Answer {
    export(&visit, query.into_inner(), Format::Xlsx).await
}
