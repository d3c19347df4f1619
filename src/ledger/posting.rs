//! Writing transfers.

use super::{AccountKind, TransferKind};
use crate::db::{Conn, decode, is_duplicate};
use crate::kernel::id::new_id;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text};

/// An account by what it is: it comes into being with its first transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub kind: AccountKind,
    /// The agency's id, the carrier's code, or nothing for the operator's own.
    pub owner: String,
}

impl Account {
    /// An account of somebody.
    #[must_use]
    pub fn of(kind: AccountKind, owner: &str) -> Self {
        Self { kind, owner: owner.to_owned() }
    }

    /// An account of the operator's own.
    #[must_use]
    pub fn own(kind: AccountKind) -> Self {
        Self::of(kind, "")
    }
}

/// One transfer to be posted. An amount of nothing is not posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub debit: Account,
    pub credit: Account,
    pub amount: Money,
    pub kind: TransferKind,
}

/// A case that is no refund: its kind's word, its id, and the number people know it by.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub kind: &'a str,
    pub id: &'a str,
    pub no: &'a str,
}

/// What an entry is about, and who made it when.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The refund's id and its payment channel's word: the database compares the channel with the refund's own.
    pub refund: Option<(&'a str, &'a str)>,
    /// Another case than a refund.
    pub case: Option<Case<'a>>,
    /// How often the refund's credit was taken back before.
    pub round: i64,
    pub actor_id: &'a str,
    pub now: Timestamp,
}

/// Why an entry was refused. Nothing of it is posted then.
#[derive(Debug)]
pub enum LedgerError {
    /// A refund has its one credit, its one fee, another case its one transfer, or a transfer its one reversal, already.
    Twice,
    /// A deposit would fall below its credit line.
    BelowFloor,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for LedgerError {
    fn from(error: sqlx::Error) -> Self {
        if is_duplicate(&error) {
            Self::Twice
        } else if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_check_violation) {
            Self::BelowFloor
        } else {
            Self::Database(error)
        }
    }
}

/// Posts the legs of one entry, in the caller's transaction.
///
/// # Errors
/// `Twice`, `BelowFloor`, or the database's own.
pub async fn post(conn: &mut Conn, legs: &[Leg], about: About<'_>) -> Result<(), LedgerError> {
    let entry_id = new_id();
    for leg in legs.iter().filter(|leg| !leg.amount.is_zero()) {
        let debit = moved(conn, &leg.debit, leg.amount.currency, -leg.amount.minor).await?;
        let credit = moved(conn, &leg.credit, leg.amount.currency, leg.amount.minor).await?;
        insert(conn, &entry_id, (&debit, &credit), leg.amount, leg.kind, None, about).await?;
    }
    Ok(())
}

/// Reverses every transfer of one kind that a refund or another case has and that is not reversed yet.
///
/// # Errors
/// As [`post`].
pub async fn reverse(conn: &mut Conn, about_id: &str, kind: TransferKind, about: About<'_>) -> Result<(), LedgerError> {
    let rows: Vec<(String, String, String, i64, String)> = sqlx::query_as(
        "SELECT t.id, t.debit_account_id, t.credit_account_id, t.amount_minor, t.currency FROM transfers t \
         WHERE (t.refund_id = $1 OR t.case_id = $1) AND t.kind = $2 AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.reverses_id = t.id)",
    )
    .bind(about_id)
    .bind(kind.word())
    .fetch_all(&mut *conn)
    .await?;
    let entry_id = new_id();
    for (id, debit, credit, minor, currency) in rows {
        let currency = Currency::parse(&currency).map_err(decode)?;
        shift(conn, &debit, minor).await?;
        shift(conn, &credit, -minor).await?;
        insert(conn, &entry_id, (&credit, &debit), Money::new(minor, currency), TransferKind::Reversal, Some(&id), about).await?;
    }
    Ok(())
}

/// Sets how far an account may fall; an account that does not exist yet comes into being.
///
/// # Errors
/// The database's own.
pub async fn set_floor(conn: &mut Conn, account: &Account, currency: Currency, floor_minor: i64) -> Result<(), sqlx::Error> {
    open(conn, account, currency).await?;
    sqlx::query("UPDATE accounts SET floor_minor = $1 WHERE kind = $2 AND owner = $3 AND currency = $4")
        .bind(floor_minor)
        .bind(account.kind.word())
        .bind(&account.owner)
        .bind(currency.code())
        .execute(conn)
        .await?;
    Ok(())
}

async fn open(conn: &mut Conn, account: &Account, currency: Currency) -> Result<(), sqlx::Error> {
    // A deposit without a credit line of its own stops at nothing.
    let floor = (account.kind == AccountKind::Deposit).then_some(0i64);
    sqlx::query(
        "INSERT INTO accounts (id, kind, owner, currency, balance_minor, floor_minor) VALUES ($1, $2, $3, $4, 0, $5) \
         ON CONFLICT (kind, owner, currency) DO NOTHING",
    )
    .bind(new_id())
    .bind(account.kind.word())
    .bind(&account.owner)
    .bind(currency.code())
    .bind(floor)
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves an account's balance and answers the account's id.
async fn moved(conn: &mut Conn, account: &Account, currency: Currency, by_minor: i64) -> Result<String, LedgerError> {
    for _ in 0..2 {
        let row: Option<(String,)> = sqlx::query_as(
            "UPDATE accounts SET balance_minor = balance_minor + $1 WHERE kind = $2 AND owner = $3 AND currency = $4 RETURNING id",
        )
        .bind(by_minor)
        .bind(account.kind.word())
        .bind(&account.owner)
        .bind(currency.code())
        .fetch_optional(&mut *conn)
        .await?;
        if let Some((id,)) = row {
            return Ok(id);
        }
        open(conn, account, currency).await?;
    }
    Err(LedgerError::Database(sqlx::Error::RowNotFound))
}

async fn shift(conn: &mut Conn, account_id: &str, by_minor: i64) -> Result<(), LedgerError> {
    let update = sqlx::query("UPDATE accounts SET balance_minor = balance_minor + $1 WHERE id = $2");
    update.bind(by_minor).bind(account_id).execute(conn).await?;
    Ok(())
}

async fn insert(
    conn: &mut Conn,
    entry_id: &str,
    (debit_id, credit_id): (&str, &str),
    amount: Money,
    kind: TransferKind,
    reverses: Option<&str>,
    about: About<'_>,
) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO transfers (id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, \
         refund_channel, case_kind, case_id, case_no, reverses_id, actor_id, created_at, round) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(new_id())
    .bind(entry_id)
    .bind(debit_id)
    .bind(credit_id)
    .bind(amount.minor)
    .bind(amount.currency.code())
    .bind(kind.word())
    .bind(about.refund.map(|(id, _)| id))
    .bind(about.refund.map(|(_, channel)| channel))
    .bind(about.case.map(|case| case.kind))
    .bind(about.case.map(|case| case.id))
    .bind(about.case.map(|case| case.no))
    .bind(reverses)
    .bind(about.actor_id)
    .bind(instant_text(about.now))
    .bind(about.round)
    .execute(conn)
    .await?;
    Ok(())
}
