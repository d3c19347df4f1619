//! Inserting many rows with few statements: one statement for up to [`ROWS_PER_STATEMENT`] rows.

use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;

use super::select::Value;
use super::{Conn, Driver, is_alone};

type Arguments = <Driver as sqlx::Database>::Arguments;

/// Rows in the largest statement: some thousand parameters, of which SQLite takes 32,766 and PostgreSQL 65,535.
pub const ROWS_PER_STATEMENT: usize = 256;

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
pub fn insert<'a, I>(conn: &'a mut Conn, table: Table<'a>, rows: I) -> BoxFuture<'a, Result<(), sqlx::Error>>
where
    I: IntoIterator<Item = Vec<Value>, IntoIter: Send + 'a>,
{
    let mut statements = Statements { table, rows: rows.into_iter(), at_hand: Vec::new(), numbered: !is_alone(conn) };
    Box::pin(async move {
        let mut next = statements.next()?;
        while let Some((text, arguments)) = next {
            let executed = sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut *conn);
            // While the database is at work on these rows, those after them are bound.
            let (executed, bound) = tokio::join!(executed, async { statements.next() });
            executed?;
            next = bound?;
        }
        Ok(())
    })
}

/// Rows that become statements.
struct Statements<'a, I> {
    table: Table<'a>,
    rows: I,
    /// Taken from the rows, and not yet in a statement.
    at_hand: Vec<Vec<Value>>,
    numbered: bool,
}

impl<I: Iterator<Item = Vec<Value>>> Statements<'_, I> {
    /// The next statement with its arguments; none when every row was in one.
    fn next(&mut self) -> Result<Option<(String, Arguments)>, sqlx::Error> {
        if self.at_hand.is_empty() {
            self.at_hand.extend(self.rows.by_ref().take(ROWS_PER_STATEMENT));
        }
        if self.at_hand.is_empty() {
            return Ok(None);
        }
        // Few sizes of statement exist, so that all stay prepared.
        let size = [ROWS_PER_STATEMENT, 64, 8, 4, 2].into_iter().find(|size| self.at_hand.len() >= *size).unwrap_or(1);
        let mut arguments = Arguments::default();
        for cell in self.at_hand.drain(..size).flatten() {
            cell.bind(&mut arguments)?;
        }
        Ok(Some((statement(self.table, size, self.numbered), arguments)))
    }
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
