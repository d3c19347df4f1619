//! Revisions of what is read so often, and changed so seldom, that it is kept in memory: whoever has it asks only whether it
//! is still the same.

use super::Conn;
use crate::kernel::id::random_bytes;

/// Nothing is known of it yet: it must not be kept.
pub const UNKNOWN: i64 = 0;

/// The terms that quotes are reckoned by: rule sets in use, no-go airports and exchange rates.
pub const TERMS: &str = "terms";

/// The revision of [`TERMS`] as a column of any query; [`UNKNOWN`] where they were never renewed.
#[macro_export]
macro_rules! terms_revision {
    () => {
        "CAST(COALESCE((SELECT v.revision FROM revisions v WHERE v.name = 'terms'), 0) AS BIGINT)"
    };
}

/// The revision of [`TERMS`] now.
///
/// # Errors
/// The database's own.
pub async fn terms(conn: &mut Conn) -> Result<i64, sqlx::Error> {
    let (revision,): (i64,) = sqlx::query_as(concat!("SELECT ", terms_revision!())).fetch_one(conn).await?;
    Ok(revision)
}

/// Gives something a new revision, in the transaction that changes it. It is drawn and not counted: of two databases that began
/// as one, each goes on with revisions of its own.
///
/// # Errors
/// The database's own.
///
/// # Panics
/// As [`random_bytes`].
pub async fn renew(conn: &mut Conn, name: &str) -> Result<(), sqlx::Error> {
    // Never negative, and never what stands for the unknown.
    let drawn = (i64::from_be_bytes(random_bytes()) & i64::MAX).max(1);
    sqlx::query("INSERT INTO revisions (name, revision) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET revision = excluded.revision")
        .bind(name)
        .bind(drawn)
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::TERMS;

    #[test]
    fn the_column_is_of_the_terms() {
        assert!(terms_revision!().contains(&format!("'{TERMS}'")));
    }
}
