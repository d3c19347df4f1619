//! A request's own page: the conversation, who has the ball, what is offered, and the forms of both sides.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::actions::NotDone;
use super::canned::{self, Reply};
use super::model::{Request, Said, Status};
use super::offer_model::{Offer, OfferKind, OfferStatus};
use super::{offer_store, store, thread_store, wording};
use crate::agencies::model::User;
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Attachment};
use crate::attachments::upload::FilesField;
use crate::bookings::strip::{BookingFrame, Tab};
use crate::journal::{self, Author, Side, Subject};
use crate::kernel::actor::Permission;
use crate::kernel::id::new_token;
use crate::kernel::language::Language;
use crate::kernel::time::{Timestamp, minutes_until};
use crate::notices;
use crate::notices::model::CaseKind;
use crate::refunds::model::Ball;
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::figures::{self, hours_and_minutes};
use crate::web::filters;
use crate::web::form::Problems;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{Needs, SeeRequests, Visit};
use crate::web::words::Message;

/// A message with its files.
struct Entry {
    said: Said,
    own: bool,
    files: Vec<Attachment>,
}

/// An offer as the page shows it.
struct Shown {
    offer: Offer,
    can_decide: bool,
    can_withdraw: bool,
    can_settle: bool,
    /// The refund that came of it.
    refund: Option<String>,
    left: Option<String>,
    once_key: String,
}

/// One line of the timeline.
struct Line {
    at: Timestamp,
    sentence: Message,
    note: Option<Message>,
    author: Author,
}

/// What the operator's team may do here.
struct Desk {
    team: Vec<User>,
    replies: Vec<Reply>,
    writing: Vec<String>,
    is_mine: bool,
    may_answer: bool,
    kinds: &'static [OfferKind],
}

#[derive(Template)]
#[template(path = "requests/show.html")]
struct ShowPage {
    frame: Frame,
    booking: BookingFrame,
    request: Request,
    ball: Ball,
    next: Message,
    entries: Vec<Entry>,
    offers: Vec<Shown>,
    timeline: Vec<Line>,
    refund: Option<String>,
    merged_into: Option<String>,
    assignee: Option<String>,
    desk: Option<Desk>,
    can_write: bool,
    unread: bool,
    typed: String,
    files: FilesField,
    problems: Problems,
    once_key: String,
    max_chars: usize,
    customer_language: Language,
}

#[derive(Deserialize)]
pub struct ShowQuery {
    #[serde(default)]
    reply: String,
}

/// `GET /requests/{number}`
pub async fn show(visit: Visit<SeeRequests>, number: Path<String>, query: Query<ShowQuery>) -> Answer {
    page(&visit, &number, StatusCode::OK, Typed { reply: query.reply.clone(), ..Typed::default() }, Problems::default()).await
}

/// What a form had brought that comes back.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) body: String,
    pub(super) files: Vec<String>,
    /// The canned reply to begin with.
    pub(super) reply: String,
}

/// The request's page, with a form that came back.
pub(super) async fn page<P: Needs>(visit: &Visit<P>, number: &str, status: StatusCode, typed: Typed, problems: Problems) -> Answer {
    let (app, actor, now) = (&visit.app, &visit.actor, visit.app.clock.now());
    let operator = actor.role.is_operator();
    let mut conn = app.db.read().await?;
    let request = store::find(&mut conn, &visit.scope(), number).await?.ok_or(Error::NotFound)?;
    let booking = BookingFrame::find(visit, &mut conn, &request.order_no, Tab::Requests).await?;
    let said = thread_store::of(&mut conn, &request.id, operator).await?;
    let files = attachments::of_case(&mut conn, "request", &request.id, operator).await?;
    let offers = offer_store::of(&mut conn, &request.id).await?;
    let events = journal::of(&mut conn, Subject::Request, &request.id).await?;
    let refunds = crate::refunds::store::of_order(&mut conn, &request.order_id).await?;
    let refund_no = |id: &Option<String>| refunds.iter().find(|refund| Some(&refund.id) == id.as_ref()).map(|refund| refund.number.clone());
    let merged_into = match &request.merged_into_id {
        Some(id) => store::by_id(&mut conn, id).await?.map(|other| other.number),
        None => None,
    };
    let creator = agencies::user(&mut conn, &request.created_by).await?;
    let customer_language = creator.map_or(Language::English, |user| user.language);
    let desk = if operator { Some(desk(visit, &mut conn, &request, customer_language).await?) } else { None };
    let chosen = desk.as_ref().and_then(|desk| desk.replies.iter().find(|reply| reply.id == typed.reply));
    let body =
        if typed.body.is_empty() { chosen.map(|reply| reply.filled(&request, booking.booking())).unwrap_or_default() } else { typed.body };
    // What was offered and accepted goes its own way: nothing is asked of anybody here.
    let refund_under_way = request.status == Status::Processed
        && offers.iter().any(|offer| offer.refund_id.is_some())
        && !offers.iter().any(|offer| offer.is_open_at(now));
    let open = request.status != Status::Completed;
    let page = ShowPage {
        frame: visit.frame(Message::new("request-page-title").text("number", number), Place::Requests),
        ball: if refund_under_way { Ball::Nobody } else { request.ball() },
        next: if refund_under_way {
            Message::new("request-next-refund").text("time", figures::moment(request.due_at, &actor.zone_name))
        } else {
            next(&request, operator, now, &actor.zone_name)
        },
        entries: entries(said, files, if operator { Side::Operator } else { Side::Agency }),
        offers: offers.into_iter().map(|offer| shown(visit, offer, open, refund_no, now)).collect(),
        timeline: events.iter().rev().map(line).collect(),
        refund: refund_no(&request.refund_id),
        assignee: desk
            .as_ref()
            .and_then(|desk| desk.team.iter().find(|user| Some(&user.id) == request.assignee_id.as_ref()))
            .map(|user| user.name.clone()),
        can_write: visit.may(Permission::WriteRequests) && request.status != Status::Completed,
        unread: notices::store::has_unread(&mut conn, &actor.user_id, CaseKind::Request, &request.id).await?,
        files: FilesField::of(&mut conn, &app.settings.limits, &actor.user_id, &typed.files).await?,
        typed: body,
        once_key: new_token(),
        max_chars: app.settings.limits.max_message_chars,
        customer_language,
        merged_into,
        desk,
        problems,
        booking,
        request,
    };
    visit.page_with(status, &page)
}

async fn desk<P: Needs>(visit: &Visit<P>, conn: &mut crate::db::Conn, request: &Request, language: Language) -> Result<Desk, Error> {
    let since = visit.app.clock.now().as_second() - visit.app.settings.limits.presence_seconds;
    let since = Timestamp::from_second(since).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(Desk {
        team: agencies::users(conn, None).await?.into_iter().filter(|user| !user.disabled).collect(),
        replies: canned::of_language(conn, language).await?,
        writing: thread_store::presence(conn, &request.id, &visit.actor.user_id, since).await?,
        is_mine: request.assignee_id.as_ref() == Some(&visit.actor.user_id),
        may_answer: visit.may(Permission::TalkToAirline) && request.status != Status::Completed,
        kinds: OfferKind::ALL,
    })
}

fn entries(said: Vec<Said>, files: Vec<Attachment>, own: Side) -> Vec<Entry> {
    let mut by_message: HashMap<String, Vec<Attachment>> = HashMap::new();
    for file in files {
        by_message.entry(file.message_id.clone().unwrap_or_default()).or_default().push(file);
    }
    let entry = |said: Said| Entry { own: said.side == own, files: by_message.remove(&said.id).unwrap_or_default(), said };
    said.into_iter().map(entry).collect()
}

fn shown<P: Needs>(
    visit: &Visit<P>,
    offer: Offer,
    request_open: bool,
    refund_no: impl Fn(&Option<String>) -> Option<String>,
    now: Timestamp,
) -> Shown {
    let open = request_open && offer.is_open_at(now);
    let settles = offer.status == OfferStatus::Accepted && offer.kind != OfferKind::Refund;
    Shown {
        can_decide: open && visit.may(Permission::RequestRefunds),
        can_withdraw: open && visit.may(Permission::TalkToAirline),
        can_settle: settles && visit.may(Permission::TalkToAirline),
        refund: refund_no(&offer.refund_id),
        left: open.then(|| hours_and_minutes(minutes_until(now, offer.valid_until))),
        once_key: new_token(),
        offer,
    }
}

fn line(event: &journal::Event) -> Line {
    Line { at: event.at, sentence: wording::event(event), note: wording::event_note(event), author: event.author.clone() }
}

/// What comes next, with its date.
fn next(request: &Request, operator: bool, now: Timestamp, zone: &str) -> Message {
    let due = figures::moment(request.due_at, zone);
    match request.status {
        Status::New | Status::InProcess if request.due_at < now => Message::new("request-next-late"),
        Status::New => Message::new("request-next-new").text("time", due),
        Status::InProcess => Message::new("request-next-in-process").text("time", due),
        Status::Processed => {
            let left = hours_and_minutes(minutes_until(now, request.due_at).max(0));
            let key = if operator { "request-next-processed-theirs" } else { "request-next-processed" };
            Message::new(key).text("time", due).text("left", left)
        }
        Status::Completed => Message::new("request-next-completed"),
    }
}

/// The page again, with what was typed and why it was not done.
pub(super) async fn come_back<P: Needs>(visit: &Visit<P>, number: &str, error: NotDone, typed: Typed) -> Answer {
    match error {
        NotDone::Database(error) => Err(error.into()),
        NotDone::Absent => Err(Error::NotFound),
        other => {
            let mut problems = Problems::default();
            problems.add("body", other.message());
            page(visit, number, StatusCode::CONFLICT, typed, problems).await
        }
    }
}
