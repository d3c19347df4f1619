//! A refund's own page, and the Refund Info tab of a booking.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;

use super::desk_forms::{DeskForms, Typed};
use super::model::{Coupon, Refund, Status};
use super::{store, wording};
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Attachment};
use crate::bookings::strip::{BookingFrame, Tab};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Permission;
use crate::kernel::id::new_token;
use crate::kernel::time::Timestamp;
use crate::notices;
use crate::notices::model::CaseKind;
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{Needs, SeeRefunds, Visit};
use crate::web::words::Message;

/// One stop of the road.
pub struct Stop {
    pub label: Message,
    pub date: Option<Message>,
    pub done: bool,
    pub here: bool,
}

/// Who has the ball, and what comes next.
pub struct Next {
    pub ball: super::model::Ball,
    pub sentence: Message,
}

/// One line of the timeline.
pub struct Line {
    pub at: Timestamp,
    pub sentence: Message,
    pub notes: Vec<Message>,
    pub author: Author,
}

#[derive(Template)]
#[template(path = "refunds/show.html")]
pub(super) struct ShowPage {
    frame: Frame,
    booking: BookingFrame,
    refund: Refund,
    road: Vec<Stop>,
    next: Next,
    coupons: Vec<Coupon>,
    timeline: Vec<Line>,
    assignee: Option<String>,
    files: Vec<Attachment>,
    unread: bool,
    withdrawal: Option<String>,
    forms: Option<DeskForms>,
    typed: Typed,
    problems: Problems,
}

/// `GET /refunds/{number}`
pub async fn show(visit: Visit<SeeRefunds>, number: Path<String>) -> Answer {
    show_with(&visit, &number, StatusCode::OK, Typed::default(), Problems::default()).await
}

/// The refund's page, with a form that came back.
pub(super) async fn show_with<P: Needs>(visit: &Visit<P>, number: &str, status: StatusCode, typed: Typed, problems: Problems) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let refund = store::find(&mut conn, &visit.scope(), number).await?.ok_or(Error::NotFound)?;
    let booking = BookingFrame::find(visit, &mut conn, &refund.order_no, Tab::Refunds).await?;
    let coupons = store::coupons(&mut conn, &refund.id).await?;
    let events = journal::of(&mut conn, Subject::Refund, &refund.id).await?;
    let team = if visit.actor.role.is_operator() { agencies::users(&mut conn, None).await? } else { Vec::new() };
    let assignee = team.iter().find(|user| Some(&user.id) == refund.assignee_id.as_ref()).map(|user| user.name.clone());
    let zone = &visit.actor.zone_name;
    let files = attachments::of_case(&mut conn, "refund", &refund.id, visit.actor.role.is_operator()).await?;
    let unread = notices::store::has_unread(&mut conn, &visit.actor.user_id, CaseKind::Refund, &refund.id).await?;
    let page = ShowPage {
        withdrawal: (visit.may(Permission::RequestRefunds) && refund.can_be_withdrawn()).then(new_token),
        files,
        unread,
        frame: visit.frame(Message::new("refund-page-title").text("number", number), Place::Refunds),
        road: road(&refund, zone),
        next: next(&refund, zone),
        timeline: events.iter().rev().map(line).collect(),
        forms: DeskForms::of(&refund, &visit.actor, team, visit.app.clock.now()),
        booking,
        refund,
        coupons,
        assignee,
        typed,
        problems,
    };
    visit.page_with(status, &page)
}

pub(super) fn line(event: &journal::Event) -> Line {
    Line { at: event.at, sentence: wording::event(event), notes: wording::event_notes(event), author: event.author.clone() }
}

/// The stops of a refund's road, as far as it has come.
fn road(refund: &Refund, zone: &str) -> Vec<Stop> {
    let deposit = refund.payment_channel == crate::bookings::model::PaymentChannel::Deposit;
    let at = |at: Option<Timestamp>| at.map(|at| Message::new("road-at").text("time", crate::web::figures::moment(at, zone)));
    let stop = |label: &str, date: Option<Message>, done: bool| Stop { label: Message::new(label), date, done, here: false };
    let mut stops = vec![
        stop("road-registered", at(Some(refund.registered_at)), true),
        stop("road-at-airline", at(refund.submitted_at), refund.submitted_at.is_some()),
    ];
    if deposit {
        stops.push(stop("road-airline-paying", at(refund.confirmed_at).or_else(|| expected(refund)), refund.confirmed_at.is_some()));
    }
    let closed = refund.closed_at.is_some();
    let last = match refund.status {
        Status::Rejected => "road-refused",
        Status::Withdrew => "road-withdrawn",
        _ if deposit => "road-credited",
        _ => "road-fulfilled",
    };
    stops.push(stop(last, at(refund.closed_at), closed));
    let here = stops.iter().rposition(|stop| stop.done).unwrap_or(0);
    stops[here].here = true;
    stops
}

fn expected(refund: &Refund) -> Option<Message> {
    refund.expected_on.map(|day| Message::new("road-expected").text("day", day))
}

/// Who has the ball and what comes next, with its date.
pub(super) fn next(refund: &Refund, zone: &str) -> Next {
    let moment = |at: Timestamp| crate::web::figures::moment(at, zone);
    let follow_up = || refund.follow_up_from.map_or_else(|| "–".to_owned(), moment);
    let sentence = match refund.status {
        Status::AtlasProcessing if refund.deadline_missed_at.is_some() => Message::new("next-submit-late"),
        Status::AtlasProcessing => Message::new("next-submit").text("time", moment(refund.submit_by)),
        Status::AirlineProcessing => Message::new("next-airline").text("time", follow_up()),
        Status::AirlineRefunding if refund.is_due_to_credit() => Message::new("next-credit"),
        Status::AirlineRefunding => match refund.expected_on {
            Some(day) => Message::new("next-money").text("day", day).text("time", follow_up()),
            None => Message::new("next-money-without-day").text("time", follow_up()),
        },
        Status::Rejected => match refund.refusal {
            Some(code) => Message::new(code.next_step_key()),
            None => Message::new("next-nothing"),
        },
        Status::Refunded => Message::new("next-refunded"),
        Status::FulfillmentDone => Message::new("next-fulfilled"),
        Status::Withdrew => Message::new("next-nothing"),
    };
    Next { ball: refund.ball(), sentence }
}

#[derive(Template)]
#[template(path = "refunds/tab.html")]
struct TabPage {
    frame: Frame,
    booking: BookingFrame,
    refunds: Vec<(Refund, Next)>,
}

/// `GET /bookings/{order}/refunds`
pub async fn tab(visit: Visit<SeeRefunds>, order_no: Path<String>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(&visit, &mut conn, &order_no, Tab::Refunds).await?;
    let refunds = store::of_order(&mut conn, &booking.kept.id).await?;
    let zone = visit.actor.zone_name.clone();
    let with_next = |refund: Refund| {
        let next = next(&refund, &zone);
        (refund, next)
    };
    visit.page(&TabPage {
        frame: visit.frame(Message::new("booking-title").text("order", order_no.as_str()), Place::Bookings),
        booking,
        refunds: refunds.into_iter().map(with_next).collect(),
    })
}
