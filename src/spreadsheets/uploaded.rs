//! An uploaded file, read within the bounds of the settings.

use sha2::Digest;

use super::cell::Table;
use super::reading::{self, Bounds, NotRead};
use crate::config::Settings;
use crate::kernel::id::hex;
use crate::web::error::Error;
use crate::web::form::masked;
use crate::web::words::Message;

/// Encodings that people can choose when a file does not tell its own.
pub const ENCODINGS: [&str; 5] = ["utf-8", "gb18030", "big5", "windows-1258", "windows-1252"];

/// A label of an encoding that is offered.
#[must_use]
pub fn encoding(label: &str) -> Option<String> {
    ENCODINGS.iter().find(|one| **one == label).map(|one| (*one).to_owned())
}

/// By which a file that came before is known again.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> String {
    hex(&sha2::Sha256::digest(bytes))
}

/// What a file holds beside its columns' meaning is kept and shown again: never a card number.
fn without_card_numbers(mut table: Table) -> Table {
    for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
        if let Some(masked) = masked(&cell.1) {
            cell.1 = masked;
        }
    }
    table
}

/// The file's rows, or the sentence that says what is wrong with it. `known_headers` are folded names of columns that are
/// looked for. Of card numbers only the last four digits are left.
///
/// # Errors
/// When no reader could be started.
pub async fn read(
    settings: &Settings,
    bytes: Vec<u8>,
    known_headers: Vec<String>,
    encoding: Option<String>,
) -> Result<Result<Table, Message>, Error> {
    let limits = &settings.limits;
    let bounds = Bounds {
        max_rows: usize::try_from(limits.sheet_rows).unwrap_or(20_000),
        max_inflated_bytes: limits.sheet_inflated_mb * 1_048_576,
        memory_bytes: limits.sheet_memory_mb * 1_048_576,
        cpu_seconds: limits.sheet_seconds,
        known_headers,
        encoding,
        ..Bounds::default()
    };
    match reading::read(&settings.reader(), bytes, &bounds).await {
        Ok(table) => Ok(Ok(without_card_numbers(table))),
        Err(NotRead::Complaint(message)) => Ok(Err(message)),
        Err(NotRead::Internal(cause)) => Err(Error::Internal(cause)),
    }
}
