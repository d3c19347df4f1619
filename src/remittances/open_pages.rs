//! Money that nobody has matched, by its age, and refunds whose money is not complete.

use std::collections::BTreeMap;

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::line_files::{columns, cursor, numbers, open_lines};
use super::model::Line;
use super::{allocation_store, line_store};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, utc_day};
use crate::refunds::model::Refund;
use crate::web::Answer;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::Format;
use crate::web::visit::{PostMoney, Visit};

/// Days at which open money gets another age.
pub const AGES: [i64; 3] = [7, 30, 60];

/// Open money of one currency by age, the youngest first.
struct Aged {
    ages: [Money; 4],
    total: Money,
    count: i64,
}

/// Adds open money up by age, in one statement.
async fn aged(conn: &mut Conn, owner: Option<&str>, today: Date) -> Result<Vec<Aged>, sqlx::Error> {
    let since = |days: i64| today.checked_sub(jiff::Span::new().days(days)).unwrap_or(today).to_string();
    let rows: Vec<(String, i64, i64, i64)> = Select::new("SELECT l.currency, CAST(CASE WHEN l.paid_on >=")
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
