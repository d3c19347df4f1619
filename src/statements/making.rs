//! Making statements, in the background: one step makes those of one agency for one period, in one transaction.

use std::collections::HashMap;

use sqlx::FromRow;

use super::model::{Statement, StatementLine};
use super::settings::{self, Settings};
use super::{periods, store};
use crate::agencies::store as agencies;
use crate::db::select::Select;
use crate::db::{Conn, decode, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::id::new_id;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp, instant_text, parse_instant, utc_day};
use crate::ledger::TransferKind;
use crate::ledger::balance::{self, Balance};
use crate::web::App;
use crate::web::error::Error;

/// Does one step. Answers whether there was any.
///
/// # Errors
/// The database's own; the step is then done again later.
pub async fn step(app: &App) -> Result<bool, Error> {
    let now = app.clock.now();
    let mut conn = app.db.read().await?;
    let (new, due) = (settings::without(&mut conn).await?, settings::due(&mut conn, now).await?);
    drop(conn);
    if let Some((agency_id, since)) = new {
        let usual = settings::usual(&agency_id, since);
        app.db.write(move |conn| Box::pin(async move { settings::save(conn, &usual).await })).await?;
        return Ok(true);
    }
    let Some(due) = due else { return Ok(false) };
    let issuer = app.settings.operator_name.clone();
    app.db.write(move |conn| Box::pin(async move { make(conn, due, &issuer, now).await })).await?;
    Ok(true)
}

async fn make(conn: &mut Conn, due: Settings, issuer: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    let Some(until) = due.next_end() else { return Ok(()) };
    let from = due.made_until;
    // Whoever writes first makes them; another server finds the version gone on and does nothing.
    let made_until_at = periods::midnight(until, &due.zone_name);
    let after = Settings { made_until: until, made_until_at, ..due.clone() };
    if !settings::save(conn, &after).await? {
        return Ok(());
    }
    let agency_name = agencies::agency_of_id(conn, &due.agency_id).await?.map(|agency| agency.name).unwrap_or_default();
    for account in balance::deposits(conn, Some(&due.agency_id)).await? {
        issue(conn, &due, (issuer, &agency_name), &account, (from, until), now).await?;
    }
    Ok(())
}

async fn issue(
    conn: &mut Conn,
    due: &Settings,
    (issuer, agency_name): (&str, &str),
    account: &Balance,
    (from, until): (Date, Date),
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let (begin, end) = (due.made_until_at, periods::midnight(until, &due.zone_name));
    let sums = balance::period(conn, &account.account_id, begin, end).await?;
    let lines = lines(conn, account, begin, end).await?;
    if lines.is_empty() && sums.opening.is_zero() {
        return Ok(());
    }
    let number = numbers::next(conn, "statement", &utc_day(now).strftime("%Y%m").to_string()).await?;
    let statement = Statement {
        id: new_id(),
        number: format!("ST-{number}"),
        agency_id: due.agency_id.clone(),
        agency_name: agency_name.to_owned(),
        issuer: issuer.to_owned(),
        from,
        until,
        zone_name: due.zone_name.clone(),
        opening: sums.opening,
        closing: sums.closing,
        line_count: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        created_at: now,
    };
    store::insert(conn, &statement, &lines, &due.emails, now).await?;
    let details = serde_json::json!({ "closing": statement.closing });
    journal::write(conn, Subject::Statement, &statement.id, "issued", &Author::program(), &details, now).await
}

#[derive(FromRow)]
struct TransferRow {
    entry_id: String,
    kind: String,
    minor: i64,
    refund_id: Option<String>,
    case_kind: Option<String>,
    case_no: Option<String>,
    created_at: String,
}

#[derive(FromRow)]
struct RefundRow {
    id: String,
    number: String,
    order_no: String,
    airline_pnr: String,
    estimated_minor: Option<i64>,
}

/// Refunds that one statement looks up.
const CHUNK: usize = 512;

/// The movements of a deposit in a period, oldest first; a refund's credit and fee are one line.
async fn lines(conn: &mut Conn, account: &Balance, begin: Timestamp, end: Timestamp) -> Result<Vec<StatementLine>, sqlx::Error> {
    let rows: Vec<TransferRow> = sqlx::query_as(
        "SELECT m.entry_id, m.kind, m.minor, m.refund_id, m.case_kind, m.case_no, m.created_at FROM (\
         SELECT c.id, c.entry_id, c.kind, c.amount_minor AS minor, c.refund_id, c.case_kind, c.case_no, c.created_at FROM transfers c \
         WHERE c.credit_account_id = $1 AND c.created_at >= $2 AND c.created_at < $3 UNION ALL \
         SELECT d.id, d.entry_id, d.kind, -d.amount_minor, d.refund_id, d.case_kind, d.case_no, d.created_at FROM transfers d \
         WHERE d.debit_account_id = $1 AND d.created_at >= $2 AND d.created_at < $3) m ORDER BY m.created_at, m.id",
    )
    .bind(&account.account_id)
    .bind(instant_text(begin))
    .bind(instant_text(end))
    .fetch_all(&mut *conn)
    .await?;
    let mut ids: Vec<&str> = rows.iter().filter_map(|row| row.refund_id.as_deref()).collect();
    ids.sort_unstable();
    ids.dedup();
    let (mut refunds, mut names) = (HashMap::new(), HashMap::new());
    for some in ids.chunks(CHUNK) {
        let found: Vec<RefundRow> = Select::new("SELECT r.id, r.number, r.order_no, r.airline_pnr, r.estimated_minor FROM refunds r")
            .and_in("r.id", some.iter().map(|id| (*id).into()))
            .fetch(&mut *conn)
            .await?;
        refunds.extend(found.into_iter().map(|refund| (refund.id.clone(), refund)));
        let found: Vec<(String, String)> = Select::new("SELECT DISTINCT c.refund_id, c.passenger_name FROM refund_coupons c")
            .and_in("c.refund_id", some.iter().map(|id| (*id).into()))
            .then("ORDER BY c.refund_id, c.passenger_name", [])
            .fetch(&mut *conn)
            .await?;
        for (id, name) in found {
            names.entry(id).and_modify(|all: &mut String| *all = format!("{all}, {name}")).or_insert(name);
        }
    }
    let currency = account.balance.currency;
    let fees: HashMap<&str, i64> =
        rows.iter().filter(|row| row.kind == TransferKind::ServiceFee.word()).map(|row| (row.entry_id.as_str(), -row.minor)).collect();
    let credited: Vec<&str> =
        rows.iter().filter(|row| row.kind == TransferKind::RefundCredit.word()).map(|row| row.entry_id.as_str()).collect();
    let credited: std::collections::HashSet<&str> = credited.into_iter().collect();
    let is_own = |row: &&TransferRow| row.kind != TransferKind::ServiceFee.word() || !credited.contains(row.entry_id.as_str());
    rows.iter().filter(is_own).map(|row| line(row, currency, &refunds, &names, &fees)).collect()
}

fn line(
    row: &TransferRow,
    currency: Currency,
    refunds: &HashMap<String, RefundRow>,
    names: &HashMap<String, String>,
    fees: &HashMap<&str, i64>,
) -> Result<StatementLine, sqlx::Error> {
    let money = |minor| Money::new(minor, currency);
    let kind: TransferKind = row.kind.parse().map_err(decode)?;
    let refund = row.refund_id.as_ref().and_then(|id| refunds.get(id));
    let is_credit = kind == TransferKind::RefundCredit;
    let fee = if is_credit { Some(fees.get(row.entry_id.as_str()).copied().unwrap_or(0)) } else { None };
    Ok(StatementLine {
        at: parse_instant(&row.created_at).map_err(decode)?,
        kind,
        refund_no: refund.map(|refund| refund.number.clone()),
        order_no: refund.map(|refund| refund.order_no.clone()),
        pnr: refund.map(|refund| refund.airline_pnr.clone()),
        passenger: row.refund_id.as_ref().and_then(|id| names.get(id)).cloned(),
        estimated: refund.filter(|_| is_credit).and_then(|refund| refund.estimated_minor).map(money),
        actual: is_credit.then(|| money(row.minor)),
        fee: fee.map(money),
        case: row.case_kind.clone().zip(row.case_no.clone()),
        amount: money(row.minor - fee.unwrap_or(0)),
    })
}
