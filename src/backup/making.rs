//! Making a backup.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Complaint, FORMAT, MANIFEST, Manifest, RowsDigest, balances, line_of};
use crate::attachments::store as attachments;
use crate::db::Db;
use crate::kernel::time::{Timestamp, instant_text};

/// Makes a backup of a database and the files beside it.
///
/// # Errors
/// A sentence; no file is left behind then.
pub async fn make(db: &Db, file: &Path, files: &Path, now: Timestamp) -> Result<Manifest, Complaint> {
    if file.exists() {
        return Err(Complaint(format!("{} is there already: a backup never takes the place of another", file.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // Its name is its own once it is whole: a file that was cut off never looks like a backup.
    let unfinished = tempfile::Builder::new().prefix(".backup-").tempfile_in(folder)?;
    let mut zip = ZipWriter::new(BufWriter::with_capacity(1 << 20, unfinished.reopen()?));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(3)).large_file(true);
    let mut snapshot = db.snapshot().await?;
    let mut tables = BTreeMap::new();
    for shape in snapshot.shapes().await? {
        zip.start_file(format!("tables/{}.jsonl", shape.name), options)?;
        let mut digest = RowsDigest::default();
        snapshot
            .rows(&shape, |row| {
                let mut line = line_of(row)?;
                digest.add(&line);
                line.push(b'\n');
                zip.write_all(&line)?;
                Ok::<_, Complaint>(())
            })
            .await?;
        tables.insert(shape.name.clone(), digest.entry(&shape));
    }
    let stored: Vec<(String,)> =
        sqlx::query_as("SELECT stored_as FROM attachments UNION SELECT stored_as FROM batches WHERE stored_as IS NOT NULL")
            .fetch_all(&mut *snapshot.conn())
            .await?;
    let (mut count, mut missing_files) = (0, Vec::new());
    for (name,) in stored {
        match File::open(attachments::path(files, &name)) {
            Ok(mut attached) => {
                zip.start_file(format!("files/{name}"), options)?;
                std::io::copy(&mut attached, &mut zip)?;
                count += 1;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing_files.push(name),
            Err(error) => return Err(error.into()),
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        tables_version: snapshot.version().await?,
        made_at: instant_text(now),
        tables,
        balances: balances(snapshot.conn()).await?,
        files: count,
        missing_files,
    };
    zip.start_file(MANIFEST, options)?;
    zip.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    let written = zip.finish()?.into_inner()?;
    written.sync_all()?;
    unfinished.persist_noclobber(file)?;
    File::open(folder)?.sync_all()?;
    Ok(manifest)
}
