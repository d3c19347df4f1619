//! Void: a panel that shows what comes back and until when, with the one button.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::quote_store::KeptQuote;
use super::refusal::Refusal;
use super::voiding::{self, Voiding};
use crate::bookings::strip::{BookingFrame, Tab};
use crate::bookings::void;
use crate::kernel::id::new_token;
use crate::kernel::time::minutes_until;
use crate::web::filters;
use crate::web::form::Form;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{RequestRefunds, Visit};
use crate::web::words::Message;
use crate::web::{Answer, see_other};

#[derive(Template)]
#[template(path = "refunds/void.html")]
struct VoidPage {
    frame: Frame,
    booking: BookingFrame,
    /// The quote and the window; nothing where the order cannot be voided.
    offer: Option<(KeptQuote, void::Open)>,
    left: String,
    closes: String,
    refusal: Option<Message>,
    once_key: String,
}

/// `GET /bookings/{order}/void`
pub async fn show(visit: Visit<RequestRefunds>, order_no: Path<String>) -> Answer {
    page(&visit, &order_no, None).await
}

async fn page(visit: &Visit<RequestRefunds>, order_no: &str, refusal: Option<Refusal>) -> Answer {
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(visit, &mut conn, order_no, Tab::Refunds).await?;
    let (offer, impossible) = match voiding::preview(&mut conn, &booking.kept, &visit.app.settings.limits, now).await {
        Ok(offer) => (Some(offer), None),
        Err(refusal @ (Refusal::Database(_) | Refusal::Calculation(_))) => return Err(refusal.into()),
        Err(refusal) => (None, Some(refusal)),
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let in_zone = |open: &void::Open| {
        let zone = open.zone_name.as_deref().unwrap_or(&visit.actor.zone_name);
        format!("{} ({zone})", crate::web::figures::moment(open.closes_at, zone))
    };
    let page = VoidPage {
        frame: visit.frame(Message::new("void-title").text("order", order_no), Place::Bookings),
        left: offer
            .as_ref()
            .map(|(_, open)| crate::web::figures::hours_and_minutes(minutes_until(now, open.closes_at)))
            .unwrap_or_default(),
        closes: offer.as_ref().map(|(_, open)| in_zone(open)).unwrap_or_default(),
        offer,
        refusal: refusal.or(impossible).map(|refusal| refusal.message()),
        once_key: new_token(),
        booking,
    };
    visit.page_with(status, &page)
}

#[derive(Deserialize)]
pub struct VoidForm {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    once: String,
}

/// `POST /bookings/{order}/void`
pub async fn void(visit: Visit<RequestRefunds>, order_no: Path<String>, form: Form<VoidForm>) -> Answer {
    let Form(VoidForm { seen, once }) = form;
    let voiding = Voiding { actor: visit.actor.clone(), order_no: order_no.clone(), seen, once_key: once };
    match voiding::void(&visit.app.db, voiding, &visit.app.settings.limits, visit.app.clock.now()).await {
        Ok(number) => Ok(see_other(&format!("/refunds/{number}?done=void-submitted"))),
        Err(refusal @ (Refusal::Absent | Refusal::Database(_) | Refusal::Calculation(_))) => Err(refusal.into()),
        Err(refusal) => page(&visit, &order_no, Some(refusal)).await,
    }
}
