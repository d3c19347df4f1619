//! Taking in ticket records, as `docs/tickets.md` describes them: JSON or CSV, each record for itself.

use std::collections::HashMap;
use std::io::BufRead;

use super::model::Office;
use super::office_store;
use super::ticket_record::{Checked, Fault, Record, fault, record_of, said};
use super::ticket_store::{self, Kept, NewTicket};
use crate::bookings::reader::Pieces;
use crate::db::Db;
use crate::kernel::actor::Scope;
use crate::kernel::id::{new_id, random_bytes};
use crate::kernel::money::Rounding;
use crate::kernel::time::Timestamp;
use crate::refund_calculation::sealed::SealKey;

/// What became of the records of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub refused: u64,
}

/// An import under way.
pub struct Import<'a> {
    pub db: &'a Db,
    pub key: SealKey,
    pub now: Timestamp,
    pub counts: Counts,
    /// Called with line, field and cause of each record that does not go in.
    pub refused: &'a mut (dyn FnMut(u64, &str, &str) + Send),
}

impl Import<'_> {
    /// Reads a file of JSON to its end.
    ///
    /// # Errors
    /// When the file cannot be read further or the database does not answer.
    pub async fn json(&mut self, input: impl BufRead) -> Result<(), String> {
        let offices = self.offices().await?;
        for piece in Pieces::new(input) {
            let piece = piece.map_err(|error| error.to_string())?;
            let line = u64::try_from(piece.line).unwrap_or(0);
            let read = match &piece.text {
                Err(_) => Err(fault("", "a record that begins with { and ends with } is expected")),
                Ok(text) => serde_json::from_str::<Record>(text).map_err(|error| fault("", said(&error))),
            };
            self.take(&offices, line, piece.text.as_deref().unwrap_or_default(), read).await?;
        }
        Ok(())
    }

    /// Reads a file of CSV to its end.
    ///
    /// # Errors
    /// As [`Import::json`].
    pub async fn csv(&mut self, input: impl BufRead) -> Result<(), String> {
        let offices = self.offices().await?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let header = reader.headers().map_err(|_| "the file is not UTF-8 text".to_owned())?.clone();
        let header: csv::StringRecord = header.iter().map(|name| name.trim_start_matches('\u{feff}')).collect();
        let mut line = csv::StringRecord::new();
        loop {
            let place = reader.position().line();
            let read = match reader.read_record(&mut line) {
                Ok(false) => return Ok(()),
                Ok(true) => record_of(&header, &line),
                Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => return Err(error.to_string()),
                Err(_) => Err(fault("", "the line is not UTF-8 text")),
            };
            let text = line.iter().collect::<Vec<_>>().join("\u{1f}");
            self.take(&offices, place, &text, read).await?;
        }
    }

    async fn offices(&self) -> Result<HashMap<String, Office>, String> {
        let mut conn = self.db.read().await.map_err(|error| error.to_string())?;
        let offices = office_store::offices(&mut conn, &Scope::Operator).await.map_err(|error| error.to_string())?;
        Ok(offices.into_iter().map(|office| (office.code.clone(), office)).collect())
    }

    async fn take(&mut self, offices: &HashMap<String, Office>, line: u64, text: &str, read: Result<Record, Fault>) -> Result<(), String> {
        let new = read.and_then(Record::checked).and_then(|checked| self.new_ticket(offices, text, checked));
        let outcome = match new {
            Err(fault) => Err(fault),
            Ok(new) => {
                let now = self.now;
                let kept = self.db.write(move |conn| Box::pin(async move { ticket_store::keep(conn, new, now).await }));
                match kept.await.map_err(|error| error.to_string())? {
                    Kept::Taken => Err(fault("tickets", "is in another set, or of another office")),
                    kept => Ok(kept),
                }
            }
        };
        match outcome {
            Ok(Kept::Added) => self.counts.added += 1,
            Ok(Kept::Updated) => self.counts.updated += 1,
            Ok(Kept::Unchanged | Kept::Taken) => self.counts.unchanged += 1,
            Err((field, cause)) => {
                self.counts.refused += 1;
                (self.refused)(line, &field, &cause);
            }
        }
        Ok(())
    }

    fn new_ticket(&self, offices: &HashMap<String, Office>, text: &str, checked: Checked) -> Result<NewTicket, Fault> {
        let Checked { ticket, z, hidden } = checked;
        let unknown = || fault("office", "there is no office of this code: add it with `afterfare office add`");
        let office = offices.get(&ticket.office).ok_or_else(unknown)?;
        if office.iata_number != ticket.iata_number {
            return Err(fault("iata_number", format!("is not that of the office {}", office.code)));
        }
        if office.currency != ticket.fare.currency {
            return Err(fault("currency", format!("the office {} reports in {}", office.code, office.currency)));
        }
        if !(1..=office.devices).contains(&ticket.device) {
            return Err(fault("device", format!("the office {} has the devices 1 to {}", office.code, office.devices)));
        }
        let unsealed = |_| fault("z_value", "cannot be sealed");
        let owner = ticket.numbers.first().cloned().unwrap_or_default();
        let sealed = if z.is_none() { None } else { Some(z.seal(&self.key, &owner, random_bytes()).map_err(unsealed)?) };
        // What the sale's report tells is what is shown of it: what is hidden is reckoned when it is refunded.
        let commission = match (ticket.commission, ticket.rate_points) {
            (Some(amount), _) => amount,
            (None, rate) => {
                ticket.fare.ratio(rate.unwrap_or(0), 10_000, Rounding::HalfUp, 1).map_err(|_| fault("fare", "is not a possible amount"))?
            }
        };
        Ok(NewTicket {
            id: new_id(),
            agency_id: office.agency_id.clone(),
            office_id: office.id.clone(),
            digest: self.key.fingerprint(text),
            sealed,
            hidden,
            commission,
            ticket,
        })
    }
}
