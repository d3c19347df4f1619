//! Numbers that people know cases by: counted per series and month.

use super::Conn;

/// The next number of a series and month: `202611-0042`. The row that counts is held until the transaction ends, so
/// that no number is given twice and none is left out.
///
/// # Errors
/// The database's own.
pub async fn next(conn: &mut Conn, series: &str, month: &str) -> Result<String, sqlx::Error> {
    let (value,): (i64,) = sqlx::query_as(
        "INSERT INTO counters (name, value) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
    )
    .bind(format!("{series}-{month}"))
    .fetch_one(conn)
    .await?;
    Ok(format!("{month}-{value:04}"))
}
