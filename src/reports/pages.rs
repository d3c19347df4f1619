//! Finance → Reports.

use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::periods::{self, Span};
use super::report::{self, Asked, Name, Report, Value};
use crate::kernel::folding::fold_identifier;
use crate::kernel::time::{Timestamp, utc_day};
use crate::refunds::model::Kind;
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::paging;
use crate::web::sheet::{self, Format};
use crate::web::visit::{SeeMoney, Visit};
use crate::web::words::{Message, say};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ReportQuery {
    months: String,
    airline: String,
    kind: String,
}

const MOST_MONTHS: i64 = 24;
const USUAL_MONTHS: i64 = 6;

/// The time and the refunds that are meant.
struct Wanted {
    kind: Kind,
    months: Vec<Span>,
    weeks: Vec<Span>,
    ages: Vec<Span>,
    airline: String,
}

impl ReportQuery {
    fn wanted(&self, now: Timestamp, zone_name: &str) -> Wanted {
        let count = self.months.parse().unwrap_or(USUAL_MONTHS).clamp(1, MOST_MONTHS);
        Wanted {
            kind: self.kind.parse().unwrap_or(Kind::Refund),
            months: periods::months(now, zone_name, count),
            weeks: periods::weeks(now, zone_name, (count * 13 / 3).clamp(1, 52)),
            ages: periods::ages(now, zone_name),
            airline: fold_identifier(&self.airline),
        }
    }
}

#[derive(Template)]
#[template(path = "reports/list.html")]
struct ReportsPage {
    frame: Frame,
    reports: Vec<Report>,
    months: i64,
    airline: String,
    kind: Kind,
    kinds: &'static [Kind],
    query: String,
}

/// `GET /finance/reports`
pub async fn list(visit: Visit<SeeMoney>, query: Query<ReportQuery>) -> Answer {
    let now = visit.app.clock.now();
    let wanted = query.wanted(now, &visit.actor.zone_name);
    let scope = visit.scope();
    let mut conn = visit.app.db.read().await?;
    let mut reports = Vec::new();
    for name in Name::ALL {
        reports.push(report::make(&mut conn, *name, &asked(&wanted, &scope, now)).await?);
    }
    visit.page(&ReportsPage {
        frame: visit.frame("reports-title", Place::Reports),
        reports,
        months: i64::try_from(wanted.months.len()).unwrap_or(USUAL_MONTHS),
        airline: wanted.airline,
        kind: wanted.kind,
        kinds: Kind::ALL,
        query: paging::query_of(&*query),
    })
}

fn asked<'a>(wanted: &'a Wanted, scope: &'a crate::kernel::actor::Scope, now: Timestamp) -> Asked<'a> {
    Asked { scope, kind: wanted.kind, months: &wanted.months, weeks: &wanted.weeks, ages: &wanted.ages, airline: &wanted.airline, now }
}

async fn export(visit: &Visit<SeeMoney>, name: &str, query: &ReportQuery, format: Format) -> Answer {
    let name = name.parse::<Name>().map_err(|_| Error::NotFound)?;
    let now = visit.app.clock.now();
    let wanted = query.wanted(now, &visit.actor.zone_name);
    let scope = visit.scope();
    let mut conn = visit.app.db.read().await?;
    let report = report::make(&mut conn, name, &asked(&wanted, &scope, now)).await?;
    drop(conn);
    let reader = visit.reader();
    let said = |message: &Message| message.clone().text("operator", &reader.operator_name).say(reader.language);
    let rows: Vec<_> = report.rows.iter().map(|row| row.iter().map(|value| value.cell(&said)).collect()).collect();
    let columns = report.columns.iter().map(|key| say(reader.language, key)).collect();
    visit.sheet(format!("{name}-{}", utc_day(now)), columns).send(format, sheet::whole(rows)).await
}

/// `GET /finance/reports/{report}.csv`
pub async fn csv(visit: Visit<SeeMoney>, name: Path<String>, query: Query<ReportQuery>) -> Answer {
    export(&visit, &name, &query, Format::Csv).await
}

/// `GET /finance/reports/{report}.xlsx`
pub async fn xlsx(visit: Visit<SeeMoney>, name: Path<String>, query: Query<ReportQuery>) -> Answer {
    export(&visit, &name, &query, Format::Xlsx).await
}
