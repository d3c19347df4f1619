//! Puts the rooms together: the actix app, for the server and for the tests alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy};
use actix_web::body::MessageBody;
use actix_web::cookie::{Key, SameSite, time::Duration as CookieDuration};
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{Data, QueryConfig};
use actix_web::{HttpResponse, HttpServer};
use tokio::sync::watch;

use crate::agencies::session_store::DbSessions;
use crate::config::Settings;
use crate::db::Db;
use crate::kernel::id::new_token;
use crate::kernel::time::Clock;
use crate::routes;
use crate::system::exposition;
use crate::web::error::Error;
use crate::web::plenty::Plenty;
use crate::web::timing::{self, Timing};
use crate::web::{App, AppData, shell};

/// Seconds that requests under way get to finish when the server is told to stop.
const STOP_SECONDS: u64 = 30;
/// Seconds within which a request's head must have arrived.
const HEAD_SECONDS: u64 = 10;

/// Makes the app over an open database.
///
/// # Errors
/// The database's own.
pub async fn new(db: Db, settings: Settings, clock: Clock) -> Result<App, sqlx::Error> {
    let secret = secret(&db).await?;
    Ok(App {
        db,
        clock,
        settings: Arc::new(settings),
        wake: watch::Sender::default(),
        ending: watch::Sender::default(),
        secret: secret.into(),
        timing: Timing::default(),
        plenty: Plenty::default(),
    })
}

/// The database's secret: made once and kept there, so that every instance has the same.
///
/// # Errors
/// The database's own.
pub async fn secret(db: &Db) -> Result<String, sqlx::Error> {
    db.write(|conn| {
        Box::pin(async move {
            let insert = sqlx::query("INSERT INTO secrets (name, value) VALUES ('cookies', $1) ON CONFLICT (name) DO NOTHING");
            insert.bind(new_token()).execute(&mut *conn).await?;
            let row: (String,) = sqlx::query_as("SELECT value FROM secrets WHERE name = 'cookies'").fetch_one(conn).await?;
            Ok(row.0)
        })
    })
    .await
}

/// The actix app with everything around the routes.
pub fn build(
    app: &AppData,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    actix_web::App::new()
        .app_data(app.clone())
        .app_data(QueryConfig::default().error_handler(|_, _| Error::BadRequest.into()))
        .configure(routes::configure)
        .default_service(actix_web::web::to(|| async { Err::<HttpResponse, _>(Error::NotFound) }))
        .wrap(from_fn(shell::remember))
        .wrap(sessions(app))
        .wrap(from_fn(shell::shell))
        .wrap(Compress::default())
        .wrap(from_fn(timing::measure))
}

fn sessions(app: &AppData) -> SessionMiddleware<DbSessions> {
    let limits = &app.settings.limits;
    let store =
        DbSessions { db: app.db.clone(), clock: app.clock.clone(), idle_minutes: limits.session_idle_minutes, hours: limits.session_hours };
    let https = app.settings.is_https();
    let lifecycle = PersistentSession::default()
        .session_ttl(CookieDuration::hours(limits.session_hours))
        .session_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges);
    SessionMiddleware::builder(store, Key::derive_from(app.secret.as_bytes()))
        .cookie_name(if https { "__Host-afterfare" } else { "afterfare" }.to_owned())
        .cookie_secure(https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(lifecycle)
        .build()
}

/// Binds and begins to serve. Stops gracefully on SIGTERM and Ctrl-C.
///
/// # Errors
/// When the address cannot be bound.
pub fn serve(app: App, listener: std::net::TcpListener, workers: usize) -> std::io::Result<Server> {
    let begun = Arc::new(AtomicUsize::new(0));
    // Called in each thread as it begins.
    let of_thread = move || App { db: app.db.for_pages(begun.fetch_add(1, Ordering::Relaxed)), ..app.clone() };
    let server = HttpServer::new(move || build(&Data::new(of_thread())))
        .workers(workers)
        .client_request_timeout(Duration::from_secs(HEAD_SECONDS))
        .shutdown_timeout(STOP_SECONDS)
        .listen(listener)?;
    Ok(server.run())
}

/// Serves the metrics, and nothing else, on a listener of their own.
///
/// # Errors
/// When the address cannot be bound.
pub fn serve_metrics(app: App, listener: std::net::TcpListener) -> std::io::Result<Server> {
    let data = Data::new(app);
    let server = HttpServer::new(move || {
        actix_web::App::new().app_data(data.clone()).route("/metrics", actix_web::web::get().to(exposition::metrics))
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}

/// `GET /healthz`: the process runs.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// `GET /readyz`: the database answers too.
pub async fn readyz(app: AppData) -> HttpResponse {
    match app.db.ping().await {
        Ok(()) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        Err(error) => {
            tracing::error!(cause = %error, "the database does not answer");
            HttpResponse::ServiceUnavailable().content_type("text/plain").body("the database does not answer\n")
        }
    }
}
