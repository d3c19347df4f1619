//! Commands that keep what is there: a backup, its restoration, and the drill of both.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Done, Refused, open};
use crate::backup::{self, Complaint, Manifest};
use crate::config::DatabaseSettings;
use crate::kernel::time::Clock;
use crate::system::marks::{self, Deed};

/// Where attached files are.
#[derive(Debug, Args)]
pub(super) struct FilesArgs {
    /// Folder of attached files
    #[arg(long, env = "AFTERFARE_FILES", default_value = "./data/files", value_name = "FOLDER")]
    files: PathBuf,
    #[command(flatten)]
    database: DatabaseSettings,
}

impl From<Complaint> for Refused {
    fn from(complaint: Complaint) -> Self {
        Self(complaint.0)
    }
}

fn told(manifest: &Manifest) -> String {
    let text = format!("{} rows in {} tables, {} files, of {}", manifest.rows(), manifest.tables.len(), manifest.files, manifest.made_at);
    let missing = manifest.missing_files.iter().map(|name| format!("the attached file {name} was not on the disk"));
    std::iter::once(text).chain(missing).collect::<Vec<_>>().join("\n")
}

pub(super) async fn backup(file: &Path, args: FilesArgs) -> Done {
    let db = open(&args.database).await?;
    let began = Clock::System.now();
    let manifest = backup::make(&db, file, &args.files, began).await?;
    println!("{}: {}", file.display(), told(&manifest));
    let missing = manifest.missing_files;
    let marked = db.write(move |conn| {
        Box::pin(async move {
            marks::begin(conn, Deed::Backup, began, began, began).await?;
            marks::end(conn, Deed::Backup, &missing, Clock::System.now()).await
        })
    });
    if let Err(error) = marked.await {
        eprintln!("the backup is whole, but the page System does not tell of it: {error}");
    }
    db.close().await;
    Ok(())
}

pub(super) async fn restore(file: &Path, args: FilesArgs) -> Done {
    let manifest = backup::restore(&args.database.database, file, &args.files).await?;
    println!("restored, and the books are clean: {}", told(&manifest));
    Ok(())
}

pub(super) async fn drill(args: FilesArgs) -> Done {
    let db = open(&args.database).await?;
    let drill = backup::drill(&db, &args.files, Clock::System.now()).await?;
    println!("{}", told(&drill.manifest));
    println!(
        "backup {:.1} s, {} bytes; restored beside in {:.1} s, books clean, every table as it was",
        drill.backup_seconds, drill.bytes, drill.restore_seconds
    );
    db.close().await;
    Ok(())
}
