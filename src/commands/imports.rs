//! Commands that take something in: orders, exchange rates, notifications of schedule changes.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use super::{Done, Refused, input, open};
use crate::agencies::model::{Refusal, parse_code};
use crate::agencies::store as agencies;
use crate::bookings::import::{Counts, Import};
use crate::config::DatabaseSettings;
use crate::kernel::language::Language;
use crate::kernel::time::Clock;
use crate::{incidents, rates};

pub(super) async fn orders(files: &[PathBuf], agency: &str, database: &DatabaseSettings) -> Done {
    let db = open(database).await?;
    let code = parse_code(agency).map_err(|message| message.say(Language::English))?;
    let mut conn = db.read().await?;
    let found = agencies::agency(&mut conn, &code).await?;
    drop(conn);
    let agency = found.ok_or_else(|| Refusal::UnknownAgency(code).message().say(Language::English))?;
    let mut all = Counts::default();
    let show_progress = std::io::stderr().is_terminal();
    for file in files {
        let name = file.display().to_string();
        let input = input(file)?;
        let before = all;
        let mut refused = |refused: crate::bookings::import::Refused| {
            eprintln!("{name}:{}: {}: {}", refused.line, refused.path, refused.cause);
        };
        let mut progress = |counts: Counts| {
            if show_progress {
                eprint!("\r{name}: {} orders", before.read() + counts.read());
                let _ = std::io::stderr().flush();
            }
        };
        let mut import = Import {
            db: &db,
            clock: &Clock::System,
            agency_id: &agency.id,
            counts: Counts::default(),
            refused: &mut refused,
            progress: &mut progress,
        };
        let outcome = import.run(input).await;
        let counts = import.counts;
        all.added += counts.added;
        all.updated += counts.updated;
        all.unchanged += counts.unchanged;
        all.refused += counts.refused;
        if show_progress {
            eprintln!();
        }
        outcome.map_err(|error| format!("{name}: {error}. Already in: {} orders", all.added + all.updated))?;
    }
    println!("{} added, {} updated, {} unchanged, {} refused", all.added, all.updated, all.unchanged, all.refused);
    db.close().await;
    if all.refused > 0 { Err(Refused(format!("{} orders were refused; the others are in", all.refused))) } else { Ok(()) }
}

pub(super) async fn rates(file: &PathBuf, database: &DatabaseSettings) -> Done {
    let (good, bad) = rates::read(input(file)?);
    for line in &bad {
        eprintln!("{}:{}: {}", file.display(), line.line, line.cause);
    }
    let count = good.len();
    let db = open(database).await?;
    rates::save(&db, good).await?;
    println!("{count} rates loaded, {} lines refused", bad.len());
    if bad.is_empty() { Ok(()) } else { Err(Refused("some lines were refused; the others are loaded".to_owned())) }
}

pub(super) async fn incidents(files: &[PathBuf], database: &DatabaseSettings) -> Done {
    let db = open(database).await?;
    let mut all = incidents::import::Counts::default();
    for file in files {
        let name = file.display().to_string();
        let mut refused = |line: usize, path: &str, cause: &str| eprintln!("{name}:{line}: {path}: {cause}");
        let counts = incidents::import::run(&db, input(file)?, Clock::System.now(), &mut refused).await;
        let counts = counts.map_err(|error| format!("{name}: {error}. Already in: {}", all.added))?;
        all.added += counts.added;
        all.unchanged += counts.unchanged;
        all.refused += counts.refused;
    }
    println!("{} added, {} unchanged, {} refused", all.added, all.unchanged, all.refused);
    db.close().await;
    if all.refused > 0 { Err(Refused(format!("{} notifications were refused; the others are in", all.refused))) } else { Ok(()) }
}
