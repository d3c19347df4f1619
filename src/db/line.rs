//! A line before work that one does for all who stand in it.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio::sync::oneshot;

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
    type Answer: Send + 'static;

    /// How many are done together at most.
    const MOST: usize;

    /// Does them all: an answer for each, in order.
    fn do_all(db: &Db, pieces: Vec<Self>) -> impl Future<Output = Vec<Self::Answer>> + Send
    where
        Self: Sized;
}

/// What was done for many at once, for each of them. After an error for which each `goes_alone` there is nothing for any; every
/// other one is told to all.
pub fn for_each<A>(
    db: &Db,
    done: Result<Vec<Option<A>>, sqlx::Error>,
    count: usize,
    goes_alone: fn(&sqlx::Error) -> bool,
) -> Vec<Result<Option<A>, sqlx::Error>> {
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

/// A piece, and who waits for its answer.
type Waiting<P> = (P, oneshot::Sender<<P as Joint>::Answer>);

impl Lines {
    fn of<P: Joint>(&self) -> Arc<Line<Waiting<P>>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(TypeId::of::<P>()).or_insert_with(|| Arc::new(Line::<Waiting<P>>::default())).clone();
        line.downcast().unwrap_or_default()
    }
}

impl Db {
    /// Does a piece of work together with those of its kind that wait at the same time. It is done even when the caller goes
    /// away. Nothing when it panicked.
    pub async fn join<P: Joint>(&self, piece: P) -> Option<P::Answer> {
        let (tell, told) = oneshot::channel();
        let line = self.lines.of::<P>();
        if line.put((piece, tell)) {
            let db = self.for_other_work();
            spawn_write(async move { work(&db, &line).await });
        }
        told.await.ok()
    }
}

async fn work<P: Joint>(db: &Db, line: &Line<Waiting<P>>) {
    loop {
        let (pieces, tell): (Vec<_>, Vec<_>) = line.next(P::MOST).into_iter().unzip();
        if pieces.is_empty() {
            return;
        }
        // After a panic those who wait hear that nobody answers, and the line goes on.
        let answers = AssertUnwindSafe(P::do_all(db, pieces)).catch_unwind().await.unwrap_or_default();
        for (tell, answer) in tell.into_iter().zip(answers) {
            // Whoever went away need not be told.
            let _ = tell.send(answer);
        }
    }
}
