//! Connections, kept open and lent to one piece of work at a time.
//!
//! They are kept by deadpool: the driver's own pool asks each connection that comes back whether it lives, one more trip to
//! the database for every page. Here one is asked only when there is reason to doubt it.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Manager, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts};
use futures_util::Stream;
use sqlx::any::AnyConnectOptions;
use sqlx::{Connection, Executor};
use tokio::time::timeout;

use super::{Conn, Kind};

/// How long a piece of work waits for a connection.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a server that is only starting is asked again: shorter, so that whoever waited hears what the server said.
const STARTING: Duration = Duration::from_secs(8);
/// How long a connection may take to show that it lives.
const ALIVE: Duration = Duration::from_secs(2);
/// A connection to a server that nobody used for so long is asked whether it lives: the server may have gone and come back.
const UNUSED: Duration = Duration::from_secs(1);
/// A connection to a server is made anew after so long, which frees what the server keeps for it.
const LONGEST: Duration = Duration::from_mins(30);

/// A number of connections of one kind.
#[derive(Debug, Clone)]
pub struct Connections {
    pool: managed::Pool<Maker>,
    doubted: Arc<Mutex<Instant>>,
}

/// How connections are made, and which of them are lent again.
#[derive(Debug)]
pub struct Maker {
    options: AnyConnectOptions,
    kind: Kind,
    first: String,
    doubted: Arc<Mutex<Instant>>,
}

/// A connection as it is kept.
#[derive(Debug)]
pub struct Kept {
    conn: Conn,
    /// Its work was cut off: an answer may still be on its way.
    is_cut: Arc<AtomicBool>,
}

/// A connection that is lent until its owner drops it.
#[derive(Debug)]
pub struct Lent {
    /// Dropped before the connection is given back.
    _cut: Cut,
    object: Object<Maker>,
}

/// Sees whether its owner is dropped as work that was cut off.
#[derive(Debug)]
struct Cut(Arc<AtomicBool>);

thread_local! {
    static IS_CUTTING: Cell<bool> = const { Cell::new(false) };
}

/// Work that somebody waits for. When it is dropped before its end, the connections it holds are not lent again: the next
/// one would wait until the answer to a question of another has come.
#[derive(Debug)]
pub struct Waited<W>(Option<Pin<Box<W>>>);

impl<W> Waited<W> {
    /// Work that begins now.
    pub fn for_now(work: W) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<W: Future> Future for Waited<W> {
    type Output = W::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<W::Output> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let answer = ready!(work.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(answer)
    }
}

impl<W: Stream> Stream for Waited<W> {
    type Item = W::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<W::Item>> {
        let Some(work) = &mut self.0 else { return Poll::Ready(None) };
        let item = ready!(work.as_mut().poll_next(context));
        if item.is_none() {
            self.0 = None;
        }
        Poll::Ready(item)
    }
}

impl<W> Drop for Waited<W> {
    fn drop(&mut self) {
        let Some(work) = self.0.take() else { return };
        let _cutting = Cutting::begin();
        drop(work);
    }
}

/// While it lives, this thread drops what was cut off.
struct Cutting;

impl Cutting {
    fn begin() -> Self {
        IS_CUTTING.set(true);
        Self
    }
}

impl Drop for Cutting {
    fn drop(&mut self) {
        IS_CUTTING.set(false);
    }
}

/// Whether an error says that the connection, or the server behind it, is gone.
#[must_use]
pub fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        // The classes 08 (connection exception) and 57P0x (the server stops, stopped, or starts) of PostgreSQL's codes.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P0")),
        _ => false,
    }
}

impl Connections {
    /// At most `count` connections, each of which begins with the statements of `first`. None is made yet.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn to(url: &str, kind: Kind, count: u32, first: &str) -> Result<Self, sqlx::Error> {
        let doubted = Arc::new(Mutex::new(Instant::now()));
        let maker = Maker { options: AnyConnectOptions::from_str(url)?, kind, first: first.to_owned(), doubted: doubted.clone() };
        let pool = managed::Pool::builder(maker)
            .max_size(usize::try_from(count).unwrap_or(usize::MAX))
            // The last one used has what it needs at hand.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|error| sqlx::Error::Configuration(error.into()))?;
        Ok(Self { pool, doubted })
    }

    /// Lends a connection.
    ///
    /// # Errors
    /// When none is free within 10 seconds, or none can be made.
    pub async fn lend(&self) -> Result<Lent, sqlx::Error> {
        let lent = timeout(PATIENCE, self.pool.get()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let object = lent.map_err(|error| match error {
            PoolError::Backend(error) => error,
            _ => sqlx::Error::PoolClosed,
        })?;
        Ok(Lent { _cut: Cut(object.is_cut.clone()), object })
    }

    /// Lends a connection that nobody has, or none: neither others are waited for, nor long a server that does not answer.
    pub async fn lend_free(&self) -> Option<Lent> {
        let at_once = Timeouts { wait: Some(Duration::ZERO), ..Timeouts::new() };
        let object = timeout(ALIVE, self.pool.timeout_get(&at_once)).await.ok()?.ok()?;
        Some(Lent { _cut: Cut(object.is_cut.clone()), object })
    }

    /// A connection of one's own, which ends with its owner.
    ///
    /// # Errors
    /// When none can be made.
    pub async fn own(&self) -> Result<Conn, sqlx::Error> {
        let made = timeout(PATIENCE, self.pool.manager().create()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        Ok(made?.conn)
    }

    /// After one connection was lost: every other that was made before is asked whether it lives before it is lent again.
    pub fn doubt(&self) {
        *self.doubted.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How many there are, and how many of them nobody has.
    #[must_use]
    pub fn counts(&self) -> (u32, u32) {
        let status = self.pool.status();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (count(status.size), count(status.available))
    }

    /// Lends none any more, and waits until those that are lent are given back.
    pub async fn close(&self) {
        let idle = self.pool.retain(|_, _| false).removed;
        self.pool.close();
        for kept in idle {
            // A server that is gone need not be told.
            let _ = kept.conn.close().await;
        }
        let began = Instant::now();
        while self.pool.status().size > 0 && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Lent {
    /// Ends a connection whose state is not known.
    pub fn end(self) {
        drop(Object::take(self.object));
    }
}

impl Manager for Maker {
    type Type = Kept;
    type Error = sqlx::Error;

    /// A server that just starts is waited for.
    async fn create(&self) -> Result<Kept, sqlx::Error> {
        let (began, mut pause) = (Instant::now(), Duration::from_millis(20));
        let mut conn = loop {
            match Conn::connect_with(&self.options).await {
                Err(error) if is_starting(&error) && began.elapsed() < STARTING => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(500));
                }
                outcome => break outcome?,
            }
        };
        conn.execute(sqlx::AssertSqlSafe(self.first.as_str())).await?;
        Ok(Kept { conn, is_cut: Arc::default() })
    }

    async fn recycle(&self, kept: &mut Kept, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if kept.is_cut.load(Ordering::Relaxed) {
            return Err(RecycleError::message("its work was cut off"));
        }
        let is_remote = self.kind == Kind::Postgres;
        if is_remote && metrics.age() > LONGEST {
            return Err(RecycleError::message("it is old"));
        }
        let seen = metrics.recycled.unwrap_or(metrics.created);
        let is_doubted = seen <= *self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        if is_doubted || (is_remote && seen.elapsed() > UNUSED) {
            timeout(ALIVE, kept.conn.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        }
        Ok(())
    }
}

/// Whether a server refuses connections because it is not ready yet.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code == "57P03" || code == "53300"),
        _ => false,
    }
}

impl Deref for Lent {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.object.conn
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.object.conn
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        if IS_CUTTING.get() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}
