//! One refund form: seen, completed, transmitted, released, printed, answered, deleted.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::answering::{self, Said};
use super::command::{Code, day_text};
use super::life::{self, NotDone};
use super::model::{Coupon, CouponStatus, Form as RefundForm, KeptTicket, MOST_COUPONS, Status};
use super::transmitting::{self, Terms, Wish};
use super::typed::Typed;
use super::{form_store, office_store, ticket_store};
use crate::db::Conn;
use crate::journal::{self, Event, Subject};
use crate::kernel::actor::Permission;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, day_in};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems, optional_prose};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ManageUsers, Needs, RequestRefunds, SeeRefunds, TalkToAirline, Visit};
use crate::web::words::{Message, Named};
use crate::web::{Answer, see_other};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ShowQuery {
    /// `mask`: everything in one narrow screen.
    view: String,
    /// Whether a transmitted form is to be changed.
    change: String,
}

/// What the visitor may do with a form, here and now.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a button of its own")]
struct May {
    transmit: bool,
    change: bool,
    release: bool,
    delete: bool,
    print: bool,
    answer: bool,
}

/// A coupon with what stands on it now.
struct ShownCoupon {
    number: String,
    coupon: Coupon,
    status: CouponStatus,
}

#[derive(Template)]
#[template(path = "bsp/form.html")]
struct FormPage {
    frame: Frame,
    form: RefundForm,
    typed: Typed,
    mask: bool,
    editing: bool,
    may: May,
    coupons: Vec<ShownCoupon>,
    check_warning: Option<Message>,
    code: Option<Code>,
    problems: Problems,
    decimals: u32,
    timeline: Vec<(Timestamp, Message, String)>,
}

#[derive(Template)]
#[template(path = "bsp/print.html")]
struct PrintPage {
    frame: Frame,
    form: RefundForm,
    groups: Vec<String>,
    date: String,
    decimals: u32,
}

/// `GET /bsp/forms/{id}`
pub async fn show(visit: Visit<SeeRefunds>, id: Path<String>, query: Query<ShowQuery>) -> Answer {
    page(&visit, &id, &query, None, None, Problems::default()).await
}

async fn found<P: Needs>(conn: &mut Conn, visit: &Visit<P>, id: &str) -> Result<RefundForm, Error> {
    form_store::find(conn, &visit.scope(), id).await?.ok_or(Error::NotFound)
}

async fn page<P: Needs>(
    visit: &Visit<P>,
    id: &str,
    query: &ShowQuery,
    typed: Option<Typed>,
    code: Option<Code>,
    problems: Problems,
) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let form = found(&mut conn, visit, id).await?;
    let may = may(&mut conn, visit, &form).await?;
    let ticket = match &form.ticket_id {
        Some(id) => ticket_store::of_id(&mut conn, id).await?,
        None => None,
    };
    let failed = code.is_some() || !problems.is_empty();
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let title = match &form.refund_no {
        Some(number) => Message::new("bsp-form-title").text("number", number),
        None => Message::new("bsp-form-new-title"),
    };
    let page = FormPage {
        frame: visit.frame(title, Place::BspForms),
        typed: typed.unwrap_or_else(|| Typed::of(&form)),
        mask: query.view == "mask",
        editing: may.transmit || (may.change && (failed || query.change == "1")),
        may,
        coupons: ticket.map(shown_coupons).unwrap_or_default(),
        check_warning: check_warning(&form),
        decimals: form.gross.currency.exponent(),
        timeline: journal::of(&mut conn, Subject::BspForm, &form.id).await?.iter().rev().map(told).collect(),
        form,
        code,
        problems,
    };
    visit.page_with(status, &page)
}

async fn may<P: Needs>(conn: &mut Conn, visit: &Visit<P>, form: &RefundForm) -> Result<May, Error> {
    let seat = office_store::seat_of(conn, &visit.actor.user_id).await?.filter(|seat| seat.office.id == form.office_id);
    let sits = seat.is_some() && visit.may(Permission::RequestRefunds);
    let open = seat.is_some_and(|seat| form.is_open(day_in(&seat.office.zone_name, visit.app.clock.now())));
    let application = form.status.is_application();
    Ok(May {
        transmit: sits && form.status == Status::Draft,
        change: sits && open && !form.asked,
        release: form.status == Status::AwaitingRelease
            && form.created_by != visit.actor.user_id
            && visit.may(Permission::ManageUsers)
            && visit.actor.agency_id.is_some(),
        delete: sits && (open || application || form.status == Status::Draft),
        print: form.status.is_sold() && sits,
        answer: application && visit.may(Permission::TalkToAirline),
    })
}

fn shown_coupons(kept: KeptTicket) -> Vec<ShownCoupon> {
    let KeptTicket { ticket, refunded, .. } = kept;
    let shown = |coupon: &Coupon| {
        let number = ticket.number_of(coupon.ticket).to_owned();
        let is_refunded = refunded.iter().any(|(other, no)| *other == number && usize::try_from(*no) == Ok(coupon.coupon));
        let status = if is_refunded { CouponStatus::Refunded } else { coupon.status };
        ShownCoupon { number, coupon: coupon.clone(), status }
    };
    ticket.coupons.iter().map(shown).collect()
}

/// A check digit that is neither remainder is told, never refused: some carriers reckon it in a way of their own.
fn check_warning(form: &RefundForm) -> Option<Message> {
    let digit: u8 = form.content.check_digit.parse().ok()?;
    let [of_all, of_document] = form.ticket_number()?.check_digits();
    (digit != of_all && digit != of_document)
        .then(|| Message::new("bsp-check-digit").text("given", digit).text("expected", of_all).text("other", of_document))
}

/// What happened to a form, as a sentence, and who did it.
fn told(event: &Event) -> (Timestamp, Message, String) {
    let details: serde_json::Value = serde_json::from_str(&event.details).unwrap_or_default();
    let mut sentence = Message::new(format!("form-event-{}", event.happened));
    sentence =
        sentence.text("remark", details["remark"].as_str().unwrap_or("–")).text("batch", details["batch"].as_str().unwrap_or_default());
    if let Ok(net) = serde_json::from_value::<Money>(details["net"].clone()) {
        sentence = sentence.money("net", net);
    }
    if let Some(status) = details["status"].as_str().and_then(|word| word.parse::<Status>().ok()) {
        sentence = sentence.word("status", status.named());
    }
    (event.at, sentence, event.author.name.clone())
}

impl From<NotDone> for Error {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Absent => Self::NotFound,
            NotDone::Overtaken => Self::Conflict(Message::new("bsp-overtaken")),
            NotDone::Code(code) => Self::Refused(Message::new("bsp-host").text("code", code.word()).word("why", code.named())),
            NotDone::Problems(problems) => {
                Self::Refused(problems.0.into_iter().next().map_or_else(|| Message::new("form-problems"), |(_, message)| message))
            }
            NotDone::OwnForm => Self::Refused(Message::new("bsp-own-form")),
            NotDone::Unsealed => Self::Internal("what is hidden behind a ticket was sealed with another secret".to_owned()),
            NotDone::Database(error) => error.into(),
        }
    }
}

/// `POST /bsp/forms/{id}/transmission`
pub async fn transmit(visit: Visit<RequestRefunds>, id: Path<String>, form: Form<Typed>) -> Answer {
    let typed = form.0;
    let view = typed.view.clone();
    let app = &visit.app;
    let terms = Terms::new(&app.settings.limits, &app.secret);
    let wish = Wish { form_id: id.to_string(), seen_version: typed.version, application: typed.go == "application", typed: typed.clone() };
    let (code, problems) = match transmitting::transmit(&app.db, &visit.actor, &terms, wish, app.clock.now()).await {
        Ok(id) => {
            return Ok(see_other(&format!("/bsp/forms/{id}?view={}&done=bsp-transmitted", if view == "mask" { "mask" } else { "full" })));
        }
        Err(NotDone::Code(code)) => (Some(code), Problems::default()),
        Err(NotDone::Problems(problems)) => (None, problems),
        Err(error) => return Err(error.into()),
    };
    page(&visit, &id, &ShowQuery { view, change: String::new() }, Some(typed), code, problems).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Versioned {
    version: i64,
    remark: String,
}

fn back(id: &str, done: &str) -> HttpResponse {
    see_other(&format!("/bsp/forms/{id}?done={done}"))
}

/// `POST /bsp/forms/{id}/release`
pub async fn release(visit: Visit<ManageUsers>, id: Path<String>, form: Form<Versioned>) -> Answer {
    life::release(&visit.app.db, &visit.actor, &id, form.0.version, visit.app.clock.now()).await?;
    Ok(back(&id, "bsp-released"))
}

/// `POST /bsp/forms/{id}/deletion`
pub async fn delete(visit: Visit<RequestRefunds>, id: Path<String>, form: Form<Versioned>) -> Answer {
    life::delete(&visit.app.db, &visit.actor, &id, form.0.version, visit.app.clock.now()).await?;
    Ok(back(&id, "bsp-deleted"))
}

/// `POST /bsp/forms/{id}/printing`
pub async fn print(visit: Visit<RequestRefunds>, id: Path<String>, _: Form<Versioned>) -> Answer {
    life::print(&visit.app.db, &visit.actor, &id, visit.app.clock.now()).await?;
    Ok(see_other(&format!("/bsp/forms/{id}/print")))
}

/// `POST /bsp/forms/{id}/answers/{said}`: what the airline says to an application.
pub async fn answer(visit: Visit<TalkToAirline>, path: Path<(String, String)>, form: Form<Versioned>) -> Answer {
    let (id, said) = path.into_inner();
    let said: Said = said.parse().map_err(|_| Error::NotFound)?;
    let remark = optional_prose(&form.0.remark, 500).map_err(Error::Refused)?;
    answering::answer(&visit.app.db, &visit.actor, (&id, form.0.version), said, remark, visit.app.clock.now()).await?;
    Ok(back(&id, "bsp-answered"))
}

/// `GET /bsp/forms/{id}/print`: the form as it is printed.
pub async fn printed(visit: Visit<SeeRefunds>, id: Path<String>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let form = found(&mut conn, &visit, &id).await?;
    if !form.status.is_sold() {
        return Err(NotDone::Code(Code::NoRecord).into());
    }
    let mut groups = form.content.coupons.clone();
    groups.resize(MOST_COUPONS, "0000".to_owned());
    let number = form.refund_no.clone().unwrap_or_default();
    visit.page(&PrintPage {
        frame: visit.frame(Message::new("bsp-form-title").text("number", number), Place::BspForms),
        date: form.sales_day.map(day_text).unwrap_or_default(),
        decimals: form.gross.currency.exponent(),
        groups,
        form,
    })
}
