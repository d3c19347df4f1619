//! All SQL about the coupons that refund forms hold, and what they take of a ticket.

use super::model::Form;
use crate::db::rows::{self, Table};
use crate::db::{Conn, is_duplicate};

/// The coupons that a form holds: ticket number and coupon.
///
/// # Errors
/// The database's own.
pub async fn coupons(conn: &mut Conn, form_id: &str) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT number, coupon_no FROM bsp_form_coupons WHERE form_id = $1 AND stands = 1 ORDER BY number, coupon_no")
        .bind(form_id)
        .fetch_all(conn)
        .await
}

/// Makes a form hold these coupons and no others. Answers whether they were free.
///
/// # Errors
/// The database's own.
pub async fn hold(conn: &mut Conn, form: &Form, coupons: &[(String, i64)]) -> Result<bool, sqlx::Error> {
    const TABLE: Table =
        Table { name: "bsp_form_coupons", columns: &["form_id", "agency_id", "number", "coupon_no", "stands"], suffix: "" };
    sqlx::query("DELETE FROM bsp_form_coupons WHERE form_id = $1").bind(&form.id).execute(&mut *conn).await?;
    let row = |(number, coupon): &(String, i64)| {
        vec![form.id.as_str().into(), form.agency_id.as_str().into(), number.as_str().into(), (*coupon).into(), 1i64.into()]
    };
    match rows::insert(conn, TABLE, coupons.iter().map(row)).await {
        Ok(()) => Ok(true),
        Err(error) if is_duplicate(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives the coupons of a form back.
///
/// # Errors
/// The database's own.
pub async fn free(conn: &mut Conn, form_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE bsp_form_coupons SET stands = 0 WHERE form_id = $1").bind(form_id).execute(conn).await.map(|_| ())
}

/// What forms that stand take of a ticket's fare and taxes already, without one of them: those that were filled from it,
/// and those that were filled by hand before there was a record of it.
///
/// # Errors
/// The database's own.
pub async fn taken(conn: &mut Conn, ticket_id: &str, but: &str) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT CAST(COALESCE(SUM(f.gross_minor), 0) AS BIGINT), CAST(COALESCE(SUM(f.tax_minor), 0) AS BIGINT) FROM bsp_forms f \
         WHERE f.id <> $2 AND f.status NOT IN ('draft', 'abandoned', 'rejected', 'deleted') AND f.id IN (\
         SELECT o.id FROM bsp_forms o WHERE o.ticket_id = $1 UNION SELECT c.form_id FROM bsp_ticket_numbers n \
         JOIN bsp_tickets t ON t.id = n.ticket_id JOIN bsp_form_coupons c ON c.agency_id = t.agency_id AND c.number = n.number \
         AND c.stands = 1 WHERE n.ticket_id = $1)",
    )
    .bind(ticket_id)
    .bind(but)
    .fetch_one(conn)
    .await
}
