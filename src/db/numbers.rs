//! Numbers that people know cases by: counted per series and month.

use super::Conn;

/// The next number of a series and month: `202611-0042`. The row that counts is held until the transaction ends, so
/// that no number is given twice and none is left out.
///
/// # Errors
/// The database's own.
pub async fn next(conn: &mut Conn, series: &str, month: &str) -> Result<String, sqlx::Error> {
    let mut numbers = next_many(conn, series, month, 1).await?;
    numbers.pop().ok_or(sqlx::Error::RowNotFound)
}

/// The next `count` numbers of a series and month, in order.
///
/// # Errors
/// The database's own.
pub async fn next_many(conn: &mut Conn, series: &str, month: &str, count: usize) -> Result<Vec<String>, sqlx::Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let (last,): (i64,) = sqlx::query_as(
        "INSERT INTO counters (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = counters.value + $2 RETURNING value",
    )
    .bind(format!("{series}-{month}"))
    .bind(count)
    .fetch_one(conn)
    .await?;
    Ok((last - count + 1..=last).map(|value| format!("{month}-{value:04}")).collect())
}
