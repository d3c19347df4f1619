//! All SQL about the no-go airport tables.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::FromRow;

use crate::db::{Conn, json, revisions};
use crate::kernel::code::Code;
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::refund_calculation::Facts;
use crate::refund_calculation::facts::CheckIn;

crate::text_column! {
    /// Which journeys a table is for; the host has a command for each.
    pub enum TableScope { Domestic = "domestic", International = "international" }
}

impl TableScope {
    /// What to ask in the host.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::Domestic => "F*TWDYVX",
            Self::International => "F*TWUGIA",
        }
    }
}

/// Whether each airport has interactive check-in.
pub type Airports = BTreeMap<Code, bool>;

/// A table as it was loaded.
#[derive(Debug, Clone)]
pub struct NoGoTable {
    pub airports: Airports,
    pub loaded_by: String,
    pub loaded_at: Timestamp,
}

#[derive(FromRow)]
struct TableRow {
    airports: String,
    loaded_by: String,
    loaded_at: String,
}

/// The table in use.
///
/// # Errors
/// The database's own.
pub async fn newest(conn: &mut Conn, scope: TableScope) -> Result<Option<NoGoTable>, sqlx::Error> {
    let row: Option<TableRow> =
        sqlx::query_as("SELECT airports, loaded_by, loaded_at FROM no_go_tables WHERE scope = $1 ORDER BY id DESC LIMIT 1")
            .bind(scope.word())
            .fetch_optional(conn)
            .await?;
    let decode = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
    row.map(|row| {
        Ok(NoGoTable {
            airports: serde_json::from_str(&row.airports).map_err(|error| decode(error.into()))?,
            loaded_at: parse_instant(&row.loaded_at).map_err(|error| decode(error.into()))?,
            loaded_by: row.loaded_by,
        })
    })
    .transpose()
}

/// Keeps a table; it is in use at once.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, scope: TableScope, airports: &Airports, by: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    let document = json(airports)?;
    sqlx::query("INSERT INTO no_go_tables (id, scope, airports, loaded_by, loaded_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(new_id())
        .bind(scope.word())
        .bind(document)
        .bind(by)
        .bind(instant_text(now))
        .execute(&mut *conn)
        .await?;
    revisions::renew(conn, revisions::TERMS).await
}

/// Adds what the tables say of the facts' airports of departure, so that the quote keeps it.
///
/// # Errors
/// The database's own.
pub async fn add_check_in(conn: &mut Conn, facts: &mut Facts) -> Result<(), sqlx::Error> {
    let domestic = newest(conn, TableScope::Domestic).await?;
    let international = newest(conn, TableScope::International).await?;
    let says = |table: &Option<NoGoTable>, airport: Code| table.as_ref().and_then(|table| table.airports.get(&airport).copied());
    let airports: BTreeSet<Code> = facts.selected().flat_map(|ticket| &ticket.coupons).map(|coupon| coupon.from).collect();
    facts.check_in = airports
        .into_iter()
        .map(|airport| CheckIn { airport, domestic: says(&domestic, airport), international: says(&international, airport) })
        .collect();
    Ok(())
}
