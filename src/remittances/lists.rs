//! Lists across all remittances: open money by age, and airlines that are late; and lines as files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::allocation_store;
use super::line_store::{self, View};
use super::model::{Line, Remittance, Totals};
use super::store;
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp, instant_text, utc_day};
use crate::refunds::model::Kind;
use crate::refunds::model::Refund;
use crate::refunds::store::{OVERDUE, overdue_values};
use crate::web::figures;
use crate::web::filters::{self, Reader};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format, Rows};
use crate::web::visit::{PostMoney, Visit};
use crate::web::words::{Named, say};
use crate::web::{Answer, AppData};

/// Days at which open money gets another age.
pub const AGES: [i64; 3] = [7, 30, 60];

const COLUMNS: [&str; 18] = [
    "remittance",
    "remittance-line",
    "field-paid_on",
    "currency",
    "amount",
    "remittance-matched",
    "remittance-open",
    "remittance-rejected",
    "status",
    "line-finding",
    "refund-id",
    "line-rejected-as",
    "field-reference",
    "field-pnr",
    "field-ticket",
    "field-passenger",
    "line-owner",
    "line-came",
];

/// The names of the columns of lines.
#[must_use]
pub fn columns(reader: &Reader) -> Vec<String> {
    COLUMNS.iter().map(|key| say(reader.language, key)).collect()
}

/// Lines as rows of a file, with the refunds that they are matched with.
async fn rows_of(conn: &mut Conn, lines: &[Line], reader: &Reader) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
    let ids: Vec<String> = lines.iter().map(|line| line.remittance_id.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let (numbers, refunds) = (numbers(conn, &ids).await?, allocation_store::refunds_of_lines(conn, lines).await?);
    let of = |line: &Line| numbers.get(&line.remittance_id).map_or("", String::as_str);
    Ok(lines.iter().map(|line| cells(line, of(line), refunds.get(&line.id).map_or(&[], Vec::as_slice), reader)).collect())
}

fn cells(line: &Line, number: &str, refunds: &[String], reader: &Reader) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let came: Vec<&str> = line.cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.1.as_str()).collect();
    vec![
        text(number),
        Cell::Count(line.line),
        text(&line.paid_on.to_string()),
        text(line.currency().code()),
        Cell::Amount(Some(line.amount)),
        Cell::Amount(Some(line.matched)),
        Cell::Amount(Some(line.open())),
        Cell::Amount(Some(line.rejected)),
        text(&line.status.named().say(reader.language)),
        text(&line.finding.named().say(reader.language)),
        text(&refunds.join(" ")),
        text(&line.rejection.map(|rejection| rejection.named().say(reader.language)).unwrap_or_default()),
        text(if line.reference.is_empty() { line.named_by() } else { &line.reference }),
        text(&line.pnr),
        text(&line.ticket),
        text(&line.passenger),
        text(&line.owner_name),
        text(&came.join(" · ")),
    ]
}

/// The lines of one remittance.
#[must_use]
pub fn lines_of(app: AppData, remittance_id: String, view: View, reader: Reader) -> Rows {
    sheet::paged(0, move |after| {
        let (app, id, reader) = (app.clone(), remittance_id.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let lines = line_store::lines(&mut conn, &id, view, after, sheet::STEP).await?;
            let next = paging::after_full(&lines, sheet::STEP, |line| line.row_no);
            Ok((rows_of(&mut conn, &lines, &reader).await?, next))
        }
    })
}

fn open_lines(app: AppData, owner: Option<String>, reader: Reader) -> Rows {
    sheet::paged(None, move |after: Option<Cursor>| {
        let (app, owner, reader) = (app.clone(), owner.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            let lines = line_store::open(&mut conn, owner.as_deref(), after, sheet::STEP).await?;
            let next = paging::after_full(&lines, sheet::STEP, cursor);
            Ok((rows_of(&mut conn, &lines, &reader).await?, next.map(Some)))
        }
    })
}

fn cursor(line: &Line) -> Cursor {
    Cursor { sorted: line.paid_on.to_string(), id: line.id.clone() }
}

/// Open money of one currency by age, the youngest first.
struct Aged {
    ages: [Money; 4],
    total: Money,
    count: i64,
}

/// Adds open money up by age, in one statement.
async fn aged(conn: &mut Conn, owner: Option<&str>, today: Date) -> Result<Vec<Aged>, sqlx::Error> {
    let since = |days: i64| today.checked_sub(jiff::Span::new().days(days)).unwrap_or(today).to_string();
    let rows: Vec<(String, i64, i64, i64)> = crate::db::select::Select::new("SELECT l.currency, CAST(CASE WHEN l.paid_on >=")
        .then(
            "? THEN 0 WHEN l.paid_on >= ? THEN 1 WHEN l.paid_on >= ? THEN 2 ELSE 3 END AS BIGINT) AS age, \
         CAST(SUM(l.amount_minor - l.matched_minor - l.rejected_minor) AS BIGINT), COUNT(*) FROM remittance_lines l \
         WHERE l.status IN ('unmatched', 'proposed') AND (? = '' OR l.owner_id = ?) GROUP BY 1, 2",
            [since(AGES[0]).into(), since(AGES[1]).into(), since(AGES[2]).into(), owner.unwrap_or("").into(), owner.unwrap_or("").into()],
        )
        .fetch(conn)
        .await?;
    let mut all: BTreeMap<Currency, ([i64; 4], i64)> = BTreeMap::new();
    for (currency, age, minor, count) in rows {
        let currency = Currency::parse(&currency).map_err(decode)?;
        let sums = all.entry(currency).or_default();
        sums.0[usize::try_from(age).unwrap_or(3).min(3)] += minor;
        sums.1 += count;
    }
    let aged = |(currency, (ages, count)): (Currency, ([i64; 4], i64))| Aged {
        ages: ages.map(|minor| Money::new(minor, currency)),
        total: Money::new(ages.iter().sum(), currency),
        count,
    };
    Ok(all.into_iter().map(aged).collect())
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct OpenQuery {
    /// `mine`: only lines of the visitor's own.
    owner: String,
    after: String,
}

#[derive(Template)]
#[template(path = "remittances/open.html")]
struct OpenPage {
    frame: Frame,
    aged: Vec<Aged>,
    lines: Vec<(Line, String)>,
    next: Option<String>,
    /// Refunds of which a part is here and the rest is waited for.
    holding: Vec<Refund>,
    mine: bool,
    query: String,
}

/// Refunds whose money is not complete that the page shows, those that wait the longest; it leads to the list of all.
const HOLDING: i64 = 100;

/// `GET /finance/unmatched`: money that nobody has matched, the oldest first.
pub async fn open(visit: Visit<PostMoney>, query: Query<OpenQuery>) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let owner = (query.owner == "mine").then_some(visit.actor.user_id.as_str());
    let mut conn = visit.app.db.read().await?;
    let lines = line_store::open(&mut conn, owner, Cursor::parse(&query.after), rows + 1).await?;
    let page = Page::cut(lines, rows, cursor);
    let ids: Vec<String> = page.rows.iter().map(|line| line.remittance_id.clone()).collect();
    let numbers = numbers(&mut conn, &ids).await?;
    let with_number = |line: Line| {
        let number = numbers.get(&line.remittance_id).cloned().unwrap_or_default();
        (line, number)
    };
    visit.page(&OpenPage {
        frame: visit.frame("unmatched-title", Place::Remittances),
        aged: aged(&mut conn, owner, utc_day(visit.app.clock.now())).await?,
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        lines: page.rows.into_iter().map(with_number).collect(),
        holding: allocation_store::holding(&mut conn, HOLDING).await?,
        mine: owner.is_some(),
        query: paging::query_of(&*query),
    })
}

async fn numbers(conn: &mut Conn, ids: &[String]) -> Result<std::collections::HashMap<String, String>, sqlx::Error> {
    let rows: Vec<(String, String)> = crate::db::select::Select::new("SELECT m.id, m.number FROM remittances m")
        .and_in("m.id", ids.iter().map(|id| id.as_str().into()))
        .fetch(conn)
        .await?;
    Ok(rows.into_iter().collect())
}

async fn open_export(visit: &Visit<PostMoney>, query: &OpenQuery, format: Format) -> Answer {
    let (reader, now) = (visit.reader(), visit.app.clock.now());
    let owner = (query.owner == "mine").then(|| visit.actor.user_id.clone());
    let sheet = visit.sheet(format!("unmatched-{}", utc_day(now)), columns(&reader));
    sheet.send(format, open_lines(visit.app.clone(), owner, reader)).await
}

/// `GET /finance/unmatched.csv`
pub async fn open_csv(visit: Visit<PostMoney>, query: Query<OpenQuery>) -> Answer {
    open_export(&visit, &query, Format::Csv).await
}

/// `GET /finance/unmatched.xlsx`
pub async fn open_xlsx(visit: Visit<PostMoney>, query: Query<OpenQuery>) -> Answer {
    open_export(&visit, &query, Format::Xlsx).await
}

/// What an airline owes past its time, in one currency, of one kind of refunds.
struct Late {
    airline: String,
    kind: Kind,
    count: i64,
    sum: Money,
    /// Refunds of which nobody can say what they bring.
    unknown: i64,
    /// Since when the oldest of them is late.
    since: Date,
}

impl Late {
    /// The list of them.
    fn list(&self) -> String {
        let tab = if self.kind == Kind::Claim { "claims" } else { "refunds" };
        let filters = [("airline", self.airline.as_str()), ("currency", self.sum.currency.code()), ("overdue", "1")];
        format!("/finance/{tab}?{}", serde_html_form::to_string(filters).unwrap_or_default())
    }
}

/// Airlines whose money is late; the most first.
async fn late(conn: &mut Conn, now: Timestamp) -> Result<Vec<Late>, sqlx::Error> {
    let select = Select::new(
        "SELECT r.airline, r.kind, r.currency, COUNT(*), \
         CAST(COALESCE(SUM(COALESCE(r.airline_minor, r.estimated_minor) - r.held_minor), 0) AS BIGINT), \
         CAST(SUM(CASE WHEN COALESCE(r.airline_minor, r.estimated_minor) IS NULL THEN 1 ELSE 0 END) AS BIGINT), \
         MIN(COALESCE(r.expected_on, r.follow_up_from, r.fulfilled_on)) FROM refunds r",
    );
    let select = select.and(OVERDUE, overdue_values(now)).then("GROUP BY r.airline, r.kind, r.currency ORDER BY 5 DESC, 1, 2, 3", []);
    let rows: Vec<(String, String, String, i64, i64, i64, String)> = select.fetch(conn).await?;
    rows.into_iter()
        .map(|(airline, kind, currency, count, minor, unknown, since)| {
            let (kind, currency) = (kind.parse().map_err(decode)?, Currency::parse(&currency).map_err(decode)?);
            let since = since.get(..10).unwrap_or_default().parse().map_err(|error: jiff::Error| decode(error))?;
            Ok(Late { airline, kind, count, sum: Money::new(minor, currency), unknown, since })
        })
        .collect()
}

#[derive(Template)]
#[template(path = "remittances/overdue.html")]
struct OverduePage {
    frame: Frame,
    late: Vec<Late>,
    totals: Vec<(i64, Money)>,
}

/// `GET /finance/overdue`
pub async fn overdue(visit: Visit<PostMoney>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let late = late(&mut conn, visit.app.clock.now()).await?;
    let mut sums: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
    for one in &late {
        let sum = sums.entry(one.sum.currency).or_default();
        *sum = (sum.0 + one.count, sum.1 + one.sum.minor);
    }
    visit.page(&OverduePage {
        frame: visit.frame("overdue-title", Place::Remittances),
        totals: sums.into_iter().map(|(currency, (count, minor))| (count, Money::new(minor, currency))).collect(),
        late,
    })
}

async fn export_overdue(visit: &Visit<PostMoney>, format: Format) -> Answer {
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let late = late(&mut conn, now).await?;
    drop(conn);
    let reader = visit.reader();
    let names = ["airline", "overdue-kind", "overdue-refunds", "currency", "overdue-sum", "overdue-no-amount", "overdue-since"];
    let rows = late.into_iter().map(|one| {
        vec![
            Cell::Text(one.airline),
            Cell::Text(one.kind.named().say(reader.language)),
            Cell::Count(one.count),
            Cell::Text(one.sum.currency.code().to_owned()),
            Cell::Amount(Some(one.sum)),
            Cell::Count(one.unknown),
            Cell::Text(one.since.to_string()),
        ]
    });
    let sheet = visit.sheet(format!("overdue-{}", utc_day(now)), names.iter().map(|key| say(reader.language, key)).collect());
    sheet.send(format, sheet::whole(rows.collect())).await
}

/// `GET /finance/overdue.csv`
pub async fn overdue_csv(visit: Visit<PostMoney>) -> Answer {
    export_overdue(&visit, Format::Csv).await
}

/// `GET /finance/overdue.xlsx`
pub async fn overdue_xlsx(visit: Visit<PostMoney>) -> Answer {
    export_overdue(&visit, Format::Xlsx).await
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
