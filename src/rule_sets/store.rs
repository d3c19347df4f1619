//! All SQL about rule sets, and the choice of one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sqlx::FromRow;

use crate::db::select::Select;
use crate::db::{Conn, revisions};
use crate::kernel::time::{Date, Timestamp, instant_text, parse_instant, utc_day};
use crate::refund_calculation::{Facts, RuleSet, market};

/// A rule set as it is kept.
#[derive(Debug, Clone)]
pub struct KeptRuleSet {
    pub id: String,
    pub rules: RuleSet,
    /// As it was loaded.
    pub document: String,
    pub loaded_by: String,
    pub loaded_at: Timestamp,
    /// Quotes made from this day on use it; nothing for a draft.
    pub active_from: Option<Date>,
    pub activated_by: Option<String>,
}

#[derive(FromRow)]
struct RuleSetRow {
    id: String,
    document: String,
    loaded_by: String,
    loaded_at: String,
    active_from: Option<String>,
    activated_by: Option<String>,
}

impl RuleSetRow {
    fn kept(self) -> Result<KeptRuleSet, sqlx::Error> {
        let decode = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
        Ok(KeptRuleSet {
            rules: serde_json::from_str(&self.document).map_err(|error| decode(error.into()))?,
            loaded_at: parse_instant(&self.loaded_at).map_err(|error| decode(error.into()))?,
            active_from: self.active_from.map(|day| day.parse()).transpose().map_err(|error: jiff::Error| decode(error.into()))?,
            id: self.id,
            document: self.document,
            loaded_by: self.loaded_by,
            activated_by: self.activated_by,
        })
    }
}

/// The rule set for these facts on the day of their request, as [`market::choose`] picks it of all in use. Where none
/// fits, the rules of low-cost orders stand.
///
/// # Errors
/// The database's own.
pub async fn choose(conn: &mut Conn, facts: &Facts) -> Result<Cow<'static, RuleSet>, sqlx::Error> {
    Shelf::default().choose(conn, facts).await.map(|chosen| match chosen {
        Cow::Owned(rules) => Cow::Owned(rules),
        Cow::Borrowed(rules) => Cow::Owned(rules.clone()),
    })
}

/// Rule sets that are read once, however many refunds of a carrier are calculated in one go.
#[derive(Debug, Default)]
pub struct Shelf {
    in_use: HashMap<(String, Date), Vec<RuleSet>>,
}

impl Shelf {
    /// How many rule sets it holds, and for how many carriers and days.
    #[must_use]
    pub fn len(&self) -> usize {
        self.in_use.values().map(|rules| 1 + rules.len()).sum()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.in_use.is_empty()
    }

    /// Adds what another knows.
    pub fn extend(&mut self, other: Self) {
        self.in_use.extend(other.in_use);
    }

    /// As [`choose`].
    ///
    /// # Errors
    /// The database's own.
    pub async fn choose(&mut self, conn: &mut Conn, facts: &Facts) -> Result<Cow<'_, RuleSet>, sqlx::Error> {
        let carrier = facts.selected().next().and_then(market::carrier_of);
        let carrier = carrier.map_or_else(String::new, |carrier| carrier.to_string());
        let day = utc_day(facts.requested_at);
        let in_use = match self.in_use.entry((carrier, day)) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => {
                let found = for_carrier(conn, &place.key().0, day).await?;
                place.insert(found)
            }
        };
        Ok(Cow::Borrowed(market::choose(in_use, facts).unwrap_or_else(|| RuleSet::low_cost())))
    }
}

/// The rule sets in use on a day for a carrier or for all.
async fn for_carrier(conn: &mut Conn, carrier: &str, day: Date) -> Result<Vec<RuleSet>, sqlx::Error> {
    let rows: Vec<RuleSetRow> = sqlx::query_as(
        "SELECT id, document, loaded_by, loaded_at, active_from, activated_by FROM rule_sets \
         WHERE carrier IN ('', $1) AND active_from IS NOT NULL AND active_from <= $2 ORDER BY active_from, id",
    )
    .bind(carrier)
    .bind(day.to_string())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.kept().map(|kept| kept.rules)).collect()
}

/// Every rule set in use on a day, the oldest first.
///
/// # Errors
/// The database's own.
pub async fn in_use(conn: &mut Conn, day: Date) -> Result<Vec<RuleSet>, sqlx::Error> {
    let rows: Vec<RuleSetRow> = sqlx::query_as(
        "SELECT id, document, loaded_by, loaded_at, active_from, activated_by FROM rule_sets \
         WHERE active_from IS NOT NULL AND active_from <= $1 ORDER BY active_from, id",
    )
    .bind(day.to_string())
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.kept().map(|kept| kept.rules)).collect()
}

/// A line of the list of rule sets.
#[derive(Debug, FromRow)]
pub struct Listed {
    pub name: String,
    pub version: String,
    pub carrier: String,
    pub active_from: Option<String>,
}

impl Listed {
    /// Name and version together.
    #[must_use]
    pub fn full_version(&self) -> String {
        format!("{}/{}", self.name, self.version)
    }
}

/// The newest versions, by name and the newest first, at most `limit`; drafts only where they are asked for.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, drafts: bool, limit: i64) -> Result<Vec<Listed>, sqlx::Error> {
    Select::new("SELECT name, version, carrier, active_from FROM (SELECT id, name, version, carrier, active_from FROM rule_sets")
        .and("(active_from IS NOT NULL OR ? = 1)", [i64::from(drafts).into()])
        .limited("ORDER BY id DESC", limit)
        .then(") newest ORDER BY name, id DESC", [])
        .fetch(conn)
        .await
}

/// The rules of low-cost orders, which come with the program.
#[must_use]
pub fn built_in() -> KeptRuleSet {
    KeptRuleSet {
        id: String::new(),
        rules: RuleSet::low_cost().clone(),
        document: crate::refund_calculation::rules::LOW_COST_DOCUMENT.to_owned(),
        loaded_by: String::new(),
        loaded_at: Timestamp::UNIX_EPOCH,
        active_from: None,
        activated_by: None,
    }
}

impl KeptRuleSet {
    /// Whether it comes with the program.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.id.is_empty()
    }
}

/// One version.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, name: &str, version: &str) -> Result<Option<KeptRuleSet>, sqlx::Error> {
    let row: Option<RuleSetRow> = sqlx::query_as(
        "SELECT id, document, loaded_by, loaded_at, active_from, activated_by FROM rule_sets WHERE name = $1 AND version = $2",
    )
    .bind(name)
    .bind(version)
    .fetch_optional(conn)
    .await?;
    let built_in = || Some(built_in()).filter(|kept| kept.rules.name == name && kept.rules.version == version);
    row.map(RuleSetRow::kept).transpose().map(|found| found.or_else(built_in))
}

/// The version of the same name that was loaded before this one.
///
/// # Errors
/// The database's own.
pub async fn before(conn: &mut Conn, kept: &KeptRuleSet) -> Result<Option<KeptRuleSet>, sqlx::Error> {
    let row: Option<RuleSetRow> = sqlx::query_as(
        "SELECT id, document, loaded_by, loaded_at, active_from, activated_by FROM rule_sets WHERE name = $1 AND id < $2 ORDER BY id DESC LIMIT 1",
    )
    .bind(&kept.rules.name)
    .bind(&kept.id)
    .fetch_optional(conn)
    .await?;
    let built_in = || Some(built_in()).filter(|built_in| built_in.rules.name == kept.rules.name && !kept.is_built_in());
    row.map(RuleSetRow::kept).transpose().map(|found| found.or_else(built_in))
}

/// Keeps a draft; false when this version is there already.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, id: &str, rules: &RuleSet, document: &str, by: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO rule_sets (id, name, version, carrier, document, loaded_by, loaded_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (name, version) DO NOTHING",
    )
    .bind(id)
    .bind(&rules.name)
    .bind(&rules.version)
    .bind(rules.carrier.map_or_else(String::new, |carrier| carrier.to_string()))
    .bind(document)
    .bind(by)
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a draft in use from a day; false when it is no draft any more. Quotes have new terms from then on.
///
/// # Errors
/// The database's own.
pub async fn activate(conn: &mut Conn, name: &str, version: &str, from: Date, by: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE rule_sets SET active_from = $1, activated_by = $2, activated_at = $3 WHERE name = $4 AND version = $5 AND active_from IS NULL",
    )
    .bind(from.to_string())
    .bind(by)
    .bind(instant_text(now))
    .bind(name)
    .bind(version)
    .execute(&mut *conn)
    .await?;
    let is_done = done.rows_affected() == 1;
    if is_done {
        revisions::renew(conn, revisions::TERMS).await?;
    }
    Ok(is_done)
}
