//! The refund slide-out: choose, see the quote, submit. Each step is a page of its own address, shown as a panel.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::explaining::{self, Explained};
use super::model::Reason;
use super::quote_store::{self, KeptQuote};
use super::quoting::{self, Asked};
use super::refusal::Refusal;
use super::selection::{self, Choices, Selection};
use super::submitting::{self, Outcome, Submission};
use super::{store, taken_store};
use crate::attachments::upload::{FilesField, Upload};
use crate::bookings::strip::{BookingFrame, Tab};
use crate::incidents;
use crate::kernel::id::new_token;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{RequestRefunds, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// What the panel offers; a void has a button of its own.
const OFFERED: [Reason; 2] = [Reason::Voluntary, Reason::Involuntary];

#[derive(Template)]
#[template(path = "refunds/choose.html")]
struct ChoosePage {
    frame: Frame,
    booking: BookingFrame,
    choices: Choices,
    reasons: &'static [Reason],
    reason: Reason,
    /// Why nothing of this order can be refunded, or what was wrong with what was chosen.
    refusal: Option<Message>,
    closed: bool,
}

/// `GET /bookings/{order}/refund`
pub async fn choose(visit: Visit<RequestRefunds>, order_no: Path<String>) -> Answer {
    choose_page(&visit, &order_no, None, None).await
}

async fn choose_page(visit: &Visit<RequestRefunds>, order_no: &str, chosen: Option<Selection>, refusal: Option<Refusal>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(visit, &mut conn, order_no, Tab::Refunds).await?;
    let taken = taken_store::taken(&mut conn, &booking.kept.id).await?;
    let impossible = selection::check_booking(booking.booking(), visit.app.clock.now()).err();
    let all_taken = booking.booking().passengers.iter().all(|p| taken.iter().any(|taken| taken.passenger_no == p.no));
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ChoosePage {
        frame: visit.frame(Message::new("refund-title").text("order", order_no), Place::Bookings),
        choices: selection::choices(booking.booking(), &taken, chosen.as_ref().map(|chosen| &chosen.passengers)),
        reasons: &OFFERED,
        reason: chosen.map_or(Reason::Voluntary, |chosen| chosen.reason),
        closed: impossible.is_some() || all_taken,
        refusal: refusal.or(impossible).map(|refusal| refusal.message()),
        booking,
    };
    visit.page_with(status, &page)
}

#[derive(Deserialize)]
pub struct ChooseForm {
    #[serde(default)]
    passenger: Vec<i64>,
    #[serde(default)]
    segment: Vec<i64>,
    #[serde(default)]
    reason: String,
}

/// `POST /bookings/{order}/quotes`
pub async fn quote(visit: Visit<RequestRefunds>, order_no: Path<String>, form: Form<ChooseForm>) -> Answer {
    let Form(form) = form;
    // A void has rules of its own, and a panel of its own.
    let Some(reason) = form.reason.parse::<Reason>().ok().filter(|reason| OFFERED.contains(reason)) else {
        return choose_page(&visit, &order_no, None, Some(Refusal::NoReason)).await;
    };
    let selection =
        Selection { passengers: form.passenger.into_iter().collect(), segments: form.segment.into_iter().collect::<BTreeSet<_>>(), reason };
    let (app, asked) = (
        &visit.app,
        Asked { scope: visit.scope(), user_id: visit.actor.user_id.clone(), order_no: order_no.clone(), selection: selection.clone() },
    );
    match quoting::quote(&app.db, asked, &app.settings.limits, app.clock.now()).await {
        Ok(quote) => Ok(see_other(&format!("/bookings/{order_no}/quotes/{}", quote.id))),
        Err(refusal @ (Refusal::Absent | Refusal::Database(_) | Refusal::Calculation(_))) => Err(refusal.into()),
        Err(refusal) => choose_page(&visit, &order_no, Some(selection), Some(refusal)).await,
    }
}

/// How the newest quote differs from the one that expired or was overtaken.
struct Renewed {
    before: Option<Money>,
    after: Option<Money>,
}

#[derive(Template)]
#[template(path = "refunds/quote.html")]
struct QuotePage {
    frame: Frame,
    booking: BookingFrame,
    quote: KeptQuote,
    reasons: Vec<Message>,
    steps: Vec<Explained>,
    expired: bool,
    minutes_left: i64,
    renewed: Option<Renewed>,
    forecast: Message,
    once_key: String,
    submitted: Option<String>,
    /// Whether a file must prove what the airline did.
    needs_proof: bool,
    files: FilesField,
    problems: Problems,
}

#[derive(Deserialize)]
pub struct QuoteQuery {
    #[serde(default)]
    instead_of: String,
    #[serde(default)]
    kept: String,
}

/// `GET /bookings/{order}/quotes/{id}`
pub async fn show_quote(visit: Visit<RequestRefunds>, path: Path<(String, String)>, query: actix_web::web::Query<QuoteQuery>) -> Answer {
    let (order_no, id) = path.into_inner();
    let kept: Vec<String> = query.kept.split(',').filter(|id| !id.is_empty()).take(10).map(ToOwned::to_owned).collect();
    quote_page(&visit, &order_no, &id, &query.instead_of, &kept, Problems::default()).await
}

async fn quote_page(
    visit: &Visit<RequestRefunds>,
    order_no: &str,
    id: &str,
    instead_of: &str,
    files: &[String],
    problems: Problems,
) -> Answer {
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(visit, &mut conn, order_no, Tab::Refunds).await?;
    let quote = quote_store::find(&mut conn, &booking.kept.id, id).await?.ok_or(Error::NotFound)?;
    let earlier = match instead_of {
        "" => None,
        earlier => quote_store::find(&mut conn, &booking.kept.id, earlier).await?,
    };
    let needs_proof =
        quote.selection.reason == Reason::Involuntary && incidents::store::proving(&mut conn, &booking.kept.id).await?.is_none();
    let days = store::days_to_money(&mut conn, &booking.booking().segments[0].carrier).await?;
    let submitted = store::number_of_quote(&mut conn, id).await?;
    let files = FilesField::of(&mut conn, &visit.app.settings.limits, &visit.actor.user_id, files).await?;
    let name = |no: i64| booking.booking().passengers.iter().find(|p| p.no == no).map(|p| p.name.clone()).unwrap_or_default();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = QuotePage {
        frame: visit.frame(Message::new("refund-title").text("order", order_no), Place::Bookings),
        reasons: quote.answer.reasons.iter().map(crate::web::words::Named::named).collect(),
        steps: explaining::trace(&quote.answer, name),
        expired: now >= quote.expires_at,
        minutes_left: minutes_between(now, quote.expires_at),
        renewed: earlier.map(|earlier| Renewed { before: earlier.answer.totals.refund, after: quote.answer.totals.refund }),
        forecast: forecast(&days),
        once_key: new_token(),
        submitted,
        needs_proof,
        files,
        problems,
        booking,
        quote,
    };
    visit.page_with(status, &page)
}

fn minutes_between(now: Timestamp, then: Timestamp) -> i64 {
    crate::kernel::time::minutes_until(now, then).max(0)
}

/// When the money usually comes, from the airline's last refunds.
fn forecast(days: &[i64]) -> Message {
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    Message::new(match sorted.get(sorted.len() / 2) {
        None => "forecast-unknown",
        Some(0..=3) => "forecast-1-3",
        Some(4..=7) => "forecast-4-7",
        Some(8..=14) => "forecast-8-14",
        Some(15..=30) => "forecast-15-30",
        Some(_) => "forecast-30",
    })
}

#[derive(Deserialize)]
pub struct SubmitForm {
    quote: String,
    once: String,
}

/// `POST /bookings/{order}/refunds`
pub async fn submit(visit: Visit<RequestRefunds>, order_no: Path<String>, form: Upload<SubmitForm>) -> Answer {
    let Upload { fields: SubmitForm { quote, once }, files, mut problems, .. } = form;
    let app = &visit.app;
    if !problems.is_empty() {
        return quote_page(&visit, &order_no, &quote, "", &files, problems).await;
    }
    let submission = Submission {
        actor: visit.actor.clone(),
        order_no: order_no.clone(),
        quote_id: quote.clone(),
        once_key: once,
        proof: files.clone(),
    };
    match submitting::submit(&app.db, submission, &app.settings.limits, app.clock.now()).await {
        Ok(Outcome::Submitted(number)) => Ok(see_other(&format!("/refunds/{number}?done=refund-submitted"))),
        Ok(Outcome::QuotedAnew(id)) => {
            // The files go along: they are drafts still.
            let kept = files.join(",");
            Ok(see_other(&format!("/bookings/{order_no}/quotes/{id}?instead_of={quote}&kept={kept}&done=quote-renewed")))
        }
        Err(refusal @ (Refusal::Absent | Refusal::Database(_) | Refusal::Calculation(_))) => Err(refusal.into()),
        Err(refusal @ (Refusal::ProofNeeded | Refusal::ProofGone)) => {
            problems.add("files", refusal.message());
            quote_page(&visit, &order_no, &quote, "", &files, problems).await
        }
        Err(refusal) => choose_page(&visit, &order_no, None, Some(refusal)).await,
    }
}
