//! SQLite's one writer, shared: write transactions that wait at the same time are committed together.
//!
//! A commit waits for the disk, and only one can be open at a time. So whoever finds the writer busy leaves the work in a
//! line; whoever has the writer takes everything that stands there, does each piece within a savepoint of its own, and
//! commits once. A piece that fails is undone by itself; nobody hears of anything before the commit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::Executor;

use super::connections::{Connections, Lent, PATIENCE};
use super::line::Line;
use super::{Conn, again, panicked, spawn_write};

/// Pieces that are committed together at most: whoever comes later than that would wait for too many.
const TOGETHER: usize = 32;

/// What a piece came to: kept until it is known whether it stands.
type Told = Box<dyn FnOnce(Result<(), sqlx::Error>) + Send>;

/// A piece of work, given the connection or why there is none: whether it is to stand, and how its owner is told.
type Piece = Box<dyn for<'c> FnOnce(Result<&'c mut Conn, sqlx::Error>) -> BoxFuture<'c, (bool, Told)> + Send>;

/// The line before the writer.
#[derive(Clone)]
pub struct Gathering {
    writers: Connections,
    /// When each piece came, and the piece.
    line: Arc<Line<(Instant, Piece)>>,
}

impl std::fmt::Debug for Gathering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathering").finish_non_exhaustive()
    }
}

impl Gathering {
    /// A line before the only connection that writes.
    #[must_use]
    pub fn before(writers: Connections) -> Self {
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
                    Ok(conn) => AssertUnwindSafe(async move { work(conn).await }).catch_unwind().await,
                    Err(error) => Ok(Err(error.into())),
                };
                let stands = matches!(done, Ok(Ok(_)));
                let told: Told = Box::new(move |committed| {
                    let answer = match (done, committed) {
                        // Even what was refused may have been refused because of a piece that does not stand.
                        (Ok(_), Err(error)) => Ok(Err(error.into())),
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
            Ok(Err(_)) | Err(_) => Err(panicked().into()),
        }
    }

    fn put(&self, piece: Piece) {
        if self.line.put((Instant::now(), piece)) {
            let this = self.clone();
            spawn_write(async move { this.work().await });
        }
    }

    async fn work(&self) {
        loop {
            let pieces = self.line.next(TOGETHER);
            if pieces.is_empty() {
                return;
            }
            // Whoever waited too long hears so, instead of being one more for whom the next ones wait.
            let (late, pieces): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|(came, _)| came.elapsed() > PATIENCE);
            let only = |pieces: Vec<(Instant, Piece)>| pieces.into_iter().map(|(_, piece)| piece).collect();
            refuse(only(late), &sqlx::Error::PoolTimedOut).await;
            match self.writers.lend().await {
                Ok(conn) => together(conn, only(pieces)).await,
                Err(error) => refuse(only(pieces), &error).await,
            }
        }
    }
}

/// Does pieces in one transaction, and tells their owners what became of it.
async fn together(mut conn: Lent, pieces: Vec<Piece>) {
    if let Err(error) = conn.execute("BEGIN IMMEDIATE").await {
        conn.end();
        return refuse(pieces, &error).await;
    }
    let mut done = Vec::with_capacity(pieces.len());
    let ended = match do_each(&mut conn, pieces, &mut done).await {
        Ok(()) => conn.execute("COMMIT").await.map(|_| ()),
        Err(error) => Err(error),
    };
    if ended.is_err() {
        let _ = conn.execute("ROLLBACK").await;
        conn.end();
    } else {
        // Given back before anybody hears of it: whoever closes the database then finds it.
        drop(conn);
    }
    for told in done {
        told(ended.as_ref().copied().map_err(again));
    }
}

/// Does each piece within a savepoint; those that fail are undone. All are put aside, to be told when it is known what
/// stands.
///
/// # Errors
/// The database's own, when the transaction as a whole is lost.
async fn do_each(conn: &mut Conn, pieces: Vec<Piece>, done: &mut Vec<Told>) -> Result<(), sqlx::Error> {
    let mut rest = pieces.into_iter();
    while let Some(piece) = rest.next() {
        if let Err(error) = do_one(conn, piece, done).await {
            refuse(rest.collect(), &error).await;
            return Err(error);
        }
    }
    Ok(())
}

async fn do_one(conn: &mut Conn, piece: Piece, done: &mut Vec<Told>) -> Result<(), sqlx::Error> {
    if let Err(error) = conn.execute("SAVEPOINT piece").await {
        refuse(vec![piece], &error).await;
        return Err(error);
    }
    let (stands, told) = piece(Ok(conn)).await;
    done.push(told);
    if !stands {
        // This fails where SQLite itself has ended the transaction, because of a full disk, say: nothing stands then.
        conn.execute("ROLLBACK TO piece").await?;
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
