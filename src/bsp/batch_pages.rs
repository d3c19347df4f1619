//! BSP → batches: a file of ticket numbers becomes forms, each to be checked and transmitted; the evaluation comes back.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::batch_store::{self, BatchRow, BspBatch};
use super::command::{Code, Journey};
use super::line_pages::host;
use super::model::{Form as RefundForm, Status};
use crate::attachments::upload::Upload;
use crate::kernel::time::{instant_text, utc_day};
use crate::remittances::mapping::{self, Field};
use crate::spreadsheets::cell::{Row, Table};
use crate::spreadsheets::identifying::{fold_header, identifier};
use crate::spreadsheets::uploaded::{self, ENCODINGS, encoding};
use crate::web::error::Error;
use crate::web::figures;
use crate::web::filters;
use crate::web::form::{Problems, pasted};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{RequestRefunds, SeeRefunds, Visit};
use crate::web::words::{Message, Named, say};
use crate::web::{Answer, see_other};

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(default)]
pub struct ListQuery {
    after: String,
}

#[derive(Template)]
#[template(path = "bsp/batches.html")]
struct ListPage {
    frame: Frame,
    batches: Vec<BspBatch>,
    next: Option<String>,
    may_begin: bool,
    typed: UploadForm,
    encodings: [&'static str; 5],
    journeys: &'static [Journey],
    problems: Problems,
    most: u32,
    megabytes: usize,
}

/// What was typed beside the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UploadForm {
    pub journey: String,
    pub numbers: String,
    pub encoding: String,
}

/// `GET /bsp/batches`
pub async fn list(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    page(&visit, &query, UploadForm::default(), Problems::default()).await
}

async fn page<P: crate::web::visit::Needs>(visit: &Visit<P>, query: &ListQuery, typed: UploadForm, problems: Problems) -> Answer {
    let limits = &visit.app.settings.limits;
    let mut conn = visit.app.db.read().await?;
    let batches = batch_store::list(&mut conn, &visit.scope(), Cursor::parse(&query.after), limits.page_rows + 1).await?;
    let page = Page::cut(batches, limits.page_rows, |batch| Cursor { sorted: instant_text(batch.created_at), id: batch.id.clone() });
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    visit.page_with(
        status,
        &ListPage {
            frame: visit.frame("bsp-batches-title", Place::BspBatches),
            next: page.next.map(|after| paging::with_cursor(query, &after)),
            batches: page.rows,
            may_begin: visit.may(crate::kernel::actor::Permission::RequestRefunds),
            typed,
            encodings: ENCODINGS,
            journeys: Journey::ALL,
            problems,
            most: limits.bsp_batch_rows,
            megabytes: limits.max_sheet_bytes / 1_048_576,
        },
    )
}

/// `POST /bsp/batches`
pub async fn begin(visit: Visit<RequestRefunds>, upload: Upload<UploadForm>) -> Answer {
    let host = host(&visit).await?;
    let Upload { fields, mut problems, sheet, .. } = upload;
    let app = &visit.app;
    let most = usize::try_from(app.settings.limits.bsp_batch_rows).unwrap_or(500);
    let (name, rows) = if let Some(sheet) = sheet {
        let known = mapping::names_of(Field::Ticket).collect();
        let read = uploaded::read(&app.settings, sheet.bytes, known, encoding(&fields.encoding)).await?;
        (sheet.name, problems.take("sheet", read).map(|table| numbers_of(&table)).unwrap_or_default())
    } else {
        (String::new(), (1..).zip(pasted(&fields.numbers)).collect())
    };
    if problems.is_empty() && rows.is_empty() {
        problems.add("numbers", "bsp-batch-nothing");
    }
    if rows.len() > most {
        problems.add("numbers", Message::new("bsp-batch-too-many").count("max", i64::try_from(most).unwrap_or(0)));
    }
    if !problems.is_empty() {
        return page(&visit, &ListQuery::default(), fields, problems).await;
    }
    let journey = fields.journey.parse().unwrap_or(Journey::Domestic);
    let number = host.prepare_many(name, journey, rows).await?;
    Ok(see_other(&format!("/bsp/batches/{number}")))
}

/// The ticket numbers of a file, with their lines, from the column that is called so, else from the first. A file without
/// a header has its first number in the header's place. What a spreadsheet damaged stands as it came, and is refused by
/// name.
fn numbers_of(table: &Table) -> Vec<(i64, String)> {
    let place = table.header.iter().position(|name| mapping::names_of(Field::Ticket).any(|known| known == fold_header(name)));
    let first = table.header.first().filter(|text| place.is_none() && text.chars().any(|sign| sign.is_ascii_digit()));
    let number = |row: &Row| {
        let cell = row.cells.get(place.unwrap_or(0))?;
        let text = identifier(cell).unwrap_or_else(|_| Some(cell.1.trim().to_owned()))?;
        Some((row.line, text))
    };
    first.map(|text| (1, text.trim().to_owned())).into_iter().chain(table.rows.iter().filter_map(number)).collect()
}

/// A row with its form as it is now.
struct Line {
    row: BatchRow,
    code: Option<Code>,
    form: Option<RefundForm>,
}

#[derive(Template)]
#[template(path = "bsp/batch.html")]
struct BatchPage {
    frame: Frame,
    batch: BspBatch,
    lines: Vec<Line>,
    waiting: usize,
}

async fn lines(visit: &Visit<SeeRefunds>, number: &str) -> Result<(BspBatch, Vec<Line>, usize), Error> {
    let mut conn = visit.app.db.read().await?;
    let batch = batch_store::find(&mut conn, &visit.scope(), number).await?.ok_or(Error::NotFound)?;
    let forms = batch_store::forms(&mut conn, &batch).await?;
    let line =
        |row: &BatchRow| Line { code: row.code(), form: row.form_id.as_ref().and_then(|id| forms.get(id)).cloned(), row: row.clone() };
    let lines = batch.rows.iter().map(line).collect();
    let waiting = forms.values().filter(|form| form.status == Status::Draft).count();
    Ok((batch, lines, waiting))
}

/// `GET /bsp/batches/{number}`
pub async fn show(visit: Visit<SeeRefunds>, number: Path<String>) -> Answer {
    let (batch, lines, waiting) = lines(&visit, &number).await?;
    let title = Message::new("bsp-batch-title").text("number", &batch.number);
    visit.page(&BatchPage { frame: visit.frame(title, Place::BspBatches), batch, lines, waiting })
}

const COLUMNS: [&str; 7] = ["bsp-line", "bsp-ticket", "bsp-result", "bsp-explanation", "bsp-refund-no", "currency", "bsp-net"];

async fn export(visit: &Visit<SeeRefunds>, number: &str, format: Format) -> Answer {
    let (batch, lines, _) = lines(visit, number).await?;
    let language = visit.actor.language;
    let cells = |line: Line| {
        let form = line.form.as_ref();
        let net = form.filter(|form| form.refund_no.is_some()).map(|form| form.net_refund);
        vec![
            Cell::Text(line.row.line.to_string()),
            Cell::Text(line.row.text),
            Cell::Text(match (line.code, form) {
                (Some(code), _) => code.word().to_owned(),
                (None, Some(form)) => form.status.named().say(language),
                (None, None) => String::new(),
            }),
            Cell::Text(line.code.map(|code| code.named().say(language)).unwrap_or_default()),
            Cell::Text(form.and_then(|form| form.refund_no.clone()).unwrap_or_default()),
            Cell::Text(net.map(|net| net.currency.code().to_owned()).unwrap_or_default()),
            Cell::Amount(net),
        ]
    };
    let columns = COLUMNS.iter().map(|key| say(language, key)).collect();
    let rows = lines.into_iter().map(cells).collect();
    visit.sheet(format!("{}-evaluation", batch.number), columns).send(format, sheet::whole(rows)).await
}

/// `GET /bsp/batches/{number}/evaluation.csv`
pub async fn csv(visit: Visit<SeeRefunds>, number: Path<String>) -> Answer {
    export(&visit, &number, Format::Csv).await
}

/// `GET /bsp/batches/{number}/evaluation.xlsx`
pub async fn xlsx(visit: Visit<SeeRefunds>, number: Path<String>) -> Answer {
    export(&visit, &number, Format::Xlsx).await
}

const LIST_COLUMNS: [&str; 7] = ["bsp-batch", "bsp-office", "bsp-file", "bsp-rows", "bsp-prepared", "batch-by", "when"];

async fn export_list(visit: &Visit<SeeRefunds>, format: Format) -> Answer {
    let (app, scope, reader) = (visit.app.clone(), visit.scope(), visit.reader());
    let columns = LIST_COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after: Option<Cursor>| {
        let (app, scope, zone) = (app.clone(), scope.clone(), reader.zone_name.clone());
        async move {
            let mut conn = app.db.read().await?;
            let found = batch_store::list(&mut conn, &scope, after, sheet::STEP).await?;
            let next = paging::after_full(&found, sheet::STEP, |one| Cursor { sorted: instant_text(one.created_at), id: one.id.clone() });
            let cells = |batch: BspBatch| {
                vec![
                    Cell::Text(batch.number.clone()),
                    Cell::Text(batch.office.clone()),
                    Cell::Text(batch.file_name.clone()),
                    Cell::Text(batch.rows.len().to_string()),
                    Cell::Text(batch.prepared().to_string()),
                    Cell::Text(batch.created_by_name.clone()),
                    Cell::Text(figures::moment(batch.created_at, &zone)),
                ]
            };
            Ok((found.into_iter().map(cells).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("ticket-batches-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /bsp/batches.csv`
pub async fn list_csv(visit: Visit<SeeRefunds>) -> Answer {
    export_list(&visit, Format::Csv).await
}

/// `GET /bsp/batches.xlsx`
pub async fn list_xlsx(visit: Visit<SeeRefunds>) -> Answer {
    export_list(&visit, Format::Xlsx).await
}
