//! What is done to agencies and users: each function is one transaction.

use super::model::{Agency, Refusal, User};
use super::store;
use crate::db::{Db, is_duplicate};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Role;
use crate::kernel::id::{digest, new_id, new_token};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, plus_hours};
use crate::ledger::AccountKind;
use crate::ledger::posting::{self, Account};
use crate::notices::model::MailWish;

/// A new agency's particulars, already parsed.
#[derive(Debug, Clone)]
pub struct NewAgency {
    pub code: String,
    pub name: String,
    pub credit_line: Money,
}

/// Adds an agency.
///
/// # Errors
/// `CodeTaken`.
pub async fn add_agency(db: &Db, new: NewAgency, author: Author, now: Timestamp) -> Result<Agency, Refusal> {
    let agency = Agency { id: new_id(), code: new.code, name: new.name, currency: new.credit_line.currency, credit_line: new.credit_line };
    db.write(move |conn| {
        Box::pin(async move {
            store::insert_agency(conn, &agency, now)
                .await
                .map_err(|error| if is_duplicate(&error) { Refusal::CodeTaken(agency.code.clone()) } else { error.into() })?;
            if !agency.credit_line.is_zero() {
                let deposit = Account::of(AccountKind::Deposit, &agency.id);
                posting::set_floor(conn, &deposit, agency.currency, -agency.credit_line.minor).await?;
            }
            let details = serde_json::json!({ "code": agency.code });
            journal::write(conn, Subject::Agency, &agency.id, "added", &author, &details, now).await?;
            Ok(agency)
        })
    })
    .await
}

/// A new user's particulars, already parsed.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub agency_id: Option<String>,
    pub language: Language,
}

/// A one-time link: its token is known only to who gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub token: String,
    pub expires_at: Timestamp,
}

/// Adds a user who has no password yet, and the link by which to set it.
///
/// # Errors
/// `RoleDoesNotFit` or `EmailTaken`.
pub async fn add_user(db: &Db, new: NewUser, author: Author, link_hours: i64, now: Timestamp) -> Result<(User, Link), Refusal> {
    if new.role.is_operator() != new.agency_id.is_none() {
        return Err(Refusal::RoleDoesNotFit(new.role));
    }
    let user = User {
        id: new_id(),
        email: new.email,
        name: new.name,
        role: new.role,
        agency_id: new.agency_id,
        language: new.language,
        zone_name: "UTC".to_owned(),
        mail: MailWish::Each,
        mail_failed_at: None,
        has_password: false,
        disabled: false,
    };
    let link = Link { token: new_token(), expires_at: plus_hours(now, link_hours) };
    db.write(move |conn| {
        Box::pin(async move {
            store::insert_user(conn, &user, now)
                .await
                .map_err(|error| if is_duplicate(&error) { Refusal::EmailTaken(user.email.clone()) } else { error.into() })?;
            store::insert_link(conn, &digest(&link.token), &user.id, now, link.expires_at).await?;
            let details = serde_json::json!({ "email": user.email, "role": user.role });
            journal::write(conn, Subject::User, &user.id, "added", &author, &details, now).await?;
            Ok((user, link))
        })
    })
    .await
}

/// Makes a new link for a user of the given agency; earlier links stop working.
///
/// # Errors
/// `Absent` when the user is not of that agency.
pub async fn renew_link(
    db: &Db,
    user_id: String,
    agency_id: Option<String>,
    author: Author,
    link_hours: i64,
    now: Timestamp,
) -> Result<Link, Refusal> {
    let link = Link { token: new_token(), expires_at: plus_hours(now, link_hours) };
    db.write(move |conn| {
        Box::pin(async move {
            let user = store::user(conn, &user_id).await?.filter(|user| user.agency_id == agency_id).ok_or(Refusal::Absent)?;
            store::spend_other_links(conn, &user.id, now).await?;
            store::insert_link(conn, &digest(&link.token), &user.id, now, link.expires_at).await?;
            journal::write(conn, Subject::User, &user.id, "link-made", &author, &serde_json::json!({}), now).await?;
            Ok(link)
        })
    })
    .await
}

/// Sets the password of a link's owner, spends the link and ends the owner's sessions.
///
/// # Errors
/// `LinkSpent`.
pub async fn set_password(db: &Db, token: &str, password_hash: String, now: Timestamp) -> Result<(), Refusal> {
    let token_digest = digest(token);
    db.write(move |conn| {
        Box::pin(async move {
            let user_id = store::spend_link(conn, &token_digest, now).await?.ok_or(Refusal::LinkSpent)?;
            store::set_password_hash(conn, &user_id, &password_hash).await?;
            store::spend_other_links(conn, &user_id, now).await?;
            store::end_sessions(conn, &user_id, None).await?;
            let details = serde_json::json!({});
            journal::write(conn, Subject::User, &user_id, "password-set", &Author::program(), &details, now).await?;
            Ok(())
        })
    })
    .await
}

/// Disables a user of the given agency and ends every session at once, or enables one again.
///
/// # Errors
/// `Absent` when there is no such user in that agency, or nothing to change.
pub async fn set_disabled(
    db: &Db,
    user_id: String,
    agency_id: Option<String>,
    disabled: bool,
    author: Author,
    now: Timestamp,
) -> Result<(), Refusal> {
    if author.id == user_id {
        return Err(Refusal::Oneself);
    }
    db.write(move |conn| {
        Box::pin(async move {
            if !store::set_disabled(conn, &user_id, agency_id.as_deref(), disabled.then_some(now)).await? {
                return Err(Refusal::Absent);
            }
            if disabled {
                store::end_sessions(conn, &user_id, None).await?;
                store::spend_other_links(conn, &user_id, now).await?;
            }
            let happened = if disabled { "disabled" } else { "enabled" };
            journal::write(conn, Subject::User, &user_id, happened, &author, &serde_json::json!({}), now).await?;
            Ok(())
        })
    })
    .await
}

/// Keeps a user's language and time zone.
///
/// # Errors
/// The database's own.
pub async fn set_preferences(db: &Db, user_id: String, language: Language, zone_name: String, mail: MailWish) -> Result<(), sqlx::Error> {
    db.write(move |conn| Box::pin(async move { store::set_preferences(conn, &user_id, language, &zone_name, mail).await })).await
}

/// Keeps a user's language, as the switch on every page sets it.
///
/// # Errors
/// The database's own.
pub async fn set_language(db: &Db, user_id: String, language: Language) -> Result<(), sqlx::Error> {
    db.write(move |conn| Box::pin(async move { store::set_language(conn, &user_id, language).await })).await
}

/// Ends one session of a user, or all of them.
///
/// # Errors
/// `Absent` when there was none to end.
pub async fn end_sessions(db: &Db, user_id: String, session_id: Option<String>) -> Result<(), Refusal> {
    db.write(move |conn| {
        Box::pin(async move {
            match store::end_sessions(conn, &user_id, session_id.as_deref()).await? {
                0 => Err(Refusal::Absent),
                _ => Ok(()),
            }
        })
    })
    .await
}
