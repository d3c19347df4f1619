//! The pages of Finance.

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::export;
use super::filters::Filters;
use super::store::{self, Line};
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, utc_day};
use crate::ledger::TransferKind;
use crate::ledger::balance::{self, Balance};
use crate::refunds::model::{Kind, Status};
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{STEP, Sheet};
use crate::web::visit::{SeeMoney, SeeRefunds, Visit};

crate::named!(TransferKind = "transfer-kind");

#[derive(Template)]
#[template(path = "finance/refunds.html")]
struct RefundsPage {
    frame: Frame,
    filters: Filters,
    filtered: bool,
    query: String,
    statuses: &'static [Status],
    problems: Problems,
    lines: Vec<Line>,
    next: Option<String>,
    operator: bool,
    tab: &'static str,
}

/// `GET /finance/refunds`: the tab of what the operator asks for.
pub async fn refunds(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    list(&visit, query, Kind::Refund).await
}

/// `GET /finance/claims`: the tab of what agencies and passengers asked for themselves.
pub async fn claims(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    list(&visit, query, Kind::Claim).await
}

async fn list(visit: &Visit<SeeRefunds>, query: Query<Filters>, kind: Kind) -> Answer {
    let filters = query.into_inner();
    let mut problems = Problems::default();
    let search = filters.parse(&visit.actor.zone_name, &mut problems);
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let lines = store::refunds(&mut conn, &visit.scope(), kind, &search, rows + 1).await?;
    let page = Page::cut(lines, rows, Line::cursor);
    visit.page(&RefundsPage {
        frame: visit.frame("refunds-title", Place::Refunds),
        query: paging::query_of(&filters),
        filtered: !paging::query_of(&filters).is_empty(),
        statuses: Status::ALL,
        problems,
        next: page.next.map(|after| paging::with_cursor(&filters, &after)),
        lines: page.rows,
        operator: visit.actor.role.is_operator(),
        tab: if kind == Kind::Claim { "claims" } else { "refunds" },
        filters,
    })
}

async fn all_lines(visit: &Visit<SeeRefunds>, filters: &Filters, kind: Kind) -> Result<Vec<Line>, Error> {
    let mut search = filters.parse(&visit.actor.zone_name, &mut Problems::default());
    search.after = None;
    let most = visit.app.settings.limits.export_rows;
    let mut conn = visit.app.db.read().await?;
    let mut all: Vec<Line> = Vec::new();
    loop {
        let rest = most - i64::try_from(all.len()).unwrap_or(most);
        let lines = store::refunds(&mut conn, &visit.scope(), kind, &search, STEP.min(rest)).await?;
        search.after = lines.last().map(Line::cursor);
        let last = i64::try_from(lines.len()).unwrap_or(0) < STEP;
        all.extend(lines);
        if last {
            return Ok(all);
        }
    }
}

async fn sheet(visit: &Visit<SeeRefunds>, filters: &Filters, kind: Kind) -> Result<(Sheet, String), Error> {
    let lines = all_lines(visit, filters, kind).await?;
    let name = format!("{kind}s-{}", utc_day(visit.app.clock.now()));
    Ok((export::sheet(&lines, kind, &visit.reader()), name))
}

/// `GET /finance/refunds.csv`
pub async fn refunds_csv(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    let (sheet, name) = sheet(&visit, &query, Kind::Refund).await?;
    sheet.csv_download(&name)
}

/// `GET /finance/refunds.xlsx`
pub async fn refunds_xlsx(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    let (sheet, name) = sheet(&visit, &query, Kind::Refund).await?;
    sheet.xlsx_download(&name)
}

/// `GET /finance/claims.csv`
pub async fn claims_csv(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    let (sheet, name) = sheet(&visit, &query, Kind::Claim).await?;
    sheet.csv_download(&name)
}

/// `GET /finance/claims.xlsx`
pub async fn claims_xlsx(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    let (sheet, name) = sheet(&visit, &query, Kind::Claim).await?;
    sheet.xlsx_download(&name)
}

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct TransactionsQuery {
    account: String,
    after: String,
}

/// A movement with what it is about.
struct Movement {
    at: Timestamp,
    kind: TransferKind,
    amount: Money,
    refund_number: Option<String>,
    order_no: Option<String>,
    /// The page and number of a case that is no refund.
    case: Option<(String, String)>,
}

/// A deposit with its agency's name.
struct Deposit {
    balance: Balance,
    agency: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "finance/transactions.html")]
struct TransactionsPage {
    frame: Frame,
    deposits: Vec<Deposit>,
    movements: Vec<Movement>,
    next: Option<String>,
    operator: bool,
}

/// `GET /finance/transactions`: balances per currency, and every movement of the chosen one.
pub async fn transactions(visit: Visit<SeeMoney>, query: Query<TransactionsQuery>) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let balances = balance::deposits(&mut conn, visit.scope().agency_id()).await?;
    let agencies = crate::agencies::store::agencies(&mut conn).await?;
    // Only one of the visitor's own accounts; anything else means the first of them.
    let chosen = balances.iter().find(|one| one.account_id == query.account).or(balances.first()).map(|one| one.account_id.clone());
    let movements = match &chosen {
        Some(account_id) => balance::movements(&mut conn, account_id, Cursor::parse(&query.after), rows + 1).await?,
        None => Vec::new(),
    };
    let page =
        Page::cut(movements, rows, |movement| Cursor { sorted: crate::kernel::time::instant_text(movement.at), id: movement.id.clone() });
    let ids: Vec<String> = page.rows.iter().filter_map(|movement| movement.refund_id.clone()).collect();
    let numbers = store::refund_numbers(&mut conn, &ids).await?;
    let movement = |row: balance::Movement| {
        let about = row.refund_id.as_ref().and_then(|id| numbers.get(id)).cloned();
        let (refund_number, order_no) = about.unzip();
        let case = row.case.map(|(kind, no)| {
            let page = if kind == "request" { format!("/requests/{no}") } else { "/finance/compensations".to_owned() };
            (page, no)
        });
        Movement { at: row.at, kind: row.kind, amount: row.amount, refund_number, order_no, case }
    };
    let deposit = |balance: Balance| Deposit {
        agency: agencies.iter().find(|agency| agency.id == balance.owner).map(|agency| agency.name.clone()).unwrap_or_default(),
        current: Some(&balance.account_id) == chosen.as_ref(),
        balance,
    };
    visit.page(&TransactionsPage {
        frame: visit.frame("transactions-title", Place::Transactions),
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        movements: page.rows.into_iter().map(movement).collect(),
        deposits: balances.into_iter().map(deposit).collect(),
        operator: visit.actor.role.is_operator(),
    })
}
