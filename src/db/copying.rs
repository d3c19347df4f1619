//! The whole database row by row, out of one and into another of either kind. Every column is TEXT or BIGINT, so a row is
//! the same on both.

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, Executor, Row as _};

use super::select::Value;
use super::{Conn, Db, Kind, MIGRATIONS, OpenError, PoolSizes, rows};

/// A table and its columns; whether each holds numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub name: String,
    pub columns: Vec<(String, bool)>,
}

/// The database as it stood at one moment, while others go on writing.
pub struct Snapshot {
    conn: Conn,
    kind: Kind,
}

impl Db {
    /// Takes a snapshot. It is let go of with its owner.
    ///
    /// # Errors
    /// The database's own.
    pub async fn snapshot(&self) -> Result<Snapshot, sqlx::Error> {
        // Whatever becomes of it, its connection is not used again.
        let mut conn = self.readers.own().await?;
        if self.kind == Kind::Postgres {
            conn.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0").await?;
        }
        conn.execute(match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        })
        .await?;
        Ok(Snapshot { conn, kind: self.kind })
    }

    /// Opens an empty database with the tables of an earlier or the newest version.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_at(url: &str, sizes: PoolSizes, version: i64) -> Result<Self, OpenError> {
        let db = Self::connect(url, sizes)?;
        let mut conn = db.patient().await?;
        MIGRATIONS.run_to(version, &mut conn).await.map_err(OpenError::Migration)?;
        conn.close().await?;
        Ok(db)
    }

    /// The newest version of the tables that this program knows.
    #[must_use]
    pub fn newest_version() -> i64 {
        MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
    }
}

const SQLITE_COLUMNS: &str = "SELECT t.name, c.name, CASE WHEN c.type = 'BIGINT' THEN 1 ELSE 0 END FROM sqlite_master t \
     JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations' \
     ORDER BY t.name, c.cid";
const POSTGRES_COLUMNS: &str = "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), \
     CAST(CASE WHEN c.data_type = 'bigint' THEN 1 ELSE 0 END AS BIGINT) FROM information_schema.columns c \
     WHERE c.table_schema = current_schema() AND c.table_name <> '_sqlx_migrations' ORDER BY c.table_name, c.ordinal_position";

async fn shapes(conn: &mut Conn, kind: Kind) -> Result<Vec<Shape>, sqlx::Error> {
    let query = match kind {
        Kind::Sqlite => SQLITE_COLUMNS,
        Kind::Postgres => POSTGRES_COLUMNS,
    };
    let columns: Vec<(String, String, i64)> = sqlx::query_as(query).fetch_all(conn).await?;
    let mut shapes: Vec<Shape> = Vec::new();
    for (table, column, is_number) in columns {
        if shapes.last().is_none_or(|shape| shape.name != table) {
            shapes.push(Shape { name: table, columns: Vec::new() });
        }
        if let Some(shape) = shapes.last_mut() {
            shape.columns.push((column, is_number == 1));
        }
    }
    Ok(shapes)
}

impl Snapshot {
    /// Every table, by name.
    ///
    /// # Errors
    /// The database's own.
    pub async fn shapes(&mut self) -> Result<Vec<Shape>, sqlx::Error> {
        shapes(&mut self.conn, self.kind).await
    }

    /// The version of the tables.
    ///
    /// # Errors
    /// The database's own.
    pub async fn version(&mut self) -> Result<i64, sqlx::Error> {
        let (version,): (i64,) = sqlx::query_as("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut self.conn).await?;
        Ok(version)
    }

    /// The connection, for questions about the moment of the snapshot.
    pub fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Hands out every row of a table, one at a time, in no order.
    ///
    /// # Errors
    /// The database's own, or what `each` answers.
    pub async fn rows<E: From<sqlx::Error>>(&mut self, shape: &Shape, mut each: impl FnMut(Vec<Value>) -> Result<(), E>) -> Result<(), E> {
        let columns: Vec<&str> = shape.columns.iter().map(|(name, _)| name.as_str()).collect();
        let query = AssertSqlSafe(format!("SELECT {} FROM {}", columns.join(", "), shape.name));
        let mut found = sqlx::query(query).fetch(&mut self.conn);
        while let Some(row) = found.try_next().await? {
            let cell = |(place, (_, is_number)): (usize, &(String, bool))| -> Result<Value, sqlx::Error> {
                Ok(if *is_number { row.try_get::<Option<i64>, _>(place)?.into() } else { row.try_get::<Option<String>, _>(place)?.into() })
            };
            each(shape.columns.iter().enumerate().map(cell).collect::<Result<_, _>>()?)?;
        }
        Ok(())
    }
}

/// Begins to fill an empty database inside a write transaction: rows may come before those that they refer to.
///
/// # Errors
/// The database's own.
pub async fn begin_filling(conn: &mut Conn, kind: Kind) -> Result<(), sqlx::Error> {
    if kind == Kind::Sqlite {
        return conn.execute("PRAGMA defer_foreign_keys = ON").await.map(|_| ());
    }
    // The files of a backup are written while the transaction waits.
    conn.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    set_deferrable(conn, "DEFERRABLE INITIALLY DEFERRED").await
}

/// Ends it: what is referred to must be there now.
///
/// # Errors
/// The database's own.
pub async fn end_filling(conn: &mut Conn, kind: Kind) -> Result<(), sqlx::Error> {
    if kind == Kind::Sqlite {
        return Ok(());
    }
    conn.execute("SET CONSTRAINTS ALL IMMEDIATE").await?;
    set_deferrable(conn, "NOT DEFERRABLE").await
}

async fn set_deferrable(conn: &mut Conn, how: &'static str) -> Result<(), sqlx::Error> {
    let keys: Vec<(String, String)> = sqlx::query_as(
        "SELECT CAST(CAST(conrelid AS regclass) AS TEXT), CAST(conname AS TEXT) FROM pg_constraint \
         WHERE contype = 'f' AND connamespace = CAST(current_schema() AS regnamespace)",
    )
    .fetch_all(&mut *conn)
    .await?;
    for (table, key) in keys {
        sqlx::query(AssertSqlSafe(format!("ALTER TABLE {table} ALTER CONSTRAINT \"{key}\" {how}"))).execute(&mut *conn).await?;
    }
    Ok(())
}

/// The tables of a database that hold a row.
///
/// # Errors
/// The database's own.
pub async fn filled_tables(conn: &mut Conn, kind: Kind) -> Result<Vec<String>, sqlx::Error> {
    let mut filled = Vec::new();
    for shape in shapes(conn, kind).await? {
        let query = AssertSqlSafe(format!("SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM {} LIMIT 1) one", shape.name));
        let (count,): (i64,) = sqlx::query_as(query).fetch_one(&mut *conn).await?;
        if count > 0 {
            filled.push(shape.name);
        }
    }
    Ok(filled)
}

/// Inserts rows as a snapshot handed them out.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, shape: &Shape, rows: Vec<Vec<Value>>) -> Result<(), sqlx::Error> {
    let columns: Vec<&str> = shape.columns.iter().map(|(name, _)| name.as_str()).collect();
    rows::insert(conn, rows::Table { name: &shape.name, columns: &columns, suffix: "" }, rows).await
}
