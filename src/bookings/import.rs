//! Importing orders: streamed, each all or nothing; the same order again changes nothing.

use std::io::BufRead;

use super::parse::{self, Fault};
use super::reader::{Piece, Pieces};
use super::store::{self, Incoming};
use crate::db::Db;
use crate::journal::{self, Author, Subject};
use crate::kernel::id::{digest, new_id};
use crate::kernel::time::Clock;

/// What became of the orders of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub refused: u64,
}

impl Counts {
    /// Orders read so far.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.added + self.updated + self.unchanged + self.refused
    }
}

/// An order that did not go in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub line: usize,
    /// `orders[3].routing.fromSegments[0].depTime`
    pub path: String,
    pub cause: String,
}

/// Why an import stopped before the end.
#[derive(Debug)]
pub enum ImportError {
    Read(std::io::Error),
    Database(sqlx::Error),
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => write!(f, "the file could not be read: {error}"),
            Self::Database(error) => write!(f, "the database refused: {error}"),
        }
    }
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Whose orders they are, and what is told while they go in.
pub struct Import<'a> {
    pub db: &'a Db,
    pub clock: &'a Clock,
    pub agency_id: &'a str,
    pub counts: Counts,
    /// Called for each refused order.
    pub refused: &'a mut (dyn FnMut(Refused) + Send),
    /// Called after each chunk.
    pub progress: &'a mut (dyn FnMut(Counts) + Send),
}

/// An order read but not yet written.
#[derive(Clone)]
struct Waiting {
    index: usize,
    line: usize,
    incoming: Incoming,
}

/// What one chunk came to.
#[derive(Default)]
struct Outcome {
    counts: Counts,
    foreign: Vec<usize>,
}

impl Import<'_> {
    /// Reads a file to its end.
    ///
    /// # Errors
    /// When the file cannot be read further or the database does not answer; what went in before stays in.
    pub async fn run(&mut self, input: impl BufRead) -> Result<(), ImportError> {
        let mut chunk: Vec<Waiting> = Vec::with_capacity(store::KNOWN_PLACES);
        for piece in Pieces::new(input) {
            let Some(waiting) = self.parse(piece.map_err(ImportError::Read)?) else { continue };
            let twice = chunk.iter().any(|other| other.incoming.booking.order_no == waiting.incoming.booking.order_no);
            if twice || chunk.len() == store::KNOWN_PLACES {
                self.write(std::mem::take(&mut chunk)).await?;
            }
            chunk.push(waiting);
        }
        self.write(chunk).await
    }

    fn parse(&mut self, piece: Piece) -> Option<Waiting> {
        let parsed = piece.text.map_err(|cause| Fault { path: String::new(), cause }).and_then(|text| parse::order(&text));
        match parsed {
            Ok(booking) => {
                let document = serde_json::to_string(&booking).unwrap_or_default();
                let incoming =
                    Incoming { id: new_id(), agency_id: self.agency_id.to_owned(), digest: digest(&document), document, booking };
                Some(Waiting { index: piece.index, line: piece.line, incoming })
            }
            Err(fault) => {
                self.refuse(piece.index, piece.line, &fault.path, fault.cause);
                None
            }
        }
    }

    fn refuse(&mut self, index: usize, line: usize, path: &str, cause: String) {
        self.counts.refused += 1;
        let path = if path.is_empty() { format!("orders[{index}]") } else { format!("orders[{index}].{path}") };
        (self.refused)(Refused { line, path, cause });
    }

    async fn write(&mut self, chunk: Vec<Waiting>) -> Result<(), ImportError> {
        if chunk.is_empty() {
            return Ok(());
        }
        match self.write_together(&chunk).await {
            Ok(outcome) => self.note(&chunk, outcome),
            // One order that the database does not take must not cost the others.
            Err(sqlx::Error::Database(_)) if chunk.len() > 1 => {
                for one in chunk {
                    Box::pin(self.write(vec![one])).await?;
                }
            }
            Err(sqlx::Error::Database(error)) => self.refuse(chunk[0].index, chunk[0].line, "", error.to_string()),
            Err(error) => return Err(error.into()),
        }
        (self.progress)(self.counts);
        Ok(())
    }

    fn note(&mut self, chunk: &[Waiting], outcome: Outcome) {
        self.counts.added += outcome.counts.added;
        self.counts.updated += outcome.counts.updated;
        self.counts.unchanged += outcome.counts.unchanged;
        for place in outcome.foreign {
            let cause = "belongs to another agency: check --agency".to_owned();
            self.refuse(chunk[place].index, chunk[place].line, "orderNo", cause);
        }
    }

    async fn write_together(&self, chunk: &[Waiting]) -> Result<Outcome, sqlx::Error> {
        let orders: Vec<Incoming> = chunk.iter().map(|waiting| waiting.incoming.clone()).collect();
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                Box::pin(async move {
                    let numbers: Vec<String> = orders.iter().map(|order| order.booking.order_no.clone()).collect();
                    let known = store::known(conn, &numbers).await?;
                    let (mut outcome, mut saved, mut changed) = (Outcome::default(), Vec::new(), Vec::new());
                    for (place, mut order) in orders.into_iter().enumerate() {
                        match known.get(&order.booking.order_no) {
                            None => outcome.counts.added += 1,
                            Some((_, agency, _)) if *agency != order.agency_id => {
                                outcome.foreign.push(place);
                                continue;
                            }
                            Some((_, _, digest)) if *digest == order.digest => {
                                outcome.counts.unchanged += 1;
                                continue;
                            }
                            Some((id, _, _)) => {
                                outcome.counts.updated += 1;
                                order.id.clone_from(id);
                                changed.push(id.clone());
                            }
                        }
                        saved.push(order);
                    }
                    store::save(conn, &saved, &changed, now).await?;
                    for id in &changed {
                        let details = serde_json::json!({});
                        journal::write(conn, Subject::Booking, id, "updated", &Author::program(), &details, now).await?;
                    }
                    Ok(outcome)
                })
            })
            .await
    }
}
