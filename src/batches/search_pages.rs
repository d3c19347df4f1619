//! Bookings → Cancel & Refund → Batch Search: a list of order numbers, pasted or in a file.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::actions::{self, Beginning};
use super::model::{Batch, BatchKind};
use super::pages;
use super::store;
use crate::attachments::upload::{Upload, keep_sheet};
use crate::kernel::id::new_token;
use crate::spreadsheets::uploaded::{ENCODINGS, digest_of, encoding};
use crate::web::filters;
use crate::web::form::{Problems, pasted};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::visit::{SeeRefunds, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// What was typed beside the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SearchForm {
    pub orders: String,
    pub encoding: String,
    pub once: String,
}

#[derive(Template)]
#[template(path = "batches/search.html")]
struct SearchPage {
    frame: Frame,
    typed: SearchForm,
    encodings: [&'static str; 5],
    earlier: Vec<Batch>,
    next: Option<String>,
    megabytes: usize,
    rows: u32,
    pasted: u32,
    problems: Problems,
    once_key: String,
}

/// Earlier searches that the page shows at once.
const EARLIER: i64 = 10;

/// Where the earlier searches begin.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct SearchQuery {
    after: String,
}

/// `GET /bookings/batch-search`
pub async fn form(visit: Visit<SeeRefunds>, query: Query<SearchQuery>) -> Answer {
    page(&visit, &query, SearchForm::default(), Problems::default()).await
}

async fn page(visit: &Visit<SeeRefunds>, query: &SearchQuery, typed: SearchForm, problems: Problems) -> Answer {
    let limits = &visit.app.settings.limits;
    let mut conn = visit.app.db.read().await?;
    let after = Cursor::parse(&query.after);
    let earlier = store::list(&mut conn, &visit.scope(), BatchKind::Search, after, EARLIER + 1).await?;
    let earlier = Page::cut(earlier, EARLIER, store::cursor);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = SearchPage {
        frame: visit.frame("batch-search-title", Place::BatchSearch),
        typed,
        encodings: ENCODINGS,
        next: earlier.next.map(|after| paging::with_cursor(query, &after)),
        earlier: earlier.rows,
        megabytes: limits.max_sheet_bytes / 1_048_576,
        rows: limits.sheet_rows,
        pasted: limits.pasted_orders,
        problems,
        once_key: new_token(),
    };
    visit.page_with(status, &page)
}

/// `POST /bookings/batch-search`
pub async fn search(visit: Visit<SeeRefunds>, upload: Upload<SearchForm>) -> Answer {
    let Upload { fields, mut problems, sheet, .. } = upload;
    let app = &visit.app;
    let pasted: Vec<String> = pasted(&fields.orders).collect();
    let most = usize::try_from(app.settings.limits.pasted_orders).unwrap_or(500);
    if pasted.len() > most {
        problems.add("orders", Message::new("batch-search-too-many").count("max", i64::try_from(most).unwrap_or(0)));
    } else if sheet.is_none() && pasted.is_empty() && problems.is_empty() {
        problems.add("orders", Message::new("batch-search-nothing"));
    }
    if !problems.is_empty() {
        return page(&visit, &SearchQuery::default(), fields, problems).await;
    }
    let now = app.clock.now();
    let number = if let Some(sheet) = sheet {
        let beginning = Beginning {
            actor: visit.actor.clone(),
            kind: BatchKind::Search,
            stored_as: keep_sheet(&app.settings.files, &sheet.bytes).await?,
            file_digest: digest_of(&sheet.bytes),
            file_name: sheet.name,
            encoding: encoding(&fields.encoding),
            reason: None,
            fulfilled_on: None,
            proof: Vec::new(),
            once_key: fields.once,
        };
        pages::begun(app, beginning).await?
    } else {
        actions::begin_pasted(&app.db, visit.actor.clone(), pasted, now).await?
    };
    app.wake_worker();
    Ok(see_other(&format!("/batches/{number}")))
}

/// `GET /bookings/batch-search/template.xlsx`
pub async fn template_xlsx(visit: Visit<SeeRefunds>) -> Answer {
    pages::template_xlsx(&visit, BatchKind::Search)
}

/// `GET /bookings/batch-search/template.csv`
pub async fn template_csv(_: Visit<SeeRefunds>) -> Answer {
    Ok(pages::template_csv(BatchKind::Search))
}
