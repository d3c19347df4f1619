//! Forms that change something must come from our own pages.

use actix_web::HttpRequest;
use actix_web::http::header;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::error::Error;

/// The cookie that a visitor without a session gets, so that the sign-in form has something to be bound to.
pub const GUEST_COOKIE: &str = "afterfare-guest";

/// Refuses a request that another site's page sent.
///
/// # Errors
/// `ForeignForm` unless the browser says same-origin, or, where it does not say, the origin is ours.
pub fn check_origin(request: &HttpRequest, own_origin: &str) -> Result<(), Error> {
    let said = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let own = match said("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => said(header::ORIGIN.as_str()) == Some(own_origin),
    };
    if own { Ok(()) } else { Err(Error::ForeignForm) }
}

/// The token of forms for a visitor who holds this guest cookie.
#[must_use]
pub fn guest_token(secret: &str, guest: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(b"guest form ");
    mac.update(guest.as_bytes());
    crate::kernel::id::hex(&mac.finalize().into_bytes())
}

/// Compares without telling by its time how much was right.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}
