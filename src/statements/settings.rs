//! How often an agency gets its statements, in which language, and where they are sent.

use sqlx::FromRow;

use super::model::Period;
use super::periods;
use crate::db::{Conn, decode};
use crate::kernel::language::Language;
use crate::kernel::time::{Date, Timestamp, day_in, instant_text, parse_instant, plus_seconds};

/// Addresses that one agency may have its statements sent to.
pub const MOST_EMAILS: usize = 10;

/// Seconds after the end of a period before its statement is made: what was begun before midnight is done by then.
pub const DELAY_SECONDS: i64 = 600;

/// An agency's choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub agency_id: String,
    pub period: Period,
    /// 1 for Monday to 7 for Sunday.
    pub weekdays: Vec<i8>,
    pub emails: Vec<String>,
    pub language: Language,
    pub zone_name: String,
    /// Up to here every movement is on a statement.
    pub made_until: Date,
    /// The moment of that day's beginning, in the zone of then: the next period begins here, wherever the agency moves.
    pub made_until_at: Timestamp,
    pub version: i64,
}

#[derive(FromRow)]
struct SettingsRow {
    agency_id: String,
    #[sqlx(try_from = "String")]
    period: Period,
    weekdays: String,
    emails: String,
    language: String,
    zone_name: String,
    made_until: String,
    made_until_at: String,
    version: i64,
}

impl SettingsRow {
    fn settings(self) -> Result<Settings, sqlx::Error> {
        Ok(Settings {
            weekdays: serde_json::from_str(&self.weekdays).map_err(decode)?,
            emails: serde_json::from_str(&self.emails).map_err(decode)?,
            language: self.language.parse().unwrap_or(Language::English),
            made_until: self.made_until.parse().map_err(|error: jiff::Error| decode(error))?,
            made_until_at: parse_instant(&self.made_until_at).map_err(decode)?,
            agency_id: self.agency_id,
            period: self.period,
            zone_name: self.zone_name,
            version: self.version,
        })
    }
}

impl Settings {
    /// The day before whose beginning the next period ends: one that begins after the last statement's end, wherever the
    /// agency has moved since.
    #[must_use]
    pub fn next_end(&self) -> Option<Date> {
        let mut end = periods::next_end(self.period, &self.weekdays, self.made_until)?;
        while periods::midnight(end, &self.zone_name) <= self.made_until_at {
            end = periods::next_end(self.period, &self.weekdays, end)?;
        }
        Some(end)
    }

    /// When the next statement is to be made; in a far year where none is.
    #[must_use]
    pub fn next_due_at(&self) -> Timestamp {
        let never = "9999-01-01T00:00:00Z".parse().unwrap_or(Timestamp::MAX);
        let end = self.next_end();
        end.map_or(never, |end| plus_seconds(periods::midnight(end, &self.zone_name), DELAY_SECONDS))
    }
}

const COLUMNS: &str =
    "SELECT agency_id, period, weekdays, emails, language, zone_name, made_until, made_until_at, version FROM statement_settings";

/// An agency's choice; nothing when it has not been asked for yet.
///
/// # Errors
/// The database's own.
pub async fn of(conn: &mut Conn, agency_id: &str) -> Result<Option<Settings>, sqlx::Error> {
    let text = format!("{COLUMNS} WHERE agency_id = $1");
    let row: Option<SettingsRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(agency_id).fetch_optional(conn).await?;
    row.map(SettingsRow::settings).transpose()
}

/// What holds for an agency that has chosen nothing: monthly, on its page only.
#[must_use]
pub fn usual(agency_id: &str, since: Timestamp) -> Settings {
    let first = day_in("UTC", since).first_of_month();
    Settings {
        agency_id: agency_id.to_owned(),
        period: Period::Monthly,
        weekdays: vec![1],
        emails: Vec::new(),
        language: Language::English,
        zone_name: "UTC".to_owned(),
        made_until: first,
        made_until_at: periods::midnight(first, "UTC"),
        version: 1,
    }
}

/// Keeps a choice, a first one too. One that was changed meanwhile is not written; answers whether it was.
///
/// # Errors
/// The database's own.
pub async fn save(conn: &mut Conn, settings: &Settings) -> Result<bool, sqlx::Error> {
    let json = |value: Result<String, serde_json::Error>| value.map_err(|error| sqlx::Error::Encode(error.into()));
    let done = sqlx::query(
        "INSERT INTO statement_settings (agency_id, period, weekdays, emails, language, zone_name, made_until, made_until_at, \
         next_due_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1) ON CONFLICT (agency_id) DO UPDATE SET period = excluded.period, \
         weekdays = excluded.weekdays, emails = excluded.emails, language = excluded.language, zone_name = excluded.zone_name, \
         made_until = excluded.made_until, made_until_at = excluded.made_until_at, next_due_at = excluded.next_due_at, version = statement_settings.version + 1 \
         WHERE statement_settings.version = $10",
    )
    .bind(&settings.agency_id)
    .bind(settings.period.word())
    .bind(json(serde_json::to_string(&settings.weekdays))?)
    .bind(json(serde_json::to_string(&settings.emails))?)
    .bind(settings.language.word())
    .bind(&settings.zone_name)
    .bind(settings.made_until.to_string())
    .bind(instant_text(settings.made_until_at))
    .bind(instant_text(settings.next_due_at()))
    .bind(settings.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An agency that nobody has chosen anything for yet, and since when it is there.
///
/// # Errors
/// The database's own.
pub async fn without(conn: &mut Conn) -> Result<Option<(String, Timestamp)>, sqlx::Error> {
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT a.id, a.created_at FROM agencies a WHERE NOT EXISTS (SELECT 1 FROM statement_settings s WHERE s.agency_id = a.id) \
         ORDER BY a.id LIMIT 1",
    )
    .fetch_optional(conn)
    .await?;
    row.map(|(id, at)| Ok((id, parse_instant(&at).map_err(decode)?))).transpose()
}

/// An agency whose next statement is due.
///
/// # Errors
/// The database's own.
pub async fn due(conn: &mut Conn, now: Timestamp) -> Result<Option<Settings>, sqlx::Error> {
    let text = format!("{COLUMNS} WHERE next_due_at <= $1 ORDER BY next_due_at, agency_id LIMIT 1");
    let row: Option<SettingsRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(instant_text(now)).fetch_optional(conn).await?;
    row.map(SettingsRow::settings).transpose()
}
