//! Stylesheet, script and picture, inside the program, each under an address that changes with its content.

use std::sync::OnceLock;

use actix_web::{HttpResponse, web};

use super::error::Error;
use crate::kernel::id::hex;

#[derive(rust_embed::RustEmbed)]
#[folder = "static/"]
struct Static;

/// The address of a file in `static/`.
#[must_use]
pub fn address(file: &str) -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = HASH.get_or_init(|| {
        let mut all: Vec<_> = Static::iter().filter_map(|path| Static::get(&path)).map(|f| hex(&f.metadata.sha256_hash())).collect();
        all.sort();
        crate::kernel::id::digest(&all.concat())[..12].to_owned()
    });
    format!("/static/{hash}/{file}")
}

/// `GET /static/{hash}/{file}`
pub async fn serve(path: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    let file = Static::get(&path.1).ok_or(Error::NotFound)?;
    let kind = mime_guess::from_path(&path.1).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=31536000, immutable"))
        .insert_header(("content-type", kind))
        .body(file.data.into_owned()))
}
