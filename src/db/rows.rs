//! Inserting many rows with few statements: one statement for up to [`ROWS_PER_STATEMENT`] rows.

use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;

use super::select::Value;
use super::{Conn, Driver, is_alone};

type Arguments = <Driver as sqlx::Database>::Arguments;

/// Rows in the largest statement: some thousand parameters, of which SQLite takes 32,766 and PostgreSQL 65,535.
pub const ROWS_PER_STATEMENT: usize = 256;

/// Up to so many rows are one statement on PostgreSQL, which is filled up with rows of nothing and says how many are rows. To
/// begin a statement for a table of many indexes takes as long as two rows, and a row of nothing a thirtieth of one.
const MOST_FILLED_UP: usize = 64;

/// A table and its columns, listed once.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    pub name: &'a str,
    pub columns: &'a [&'a str],
    /// What stands after the rows, such as an ON CONFLICT clause.
    pub suffix: &'a str,
}

/// Inserts the rows, in order. A column is of text or of numbers in all of them.
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
        // Few sizes of statement exist, so that all stay prepared. Of the largest there are more, by what its rows share; a
        // new one costs a row little.
        let left = self.at_hand.len();
        let size = if self.numbered && left <= MOST_FILLED_UP { left.next_power_of_two() } else { 1 << left.ilog2() };
        let rows: Vec<Vec<Value>> = self.at_hand.drain(..size.min(left)).collect();
        let shared = if self.numbered { Vec::new() } else { shared_columns(&rows) };
        let text = statement(self.table, size, self.numbered, &shared);
        debug_assert!(rows.iter().all(|row| nothing_for(row) == nothing_for(&rows[0])), "kinds of cells in {}", self.table.name);
        let filling = says_its_count(size, self.numbered).then(|| (rows.len(), nothing_for(&rows[0])));
        let mut arguments = Arguments::default();
        let is_shared = |column: usize| shared.contains(&column);
        for column in &shared {
            rows[0][*column].clone().bind(&mut arguments)?;
        }
        for (column, cell) in rows.into_iter().flat_map(|row| row.into_iter().enumerate()) {
            if !is_shared(column) {
                cell.bind(&mut arguments)?;
            }
        }
        if let Some((count, nothing)) = filling {
            for cell in std::iter::repeat_n(nothing, size - count).flatten() {
                cell.bind(&mut arguments)?;
            }
            Value::from(i64::try_from(count).unwrap_or(i64::MAX)).bind(&mut arguments)?;
        }
        Ok(Some((text, arguments)))
    }
}

/// Whether a statement of so many rows says how many of them are rows: one text serves all that fit.
fn says_its_count(size: usize, numbered: bool) -> bool {
    numbered && (2..=MOST_FILLED_UP).contains(&size)
}

/// A row of nothing, of the same kinds.
fn nothing_for(row: &[Value]) -> Vec<Value> {
    let nothing = |cell: &Value| match cell {
        Value::Text(_) | Value::NoText => Value::NoText,
        Value::Number(_) | Value::NoNumber => Value::NoNumber,
    };
    row.iter().map(nothing).collect()
}

/// The columns in which all rows of a large statement say the same. SQLite takes a copy of every value that is bound, and
/// of the rows of a batch half are one agency's, one batch's, one moment's: those are bound once.
fn shared_columns(rows: &[Vec<Value>]) -> Vec<usize> {
    if rows.len() < ROWS_PER_STATEMENT {
        return Vec::new();
    }
    let mut columns: Vec<usize> = (0..rows[0].len()).filter(|column| rows.iter().all(|row| row[*column] == rows[0][*column])).collect();
    // Something must be left to be a row of.
    columns.truncate(rows[0].len() - 1);
    columns
}

/// The text for some rows. SQLite's driver looks a numbered parameter up among all of them, so that the work grows with
/// their square; those without a number it only counts. PostgreSQL knows no others than numbered ones.
fn statement(table: Table<'_>, rows: usize, numbered: bool, shared: &[usize]) -> String {
    use std::fmt::Write;
    let own: Vec<usize> = (0..table.columns.len()).filter(|column| !shared.contains(column)).collect();
    let names: Vec<&str> = shared.iter().chain(&own).map(|column| table.columns[*column]).collect();
    let mut text = format!("INSERT INTO {} ({}) ", table.name, names.join(", "));
    if !shared.is_empty() {
        let cells = shared.iter().map(|_| "?".to_owned()).chain((1..=own.len()).map(|nth| format!("column{nth}")));
        let _ = write!(text, "SELECT {} FROM (", cells.collect::<Vec<_>>().join(", "));
    }
    text.push_str("VALUES ");
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..own.len() {
            text.push_str(if column == 0 { "" } else { ", " });
            if numbered {
                let _ = write!(text, "${}", row * own.len() + column + 1);
            } else {
                text.push('?');
            }
        }
        text.push(')');
    }
    if says_its_count(rows, numbered) {
        let _ = write!(text, " LIMIT 0 + ${}", rows * own.len() + 1);
    }
    // Without a condition SQLite would take an ON CONFLICT for one of a join.
    text.push_str(if shared.is_empty() { " " } else { ") WHERE true " });
    text.push_str(table.suffix);
    text
}
