//! Queries whose filters are optional: only the conditions in use are in the text, so that each finds its index.

use std::borrow::Cow;

use sqlx::{Arguments, AssertSqlSafe, Row as _};

use super::walk::Walk;
use super::{Conn, Driver, Row, decode, is_alone, packed_rows};

/// A value bound to a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
    /// NULL in a TEXT column.
    NoText,
    /// NULL in a BIGINT column: PostgreSQL wants to know which kind of nothing it is.
    NoNumber,
}

impl Value {
    /// Adds it to a statement's arguments.
    pub(super) fn bind(self, arguments: &mut <Driver as sqlx::Database>::Arguments) -> Result<(), sqlx::Error> {
        match self {
            Self::Text(text) => arguments.add(text),
            Self::Number(number) => arguments.add(number),
            Self::NoText => arguments.add(None::<String>),
            Self::NoNumber => arguments.add(None::<i64>),
        }
        .map_err(sqlx::Error::Encode)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::NoText, Self::Text)
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::NoNumber, Self::Number)
    }
}

/// Which rows are held until the transaction ends.
#[derive(Debug, Clone, Copy)]
enum Holding {
    None,
    All,
    /// Those that nobody else holds; the others are left out.
    Free,
}

/// A SELECT made of fixed pieces of SQL; what people typed is only ever bound.
#[derive(Debug, Clone)]
pub struct Select {
    text: String,
    filtered: bool,
    holding: Holding,
    values: Vec<Value>,
    walk: Option<(Walk, i64)>,
}

/// Few lengths of lists exist, so that the statements stay prepared: the last is repeated.
fn padded<T: Clone>(mut list: Vec<T>) -> Vec<T> {
    if let Some(last) = list.last().cloned() {
        list.resize(list.len().next_power_of_two(), last);
    }
    list
}

impl Select {
    /// Begins with everything up to, not including, WHERE.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), filtered: false, holding: Holding::None, values: Vec::new(), walk: None }
    }

    /// Begins a statement of counts, which are columns of one row; they are added by [`Select::counted`].
    #[must_use]
    pub fn counts() -> Self {
        Self::new("SELECT ")
    }

    /// Adds a count of rows, which are a table and its conditions, no further than a limit; of none when the limit is zero.
    /// The limit stands in the text, so that PostgreSQL makes the statement's plan once.
    #[must_use]
    pub fn counted(mut self, name: &'static str, rows: &'static str, values: impl IntoIterator<Item = Value>, limit: i64) -> Self {
        use std::fmt::Write;
        let comma = if self.text == "SELECT " { "" } else { ", " };
        if limit == 0 {
            let _ = write!(self.text, "{comma}CAST(0 AS BIGINT) AS {name}");
            return self;
        }
        let _ = write!(self.text, "{comma}(SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT {limit}) c) AS {name}");
        let before = self.values.len();
        self.values.extend(values);
        debug_assert_eq!(rows.matches('?').count(), self.values.len() - before, "as many values as question marks in: {rows}");
        self
    }

    /// Adds a condition; every `?` in it takes the next value. Conditions are joined by AND.
    #[must_use]
    pub fn and<const N: usize>(mut self, condition: &'static str, values: [Value; N]) -> Self {
        self.another_condition();
        self.with(condition, values)
    }

    /// Adds a condition when there is a value for it.
    #[must_use]
    pub fn and_if<V: Into<Value>>(self, condition: &'static str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.and(condition, [value.into()]),
            None => self,
        }
    }

    /// Adds a condition that a column holds one of these values; none of them means no row.
    #[must_use]
    pub fn and_in(mut self, column: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        self.another_condition();
        let mut values = padded(values.into_iter().collect());
        if values.is_empty() {
            values.push(Value::NoText);
        }
        self.text.push_str(column);
        self.text.push_str(" IN (?");
        self.text.push_str(&", ?".repeat(values.len() - 1));
        self.text.push(')');
        self.values.extend(values);
        self
    }

    /// Adds rows, of which there is one at least, to stand behind VALUES.
    #[must_use]
    pub fn rows_of<const N: usize>(mut self, rows: Vec<[Value; N]>) -> Self {
        let (rows, row) = (padded(rows), format!("(?{})", ", ?".repeat(N - 1)));
        self.text.push(' ');
        self.text.push_str(&vec![row; rows.len()].join(", "));
        self.values.extend(rows.into_iter().flatten());
        self
    }

    /// Whether a condition was added.
    #[must_use]
    pub const fn is_filtered(&self) -> bool {
        self.filtered
    }

    fn another_condition(&mut self) {
        self.text.push_str(if self.filtered { " AND " } else { " WHERE " });
        self.filtered = true;
    }

    /// Adds what follows the conditions: grouping, order and limit.
    #[must_use]
    pub fn then<const N: usize>(mut self, text: &'static str, values: [Value; N]) -> Self {
        self.text.push(' ');
        self.with(text, values)
    }

    /// Adds the order, and how many rows are wanted at most. SQLite plans a statement anew, each time it runs, whose LIMIT is
    /// a bare parameter: this is none. PostgreSQL thinks of it that a tenth of the table is wanted, so that no plan for all
    /// values seems worth keeping, and it makes one for those at hand. Where the values decide, that is what it must do: where
    /// one agency has most of the rows, a plan for all agencies would look for those of a small one by walking through
    /// everybody's newest.
    #[must_use]
    pub fn limited(mut self, order: &str, limit: i64) -> Self {
        self.text.push(' ');
        self.text.push_str(order);
        self.text.push_str(" LIMIT 0 + ?");
        self.values.push(limit.into());
        self
    }

    /// As [`Select::limited`], where one plan serves all values: the number stands in the text, and PostgreSQL makes the plan
    /// once. Making it takes longer than the query. A limit is one of few numbers here, never one that somebody chose.
    #[must_use]
    pub fn limited_for_all(mut self, order: &str, limit: i64) -> Self {
        use std::fmt::Write;
        let _ = write!(self.text, " {order} LIMIT {limit}");
        self
    }

    /// Asks for so many rows at most, in the order of a walk.
    #[must_use]
    pub fn walked(mut self, walk: Walk, limit: i64) -> Self {
        self.walk = Some((walk, limit));
        self
    }

    /// As it stands for a connection: a walk is written otherwise for PostgreSQL.
    pub(super) fn laid(&self, conn: &Conn) -> Cow<'_, Self> {
        let Some((walk, limit)) = &self.walk else { return Cow::Borrowed(self) };
        let as_one_key = walk.is_shared() && !is_alone(conn);
        let (conditions, order) = walk.laid(as_one_key);
        let mut laid = Self { walk: None, ..self.clone() };
        for (condition, values) in conditions {
            laid.another_condition();
            laid.text.push_str(&condition);
            laid.values.extend(values);
        }
        Cow::Owned(if as_one_key { laid.limited_for_all(&order, *limit) } else { laid.limited(&order, *limit) })
    }

    /// Asks only for the row after so many.
    #[must_use]
    pub fn after_rows(mut self, count: i64) -> Self {
        self.text.push_str(" LIMIT 1 OFFSET 0 + ?");
        self.values.push(count.into());
        self
    }

    /// Makes writers to the rows wait for each other until the transaction ends. Of the two databases only PostgreSQL needs
    /// it: SQLite's transaction keeps every other writer out already.
    #[must_use]
    pub const fn holding(mut self) -> Self {
        self.holding = Holding::All;
        self
    }

    /// Puts a word before the statement, such as EXPLAIN.
    #[must_use]
    pub fn prefixed(mut self, word: &str) -> Self {
        self.text = format!("{word} {}", self.text);
        self
    }

    fn with<const N: usize>(mut self, text: &'static str, values: [Value; N]) -> Self {
        debug_assert_eq!(text.matches('?').count(), N, "as many values as question marks in: {text}");
        self.text.push_str(text);
        self.values.extend(values);
        self
    }

    /// The statement for a connection. SQLite's driver looks a numbered parameter up among all of them, and only counts
    /// those without a number; PostgreSQL knows no others than numbered ones.
    pub(super) fn text(&self, conn: &Conn) -> String {
        if is_alone(conn) {
            return self.text.clone();
        }
        let mut numbered = String::with_capacity(self.text.len() + 2 * self.values.len());
        for (nth, piece) in self.text.split('?').enumerate() {
            if nth > 0 {
                numbered.push('$');
                numbered.push_str(&nth.to_string());
            }
            numbered.push_str(piece);
        }
        numbered.push_str(match self.holding {
            Holding::None => "",
            Holding::All => " FOR NO KEY UPDATE",
            Holding::Free => " FOR NO KEY UPDATE SKIP LOCKED",
        });
        numbered
    }

    /// How many values are bound.
    pub(super) const fn width(&self) -> usize {
        self.values.len()
    }

    fn arguments(&self) -> Result<<Driver as sqlx::Database>::Arguments, sqlx::Error> {
        let mut arguments = <Driver as sqlx::Database>::Arguments::default();
        for value in &self.values {
            value.clone().bind(&mut arguments)?;
        }
        Ok(arguments)
    }

    /// The rows.
    ///
    /// # Errors
    /// The database's own.
    pub async fn rows(&self, conn: &mut Conn) -> Result<Vec<Row>, sqlx::Error> {
        let laid = self.laid(conn);
        sqlx::query_with(AssertSqlSafe(laid.text(conn)), laid.arguments()?).fetch_all(conn).await
    }

    /// Only holds the rows, as [`Select::holding`].
    ///
    /// # Errors
    /// The database's own.
    pub async fn hold(self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        if is_alone(conn) {
            return Ok(());
        }
        self.holding().rows(conn).await.map(|_| ())
    }

    /// Holds those of the rows that nobody else holds at this moment, and waits for none. On SQLite nobody else does.
    ///
    /// # Errors
    /// The database's own.
    pub async fn hold_free<T>(mut self, conn: &mut Conn) -> Result<Vec<T>, sqlx::Error>
    where
        T: for<'r> sqlx::FromRow<'r, Row> + Send + Unpin,
    {
        self.holding = Holding::Free;
        self.fetch(conn).await
    }

    /// Runs a statement that answers no rows.
    ///
    /// # Errors
    /// The database's own.
    pub async fn execute(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        sqlx::query_with(AssertSqlSafe(self.text(conn)), self.arguments()?).execute(conn).await.map(|_| ())
    }

    /// The rows of a list as values of a type: as [`Select::fetch`], but all of them come as one text.
    ///
    /// # Errors
    /// The database's own, or a row that does not fit the type.
    pub async fn fetch_packed<T>(&self, conn: &mut Conn) -> Result<Vec<T>, sqlx::Error>
    where
        T: serde::de::DeserializeOwned,
    {
        let laid = self.laid(conn);
        let text = packed_rows::packing(&laid.text(conn), packed_rows::columns::<T>());
        let (packed,): (Option<String>,) = sqlx::query_as_with(AssertSqlSafe(text), laid.arguments()?).fetch_one(conn).await?;
        packed_rows::unpacked(packed.as_deref()).map_err(decode)
    }

    /// The counts of this statement and the rows of a list that walks nowhere, asked for at once: on PostgreSQL each question is
    /// a trip between processes, on SQLite one between threads.
    #[must_use]
    pub fn with_list<T: serde::de::DeserializeOwned>(mut self, list: Self) -> Self {
        debug_assert!(list.walk.is_none(), "a walk is laid for a connection");
        let packing = packed_rows::packing(&list.text, packed_rows::columns::<T>());
        self.text.extend([", (", &packing, ") AS packed_rows"]);
        self.values.extend(list.values);
        self
    }

    /// What [`Select::with_list`] asks for.
    ///
    /// # Errors
    /// The database's own, or a row that does not fit its type.
    pub async fn fetch_with_list<C, T>(&self, conn: &mut Conn) -> Result<(C, Vec<T>), sqlx::Error>
    where
        C: for<'r> sqlx::FromRow<'r, Row>,
        T: serde::de::DeserializeOwned,
    {
        let row = sqlx::query_with(AssertSqlSafe(self.text(conn)), self.arguments()?).fetch_one(conn).await?;
        let packed: Option<String> = row.try_get("packed_rows")?;
        Ok((C::from_row(&row)?, packed_rows::unpacked(packed.as_deref()).map_err(decode)?))
    }

    /// The rows as values of a type.
    ///
    /// # Errors
    /// The database's own, or a row that does not fit the type.
    pub async fn fetch<T>(&self, conn: &mut Conn) -> Result<Vec<T>, sqlx::Error>
    where
        T: for<'r> sqlx::FromRow<'r, Row> + Send + Unpin,
    {
        let laid = self.laid(conn);
        sqlx::query_as_with(AssertSqlSafe(laid.text(conn)), laid.arguments()?).fetch_all(conn).await
    }
}
