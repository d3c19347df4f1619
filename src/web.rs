//! What pages share and no room's business.

use crate::config::Settings;
use crate::db::Db;
use crate::kernel::time::Clock;

pub mod assets;
pub mod csrf;
pub mod error;
pub mod figures;
pub mod filter_fields;
pub mod filters;
pub mod form;
pub mod frame;
pub mod once;
pub mod paging;
pub mod plenty;
pub mod sheet;
pub mod shell;
pub mod timing;
pub mod visit;
pub mod words;

/// What every handler may use.
#[derive(Debug, Clone)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub settings: std::sync::Arc<Settings>,
    /// Counts how often there was something to do at once; see [`App::wake_worker`].
    pub wake: tokio::sync::watch::Sender<u64>,
    /// Whether the server is about to stop.
    pub ending: tokio::sync::watch::Sender<bool>,
    /// Signs cookies and the tokens of forms before sign-in; kept in the database, the same for every instance.
    pub secret: std::sync::Arc<str>,
    /// How long requests take.
    pub timing: timing::Timing,
    /// What need not be counted again.
    pub plenty: plenty::Plenty,
}

impl App {
    /// Tells whoever works in the background that there is something to do at once; who is busy looks again afterwards.
    pub fn wake_worker(&self) {
        self.wake.send_modify(|count| *count += 1);
    }

    /// Tells whoever works in the background to come to an end.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Whether the server is about to stop.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }
}

/// The app inside actix.
pub type AppData = actix_web::web::Data<App>;

/// What a handler answers.
pub type Answer = Result<actix_web::HttpResponse, error::Error>;

/// Makes a folder, and those above it, for its owner only.
///
/// # Errors
/// The disk's own.
pub fn private_folder(path: &std::path::Path) -> std::io::Result<()> {
    let mut new = std::fs::DirBuilder::new();
    new.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut new, 0o700);
    new.create(path)
}

/// 303: go there with GET.
#[must_use]
pub fn see_other(path: &str) -> actix_web::HttpResponse {
    actix_web::HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, path)).finish()
}
