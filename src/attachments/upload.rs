//! A posted form that brings files: fields as in any form, files as drafts of the person who sent them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use sha2::Digest;
use tokio::io::AsyncWriteExt;

use super::kind::{FileKind, HEAD_BYTES, clean_name};
use super::store::{self, Attachment};
use crate::config::Limits;
use crate::kernel::actor::Actor;
use crate::kernel::id::{hex, new_id, new_token};
use crate::web::AppData;
use crate::web::error::Error;
use crate::web::form::{self, Problems};
use crate::web::words::Message;

/// What a form says about its files: what is kept of an earlier try, and what is taken.
#[derive(Debug, Clone)]
pub struct FilesField {
    pub kept: Vec<Attachment>,
    pub accept: String,
    pub megabytes: usize,
    pub count: usize,
}

impl FilesField {
    /// The field of a form, with the drafts that an earlier try had brought.
    ///
    /// # Errors
    /// The database's own.
    pub async fn of(conn: &mut crate::db::Conn, limits: &Limits, user_id: &str, files: &[String]) -> Result<Self, sqlx::Error> {
        Ok(Self {
            kept: store::drafts(conn, files, user_id).await?,
            accept: FileKind::accept(),
            megabytes: limits.max_attachment_bytes / 1_048_576,
            count: limits.attachments_per_message,
        })
    }
}

/// A form with files whose origin and token were checked. The fields come first, the token before all of them.
#[derive(Debug)]
pub struct Upload<T> {
    pub fields: T,
    /// Ids of the files that were good, and of drafts that an earlier try of the form had brought.
    pub files: Vec<String>,
    /// What was wrong with the others, under the field `files`, or with the sheet, under `sheet`.
    pub problems: Problems,
    /// The spreadsheet of a form that asks for one.
    pub sheet: Option<SheetFile>,
}

/// An uploaded spreadsheet, as it came. What it holds is for a reader of its own to find out.
#[derive(Debug, Clone)]
pub struct SheetFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl<T: DeserializeOwned + 'static> FromRequest for Upload<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let app = request.app_data::<AppData>().cloned().ok_or_else(|| Error::Internal("no app".to_owned()))?;
            let actor = form::actor_of(&request).ok_or(Error::ForeignForm)?;
            form::check_origin(&request, &app)?;
            let kind = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !kind.starts_with("multipart/form-data") {
                let pairs = form::checked(&request, payload, |limits| limits.max_form_bytes).await?;
                return Reading::of(request, app, actor, pairs).finish().await;
            }
            let deadline = Duration::from_secs(app.settings.limits.upload_seconds);
            let multipart = Multipart::new(request.headers(), payload);
            let mut reading = Reading::of(request, app, actor, Vec::new());
            tokio::time::timeout(deadline, reading.all(multipart)).await.map_err(|_| Error::TooSlow)??;
            reading.finish().await
        })
    }
}

/// Fields and files of one form.
const MOST_PARTS: usize = 300;
/// How the names of spreadsheets end. Those of other programs are let through to the reader, which says what to do about each.
const SHEET_ENDINGS: [&str; 11] = ["xlsx", "csv", "txt", "tsv", "xls", "xlsm", "xlsb", "xltx", "ods", "htm", "html"];

/// A file on the disk that no row knows yet: gone with its owner, unless it is handed over.
struct Loose(Option<PathBuf>);

impl Loose {
    /// A row knows it now.
    fn hand_over(mut self) {
        self.0 = None;
    }
}

impl Drop for Loose {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = std::fs::remove_file(path);
        }
    }
}

struct Reading {
    request: HttpRequest,
    app: AppData,
    actor: Actor,
    pairs: Vec<(String, String)>,
    bytes: usize,
    drafts: Vec<(Attachment, Loose)>,
    problems: Problems,
    sheet: Option<SheetFile>,
}

impl Reading {
    fn of(request: HttpRequest, app: AppData, actor: Actor, pairs: Vec<(String, String)>) -> Self {
        Self { request, app, actor, pairs, bytes: 0, drafts: Vec::new(), problems: Problems::default(), sheet: None }
    }

    async fn all(&mut self, mut multipart: Multipart) -> Result<(), Error> {
        let (mut is_ours, mut parts) = (false, 0);
        while let Some(field) = multipart.next().await {
            parts += 1;
            if parts > MOST_PARTS {
                return Err(Error::TooLarge);
            }
            let field = field.map_err(|_| Error::BadRequest)?;
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.content_disposition().and_then(|said| said.get_filename()).map(ToOwned::to_owned);
            match file_name {
                // Nothing of a form is looked at, and no byte kept, before its token.
                _ if !is_ours && (name != "csrf" || file_name.is_some()) => return Err(Error::ForeignForm),
                None if name == "csrf" => {
                    let token = self.text(field).await?;
                    form::check_token(&self.request, &self.app, &token)?;
                    is_ours = true;
                }
                None => {
                    let text = self.text(field).await?;
                    self.pairs.push((name, text));
                }
                Some(file_name) if name == "sheet" => self.sheet(field, &file_name).await?,
                Some(file_name) => self.file(field, &file_name).await?,
            }
        }
        if is_ours { Ok(()) } else { Err(Error::ForeignForm) }
    }

    async fn text(&mut self, mut field: Field) -> Result<String, Error> {
        let mut text = Vec::new();
        while let Some(piece) = field.next().await {
            let piece = piece.map_err(|_| Error::BadRequest)?;
            self.bytes += piece.len();
            if self.bytes > self.app.settings.limits.max_form_bytes {
                return Err(Error::TooLarge);
            }
            text.extend_from_slice(&piece);
        }
        let text = String::from_utf8(text).map_err(|_| Error::BadRequest)?;
        // PostgreSQL holds no NUL, and no keyboard types one.
        if text.contains('\0') { Err(Error::BadRequest) } else { Ok(text.replace("\r\n", "\n")) }
    }

    /// Takes a spreadsheet into memory, where it may be small. What its name says it is, its content has to be, too: the reader
    /// looks at that.
    async fn sheet(&mut self, mut field: Field, sent_name: &str) -> Result<(), Error> {
        let most = self.app.settings.limits.max_sheet_bytes;
        let (mut bytes, mut count) = (Vec::new(), 0usize);
        while let Some(piece) = field.next().await {
            let piece = piece.map_err(|_| Error::BadRequest)?;
            count += piece.len();
            if count > most.saturating_mul(4) {
                return Err(Error::TooLarge);
            }
            if count <= most {
                bytes.extend_from_slice(&piece);
            }
        }
        let name = clean_name(sent_name);
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        if count > 0 && !ending.is_some_and(|ending| SHEET_ENDINGS.contains(&ending.as_str())) {
            self.problems.add("sheet", Message::new("sheet-ending").text("name", name));
        } else if count > most {
            let megabytes = i64::try_from(most / 1_048_576).unwrap_or(0);
            self.problems.add("sheet", Message::new("attachment-too-large").count("megabytes", megabytes).text("name", name));
        } else if count > 0 {
            self.sheet = Some(SheetFile { name, bytes });
        }
        Ok(())
    }

    /// Writes one file beside where files are kept, and keeps it when it is good.
    async fn file(&mut self, mut field: Field, sent_name: &str) -> Result<(), Error> {
        let limits = &self.app.settings.limits;
        let (most, count) = (limits.max_attachment_bytes, limits.attachments_per_message);
        let name = clean_name(sent_name);
        let stored_as = new_token();
        let path = store::path(&self.app.settings.files, &stored_as);
        let too_many = self.drafts.len() >= count;
        let mut file = if too_many { None } else { Some(create(&path).await?) };
        let loose = Loose(Some(path));
        let (mut bytes, mut head, mut sum) = (0usize, Vec::new(), sha2::Sha256::new());
        let read: Result<(), Error> = async {
            while let Some(piece) = field.next().await {
                let piece = piece.map_err(|_| Error::BadRequest)?;
                bytes += piece.len();
                // What is too much is still read, so that the form can answer; but not without end.
                if bytes > most.saturating_mul(4) {
                    return Err(Error::TooLarge);
                }
                if bytes <= most
                    && let Some(file) = &mut file
                {
                    head.extend(piece.iter().take(HEAD_BYTES.saturating_sub(head.len())));
                    sum.update(&piece);
                    file.write_all(&piece).await.map_err(|error| Error::Internal(error.to_string()))?;
                }
            }
            match &file {
                Some(file) => file.sync_all().await.map_err(|error| Error::Internal(error.to_string())),
                None => Ok(()),
            }
        }
        .await;
        drop(file);
        // A file input that was left empty sends a file without name and bytes.
        let problem = match FileKind::of(&head, &name) {
            _ if bytes == 0 && name.is_empty() => Some(None),
            _ if bytes == 0 => Some(Some(Message::new("attachment-empty"))),
            _ if bytes > most => {
                Some(Some(Message::new("attachment-too-large").count("megabytes", i64::try_from(most / 1_048_576).unwrap_or(0))))
            }
            _ if self.drafts.len() >= count => {
                Some(Some(Message::new("attachment-too-many").count("count", i64::try_from(count).unwrap_or(0))))
            }
            None => Some(Some(Message::new("attachment-wrong-kind"))),
            Some(kind) => {
                let draft = Attachment {
                    id: new_id(),
                    agency_id: self.actor.agency_id.clone(),
                    message_id: None,
                    internal: false,
                    name: name.clone(),
                    kind,
                    bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
                    digest: hex(&sum.finalize()),
                    stored_as,
                    created_by: self.actor.user_id.clone(),
                    created_at: self.app.clock.now(),
                };
                self.drafts.push((draft, loose));
                None
            }
        };
        if let Some(Some(message)) = problem {
            self.problems.add("files", message.text("name", if name.is_empty() { "?" } else { &name }));
        }
        read
    }

    async fn finish<T: DeserializeOwned>(mut self) -> Result<Upload<T>, Error> {
        let mut files: Vec<String> = self.pairs.iter().filter(|(name, _)| name == "kept").map(|(_, id)| id.clone()).collect();
        files.truncate(self.app.settings.limits.attachments_per_message);
        files.extend(self.drafts.iter().map(|(draft, _)| draft.id.clone()));
        if files.len() > self.app.settings.limits.attachments_per_message {
            let count = i64::try_from(self.app.settings.limits.attachments_per_message).unwrap_or(0);
            self.problems.add("files", Message::new("attachment-too-many").count("count", count).text("name", ""));
        }
        let text = serde_html_form::to_string(&self.pairs).map_err(|_| Error::BadRequest)?;
        let fields = serde_html_form::from_str(&text).map_err(|_| Error::BadRequest)?;
        let (drafts, loose): (Vec<Attachment>, Vec<Loose>) = std::mem::take(&mut self.drafts).into_iter().unzip();
        if !drafts.is_empty() {
            let (user_id, most) = (self.actor.user_id.clone(), self.app.settings.limits.drafts_per_user);
            let kept = self.app.db.write(move |conn| {
                Box::pin(async move {
                    if store::count_drafts(conn, &user_id).await? >= most {
                        return Ok::<_, sqlx::Error>(false);
                    }
                    store::insert_drafts(conn, &drafts).await.map(|()| true)
                })
            });
            if !kept.await? {
                return Err(Error::TooMany(Message::new("attachment-too-many-drafts")));
            }
            loose.into_iter().for_each(Loose::hand_over);
        }
        Ok(Upload { fields, files, problems: self.problems, sheet: self.sheet })
    }
}

/// Keeps an uploaded spreadsheet until it is read; answers the name under which it lies beside the attachments.
///
/// # Errors
/// When the disk takes no more.
pub async fn keep_sheet(folder: &Path, bytes: &[u8]) -> Result<String, Error> {
    let stored_as = new_token();
    let failed = |error: std::io::Error| Error::Internal(format!("a file cannot be kept: {error}"));
    let mut file = create(&store::path(folder, &stored_as)).await?;
    file.write_all(bytes).await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    Ok(stored_as)
}

/// A new file, for its owner only.
async fn create(path: &Path) -> Result<tokio::fs::File, Error> {
    let failed = |error: std::io::Error| Error::Internal(format!("attachments cannot be kept: {error}"));
    if let Some(folder) = path.parent() {
        crate::web::private_folder(folder).map_err(failed)?;
    }
    let mut new = tokio::fs::OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    new.mode(0o600);
    new.open(path).await.map_err(failed)
}
