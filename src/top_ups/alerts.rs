//! The notice that a deposit runs low: told once when it falls below what the agency has chosen, and again only after it
//! has been above.

use crate::agencies::store as agencies;
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text};
use crate::notices::model::{Case, CaseKind};
use crate::notices::store as notices;
use crate::web::words::Message;

/// Below which balance an agency wants to be told, by currency.
///
/// # Errors
/// The database's own.
pub async fn of(conn: &mut Conn, agency_id: &str) -> Result<Vec<Money>, sqlx::Error> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT currency, threshold_minor FROM balance_alerts WHERE agency_id = $1 ORDER BY currency LIMIT 50")
            .bind(agency_id)
            .fetch_all(conn)
            .await?;
    rows.into_iter().map(|(currency, minor)| money(&currency, minor)).collect()
}

fn money(currency: &str, minor: i64) -> Result<Money, sqlx::Error> {
    Currency::parse(currency).map(|currency| Money::new(minor, currency)).map_err(decode)
}

/// Sets it; nothing ends it.
///
/// # Errors
/// The database's own.
pub async fn set(conn: &mut Conn, agency_id: &str, currency: Currency, threshold: Option<Money>) -> Result<(), sqlx::Error> {
    let Some(threshold) = threshold else {
        let delete = sqlx::query("DELETE FROM balance_alerts WHERE agency_id = $1 AND currency = $2");
        return delete.bind(agency_id).bind(currency.code()).execute(conn).await.map(|_| ());
    };
    sqlx::query(
        "INSERT INTO balance_alerts (agency_id, currency, threshold_minor) VALUES ($1, $2, $3) \
         ON CONFLICT (agency_id, currency) DO UPDATE SET threshold_minor = excluded.threshold_minor, told_at = NULL",
    )
    .bind(agency_id)
    .bind(currency.code())
    .bind(threshold.minor)
    .execute(conn)
    .await
    .map(|_| ())
}

/// The deposits that are below, and nobody was told; and those that are above again.
const CROSSED: &str = "SELECT b.agency_id, b.currency, a.balance_minor, b.threshold_minor, CASE WHEN b.told_at IS NULL THEN 1 ELSE 0 END \
     FROM balance_alerts b JOIN accounts a ON a.kind = 'deposit' AND a.owner = b.agency_id AND a.currency = b.currency \
     WHERE (b.told_at IS NULL AND a.balance_minor < b.threshold_minor) OR (b.told_at IS NOT NULL AND a.balance_minor >= b.threshold_minor) \
     ORDER BY b.agency_id, b.currency LIMIT 1";

/// Whether a deposit has crossed its line.
///
/// # Errors
/// The database's own.
pub async fn is_crossed(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    let row: Option<(String, String, i64, i64, i64)> = sqlx::query_as(CROSSED).fetch_optional(conn).await?;
    Ok(row.is_some())
}

/// Tells of one deposit that fell below its line, or notes that one is above again. Answers whether there was any.
///
/// # Errors
/// The database's own.
pub async fn tell_one(conn: &mut Conn, now: Timestamp) -> Result<bool, sqlx::Error> {
    let row: Option<(String, String, i64, i64, i64)> = sqlx::query_as(CROSSED).fetch_optional(&mut *conn).await?;
    let Some((agency_id, currency, balance, threshold, falls)) = row else { return Ok(false) };
    // Any other server that found the same loses here.
    let text = if falls == 1 {
        "UPDATE balance_alerts SET told_at = $1 WHERE agency_id = $2 AND currency = $3 AND told_at IS NULL"
    } else {
        "UPDATE balance_alerts SET told_at = NULL WHERE $1 <> '' AND agency_id = $2 AND currency = $3 AND told_at IS NOT NULL"
    };
    let done = sqlx::query(text).bind(instant_text(now)).bind(&agency_id).bind(&currency).execute(&mut *conn).await?;
    if done.rows_affected() == 0 || falls == 0 {
        return Ok(true);
    }
    let people = agencies::finance_audience(conn, &agency_id).await?;
    let case = Case { kind: CaseKind::Balance, id: format!("{agency_id}:{currency}"), no: currency.clone(), order_no: String::new() };
    let said =
        Message::new("notice-balance-low").money("balance", money(&currency, balance)?).money("threshold", money(&currency, threshold)?);
    notices::post(conn, &people, &case, &[said, Message::new("notice-balance-low-next")], now).await?;
    Ok(true)
}
