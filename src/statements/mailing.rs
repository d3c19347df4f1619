//! Statements by e-mail: each to each address, with the files, tried again until it is taken.

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::model::Statement;
use super::{file, settings, store};
use crate::db::Conn;
use crate::kernel::language::Language;
use crate::kernel::time::{Timestamp, instant_text, plus_seconds};
use crate::notices::mailing::{Complaint, Post, Sender};
use crate::web::App;
use crate::web::error::Error;
use crate::web::filters::Reader;
use crate::web::sheet::{self, Cell, Format};
use crate::web::words::Message;

/// Seconds after which a mail whose sender vanished is tried again; then as long as it took before, doubled.
const RETRY_SECONDS: i64 = 900;

/// Sends one statement to one address. Answers whether there was any to send.
///
/// # Errors
/// The database's own.
pub async fn step(app: &App, post: &Post, sender: &Sender) -> Result<bool, Error> {
    let now = app.clock.now();
    let mut conn = app.db.read().await?;
    let waits: Option<(String,)> = sqlx::query_as(
        "SELECT statement_id FROM statement_mails WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at, statement_id LIMIT 1",
    )
    .bind(instant_text(now))
    .fetch_optional(&mut *conn)
    .await?;
    drop(conn);
    if waits.is_none() {
        return Ok(false);
    }
    let Some((id, email, attempts)) = app.db.write(move |conn| Box::pin(async move { take(conn, now).await })).await? else {
        return Ok(false);
    };
    let mut conn = app.db.read().await?;
    let Some(statement) = store::of_id(&mut conn, &id).await? else { return Ok(true) };
    let language = settings::of(&mut conn, &statement.agency_id).await?.map_or(Language::English, |settings| settings.language);
    let reader = Reader { language, zone_name: statement.zone_name.clone(), operator_name: app.settings.operator_name.clone() };
    let is_long = statement.line_count > app.settings.limits.statement_mail_lines;
    let rows = if is_long { None } else { Some(rows(&mut conn, &statement, &reader).await?) };
    drop(conn);
    let files = match rows {
        Some(rows) => {
            let xlsx = sheet::bytes(file::columns(&reader), rows.clone(), Format::Xlsx).await?;
            Some((xlsx, sheet::bytes(file::columns(&reader), rows, Format::Csv).await?))
        }
        None => None,
    };
    let sent = match compose(&statement, &email, files, &reader, sender) {
        Ok(mail) => post.send(mail).await,
        Err(complaint) => Err(complaint),
    };
    let given_up = attempts >= app.settings.limits.mail_attempts;
    let state = match &sent {
        Ok(()) => Some("sent"),
        Err(cause) => {
            tracing::error!(cause, "a statement could not be mailed");
            given_up.then_some("failed")
        }
    };
    if let Some(state) = state {
        let mark = app.db.write(move |conn| {
            Box::pin(async move {
                sqlx::query("UPDATE statement_mails SET state = $1 WHERE statement_id = $2 AND email = $3")
                    .bind(state)
                    .bind(id)
                    .bind(email)
                    .execute(conn)
                    .await
                    .map(|_| ())
            })
        });
        mark.await.map_err(|error: sqlx::Error| Error::from(error))?;
    }
    Ok(true)
}

/// Takes the mail that is due: it is due again only after its sender must have given up.
async fn take(conn: &mut Conn, now: Timestamp) -> Result<Option<(String, String, i64)>, sqlx::Error> {
    let due: Option<(String, String, i64)> = sqlx::query_as(
        "SELECT statement_id, email, attempts FROM statement_mails WHERE state = 'waiting' AND due_at <= $1 \
         ORDER BY due_at, statement_id, email LIMIT 1",
    )
    .bind(instant_text(now))
    .fetch_optional(&mut *conn)
    .await?;
    let Some((id, email, attempts)) = due else { return Ok(None) };
    let again = plus_seconds(now, RETRY_SECONDS << attempts.clamp(0, 6));
    let done = sqlx::query(
        "UPDATE statement_mails SET attempts = attempts + 1, due_at = $1 WHERE statement_id = $2 AND email = $3 AND attempts = $4 \
         AND state = 'waiting'",
    )
    .bind(instant_text(again))
    .bind(&id)
    .bind(&email)
    .bind(attempts)
    .execute(conn)
    .await?;
    Ok((done.rows_affected() == 1).then_some((id, email, attempts + 1)))
}

/// All rows of a statement's files.
async fn rows(conn: &mut Conn, statement: &Statement, reader: &Reader) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
    let (mut rows, mut next) = file::rows(conn, statement, reader, 0).await?;
    while let Some(after) = next {
        let (more, place) = file::rows(conn, statement, reader, after).await?;
        rows.extend(more);
        next = place;
    }
    Ok(rows)
}

/// The mail of a statement; one with too many lines for a mail goes without its files.
fn compose(
    statement: &Statement,
    email: &str,
    files: Option<(Vec<u8>, Vec<u8>)>,
    reader: &Reader,
    sender: &Sender,
) -> Result<lettre::Message, Complaint> {
    let say = |message: Message| message.text("operator", &reader.operator_name).say(reader.language).replace('\u{a0}', " ");
    let host = sender.origin.split("://").last().unwrap_or("localhost").split(':').next().unwrap_or("localhost").to_owned();
    let subject =
        say(Message::new("mail-subject-statement").text("number", &statement.number).text("currency", statement.opening.currency));
    let mut body = vec![
        say(Message::new("statement-mail-period")
            .text("agency", &statement.agency_name)
            .text("from", statement.from)
            .text("to", statement.last_day())),
        say(Message::new("statement-mail-balances").money("opening", statement.opening).money("closing", statement.closing)),
        String::new(),
        format!("{}/finance/statements/{}", sender.origin, statement.number),
    ];
    if files.is_none() {
        body.insert(2, say(Message::new("statement-mail-long").count("count", statement.line_count)));
    }
    let to: lettre::Address = email.parse().map_err(|error: lettre::address::AddressError| format!("{email}: {error}"))?;
    let kind = |text: &str| ContentType::parse(text).map_err(|error| error.to_string());
    let spreadsheet = kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")?;
    let mut parts = MultiPart::mixed().singlepart(SinglePart::plain(body.join("\n")));
    if let Some((xlsx, csv)) = files {
        parts = parts
            .singlepart(Attachment::new(format!("{}.xlsx", statement.number)).body(xlsx, spreadsheet))
            .singlepart(Attachment::new(format!("{}.csv", statement.number)).body(csv, kind("text/csv; charset=utf-8")?));
    }
    lettre::Message::builder()
        .from(sender.from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        // A second try is the same mail.
        .message_id(Some(format!("<{}.{}@{host}>", statement.id, crate::kernel::id::digest(email).get(..16).unwrap_or_default())))
        .multipart(parts)
        .map_err(|error| error.to_string())
}
