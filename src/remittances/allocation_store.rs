//! All SQL about what of a line belongs to which refund, and about the refunds that wait for money.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, FromRow};

use super::model::{Allocation, AllocationState, Line};
use crate::db::select::{Select, Value};
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::refunds::model::Refund;
use crate::refunds::store::{COLUMNS as REFUND_COLUMNS, RefundRow};

#[derive(FromRow)]
struct AllocationRow {
    id: String,
    line_id: String,
    refund_id: String,
    refund_no: String,
    order_no: String,
    #[sqlx(try_from = "String")]
    currency: Currency,
    amount_minor: i64,
    #[sqlx(try_from = "String")]
    state: AllocationState,
    created_by_name: String,
    created_at: String,
    remittance_no: String,
    row_no: i64,
}

const ALLOCATIONS: &str = "SELECT a.id, a.line_id, a.refund_id, r.number AS refund_no, r.order_no, l.currency, a.amount_minor, a.state, \
     a.created_by_name, a.created_at, m.number AS remittance_no, l.row_no FROM allocations a JOIN refunds r ON r.id = a.refund_id \
     JOIN remittance_lines l ON l.id = a.line_id JOIN remittances m ON m.id = l.remittance_id";

async fn fetch_allocations(conn: &mut Conn, query: Select) -> Result<Vec<Allocation>, sqlx::Error> {
    let rows: Vec<AllocationRow> = query.then("ORDER BY a.created_at, a.id", []).fetch(conn).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Allocation {
                amount: Money::new(row.amount_minor, row.currency),
                created_at: parse_instant(&row.created_at).map_err(decode)?,
                id: row.id,
                line_id: row.line_id,
                refund_id: row.refund_id,
                refund_no: row.refund_no,
                order_no: row.order_no,
                state: row.state,
                created_by_name: row.created_by_name,
                remittance_no: row.remittance_no,
                row_no: row.row_no,
            })
        })
        .collect()
}

/// What a line was matched with, undone matches included.
///
/// # Errors
/// The database's own.
pub async fn allocations_of_line(conn: &mut Conn, line_id: &str) -> Result<Vec<Allocation>, sqlx::Error> {
    fetch_allocations(conn, Select::new(ALLOCATIONS).and("a.line_id = ?", [line_id.into()])).await
}

/// Numbers of the refunds that lines are matched with, by line.
///
/// # Errors
/// The database's own.
pub async fn refunds_of_lines(conn: &mut Conn, lines: &[Line]) -> Result<HashMap<String, Vec<String>>, sqlx::Error> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    if lines.is_empty() {
        return Ok(all);
    }
    let rows: Vec<(String, String)> = Select::new("SELECT a.line_id, r.number FROM allocations a JOIN refunds r ON r.id = a.refund_id")
        .and_in("a.line_id", lines.iter().map(|line| line.id.as_str().into()))
        .and("a.state <> 'undone'", [])
        .then("ORDER BY a.line_id, r.number", [])
        .fetch(conn)
        .await?;
    for (line_id, number) in rows {
        all.entry(line_id).or_default().push(number);
    }
    Ok(all)
}

/// What a refund has of which lines, in one state.
///
/// # Errors
/// The database's own.
pub async fn allocations_of_refund(conn: &mut Conn, refund_id: &str, state: AllocationState) -> Result<Vec<Allocation>, sqlx::Error> {
    fetch_allocations(conn, Select::new(ALLOCATIONS).and("a.refund_id = ? AND a.state = ?", [refund_id.into(), state.word().into()])).await
}

/// Adds an allocation, or adds to what the refund holds of the same line already. The database refuses one for a card.
/// Answers whether it was added: not to what is settled.
///
/// # Errors
/// The database's own.
pub async fn add_allocation(
    conn: &mut Conn,
    id: &str,
    line: &Line,
    refund: &Refund,
    (minor, state): (i64, AllocationState),
    by: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO allocations (id, remittance_id, line_id, refund_id, refund_channel, amount_minor, state, created_by_name, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (line_id, refund_id) WHERE state <> 'undone' \
         DO UPDATE SET amount_minor = allocations.amount_minor + excluded.amount_minor WHERE allocations.state = 'held'",
    )
    .bind(id)
    .bind(&line.remittance_id)
    .bind(&line.id)
    .bind(&refund.id)
    .bind(refund.payment_channel.word())
    .bind(minor)
    .bind(state.word())
    .bind(by)
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves a refund's allocations from one state to the next; answers how many.
///
/// # Errors
/// The database's own.
pub async fn move_allocations(conn: &mut Conn, refund_id: &str, from: AllocationState, to: AllocationState) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("UPDATE allocations SET state = $1 WHERE refund_id = $2 AND state = $3")
        .bind(to.word())
        .bind(refund_id)
        .bind(from.word())
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Refunds that are not closed by one of the words that name them, in one statement.
///
/// # Errors
/// The database's own.
pub async fn open_refunds_by(conn: &mut Conn, column: &'static str, values: Vec<Value>) -> Result<Vec<Refund>, sqlx::Error> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<RefundRow> =
        refunds_select().and_in(column, values).and("r.closed_at IS NULL", []).then("LIMIT 5000", []).fetch(conn).await?;
    rows.into_iter().map(RefundRow::refund).collect()
}

/// Refunds that hold a part of their money and wait for the rest, the oldest first.
///
/// # Errors
/// The database's own.
pub async fn holding(conn: &mut Conn, limit: i64) -> Result<Vec<Refund>, sqlx::Error> {
    let query = refunds_select().and("r.held_minor > 0", []).limited("ORDER BY r.registered_at, r.id", limit);
    let rows: Vec<RefundRow> = query.fetch(conn).await?;
    rows.into_iter().map(RefundRow::refund).collect()
}

/// Refunds that are not closed by ticket numbers, each with the number.
///
/// # Errors
/// The database's own.
pub async fn orders_of_tickets(conn: &mut Conn, tickets: Vec<Value>) -> Result<Vec<(String, String)>, sqlx::Error> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    Select::new("SELECT k.value, o.order_no FROM booking_keys k JOIN orders o ON o.id = k.order_id")
        .and("k.kind = 'ticket'", [])
        .and_in("k.value", tickets)
        .fetch(conn)
        .await
}

fn refunds_select() -> Select {
    // The columns of a refund are listed in one place, which no constant can quote here.
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    Select::new(TEXT.get_or_init(|| format!("SELECT {REFUND_COLUMNS} FROM refunds r")))
}

/// Open refunds of a currency whose expected amount is near one, between a least and a most: the nearest below and the
/// nearest above.
///
/// # Errors
/// The database's own.
pub async fn near(
    conn: &mut Conn,
    currency: Currency,
    (least, meant, most): (i64, i64, i64),
    limit: i64,
) -> Result<Vec<Refund>, sqlx::Error> {
    let between = |from: i64, to: i64| {
        refunds_select()
            .and("r.closed_at IS NULL AND r.payment_channel = 'deposit' AND r.currency = ?", [currency.code().into()])
            .and("COALESCE(r.airline_minor, r.estimated_minor) >= ?", [from.into()])
            .and("COALESCE(r.airline_minor, r.estimated_minor) <= ?", [to.into()])
    };
    let above = between(meant, most).limited("ORDER BY COALESCE(r.airline_minor, r.estimated_minor), r.id", limit);
    let below = between(least, meant - 1).limited("ORDER BY COALESCE(r.airline_minor, r.estimated_minor) DESC, r.id DESC", limit);
    let mut rows: Vec<RefundRow> = above.fetch(&mut *conn).await?;
    rows.extend(below.fetch::<RefundRow>(conn).await?);
    rows.into_iter().map(RefundRow::refund).collect()
}

/// Open refunds of a currency with one of these expected amounts.
///
/// # Errors
/// The database's own.
pub async fn of_amounts(conn: &mut Conn, currency: Currency, minors: Vec<Value>) -> Result<Vec<Refund>, sqlx::Error> {
    if minors.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<RefundRow> = refunds_select()
        .and("r.closed_at IS NULL AND r.payment_channel = 'deposit' AND r.currency = ?", [currency.code().into()])
        .and_in("COALESCE(r.airline_minor, r.estimated_minor)", minors)
        .then("LIMIT 5000", [])
        .fetch(conn)
        .await?;
    rows.into_iter().map(RefundRow::refund).collect()
}

/// Open refunds of a currency whose expected amounts lie in one of these ranges, which do not overlap; not all of them where
/// there are very many.
///
/// # Errors
/// The database's own.
pub async fn in_ranges(conn: &mut Conn, currency: Currency, ranges: &[(i64, i64)]) -> Result<Vec<Refund>, sqlx::Error> {
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<String> = (0..ranges.len()).map(|nth| format!("(${}, ${})", 2 * nth + 2, 2 * nth + 3)).collect();
    // Each range is looked up in the index: SQLite reads the tables in the order of a CROSS JOIN.
    let text = format!(
        "WITH w (least, most) AS (VALUES {}) SELECT {REFUND_COLUMNS} FROM w CROSS JOIN refunds r \
         WHERE r.closed_at IS NULL AND r.payment_channel = 'deposit' AND r.currency = $1 \
         AND COALESCE(r.airline_minor, r.estimated_minor) >= w.least AND COALESCE(r.airline_minor, r.estimated_minor) <= w.most LIMIT 5000",
        rows.join(", ")
    );
    let mut query = sqlx::query_as(AssertSqlSafe(text)).persistent(false).bind(currency.code());
    for (least, most) in ranges {
        query = query.bind(*least).bind(*most);
    }
    let rows: Vec<RefundRow> = query.fetch_all(conn).await?;
    rows.into_iter().map(RefundRow::refund).collect()
}

/// The names of the passengers of refunds, by refund.
///
/// # Errors
/// The database's own.
pub async fn passengers(conn: &mut Conn, refund_ids: &[&str]) -> Result<HashMap<String, Vec<String>>, sqlx::Error> {
    let rows: Vec<(String, String)> = Select::new("SELECT DISTINCT c.refund_id, c.passenger_name FROM refund_coupons c")
        .and_in("c.refund_id", refund_ids.iter().map(|id| (*id).into()))
        .fetch(conn)
        .await?;
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for (id, name) in rows {
        all.entry(id).or_default().push(name);
    }
    Ok(all)
}
