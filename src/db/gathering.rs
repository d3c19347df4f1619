//! SQLite's one writer, shared: write transactions that wait at the same time are committed together.
//!
//! A commit waits for the disk, and only one can be open at a time. So whoever finds the writer busy leaves the work in a
//! line; whoever has the writer takes everything that stands there, does each piece within a savepoint of its own, and
//! commits once. A piece that fails is undone by itself; nobody hears of success before the commit.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::Executor;
use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;

use super::{Conn, Driver, Pool, spawn_write};

/// Pieces that are committed together at most: whoever comes later than that would wait for too many.
const TOGETHER: usize = 32;

/// What a piece came to: kept until it is known whether it stands.
type Told = Box<dyn FnOnce(Result<(), sqlx::Error>) + Send>;

/// A piece of work, given the connection or why there is none: whether it is to stand, and how its owner is told.
type Piece = Box<dyn for<'c> FnOnce(Result<&'c mut Conn, sqlx::Error>) -> BoxFuture<'c, (bool, Told)> + Send>;

/// The line before the writer.
#[derive(Clone)]
pub struct Gathering {
    writers: Pool,
    line: Arc<Mutex<Line>>,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Piece>,
    is_worked: bool,
}

impl std::fmt::Debug for Gathering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathering").finish_non_exhaustive()
    }
}

impl Gathering {
    /// A line before the only connection of a pool.
    #[must_use]
    pub fn before(writers: Pool) -> Self {
        Self { writers, line: Arc::default() }
    }

    /// Does a piece of work with others: it stands when `work` answers `Ok` and is undone when it answers `Err`.
    ///
    /// # Errors
    /// What `work` answered, or the database's own error.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<sqlx::Error> + Send + 'static,
    {
        let (tell, told) = tokio::sync::oneshot::channel();
        let piece: Piece = Box::new(move |conn| {
            Box::pin(async move {
                let done = match conn {
                    Ok(conn) => AssertUnwindSafe(work(conn)).catch_unwind().await,
                    Err(error) => Ok(Err(error.into())),
                };
                let stands = matches!(done, Ok(Ok(_)));
                let told: Told = Box::new(move |committed| {
                    let answer = match (done, committed) {
                        (Ok(Ok(_)), Err(error)) => Ok(Err(error.into())),
                        (done, _) => done,
                    };
                    // Whoever went away need not be told.
                    let _ = tell.send(answer);
                });
                (stands, told)
            })
        });
        self.put(piece);
        match told.await {
            Ok(Ok(answer)) => answer,
            // A panic was told on its way.
            Ok(Err(_)) | Err(_) => Err(sqlx::Error::WorkerCrashed.into()),
        }
    }

    fn put(&self, piece: Piece) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.waiting.push_back(piece);
        if !line.is_worked {
            line.is_worked = true;
            drop(line);
            let this = self.clone();
            spawn_write(async move { this.work().await });
        }
    }

    /// The next pieces; none ends the work.
    fn next(&self) -> Vec<Piece> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let count = line.waiting.len().min(TOGETHER);
        line.is_worked = count > 0;
        line.waiting.drain(..count).collect()
    }

    async fn work(&self) {
        loop {
            let pieces = self.next();
            if pieces.is_empty() {
                return;
            }
            match self.writers.acquire().await {
                Ok(conn) => together(conn, pieces).await,
                Err(error) => refuse(pieces, &error).await,
            }
        }
    }
}

/// Does pieces in one transaction, and tells their owners what became of it.
async fn together(mut conn: PoolConnection<Driver>, pieces: Vec<Piece>) {
    if let Err(error) = conn.execute("BEGIN IMMEDIATE").await {
        conn.close_on_drop();
        return refuse(pieces, &error).await;
    }
    let mut standing = Vec::with_capacity(pieces.len());
    let done = do_each(&mut conn, pieces, &mut standing).await;
    let ended = match &done {
        Ok(()) => conn.execute("COMMIT").await.map(|_| ()),
        Err(error) => Err(again(error)),
    };
    if let Err(error) = ended {
        let _ = conn.execute("ROLLBACK").await;
        conn.close_on_drop();
        for told in standing {
            told(Err(again(&error)));
        }
    } else {
        for told in standing {
            told(Ok(()));
        }
    }
}

/// Does each piece within a savepoint. Those that fail are undone and told at once; those that are to stand are put aside.
///
/// # Errors
/// The database's own, when the transaction as a whole is lost: all are told so.
async fn do_each(conn: &mut Conn, pieces: Vec<Piece>, standing: &mut Vec<Told>) -> Result<(), sqlx::Error> {
    let mut rest = pieces.into_iter();
    while let Some(piece) = rest.next() {
        if let Err(error) = do_one(conn, piece, standing).await {
            refuse(rest.collect(), &error).await;
            return Err(error);
        }
    }
    Ok(())
}

async fn do_one(conn: &mut Conn, piece: Piece, standing: &mut Vec<Told>) -> Result<(), sqlx::Error> {
    if let Err(error) = conn.execute("SAVEPOINT piece").await {
        refuse(vec![piece], &error).await;
        return Err(error);
    }
    let (stands, told) = piece(Ok(conn)).await;
    if stands {
        standing.push(told);
    } else {
        // This fails where SQLite itself has ended the transaction, because of a full disk, say: nothing stands then.
        let undone = conn.execute("ROLLBACK TO piece").await;
        told(Ok(()));
        undone?;
    }
    conn.execute("RELEASE piece").await.map(|_| ())
}

/// Tells the owners of pieces that nothing of them was done.
async fn refuse(pieces: Vec<Piece>, error: &sqlx::Error) {
    for piece in pieces {
        let (_, told) = piece(Err(again(error))).await;
        told(Ok(()));
    }
}

/// An error for each of those who share it. That others were at work all the time is as if there were no connection.
fn again(error: &sqlx::Error) -> sqlx::Error {
    let is_busy = |code: &str| code == "5" || code == "517";
    match error {
        sqlx::Error::PoolTimedOut => sqlx::Error::PoolTimedOut,
        error if error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| is_busy(&code)) => sqlx::Error::PoolTimedOut,
        error => sqlx::Error::Io(std::io::Error::other(error.to_string())),
    }
}
