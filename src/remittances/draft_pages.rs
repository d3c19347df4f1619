//! Finance → Remittances → a new file: it is read, its columns are chosen, and only then it is imported.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::drafts::{self, Draft, Source};
use super::importing::{self, NotImported, Outcome, Said};
use super::mapping::{Field, Mapping, Read, known_headers};
use super::store;
use crate::attachments::upload::Upload;
use crate::kernel::id::new_id;
use crate::kernel::money::{Currency, Money};
use crate::spreadsheets::cell::Row;
use crate::spreadsheets::identifying::fold_header;
use crate::spreadsheets::uploaded::{self, ENCODINGS, digest_of, encoding};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems, one_line};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{PostMoney, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// What was typed beside the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UploadForm {
    pub source: String,
    pub encoding: String,
}

#[derive(Template)]
#[template(path = "remittances/new.html")]
struct NewPage {
    frame: Frame,
    typed: UploadForm,
    sources: Vec<Source>,
    encodings: [&'static str; 5],
    megabytes: usize,
    rows: u32,
    problems: Problems,
}

/// `GET /finance/remittances/new`
pub async fn new(visit: Visit<PostMoney>) -> Answer {
    form(&visit, UploadForm::default(), Problems::default()).await
}

async fn form(visit: &Visit<PostMoney>, typed: UploadForm, problems: Problems) -> Answer {
    let limits = &visit.app.settings.limits;
    let mut conn = visit.app.db.read().await?;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = NewPage {
        frame: visit.frame("remittance-new-title", Place::Remittances),
        typed,
        sources: drafts::sources(&mut conn).await?,
        encodings: ENCODINGS,
        megabytes: limits.max_sheet_bytes / 1_048_576,
        rows: limits.sheet_rows,
        problems,
    };
    visit.page_with(status, &page)
}

const MAX_NAME: usize = 60;

/// `POST /finance/remittances`: the file is read; nothing happens yet.
pub async fn upload(visit: Visit<PostMoney>, upload: Upload<UploadForm>) -> Answer {
    let Upload { fields, mut problems, sheet, .. } = upload;
    let app = &visit.app;
    let name = problems.take("source", one_line(&fields.source, MAX_NAME));
    let sheet = match sheet {
        Some(sheet) => Some(sheet),
        None if problems.of("sheet").is_some() => None,
        None => problems.take("sheet", Err(Message::new("batch-no-file"))),
    };
    let (Some(name), Some(sheet), true) = (name, sheet, problems.is_empty()) else {
        return form(&visit, fields, problems).await;
    };
    let file_digest = digest_of(&sheet.bytes);
    let mut conn = app.db.read().await?;
    if let Some(there) = store::of_file(&mut conn, &file_digest).await? {
        return Ok(see_other(&format!("/finance/remittances/{}?done=remittance-there", there.number)));
    }
    let known = drafts::source(&mut conn, &name).await?;
    drop(conn);
    let mut headers = known_headers();
    headers.extend(known.iter().flat_map(|source| &source.mapping.columns).map(|(_, header)| fold_header(header)));
    let table = uploaded::read(&app.settings, sheet.bytes, headers, encoding(&fields.encoding)).await?;
    let table = table.and_then(|table| if table.rows.is_empty() { Err(Message::new("remittance-no-lines")) } else { Ok(table) });
    let Some(table) = problems.take("sheet", table) else {
        return form(&visit, fields, problems).await;
    };
    let saved = known.map(|source| source.mapping).filter(|mapping| mapping.check(&table.header).is_ok());
    let draft = Draft {
        id: new_id(),
        source_name: name,
        file_name: sheet.name,
        file_digest,
        mapping: saved.unwrap_or_else(|| Mapping::guess(&table.header)),
        table,
        created_by: visit.actor.user_id.clone(),
    };
    let (id, now) = (draft.id.clone(), app.clock.now());
    app.db.write(move |conn| Box::pin(async move { drafts::insert(conn, &draft, now).await })).await?;
    Ok(see_other(&format!("/finance/remittances/drafts/{id}")))
}

/// A line of the preview.
struct Previewed {
    line: i64,
    read: Option<Read>,
    /// What could not be read, and what stood there.
    wrong: Option<Field>,
    text: String,
}

#[derive(Template)]
#[template(path = "remittances/draft.html")]
struct DraftPage {
    frame: Frame,
    draft: Draft,
    fields: &'static [Field],
    lines: Vec<Previewed>,
    /// Lines that hold no amount, or something else that cannot be read.
    unreadable: Vec<Previewed>,
    unreadable_count: usize,
    /// Those of them that may hold money.
    damaged_count: usize,
    sums: Vec<(i64, Money)>,
    problems: Problems,
}

/// Lines that the preview shows.
const SHOWN: usize = 12;
/// Lines that cannot be read which it shows: each is to be looked at.
const SHOWN_UNREADABLE: usize = 100;

/// `GET /finance/remittances/drafts/{draft}`
pub async fn draft(visit: Visit<PostMoney>, id: Path<String>) -> Answer {
    show_draft(&visit, &id, Problems::default()).await
}

async fn show_draft(visit: &Visit<PostMoney>, id: &str, mut problems: Problems) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let draft = drafts::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
    if let Err(message) = draft.mapping.check(&draft.table.header) {
        problems.add("amount", message);
    }
    let read = importing::preview(&draft);
    let text = |row: &Row| row.cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.1.as_str()).collect::<Vec<_>>().join(" · ");
    let previewed = |(row, read): &(&Row, Result<Read, Field>)| Previewed {
        line: row.line,
        read: read.as_ref().ok().cloned(),
        wrong: read.as_ref().err().copied(),
        text: text(row),
    };
    let damaged: Vec<i64> = importing::damaged(&draft, &read).iter().map(|row| row.line).collect();
    let mut bad: Vec<_> = read.iter().filter(|(_, read)| read.is_err()).collect();
    // What may be money comes first.
    bad.sort_by_key(|(row, _)| !damaged.contains(&row.line));
    let page = DraftPage {
        frame: visit.frame("remittance-draft-title", Place::Remittances),
        fields: Field::ALL,
        lines: read.iter().filter(|(_, read)| read.is_ok()).take(SHOWN).map(previewed).collect(),
        unreadable: bad.iter().take(SHOWN_UNREADABLE).map(|one| previewed(one)).collect(),
        unreadable_count: bad.len(),
        damaged_count: damaged.len(),
        sums: importing::sums(&read),
        draft: draft.clone(),
        problems,
    };
    visit.page(&page)
}

/// The columns as they were chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MappingForm {
    amount: String,
    currency: String,
    paid_on: String,
    reference: String,
    refund_no: String,
    order_no: String,
    pnr: String,
    ticket: String,
    passenger: String,
    fixed_currency: String,
    decimals: String,
    dates: String,
    /// The lines are those of an earlier file, and yet other payments.
    other_payments: String,
    /// What the button says: only look again, or import.
    go: String,
    /// Lines without an amount are known and left out.
    leave_out: String,
}

impl MappingForm {
    fn mapping(&self) -> Mapping {
        let columns = [
            (Field::Amount, &self.amount),
            (Field::Currency, &self.currency),
            (Field::PaidOn, &self.paid_on),
            (Field::Reference, &self.reference),
            (Field::RefundNo, &self.refund_no),
            (Field::OrderNo, &self.order_no),
            (Field::Pnr, &self.pnr),
            (Field::Ticket, &self.ticket),
            (Field::Passenger, &self.passenger),
        ];
        let chosen = columns.into_iter().filter(|(_, name)| !name.is_empty());
        Mapping {
            columns: chosen.map(|(field, name)| (field.word().to_owned(), name.clone())).collect(),
            currency: Currency::parse(&self.fixed_currency).map(|currency| currency.code().to_owned()).unwrap_or_default(),
            decimal_comma: self.decimals == "comma",
            dates: self.dates.parse().unwrap_or_default(),
        }
    }
}

/// `POST /finance/remittances/drafts/{draft}`: look again with other columns, or import.
pub async fn import(visit: Visit<PostMoney>, id: Path<String>, form: Form<MappingForm>) -> Answer {
    let (app, Form(form)) = (&visit.app, form);
    let mut conn = app.db.read().await?;
    let Some(draft) = drafts::find(&mut conn, &id).await? else {
        // The button was pressed before: the remittance of a draft has its id.
        let before = store::by_id(&mut conn, &id).await?.ok_or(Error::NotFound)?;
        return Ok(see_other(&format!("/finance/remittances/{}?done=remittance-imported", before.number)));
    };
    drop(conn);
    let (mapping, draft_id) = (form.mapping(), draft.id.clone());
    let kept = mapping.clone();
    app.db.write(move |conn| Box::pin(async move { drafts::save_mapping(conn, &draft_id, &kept).await })).await?;
    if form.go != "import" {
        return Ok(see_other(&format!("/finance/remittances/drafts/{id}")));
    }
    let draft = Draft { mapping: mapping.clone(), ..draft };
    let mut problems = Problems::default();
    let read = importing::preview(&draft);
    let unreadable = read.iter().filter(|(_, read)| read.is_err()).count();
    if unreadable > 0 && form.leave_out.is_empty() && importing::damaged(&draft, &read).is_empty() {
        problems.add("leave_out", Message::new("remittance-leave-out-needed").count("count", i64::try_from(unreadable).unwrap_or(0)));
        return show_draft(&visit, &id, problems).await;
    }
    let said = Said { mapping, other_payments: !form.other_payments.is_empty() };
    match importing::import(&app.db, visit.actor.clone(), id.to_string(), said, app.clock.now()).await {
        Ok(Outcome::Imported(number)) => Ok(see_other(&format!("/finance/remittances/{number}?done=remittance-imported"))),
        Ok(Outcome::There(number)) => Ok(see_other(&format!("/finance/remittances/{number}?done=remittance-there"))),
        Err(NotImported::Mapping(_)) => show_draft(&visit, &id, problems).await,
        Err(NotImported::Unreadable(count)) => {
            problems.add("damaged", Message::new("remittance-money-unreadable").count("count", i64::try_from(count).unwrap_or(0)));
            show_draft(&visit, &id, problems).await
        }
        Err(NotImported::Alike(number)) => {
            problems.add("other_payments", Message::new("remittance-alike").text("number", number));
            show_draft(&visit, &id, problems).await
        }
        Err(NotImported::Absent) => Err(Error::NotFound),
        Err(NotImported::Ledger(error)) => Err(Error::Internal(format!("{error:?}"))),
        // Somebody imported the very same a moment ago.
        Err(NotImported::Database(error)) if crate::db::is_duplicate(&error) => Err(Error::Conflict(Message::new("remittance-same"))),
        Err(NotImported::Database(error)) => Err(error.into()),
    }
}
