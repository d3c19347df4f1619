//! The only room that knows there are two databases.
//!
//! All SQL is one text for SQLite and PostgreSQL. Reads take a connection from [`Db::read`]; every write goes
//! through [`Db::write`].

use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::{Connection, Executor};

use connections::{Connections, Lent};
use gathering::Gathering;
use line::Lines;
use readers::Readers;

mod connections;
pub mod copying;
mod gathering;
pub mod line;
pub mod numbers;
mod opening;
mod packed_rows;
pub mod packing;
mod readers;
pub mod revisions;
pub mod rows;
pub mod select;
pub mod walk;

pub use connections::{Waited, is_lost};
pub use opening::OpenError;

/// The driver that every statement is compiled for.
pub type Driver = sqlx::Any;
/// One connection, in a transaction when it came from [`Db::write`].
pub type Conn = <Driver as sqlx::Database>::Connection;
/// A row of an answer.
pub type Row = <Driver as sqlx::Database>::Row;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Which of the two databases is behind the pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// How many connections to keep.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    pub readers: u32,
    /// PostgreSQL only: SQLite has exactly one writer.
    pub writers: u32,
}

/// The database of a running server.
#[derive(Debug, Clone)]
pub struct Db {
    readers: Readers,
    writers: Connections,
    /// SQLite only: the line before its one writer.
    gathering: Option<Gathering>,
    lines: Lines,
    pub kind: Kind,
}

/// Connections to the database at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub readers: u32,
    pub idle_readers: u32,
    pub writers: u32,
    pub idle_writers: u32,
}

impl Db {
    /// The same database for the nth thread that writes pages: it reads through connections of its own.
    #[must_use]
    pub fn for_pages(&self, nth: usize) -> Self {
        Self { readers: self.readers.for_pages(nth), ..self.clone() }
    }

    /// The same database for work on other threads than those that write pages.
    fn for_other_work(&self) -> Self {
        Self { readers: self.readers.for_other_work(), ..self.clone() }
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When none is free within 10 seconds.
    pub async fn read(&self) -> Result<Lent, sqlx::Error> {
        self.readers.lend().await
    }

    /// After a connection was lost: no other is lent before it has shown that it lives.
    pub fn doubt(&self) {
        self.readers.doubt();
        self.writers.doubt();
    }

    /// Runs one write transaction: committed when `work` answers `Ok`, undone when it answers `Err`.
    ///
    /// It runs in a task of its own, so that a caller who goes away neither cuts it in half nor leaves it open. On SQLite
    /// it is committed with others that wait at the same time; on PostgreSQL its connection is closed after any error,
    /// because a driver's idea of the transaction cannot be trusted then.
    ///
    /// # Errors
    /// What `work` answered, or the database's own error.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<sqlx::Error> + Send + 'static,
    {
        if let Some(gathering) = &self.gathering {
            return gathering.write(work).await;
        }
        let writers = self.writers.clone();
        let task = spawn_write(async move {
            let mut conn = begun(&writers).await?;
            match AssertUnwindSafe(work(&mut conn)).catch_unwind().await {
                Ok(Ok(answer)) => match conn.execute("COMMIT").await {
                    Ok(_) => Ok(answer),
                    Err(error) => {
                        conn.end();
                        Err(error.into())
                    }
                },
                refused => {
                    // A panic leaves a transaction open as an error does: the next writer must not find it. What was only
                    // refused costs no connection, if the server itself says that nothing is open any more.
                    if conn.execute("ROLLBACK").await.is_err() || refused.is_err() {
                        conn.end();
                    }
                    refused.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                }
            }
        });
        match task.await {
            Ok(outcome) => outcome,
            Err(_) => Err(panicked().into()),
        }
    }

    /// How many connections there are, and how many of them are idle.
    #[must_use]
    pub fn connections(&self) -> Counts {
        let (readers, idle_readers) = self.readers.counts();
        let (writers, idle_writers) = self.writers.counts();
        Counts { readers, idle_readers, writers, idle_writers }
    }

    /// What people call this kind of database.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "PostgreSQL",
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        self.read().await?.ping().await
    }

    /// The plan by which the database would answer a query, for tests that insist on an index: PostgreSQL thinks that tables as
    /// small as a test's are read as a whole and sorted, which a writer does not do and which it is not let here.
    ///
    /// # Errors
    /// When the statement is refused.
    pub async fn explain(&self, select: &select::Select) -> Result<Vec<String>, sqlx::Error> {
        let mut conn = self.writers.own().await?;
        if self.kind == Kind::Postgres {
            conn.execute("SET enable_sort = off").await?;
        }
        let (verb, column) = match self.kind {
            Kind::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Kind::Postgres => ("EXPLAIN", 0),
        };
        plan_of(&select.clone().prefixed(verb).rows(&mut conn).await?, column)
    }

    /// The plan that PostgreSQL makes for a query whatever its values are.
    ///
    /// # Errors
    /// When the statement is refused.
    pub async fn explain_for_all(&self, select: &select::Select) -> Result<Vec<String>, sqlx::Error> {
        let mut conn = self.readers.own().await?;
        let select = select.clone().prefixed("PREPARE asked AS").laid(&conn).into_owned();
        let prepare = format!("SET plan_cache_mode = force_generic_plan; {}", select.text(&conn));
        conn.execute(sqlx::AssertSqlSafe(prepare)).await?;
        let values = vec!["NULL"; select.width()].join(", ");
        let explain = format!("EXPLAIN EXECUTE asked({values})").replace("asked()", "asked");
        plan_of(&conn.fetch_all(sqlx::AssertSqlSafe(explain)).await?, 0)
    }

    /// Closes every connection, the last step of a graceful stop.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

fn plan_of(rows: &[Row], column: usize) -> Result<Vec<String>, sqlx::Error> {
    use sqlx::Row as _;
    rows.iter().map(|row| row.try_get::<String, _>(column)).collect()
}

/// Spawns a write transaction where all of them run: on threads of their own, so that one that is open never waits for a
/// page to be written before its next statement, while all others wait for it.
fn spawn_write<F>(work: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    static RUNTIME: OnceLock<Option<tokio::runtime::Runtime>> = OnceLock::new();
    let built = RUNTIME.get_or_init(|| {
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).thread_name("writes").enable_all().build().ok()
    });
    match built {
        Some(runtime) => runtime.spawn(work),
        // Where the system gives no more threads, they share those of whoever asks.
        None => tokio::spawn(work),
    }
}

/// A write that panicked: nothing of it stands.
fn panicked() -> sqlx::Error {
    sqlx::Error::AnyDriverError("a write panicked".into())
}

/// Begins a transaction. Where the connection was lost meanwhile nothing was begun, so that another may take its place.
async fn begun(writers: &Connections) -> Result<Lent, sqlx::Error> {
    match begun_once(writers).await {
        Err(error) if is_lost(&error) => {
            writers.doubt();
            begun_once(writers).await
        }
        outcome => outcome,
    }
}

async fn begun_once(writers: &Connections) -> Result<Lent, sqlx::Error> {
    let mut conn = writers.lend().await?;
    match conn.execute("BEGIN").await {
        Ok(_) => Ok(conn),
        Err(error) => {
            conn.end();
            Err(error)
        }
    }
}

/// Lets a transaction take the next rows of a queue along its index and not otherwise. PostgreSQL sorts all that wait, each
/// time, by a plan that it made while the queue was known to be empty, as queues are when they are counted.
///
/// # Errors
/// The database's own.
pub async fn along_indexes(conn: &mut Conn) -> Result<(), sqlx::Error> {
    if !is_alone(conn) {
        conn.execute("SET LOCAL enable_sort = off").await?;
    }
    Ok(())
}

/// Whether the open write transaction already keeps every other writer out: SQLite's does, PostgreSQL's does not.
fn is_alone(conn: &Conn) -> bool {
    conn.backend_name() == "SQLite"
}

/// The error of a column that holds what cannot be read.
pub fn decode<E: Into<Box<dyn std::error::Error + Send + Sync>>>(error: E) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

/// A document as a column holds it.
///
/// # Errors
/// When it cannot be written down.
pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// What PostgreSQL and SQLite say when two transactions stood in each other's way, or one waited too long: nothing was
/// done.
const IN_THE_WAY: [&str; 5] = ["40P01", "40001", "55P03", "5", "517"];

/// Whether nothing was done because others were at work all the time.
#[must_use]
pub fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(error, sqlx::Error::PoolTimedOut) || code.is_some_and(|code| IN_THE_WAY.contains(&code.as_ref()))
}

/// The same error for another of those who share it.
#[must_use]
pub fn again(error: &sqlx::Error) -> sqlx::Error {
    match error {
        error if is_busy(error) => sqlx::Error::PoolTimedOut,
        error if is_lost(error) => sqlx::Error::WorkerCrashed,
        error => sqlx::Error::AnyDriverError(error.to_string().into()),
    }
}

/// Whether an error is a unique constraint's refusal: somebody was faster.
#[must_use]
pub fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
