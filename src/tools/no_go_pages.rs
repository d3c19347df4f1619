//! Tools → No-go airports: the tables in use; paste the host's answer, see what it says, load it.

use actix_web::http::StatusCode;
use askama::Template;
use serde::Deserialize;

use crate::kernel::actor::Permission;
use crate::refund_calculation::no_go;
use crate::rule_sets::no_go_store::{self, Airports, NoGoTable, TableScope};
use crate::web::filters;
use crate::web::form::{DocumentForm, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{Needs, SeeBookings, TalkToAirline, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

crate::named!(TableScope = "no-go");

/// One table as the page shows it.
struct Shown {
    scope: TableScope,
    table: Option<NoGoTable>,
}

impl Shown {
    fn airports(&self, interactive: bool) -> Vec<String> {
        let all = self.table.iter().flat_map(|table| &table.airports);
        all.filter(|(_, has)| **has == interactive).map(|(code, _)| code.to_string()).collect()
    }
}

/// What a pasted answer would change.
struct Pending {
    scope: TableScope,
    airports: Airports,
    unread: Vec<String>,
    changes: Vec<Message>,
}

#[derive(Template)]
#[template(path = "tools/no_go.html")]
struct NoGoPage {
    frame: Frame,
    tables: Vec<Shown>,
    scopes: &'static [TableScope],
    may_load: bool,
    scope: TableScope,
    text: String,
    problems: Problems,
    pending: Option<Pending>,
}

async fn page<P: Needs>(visit: &Visit<P>, scope: TableScope, text: String, pending: Option<Pending>, problems: Problems) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let mut tables = Vec::with_capacity(TableScope::ALL.len());
    for scope in TableScope::ALL {
        tables.push(Shown { scope: *scope, table: no_go_store::newest(&mut conn, *scope).await? });
    }
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = NoGoPage {
        frame: visit.frame("no-go-title", Place::NoGo),
        tables,
        scopes: TableScope::ALL,
        may_load: visit.may(Permission::TalkToAirline),
        scope,
        text,
        problems,
        pending,
    };
    visit.page_with(status, &page)
}

/// `GET /no-go`
pub async fn show(visit: Visit<SeeBookings>) -> Answer {
    page(&visit, TableScope::Domestic, String::new(), None, Problems::default()).await
}

#[derive(Deserialize)]
pub struct PasteForm {
    scope: String,
    text: String,
}

/// What a pasted text holds, or why it is not taken.
fn read(form: &PasteForm, max_bytes: usize) -> Result<(TableScope, Airports, Vec<String>), (&'static str, Message)> {
    let scope: TableScope = form.scope.parse().map_err(|_| ("scope", Message::new("form-required")))?;
    if form.text.len() > max_bytes {
        let max = i64::try_from(max_bytes).unwrap_or(i64::MAX);
        return Err(("text", Message::new("form-too-long").count("max", max)));
    }
    let (airports, unread) = no_go::read_answer(&form.text);
    if airports.is_empty() { Err(("text", Message::new("no-go-nothing"))) } else { Ok((scope, airports, unread)) }
}

fn refused(problem: (&'static str, Message)) -> Problems {
    Problems(vec![problem])
}

/// `POST /no-go/preview`
pub async fn preview(visit: Visit<TalkToAirline>, form: DocumentForm<PasteForm>) -> Answer {
    let DocumentForm(form) = form;
    let scope = form.scope.parse().unwrap_or(TableScope::Domestic);
    match read(&form, visit.app.settings.limits.max_document_bytes) {
        Err(problem) => page(&visit, scope, form.text, None, refused(problem)).await,
        Ok((scope, airports, unread)) => {
            let mut conn = visit.app.db.read().await?;
            let before = no_go_store::newest(&mut conn, scope).await?.map(|table| table.airports).unwrap_or_default();
            drop(conn);
            let changes = changes(&before, &airports);
            page(&visit, scope, form.text, Some(Pending { scope, airports, unread, changes }), Problems::default()).await
        }
    }
}

fn changes(before: &Airports, after: &Airports) -> Vec<Message> {
    let list = |key: &str, codes: Vec<String>| (!codes.is_empty()).then(|| Message::new(key).text("airports", codes.join(", ")));
    let added = after.keys().filter(|code| !before.contains_key(code)).map(ToString::to_string).collect();
    let removed = before.keys().filter(|code| !after.contains_key(code)).map(ToString::to_string).collect();
    let changed = after.iter().filter(|(code, has)| before.get(code).is_some_and(|had| had != *has)).map(|(code, _)| code.to_string());
    let all = [list("no-go-added", added), list("no-go-removed", removed), list("no-go-changed", changed.collect())];
    let found: Vec<Message> = all.into_iter().flatten().collect();
    if found.is_empty() { vec![Message::new("no-go-same")] } else { found }
}

/// `POST /no-go`
pub async fn load(visit: Visit<TalkToAirline>, form: DocumentForm<PasteForm>) -> Answer {
    let DocumentForm(form) = form;
    let (scope, airports, _) = match read(&form, visit.app.settings.limits.max_document_bytes) {
        Ok(read) => read,
        Err(problem) => {
            let scope = form.scope.parse().unwrap_or(TableScope::Domestic);
            return page(&visit, scope, form.text, None, refused(problem)).await;
        }
    };
    let (by, now) = (visit.actor.email.clone(), visit.app.clock.now());
    visit.app.db.write(move |conn| Box::pin(async move { no_go_store::insert(conn, scope, &airports, &by, now).await })).await?;
    Ok(see_other("/no-go?done=no-go-loaded"))
}
