//! All SQL about refund forms.

use sqlx::FromRow;

use super::command::Journey;
use super::model::{Content, Form, Status};
use crate::db::rows::{self, Table};
use crate::db::select::{Select, Value};
use crate::db::{Conn, decode, json};
use crate::kernel::actor::Scope;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, instant_text, parse_instant};
use crate::web::paging::Cursor;

#[derive(FromRow)]
struct FormRow {
    id: String,
    agency_id: String,
    office_id: String,
    office: String,
    iata_number: String,
    device: i64,
    agent: String,
    #[sqlx(try_from = "String")]
    journey: Journey,
    #[sqlx(try_from = "String")]
    status: Status,
    wanted_no: Option<String>,
    refund_no: Option<String>,
    ticket_id: Option<String>,
    number: String,
    hidden: i64,
    #[sqlx(try_from = "String")]
    currency: Currency,
    gross_minor: i64,
    tax_minor: i64,
    deduction_minor: i64,
    rate_points: Option<i64>,
    commission_minor: i64,
    net_minor: i64,
    content: String,
    pnr: String,
    sales_day: Option<String>,
    version: i64,
    created_by: String,
    created_by_name: String,
    created_at: String,
    saved_at: Option<String>,
    answer_due: Option<String>,
    asked: i64,
    batch_id: Option<String>,
}

impl FormRow {
    fn form(self) -> Result<Form, sqlx::Error> {
        let money = |minor| Money::new(minor, self.currency);
        let instant = |text: &Option<String>| text.as_deref().map(parse_instant).transpose().map_err(decode);
        Ok(Form {
            gross: money(self.gross_minor),
            tax: money(self.tax_minor),
            deduction: money(self.deduction_minor),
            commission: money(self.commission_minor),
            net_refund: money(self.net_minor),
            content: serde_json::from_str::<Content>(&self.content).map_err(decode)?,
            sales_day: self.sales_day.as_deref().map(str::parse::<Date>).transpose().map_err(decode)?,
            created_at: parse_instant(&self.created_at).map_err(decode)?,
            saved_at: instant(&self.saved_at)?,
            answer_due: instant(&self.answer_due)?,
            id: self.id,
            agency_id: self.agency_id,
            office_id: self.office_id,
            office: self.office,
            iata_number: self.iata_number,
            device: self.device,
            agent: self.agent,
            journey: self.journey,
            status: self.status,
            wanted_no: self.wanted_no,
            refund_no: self.refund_no,
            ticket_id: self.ticket_id,
            number: self.number,
            hidden: self.hidden == 1,
            rate_points: self.rate_points,
            pnr: self.pnr,
            version: self.version,
            created_by: self.created_by,
            created_by_name: self.created_by_name,
            asked: self.asked == 1,
            batch_id: self.batch_id,
        })
    }
}

pub(super) const FORMS: &str = "SELECT f.id, f.agency_id, f.office_id, o.code AS office, o.iata_number, f.device, f.agent, f.journey, f.status, \
     f.wanted_no, f.refund_no, f.ticket_id, f.number, f.hidden, f.currency, f.gross_minor, f.tax_minor, f.deduction_minor, f.rate_points, \
     f.commission_minor, f.net_minor, f.content, f.pnr, f.sales_day, f.version, f.created_by, f.created_by_name, f.created_at, f.saved_at, \
     f.answer_due, f.asked, f.batch_id FROM bsp_forms f JOIN bsp_offices o ON o.id = f.office_id";

pub(super) async fn forms(conn: &mut Conn, query: Select) -> Result<Vec<Form>, sqlx::Error> {
    let rows: Vec<FormRow> = query.fetch(conn).await?;
    rows.into_iter().map(FormRow::form).collect()
}

/// The form with this id, if the scope includes it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, id: &str) -> Result<Option<Form>, sqlx::Error> {
    let query = Select::new(FORMS).and("f.id = ?", [id.into()]).and_if("f.agency_id = ?", scope.agency_id());
    Ok(forms(conn, query).await?.pop())
}

/// Keeps others from a form until the end of the transaction: what is read of it from here on stays true.
///
/// # Errors
/// The database's own.
pub async fn hold(conn: &mut Conn, id: &str) -> Result<(), sqlx::Error> {
    Select::new("SELECT id FROM bsp_forms").and("id = ?", [id.into()]).hold(conn).await
}

/// The form of an office with this refund number.
///
/// # Errors
/// The database's own.
pub async fn of_number(conn: &mut Conn, office_id: &str, refund_no: &str) -> Result<Option<Form>, sqlx::Error> {
    let query = Select::new(FORMS).and("f.office_id = ?", [office_id.into()]).and("f.refund_no = ?", [refund_no.into()]);
    Ok(forms(conn, query).await?.pop())
}

/// The newest transmitted form of an agency for a ticket set that holds this number; one that stands before others.
///
/// # Errors
/// The database's own.
pub async fn of_ticket(conn: &mut Conn, agency_id: &str, number: &str) -> Result<Option<Form>, sqlx::Error> {
    let query = Select::new(FORMS)
        .and("f.agency_id = ?", [agency_id.into()])
        .and("f.id IN (SELECT c.form_id FROM bsp_form_coupons c WHERE c.agency_id = ? AND c.number = ?)", [agency_id.into(), number.into()])
        .then("ORDER BY CASE WHEN f.status IN ('rejected', 'deleted') THEN 1 ELSE 0 END, f.created_at DESC, f.id DESC LIMIT 1", []);
    Ok(forms(conn, query).await?.pop())
}

/// The drafts with something hidden behind them that somebody began and did not transmit; those of batches are no such.
///
/// # Errors
/// The database's own.
pub async fn left_by(conn: &mut Conn, user_id: &str) -> Result<Vec<Form>, sqlx::Error> {
    let query = Select::new(FORMS)
        .and("f.created_by = ?", [user_id.into()])
        .and("f.status = 'draft' AND f.hidden = 1 AND f.batch_id IS NULL", [])
        .then("ORDER BY f.created_at, f.id", []);
    forms(conn, query).await
}

/// The newest draft of somebody for the ticket set that holds this number; those of batches are no such.
///
/// # Errors
/// The database's own.
pub async fn draft_of(conn: &mut Conn, agency_id: &str, user_id: &str, number: &str) -> Result<Option<Form>, sqlx::Error> {
    let query = Select::new(FORMS)
        .and("f.ticket_id = (SELECT n.ticket_id FROM bsp_ticket_numbers n WHERE n.number = ?)", [number.into()])
        .and("f.agency_id = ?", [agency_id.into()])
        .and("f.created_by = ? AND f.status = 'draft' AND f.batch_id IS NULL", [user_id.into()])
        .then("ORDER BY f.created_at DESC, f.id DESC LIMIT 1", []);
    Ok(forms(conn, query).await?.pop())
}

/// What a list of forms holds.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub status: Option<Status>,
    pub number: Option<String>,
    pub batch_id: Option<String>,
}

/// The query of the list, the newest first.
#[must_use]
pub fn list_query(scope: &Scope, wanted: &Wanted, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(FORMS)
        .and_if("f.agency_id = ?", scope.agency_id())
        .and_if("f.status = ?", wanted.status.map(Status::word))
        .and_if("f.number = ?", wanted.number.clone())
        .and_if("f.batch_id = ?", wanted.batch_id.clone());
    if let Some(after) = after {
        query = query.and("(f.created_at, f.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY f.created_at DESC, f.id DESC", limit)
}

/// Where the next page begins.
#[must_use]
pub fn cursor(form: &Form) -> Cursor {
    Cursor { sorted: instant_text(form.created_at), id: form.id.clone() }
}

/// The list of forms.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, scope: &Scope, wanted: &Wanted, after: Option<Cursor>, limit: i64) -> Result<Vec<Form>, sqlx::Error> {
    forms(conn, list_query(scope, wanted, after, limit)).await
}

/// The query for applications that wait for an airline's answer, the one that is due first first.
#[must_use]
pub fn applications_query(after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(FORMS).and("f.answer_due IS NOT NULL", []);
    if let Some(after) = after {
        query = query.and("(f.answer_due, f.id) > (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY f.answer_due, f.id", limit)
}

/// Applications that wait for an airline's answer.
///
/// # Errors
/// The database's own.
pub async fn applications(conn: &mut Conn, after: Option<Cursor>, limit: i64) -> Result<Vec<Form>, sqlx::Error> {
    forms(conn, applications_query(after, limit)).await
}

/// Where the next page of applications begins.
#[must_use]
pub fn due_cursor(form: &Form) -> Cursor {
    Cursor { sorted: form.answer_due.map(instant_text).unwrap_or_default(), id: form.id.clone() }
}

/// Adds a form that was just begun.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, new: &Form) -> Result<(), sqlx::Error> {
    insert_many(conn, std::slice::from_ref(new)).await
}

/// Adds forms that were just begun.
///
/// # Errors
/// The database's own.
pub async fn insert_many(conn: &mut Conn, new: &[Form]) -> Result<(), sqlx::Error> {
    const TABLE: Table = Table {
        name: "bsp_forms",
        columns: &[
            "id",
            "agency_id",
            "office_id",
            "device",
            "agent",
            "journey",
            "status",
            "wanted_no",
            "refund_no",
            "ticket_id",
            "number",
            "hidden",
            "currency",
            "gross_minor",
            "tax_minor",
            "deduction_minor",
            "rate_points",
            "commission_minor",
            "net_minor",
            "content",
            "pnr",
            "version",
            "created_by",
            "created_by_name",
            "created_at",
            "asked",
            "batch_id",
        ],
        suffix: "",
    };
    rows::insert(conn, TABLE, new.iter().map(row_of).collect::<Result<Vec<_>, _>>()?).await
}

fn row_of(new: &Form) -> Result<Vec<Value>, sqlx::Error> {
    Ok(vec![
        new.id.as_str().into(),
        new.agency_id.as_str().into(),
        new.office_id.as_str().into(),
        new.device.into(),
        new.agent.as_str().into(),
        new.journey.word().into(),
        new.status.word().into(),
        new.wanted_no.clone().into(),
        new.refund_no.clone().into(),
        new.ticket_id.clone().into(),
        new.number.as_str().into(),
        i64::from(new.hidden).into(),
        new.gross.currency.code().into(),
        new.gross.minor.into(),
        new.tax.minor.into(),
        new.deduction.minor.into(),
        new.rate_points.into(),
        new.commission.minor.into(),
        new.net_refund.minor.into(),
        content(new)?.into(),
        new.pnr.as_str().into(),
        new.version.into(),
        new.created_by.as_str().into(),
        new.created_by_name.as_str().into(),
        instant_text(new.created_at).into(),
        i64::from(new.asked).into(),
        new.batch_id.clone().into(),
    ])
}

fn content(form: &Form) -> Result<String, sqlx::Error> {
    json(&form.content)
}

/// Writes a form as it is now, if nobody was faster since `seen_version`. Answers whether it did.
///
/// # Errors
/// The database's own, the duplicate of a refund number included.
pub async fn save(conn: &mut Conn, form: &Form, seen_version: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE bsp_forms SET status = $1, refund_no = $2, ticket_id = $3, number = $4, hidden = $5, gross_minor = $6, tax_minor = $7, \
         deduction_minor = $8, rate_points = $9, commission_minor = $10, net_minor = $11, content = $12, pnr = $13, sales_day = $14, \
         saved_at = $15, answer_due = $16, created_by = $17, created_by_name = $18, asked = $19, version = version + 1 WHERE id = $20 AND version = $21",
    )
    .bind(form.status.word())
    .bind(&form.refund_no)
    .bind(&form.ticket_id)
    .bind(&form.number)
    .bind(i64::from(form.hidden))
    .bind(form.gross.minor)
    .bind(form.tax.minor)
    .bind(form.deduction.minor)
    .bind(form.rate_points)
    .bind(form.commission.minor)
    .bind(form.net_refund.minor)
    .bind(content(form)?)
    .bind(&form.pnr)
    .bind(form.sales_day.map(|day| day.to_string()))
    .bind(form.saved_at.map(instant_text))
    .bind(form.answer_due.map(instant_text))
    .bind(&form.created_by)
    .bind(&form.created_by_name)
    .bind(i64::from(form.asked))
    .bind(&form.id)
    .bind(seen_version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The next automatic refund number of an office: nine digits that no form has.
///
/// # Errors
/// The database's own.
pub async fn next_number(conn: &mut Conn, office: &str, office_id: &str) -> Result<String, sqlx::Error> {
    loop {
        let (value,): (i64,) = sqlx::query_as(
            "INSERT INTO counters (name, value) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
        )
        .bind(format!("bsp-{office}"))
        .fetch_one(&mut *conn)
        .await?;
        let number = format!("{value:09}");
        // An agent may have given this number to a form by hand.
        if of_number(conn, office_id, &number).await?.is_none() {
            return Ok(number);
        }
    }
}
