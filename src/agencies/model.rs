//! An agency, a user, and what can be wrong with them.

use crate::kernel::actor::{Actor, Role};
use crate::kernel::language::Language;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Timestamp;
use crate::notices::model::MailWish;
use crate::web::words::Message;

/// A travel agency that buys from the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    pub id: String,
    /// Short name of programs: capitals, digits and dashes.
    pub code: String,
    pub name: String,
    /// The currency of its deposit's credit line.
    pub currency: Currency,
    /// How far its deposit in that currency may go below zero.
    pub credit_line: Money,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub agency_id: Option<String>,
    pub language: Language,
    pub zone_name: String,
    pub mail: MailWish,
    /// Since when e-mail to them is given up, however often it is tried.
    pub mail_failed_at: Option<Timestamp>,
    pub has_password: bool,
    pub disabled: bool,
}

impl From<User> for Actor {
    /// This user acting where nobody is signed in: in the background, or on the command line.
    fn from(user: User) -> Self {
        Self {
            user_id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            agency_id: user.agency_id,
            agency_name: None,
            language: user.language,
            zone_name: user.zone_name,
        }
    }
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub browser: String,
    pub address: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub is_this: bool,
}

/// Why an agency or a user could not be added or changed.
#[derive(Debug)]
pub enum Refusal {
    CodeTaken(String),
    EmailTaken(String),
    UnknownAgency(String),
    /// An agency's role without an agency, or an operator's role with one.
    RoleDoesNotFit(Role),
    /// A one-time link that was used, has expired or never existed.
    LinkSpent,
    /// One's own account cannot be disabled.
    Oneself,
    Absent,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Refusal {
    /// The sentence for a person.
    #[must_use]
    pub fn message(&self) -> Message {
        match self {
            Self::CodeTaken(code) => Message::new("agency-code-taken").text("code", code),
            Self::EmailTaken(email) => Message::new("user-email-taken").text("email", email),
            Self::UnknownAgency(code) => Message::new("agency-unknown").text("code", code),
            Self::RoleDoesNotFit(_) => Message::new("user-role-does-not-fit"),
            Self::LinkSpent => Message::new("link-spent"),
            Self::Oneself => Message::new("user-oneself"),
            Self::Absent => Message::new("error-not-found"),
            Self::Database(_) => Message::new("error-internal"),
        }
    }
}

impl From<Refusal> for crate::web::error::Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Absent => Self::NotFound,
            other => Self::Refused(other.message()),
        }
    }
}

/// An agency's code as it is kept.
///
/// # Errors
/// A sentence when it is not 2 to 20 capitals, digits or dashes.
pub fn parse_code(text: &str) -> Result<String, Message> {
    let code = text.trim().to_ascii_uppercase();
    let fits = (2..=20).contains(&code.len()) && code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
    if fits { Ok(code) } else { Err(Message::new("agency-code-form")) }
}

/// An e-mail address as it is kept: lower case.
///
/// # Errors
/// A sentence when it has not the form `name@host.tld`, or no mail could be sent there.
pub fn parse_email(text: &str) -> Result<String, Message> {
    let email = text.trim().to_lowercase();
    let fits = email.len() <= 200
        && email.is_ascii()
        && email.rsplit_once('@').is_some_and(|(_, host)| host.contains('.'))
        && email.parse::<lettre::Address>().is_ok();
    if fits { Ok(email) } else { Err(Message::new("user-email-form")) }
}

/// A time zone that exists, by its IANA name.
///
/// # Errors
/// A sentence when there is none of that name.
pub fn parse_zone(text: &str) -> Result<String, Message> {
    match jiff::tz::TimeZone::get(text.trim()) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(_) => Err(Message::new("account-zone-unknown")),
    }
}
