//! The drill: a backup that is restored beside, and compared.

use std::path::Path;

use super::{Complaint, Manifest, TableEntry, make, restore};
use crate::db::{Db, PoolSizes};
use crate::kernel::time::Timestamp;

/// What a drill did and how long it took.
#[derive(Debug)]
pub struct Drill {
    pub manifest: Manifest,
    pub bytes: u64,
    pub backup_seconds: f64,
    pub restore_seconds: f64,
}

/// Makes a backup, restores it beside into a database of its own, checks the books there, and compares every table.
/// Nothing of it is left behind.
///
/// # Errors
/// A sentence about what did not come back as it was.
pub async fn drill(db: &Db, files: &Path, now: Timestamp) -> Result<Drill, Complaint> {
    let folder = tempfile::Builder::new().prefix("afterfare-drill-").tempdir()?;
    let (file, beside) = (folder.path().join("drill.zip"), folder.path().join("files"));
    let began = std::time::Instant::now();
    let manifest = make(db, &file, files, now).await?;
    let backup_seconds = began.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&file)?.len();
    let url = format!("sqlite://{}", folder.path().join("drill.db").display());
    let began = std::time::Instant::now();
    restore(&url, &file, &beside).await?;
    let restore_seconds = began.elapsed().as_secs_f64();
    let restored = Db::open(&url, PoolSizes { readers: 1, writers: 1 }).await?;
    let again = make(&restored, &folder.path().join("again.zip"), &beside, now).await?;
    restored.close().await;
    let differ = |(name, table): (&String, &TableEntry)| {
        let same = again.tables.get(name).is_some_and(|other| other.rows == table.rows && other.digest == table.digest);
        (!same).then(|| name.clone())
    };
    let different: Vec<String> = manifest.tables.iter().filter_map(differ).collect();
    if !different.is_empty() || again.files != manifest.files {
        return Err(Complaint(format!("what was restored differs from the backup: {}", different.join(", "))));
    }
    Ok(Drill { manifest, bytes, backup_seconds, restore_seconds })
}
