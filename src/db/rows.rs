//! Inserting many rows with few statements: one statement for up to [`ROWS_PER_STATEMENT`] rows.

use sqlx::AssertSqlSafe;

use super::select::Value;
use super::{Conn, Driver, is_alone};

/// Rows in the largest statement: some thousand parameters, of which SQLite takes 32,766 and PostgreSQL 65,535.
pub const ROWS_PER_STATEMENT: usize = 64;

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
    let mut rest = rows.into_iter();
    while rest.len() > 0 {
        // Few sizes of statement exist, so that all stay prepared.
        let size = [ROWS_PER_STATEMENT, 8, 4, 2].into_iter().find(|size| rest.len() >= *size).unwrap_or(1);
        let mut arguments = <Driver as sqlx::Database>::Arguments::default();
        for cell in rest.by_ref().take(size).flatten() {
            cell.bind(&mut arguments)?;
        }
        sqlx::query_with(AssertSqlSafe(statement(table, size, !is_alone(conn))), arguments).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The text for some rows. SQLite's driver looks a numbered parameter up among all of them, so that the work grows with
/// their square; those without a number it only counts. PostgreSQL knows no others than numbered ones.
fn statement(table: Table<'_>, rows: usize, numbered: bool) -> String {
    use std::fmt::Write;
    let width = table.columns.len();
    let mut text = format!("INSERT INTO {} ({}) VALUES ", table.name, table.columns.join(", "));
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            text.push_str(if column == 0 { "" } else { ", " });
            if numbered {
                let _ = write!(text, "${}", row * width + column + 1);
            } else {
                text.push('?');
            }
        }
        text.push(')');
    }
    text.push(' ');
    text.push_str(table.suffix);
    text
}
