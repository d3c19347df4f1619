//! All SQL about offices, who sits there, and what they typed.

use sqlx::FromRow;

use super::command::Code;
use super::model::{Office, Seat};
use crate::db::Conn;
use crate::db::select::Select;
use crate::kernel::actor::Scope;
use crate::kernel::id::new_id;
use crate::kernel::money::Currency;
use crate::kernel::time::{Timestamp, instant_text};

#[derive(FromRow)]
struct OfficeRow {
    id: String,
    agency_id: String,
    code: String,
    iata_number: String,
    #[sqlx(try_from = "String")]
    currency: Currency,
    zone_name: String,
    devices: i64,
    four_eyes: i64,
}

impl From<OfficeRow> for Office {
    fn from(row: OfficeRow) -> Self {
        Self {
            id: row.id,
            agency_id: row.agency_id,
            code: row.code,
            iata_number: row.iata_number,
            currency: row.currency,
            zone_name: row.zone_name,
            devices: row.devices,
            four_eyes: row.four_eyes == 1,
        }
    }
}

const OFFICES: &str = "SELECT o.id, o.agency_id, o.code, o.iata_number, o.currency, o.zone_name, o.devices, o.four_eyes FROM bsp_offices o";

/// The offices of the scope, by code.
///
/// # Errors
/// The database's own.
pub async fn offices(conn: &mut Conn, scope: &Scope) -> Result<Vec<Office>, sqlx::Error> {
    let rows: Vec<OfficeRow> =
        Select::new(OFFICES).and_if("o.agency_id = ?", scope.agency_id()).then("ORDER BY o.code", []).fetch(conn).await?;
    Ok(rows.into_iter().map(Office::from).collect())
}

/// The office with this code.
///
/// # Errors
/// The database's own.
pub async fn office(conn: &mut Conn, code: &str) -> Result<Option<Office>, sqlx::Error> {
    let rows: Vec<OfficeRow> = Select::new(OFFICES).and("o.code = ?", [code.into()]).fetch(conn).await?;
    Ok(rows.into_iter().next().map(Office::from))
}

/// Adds an office.
///
/// # Errors
/// The database's own, a duplicate code included.
pub async fn insert(conn: &mut Conn, new: &Office, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bsp_offices (id, agency_id, code, iata_number, currency, zone_name, devices, four_eyes, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&new.id)
    .bind(&new.agency_id)
    .bind(&new.code)
    .bind(&new.iata_number)
    .bind(new.currency.code())
    .bind(&new.zone_name)
    .bind(new.devices)
    .bind(i64::from(new.four_eyes))
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets whether a second person releases the forms of an office.
///
/// # Errors
/// The database's own.
pub async fn set_four_eyes(conn: &mut Conn, office_id: &str, four_eyes: bool) -> Result<(), sqlx::Error> {
    let update = sqlx::query("UPDATE bsp_offices SET four_eyes = $1 WHERE id = $2").bind(i64::from(four_eyes)).bind(office_id);
    update.execute(conn).await.map(|_| ())
}

/// Takes a sign from whoever works under it with a disabled account.
///
/// # Errors
/// The database's own.
pub async fn free_sign_of_disabled(conn: &mut Conn, office_id: &str, agent: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM bsp_agents WHERE office_id = $1 AND agent = $2 \
         AND user_id IN (SELECT id FROM users WHERE disabled_at IS NOT NULL)",
    )
    .bind(office_id)
    .bind(agent)
    .execute(conn)
    .await?;
    Ok(())
}

/// Seats somebody in an office, under a sign.
///
/// # Errors
/// The database's own, a sign of somebody else's included.
pub async fn seat(conn: &mut Conn, user_id: &str, office_id: &str, agent: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bsp_agents (user_id, office_id, agent) VALUES ($1, $2, $3) \
         ON CONFLICT (user_id) DO UPDATE SET office_id = excluded.office_id, agent = excluded.agent",
    )
    .bind(user_id)
    .bind(office_id)
    .bind(agent)
    .execute(conn)
    .await?;
    Ok(())
}

/// Where somebody sits, if anywhere.
///
/// # Errors
/// The database's own.
pub async fn seat_of(conn: &mut Conn, user_id: &str) -> Result<Option<Seat>, sqlx::Error> {
    #[derive(FromRow)]
    struct SeatRow {
        #[sqlx(flatten)]
        office: OfficeRow,
        agent: String,
    }
    let rows: Vec<SeatRow> = Select::new(
        "SELECT o.id, o.agency_id, o.code, o.iata_number, o.currency, o.zone_name, o.devices, o.four_eyes, a.agent \
         FROM bsp_agents a JOIN bsp_offices o ON o.id = a.office_id",
    )
    .and("a.user_id = ?", [user_id.into()])
    .fetch(conn)
    .await?;
    Ok(rows.into_iter().next().map(|row| Seat { office: row.office.into(), agent: row.agent }))
}

/// Somebody's seat.
#[derive(Debug, Clone, FromRow)]
pub struct Seated {
    pub office_id: String,
    pub agent: String,
    pub name: String,
}

/// Who sits in the offices of the scope, by sign.
///
/// # Errors
/// The database's own.
pub async fn agents(conn: &mut Conn, scope: &Scope) -> Result<Vec<Seated>, sqlx::Error> {
    Select::new(
        "SELECT a.office_id, a.agent, u.name FROM bsp_agents a JOIN bsp_offices o ON o.id = a.office_id JOIN users u ON u.id = a.user_id",
    )
    .and_if("o.agency_id = ?", scope.agency_id())
    .then("ORDER BY a.agent, u.name", [])
    .fetch(conn)
    .await
}

/// Who works under a sign in an office: the user's id.
///
/// # Errors
/// The database's own.
pub async fn user_of(conn: &mut Conn, office_id: &str, agent: &str) -> Result<Option<String>, sqlx::Error> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT a.user_id FROM bsp_agents a JOIN users u ON u.id = a.user_id WHERE a.office_id = $1 AND a.agent = $2 \
         AND u.disabled_at IS NULL ORDER BY a.user_id LIMIT 1",
    )
    .bind(office_id)
    .bind(agent)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.0))
}

/// Keeps a command in its user's history.
///
/// # Errors
/// The database's own.
pub async fn remember(conn: &mut Conn, user_id: &str, command: &str, code: Option<Code>, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO bsp_commands (id, user_id, command, code, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(new_id())
        .bind(user_id)
        .bind(command)
        .bind(code.map(Code::word))
        .bind(instant_text(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// The newest commands of somebody, the newest first: what was typed, and the host's code.
///
/// # Errors
/// The database's own.
pub async fn history(conn: &mut Conn, user_id: &str, limit: i64) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
    Select::new("SELECT command, code FROM bsp_commands")
        .and("user_id = ?", [user_id.into()])
        .limited("ORDER BY created_at DESC, id DESC", limit)
        .fetch(conn)
        .await
}
