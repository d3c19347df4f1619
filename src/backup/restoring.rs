//! Restoring a backup: all of it, or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use zip::ZipArchive;

use super::{Complaint, FORMAT, MANIFEST, Manifest, RowsDigest, TableEntry, balances};
use crate::attachments::store as attachments;
use crate::db::copying::{self, Shape};
use crate::db::select::Value;
use crate::db::{Db, PoolSizes};
use crate::finance::verify;

/// Rows that are restored together.
const CHUNK: usize = 512;
/// Longest row that is read back.
const MAX_ROW_BYTES: u64 = 64 * 1024 * 1024;

type Archive = ZipArchive<BufReader<File>>;

fn open(file: &Path) -> Result<(Archive, Manifest), Complaint> {
    let damaged = |why: &dyn std::fmt::Display| Complaint(format!("{} is not a whole backup: {why}", file.display()));
    let opened = File::open(file).map_err(|error| Complaint(format!("{} cannot be read: {error}", file.display())))?;
    let mut archive = ZipArchive::new(BufReader::with_capacity(1 << 20, opened)).map_err(|error| damaged(&error))?;
    let mut text = String::new();
    archive.by_name(MANIFEST).map_err(|error| damaged(&error))?.read_to_string(&mut text).map_err(|error| damaged(&error))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| damaged(&error))?;
    if manifest.format != FORMAT || manifest.tables_version > Db::newest_version() {
        return Err(Complaint(format!(
            "this backup was made by Afterfare {}: restore it with that version or a newer one",
            manifest.program
        )));
    }
    Ok((archive, manifest))
}

/// Restores a backup into an empty database, and the files beside it; then brings the tables up to date and checks the
/// books. Answers what the backup held.
///
/// # Errors
/// A sentence; no row is in the database then, unless it says that the books differ.
pub async fn restore(url: &str, file: &Path, files: &Path) -> Result<Manifest, Complaint> {
    let (archive, manifest) = open(file)?;
    let sizes = PoolSizes { readers: 2, writers: 1 };
    let db = Db::open_at(url, sizes, manifest.tables_version).await?;
    let kind = db.kind;
    let filled = copying::filled_tables(&mut *db.read().await?, kind).await?;
    if !filled.is_empty() {
        return Err(Complaint(format!("this database is not empty ({}): a backup is restored into a new one", filled.join(", "))));
    }
    // The file is read by a thread of its own; what it finds wrong undoes everything.
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    let tables = manifest.tables.clone();
    let beside = files.to_owned();
    let reader = tokio::task::spawn_blocking(move || {
        // Nothing is committed before the files stand beside: a row never names a file that did not come back.
        let read = read_tables(archive, &tables, &sender).and_then(|mut archive| restore_files(&mut archive, &beside));
        match read {
            Ok(laid) => Some(laid),
            Err(complaint) => {
                // Whoever does not listen any more has a complaint of its own.
                let _ = sender.blocking_send(Err(complaint));
                None
            }
        }
    });
    let restored = db.write(move |conn| {
        Box::pin(async move {
            copying::begin_filling(conn, kind).await?;
            while let Some(piece) = receiver.recv().await {
                let (shape, rows): Piece = piece?;
                copying::insert(conn, &shape, rows).await?;
            }
            Ok::<_, Complaint>(copying::end_filling(conn, kind).await?)
        })
    });
    restored.await?;
    if let Some(laid) = reader.await? {
        laid.keep();
    }
    db.close().await;
    let db = Db::open(url, sizes).await?;
    let report = verify::run(&db).await?;
    let balances = balances(&mut *db.read().await?).await?;
    db.close().await;
    if balances != manifest.balances || !report.differences.is_empty() {
        return Err(Complaint(format!("restored, but the books differ from the backup's:\n{}", report.differences.join("\n"))));
    }
    Ok(manifest)
}

/// Rows of a table that are inserted together.
type Piece = (Shape, Vec<Vec<Value>>);

/// Reads every table and sends its rows on.
fn read_tables(
    mut archive: Archive,
    tables: &BTreeMap<String, TableEntry>,
    sender: &tokio::sync::mpsc::Sender<Result<Piece, Complaint>>,
) -> Result<Archive, Complaint> {
    for (name, entry) in tables {
        read_table(&mut archive, name, entry, sender)?;
    }
    Ok(archive)
}

fn read_table(
    archive: &mut Archive,
    name: &str,
    entry: &TableEntry,
    sender: &tokio::sync::mpsc::Sender<Result<Piece, Complaint>>,
) -> Result<(), Complaint> {
    let damaged = |why: &dyn std::fmt::Display| Complaint(format!("the table {name} of the backup is damaged: {why}"));
    let shape = Shape { name: name.to_owned(), columns: entry.columns.clone() };
    if !is_plain(name) || !shape.columns.iter().all(|(column, _)| is_plain(column)) {
        return Err(damaged(&"no table or column is called so"));
    }
    let part = archive.by_name(&format!("tables/{name}.jsonl")).map_err(|error| damaged(&error))?;
    let (mut lines, mut line) = (BufReader::with_capacity(1 << 18, part), Vec::new());
    let (mut digest, mut rows) = (RowsDigest::default(), Vec::new());
    loop {
        line.clear();
        let read = (&mut lines).take(MAX_ROW_BYTES).read_until(b'\n', &mut line).map_err(|error| damaged(&error))?;
        if read == 0 {
            break;
        }
        if line.pop() != Some(b'\n') {
            return Err(damaged(&"a row is cut off"));
        }
        digest.add(&line);
        rows.push(row_of(&shape, &line).ok_or_else(|| damaged(&format!("row {} does not fit its columns", digest.rows)))?);
        if rows.len() == CHUNK {
            sender.blocking_send(Ok((shape.clone(), std::mem::take(&mut rows))))?;
        }
    }
    if digest.entry(&shape) != *entry {
        return Err(damaged(&"its rows are not those that the manifest counts"));
    }
    sender.blocking_send(Ok((shape, rows)))?;
    Ok(())
}

fn row_of(shape: &Shape, line: &[u8]) -> Option<Vec<Value>> {
    let cells: Vec<Json> = serde_json::from_slice(line).ok()?;
    if cells.len() != shape.columns.len() {
        return None;
    }
    let cell = |(cell, (_, is_number)): (Json, &(String, bool))| match (cell, is_number) {
        (Json::Null, true) => Some(Value::NoNumber),
        (Json::Null, false) => Some(Value::NoText),
        (Json::Number(number), true) => number.as_i64().map(Value::Number),
        (Json::String(text), false) => Some(Value::Text(text)),
        _ => None,
    };
    cells.into_iter().zip(&shape.columns).map(cell).collect()
}

/// Whether a name can be a table's or a column's: nothing else from a file becomes part of a statement.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Files that were written beside rows that are not committed yet: gone with it, unless they are kept.
#[derive(Debug, Default)]
struct Laid(Vec<PathBuf>);

impl Laid {
    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        for path in &self.0 {
            if let Err(cause) = std::fs::remove_file(path) {
                tracing::warn!(%cause, path = %path.display(), "a file of a restoration that failed stays");
            }
        }
    }
}

/// Writes the attached files. What is there already is never written over: a server may be using it.
fn restore_files(archive: &mut Archive, files: &Path) -> Result<Laid, Complaint> {
    let mut laid = Laid::default();
    let names: BTreeSet<String> = archive.file_names().filter_map(|name| Some(name.ok()?.strip_prefix("files/")?.to_owned())).collect();
    for name in names {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Complaint(format!("the backup has a file with the name {name}, which no attachment has")));
        }
        let path = attachments::path(files, &name);
        let folder = path.parent().unwrap_or(files);
        crate::web::private_folder(folder)?;
        let mut written = tempfile::NamedTempFile::new_in(folder)?;
        std::io::copy(&mut archive.by_name(&format!("files/{name}"))?, &mut written)?;
        written.as_file().sync_all()?;
        match written.persist_noclobber(&path) {
            Ok(_) => laid.0.push(path),
            Err(refused) if refused.error.kind() == std::io::ErrorKind::AlreadyExists => {
                if !is_same(refused.file.path(), &path)? {
                    return Err(Complaint(format!("{} is there already and is not the backup's: choose an empty folder", path.display())));
                }
            }
            Err(refused) => return Err(refused.error.into()),
        }
    }
    Ok(laid)
}

/// Whether two files hold the same.
fn is_same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let mut pairs = BufReader::new(one).bytes().zip(BufReader::new(other).bytes());
    Ok(pairs.all(|(one, other)| matches!((one, other), (Ok(one), Ok(other)) if one == other)))
}
