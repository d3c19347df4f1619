//! The search box on every page: straight to the one thing that matches, else a list.

use actix_web::web::Query;
use serde::Deserialize;

use crate::bookings::list_store as bookings;
use crate::kernel::actor::Permission;
use crate::refunds::store as refunds;
use crate::requests::store as requests;
use crate::web::visit::{SeeBookings, Visit};
use crate::web::{Answer, see_other};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SearchQuery {
    q: String,
}

/// `GET /search`
pub async fn search(visit: Visit<SeeBookings>, query: Query<SearchQuery>) -> Answer {
    let text: String = query.q.trim().chars().take(100).collect();
    if text.is_empty() {
        return Ok(see_other("/bookings"));
    }
    let scope = visit.scope();
    let mut conn = visit.app.db.read().await?;
    if visit.may(Permission::SeeRefunds) && refunds::find(&mut conn, &scope, &text).await?.is_some() {
        return Ok(see_other(&format!("/refunds/{text}")));
    }
    let request_no = text.to_ascii_uppercase();
    if visit.may(Permission::SeeRequests)
        && request_no.starts_with("SR-")
        && requests::find(&mut conn, &scope, &request_no).await?.is_some()
    {
        return Ok(see_other(&format!("/requests/{request_no}")));
    }
    let named = bookings::named_exactly(&mut conn, &scope, &text).await?;
    if let [order_no] = named.as_slice() {
        return Ok(see_other(&format!("/bookings/{order_no}")));
    }
    let identifier = |name: &str| serde_html_form::to_string([(name, &text)]).unwrap_or_default();
    if named.len() > 1 {
        // Several orders share a PNR, or a ticket number stands in several.
        let is_pnr = text.chars().count() <= 8;
        return Ok(see_other(&format!("/bookings?{}", identifier(if is_pnr { "pnr" } else { "ticket" }))));
    }
    let search = bookings_by_name(&text);
    let lines = bookings::list(&mut conn, &scope, &search, 2, &visit.app.plenty, visit.app.clock.now()).await?;
    match lines.as_slice() {
        [line] => Ok(see_other(&format!("/bookings/{}", line.order_no))),
        _ => Ok(see_other(&format!("/bookings?{}", identifier("passenger")))),
    }
}

fn bookings_by_name(text: &str) -> crate::bookings::filters::Search {
    crate::bookings::filters::Search { passenger: Some(text.to_owned()), ..Default::default() }
}
