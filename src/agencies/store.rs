//! All SQL about agencies and users.

use sqlx::FromRow;

use super::model::{Agency, Session, User};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::actor::Role;
use crate::kernel::language::Language;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::notices::model::{MailWish, Recipient};

#[derive(FromRow)]
struct AgencyRow {
    id: String,
    code: String,
    name: String,
    #[sqlx(try_from = "String")]
    currency: Currency,
    credit_line_minor: i64,
}

impl From<AgencyRow> for Agency {
    fn from(row: AgencyRow) -> Self {
        let credit_line = Money::new(row.credit_line_minor, row.currency);
        Self { id: row.id, code: row.code, name: row.name, currency: row.currency, credit_line }
    }
}

/// Every agency by code; the operator has few enough for one page.
pub async fn agencies(conn: &mut Conn) -> Result<Vec<Agency>, sqlx::Error> {
    let rows: Vec<AgencyRow> =
        sqlx::query_as("SELECT id, code, name, currency, credit_line_minor FROM agencies ORDER BY code LIMIT 1000").fetch_all(conn).await?;
    Ok(rows.into_iter().map(Agency::from).collect())
}

/// The agency with this id.
pub async fn agency_of_id(conn: &mut Conn, id: &str) -> Result<Option<Agency>, sqlx::Error> {
    let row: Option<AgencyRow> = sqlx::query_as("SELECT id, code, name, currency, credit_line_minor FROM agencies WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(Agency::from))
}

/// The agency with this code.
pub async fn agency(conn: &mut Conn, code: &str) -> Result<Option<Agency>, sqlx::Error> {
    let row: Option<AgencyRow> = sqlx::query_as("SELECT id, code, name, currency, credit_line_minor FROM agencies WHERE code = $1")
        .bind(code)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(Agency::from))
}

/// Adds an agency; a taken code is a duplicate.
pub async fn insert_agency(conn: &mut Conn, agency: &Agency, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO agencies (id, code, name, currency, credit_line_minor, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&agency.id)
        .bind(&agency.code)
        .bind(&agency.name)
        .bind(agency.currency.code())
        .bind(agency.credit_line.minor)
        .bind(instant_text(now))
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct UserRow {
    id: String,
    email: String,
    name: String,
    #[sqlx(try_from = "String")]
    role: Role,
    agency_id: Option<String>,
    password_hash: Option<String>,
    #[sqlx(try_from = "String")]
    language: Language,
    zone_name: String,
    #[sqlx(try_from = "String")]
    mail: MailWish,
    mail_failed_at: Option<String>,
    disabled_at: Option<String>,
}

impl UserRow {
    fn user(self) -> Result<User, sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        Ok(User {
            mail_failed_at: self.mail_failed_at.as_deref().map(instant).transpose()?,
            id: self.id,
            email: self.email,
            name: self.name,
            role: self.role,
            agency_id: self.agency_id,
            language: self.language,
            zone_name: self.zone_name,
            mail: self.mail,
            has_password: self.password_hash.is_some(),
            disabled: self.disabled_at.is_some(),
        })
    }
}

const USERS: &str =
    "SELECT id, email, name, role, agency_id, password_hash, language, zone_name, mail, mail_failed_at, disabled_at FROM users";

/// The users of an agency, or of the operator when there is none, by e-mail.
pub async fn users(conn: &mut Conn, agency_id: Option<&str>) -> Result<Vec<User>, sqlx::Error> {
    let query = match agency_id {
        Some(agency_id) => Select::new(USERS).and("agency_id = ?", [agency_id.into()]),
        None => Select::new(USERS).and("agency_id IS NULL", []),
    };
    let rows: Vec<UserRow> = query.then("ORDER BY email LIMIT 500", []).fetch(conn).await?;
    rows.into_iter().map(UserRow::user).collect()
}

/// Who of an agency is told about its cases: everybody who may work them. Without an agency: the one of the operator's
/// team whose case it is, or while it is nobody's who is still there, all who talk to airlines. Accounts that were never
/// taken up are told nothing.
pub async fn audience(conn: &mut Conn, agency_id: Option<&str>, assignee_id: Option<&str>) -> Result<Vec<Recipient>, sqlx::Error> {
    let of = |query: Select| query.and("disabled_at IS NULL AND password_hash IS NOT NULL", []).then("ORDER BY id LIMIT 500", []);
    let all = || Select::new("SELECT id, zone_name, mail FROM users");
    if let Some(agency_id) = agency_id {
        let workers = "agency_id = ? AND role IN ('admin', 'customer-service', 'operations')";
        return recipients(conn, of(all().and(workers, [agency_id.into()]))).await;
    }
    if let Some(id) = assignee_id {
        let found = recipients(conn, of(all().and("id = ?", [id.into()]))).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    recipients(conn, of(all().and("agency_id IS NULL AND role IN ('operator-agent', 'supervisor')", []))).await
}

/// Who of an agency looks after its money.
pub async fn finance_audience(conn: &mut Conn, agency_id: &str) -> Result<Vec<Recipient>, sqlx::Error> {
    let people = "agency_id = ? AND role IN ('admin', 'finance') AND disabled_at IS NULL AND password_hash IS NOT NULL";
    let query = Select::new("SELECT id, zone_name, mail FROM users").and(people, [agency_id.into()]);
    recipients(conn, query.then("ORDER BY id LIMIT 500", [])).await
}

/// Who of the operator's team decides about money, except one of them.
pub async fn money_audience(conn: &mut Conn, except_id: &str) -> Result<Vec<Recipient>, sqlx::Error> {
    let deciders = "role IN ('operator-finance', 'supervisor') AND id <> ? AND disabled_at IS NULL AND password_hash IS NOT NULL";
    let query = Select::new("SELECT id, zone_name, mail FROM users").and(deciders, [except_id.into()]);
    recipients(conn, query.then("ORDER BY id LIMIT 500", [])).await
}

async fn recipients(conn: &mut Conn, query: Select) -> Result<Vec<Recipient>, sqlx::Error> {
    let rows: Vec<(String, String, String)> = query.fetch(conn).await?;
    let recipient = |(user_id, zone_name, mail): (String, String, String)| {
        let mail = mail.parse().map_err(decode)?;
        Ok(Recipient { user_id, zone_name, mail })
    };
    rows.into_iter().map(recipient).collect()
}

/// One user by id.
pub async fn user(conn: &mut Conn, id: &str) -> Result<Option<User>, sqlx::Error> {
    let mut rows: Vec<UserRow> = Select::new(USERS).and("id = ?", [id.into()]).fetch(conn).await?;
    rows.pop().map(UserRow::user).transpose()
}

/// Notes since when e-mail to somebody is given up, or that it arrives again.
pub async fn set_mail_failed(conn: &mut Conn, id: &str, since: Option<Timestamp>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET mail_failed_at = $1 WHERE id = $2 AND (mail_failed_at IS NULL) <> ($3 = 1)")
        .bind(since.map(instant_text))
        .bind(id)
        .bind(i64::from(since.is_none()))
        .execute(conn)
        .await?;
    Ok(())
}

/// One user by e-mail.
pub async fn user_by_email(conn: &mut Conn, email: &str) -> Result<Option<User>, sqlx::Error> {
    let mut rows: Vec<UserRow> = Select::new(USERS).and("email = ?", [email.into()]).fetch(conn).await?;
    rows.pop().map(UserRow::user).transpose()
}

/// Id and password hash of the user with this e-mail, if the account has a password and is not disabled.
pub async fn credentials(conn: &mut Conn, email: &str) -> Result<Option<(String, String)>, sqlx::Error> {
    sqlx::query_as("SELECT id, password_hash FROM users WHERE email = $1 AND disabled_at IS NULL AND password_hash IS NOT NULL")
        .bind(email)
        .fetch_optional(conn)
        .await
}

/// Adds a user; a taken e-mail is a duplicate.
pub async fn insert_user(conn: &mut Conn, user: &User, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO users (id, email, name, role, agency_id, language, zone_name, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&user.id)
    .bind(&user.email)
    .bind(&user.name)
    .bind(user.role.word())
    .bind(user.agency_id.as_deref())
    .bind(user.language.word())
    .bind(&user.zone_name)
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Disables or enables a user of an agency. Answers whether it changed anything.
pub async fn set_disabled(conn: &mut Conn, id: &str, agency_id: Option<&str>, disabled_at: Option<Timestamp>) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE users SET disabled_at = $1 WHERE id = $2 AND COALESCE(agency_id, '') = $3 AND (disabled_at IS NULL) = ($4 = 1)",
    )
    .bind(disabled_at.map(instant_text))
    .bind(id)
    .bind(agency_id.unwrap_or_default())
    .bind(i64::from(disabled_at.is_some()))
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Keeps a user's language, zone and wish for e-mail.
pub async fn set_preferences(conn: &mut Conn, id: &str, language: Language, zone_name: &str, mail: MailWish) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET language = $1, zone_name = $2, mail = $3 WHERE id = $4")
        .bind(language.word())
        .bind(zone_name)
        .bind(mail.word())
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps a user's language.
pub async fn set_language(conn: &mut Conn, id: &str, language: Language) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET language = $1 WHERE id = $2").bind(language.word()).bind(id).execute(conn).await?;
    Ok(())
}

/// Keeps a user's password hash.
pub async fn set_password_hash(conn: &mut Conn, id: &str, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(id).execute(conn).await?;
    Ok(())
}

/// Adds a one-time link. Only its digest is kept.
pub async fn insert_link(conn: &mut Conn, digest: &str, user_id: &str, now: Timestamp, expires: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO one_time_links (token_digest, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(digest)
        .bind(user_id)
        .bind(instant_text(now))
        .bind(instant_text(expires))
        .execute(conn)
        .await?;
    Ok(())
}

/// The e-mail address of the user whom an unspent link belongs to.
pub async fn link_owner(conn: &mut Conn, digest: &str, now: Timestamp) -> Result<Option<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT u.id, u.email FROM one_time_links l JOIN users u ON u.id = l.user_id \
         WHERE l.token_digest = $1 AND l.used_at IS NULL AND l.expires_at > $2 AND u.disabled_at IS NULL",
    )
    .bind(digest)
    .bind(instant_text(now))
    .fetch_optional(conn)
    .await
}

/// Spends a link. Answers whose it was, or nothing when somebody was faster or it has expired.
pub async fn spend_link(conn: &mut Conn, digest: &str, now: Timestamp) -> Result<Option<String>, sqlx::Error> {
    let row: Option<(String,)> = sqlx::query_as(
        "UPDATE one_time_links SET used_at = $1 WHERE token_digest = $2 AND used_at IS NULL AND expires_at > $1 RETURNING user_id",
    )
    .bind(instant_text(now))
    .bind(digest)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(id,)| id))
}

/// Makes every other link of a user useless.
pub async fn spend_other_links(conn: &mut Conn, user_id: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE one_time_links SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL")
        .bind(instant_text(now))
        .bind(user_id)
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct SessionRow {
    id: String,
    browser: String,
    address: String,
    created_at: String,
    seen_at: String,
}

/// The sessions of a user, the one seen last first.
pub async fn sessions(conn: &mut Conn, user_id: &str, this: &str, now: Timestamp) -> Result<Vec<Session>, sqlx::Error> {
    let rows: Vec<SessionRow> = sqlx::query_as(
        "SELECT id, browser, address, created_at, seen_at FROM sessions WHERE user_id = $1 AND expires_at > $2 \
         ORDER BY seen_at DESC, id DESC LIMIT 100",
    )
    .bind(user_id)
    .bind(instant_text(now))
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let instant = |text: &str| parse_instant(text).map_err(decode);
            Ok(Session {
                is_this: row.id == this,
                created_at: instant(&row.created_at)?,
                seen_at: instant(&row.seen_at)?,
                id: row.id,
                browser: row.browser,
                address: row.address,
            })
        })
        .collect()
}

/// Ends one session of a user, or all when no id is given. Answers how many ended.
pub async fn end_sessions(conn: &mut Conn, user_id: &str, session_id: Option<&str>) -> Result<u64, sqlx::Error> {
    let ended = match session_id {
        Some(id) => sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id = $2").bind(user_id).bind(id).execute(conn).await?,
        None => sqlx::query("DELETE FROM sessions WHERE user_id = $1").bind(user_id).execute(conn).await?,
    };
    Ok(ended.rows_affected())
}

/// The wrong tries counted for a subject (an account or an address) since `since`.
pub async fn failures(conn: &mut Conn, subject: &str, since: Timestamp) -> Result<i64, sqlx::Error> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT failures FROM sign_in_failures WHERE subject = $1 AND since > $2")
        .bind(subject)
        .bind(instant_text(since))
        .fetch_optional(conn)
        .await?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Counts one more wrong try; a window that is over begins anew.
pub async fn count_failure(conn: &mut Conn, subject: &str, since: Timestamp, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO sign_in_failures (subject, failures, since) VALUES ($1, 1, $2) ON CONFLICT (subject) DO UPDATE SET \
         failures = CASE WHEN sign_in_failures.since > $3 THEN sign_in_failures.failures + 1 ELSE 1 END, \
         since = CASE WHEN sign_in_failures.since > $3 THEN sign_in_failures.since ELSE $2 END",
    )
    .bind(subject)
    .bind(instant_text(now))
    .bind(instant_text(since))
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets the wrong tries of a subject.
pub async fn forget_failures(conn: &mut Conn, subject: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM sign_in_failures WHERE subject = $1").bind(subject).execute(conn).await?;
    Ok(())
}
