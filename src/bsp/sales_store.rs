//! All SQL about an office's sales days: what was sold and refunded on one, and which are over.

use super::form_store::{FORMS, forms};
use super::model::{Form, Ticket};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::journal::{self, Author, Subject};
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, day_in, plus_days, utc_day};

/// The tickets that an office sold on a day, by device and number, with their commission.
///
/// # Errors
/// The database's own.
pub async fn tickets(
    conn: &mut Conn,
    office_id: &str,
    day: Date,
    device: Option<i64>,
    limit: i64,
) -> Result<Vec<(Ticket, Money)>, sqlx::Error> {
    let rows: Vec<(String, i64)> = Select::new("SELECT t.document, t.commission_minor FROM bsp_tickets t")
        .and("t.office_id = ?", [office_id.into()])
        .and("t.issued_on = ?", [day.to_string().into()])
        .and_if("t.device = ?", device)
        .limited("ORDER BY t.device, t.number", limit)
        .fetch(conn)
        .await?;
    let read = |(document, minor): (String, i64)| {
        let ticket: Ticket = serde_json::from_str(&document).map_err(decode)?;
        let commission = Money::new(minor, ticket.fare.currency);
        Ok((ticket, commission))
    };
    rows.into_iter().map(read).collect()
}

/// The forms in an office's sales report of a day, by device and number.
///
/// # Errors
/// The database's own.
pub async fn refunds(conn: &mut Conn, office_id: &str, day: Date, device: Option<i64>, limit: i64) -> Result<Vec<Form>, sqlx::Error> {
    let query = Select::new(FORMS)
        .and("f.office_id = ?", [office_id.into()])
        .and("f.sales_day = ?", [day.to_string().into()])
        .and_if("f.device = ?", device)
        .and_in("f.status", ["saved".into(), "printed".into(), "reported".into()])
        .limited("ORDER BY f.device, f.refund_no", limit);
    forms(conn, query).await
}

/// Forms that are reported in one go.
const REPORTED: i64 = 200;

/// An office with forms of a sales day that is over, and its day of now.
///
/// # Errors
/// The database's own.
pub async fn unreported(conn: &mut Conn, now: Timestamp) -> Result<Option<(String, Date)>, sqlx::Error> {
    // No zone is more than a day away: only such forms are looked at.
    let offices: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT o.id, o.zone_name, MIN(f.sales_day) FROM bsp_forms f JOIN bsp_offices o ON o.id = f.office_id \
         WHERE f.status IN ('saved', 'printed') AND f.sales_day < $1 GROUP BY o.id, o.zone_name",
    )
    .bind(utc_day(plus_days(now, 1)).to_string())
    .fetch_all(conn)
    .await?;
    let over = |(id, zone, oldest): (String, String, String)| {
        let today = day_in(&zone, now);
        (oldest < today.to_string()).then_some((id, today))
    };
    Ok(offices.into_iter().find_map(over))
}

/// Reports forms of an office whose sales day is over.
///
/// # Errors
/// The database's own.
pub async fn report(conn: &mut Conn, (office_id, today): (&str, Date), now: Timestamp) -> Result<(), sqlx::Error> {
    let reported: Vec<(String,)> = Select::new("UPDATE bsp_forms SET status = 'reported', version = version + 1")
        .then(
            "WHERE id IN (SELECT id FROM bsp_forms WHERE office_id = ? AND status IN ('saved', 'printed') AND sales_day < ?",
            [office_id.into(), today.to_string().into()],
        )
        .limited("ORDER BY sales_day, id", REPORTED)
        .then(") AND status IN ('saved', 'printed') RETURNING id", [])
        .fetch(conn)
        .await?;
    let cases = reported.into_iter().map(|(id,)| (Author::program(), id, serde_json::json!({})));
    journal::write_many(conn, Subject::BspForm, "reported", cases, now).await
}
