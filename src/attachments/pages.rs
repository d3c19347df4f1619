//! Handing a file out: to its own agency and the operator, as a download that can do nothing.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::store;
use crate::kernel::actor::Permission;
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::visit::{SeeRequests, Visit};

/// `GET /attachments/{id}`
pub async fn download(visit: Visit<SeeRequests>, id: Path<String>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let file = store::find(&mut conn, &visit.scope(), &id).await?.ok_or(Error::NotFound)?;
    // Who may not see an agency's money does not see the proof of its transfers either.
    if !visit.may(Permission::SeeMoney) && store::is_about_money(&mut conn, &file.id).await? {
        return Err(Error::NotFound);
    }
    drop(conn);
    let path = store::path(&visit.app.settings.files, &file.stored_as);
    let bytes = tokio::fs::read(&path).await.map_err(|error| Error::Internal(format!("attachment {}: {error}", file.id)))?;
    let name = percent(&file.name);
    let plain: String = file.name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' }).collect();
    Ok(HttpResponse::Ok()
        .content_type(file.kind.media_type())
        .insert_header(("content-disposition", format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{name}")))
        .insert_header(("content-security-policy", "sandbox; default-src 'none'"))
        .body(bytes))
}

/// A name as headers carry it (RFC 8187).
fn percent(name: &str) -> String {
    use std::fmt::Write;
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
