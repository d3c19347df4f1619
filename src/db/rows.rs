//! Inserting many rows with few statements.
//!
//! SQLite takes each cell as a parameter. PostgreSQL takes a text for each column, so that the same statement serves one table
//! with two rows or a thousand, and few rows for several tables are one statement.

use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;

use super::select::Value;
use super::{Conn, Driver, is_alone};

type Arguments = <Driver as sqlx::Database>::Arguments;
type Row = Vec<Value>;

/// Rows of one table are inserted so many at a time: some thousand parameters, of which SQLite takes 32,766.
const ROWS_PER_STATEMENT: usize = 256;

/// So many bytes for one table are enough for one of PostgreSQL's statements, which keeps its rows in memory (`work_mem`, 4 MB
/// by default).
const ENOUGH_BYTES: usize = 1 << 20;

/// A table and its columns, listed once.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    pub name: &'a str,
    pub columns: &'a [&'a str],
    /// What stands after the rows, such as an ON CONFLICT clause.
    pub suffix: &'a str,
}

/// Rows for one table. A column is of text or of numbers in all of them.
#[derive(Debug)]
pub struct Insertion<'a> {
    table: Table<'a>,
    rows: Vec<Row>,
}

impl<'a> Insertion<'a> {
    pub fn of(table: Table<'a>, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { table, rows: rows.into_iter().collect() }
    }

    /// Whether a statement of PostgreSQL's may take all of them.
    fn fits(&self) -> bool {
        fitting(&self.rows) == self.rows.len()
    }
}

/// Inserts the rows, in order. A column is of text or of numbers in all of them.
///
/// # Errors
/// The database's own; nothing is inserted of the statement that failed.
pub fn insert<'a, I>(conn: &'a mut Conn, table: Table<'a>, rows: I) -> BoxFuture<'a, Result<(), sqlx::Error>>
where
    I: IntoIterator<Item = Row, IntoIter: Send + 'a>,
{
    let mut statements = Statements { table, rows: rows.into_iter(), at_hand: Vec::new(), is_sqlite: is_alone(conn) };
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

/// Inserts rows for several tables, in order, or by one statement, which looks for what its rows refer to at its end: while
/// PostgreSQL's answer to a statement is on its way, whoever waits for what this transaction holds waits, too.
///
/// # Errors
/// As [`insert`].
pub async fn insert_all(conn: &mut Conn, mut all: Vec<Insertion<'_>>) -> Result<(), sqlx::Error> {
    all.retain(|one| !one.rows.is_empty());
    if !all.is_empty() && !is_alone(conn) && all.iter().all(Insertion::fits) {
        let (text, arguments) = by_columns(&all)?;
        return sqlx::query_with(AssertSqlSafe(text), arguments).execute(conn).await.map(|_| ());
    }
    for one in all {
        insert(conn, one.table, one.rows).await?;
    }
    Ok(())
}

/// Rows that become statements.
struct Statements<'a, I> {
    table: Table<'a>,
    rows: I,
    /// Taken from the rows, and not yet in a statement.
    at_hand: Vec<Row>,
    is_sqlite: bool,
}

impl<I: Iterator<Item = Row>> Statements<'_, I> {
    /// The next statement with its arguments; none when every row was in one.
    fn next(&mut self) -> Result<Option<(String, Arguments)>, sqlx::Error> {
        if self.at_hand.is_empty() {
            self.at_hand.extend(self.rows.by_ref().take(ROWS_PER_STATEMENT));
        }
        if self.at_hand.is_empty() {
            return Ok(None);
        }
        if !self.is_sqlite {
            let count = fitting(&self.at_hand).max(1);
            return by_columns(&[Insertion::of(self.table, self.at_hand.drain(..count))]).map(Some);
        }
        // Few sizes of statement exist, so that all stay prepared. Of the largest there are more, by what its rows share; a
        // new one costs a row little.
        let rows: Vec<Row> = self.at_hand.drain(..1 << self.at_hand.len().ilog2()).collect();
        by_cells(self.table, rows).map(Some)
    }
}

/// How many of the rows, from the first, are enough for one statement.
fn fitting(rows: &[Row]) -> usize {
    let bytes = |row: &Row| row.iter().map(|cell| if let Value::Text(text) = cell { text.len() } else { size_of::<i64>() }).sum::<usize>();
    let sums = rows.iter().scan(0, |sum, row| {
        *sum += bytes(row);
        Some(*sum)
    });
    sums.take_while(|sum| *sum <= ENOUGH_BYTES).count()
}

/// PostgreSQL's statement. Of two rows or more there is one text for each column: the server neither takes each cell as a value
/// of its own nor prepares to reckon it. What is for other tables than the last stands before it, WITH its own INSERT.
fn by_columns(all: &[Insertion<'_>]) -> Result<(String, Arguments), sqlx::Error> {
    let (mut arguments, mut parameters, mut parts) = (Arguments::default(), 0, Vec::new());
    let has_columns = all.iter().any(|one| one.rows.len() > 1);
    let [between, nothing] = if has_columns { marks(all) } else { Default::default() };
    if has_columns {
        Value::Text(between.to_string()).bind(&mut arguments)?;
        Value::Text(nothing.to_string()).bind(&mut arguments)?;
        parameters = 2;
    }
    for Insertion { table, rows } in all {
        let is_number = |cell: &Value| matches!(cell, Value::Number(_) | Value::NoNumber);
        debug_assert!(
            rows.iter().all(|row| row.iter().map(is_number).eq(rows[0].iter().map(is_number))),
            "kinds of cells in {}",
            table.name
        );
        let mut cells = Vec::with_capacity(table.columns.len());
        for (column, first) in rows[0].iter().enumerate() {
            parameters += 1;
            if rows.len() == 1 {
                first.clone().bind(&mut arguments)?;
                cells.push(format!("${parameters}"));
                continue;
            }
            Value::Text(joined(rows.iter().map(|row| &row[column]), between, nothing)).bind(&mut arguments)?;
            let texts = format!("string_to_array(${parameters}, $1, $2)");
            cells.push(if is_number(first) { format!("CAST({texts} AS BIGINT[])") } else { texts });
        }
        let (names, cells) = (table.columns.join(", "), cells.join(", "));
        let given =
            if rows.len() == 1 { format!("VALUES ({cells})") } else { format!("SELECT {names} FROM unnest({cells}) AS given ({names})") };
        parts.push(format!("INSERT INTO {} ({names}) {given} {}", table.name, table.suffix));
    }
    let last = parts.pop().unwrap_or_default();
    let before: Vec<String> = parts.iter().enumerate().map(|(nth, part)| format!("part{nth} AS ({part})")).collect();
    let text = if before.is_empty() { last } else { format!("WITH {} {last}", before.join(", ")) };
    Ok((text, arguments))
}

/// Two marks that no cell has: one stands between cells, the other for nothing.
fn marks(all: &[Insertion<'_>]) -> [char; 2] {
    let is_in = |mark: char, cell: &Value| matches!(cell, Value::Text(text) if text.contains(mark));
    let cells = || all.iter().flat_map(|one| one.rows.iter().flatten());
    let mut free = ('\u{1}'..=char::MAX).filter(|mark| !cells().any(|cell| is_in(*mark, cell)));
    std::array::from_fn(|_| free.next().unwrap_or_default())
}

/// The cells of one column. There are at least two: of none, one that is empty could not be told.
fn joined<'a>(cells: impl Iterator<Item = &'a Value>, between: char, nothing: char) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for (nth, cell) in cells.enumerate() {
        if nth > 0 {
            text.push(between);
        }
        match cell {
            Value::Text(cell) => text.push_str(cell),
            Value::Number(number) => {
                let _ = write!(text, "{number}");
            }
            Value::NoText | Value::NoNumber => text.push(nothing),
        }
    }
    text
}

/// SQLite's statement. Its driver looks a numbered parameter up among all of them, so that the work grows with their square;
/// those without a number it only counts.
fn by_cells(table: Table<'_>, rows: Vec<Row>) -> Result<(String, Arguments), sqlx::Error> {
    use std::fmt::Write;
    let shared = shared_columns(&rows);
    let own: Vec<usize> = (0..table.columns.len()).filter(|column| !shared.contains(column)).collect();
    let names: Vec<&str> = shared.iter().chain(&own).map(|column| table.columns[*column]).collect();
    let mut text = format!("INSERT INTO {} ({}) ", table.name, names.join(", "));
    if !shared.is_empty() {
        let cells = shared.iter().map(|_| "?".to_owned()).chain((1..=own.len()).map(|nth| format!("column{nth}")));
        let _ = write!(text, "SELECT {} FROM (", cells.collect::<Vec<_>>().join(", "));
    }
    let row = format!("({})", vec!["?"; own.len()].join(", "));
    let _ = write!(text, "VALUES {}", vec![row.as_str(); rows.len()].join(", "));
    // Without a condition SQLite would take an ON CONFLICT for one of a join.
    text.push_str(if shared.is_empty() { " " } else { ") WHERE true " });
    text.push_str(table.suffix);
    let mut arguments = Arguments::default();
    for column in &shared {
        rows[0][*column].clone().bind(&mut arguments)?;
    }
    for (column, cell) in rows.into_iter().flat_map(|row| row.into_iter().enumerate()) {
        if !shared.contains(&column) {
            cell.bind(&mut arguments)?;
        }
    }
    Ok((text, arguments))
}

/// The columns in which all rows of a large statement say the same. SQLite takes a copy of every value that is bound, and
/// of the rows of a batch half are one agency's, one batch's, one moment's: those are bound once.
fn shared_columns(rows: &[Row]) -> Vec<usize> {
    if rows.len() < ROWS_PER_STATEMENT {
        return Vec::new();
    }
    let mut columns: Vec<usize> = (0..rows[0].len()).filter(|column| rows.iter().all(|row| row[*column] == rows[0][*column])).collect();
    // Something must be left to be a row of.
    columns.truncate(rows[0].len() - 1);
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table<'_> = Table { name: "notes", columns: &["text", "number"], suffix: "" };

    #[test]
    fn marks_are_in_no_cell() {
        let rows = |text: &str| [Insertion::of(TABLE, [vec![text.into(), 1.into()], vec![Value::NoText, Value::NoNumber]])];
        assert_eq!(marks(&rows("plain")), ['\u{1}', '\u{2}']);
        assert_eq!(marks(&rows("a\u{1}b\u{2}\u{4}")), ['\u{3}', '\u{5}']);
    }

    #[test]
    fn a_statement_is_full_before_it_is_too_long() {
        let rows = |bytes: usize, count: usize| vec![vec!["x".repeat(bytes - 8).into(), 7.into()]; count];
        assert_eq!((fitting(&rows(10, 256)), fitting(&rows(ENOUGH_BYTES / 4, 9)), fitting(&rows(ENOUGH_BYTES + 1, 9))), (256, 4, 0));
        // Sixty submissions, of which twenty people are told.
        assert!(Insertion::of(TABLE, rows(800, 1_200)).fits() && !Insertion::of(TABLE, rows(800, 1_400)).fits());
    }

    #[test]
    fn several_tables_are_one_statement() {
        let [one, two] = [1, 2].map(|count| Insertion::of(TABLE, vec![vec!["x".into(), 7.into()]; count]));
        let (text, _) = by_columns(&[one, two]).expect("bound");
        assert_eq!(
            text.trim_end(),
            "WITH part0 AS (INSERT INTO notes (text, number) VALUES ($3, $4) ) INSERT INTO notes (text, number) SELECT text, number FROM \
             unnest(string_to_array($5, $1, $2), CAST(string_to_array($6, $1, $2) AS BIGINT[])) AS given (text, number)"
        );
    }
}
