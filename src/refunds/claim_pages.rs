//! Refund Claim: a panel over the booking, beside the refund slide-out.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::claiming::{self, Claim};
use super::model::Reason;
use super::refusal::Refusal;
use super::selection::{self, Choices};
use super::taken_store;
use crate::attachments::upload::{FilesField, Upload};
use crate::bookings::model::PaymentChannel;
use crate::bookings::strip::{BookingFrame, Tab};
use crate::kernel::id::new_token;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Date;
use crate::web::filters;
use crate::web::form::{MOST_MINOR, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{RequestRefunds, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

/// What was typed, exactly as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ClaimForm {
    pub passenger: Vec<i64>,
    pub segment: Vec<i64>,
    pub reason: String,
    pub fulfilled_on: String,
    pub expected: String,
    pub once: String,
}

/// What a claim's own fields mean.
pub struct Particulars {
    pub reason: Reason,
    pub fulfilled_on: Date,
    pub expected: Option<Money>,
}

/// Reads a claim's own fields.
pub fn particulars(reason: &str, fulfilled_on: &str, expected: &str, currency: Currency, problems: &mut Problems) -> Option<Particulars> {
    let reason = reason.parse::<Reason>().ok().filter(|reason| *reason != Reason::Void);
    let reason = problems.take("reason", reason.ok_or_else(|| Message::new("form-choose")));
    let fulfilled_on = problems.take("fulfilled_on", fulfilled_on.trim().parse::<Date>().map_err(|_| Message::new("form-day")));
    let expected = match expected.trim() {
        "" => Some(None),
        text => {
            let amount = Money::parse(text, currency).ok().filter(|amount| (1..=MOST_MINOR).contains(&amount.minor));
            problems.take("expected", amount.ok_or_else(|| Message::new("form-amount-above-zero"))).map(Some)
        }
    };
    Some(Particulars { reason: reason?, fulfilled_on: fulfilled_on?, expected: expected? })
}

#[derive(Template)]
#[template(path = "refunds/claim.html")]
struct ClaimPage {
    frame: Frame,
    booking: BookingFrame,
    choices: Choices,
    chosen_segments: BTreeSet<i64>,
    typed: ClaimForm,
    /// Why nothing of this order can be claimed, or what was wrong with what was chosen.
    refusal: Option<Message>,
    closed: bool,
    files: FilesField,
    problems: Problems,
    once_key: String,
}

/// `GET /bookings/{order}/claim`
pub async fn form(visit: Visit<RequestRefunds>, order_no: Path<String>) -> Answer {
    page(&visit, &order_no, None, &[], Problems::default(), None).await
}

async fn page(
    visit: &Visit<RequestRefunds>,
    order_no: &str,
    typed: Option<ClaimForm>,
    files: &[String],
    problems: Problems,
    refusal: Option<Refusal>,
) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(visit, &mut conn, order_no, Tab::Refunds).await?;
    let taken = taken_store::taken(&mut conn, &booking.kept.id).await?;
    let by_card = booking.booking().payment_channel == PaymentChannel::Vcc;
    let chosen: Option<BTreeSet<i64>> = typed.as_ref().map(|typed| typed.passenger.iter().copied().collect());
    let all: Vec<i64> = booking.booking().segments.iter().map(|segment| segment.no).collect();
    let fine = problems.is_empty() && refusal.is_none();
    let page = ClaimPage {
        frame: visit.frame(Message::new("claim-title").text("order", order_no), Place::Bookings),
        choices: selection::choices(booking.booking(), &taken, chosen.as_ref()),
        chosen_segments: typed.as_ref().map_or(all, |typed| typed.segment.clone()).into_iter().collect(),
        refusal: refusal.or(by_card.then_some(Refusal::PaidByCard)).map(|refusal| refusal.message()),
        closed: by_card,
        files: FilesField::of(&mut conn, &visit.app.settings.limits, &visit.actor.user_id, files).await?,
        typed: typed.unwrap_or_default(),
        once_key: new_token(),
        problems,
        booking,
    };
    visit.page_with(if fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &page)
}

/// `POST /bookings/{order}/claims`
pub async fn claim(visit: Visit<RequestRefunds>, order_no: Path<String>, form: Upload<ClaimForm>) -> Answer {
    let Upload { fields, files, mut problems, .. } = form;
    let mut conn = visit.app.db.read().await?;
    let kept = crate::bookings::strip::find_kept(&mut conn, &visit.scope(), &order_no).await?;
    drop(conn);
    let read = particulars(&fields.reason, &fields.fulfilled_on, &fields.expected, kept.booking.currency, &mut problems);
    let (Some(read), true) = (read, problems.is_empty()) else {
        return page(&visit, &order_no, Some(fields), &files, problems, None).await;
    };
    let claim = Claim {
        actor: visit.actor.clone(),
        order_no: order_no.clone(),
        passengers: fields.passenger.iter().copied().collect(),
        segments: fields.segment.iter().copied().collect(),
        reason: read.reason,
        fulfilled_on: read.fulfilled_on,
        expected: read.expected,
        proof: files.clone(),
        once_key: fields.once.clone(),
        request_id: None,
    };
    match claiming::claim(&visit.app.db, claim, &visit.app.settings.limits, visit.app.clock.now()).await {
        Ok(number) => Ok(see_other(&format!("/refunds/{number}?done=claim-submitted"))),
        Err(refusal @ (Refusal::Absent | Refusal::Database(_) | Refusal::Calculation(_))) => Err(refusal.into()),
        Err(refusal @ (Refusal::ProofNeeded | Refusal::ProofGone)) => {
            problems.add("files", refusal.message());
            page(&visit, &order_no, Some(fields), &files, problems, None).await
        }
        Err(refusal @ Refusal::FulfilledOnUnlikely) => {
            problems.add("fulfilled_on", refusal.message());
            page(&visit, &order_no, Some(fields), &files, problems, None).await
        }
        Err(refusal) => page(&visit, &order_no, Some(fields), &files, problems, Some(refusal)).await,
    }
}
