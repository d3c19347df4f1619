//! Finance → Remittances: the list, and one remittance.

use std::collections::HashMap;

use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::line_files;
use super::line_store::{self, View};
use super::matching::NotMatched;
use super::model::{Finding, Line, LineStatus, Remittance, Totals};
use super::posting;
use super::store;
use crate::kernel::time::{instant_text, utc_day};
use crate::web::error::Error;
use crate::web::figures;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{PostMoney, Visit};
use crate::web::words::{Message, say};
use crate::web::{Answer, see_other};

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
pub struct ListQuery {
    after: String,
}

#[derive(Template)]
#[template(path = "remittances/list.html")]
struct ListPage {
    frame: Frame,
    remittances: Vec<(Remittance, Vec<Totals>)>,
    next: Option<String>,
}

/// `GET /finance/remittances`
pub async fn list(visit: Visit<PostMoney>, query: Query<ListQuery>) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let found = store::list(&mut conn, Cursor::parse(&query.after), rows + 1).await?;
    let page = Page::cut(found, rows, |one| Cursor { sorted: instant_text(one.created_at), id: one.id.clone() });
    let ids: Vec<String> = page.rows.iter().map(|one| one.id.clone()).collect();
    let mut totals = if ids.is_empty() { HashMap::new() } else { store::totals(&mut conn, &ids).await? };
    visit.page(&ListPage {
        frame: visit.frame("remittances-title", Place::Remittances),
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        remittances: page
            .rows
            .into_iter()
            .map(|one| (totals.remove(&one.id).unwrap_or_default(), one))
            .map(|(totals, one)| (one, totals))
            .collect(),
    })
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ShowQuery {
    pub view: String,
    /// The last line seen.
    pub after: String,
}

/// A filter that is a figure.
struct Tile {
    word: &'static str,
    name: Message,
    count: i64,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "remittances/show.html")]
struct ShowPage {
    frame: Frame,
    remittance: Remittance,
    totals: Vec<Totals>,
    tiles: Vec<Tile>,
    view: String,
    lines: Vec<Line>,
    next: Option<String>,
    exact: i64,
    /// Lines that are open, whatever they look like.
    open: i64,
    query: String,
}

/// `GET /finance/remittances/{number}`
pub async fn show(visit: Visit<PostMoney>, number: Path<String>, query: Query<ShowQuery>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let remittance = store::find(&mut conn, &number).await?.ok_or(Error::NotFound)?;
    let limit = visit.app.settings.limits.page_rows;
    let view = View::parse(&query.view);
    let mut lines = line_store::lines(&mut conn, &remittance.id, view, query.after.parse().unwrap_or(0), limit + 1).await?;
    let more = i64::try_from(lines.len()).is_ok_and(|count| count > limit);
    lines.truncate(usize::try_from(limit).unwrap_or(50));
    let counts = line_store::counts(&mut conn, &remittance.id).await?;
    let totals = store::totals(&mut conn, std::slice::from_ref(&remittance.id)).await?.remove(&remittance.id).unwrap_or_default();
    let page = ShowPage {
        frame: visit.frame(Message::new("remittance-title").text("number", &remittance.number), Place::Remittances),
        next: lines.last().filter(|_| more).map(|line| paging::with_cursor(&*query, &line.row_no.to_string())),
        tiles: tiles(&counts),
        exact: counts.get(Finding::Exact.word()).copied().unwrap_or(0),
        open: Finding::ALL.iter().filter_map(|finding| counts.get(finding.word())).sum(),
        view: if view == View::All { String::new() } else { query.view.clone() },
        query: paging::query_of(&*query),
        totals,
        lines,
        remittance,
    };
    visit.page(&page)
}

fn tiles(counts: &HashMap<String, i64>) -> Vec<Tile> {
    use crate::web::words::Named;
    let findings = [Finding::Exact, Finding::Suggested, Finding::ShortPaid, Finding::OverPaid, Finding::Unknown, Finding::Card];
    let open = findings.into_iter().map(|finding| (finding.word(), finding.named(), if finding == Finding::Unknown { "bad" } else { "" }));
    let done = [LineStatus::Matched, LineStatus::Rejected].into_iter().map(|status| (status.word(), status.named(), ""));
    open.chain(done)
        .map(|(word, name, tone)| {
            let count = counts.get(word).copied().unwrap_or(0);
            Tile { word, name, count, tone: if count > 0 { tone } else { "" } }
        })
        .filter(|tile| tile.count > 0 || tile.word != Finding::Card.word())
        .collect()
}

/// A form that is only a button.
#[derive(Debug, Deserialize)]
pub struct Pressed {}

/// `POST /finance/remittances/{number}/posting`: post all exact matches.
pub async fn post_exact(visit: Visit<PostMoney>, number: Path<String>, _: Form<Pressed>) -> Answer {
    posting::begin(&visit.app.db, &visit.actor, number.to_string(), visit.app.clock.now()).await.map_err(Error::from)?;
    visit.app.wake_worker();
    Ok(see_other(&format!("/finance/remittances/{number}")))
}

/// `POST /finance/remittances/{number}/comparing`: look for the open lines' refunds again.
pub async fn compare(visit: Visit<PostMoney>, number: Path<String>, _: Form<Pressed>) -> Answer {
    posting::compare_again(&visit.app.db, number.to_string()).await?;
    Ok(see_other(&format!("/finance/remittances/{number}?done=remittance-compared")))
}

async fn export(visit: &Visit<PostMoney>, number: &str, query: &ShowQuery, format: Format) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let remittance = store::find(&mut conn, number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let reader = visit.reader();
    let sheet = visit.sheet(remittance.number.clone(), line_files::columns(&reader));
    sheet.send(format, line_files::lines_of(visit.app.clone(), remittance.id, View::parse(&query.view), reader)).await
}

/// `GET /finance/remittances/{number}/lines.csv`
pub async fn csv(visit: Visit<PostMoney>, number: Path<String>, query: Query<ShowQuery>) -> Answer {
    export(&visit, &number, &query, Format::Csv).await
}

/// `GET /finance/remittances/{number}/lines.xlsx`
pub async fn xlsx(visit: Visit<PostMoney>, number: Path<String>, query: Query<ShowQuery>) -> Answer {
    export(&visit, &number, &query, Format::Xlsx).await
}

impl From<NotMatched> for Error {
    fn from(error: NotMatched) -> Self {
        match error {
            NotMatched::Absent => Self::NotFound,
            NotMatched::Overtaken | NotMatched::Again => Self::Conflict(Message::new("remittance-overtaken")),
            NotMatched::Nothing => Self::Refused(Message::new("match-nothing")),
            NotMatched::TooMuch => Self::Refused(Message::new("match-too-much")),
            NotMatched::NoSuchRefund(number) => Self::Refused(Message::new("match-no-such-refund").text("number", number)),
            NotMatched::Card(number) => Self::Refused(Message::new("match-card").text("number", number)),
            NotMatched::Unexplained { refund_no, estimated, actual } => Self::Refused(
                Message::new("match-unexplained").text("number", refund_no).money("estimated", estimated).money("actual", actual),
            ),
            NotMatched::KeyReused => Self::Refused(Message::new("request-key-reused")),
            NotMatched::BelowFloor => Self::Refused(Message::new("match-below-floor")),
            NotMatched::Ledger(error) => Self::Internal(format!("{error:?}")),
            NotMatched::Database(error) => error.into(),
        }
    }
}

const FILES: [&str; 9] = [
    "remittance",
    "remittance-source",
    "batch-file",
    "currency",
    "remittance-file-sum",
    "remittance-matched",
    "remittance-open",
    "remittance-rejected",
    "when",
];

/// The imported files, a row for each currency of each.
async fn export_files(visit: &Visit<PostMoney>, format: Format) -> Answer {
    let (app, reader) = (visit.app.clone(), visit.reader());
    let columns = FILES.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after: Option<Cursor>| {
        let (app, zone) = (app.clone(), reader.zone_name.clone());
        async move {
            let mut conn = app.db.read().await?;
            let found = store::list(&mut conn, after, sheet::STEP).await?;
            let next = paging::after_full(&found, sheet::STEP, |one| Cursor { sorted: instant_text(one.created_at), id: one.id.clone() });
            let ids: Vec<String> = found.iter().map(|one| one.id.clone()).collect();
            let mut totals = if ids.is_empty() { HashMap::new() } else { store::totals(&mut conn, &ids).await? };
            let cells = |one: Remittance| {
                let at = figures::moment(one.created_at, &zone);
                let id = one.id.clone();
                let row = move |total: Totals| {
                    vec![
                        Cell::Text(one.number.clone()),
                        Cell::Text(one.source_name.clone()),
                        Cell::Text(one.file_name.clone()),
                        Cell::Text(total.file.currency.code().to_owned()),
                        Cell::Amount(Some(total.file)),
                        Cell::Amount(Some(total.matched)),
                        Cell::Amount(Some(total.open())),
                        Cell::Amount(Some(total.rejected)),
                        Cell::Text(at.clone()),
                    ]
                };
                totals.remove(&id).unwrap_or_default().into_iter().map(row).collect::<Vec<_>>()
            };
            Ok((found.into_iter().flat_map(cells).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("remittances-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /finance/remittances.csv`
pub async fn files_csv(visit: Visit<PostMoney>) -> Answer {
    export_files(&visit, Format::Csv).await
}

/// `GET /finance/remittances.xlsx`
pub async fn files_xlsx(visit: Visit<PostMoney>) -> Answer {
    export_files(&visit, Format::Xlsx).await
}
