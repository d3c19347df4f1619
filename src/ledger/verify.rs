//! Recomputing the books from their transfers.

use crate::db::Conn;

/// What the ledger holds, for the summary of a clean check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    pub accounts: i64,
    pub transfers: i64,
}

/// Compares every balance with the sum of its transfers, and every transfer with its accounts. Answers each difference
/// in a sentence.
///
/// # Errors
/// The database's own.
pub async fn differences(conn: &mut Conn) -> Result<(Extent, Vec<String>), sqlx::Error> {
    let mut found = Vec::new();
    let balances: Vec<(String, String, String, i64, i64)> = sqlx::query_as(
        "SELECT a.kind, a.owner, a.currency, a.balance_minor, CAST(COALESCE(SUM(m.minor), 0) AS BIGINT) FROM accounts a LEFT JOIN (\
         SELECT credit_account_id AS account_id, amount_minor AS minor FROM transfers UNION ALL \
         SELECT debit_account_id, -amount_minor FROM transfers) m ON m.account_id = a.id \
         GROUP BY a.id, a.kind, a.owner, a.currency, a.balance_minor \
         HAVING a.balance_minor <> CAST(COALESCE(SUM(m.minor), 0) AS BIGINT) ORDER BY a.kind, a.owner, a.currency",
    )
    .fetch_all(&mut *conn)
    .await?;
    for (kind, owner, currency, kept, computed) in balances {
        found.push(format!("account {kind} {owner} {currency}: the balance says {kept}, its transfers say {computed} (minor units)"));
    }
    let mixed: Vec<(String,)> = sqlx::query_as(
        "SELECT t.id FROM transfers t JOIN accounts d ON d.id = t.debit_account_id JOIN accounts c ON c.id = t.credit_account_id \
         WHERE t.currency <> d.currency OR t.currency <> c.currency ORDER BY t.id",
    )
    .fetch_all(&mut *conn)
    .await?;
    found.extend(mixed.into_iter().map(|(id,)| format!("transfer {id}: its currency is not that of its accounts")));
    let (accounts, transfers): (i64, i64) =
        sqlx::query_as("SELECT (SELECT COUNT(*) FROM accounts), (SELECT COUNT(*) FROM transfers)").fetch_one(conn).await?;
    Ok((Extent { accounts, transfers }, found))
}
