//! The reader's side: `afterfare read-sheet BOUNDS`, the file on standard input, rows on standard output.

use std::io::{BufWriter, Read, Write};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::cell::Table;
use super::container::{Container, check_parts, container_of};
use super::reading::{Bounds, Said};
use super::{text, xlsx};
use crate::web::words::Message;

/// Reads standard input within bounds and says what is there.
///
/// # Errors
/// When standard input or output fails.
pub fn run(bounds: &Bounds) -> std::io::Result<()> {
    confine(bounds);
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    let mut out = BufWriter::with_capacity(256 * 1024, std::io::stdout().lock());
    match table_of(&bytes, bounds) {
        Err(complaint) => say(&mut out, &Said::Complaint(complaint))?,
        Ok(table) => {
            let count = table.rows.len();
            say(&mut out, &Said::Header(table.header))?;
            for row in table.rows {
                say(&mut out, &Said::Row(row))?;
            }
            say(&mut out, &Said::End(count))?;
        }
    }
    out.flush()
}

fn say(out: &mut impl Write, said: &Said) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, said)?;
    out.write_all(b"\n")
}

/// From here on this process has little memory, little time and no files. Where a system does not know one of these
/// limits, the others and the parent's clock still hold.
fn confine(bounds: &Bounds) {
    let limits = [
        (Resource::As, bounds.memory_bytes),
        (Resource::Cpu, bounds.cpu_seconds),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nproc, 0),
    ];
    for (resource, most) in limits {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

/// The table in a file.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn table_of(bytes: &[u8], bounds: &Bounds) -> Result<Table, Message> {
    let table = match container_of(bytes)? {
        Container::Text => text::read(bytes, bounds)?,
        Container::Workbook => {
            check_parts(bytes, bounds)?;
            xlsx::read(bytes, bounds)?
        }
    };
    if table.header.is_empty() {
        return Err(Message::new("sheet-empty"));
    }
    Ok(table)
}
