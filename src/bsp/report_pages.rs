//! BSP → sales report: `TSL` of today, `TPR` of a day past.

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::command::day_text;
use super::model::Office;
use super::office_store;
use super::report::{self, Line, Report};
use crate::kernel::time::{Date, day_in};
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::paging;
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{SeeRefunds, Visit};
use crate::web::words::say;

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(default)]
pub struct ReportQuery {
    office: String,
    day: String,
    device: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "bsp/report.html")]
struct ReportPage {
    frame: Frame,
    offices: Vec<Office>,
    office: Option<Office>,
    day: Date,
    day_text: String,
    is_today: bool,
    device: Option<i64>,
    lines: Vec<Line>,
    report: Option<Report>,
    page: usize,
    query: String,
    next: Option<String>,
}

struct Asked {
    offices: Vec<Office>,
    office: Option<Office>,
    day: Date,
    today: Date,
    device: Option<i64>,
    report: Option<Report>,
}

async fn asked(visit: &Visit<SeeRefunds>, query: &ReportQuery) -> Result<Asked, Error> {
    let mut conn = visit.app.db.read().await?;
    let offices = office_store::offices(&mut conn, &visit.scope()).await?;
    let own = office_store::seat_of(&mut conn, &visit.actor.user_id).await?.map(|seat| seat.office.code);
    let wanted = if query.office.is_empty() { own } else { Some(query.office.clone()) };
    let office = match wanted {
        Some(code) => Some(offices.iter().find(|office| office.code == code).cloned().ok_or(Error::NotFound)?),
        None => offices.first().cloned(),
    };
    let now = visit.app.clock.now();
    let today = day_in(office.as_ref().map_or("UTC", |office| office.zone_name.as_str()), now);
    let day = query.day.parse().unwrap_or(today);
    let device = query.device.parse().ok().filter(|device| *device > 0);
    let report = match &office {
        Some(office) => Some(report::of_day(&mut conn, office, day, device).await?),
        None => None,
    };
    Ok(Asked { offices, office, day, today, device, report })
}

/// `GET /bsp/reports`
pub async fn show(visit: Visit<SeeRefunds>, query: Query<ReportQuery>) -> Answer {
    let query = query.into_inner();
    let Asked { offices, office, day, today, device, report } = asked(&visit, &query).await?;
    let pages = report.as_ref().map_or(1, Report::pages);
    let page = query.page.clamp(1, pages);
    let next = (page < pages).then(|| paging::query_of(&ReportQuery { page: page + 1, ..query.clone() }));
    visit.page(&ReportPage {
        frame: visit.frame("bsp-reports-title", Place::BspReports),
        lines: report.as_ref().map(|report| report.page(page).to_vec()).unwrap_or_default(),
        query: paging::query_of(&query),
        day_text: day_text(day),
        is_today: day == today,
        offices,
        office,
        day,
        device,
        report,
        page,
        next,
    })
}

const COLUMNS: [&str; 10] = [
    "bsp-device",
    "bsp-ticket",
    "bsp-conjunction",
    "bsp-route",
    "currency",
    "bsp-collection",
    "bsp-tax",
    "bsp-commission",
    "bsp-pnr",
    "bsp-agent",
];

async fn export(visit: &Visit<SeeRefunds>, query: &ReportQuery, format: Format) -> Answer {
    let Asked { office, day, report, .. } = asked(visit, query).await?;
    let (office, report) = office.zip(report).ok_or(Error::NotFound)?;
    let language = visit.actor.language;
    let columns = COLUMNS.iter().map(|key| say(language, key)).collect();
    let cells = |line: &Line| {
        vec![
            Cell::Text(line.device.to_string()),
            Cell::Text(line.number.clone()),
            Cell::Text(line.conjunction.clone()),
            Cell::Text(line.route.clone()),
            Cell::Text(line.collection.currency.code().to_owned()),
            Cell::Amount(Some(line.collection)),
            Cell::Amount(Some(line.tax)),
            Cell::Text(line.commission.clone()),
            Cell::Text(line.pnr.clone()),
            Cell::Text(line.agent.clone()),
        ]
    };
    let rows = report.lines.iter().map(cells).collect();
    visit.sheet(format!("sales-report-{}-{day}", office.code), columns).send(format, sheet::whole(rows)).await
}

/// `GET /bsp/reports.csv`
pub async fn csv(visit: Visit<SeeRefunds>, query: Query<ReportQuery>) -> Answer {
    export(&visit, &query, Format::Csv).await
}

/// `GET /bsp/reports.xlsx`
pub async fn xlsx(visit: Visit<SeeRefunds>, query: Query<ReportQuery>) -> Answer {
    export(&visit, &query, Format::Xlsx).await
}
