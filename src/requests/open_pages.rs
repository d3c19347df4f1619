//! Raise a Request: a panel over the booking, its categories first, then the form of one. And New Request, where the
//! order number is typed.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::model::{Category, Group, Request};
use super::open_forms::OpenForm;
use super::opening::{self, NotOpened, Opening};
use super::store;
use crate::attachments::upload::{FilesField, Upload};
use crate::bookings::model::{PaymentChannel, ProductType};
use crate::bookings::strip::{BookingFrame, Tab};
use crate::kernel::folding::fold_identifier;
use crate::kernel::id::new_token;
use crate::refunds::model::Refund;
use crate::refunds::refusal::Refusal;
use crate::refunds::store as refunds;
use crate::web::error::Error;
use crate::web::figures;
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{RaiseRequests, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// A refund that may be followed up, or from when.
struct FollowUp {
    refund: Refund,
    later: Option<String>,
}

#[derive(Template)]
#[template(path = "requests/open.html")]
struct OpenPage {
    frame: Frame,
    booking: BookingFrame,
    groups: &'static [Group],
    /// The chosen category; nothing while it is to be chosen.
    category: Option<Category>,
    /// The request that is open already.
    existing: Option<Request>,
    by_card: bool,
    refunds: Vec<FollowUp>,
    products: &'static [ProductType],
    typed: OpenForm,
    files: FilesField,
    problems: Problems,
    once_key: String,
    max_chars: usize,
}

#[derive(Deserialize)]
pub struct OpenQuery {
    #[serde(default)]
    category: String,
    #[serde(default)]
    refund: String,
}

/// `GET /bookings/{order}/request`
pub async fn form(visit: Visit<RaiseRequests>, order_no: Path<String>, query: Query<OpenQuery>) -> Answer {
    let typed = OpenForm { refund: query.refund.clone(), ..OpenForm::default() };
    page(&visit, &order_no, query.category.parse().ok(), typed, &[], Problems::default()).await
}

async fn page(
    visit: &Visit<RaiseRequests>,
    order_no: &str,
    category: Option<Category>,
    typed: OpenForm,
    files: &[String],
    problems: Problems,
) -> Answer {
    let (app, now) = (&visit.app, visit.app.clock.now());
    let mut conn = app.db.read().await?;
    let booking = BookingFrame::find(visit, &mut conn, order_no, Tab::Requests).await?;
    let existing = store::open_of_order(&mut conn, &booking.kept.id).await?;
    let all = if category == Some(Category::RefundFollowUp) { refunds::of_order(&mut conn, &booking.kept.id).await? } else { Vec::new() };
    let later = |refund: &Refund| match refund.follow_up_from {
        Some(from) if from <= now => None,
        Some(from) => Some(figures::moment(from, &visit.actor.zone_name)),
        None => Some("–".to_owned()),
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = OpenPage {
        frame: visit.frame(Message::new("raise-request-title").text("order", order_no), Place::Bookings),
        groups: Group::ALL,
        by_card: booking.booking().payment_channel == PaymentChannel::Vcc,
        refunds: all.into_iter().filter(|refund| !refund.is_closed()).map(|refund| FollowUp { later: later(&refund), refund }).collect(),
        products: ProductType::ALL,
        files: FilesField::of(&mut conn, &app.settings.limits, &visit.actor.user_id, files).await?,
        once_key: new_token(),
        max_chars: app.settings.limits.max_message_chars,
        category,
        existing,
        typed,
        problems,
        booking,
    };
    visit.page_with(status, &page)
}

/// `POST /bookings/{order}/requests`
pub async fn open(visit: Visit<RaiseRequests>, order_no: Path<String>, form: Upload<OpenForm>) -> Answer {
    let Upload { fields, files, mut problems, .. } = form;
    let app = &visit.app;
    let mut conn = app.db.read().await?;
    let kept = crate::bookings::strip::find_kept(&mut conn, &visit.scope(), &order_no).await?;
    drop(conn);
    let Ok(category) = fields.category.parse::<Category>() else {
        return page(&visit, &order_no, None, fields, &files, problems).await;
    };
    let parsed = fields.parse(category, &kept.booking, app.settings.limits.max_message_chars, &mut problems);
    let (Some((description, details)), true) = (parsed, problems.is_empty()) else {
        return page(&visit, &order_no, Some(category), fields, &files, problems).await;
    };
    let opening = Opening {
        actor: visit.actor.clone(),
        order_no: order_no.clone(),
        category,
        details,
        description,
        files: files.clone(),
        once_key: fields.once.clone(),
    };
    let (field, message) = match opening::open(&app.db, opening, &app.settings.limits, app.clock.now()).await {
        Ok(number) => return Ok(see_other(&format!("/requests/{number}?done=request-opened"))),
        Err(NotOpened::Database(error)) => return Err(error.into()),
        Err(NotOpened::Absent) => return Err(Error::NotFound),
        Err(NotOpened::AlreadyOpen(number)) => ("description", Message::new("request-already-open").text("number", number)),
        Err(NotOpened::FollowUpLater(from)) => {
            ("refund", Message::new("request-follow-up-later").text("time", figures::moment(from, &visit.actor.zone_name)))
        }
        Err(NotOpened::NoSuchRefund) => ("refund", Message::new("request-no-such-refund")),
        Err(NotOpened::KeyReused) => ("description", Message::new("request-key-reused")),
        Err(NotOpened::FilesGone) => ("files", Message::new("attachment-gone")),
        Err(NotOpened::Claim(refusal)) => (field_of(&refusal), refusal.message()),
    };
    problems.add(field, message);
    page(&visit, &order_no, Some(category), fields, &files, problems).await
}

/// Where the form says why a claim was refused.
const fn field_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::ProofNeeded | Refusal::ProofGone => "files",
        Refusal::FulfilledOnUnlikely => "fulfilled_on",
        Refusal::AlreadyInRefund(_) | Refusal::UnknownPassenger => "passenger",
        _ => "description",
    }
}

#[derive(Template)]
#[template(path = "requests/new.html")]
struct NewPage {
    frame: Frame,
    order: String,
    booking: Option<BookingFrame>,
    existing: Option<Request>,
    groups: &'static [Group],
    problem: Option<Message>,
}

#[derive(Deserialize)]
pub struct NewQuery {
    #[serde(default)]
    order: String,
}

/// `GET /requests/new`: the order number is typed, and checked.
pub async fn new(visit: Visit<RaiseRequests>, query: Query<NewQuery>) -> Answer {
    let order = fold_identifier(&query.order);
    let mut page = NewPage {
        frame: visit.frame("new-request-title", Place::NewRequest),
        order: query.order.trim().to_owned(),
        booking: None,
        existing: None,
        groups: Group::ALL,
        problem: None,
    };
    if !order.is_empty() {
        let mut conn = visit.app.db.read().await?;
        match BookingFrame::find(&visit, &mut conn, &order, Tab::Requests).await {
            Ok(booking) => {
                page.existing = store::open_of_order(&mut conn, &booking.kept.id).await?;
                page.booking = Some(booking);
            }
            Err(Error::NotFound) => page.problem = Some(Message::new("new-request-unknown-order").text("order", &page.order)),
            Err(error) => return Err(error),
        }
    }
    visit.page(&page)
}
