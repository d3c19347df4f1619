//! Reading balances and movements.

use serde::Deserialize;

use super::{AccountKind, TransferKind};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, parse_instant};
use crate::web::paging::Cursor;

/// A deposit and how far it may fall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub account_id: String,
    pub owner: String,
    pub balance: Money,
    /// What may still be spent: the balance and the credit line together.
    pub available: Money,
}

/// The deposits of an agency, or of every agency, by owner and currency.
///
/// # Errors
/// The database's own.
pub async fn deposits(conn: &mut Conn, owner: Option<&str>) -> Result<Vec<Balance>, sqlx::Error> {
    let rows: Vec<(String, String, String, i64, Option<i64>)> =
        Select::new("SELECT a.id, a.owner, a.currency, a.balance_minor, a.floor_minor FROM accounts a")
            .and("a.kind = ?", [AccountKind::Deposit.word().into()])
            .and_if("a.owner = ?", owner)
            .then("ORDER BY a.owner, a.currency LIMIT 1000", [])
            .fetch(conn)
            .await?;
    rows.into_iter()
        .map(|(account_id, owner, currency, minor, floor)| {
            let currency = Currency::parse(&currency).map_err(decode)?;
            let available = Money::new(minor.saturating_sub(floor.unwrap_or(0)), currency);
            Ok(Balance { account_id, owner, balance: Money::new(minor, currency), available })
        })
        .collect()
}

/// What a deposit held before and after a period, and what came and went in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodSums {
    pub opening: Money,
    pub came_in: Money,
    pub went_out: Money,
    pub closing: Money,
}

/// Adds a period up, in one statement: reckoned back from the balance of now.
///
/// # Errors
/// The database's own.
pub async fn period(conn: &mut Conn, account_id: &str, from: Timestamp, until: Timestamp) -> Result<PeriodSums, sqlx::Error> {
    let (currency, balance, in_from, out_from, in_until, out_until): (String, i64, i64, i64, i64, i64) = sqlx::query_as(
        "SELECT a.currency, a.balance_minor, \
         (SELECT CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT) FROM transfers t WHERE t.credit_account_id = a.id AND t.created_at >= $2), \
         (SELECT CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT) FROM transfers t WHERE t.debit_account_id = a.id AND t.created_at >= $2), \
         (SELECT CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT) FROM transfers t WHERE t.credit_account_id = a.id AND t.created_at >= $3), \
         (SELECT CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT) FROM transfers t WHERE t.debit_account_id = a.id AND t.created_at >= $3) \
         FROM accounts a WHERE a.id = $1",
    )
    .bind(account_id)
    .bind(crate::kernel::time::instant_text(from))
    .bind(crate::kernel::time::instant_text(until))
    .fetch_one(conn)
    .await?;
    let currency = Currency::parse(&currency).map_err(decode)?;
    let money = |minor| Money::new(minor, currency);
    Ok(PeriodSums {
        opening: money(balance - in_from + out_from),
        came_in: money(in_from - in_until),
        went_out: money(out_from - out_until),
        closing: money(balance - in_until + out_until),
    })
}

/// One movement of a deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub id: String,
    pub owner: String,
    pub kind: TransferKind,
    /// Above zero what came in, below what went out.
    pub amount: Money,
    pub refund_id: Option<String>,
    /// Kind and number of a case that is no refund.
    pub case: Option<(String, String)>,
    pub at: Timestamp,
}

#[derive(Deserialize)]
struct MovementRow {
    id: String,
    owner: String,
    kind: TransferKind,
    minor: i64,
    currency: Currency,
    refund_id: Option<String>,
    case_kind: Option<String>,
    case_no: Option<String>,
    created_at: String,
}

/// The query for the movements of one deposit, the newest first.
#[must_use]
pub fn movements_query(account_id: &str, from: Option<Timestamp>, after: Option<Cursor>, limit: i64) -> Select {
    // Two arms, each with its own index; the union keeps their order cheap to merge.
    let after = after.unwrap_or(Cursor { sorted: "9999".to_owned(), id: "~".to_owned() });
    let from = from.map_or_else(|| "0".to_owned(), crate::kernel::time::instant_text);
    Select::new(
        "SELECT m.id, a.owner, m.kind, m.minor, m.currency, m.refund_id, m.case_kind, m.case_no, m.created_at FROM (\
         SELECT id, kind, minor, currency, refund_id, case_kind, case_no, created_at, account_id FROM (SELECT c.id, c.kind, c.amount_minor AS minor, c.currency, c.refund_id, c.case_kind, c.case_no, c.created_at, c.credit_account_id AS account_id \
         FROM transfers c",
    )
    .and("c.credit_account_id = ?", [account_id.into()])
    .and("c.created_at >= ? AND (c.created_at, c.id) < (?, ?)", [from.as_str().into(), after.sorted.as_str().into(), after.id.as_str().into()])
    .limited("ORDER BY c.created_at DESC, c.id DESC", limit)
    .then(
        ") credits UNION ALL \
         SELECT id, kind, minor, currency, refund_id, case_kind, case_no, created_at, account_id FROM (SELECT d.id, d.kind, -d.amount_minor AS minor, d.currency, d.refund_id, d.case_kind, d.case_no, d.created_at, d.debit_account_id AS account_id \
         FROM transfers d WHERE d.debit_account_id = ? AND d.created_at >= ? AND (d.created_at, d.id) < (?, ?)",
        [account_id.into(), from.into(), after.sorted.into(), after.id.into()],
    )
    .limited("ORDER BY d.created_at DESC, d.id DESC", limit)
    .then(") debits) m JOIN accounts a ON a.id = m.account_id", [])
    .limited("ORDER BY m.created_at DESC, m.id DESC", limit)
}

/// The movements of one deposit, the newest first.
///
/// # Errors
/// The database's own.
pub async fn movements(
    conn: &mut Conn,
    account_id: &str,
    from: Option<Timestamp>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Movement>, sqlx::Error> {
    let rows: Vec<MovementRow> = movements_query(account_id, from, after, limit).fetch_packed(conn).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Movement {
                at: parse_instant(&row.created_at).map_err(decode)?,
                amount: Money::new(row.minor, row.currency),
                id: row.id,
                owner: row.owner,
                kind: row.kind,
                refund_id: row.refund_id,
                case: row.case_kind.zip(row.case_no),
            })
        })
        .collect()
}
