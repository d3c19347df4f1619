//! The connections that read, in groups: one for each thread that writes pages, as far as they reach, and one for all other
//! work.
//!
//! A connection's answer is awaited by the thread that made it. Lent to another, it wakes two threads for each answer, and one
//! that writes a long page keeps the answers of others: with one group for two threads a fourth of both cores was idle while 64
//! people waited.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::Kind;
use super::connections::{Connections, Lent};

/// Connections of a group: while one thread writes a page, so many of its other questions are being answered. With four of them
/// as many pages are written, and the slowest take a third longer: the database's processes want the same cores.
const GROUP: u32 = 3;
/// After so long in vain whoever waits looks for a free one in the other groups, and again after as long: the own ones may be
/// busy with long reports.
const ALONE: Duration = Duration::from_millis(250);

/// All groups, and which of them is whose.
#[derive(Debug, Clone)]
pub struct Readers {
    groups: Arc<[Connections]>,
    own: usize,
}

impl Readers {
    /// At most `count` connections for pages, and at most three for other work.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn to(url: &str, kind: Kind, count: u32, first: &str) -> Result<Self, sqlx::Error> {
        let other = Connections::to(url, kind, count.min(GROUP), first)?;
        let threads = std::thread::available_parallelism().map_or(1, |threads| u32::try_from(threads.get()).unwrap_or(1));
        let groups = (count / GROUP).clamp(1, threads);
        let for_pages = (0..groups).map(|nth| Connections::to(url, kind, count / groups + u32::from(nth < count % groups), first));
        let groups = for_pages.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { groups: std::iter::once(other).chain(groups).collect(), own: 0 })
    }

    /// Those for the nth thread that writes pages.
    #[must_use]
    pub fn for_pages(&self, nth: usize) -> Self {
        Self { groups: self.groups.clone(), own: 1 + nth % (self.groups.len() - 1) }
    }

    /// Those for other work than pages.
    #[must_use]
    pub fn for_other_work(&self) -> Self {
        Self { groups: self.groups.clone(), own: 0 }
    }

    /// Lends a connection.
    ///
    /// # Errors
    /// When none is free within 10 seconds, or none can be made.
    pub async fn lend(&self) -> Result<Lent, sqlx::Error> {
        let mut own = pin!(self.groups[self.own].lend());
        loop {
            if let Ok(outcome) = timeout(ALONE, own.as_mut()).await {
                return outcome;
            }
            // Whoever waits keeps the place in the own line; those for other work are asked last.
            for nth in (0..self.groups.len()).rev().filter(|nth| *nth != self.own) {
                if let Some(lent) = self.groups[nth].lend_free().await {
                    return Ok(lent);
                }
            }
        }
    }

    /// A connection of one's own, as [`Connections::own`].
    ///
    /// # Errors
    /// When none can be made.
    pub async fn own(&self) -> Result<super::Conn, sqlx::Error> {
        self.groups[self.own].own().await
    }

    /// As [`Connections::doubt`].
    pub fn doubt(&self) {
        self.groups.iter().for_each(Connections::doubt);
    }

    /// How many there are, and how many of them nobody has.
    #[must_use]
    pub fn counts(&self) -> (u32, u32) {
        self.groups.iter().map(Connections::counts).fold((0, 0), |sum, group| (sum.0 + group.0, sum.1 + group.1))
    }

    /// As [`Connections::close`].
    pub async fn close(&self) {
        join_all(self.groups.iter().map(Connections::close)).await;
    }
}
