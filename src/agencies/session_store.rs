//! Sessions in the database, so that they can be listed and ended, and hold across several servers.

use std::collections::HashMap;
use std::sync::OnceLock;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use sqlx::FromRow;

use crate::db::{Db, is_lost};
use crate::kernel::actor::{Actor, Role};
use crate::kernel::id::{digest, new_id, new_token};
use crate::kernel::language::Language;
use crate::kernel::time::{Clock, Timestamp, instant_text, parse_instant, plus_hours};
use crate::web::frame::BELL_COUNTS;

type State = HashMap<String, String>;

/// Keeps the time a session was seen no more exactly than this, so that reading pages seldom writes.
const SEEN_EVERY_SECONDS: i64 = 60;

/// actix-session's store over our tables. The token is only kept as a digest.
#[derive(Debug, Clone)]
pub struct DbSessions {
    pub db: Db,
    pub clock: Clock,
    pub idle_minutes: i64,
    pub hours: i64,
}

#[derive(FromRow)]
struct LoadedRow {
    session_id: String,
    state: String,
    seen_at: String,
    user_id: String,
    email: String,
    name: String,
    #[sqlx(try_from = "String")]
    role: Role,
    agency_id: Option<String>,
    agency_name: Option<String>,
    #[sqlx(try_from = "String")]
    language: Language,
    zone_name: String,
    unread: i64,
}

/// What the store adds when it loads a session; never kept in it.
const LOADED_KEYS: [&str; 3] = ["actor", "session_id", "unread"];

impl DbSessions {
    /// The first question of every request: one that meets a connection which was lost since is asked again on another.
    async fn row(&self, key: &str) -> Result<Option<LoadedRow>, sqlx::Error> {
        match self.asked(key).await {
            Err(error) if is_lost(&error) => {
                self.db.doubt();
                self.asked(key).await
            }
            outcome => outcome,
        }
    }

    async fn asked(&self, key: &str) -> Result<Option<LoadedRow>, sqlx::Error> {
        let mut conn = self.db.read().await?;
        sqlx::query_as(asking()).bind(digest(key)).bind(instant_text(self.clock.now())).fetch_optional(&mut *conn).await
    }

    async fn note_seen(&self, session_id: String, now: Timestamp) -> Result<(), sqlx::Error> {
        self.db
            .write(move |conn| {
                Box::pin(async move {
                    let update = sqlx::query("UPDATE sessions SET seen_at = $1 WHERE id = $2");
                    update.bind(instant_text(now)).bind(session_id).execute(conn).await.map(|_| ())
                })
            })
            .await
    }

    async fn loaded(&self, key: &str) -> Result<Option<State>, anyhow::Error> {
        let Some(row) = self.row(key).await? else { return Ok(None) };
        let now = self.clock.now();
        let idle_seconds = now.as_second() - parse_instant(&row.seen_at)?.as_second();
        if idle_seconds >= self.idle_minutes * 60 {
            return Ok(None);
        }
        if idle_seconds >= SEEN_EVERY_SECONDS {
            self.note_seen(row.session_id.clone(), now).await?;
        }
        let mut state: State = serde_json::from_str(&row.state)?;
        state.insert("session_id".to_owned(), serde_json::to_string(&row.session_id)?);
        state.insert("unread".to_owned(), row.unread.to_string());
        let actor = Actor {
            user_id: row.user_id,
            email: row.email,
            name: row.name,
            role: row.role,
            agency_id: row.agency_id,
            agency_name: row.agency_name,
            language: row.language,
            zone_name: row.zone_name,
        };
        state.insert("actor".to_owned(), serde_json::to_string(&actor)?);
        Ok(Some(state))
    }

    async fn insert(&self, mut state: State) -> Result<String, anyhow::Error> {
        let text = |state: &mut State, key: &str| -> Result<String, anyhow::Error> {
            Ok(state.remove(key).map(|json| serde_json::from_str(&json)).transpose()?.unwrap_or_default())
        };
        let (user_id, browser, address) = (text(&mut state, "user_id")?, text(&mut state, "browser")?, text(&mut state, "address")?);
        let (key, now) = (new_token(), self.clock.now());
        let (key_digest, kept) = (digest(&key), kept(&state)?);
        let expires = plus_hours(now, self.hours);
        self.db
            .write(move |conn| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO sessions (key_digest, id, user_id, state, browser, address, created_at, seen_at, expires_at) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
                    )
                    .bind(key_digest)
                    .bind(new_id())
                    .bind(user_id)
                    .bind(kept)
                    .bind(browser)
                    .bind(address)
                    .bind(instant_text(now))
                    .bind(instant_text(expires))
                    .execute(conn)
                    .await
                    .map(|_| ())
                })
            })
            .await
            .map_err(|error: sqlx::Error| anyhow::Error::from(error))?;
        Ok(key)
    }
}

fn kept(state: &State) -> Result<String, serde_json::Error> {
    let kept: State = state.iter().filter(|(key, _)| !LOADED_KEYS.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect();
    serde_json::to_string(&kept)
}

impl SessionStore for DbSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        self.loaded(key.as_ref()).await.map_err(LoadError::Other)
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = self.insert(state).await.map_err(SaveError::Other)?;
        SessionKey::try_from(key).map_err(|error| SaveError::Other(error.into()))
    }

    async fn update(&self, key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        let (key_digest, kept) = (digest(key.as_ref()), kept(&state).map_err(|error| UpdateError::Serialization(error.into()))?);
        self.db
            .write(move |conn| {
                Box::pin(async move {
                    let update = sqlx::query("UPDATE sessions SET state = $1 WHERE key_digest = $2");
                    update.bind(kept).bind(key_digest).execute(conn).await.map(|_| ())
                })
            })
            .await
            .map_err(|error: sqlx::Error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let key_digest = digest(key.as_ref());
        self.db
            .write(move |conn| {
                Box::pin(async move {
                    sqlx::query("DELETE FROM sessions WHERE key_digest = $1").bind(key_digest).execute(conn).await.map(|_| ())
                })
            })
            .await
            .map_err(|error: sqlx::Error| error.into())
    }
}

/// The statement that finds who a session is. A limit stands in the text, so that PostgreSQL makes its plan once.
fn asking() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        format!(
            "SELECT s.id AS session_id, s.state, s.seen_at, u.id AS user_id, u.email, u.name, u.role, u.agency_id, \
             a.name AS agency_name, u.language, u.zone_name, \
             (SELECT COUNT(*) FROM (SELECT 1 FROM notices n WHERE n.user_id = u.id AND n.read_at IS NULL LIMIT {}) counted) AS unread \
             FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN agencies a ON a.id = u.agency_id \
             WHERE s.key_digest = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL",
            BELL_COUNTS + 1
        )
    })
}
