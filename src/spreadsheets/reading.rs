//! Handing a file to a reader of its own and taking the rows back.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::cell::{Row, Table};
use crate::web::words::Message;

/// What a file may be at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    pub max_rows: usize,
    pub max_columns: usize,
    pub max_cell_chars: usize,
    /// Bytes of the text of all cells together.
    pub max_text_bytes: usize,
    /// Bytes of all parts of a workbook, unpacked.
    pub max_inflated_bytes: u64,
    pub max_parts: usize,
    /// Bytes of memory and seconds of work that the reader gets.
    pub memory_bytes: u64,
    pub cpu_seconds: u64,
    /// Headers as they are compared, by which an encoding and a separator are recognised.
    pub known_headers: Vec<String>,
    /// The label of the encoding that the user has chosen.
    pub encoding: Option<String>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_rows: 20_000,
            max_columns: 100,
            max_cell_chars: 2_000,
            max_text_bytes: 24 * 1_048_576,
            max_inflated_bytes: 64 * 1_048_576,
            max_parts: 1_000,
            memory_bytes: 512 * 1_048_576,
            cpu_seconds: 10,
            known_headers: Vec::new(),
            encoding: None,
        }
    }
}

impl Bounds {
    /// Whether a header, as it is compared, is one that is looked for.
    #[must_use]
    pub fn knows(&self, header: &str) -> bool {
        self.known_headers.iter().any(|known| known == header)
    }

    /// Megabytes that a workbook may have inside.
    #[must_use]
    pub fn megabytes_inside(&self) -> i64 {
        i64::try_from(self.max_inflated_bytes / 1_048_576).unwrap_or(i64::MAX)
    }

    /// Refuses more text than a file of rows has.
    ///
    /// # Errors
    /// A sentence that names the limit.
    pub fn check_text(&self, bytes: usize) -> Result<(), Message> {
        if bytes <= self.max_text_bytes {
            return Ok(());
        }
        let megabytes = i64::try_from(self.max_text_bytes / 1_048_576).unwrap_or(i64::MAX);
        Err(Message::new("sheet-much-text").count("megabytes", megabytes))
    }

    /// Refuses one row more than there may be.
    ///
    /// # Errors
    /// A sentence that names the limit.
    pub fn check_rows(&self, rows: usize) -> Result<(), Message> {
        if rows < self.max_rows {
            return Ok(());
        }
        Err(Message::new("sheet-too-many-rows").count("max", i64::try_from(self.max_rows).unwrap_or(i64::MAX)))
    }
}

/// What the reader says, line by line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    Complaint(Message),
    Header(Vec<String>),
    Row(Row),
    /// The last line, with the count of rows: without it the reader did not come to its end.
    End(usize),
}

/// Why there are no rows.
#[derive(Debug)]
pub enum NotRead {
    /// Something is wrong with the file: a sentence for who sent it.
    Complaint(Message),
    /// The reader could not be started: ours to mend.
    Internal(String),
}

/// Readers that run at once.
static READERS: Semaphore = Semaphore::const_new(2);

/// Reads a file's rows in a process of its own, `program` being this very program.
///
/// # Errors
/// A sentence about the file, or why no reader could be started.
pub async fn read(program: &Path, bytes: Vec<u8>, bounds: &Bounds) -> Result<Table, NotRead> {
    let internal = |error: &dyn std::fmt::Display| NotRead::Internal(format!("the reader of spreadsheets: {error}"));
    let _turn = READERS.acquire().await.map_err(|error| internal(&error))?;
    let bounds_text = serde_json::to_string(bounds).map_err(|error| internal(&error))?;
    let mut child = Command::new(program)
        .args(["read-sheet", &bounds_text])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| internal(&error))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(mut stdin), Some(stdout)) = (stdin, stdout) else { return Err(internal(&"no pipes")) };
    let most = bounds.max_inflated_bytes.saturating_mul(4);
    let feed = async move {
        // A reader that has seen enough stops listening.
        let _ = stdin.write_all(&bytes).await;
        drop(stdin);
    };
    let listen = async move {
        let mut said = Vec::new();
        stdout.take(most).read_to_end(&mut said).await.map(|_| said)
    };
    // Twice the seconds of work: it may have to wait for the processor.
    let both = tokio::time::timeout(Duration::from_secs(bounds.cpu_seconds * 2), async { tokio::join!(feed, listen) });
    let exhausting = || NotRead::Complaint(Message::new("sheet-exhausting"));
    let ((), said) = both.await.map_err(|_| exhausting())?;
    let said = said.map_err(|error| internal(&error))?;
    // Twenty thousand rows keep a thread busy for a while: it is not the one of those who wait.
    let parsed = tokio::task::spawn_blocking(move || table_of(&said)).await;
    let (table, ended) = parsed.map_err(|error| internal(&error))??;
    if ended { Ok(table) } else { Err(exhausting()) }
}

/// The table in what the reader said, and whether it came to its end.
fn table_of(said: &[u8]) -> Result<(Table, bool), NotRead> {
    let mut table = Table::default();
    for line in said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(Said::Complaint(message)) => return Err(NotRead::Complaint(message)),
            Ok(Said::Header(header)) => table.header = header,
            Ok(Said::Row(row)) => table.rows.push(row),
            Ok(Said::End(count)) => {
                let whole = table.rows.len() == count;
                return Ok((table, whole));
            }
            Err(_) => break,
        }
    }
    Ok((table, false))
}
