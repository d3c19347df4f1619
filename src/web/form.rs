//! Posted forms: bounded, from our own pages only, and given back with what was typed when something is wrong.

use std::time::Duration;

use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::Error;
use super::words::Message;
use super::{AppData, csrf};
use crate::config::Limits;
use crate::kernel::actor::Actor;

/// A posted form whose origin and token were checked. There is no other way to read a body.
#[derive(Debug)]
pub struct Form<T>(pub T);

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

/// As [`Form`], for a form into which a whole document is pasted.
#[derive(Debug)]
pub struct DocumentForm<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { checked(&request, payload, |limits| limits.max_form_bytes).await.map(Self) })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for DocumentForm<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        // What is typed into a form arrives with most signs as three.
        Box::pin(async move { checked(&request, payload, |limits| limits.max_document_bytes.saturating_mul(3)).await.map(Self) })
    }
}

/// The form, once origin, size and token are good.
///
/// # Errors
/// What is not.
pub async fn checked<T: DeserializeOwned>(request: &HttpRequest, payload: Payload, max_bytes: fn(&Limits) -> usize) -> Result<T, Error> {
    let app = request.app_data::<AppData>().cloned().ok_or_else(|| Error::Internal("no app".to_owned()))?;
    check_origin(request, &app)?;
    let limits = &app.settings.limits;
    let deadline = Duration::from_secs(limits.form_seconds);
    let body = tokio::time::timeout(deadline, read(payload, max_bytes(limits))).await.map_err(|_| Error::TooSlow)??;
    // PostgreSQL holds no NUL, and no keyboard types one.
    if body.contains(&0) || body.windows(3).any(|three| three == b"%00") {
        return Err(Error::BadRequest);
    }
    let Token { csrf } = serde_html_form::from_bytes(&body).map_err(|_| Error::BadRequest)?;
    check_token(request, &app, &csrf)?;
    serde_html_form::from_bytes(&body).map_err(|_| Error::BadRequest)
}

/// Refuses a form that another site's page sent.
///
/// # Errors
/// `ForeignForm`
pub fn check_origin(request: &HttpRequest, app: &AppData) -> Result<(), Error> {
    csrf::check_origin(request, &app.settings.origin())
}

/// Refuses a form without this visitor's token.
///
/// # Errors
/// `ForeignForm`
pub fn check_token(request: &HttpRequest, app: &AppData, token: &str) -> Result<(), Error> {
    let expected = expected_token(request, &app.secret).ok_or(Error::ForeignForm)?;
    if csrf::same(token, &expected) { Ok(()) } else { Err(Error::ForeignForm) }
}

/// Who is signed in, if anybody.
#[must_use]
pub fn actor_of(request: &HttpRequest) -> Option<Actor> {
    request.get_session().get::<Actor>("actor").ok().flatten()
}

/// The token that a form of this visitor must carry: the session's, or the guest's before sign-in.
fn expected_token(request: &HttpRequest, secret: &str) -> Option<String> {
    match request.get_session().get::<String>("csrf").ok().flatten() {
        Some(token) => Some(token),
        None => request.cookie(csrf::GUEST_COOKIE).map(|cookie| csrf::guest_token(secret, cookie.value())),
    }
}

async fn read(mut payload: Payload, max_bytes: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| Error::BadRequest)?;
        if body.len() + piece.len() > max_bytes {
            return Err(Error::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// What is wrong with a form: one sentence per field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<(&'static str, Message)>);

impl Problems {
    /// Notes a problem of a field.
    pub fn add(&mut self, field: &'static str, message: impl Into<Message>) {
        self.0.push((field, message.into()));
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentence for one field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&Message> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, message)| message)
    }

    /// The value of a field, or a noted problem and nothing.
    pub fn take<T>(&mut self, field: &'static str, parsed: Result<T, Message>) -> Option<T> {
        parsed.map_err(|message| self.add(field, message)).ok()
    }
}

/// Text that must not be empty and not longer than a limit, without blanks around it.
///
/// # Errors
/// A sentence that says which.
pub fn required(text: &str, max_chars: usize) -> Result<String, Message> {
    match optional(text, max_chars)? {
        Some(text) => Ok(text),
        None => Err(Message::new("form-required")),
    }
}

/// Text that may be empty.
///
/// # Errors
/// A sentence when it is too long.
pub fn optional(text: &str, max_chars: usize) -> Result<Option<String>, Message> {
    let text = text.trim();
    if text.chars().count() > max_chars {
        return Err(Message::new("form-too-long").count("max", i64::try_from(max_chars).unwrap_or(i64::MAX)));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Numbers that people paste: one after the other, with blanks, line ends, commas or semicolons of any script between them.
pub fn pasted(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split([',', ';', '\n', '\t', ' ', '，', '；', '、']).map(str::trim).filter(|piece| !piece.is_empty()).map(ToOwned::to_owned)
}

/// Free text that must not be empty, and holds no card number.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn prose(text: &str, max_chars: usize) -> Result<String, Message> {
    required(text, max_chars).and_then(|text| no_card_number(Some(text)).map(Option::unwrap_or_default))
}

/// Free text that may be empty, and holds no card number.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn optional_prose(text: &str, max_chars: usize) -> Result<Option<String>, Message> {
    optional(text, max_chars).and_then(no_card_number)
}

/// A name in one line: not empty, and without signs that steer.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn one_line(text: &str, max_chars: usize) -> Result<String, Message> {
    let text = required(text, max_chars)?;
    if text.chars().any(char::is_control) { Err(Message::new("form-one-line")) } else { Ok(text) }
}

/// No amount that people type is larger, in minor units: sums of many such still fit.
pub const MOST_MINOR: i64 = 10_000_000_000_000;

/// Card numbers have no place in free text: 13 to 19 digits that pass Luhn's check are refused, with blanks or hyphens
/// between them or not. Digits behind a letter are something else's: an order's number.
///
/// # Errors
/// A sentence when there is one.
pub fn no_card_number(text: Option<String>) -> Result<Option<String>, Message> {
    let is_card = |(_, digits): &(std::ops::Range<usize>, String)| (13..=19).contains(&digits.len()) && passes_luhn(digits);
    if runs(text.as_deref().unwrap_or_default()).iter().any(is_card) { Err(Message::new("form-card-number")) } else { Ok(text) }
}

/// What stands in front of what is left of a card number.
pub const MASKED: &str = "••••";

/// A cell of a file without card numbers: only their last four digits are left. Nothing when there is none. Ticket numbers
/// (13 and 14 digits) and numbers that no card begins with stay as they are, so that few references of a bank are changed.
#[must_use]
pub fn masked(text: &str) -> Option<String> {
    let begins =
        |digits: &str| digits.starts_with(['3', '4', '5', '6']) || digits.get(..4).is_some_and(|head| ("2221"..="2720").contains(&head));
    let mut masked = text.to_owned();
    for (range, digits) in runs(text).into_iter().rev() {
        if (15..=19).contains(&digits.len()) && begins(&digits) && passes_luhn(&digits) {
            masked.replace_range(range, &format!("{MASKED} {}", &digits[digits.len() - 4..]));
        }
    }
    (masked != text).then_some(masked)
}

/// Digits in a row, over single blanks and hyphens, that are not a part of a word: where they stand, and they alone.
fn runs(text: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let mut found: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    let (mut before, mut is_word) = (' ', false);
    for (place, c) in text.char_indices() {
        if c.is_ascii_digit() {
            let joins = |range: &std::ops::Range<usize>| range.end == place || (range.end + 1 == place && matches!(before, ' ' | '-'));
            match found.last_mut() {
                Some((range, digits)) if !is_word && joins(range) => {
                    range.end = place + 1;
                    digits.push(c);
                }
                _ if is_word => {}
                _ => found.push((place..place + 1, c.to_string())),
            }
        } else {
            is_word = c.is_alphabetic();
        }
        before = c;
    }
    found
}

fn passes_luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 0 { digit } else { digit * 2 - if digit > 4 { 9 } else { 0 } }
        })
        .sum();
    sum.is_multiple_of(10)
}
