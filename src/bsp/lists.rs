//! Lists of refund forms: the agency's own, and those that an airline was asked about, on the operations desk.

use actix_web::web::Query;
use askama::Template;
use serde::{Deserialize, Serialize};

use super::form_store::{self, Wanted};
use super::model::{Form, Status};
use crate::db::Conn;
use crate::kernel::actor::Scope;
use crate::kernel::time::{Timestamp, utc_day};
use crate::web::Answer;
use crate::web::figures;
use crate::web::filters::{self, Reader};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{Needs, SeeRefunds, Visit, WorkDesk};
use crate::web::words::{Named, say};

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(default)]
pub struct ListQuery {
    status: String,
    number: String,
    after: String,
}

impl ListQuery {
    fn wanted(&self) -> Wanted {
        let number = self.number.trim();
        let digits = super::ticket_number::TicketNumber::parse(number).map(|number| number.digits().to_owned());
        Wanted {
            status: self.status.parse().ok(),
            number: (!number.is_empty()).then(|| digits.unwrap_or_else(|_| number.to_owned())),
            ..Wanted::default()
        }
    }
}

#[derive(Template)]
#[template(path = "bsp/forms.html")]
struct ListPage {
    frame: Frame,
    forms: Vec<Form>,
    statuses: &'static [Status],
    status: String,
    number: String,
    query: String,
    next: Option<String>,
    now: Timestamp,
    zone_name: String,
    desk: bool,
}

/// `GET /bsp/forms`
pub async fn list(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    let query = query.into_inner();
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let forms = form_store::list(&mut conn, &visit.scope(), &query.wanted(), Cursor::parse(&query.after), rows + 1).await?;
    let page = Page::cut(forms, rows, form_store::cursor);
    visit.page(&ListPage {
        frame: visit.frame("bsp-forms-title", Place::BspForms),
        query: paging::query_of(&query),
        next: page.next.map(|after| paging::with_cursor(&query, &after)),
        forms: page.rows,
        statuses: Status::ALL,
        status: query.status,
        number: query.number,
        now: visit.app.clock.now(),
        zone_name: visit.actor.zone_name.clone(),
        desk: false,
    })
}

#[derive(Debug, Clone, Deserialize, Serialize, Default)]
#[serde(default)]
pub struct DeskQuery {
    after: String,
}

/// `GET /desk/bsp`: applications that wait for an airline's answer, the one that is due first first.
pub async fn desk(visit: Visit<WorkDesk>, query: Query<DeskQuery>) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let forms = form_store::applications(&mut conn, Cursor::parse(&query.after), rows + 1).await?;
    let page = Page::cut(forms, rows, form_store::due_cursor);
    visit.page(&ListPage {
        frame: visit.frame("bsp-applications-title", Place::BspDesk),
        query: String::new(),
        next: page.next.map(|after| paging::with_cursor(&*query, &after)),
        forms: page.rows,
        statuses: &[],
        status: String::new(),
        number: String::new(),
        now: visit.app.clock.now(),
        zone_name: visit.actor.zone_name.clone(),
        desk: true,
    })
}

const COLUMNS: [&str; 17] = [
    "bsp-refund-no",
    "status",
    "bsp-office",
    "bsp-device",
    "bsp-agent",
    "bsp-ticket",
    "passenger",
    "currency",
    "bsp-gross",
    "bsp-tax",
    "bsp-deduction",
    "bsp-rate",
    "bsp-commission",
    "bsp-airline-refund",
    "bsp-net",
    "bsp-sales-day",
    "due",
];

fn cells(form: Form, reader: &Reader) -> Vec<Cell> {
    let text = |text: Option<String>| Cell::Text(text.unwrap_or_default());
    vec![
        text(form.refund_no.clone()),
        Cell::Text(form.status.named().say(reader.language)),
        Cell::Text(form.office.clone()),
        Cell::Text(form.device.to_string()),
        Cell::Text(form.agent.clone()),
        text(form.ticket_number().map(|number| number.to_string())),
        Cell::Text(form.content.passenger_name.clone()),
        Cell::Text(form.gross.currency.code().to_owned()),
        Cell::Amount(Some(form.gross)),
        Cell::Amount(Some(form.tax)),
        Cell::Amount(Some(form.deduction)),
        Cell::Text(form.rate()),
        Cell::Amount(form.shown_commission()),
        Cell::Amount(Some(form.airline_refund())),
        Cell::Amount(Some(form.net_refund)),
        text(form.sales_day.map(|day| day.to_string())),
        text(form.answer_due.map(|due| figures::moment(due, &reader.zone_name))),
    ]
}

/// Which of the lists is wanted.
#[derive(Debug, Clone)]
enum List {
    Own(Scope, Wanted),
    Applications,
}

impl List {
    async fn read(&self, conn: &mut Conn, after: Option<Cursor>) -> Result<Vec<Form>, sqlx::Error> {
        match self {
            Self::Own(scope, wanted) => form_store::list(conn, scope, wanted, after, sheet::STEP).await,
            Self::Applications => form_store::applications(conn, after, sheet::STEP).await,
        }
    }

    const fn cursor(&self) -> fn(&Form) -> Cursor {
        match self {
            Self::Own(..) => form_store::cursor,
            Self::Applications => form_store::due_cursor,
        }
    }
}

async fn export<P: Needs>(visit: &Visit<P>, name: &str, list: List, format: Format) -> Answer {
    let (app, reader) = (visit.app.clone(), visit.reader());
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after| {
        let (app, reader, list) = (app.clone(), reader.clone(), list.clone());
        async move {
            let mut conn = app.db.read().await?;
            let forms = list.read(&mut conn, after).await?;
            let next = paging::after_full(&forms, sheet::STEP, list.cursor());
            Ok((forms.into_iter().map(|form| cells(form, &reader)).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("{name}-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /desk/bsp.csv`
pub async fn desk_csv(visit: Visit<WorkDesk>) -> Answer {
    export(&visit, "bsp-applications", List::Applications, Format::Csv).await
}

/// `GET /desk/bsp.xlsx`
pub async fn desk_xlsx(visit: Visit<WorkDesk>) -> Answer {
    export(&visit, "bsp-applications", List::Applications, Format::Xlsx).await
}

/// `GET /bsp/forms.csv`
pub async fn csv(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    export(&visit, "bsp-forms", List::Own(visit.scope(), query.wanted()), Format::Csv).await
}

/// `GET /bsp/forms.xlsx`
pub async fn xlsx(visit: Visit<SeeRefunds>, query: Query<ListQuery>) -> Answer {
    export(&visit, "bsp-forms", List::Own(visit.scope(), query.wanted()), Format::Xlsx).await
}

impl ListPage {
    fn is_late(&self, form: &Form) -> bool {
        form.answer_due.is_some_and(|due| due < self.now)
    }

    fn due(&self, form: &Form) -> String {
        form.answer_due.map(|due| figures::moment(due, &self.zone_name)).unwrap_or_default()
    }
}
