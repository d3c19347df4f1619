//! The pages of Finance.

use actix_web::web::Query;
use askama::Template;

use super::export;
use super::filters::{Filters, Standing};
use super::store::{self, Line};
use crate::bookings::model::PaymentChannel;
use crate::kernel::actor::Permission;
use crate::kernel::time::utc_day;
use crate::refunds::model::{Difference, Kind, Status};
use crate::web::Answer;
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Page};
use crate::web::sheet::Format;
use crate::web::visit::{SeeRefunds, Visit};

#[derive(Template)]
#[template(path = "finance/refunds.html")]
struct RefundsPage {
    frame: Frame,
    filters: Filters,
    filtered: bool,
    query: String,
    statuses: &'static [Status],
    channels: &'static [PaymentChannel],
    differences: &'static [Difference],
    standings: &'static [Standing],
    problems: Problems,
    lines: Vec<Line>,
    next: Option<String>,
    operator: bool,
    may_begin: bool,
    tab: &'static str,
}

/// `GET /finance/refunds`: the tab of what the operator asks for.
pub async fn refunds(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    list(&visit, query, Kind::Refund).await
}

/// `GET /finance/claims`: the tab of what agencies and passengers asked for themselves.
pub async fn claims(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    list(&visit, query, Kind::Claim).await
}

async fn list(visit: &Visit<SeeRefunds>, query: Query<Filters>, kind: Kind) -> Answer {
    let filters = query.into_inner();
    let mut problems = Problems::default();
    let search = filters.parse(&visit.actor.zone_name, visit.app.clock.now(), &mut problems);
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let lines = store::refunds(&mut conn, &visit.scope(), kind, &search, rows + 1).await?;
    let page = Page::cut(lines, rows, Line::cursor);
    visit.page(&RefundsPage {
        frame: visit.frame("refunds-title", Place::Refunds),
        query: paging::query_of(&filters),
        filtered: !paging::query_of(&filters).is_empty(),
        statuses: Status::ALL,
        channels: PaymentChannel::ALL,
        differences: Difference::ALL,
        standings: Standing::ALL,
        problems,
        next: page.next.map(|after| paging::with_cursor(&filters, &after)),
        lines: page.rows,
        operator: visit.actor.role.is_operator(),
        may_begin: visit.may(Permission::RequestRefunds),
        tab: if kind == Kind::Claim { "claims" } else { "refunds" },
        filters,
    })
}

async fn export(visit: &Visit<SeeRefunds>, filters: &Filters, kind: Kind, format: Format) -> Answer {
    let search = filters.parse(&visit.actor.zone_name, visit.app.clock.now(), &mut Problems::default());
    let reader = visit.reader();
    let name = format!("{kind}s-{}", utc_day(visit.app.clock.now()));
    let sheet = visit.sheet(name, export::columns(kind, &reader));
    sheet.send(format, export::rows(visit.app.clone(), visit.scope(), kind, search, reader)).await
}

/// `GET /finance/refunds.csv`
pub async fn refunds_csv(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Kind::Refund, Format::Csv).await
}

/// `GET /finance/refunds.xlsx`
pub async fn refunds_xlsx(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Kind::Refund, Format::Xlsx).await
}

/// `GET /finance/claims.csv`
pub async fn claims_csv(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Kind::Claim, Format::Csv).await
}

/// `GET /finance/claims.xlsx`
pub async fn claims_xlsx(visit: Visit<SeeRefunds>, query: Query<Filters>) -> Answer {
    export(&visit, &query, Kind::Claim, Format::Xlsx).await
}
