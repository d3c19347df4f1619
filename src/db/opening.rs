//! Opening a database: connections as they begin, migrations, and the guards.

use sqlx::{Connection, Executor};

use super::connections::Connections;
use super::gathering::Gathering;
use super::line::Lines;
use super::readers::Readers;
use super::{Conn, Db, Kind, MIGRATIONS, PoolSizes};

/// What went wrong before any statement ran.
#[derive(Debug)]
pub enum OpenError {
    /// The address is neither `sqlite://…` nor `postgres://…`.
    UnknownAddress(String),
    Database(sqlx::Error),
    /// The database keeps its text in this encoding.
    Encoding(String),
    Migration(sqlx::migrate::MigrateError),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownAddress(url) => write!(f, "“{url}” is not a database address: use sqlite://FILE or postgres://…"),
            Self::Database(error) => write!(f, "the database could not be opened: {error}"),
            Self::Encoding(encoding) => {
                write!(
                    f,
                    "the database keeps its text as {encoding}, which has not every passenger's name: create one with the encoding UTF-8"
                )
            }
            Self::Migration(error) => write!(f, "the database could not be brought up to date: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Db {
    /// Connects, migrates and lays the append-only guards.
    ///
    /// # Errors
    /// When the address is unknown, the database unreachable or of another encoding than UTF-8, or a migration fails.
    pub async fn open(url: &str, sizes: PoolSizes) -> Result<Self, OpenError> {
        let db = Self::connect(url, sizes)?;
        let mut conn = db.patient().await?;
        MIGRATIONS.run(&mut conn).await.map_err(OpenError::Migration)?;
        conn.execute(match db.kind {
            Kind::Sqlite => include_str!("guard_sqlite.sql"),
            Kind::Postgres => include_str!("guard_postgres.sql"),
        })
        .await?;
        conn.close().await?;
        Ok(db)
    }

    /// A connection of its own for what may take long: a migration of a large database, or the wait for another server's.
    pub(super) async fn patient(&self) -> Result<Conn, OpenError> {
        let mut conn = self.writers.own().await?;
        if self.kind == Kind::Postgres {
            conn.execute(POSTGRES_PATIENT).await?;
        }
        // Packed rows count the bytes that the database keeps of a cell: they must be those that come.
        let asked = match self.kind {
            Kind::Sqlite => "SELECT encoding FROM pragma_encoding",
            Kind::Postgres => "SELECT CAST(current_setting('server_encoding') AS TEXT)",
        };
        let (encoding,): (String,) = sqlx::query_as(asked).fetch_one(&mut conn).await?;
        if !matches!(encoding.as_str(), "UTF-8" | "UTF8") {
            return Err(OpenError::Encoding(encoding));
        }
        if self.kind == Kind::Postgres {
            let asked = "SELECT CAST(datcollate AS TEXT) FROM pg_database WHERE datname = current_database()";
            let (collation,): (String,) = sqlx::query_as(asked).fetch_one(&mut conn).await?;
            if !matches!(collation.as_str(), "C" | "POSIX") {
                tracing::info!(collation, "a database that sorts text by its bytes, created with LC_COLLATE 'C', is faster");
            }
        }
        Ok(conn)
    }

    pub(super) fn connect(url: &str, sizes: PoolSizes) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        match url.split(':').next() {
            Some("sqlite") => Self::open_sqlite(url, sizes),
            Some("postgres" | "postgresql") => Self::open_postgres(url, sizes),
            _ => Err(OpenError::UnknownAddress(url.to_owned())),
        }
    }

    fn open_sqlite(url: &str, sizes: PoolSizes) -> Result<Self, OpenError> {
        let file = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
        if let Some(folder) = std::path::Path::new(file).parent() {
            std::fs::create_dir_all(folder).map_err(sqlx::Error::Io)?;
        }
        create_private(file)?;
        let url = format!("sqlite://{file}?mode=rw");
        let writers = Connections::to(&url, Kind::Sqlite, 1, SQLITE_WRITER)?;
        let readers = Readers::to(&url, Kind::Sqlite, sizes.readers, SQLITE_READER)?;
        let gathering = Some(Gathering::before(writers.clone()));
        Ok(Self { readers, writers, gathering, lines: Lines::default(), kind: Kind::Sqlite })
    }

    fn open_postgres(url: &str, sizes: PoolSizes) -> Result<Self, OpenError> {
        let readers = Readers::to(url, Kind::Postgres, sizes.readers, POSTGRES_LIMITS)?;
        let writers = Connections::to(url, Kind::Postgres, sizes.writers, &format!("{POSTGRES_LIMITS}; {POSTGRES_WRITER}"))?;
        Ok(Self { readers, writers, gathering: None, lines: Lines::default(), kind: Kind::Postgres })
    }
}

/// A new database file is for its owner only: it holds the key of the cookies and every passenger's name.
fn create_private(file: &str) -> Result<(), sqlx::Error> {
    let mut new = std::fs::OpenOptions::new();
    new.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    new.open(file).map(|_| ()).map_err(sqlx::Error::Io)
}

/// A checkpoint is made by whoever commits when the log has grown to 64 MB. Made every second beside the writing, it copies
/// the same pages of indexes again and again, and commits wait for the disk behind it.
const SQLITE_WRITER: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; \
     PRAGMA recursive_triggers=ON; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=16384; PRAGMA temp_store=MEMORY";
/// Nothing of the file is mapped: once somebody has written, SQLite gives a reader's mapping up and finds its pages anew, which
/// takes longer than to copy them, and others wait meanwhile.
const SQLITE_READER: &str = "PRAGMA query_only=ON; PRAGMA busy_timeout=5000; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF";
/// A page's query is never worth compiling: where a table is large enough for the server to think so, the compiler alone
/// takes a hundred times as long as the query. Nor is it worth planning again and again, which takes longer than the query,
/// but the server believes it to take a twentieth: the cost of an operator is what planning is reckoned by. And it believes
/// that looking up a row costs four times as much as reading the next, as it did on turning disks, and a page as much as a
/// hundred rows: it would rather gather and sort all bookings of an agency than walk to the fifty newest. What pages show
/// lies in memory.
const POSTGRES_LIMITS: &str = "SET jit='off'; SET seq_page_cost='0.3'; SET random_page_cost='0.3'; SET cpu_operator_cost='0.01'; SET statement_timeout='15s'; SET lock_timeout='5s'; SET idle_in_transaction_session_timeout='10s'; \
     SET client_min_messages='error'; SET timezone='UTC'";
/// Writes go to rows by their keys. A plan is kept for as long as the server learns nothing new of a table, which is until a
/// tenth of its rows have changed: one made while it was known to be empty reads all that came since, for each row that is
/// wanted. See also [`super::along_indexes`].
const POSTGRES_WRITER: &str = "SET enable_seqscan='off'";
/// Migrations go through whole tables, for as long as they need.
const POSTGRES_PATIENT: &str =
    "SET enable_seqscan='on'; SET statement_timeout=0; SET lock_timeout=0; SET idle_in_transaction_session_timeout=0";
