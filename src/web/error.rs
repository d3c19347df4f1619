//! How a request can fail, and the page that says so.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use super::words::{self, Message};
use crate::db;
use crate::kernel::language::Language;

/// A failed request. What visitors read is a [`Message`]; internals only reach the log.
#[derive(Debug)]
pub enum Error {
    /// Absent, or not the visitor's to see: both look exactly the same.
    NotFound,
    /// The role may not do this.
    Forbidden,
    /// Nobody is signed in; the path to come back to.
    SignInNeeded(String),
    /// The form did not come from our own page, or its token is stale.
    ForeignForm,
    /// Posted text that no page of ours sends.
    BadRequest,
    /// Not possible as asked, with the reason and what to do.
    Refused(Message),
    /// Somebody else was faster.
    Conflict(Message),
    TooMany(Message),
    TooLarge,
    TooSlow,
    Internal(String),
    /// The database went away.
    Lost(String),
    /// A panic, or no database: nothing is left to make a page with. The reference.
    Unanswered(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Internal(cause) | Self::Lost(cause) => f.write_str(cause),
            Self::Refused(message) | Self::Conflict(message) | Self::TooMany(message) => f.write_str(&message.key),
            other => write!(f, "{other:?}"),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The sentence that a visitor reads.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::Refused(message) | Self::Conflict(message) | Self::TooMany(message) => message.clone(),
            Self::ForeignForm => Message::new("error-foreign-form"),
            other => message_of(other.status_code()),
        }
    }
}

/// The sentence for a status that has no message of its own.
#[must_use]
pub fn message_of(status: StatusCode) -> Message {
    Message::new(match status.as_u16() {
        401 => "error-sign-in-needed",
        403 => "error-forbidden",
        404 => "error-not-found",
        405 => "error-method",
        408 => "error-too-slow",
        413 => "error-too-large",
        400..=499 => "error-bad-request",
        _ => "error-internal",
    })
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::SignInNeeded(_) => StatusCode::SEE_OTHER,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Internal(_) | Self::Unanswered(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Lost(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::SignInNeeded(path) => {
                let query = serde_html_form::to_string([("next", path)]).unwrap_or_default();
                super::see_other(&format!("/sign-in?{query}"))
            }
            Self::Unanswered(reference) => {
                let sentences = [Language::English, Language::Chinese, Language::Vietnamese].map(|l| words::say(l, "error-internal"));
                HttpResponse::InternalServerError()
                    .insert_header(("content-security-policy", super::shell::POLICY))
                    .insert_header(("x-content-type-options", "nosniff"))
                    .insert_header(("cache-control", "no-store"))
                    .insert_header(("x-request-id", reference.as_str()))
                    .content_type("text/plain; charset=utf-8")
                    .body(format!("{}\n\n{reference}\n", sentences.join("\n\n")))
            }
            // The shell lays the page of the visitor's language over it.
            _ => HttpResponse::new(self.status_code()),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if db::is_busy(&error) {
            return Self::Conflict(Message::new("error-busy"));
        }
        if db::is_lost(&error) {
            return Self::Lost(error.to_string());
        }
        Self::Internal(error.to_string())
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}
