//! Making an offer, and deciding about one.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::actions::NotDone;
use super::deciding::{self, Deciding, Decision};
use super::model::Request;
use super::offer_forms::OfferForm;
use super::offer_model::{OfferKind, OfferLine};
use super::offering::{self, Declined, Offering};
use super::show_pages::{self, Typed};
use super::store;
use crate::bookings::strip::{BookingFrame, Tab};
use crate::kernel::id::new_token;
use crate::kernel::money::Money;
use crate::refunds::model::Reason;
use crate::refunds::quote_store::KeptQuote;
use crate::refunds::quoting;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems, optional_prose};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{Needs, RequestRefunds, TalkToAirline, Visit};
use crate::web::words::{Message, Named};
use crate::web::{Answer, see_other};

/// A line of the refund form.
struct Row {
    line: OfferLine,
    computed: Option<Money>,
    typed: String,
    why: String,
}

#[derive(Template)]
#[template(path = "requests/offer.html")]
struct OfferPage {
    frame: Frame,
    booking: BookingFrame,
    request: Request,
    kind: OfferKind,
    kinds: &'static [OfferKind],
    reasons: [Reason; 2],
    rows: Vec<Row>,
    original: Option<Money>,
    verdict: Option<Message>,
    typed: OfferForm,
    problems: Problems,
    once_key: String,
    max_hours: i64,
}

/// `GET /requests/{number}/offers/new`: for a refund the calculation fills the lines in.
pub async fn form(visit: Visit<TalkToAirline>, number: Path<String>, query: Query<Vec<(String, String)>>) -> Answer {
    let text = serde_html_form::to_string(&*query).map_err(|_| Error::BadRequest)?;
    let typed: OfferForm = serde_html_form::from_str(&text).map_err(|_| Error::BadRequest)?;
    page(&visit, &number, typed, Problems::default(), StatusCode::OK).await
}

async fn page(visit: &Visit<TalkToAirline>, number: &str, mut typed: OfferForm, problems: Problems, status: StatusCode) -> Answer {
    let (app, now) = (&visit.app, visit.app.clock.now());
    let mut conn = app.db.read().await?;
    let request = store::find(&mut conn, &visit.scope(), number).await?.ok_or(Error::NotFound)?;
    let booking = BookingFrame::find(visit, &mut conn, &request.order_no, Tab::Requests).await?;
    if typed.passenger.is_empty() && problems.is_empty() {
        let named: Vec<i64> = request.details.passengers.iter().map(|one| one.no).collect();
        typed.passenger = if named.is_empty() { booking.booking().passengers.iter().map(|one| one.no).collect() } else { named };
        request.details.reason.unwrap_or(Reason::Voluntary).word().clone_into(&mut typed.reason);
    }
    let kind = typed.kind.parse().unwrap_or(OfferKind::Refund);
    let quote = if kind == OfferKind::Refund && !typed.passenger.is_empty() {
        let selection = typed.selection(booking.booking());
        Some(quoting::reckon(&mut conn, &booking.kept, selection, "", &app.settings.limits, now).await?)
    } else {
        None
    };
    let page = OfferPage {
        frame: visit.frame(Message::new("offer-title").text("number", number), Place::Requests),
        kinds: OfferKind::ALL,
        reasons: [Reason::Voluntary, Reason::Involuntary],
        rows: quote.as_ref().map(|quote| rows(quote, &typed)).unwrap_or_default(),
        original: quote.as_ref().map(|quote| quote.answer.totals.original),
        verdict: quote.as_ref().map(|quote| quote.answer.verdict.named()),
        once_key: new_token(),
        max_hours: app.settings.limits.offer_max_hours,
        kind,
        typed,
        problems,
        request,
        booking,
    };
    visit.page_with(status, &page)
}

fn rows(quote: &KeptQuote, typed: &OfferForm) -> Vec<Row> {
    let row = |(place, (line, computed)): (usize, (OfferLine, Option<Money>))| {
        let plain = computed.map(|amount| amount.decimal().to_string()).unwrap_or_default();
        // What was typed over an earlier figure stays; a figure that only followed the calculation follows it again.
        let kept = typed.line.get(place).filter(|text| typed.computed.get(place) != Some(*text)).cloned();
        Row { line, computed, typed: kept.unwrap_or(plain), why: typed.why.get(place).cloned().unwrap_or_default() }
    };
    offering::computed(quote).into_iter().enumerate().map(row).collect()
}

/// `POST /requests/{number}/offers`
pub async fn make(visit: Visit<TalkToAirline>, number: Path<String>, form: Form<OfferForm>) -> Answer {
    let (app, now) = (&visit.app, visit.app.clock.now());
    let mut conn = app.db.read().await?;
    let request = store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    let kept = crate::bookings::strip::find_kept(&mut conn, &visit.scope(), &request.order_no).await?;
    drop(conn);
    let mut problems = Problems::default();
    let parsed = form.0.parse(&kept.booking, app.settings.limits.offer_max_hours, now, &mut problems);
    let (Some((proposal, what, valid_until)), true) = (parsed, problems.is_empty()) else {
        return page(&visit, &number, form.0, problems, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let offering = Offering {
        actor: visit.actor.clone(),
        number: number.clone(),
        seen_version: form.0.version,
        once_key: form.0.once.clone(),
        proposal,
        what,
        valid_until,
    };
    match offering::offer(&app.db, offering, &app.settings.limits, now).await {
        Ok(()) => Ok(see_other(&format!("/requests/{number}?done=offer-made"))),
        Err(Declined::Request(error)) => show_pages::come_back(&visit, &number, error, Typed::default()).await,
        Err(declined) => {
            let (field, message) = sentence(&declined)?;
            problems.add(field, message);
            page(&visit, &number, form.0, problems, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// The sentence for a person, and the field it belongs to.
fn sentence(declined: &Declined) -> Result<(&'static str, Message), Error> {
    Ok(match declined {
        Declined::Refund(refusal) => ("passenger", refusal.message()),
        Declined::LinesMissing => ("fare-penalty", Message::new("offer-lines-missing")),
        Declined::NothingBack => ("fare-penalty", Message::new("offer-nothing-back")),
        Declined::Recalculated => ("fare-penalty", Message::new("offer-recalculated")),
        Declined::Expired => ("offer", Message::new("offer-expired")),
        Declined::AlreadyDecided => ("offer", Message::new("offer-decided")),
        Declined::BelowFloor => ("offer", Message::new("offer-below-floor")),
        Declined::Request(_) => ("body", Message::new("error-internal")),
        Declined::Ledger(error) => return Err(Error::Internal(format!("{error:?}"))),
    })
}

#[derive(Deserialize)]
pub struct OfferPath {
    number: String,
    offer: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DecideForm {
    once: String,
    note: String,
}

const MAX_NOTE: usize = 1000;

async fn decide<P: Needs>(visit: &Visit<P>, path: OfferPath, form: DecideForm, decision: Decision, done: &str) -> Answer {
    let OfferPath { number, offer } = path;
    let mut problems = Problems::default();
    let note = problems.take("note", optional_prose(&form.note, MAX_NOTE)).flatten();
    // What could not be done is told with its reason.
    if decision == Decision::Fail && note.is_none() && problems.is_empty() {
        problems.add("note", "form-required");
    }
    if !problems.is_empty() {
        let mut conn = visit.app.db.read().await?;
        store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
        drop(conn);
        return show_pages::page(visit, &number, StatusCode::UNPROCESSABLE_ENTITY, Typed::default(), problems).await;
    }
    let order = Deciding { actor: visit.actor.clone(), number: number.clone(), offer_id: offer, once_key: form.once, decision, note };
    match deciding::decide(&visit.app.db, order, &visit.app.settings.limits, visit.app.clock.now()).await {
        Ok(Some(refund)) => Ok(see_other(&format!("/refunds/{refund}?done=refund-submitted"))),
        Ok(None) => Ok(see_other(&format!("/requests/{number}?done={done}"))),
        Err(Declined::Request(NotDone::Absent)) => Err(Error::NotFound),
        Err(Declined::Request(error)) => show_pages::come_back(visit, &number, error, Typed::default()).await,
        Err(declined) => {
            let (_, message) = sentence(&declined)?;
            problems.add("offers", message);
            let status = if matches!(declined, Declined::AlreadyDecided | Declined::Expired) {
                StatusCode::CONFLICT
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            show_pages::page(visit, &number, status, Typed::default(), problems).await
        }
    }
}

/// `POST /requests/{number}/offers/{offer}/acceptance`
pub async fn accept(visit: Visit<RequestRefunds>, path: Path<OfferPath>, form: Form<DecideForm>) -> Answer {
    decide(&visit, path.into_inner(), form.0, Decision::Accept, "offer-accepted").await
}

/// `POST /requests/{number}/offers/{offer}/refusal`
pub async fn decline(visit: Visit<RequestRefunds>, path: Path<OfferPath>, form: Form<DecideForm>) -> Answer {
    decide(&visit, path.into_inner(), form.0, Decision::Decline, "offer-declined").await
}

/// `POST /requests/{number}/offers/{offer}/withdrawal`
pub async fn withdraw(visit: Visit<TalkToAirline>, path: Path<OfferPath>, form: Form<DecideForm>) -> Answer {
    decide(&visit, path.into_inner(), form.0, Decision::Withdraw, "offer-withdrawn").await
}

/// `POST /requests/{number}/offers/{offer}/failure`: it could not be done, and its price is given back.
pub async fn fail(visit: Visit<TalkToAirline>, path: Path<OfferPath>, form: Form<DecideForm>) -> Answer {
    decide(&visit, path.into_inner(), form.0, Decision::Fail, "offer-failed").await
}

/// `POST /requests/{number}/offers/{offer}/fulfilment`
pub async fn fulfil(visit: Visit<TalkToAirline>, path: Path<OfferPath>, form: Form<DecideForm>) -> Answer {
    decide(&visit, path.into_inner(), form.0, Decision::Fulfil, "offer-fulfilled").await
}
