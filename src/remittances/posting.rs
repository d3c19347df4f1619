//! Posting all exact matches of a remittance, in the background: somebody has said so once, and a server that is killed
//! in between leaves every line either matched or as it was.

use super::line_store::{self, View};
use super::matching::{self, NotMatched, Share};
use super::model::{Finding, Line};
use super::{proposing, store};
use crate::agencies::store as agencies;
use crate::db::{Conn, Db};
use crate::kernel::actor::Actor;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, instant_text, plus_seconds};
use crate::web::App;
use crate::web::error::Error;

/// Lines that one step posts.
const CHUNK: i64 = 50;

/// Seconds after which the work of a server that vanished is taken up by another.
const ABANDONED_SECONDS: i64 = 90;

/// Seconds after which a step that failed is done again.
const RETRY_SECONDS: i64 = 5;

/// Says that all exact matches of a remittance shall be posted. A second press changes nothing.
///
/// # Errors
/// `Absent`, or the database's own.
pub async fn begin(db: &Db, actor: &Actor, number: String, now: Timestamp) -> Result<(), NotMatched> {
    let user_id = actor.user_id.clone();
    db.write(move |conn| {
        Box::pin(async move {
            let remittance = store::find(conn, &number).await?.ok_or(NotMatched::Absent)?;
            // Also when it is being posted: what was found since its lines were read is then posted too.
            sqlx::query("UPDATE remittances SET posting_by = COALESCE(posting_by, $1), taken_until = $2 WHERE id = $3")
                .bind(user_id)
                .bind(instant_text(now))
                .bind(&remittance.id)
                .execute(conn)
                .await?;
            Ok(())
        })
    })
    .await
}

/// Posts some lines of one remittance. Answers whether there was any work.
///
/// # Errors
/// The database's own; the step is then done again later.
pub async fn step(app: &App) -> Result<bool, Error> {
    let now = app.clock.now();
    let mut conn = app.db.read().await?;
    let waits: Option<(String,)> =
        sqlx::query_as("SELECT id FROM remittances WHERE posting_by IS NOT NULL AND taken_until <= $1 ORDER BY taken_until, id LIMIT 1")
            .bind(instant_text(now))
            .fetch_optional(&mut *conn)
            .await?;
    drop(conn);
    if waits.is_none() {
        return Ok(false);
    }
    let until = plus_seconds(now, ABANDONED_SECONDS);
    let Some((id, number, by)) = app.db.write(move |conn| Box::pin(async move { take(conn, now, until).await })).await? else {
        return Ok(false);
    };
    let posted = post_some(app, &id, &number, &by, now).await;
    let (again, is_over) = match &posted {
        Ok(is_last) => (now, *is_last),
        Err(_) => (plus_seconds(now, RETRY_SECONDS), false),
    };
    app.db.write(move |conn| Box::pin(async move { let_go(conn, &id, until, again, is_over).await })).await?;
    posted.map(|_| true)
}

/// Posts the first open exact matches; answers whether those were the last.
async fn post_some(app: &App, id: &str, number: &str, by: &str, now: Timestamp) -> Result<bool, Error> {
    let mut conn = app.db.read().await?;
    let lines = line_store::lines(&mut conn, id, View::Open(Finding::Exact), 0, CHUNK).await?;
    let user = agencies::user(&mut conn, by).await?;
    drop(conn);
    let is_last = i64::try_from(lines.len()).unwrap_or(0) < CHUNK;
    if let Some(actor) = user.map(Actor::from) {
        for line in lines {
            post_one(app, number, line, &actor, now).await?;
        }
    }
    Ok(is_last)
}

/// Gives up a remittance as it was taken. Somebody who pressed meanwhile has taken it anew: then it stays theirs.
async fn let_go(conn: &mut Conn, id: &str, taken: Timestamp, again: Timestamp, is_over: bool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE remittances SET taken_until = $1, posting_by = CASE WHEN $2 = 1 THEN NULL ELSE posting_by END \
         WHERE id = $3 AND taken_until = $4",
    )
    .bind(instant_text(again))
    .bind(i64::from(is_over))
    .bind(id)
    .bind(instant_text(taken))
    .execute(conn)
    .await
    .map(|_| ())
}

/// Lines that are compared together.
const COMPARED: i64 = 256;

/// Compares the open lines of a remittance again with the refunds that wait: what was unknown may be known by now.
///
/// # Errors
/// `Absent`, or the database's own.
pub async fn compare_again(db: &Db, number: String) -> Result<(), NotMatched> {
    let mut conn = db.read().await?;
    let remittance = store::find(&mut conn, &number).await?.ok_or(NotMatched::Absent)?;
    drop(conn);
    let mut after = 0;
    loop {
        let id = remittance.id.clone();
        let last = db.write(move |conn| {
            Box::pin(async move {
                let mut lines = line_store::open_of(conn, &id, after, COMPARED).await?;
                let before = lines.clone();
                proposing::propose(conn, &mut lines).await?;
                let changed = |(line, was): &(&Line, &Line)| line.finding != was.finding || line.proposals != was.proposals;
                for (line, _) in lines.iter().zip(&before).filter(changed) {
                    // Whoever works on a line meanwhile keeps it as it is.
                    line_store::save_line(conn, line).await?;
                }
                let full = i64::try_from(lines.len()).is_ok_and(|count| count == COMPARED);
                Ok::<_, NotMatched>(lines.last().map(|line| line.row_no).filter(|_| full))
            })
        });
        match last.await? {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

async fn take(conn: &mut Conn, now: Timestamp, until: Timestamp) -> Result<Option<(String, String, String)>, sqlx::Error> {
    sqlx::query_as(
        "UPDATE remittances SET taken_until = $1 WHERE id = (SELECT id FROM remittances WHERE posting_by IS NOT NULL AND taken_until <= $2 \
         ORDER BY taken_until, id LIMIT 1) AND taken_until <= $2 RETURNING id, number, posting_by",
    )
    .bind(instant_text(until))
    .bind(instant_text(now))
    .fetch_optional(conn)
    .await
}

/// Posts one line in a transaction of its own. One that cannot be posted any more is left to people.
async fn post_one(app: &App, number: &str, line: Line, actor: &Actor, now: Timestamp) -> Result<(), Error> {
    let (number, actor, current) = (number.to_owned(), actor.clone(), line.clone());
    let posted = app.db.write(move |conn| {
        Box::pin(async move {
            let share = |proposal: &super::model::Proposal| Share {
                refund_no: proposal.refund_no.clone(),
                amount: Money::new(proposal.minor, current.currency()),
                difference: None,
                more_to_come: false,
            };
            let shares: Vec<Share> = current.proposals.iter().map(share).collect();
            matching::match_in(conn, &number, current, &shares, &actor, now).await
        })
    });
    match posted.await {
        Ok(()) => Ok(()),
        Err(NotMatched::Database(error)) => Err(error.into()),
        Err(reason) => {
            tracing::info!(?reason, line = line.row_no, "an exact match was left to people");
            let doubtful = Line { finding: Finding::Suggested, ..line };
            app.db.write(move |conn| Box::pin(async move { line_store::save_line(conn, &doubtful).await })).await?;
            Ok(())
        }
    }
}
