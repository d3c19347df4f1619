//! Taking in notifications from a file: one object, an array, or one per line, each for itself.

use std::io::BufRead;

use super::actions::{self, News};
use super::document;
use crate::bookings::reader::Pieces;
use crate::db::Db;
use crate::journal::Author;
use crate::kernel::time::Timestamp;

/// What became of the notifications of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u64,
    pub unchanged: u64,
    pub refused: u64,
}

/// Reads a file to its end; `refused` is called with line, path and cause of each that does not go in.
///
/// # Errors
/// When the file cannot be read further or the database does not answer.
pub async fn run(
    db: &Db,
    input: impl BufRead,
    now: Timestamp,
    refused: &mut (dyn FnMut(usize, &str, &str) + Send),
) -> Result<Counts, String> {
    let mut counts = Counts::default();
    for piece in Pieces::new(input) {
        let piece = piece.map_err(|error| error.to_string())?;
        let read = piece
            .text
            .map_err(|cause| (String::new(), cause))
            .and_then(|text| document::read(&text).map_err(|fault| (fault.path, fault.cause)));
        let notification = match read {
            Ok(notification) => notification,
            Err((path, cause)) => {
                counts.refused += 1;
                refused(piece.line, &path, &cause);
                continue;
            }
        };
        let order_no = notification.order_no.clone();
        let news = News { notification_id: Some(notification.id), kind: notification.kind, told: notification.told };
        let done = db.write(move |conn| {
            Box::pin(async move {
                let Some(kept) = actions::booking(conn, &notification.order_no).await? else { return Ok::<_, sqlx::Error>(None) };
                let noted = actions::note(conn, &kept, news, &Author::program(), now).await?;
                Ok(Some(noted.is_some()))
            })
        });
        match done.await.map_err(|error| error.to_string())? {
            Some(true) => counts.added += 1,
            Some(false) => counts.unchanged += 1,
            None => {
                counts.refused += 1;
                refused(piece.line, "data.orderNo", &format!("there is no order {order_no}: import it first"));
            }
        }
    }
    Ok(counts)
}
