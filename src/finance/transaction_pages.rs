//! Finance → Transactions: balances per currency, and every movement of a period with what it is about.

use std::collections::HashMap;

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::store;
use crate::agencies::store as agencies;
use crate::db::Conn;
use crate::kernel::actor::Permission;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, instant_text, plus_days, utc_day};
use crate::ledger::TransferKind;
use crate::ledger::balance::{self, Balance, PeriodSums};
use crate::top_ups::alerts;
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::filter_fields::{from, until};
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{SeeMoney, Visit};
use crate::web::words::{Named, say};

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(default)]
pub struct TransactionsQuery {
    account: String,
    from: String,
    to: String,
    after: String,
}

impl TransactionsQuery {
    /// The period that is meant: the days that were chosen, or everything.
    fn period(&self, zone_name: &str, now: Timestamp, problems: &mut Problems) -> (Timestamp, Timestamp) {
        let begin = from(&self.from, "from", zone_name, problems).unwrap_or(Timestamp::UNIX_EPOCH);
        let end = until(&self.to, "to", zone_name, problems).unwrap_or_else(|| plus_days(now, 1));
        (begin, end.max(begin))
    }
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
    /// Below which the agency is told.
    threshold: Option<Money>,
}

#[derive(Template)]
#[template(path = "finance/transactions.html")]
struct TransactionsPage {
    frame: Frame,
    deposits: Vec<Deposit>,
    sums: Option<PeriodSums>,
    movements: Vec<Movement>,
    next: Option<String>,
    operator: bool,
    may_top_up: bool,
    account: String,
    from: String,
    to: String,
    query: String,
    problems: Problems,
}

/// The movements with the numbers that people know their cases by, in one statement.
async fn told(conn: &mut Conn, rows: Vec<balance::Movement>) -> Result<Vec<Movement>, sqlx::Error> {
    let mut ids: Vec<String> = rows.iter().filter_map(|movement| movement.refund_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut numbers = HashMap::new();
    for some in ids.chunks(512) {
        numbers.extend(store::refund_numbers(conn, some).await?);
    }
    let movement = |row: balance::Movement| {
        let about = row.refund_id.as_ref().and_then(|id| numbers.get(id)).cloned();
        let (refund_number, order_no) = about.unzip();
        let case = row.case.map(|(kind, no)| {
            let page = match kind.as_str() {
                "request" => format!("/requests/{no}"),
                "top-up" => format!("/finance/top-ups?number={no}"),
                _ => format!("/finance/compensations?number={no}"),
            };
            (page, no)
        });
        Movement { at: row.at, kind: row.kind, amount: row.amount, refund_number, order_no, case }
    };
    Ok(rows.into_iter().map(movement).collect())
}

/// The accounts that the visitor may see, and the chosen one: anything but one's own means the first.
async fn accounts(visit: &Visit<SeeMoney>, conn: &mut Conn, query: &TransactionsQuery) -> Result<(Vec<Balance>, Option<String>), Error> {
    let balances = balance::deposits(conn, visit.scope().agency_id()).await?;
    let chosen = balances.iter().find(|one| one.account_id == query.account).or(balances.first()).map(|one| one.account_id.clone());
    Ok((balances, chosen))
}

/// `GET /finance/transactions`
pub async fn show(visit: Visit<SeeMoney>, query: Query<TransactionsQuery>) -> Answer {
    let (rows, now) = (visit.app.settings.limits.page_rows, visit.app.clock.now());
    let mut problems = Problems::default();
    let (begin, end) = query.period(&visit.actor.zone_name, now, &mut problems);
    let mut conn = visit.app.db.read().await?;
    let (balances, chosen) = accounts(&visit, &mut conn, &query).await?;
    let names = agencies::agencies(&mut conn).await?;
    let thresholds = match visit.scope().agency_id() {
        Some(agency_id) => alerts::of(&mut conn, agency_id).await?,
        None => Vec::new(),
    };
    let (movements, sums) = match &chosen {
        Some(account_id) => {
            let after = Cursor::parse(&query.after).unwrap_or(Cursor { sorted: instant_text(end), id: String::new() });
            let found = balance::movements(&mut conn, account_id, Some(begin), Some(after), rows + 1).await?;
            (found, Some(balance::period(&mut conn, account_id, begin, end).await?))
        }
        None => (Vec::new(), None),
    };
    let page = Page::cut(movements, rows, |movement| Cursor { sorted: instant_text(movement.at), id: movement.id.clone() });
    let deposit = |balance: Balance| Deposit {
        agency: names.iter().find(|agency| agency.id == balance.owner).map(|agency| agency.name.clone()).unwrap_or_default(),
        current: Some(&balance.account_id) == chosen.as_ref(),
        threshold: thresholds.iter().find(|one| one.currency == balance.balance.currency).copied(),
        balance,
    };
    visit.page(&TransactionsPage {
        frame: visit.frame("transactions-title", Place::Transactions),
        query: paging::query_of(&*query),
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        movements: told(&mut conn, page.rows).await?,
        deposits: balances.into_iter().map(deposit).collect(),
        operator: visit.actor.role.is_operator(),
        may_top_up: visit.may(Permission::TopUp),
        account: chosen.clone().unwrap_or_default(),
        from: query.from.clone(),
        to: query.to.clone(),
        sums,
        problems,
    })
}

const COLUMNS: [&str; 7] = ["when", "what", "refund-id", "order-no", "statement-case", "amount", "currency"];

async fn export(visit: &Visit<SeeMoney>, query: &TransactionsQuery, format: Format) -> Answer {
    let now = visit.app.clock.now();
    let (begin, end) = query.period(&visit.actor.zone_name, now, &mut Problems::default());
    let mut conn = visit.app.db.read().await?;
    let (_, chosen) = accounts(visit, &mut conn, query).await?;
    drop(conn);
    let (app, reader) = (visit.app.clone(), visit.reader());
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let first = Cursor { sorted: instant_text(end), id: String::new() };
    let rows = sheet::paged(first, move |after| {
        let (app, chosen, reader) = (app.clone(), chosen.clone(), reader.clone());
        async move {
            let Some(account_id) = chosen else { return Ok((Vec::new(), None)) };
            let mut conn = app.db.read().await?;
            let found = balance::movements(&mut conn, &account_id, Some(begin), Some(after), sheet::STEP).await?;
            let next = paging::after_full(&found, sheet::STEP, |one| Cursor { sorted: instant_text(one.at), id: one.id.clone() });
            let cells = |movement: Movement| {
                vec![
                    Cell::Text(crate::web::figures::moment(movement.at, &reader.zone_name)),
                    Cell::Text(movement.kind.named().text("operator", &reader.operator_name).say(reader.language)),
                    Cell::Text(movement.refund_number.unwrap_or_default()),
                    Cell::Text(movement.order_no.unwrap_or_default()),
                    Cell::Text(movement.case.map(|(_, no)| no).unwrap_or_default()),
                    Cell::Amount(Some(movement.amount)),
                    Cell::Text(movement.amount.currency.code().to_owned()),
                ]
            };
            Ok((told(&mut conn, found).await?.into_iter().map(cells).collect(), next))
        }
    });
    visit.sheet(format!("transactions-{}", utc_day(now)), columns).send(format, rows).await
}

/// `GET /finance/transactions.csv`
pub async fn csv(visit: Visit<SeeMoney>, query: Query<TransactionsQuery>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /finance/transactions.xlsx`
pub async fn xlsx(visit: Visit<SeeMoney>, query: Query<TransactionsQuery>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}
