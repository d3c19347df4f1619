//! Inserting many rows with few statements: one statement for up to [`ROWS_PER_STATEMENT`] rows.

use sqlx::AssertSqlSafe;

use super::select::Value;
use super::{Conn, Driver};

/// Rows in the largest statement.
pub const ROWS_PER_STATEMENT: usize = 64;

/// Parameters that one statement should not go far beyond: SQLite's driver looks each up among all of them, so that the
/// work grows with their square.
const PARAMETERS: usize = 400;

/// A table and its columns, listed once.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    pub name: &'a str,
    pub columns: &'a [&'a str],
    /// What stands after the rows, such as an ON CONFLICT clause.
    pub suffix: &'a str,
}

/// Inserts the rows, in order.
///
/// # Errors
/// The database's own; nothing is inserted of the statement that failed.
pub async fn insert(conn: &mut Conn, table: Table<'_>, rows: Vec<Vec<Value>>) -> Result<(), sqlx::Error> {
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        // Few sizes of statement exist, so that all stay prepared.
        let fits = |size: &usize| rest.len() >= *size && size * table.columns.len() <= PARAMETERS;
        let size = [ROWS_PER_STATEMENT, 8].into_iter().find(fits).unwrap_or(1);
        let (now, later) = rest.split_at(size);
        let mut arguments = <Driver as sqlx::Database>::Arguments::default();
        for cell in now.iter().flatten() {
            cell.bind(&mut arguments)?;
        }
        sqlx::query_with(AssertSqlSafe(statement(table, size)), arguments).execute(&mut *conn).await?;
        rest = later;
    }
    Ok(())
}

fn statement(table: Table<'_>, rows: usize) -> String {
    use std::fmt::Write;
    let width = table.columns.len();
    let mut text = format!("INSERT INTO {} ({}) VALUES ", table.name, table.columns.join(", "));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            let _ = write!(text, "{}${}", if column == 0 { "" } else { ", " }, row * width + column + 1);
        }
        text.push(')');
    }
    text.push(' ');
    text.push_str(table.suffix);
    text
}
