//! Finance → Refunds → Agent & Passenger Initiated → batch: templates, the upload, View History.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::actions::{self, Beginning, NotDone};
use super::model::{Batch, BatchKind};
use super::{store, template};
use crate::attachments::store as attachments;
use crate::attachments::upload::{FilesField, Upload, keep_sheet};
use crate::kernel::id::new_token;
use crate::kernel::time::{Date, utc_day};
use crate::refunds::model::Reason;
use crate::spreadsheets::uploaded::{ENCODINGS, digest_of, encoding};
use crate::web::App;
use crate::web::error::Error;
use crate::web::figures;
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{Needs, RequestRefunds, SeeRefunds, Visit};
use crate::web::words::{Message, Named, say};
use crate::web::{Answer, see_other};

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct ListQuery {
    after: String,
}

#[derive(Template)]
#[template(path = "batches/list.html")]
struct ListPage {
    frame: Frame,
    batches: Vec<Batch>,
    next: Option<String>,
    may_begin: bool,
}

/// `GET /finance/claims/batches`: View History.
pub async fn list(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let batches = store::list(&mut conn, &visit.scope(), BatchKind::Claims, Cursor::parse(&query.after), rows + 1).await?;
    let page = Page::cut(batches, rows, store::cursor);
    visit.page(&ListPage {
        frame: visit.frame("batches-title", Place::Refunds),
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        batches: page.rows,
        may_begin: visit.may(crate::kernel::actor::Permission::RequestRefunds),
    })
}

/// What was typed beside the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UploadForm {
    pub reason: String,
    pub fulfilled_on: String,
    pub encoding: String,
    pub once: String,
}

#[derive(Template)]
#[template(path = "batches/new.html")]
struct NewPage {
    frame: Frame,
    typed: UploadForm,
    reasons: [Reason; 2],
    encodings: [&'static str; 5],
    files: FilesField,
    megabytes: usize,
    rows: u32,
    problems: Problems,
    once_key: String,
}

/// `GET /finance/claims/batches/new`: Initiate a Refund.
pub async fn new(visit: Visit<RequestRefunds>) -> Answer {
    form(&visit, UploadForm::default(), &[], Problems::default()).await
}

async fn form<P: Needs>(visit: &Visit<P>, typed: UploadForm, files: &[String], problems: Problems) -> Answer {
    let limits = &visit.app.settings.limits;
    let mut conn = visit.app.db.read().await?;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = NewPage {
        frame: visit.frame("batch-new-title", Place::Refunds),
        typed,
        reasons: [Reason::Voluntary, Reason::Involuntary],
        encodings: ENCODINGS,
        files: FilesField::of(&mut conn, limits, &visit.actor.user_id, files).await?,
        megabytes: limits.max_sheet_bytes / 1_048_576,
        rows: limits.sheet_rows,
        problems,
        once_key: new_token(),
    };
    visit.page_with(status, &page)
}

/// `POST /finance/claims/batches`
pub async fn begin(visit: Visit<RequestRefunds>, upload: Upload<UploadForm>) -> Answer {
    let Upload { fields, files, mut problems, sheet } = upload;
    let sheet = match sheet {
        Some(sheet) => Some(sheet),
        None if problems.of("sheet").is_some() => None,
        None => problems.take("sheet", Err(Message::new("batch-no-file"))),
    };
    let fulfilled_on = match fields.fulfilled_on.trim() {
        "" => None,
        text => problems.take("fulfilled_on", text.parse::<Date>().map_err(|_| Message::new("form-day"))),
    };
    if files.is_empty() && problems.of("files").is_none() {
        problems.add("files", crate::refunds::refusal::Refusal::ProofNeeded.message());
    }
    let (Some(sheet), true) = (sheet, problems.is_empty()) else {
        return form(&visit, fields, &files, problems).await;
    };
    let app = &visit.app;
    let beginning = Beginning {
        actor: visit.actor.clone(),
        kind: BatchKind::Claims,
        stored_as: keep_sheet(&app.settings.files, &sheet.bytes).await?,
        file_digest: digest_of(&sheet.bytes),
        file_name: sheet.name,
        encoding: encoding(&fields.encoding),
        reason: fields.reason.parse().ok().filter(|reason| *reason != Reason::Void),
        fulfilled_on,
        proof: files.clone(),
        once_key: fields.once.clone(),
    };
    match begun(app, beginning).await {
        Ok(number) => {
            app.wake_worker();
            Ok(see_other(&format!("/batches/{number}")))
        }
        Err(NotDone::ProofGone) => {
            problems.add("files", crate::refunds::refusal::Refusal::ProofGone.message());
            form(&visit, fields, &[], problems).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Begins a batch with a file that is kept already; where no batch takes it, it is removed again.
///
/// # Errors
/// As [`actions::begin`].
pub async fn begun(app: &App, beginning: Beginning) -> Result<String, NotDone> {
    let path = attachments::path(&app.settings.files, &beginning.stored_as);
    let done = actions::begin(&app.db, beginning, app.clock.now()).await;
    if done.is_err()
        && let Err(cause) = tokio::fs::remove_file(&path).await
    {
        tracing::warn!(%cause, "an uploaded file that nobody took was not there to be removed");
    }
    match done {
        Err(NotDone::Again(number)) => Ok(number),
        done => done,
    }
}

impl From<NotDone> for Error {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Absent => Self::NotFound,
            NotDone::Overtaken | NotDone::Again(_) => Self::Conflict(Message::new("batch-overtaken")),
            NotDone::ProofGone => Self::Refused(Message::new("refuse-proof-gone").text("code", 13)),
            NotDone::KeyReused => Self::Refused(Message::new("request-key-reused")),
            NotDone::Database(error) => error.into(),
        }
    }
}

/// A template as a download.
///
/// # Errors
/// The library's own.
pub fn template_xlsx<P: Needs>(visit: &Visit<P>, kind: BatchKind) -> Answer {
    let most = i64::from(visit.app.settings.limits.sheet_rows);
    let body = template::xlsx(kind, visit.actor.language, most).map_err(|error| Error::Internal(error.to_string()))?;
    let content = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(file(&format!("{kind}-template.xlsx"), content, body))
}

/// A template as CSV.
#[must_use]
pub fn template_csv(kind: BatchKind) -> HttpResponse {
    file(&format!("{kind}-template.csv"), "text/csv; charset=utf-8", template::csv(kind))
}

fn file(name: &str, content: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(content).insert_header(("content-disposition", format!("attachment; filename=\"{name}\""))).body(body)
}

/// `GET /finance/claims/template.xlsx`
pub async fn claims_template_xlsx(visit: Visit<SeeRefunds>) -> Answer {
    template_xlsx(&visit, BatchKind::Claims)
}

/// `GET /finance/claims/template.csv`
pub async fn claims_template_csv(_: Visit<SeeRefunds>) -> Answer {
    Ok(template_csv(BatchKind::Claims))
}

const COLUMNS: [&str; 8] = ["batch", "batch-file", "status", "batch-rows", "batch-posted", "batch-not-posted", "batch-by", "when"];

async fn export_list(visit: &Visit<SeeRefunds>, format: Format) -> Answer {
    let (app, scope, reader) = (visit.app.clone(), visit.scope(), visit.reader());
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after: Option<Cursor>| {
        let (app, scope, reader) = (app.clone(), scope.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let found = store::list(&mut conn, &scope, BatchKind::Claims, after, sheet::STEP).await?;
            let next = paging::after_full(&found, sheet::STEP, store::cursor);
            let cells = |batch: Batch| {
                vec![
                    Cell::Text(batch.number),
                    Cell::Text(batch.file_name),
                    Cell::Text(batch.status.named().say(reader.language)),
                    Cell::Text(batch.counts.rows.to_string()),
                    Cell::Text(batch.counts.posted.to_string()),
                    Cell::Text((batch.counts.listed + batch.counts.refused).to_string()),
                    Cell::Text(batch.created_by_name),
                    Cell::Text(figures::moment(batch.created_at, &reader.zone_name)),
                ]
            };
            Ok((found.into_iter().map(cells).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("claim-batches-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /finance/claims/batches.csv`
pub async fn list_csv(visit: Visit<SeeRefunds>) -> Answer {
    export_list(&visit, Format::Csv).await
}

/// `GET /finance/claims/batches.xlsx`
pub async fn list_xlsx(visit: Visit<SeeRefunds>) -> Answer {
    export_list(&visit, Format::Xlsx).await
}
