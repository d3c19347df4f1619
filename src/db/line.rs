//! A line before work that one does for all who stand in it.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::connections::{PATIENCE, Waited};
use super::{Db, again, is_lost, spawn_write};

/// Pieces that wait. Whoever finds nobody at work begins it; whoever is at work takes all that stand there.
#[derive(Debug)]
pub struct Line<P>(Mutex<Standing<P>>);

#[derive(Debug)]
struct Standing<P> {
    waiting: VecDeque<P>,
    is_worked: bool,
}

impl<P> Default for Line<P> {
    fn default() -> Self {
        Self(Mutex::new(Standing { waiting: VecDeque::new(), is_worked: false }))
    }
}

impl<P> Line<P> {
    /// Puts a piece at the end. Whether nobody is at work: then it is for the caller to begin.
    pub fn put(&self, piece: P) -> bool {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        standing.waiting.push_back(piece);
        !std::mem::replace(&mut standing.is_worked, true)
    }

    /// The next pieces; none ends the work.
    pub fn next(&self, most: usize) -> Vec<P> {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = standing.waiting.len().min(most);
        standing.is_worked = count > 0;
        standing.waiting.drain(..count).collect()
    }
}

/// A piece of work that costs little more for many than for one.
pub trait Joint: Send + 'static {
    /// What comes of a piece.
    type Done: Send + 'static;
    type Error: From<sqlx::Error> + Send + 'static;

    /// How many are done together at most.
    const MOST: usize;
    /// How long a piece stands in the line at most.
    const PATIENCE: Duration = PATIENCE;
    /// How long the work may take before nobody waits for it any more. No statement is given so long: a connection must have
    /// gone silent.
    const LONGEST: Duration = Duration::from_secs(20);

    /// Does them all: for each, in order, what came of it, or nothing where it has to go alone.
    fn do_all(db: &Db, pieces: Vec<Self>) -> impl Future<Output = Vec<Result<Option<Self::Done>, Self::Error>>> + Send
    where
        Self: Sized;
}

/// What was done for many at once, for each of them. After an error for which each `goes_alone` there is nothing for any; every
/// other one is told to all.
pub fn for_each<D>(
    db: &Db,
    done: Result<Vec<Option<D>>, sqlx::Error>,
    count: usize,
    goes_alone: fn(&sqlx::Error) -> bool,
) -> Vec<Result<Option<D>, sqlx::Error>> {
    if done.as_ref().is_err_and(is_lost) {
        // Another connection may live.
        db.doubt();
    }
    match done {
        Ok(all) => all.into_iter().map(Ok).collect(),
        Err(error) if goes_alone(&error) => (0..count).map(|_| Ok(None)).collect(),
        Err(error) => (0..count).map(|_| Err(again(&error))).collect(),
    }
}

/// The lines of one database, one for each kind of work.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>);

/// When a piece came, the piece, and who waits for what comes of it.
type Waiting<P> = (Instant, P, oneshot::Sender<Result<Option<<P as Joint>::Done>, <P as Joint>::Error>>);

impl Lines {
    fn of<P: Joint>(&self) -> Arc<Line<Waiting<P>>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(TypeId::of::<P>()).or_insert_with(|| Arc::new(Line::<Waiting<P>>::default())).clone();
        line.downcast().unwrap_or_default()
    }
}

impl Db {
    /// Does a piece of work together with those of its kind that wait at the same time. It is done even when the caller goes
    /// away. Nothing where it has to go alone, as after a panic.
    ///
    /// # Errors
    /// What the work answered; that the database is busy, when it stood in the line for 10 seconds, or when the work came to no
    /// end within 20: whether it was done is not known then.
    pub async fn join<P: Joint>(&self, piece: P) -> Result<Option<P::Done>, P::Error> {
        let (tell, told) = oneshot::channel();
        let line = self.lines.of::<P>();
        if line.put((Instant::now(), piece, tell)) {
            let db = self.for_other_work();
            spawn_write(async move { work(&db, &line).await });
        }
        told.await.unwrap_or(Ok(None))
    }
}

async fn work<P: Joint>(db: &Db, line: &Line<Waiting<P>>) {
    loop {
        let waiting = line.next(P::MOST);
        if waiting.is_empty() {
            return;
        }
        // Whoever waited too long hears so, instead of waiting for one more transaction.
        let (late, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(came, ..)| came.elapsed() > P::PATIENCE);
        refuse::<P>(late.into_iter().map(|(_, _, tell)| tell), || sqlx::Error::PoolTimedOut);
        let (pieces, tell): (Vec<_>, Vec<_>) = waiting.into_iter().map(|(_, piece, tell)| (piece, tell)).unzip();
        if pieces.is_empty() {
            continue;
        }
        let doing = AssertUnwindSafe(P::do_all(db, pieces)).catch_unwind();
        match timeout(P::LONGEST, Waited::for_now(doing)).await {
            Ok(Ok(answers)) => {
                for (tell, answer) in tell.into_iter().zip(answers) {
                    // Whoever went away need not be told.
                    let _ = tell.send(answer);
                }
            }
            // After a panic those who wait hear that nobody answers, and the line goes on.
            Ok(Err(_)) => drop(tell),
            Err(_) => {
                tracing::error!(count = tell.len(), "joint work came to no end: its connection has gone silent");
                db.doubt();
                refuse::<P>(tell.into_iter(), || sqlx::Error::Io(ErrorKind::TimedOut.into()));
            }
        }
    }
}

/// Tells some why their pieces were given up.
fn refuse<P: Joint>(those: impl Iterator<Item = oneshot::Sender<Result<Option<P::Done>, P::Error>>>, error: fn() -> sqlx::Error) {
    for tell in those {
        let _ = tell.send(Err(error().into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{PoolSizes, is_busy};

    /// Work that sleeps as many milliseconds as its first piece says, or comes to no end, or panics.
    struct Nap(Option<u64>);

    impl Joint for Nap {
        type Done = usize;
        type Error = sqlx::Error;

        const MOST: usize = 2;
        const PATIENCE: Duration = Duration::from_millis(200);
        const LONGEST: Duration = Duration::from_millis(900);

        async fn do_all(_: &Db, pieces: Vec<Self>) -> Vec<Result<Option<usize>, sqlx::Error>> {
            match pieces.first() {
                Some(Self(Some(0))) => panic!("as it was asked to"),
                Some(Self(Some(milliseconds))) => tokio::time::sleep(Duration::from_millis(*milliseconds)).await,
                _ => std::future::pending().await,
            }
            pieces.iter().map(|_| Ok(Some(pieces.len()))).collect()
        }
    }

    async fn begun(db: &Db, nap: Option<u64>) -> tokio::task::JoinHandle<Result<Option<usize>, sqlx::Error>> {
        let db = db.clone();
        let task = tokio::spawn(async move { db.join(Nap(nap)).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        task
    }

    #[tokio::test]
    async fn a_line_goes_on_whatever_becomes_of_the_work() {
        let folder = std::env::temp_dir().join(crate::kernel::id::new_id());
        let url = format!("sqlite://{}", folder.join("line.db").display());
        let db = Db::connect(&url, PoolSizes { readers: 1, writers: 1 }).expect("an address");
        let silent = begun(&db, None).await;
        let late = begun(&db, Some(1)).await;
        let error = silent.await.expect("no panic").expect_err("a connection that went silent");
        assert!(is_lost(&error), "{error}");
        let error = late.await.expect("no panic").expect_err("it stood there for too long");
        assert!(is_busy(&error), "{error}");
        assert_eq!(db.join(Nap(Some(0))).await.expect("no error"), None, "after a panic each goes alone");
        let first = begun(&db, Some(100)).await;
        let (second, third) = (begun(&db, Some(1)).await, begun(&db, Some(1)).await);
        assert_eq!(first.await.expect("no panic").expect("done"), Some(1));
        assert_eq!(second.await.expect("no panic").expect("done"), Some(2), "those that waited are done together");
        assert_eq!(third.await.expect("no panic").expect("done"), Some(2));
        std::fs::remove_dir_all(folder).expect("the folder is removed");
    }
}
