//! Around every request: its id, its log line, the security headers, and the page of an error.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_session::SessionExt;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse};
use askama::Template;
use futures_util::FutureExt;

use super::error::{Error, message_of};
use super::filters::{self, Reader};
use super::frame::{Frame, Place};
use super::words::Message;
use super::{AppData, visit};
use crate::db;
use crate::kernel::actor::Actor;

/// What a page may load, and who may show it.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Who was signed in, kept for the shell: once the session is stored again, nothing of it is left to be read.
#[derive(Debug, Default)]
struct Known {
    signed_in: bool,
    /// Only where the answer is an error, whose page the shell makes.
    visitor: Option<(Actor, String)>,
}

/// Inside of the sessions: remembers who visits until the answer has passed them.
///
/// # Errors
/// None of its own.
pub async fn remember<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, actix_web::Error> {
    let response = next.call(request).await?;
    let session = response.request().get_session();
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let visitor = || session.get::<Actor>("actor").ok().flatten().zip(session.get::<String>("csrf").ok().flatten());
    let known = Known { signed_in: session.contains_key("actor"), visitor: if failed { visitor() } else { None } };
    response.request().extensions_mut().insert(known);
    Ok(response)
}

/// The outermost middleware.
///
/// # Errors
/// None of its own: failures become pages.
pub async fn shell<B: MessageBody + 'static>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let began = Instant::now();
    let reference = crate::kernel::id::new_id();
    let work = AssertUnwindSafe(next.call(request)).catch_unwind();
    let response = match db::Waited::for_now(work).await {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        // Without an answer there is no request to make a page for: the error's own plain answer goes out.
        Ok(Err(error)) => return Err(unanswered(&reference, error.to_string())),
        Err(_) => return Err(unanswered(&reference, "a handler panicked".to_owned())),
    };
    doubt_what_was_lost(&response);
    let mut response = with_error_page(response, &reference);
    log(&response, &reference, began);
    let https = response.request().app_data::<AppData>().is_some_and(|app| app.settings.is_https());
    let signed_in = response.request().extensions().get::<Known>().is_some_and(|known| known.signed_in);
    add_headers(response.headers_mut(), &reference, https, signed_in);
    Ok(response)
}

/// When one connection to the database was lost, the others may be, too.
fn doubt_what_was_lost(response: &ServiceResponse<BoxBody>) {
    let error = response.response().error().and_then(|error| error.as_error::<Error>());
    if matches!(error, Some(Error::Lost(_)))
        && let Some(app) = response.request().app_data::<AppData>()
    {
        app.db.doubt();
    }
}

fn unanswered(reference: &str, cause: String) -> actix_web::Error {
    tracing::error!(request = reference, cause, "request failed without an answer");
    Error::Unanswered(reference.to_owned()).into()
}

fn add_headers(headers: &mut HeaderMap, reference: &str, https: bool, signed_in: bool) {
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("x-content-type-options", "nosniff");
    add("referrer-policy", "same-origin");
    add("cross-origin-opener-policy", "same-origin");
    add("x-request-id", reference);
    if https {
        add("strict-transport-security", "max-age=31536000; includeSubDomains");
    }
    // A file that somebody attached comes with a stricter one.
    if !headers.contains_key("content-security-policy") {
        headers.insert(HeaderName::from_static("content-security-policy"), HeaderValue::from_static(POLICY));
    }
    if signed_in || !headers.contains_key("cache-control") {
        let immutable = headers.get("cache-control").is_some_and(|value| value.as_bytes().ends_with(b"immutable"));
        if !immutable {
            headers.insert(HeaderName::from_static("cache-control"), HeaderValue::from_static("no-store"));
        }
    }
}

fn log(response: &ServiceResponse<BoxBody>, reference: &str, began: Instant) {
    let request = response.request();
    // The pattern, never the path: a path may hold a one-time link, a query a passenger's name.
    let route = request.match_pattern().unwrap_or_else(|| "unknown".to_owned());
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    if let Some(error) = response.response().error().filter(|_| status >= 500) {
        tracing::error!(request = reference, method = %request.method(), route, status, milliseconds, cause = %error, "request failed");
    } else {
        tracing::info!(request = reference, method = %request.method(), route, status, milliseconds, "request");
    }
}

#[derive(Template)]
#[template(path = "web/error.html")]
struct ErrorPage {
    frame: Frame,
    message: Message,
    reference: String,
}

fn with_error_page(response: ServiceResponse<BoxBody>, reference: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let has_own_page = response.response().error().is_none() && response.headers().contains_key("content-type");
    if !(status.is_client_error() || status.is_server_error()) || has_own_page {
        return response;
    }
    let message = response.response().error().and_then(|e| e.as_error::<Error>()).map_or_else(|| message_of(status), Error::message);
    let page = error_page(&response, status, message, reference);
    let (request, old) = response.into_parts();
    let mut page = page;
    for cookie in old.cookies() {
        let _ = page.add_cookie(&cookie);
    }
    ServiceResponse::new(request, page)
}

fn error_page(response: &ServiceResponse<BoxBody>, status: StatusCode, message: Message, reference: &str) -> HttpResponse {
    let request = response.request();
    let visitor = request.extensions_mut().get_mut::<Known>().and_then(|known| known.visitor.take());
    let (actor, csrf) = visitor.map_or_else(|| (None, String::new()), |(actor, csrf)| (Some(actor), csrf));
    let language = actor.as_ref().map_or_else(|| visit::language_of(request), |actor| actor.language);
    let operator_name = request.app_data::<AppData>().map(|app| app.settings.operator_name.clone()).unwrap_or_default();
    let reader = Reader { language, zone_name: "UTC".to_owned(), operator_name };
    let title = Message::new("error-title");
    // Not the path that failed: a foreign object must look exactly like an absent one.
    let frame = Frame::new(title, Place::Nowhere, language, actor, csrf, "/".to_owned());
    let html = ErrorPage { frame, message, reference: reference.to_owned() }.render_with_values(&reader);
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html.unwrap_or_else(|_| "Something went wrong.".to_owned()))
}
