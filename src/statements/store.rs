//! All SQL about statements.

use serde::Deserialize;
use sqlx::FromRow;

use super::model::{Statement, StatementLine, Subtotal};
use crate::db::rows::{self, Table};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::actor::Scope;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::ledger::TransferKind;
use crate::web::paging::Cursor;

#[derive(Deserialize)]
struct StatementRow {
    id: String,
    number: String,
    agency_id: String,
    agency_name: String,
    issuer: String,
    currency: Currency,
    period_from: String,
    period_until: String,
    zone_name: String,
    opening_minor: i64,
    closing_minor: i64,
    line_count: i64,
    created_at: String,
}

impl StatementRow {
    fn statement(self) -> Result<Statement, sqlx::Error> {
        let day = |text: &str| text.parse().map_err(|error: jiff::Error| decode(error));
        Ok(Statement {
            from: day(&self.period_from)?,
            until: day(&self.period_until)?,
            opening: Money::new(self.opening_minor, self.currency),
            closing: Money::new(self.closing_minor, self.currency),
            created_at: parse_instant(&self.created_at).map_err(decode)?,
            id: self.id,
            number: self.number,
            agency_id: self.agency_id,
            agency_name: self.agency_name,
            issuer: self.issuer,
            zone_name: self.zone_name,
            line_count: self.line_count,
        })
    }
}

const STATEMENTS: &str = "SELECT s.id, s.number, s.agency_id, s.agency_name, s.issuer, s.currency, s.period_from, s.period_until, \
     s.zone_name, s.opening_minor, s.closing_minor, s.line_count, s.created_at FROM statements s";

async fn fetch(conn: &mut Conn, query: Select) -> Result<Vec<Statement>, sqlx::Error> {
    let rows: Vec<StatementRow> = query.fetch_packed(conn).await?;
    rows.into_iter().map(StatementRow::statement).collect()
}

/// The query of the list, the newest first.
#[must_use]
pub fn list_query(scope: &Scope, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(STATEMENTS).and_if("s.agency_id = ?", scope.agency_id());
    if let Some(after) = after {
        query = query.and("(s.created_at, s.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY s.created_at DESC, s.id DESC", limit)
}

/// The list, the newest first.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, scope: &Scope, after: Option<Cursor>, limit: i64) -> Result<Vec<Statement>, sqlx::Error> {
    fetch(conn, list_query(scope, after, limit)).await
}

/// The statement with this number, if the scope may see it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, number: &str) -> Result<Option<Statement>, sqlx::Error> {
    let found = fetch(conn, Select::new(STATEMENTS).and("s.number = ?", [number.into()])).await?.pop();
    Ok(found.filter(|statement| scope.includes(&statement.agency_id)))
}

/// The statement with this id.
///
/// # Errors
/// The database's own.
pub async fn of_id(conn: &mut Conn, id: &str) -> Result<Option<Statement>, sqlx::Error> {
    Ok(fetch(conn, Select::new(STATEMENTS).and("s.id = ?", [id.into()])).await?.pop())
}

/// Adds a statement with its lines and the mails that bring it.
///
/// # Errors
/// The database's own.
pub async fn insert(
    conn: &mut Conn,
    statement: &Statement,
    lines: &[StatementLine],
    emails: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    const TABLE: Table = Table {
        name: "statements",
        columns: &[
            "id",
            "number",
            "agency_id",
            "agency_name",
            "issuer",
            "currency",
            "period_from",
            "period_until",
            "zone_name",
            "opening_minor",
            "closing_minor",
            "line_count",
            "created_at",
        ],
        suffix: "",
    };
    const MAILS: Table = Table { name: "statement_mails", columns: &["statement_id", "email", "state", "attempts", "due_at"], suffix: "" };
    let row = vec![
        statement.id.as_str().into(),
        statement.number.as_str().into(),
        statement.agency_id.as_str().into(),
        statement.agency_name.as_str().into(),
        statement.issuer.as_str().into(),
        statement.opening.currency.code().into(),
        statement.from.to_string().into(),
        statement.until.to_string().into(),
        statement.zone_name.as_str().into(),
        statement.opening.minor.into(),
        statement.closing.minor.into(),
        statement.line_count.into(),
        instant_text(statement.created_at).into(),
    ];
    rows::insert(conn, TABLE, vec![row]).await?;
    insert_lines(conn, &statement.id, lines).await?;
    let mail =
        |email: &String| vec![statement.id.as_str().into(), email.as_str().into(), "waiting".into(), 0.into(), instant_text(now).into()];
    rows::insert(conn, MAILS, emails.iter().map(mail)).await
}

async fn insert_lines(conn: &mut Conn, statement_id: &str, lines: &[StatementLine]) -> Result<(), sqlx::Error> {
    const TABLE: Table = Table {
        name: "statement_lines",
        columns: &[
            "statement_id",
            "line_no",
            "at",
            "kind",
            "refund_no",
            "order_no",
            "pnr",
            "passenger",
            "estimated_minor",
            "actual_minor",
            "fee_minor",
            "case_kind",
            "case_no",
            "amount_minor",
        ],
        suffix: "",
    };
    let minor = |amount: Option<Money>| amount.map(|amount| amount.minor);
    let row = |(no, line): (i64, &StatementLine)| {
        vec![
            statement_id.into(),
            no.into(),
            instant_text(line.at).into(),
            line.kind.word().into(),
            line.refund_no.clone().into(),
            line.order_no.clone().into(),
            line.pnr.clone().into(),
            line.passenger.clone().into(),
            minor(line.estimated).into(),
            minor(line.actual).into(),
            minor(line.fee).into(),
            line.case.as_ref().map(|(kind, _)| kind.clone()).into(),
            line.case.as_ref().map(|(_, no)| no.clone()).into(),
            line.amount.minor.into(),
        ]
    };
    rows::insert(conn, TABLE, (1i64..).zip(lines).map(row)).await
}

#[derive(FromRow)]
struct LineRow {
    line_no: i64,
    at: String,
    #[sqlx(try_from = "String")]
    kind: TransferKind,
    refund_no: Option<String>,
    order_no: Option<String>,
    pnr: Option<String>,
    passenger: Option<String>,
    estimated_minor: Option<i64>,
    actual_minor: Option<i64>,
    fee_minor: Option<i64>,
    case_kind: Option<String>,
    case_no: Option<String>,
    amount_minor: i64,
}

/// Lines of a statement after one of them, each with its number.
///
/// # Errors
/// The database's own.
pub async fn lines(conn: &mut Conn, statement: &Statement, after: i64, limit: i64) -> Result<Vec<(i64, StatementLine)>, sqlx::Error> {
    let rows: Vec<LineRow> = Select::new(
        "SELECT line_no, at, kind, refund_no, order_no, pnr, passenger, estimated_minor, actual_minor, fee_minor, case_kind, case_no, \
         amount_minor FROM statement_lines",
    )
    .and("statement_id = ? AND line_no > ?", [statement.id.as_str().into(), after.into()])
    .limited("ORDER BY line_no", limit)
    .fetch(conn)
    .await?;
    let money = |minor| Money::new(minor, statement.opening.currency);
    rows.into_iter()
        .map(|row| {
            let line = StatementLine {
                at: parse_instant(&row.at).map_err(decode)?,
                estimated: row.estimated_minor.map(money),
                actual: row.actual_minor.map(money),
                fee: row.fee_minor.map(money),
                case: row.case_kind.zip(row.case_no),
                amount: money(row.amount_minor),
                kind: row.kind,
                refund_no: row.refund_no,
                order_no: row.order_no,
                pnr: row.pnr,
                passenger: row.passenger,
            };
            Ok((row.line_no, line))
        })
        .collect()
}

/// What moved of each kind.
///
/// # Errors
/// The database's own.
pub async fn subtotals(conn: &mut Conn, statement: &Statement) -> Result<Vec<Subtotal>, sqlx::Error> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT kind, COUNT(*), CAST(SUM(amount_minor) AS BIGINT) FROM statement_lines WHERE statement_id = $1 GROUP BY kind ORDER BY kind",
    )
    .bind(&statement.id)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(kind, count, minor)| {
            let kind = kind.parse().map_err(|error: crate::kernel::text_column::UnknownWord| decode(error))?;
            Ok(Subtotal { kind, count, amount: Money::new(minor, statement.opening.currency) })
        })
        .collect()
}
