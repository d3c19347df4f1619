//! A backup is one ZIP file: each table as lines of JSON, the attached files, and a manifest with counts, balances and
//! digests. It is taken at one moment while a server goes on serving, and restored into either kind of database.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::attachments::store as attachments;
use crate::db::copying::{self, Shape};
use crate::db::select::Value;
use crate::db::{Conn, Db, PoolSizes};
use crate::finance::verify;
use crate::kernel::id::hex;
use crate::kernel::time::{Timestamp, instant_text};

/// How a backup is written.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// Rows that are restored together.
const CHUNK: usize = 512;
/// Longest row that is read back.
const MAX_ROW_BYTES: u64 = 64 * 1024 * 1024;

/// Why there is no backup, or nothing was restored: a sentence.
#[derive(Debug)]
pub struct Complaint(pub String);

impl<E: std::fmt::Display> From<E> for Complaint {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// One table of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Name, and whether it holds numbers.
    pub columns: Vec<(String, bool)>,
    pub rows: u64,
    /// Over all rows, in whatever order they stand.
    pub digest: String,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// The version of the tables.
    pub tables_version: i64,
    pub made_at: String,
    pub tables: BTreeMap<String, TableEntry>,
    /// Sums of the accounts in minor units, by kind and currency.
    pub balances: BTreeMap<String, i64>,
    pub files: u64,
    /// Attached files that were not on the disk.
    pub missing_files: Vec<String>,
}

impl Manifest {
    /// The rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

/// A digest that does not depend on the order of rows: their digests added up.
#[derive(Default)]
struct RowsDigest {
    sum: [u64; 4],
    rows: u64,
}

impl RowsDigest {
    fn add(&mut self, line: &[u8]) {
        let digest = Sha256::digest(line);
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            let mut bytes = [0u8; 8];
            bytes.copy_from_slice(part);
            *sum = sum.wrapping_add(u64::from_be_bytes(bytes));
        }
        self.rows += 1;
    }

    fn entry(&self, shape: &Shape) -> TableEntry {
        let bytes: Vec<u8> = self.sum.iter().flat_map(|part| part.to_be_bytes()).collect();
        let digest = hex(&bytes);
        TableEntry { columns: shape.columns.clone(), rows: self.rows, digest }
    }
}

fn line_of(row: Vec<Value>) -> Result<Vec<u8>, serde_json::Error> {
    let cell = |value: Value| match value {
        Value::Text(text) => Json::from(text),
        Value::Number(number) => Json::from(number),
        Value::NoText | Value::NoNumber => Json::Null,
    };
    serde_json::to_vec(&row.into_iter().map(cell).collect::<Vec<_>>())
}

async fn balances(conn: &mut Conn) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let sums: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT kind, currency, CAST(SUM(balance_minor) AS BIGINT) FROM accounts GROUP BY kind, currency ORDER BY kind, currency",
    )
    .fetch_all(conn)
    .await?;
    Ok(sums.into_iter().map(|(kind, currency, minor)| (format!("{kind} {currency}"), minor)).collect())
}

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

fn restore_files(archive: &mut Archive, files: &Path) -> Result<Laid, Complaint> {
    let mut laid = Laid::default();
    let names: BTreeSet<String> = archive.file_names().filter_map(|name| Some(name.ok()?.strip_prefix("files/")?.to_owned())).collect();
    for name in names {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Complaint(format!("the backup has a file with the name {name}, which no attachment has")));
        }
        let path = attachments::path(files, &name);
        if let Some(folder) = path.parent() {
            crate::web::private_folder(folder)?;
        }
        let mut attached = archive.by_name(&format!("files/{name}"))?;
        let mut kept = File::create(&path)?;
        laid.0.push(path);
        std::io::copy(&mut attached, &mut kept)?;
        kept.sync_all()?;
    }
    Ok(laid)
}

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
