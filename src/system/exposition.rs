//! The numbers as Prometheus reads them, on a listener of their own: whoever may reach that needs no sign-in.

use std::sync::atomic::{AtomicI64, AtomicU64};

use actix_web::HttpResponse;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::marks::Mark;
use super::numbers::{self, Numbers};
use crate::kernel::time::Timestamp;
use crate::web::error::Error;
use crate::web::timing::Timing;
use crate::web::{Answer, AppData};

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<i64, AtomicI64>>;
/// Amounts in a currency's own unit, which Prometheus keeps as floating-point numbers in any case.
type Figures = Family<Labels, Gauge<f64, AtomicU64>>;

fn text(numbers: &Numbers, timing: &Timing, now: Timestamp) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("afterfare");
    let help = "Requests answered, by route, method and status";
    registry.register_with_unit("http_request_duration", help, Unit::Seconds, timing.requests.clone());
    let counts = |registry: &mut Registry, name: &str, help: &str, rows: Vec<(Labels, i64)>| {
        if let [(labels, count)] = rows.as_slice()
            && labels.is_empty()
        {
            let gauge = Gauge::<i64, AtomicI64>::default();
            gauge.set(*count);
            return registry.register(name, help, gauge);
        }
        let family = Gauges::default();
        for (labels, count) in rows {
            family.get_or_create(&labels).set(count);
        }
        registry.register(name, help, family);
    };
    let open = numbers.open.iter().map(|(status, count)| (vec![("status", status.word().to_owned())], *count)).collect();
    counts(&mut registry, "open_refunds", "Refunds that are not closed", open);
    counts(&mut registry, "overdue_refunds", "Open refunds past their deadline", vec![(Vec::new(), numbers.overdue)]);
    counts(&mut registry, "outbox_mails", "Mails that wait to be sent", vec![(Vec::new(), numbers.outbox)]);
    let of = |unmatched: &numbers::Unmatched| vec![("currency", unmatched.sum.currency.code().to_owned())];
    let lines = numbers.unmatched.iter().map(|one| (of(one), one.lines)).collect();
    counts(&mut registry, "unmatched_lines", "Lines of remittances that are open", lines);
    let connections = &numbers.connections;
    let pool = [
        ("readers", "open", connections.readers),
        ("readers", "idle", connections.idle_readers),
        ("writers", "open", connections.writers),
        ("writers", "idle", connections.idle_writers),
    ];
    let pool = pool.map(|(pool, state, count)| (vec![("pool", pool.to_owned()), ("state", state.to_owned())], i64::from(count)));
    counts(&mut registry, "database_connections", "Connections to the database", pool.into());
    let findings = numbers.verify.iter().filter(|mark| mark.ended_at.is_some());
    let findings = findings.map(|mark| (Vec::new(), mark.found)).collect();
    counts(&mut registry, "verify_differences", "Differences that the last check of the books found", findings);

    let sums = Figures::default();
    for one in &numbers.unmatched {
        sums.get_or_create(&of(one)).set(one.sum.decimal().to_string().parse().unwrap_or(f64::NAN));
    }
    registry.register("unmatched_money", "Airline money that belongs to no refund yet, in its currency", sums);
    let ended = |mark: &Option<Mark>| mark.as_ref().and_then(|mark| mark.ended_at);
    let ages = [
        ("oldest_unsubmitted_age", "Since the oldest refund came that is not with its airline", numbers.oldest_unsubmitted),
        ("backup_age", "Since the last backup was made", ended(&numbers.backup)),
        ("verify_age", "Since the books were last checked", ended(&numbers.verify)),
    ];
    for (name, help, at) in ages.into_iter().filter_map(|(name, help, at)| Some((name, help, at?))) {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(now.duration_since(at).as_secs_f64());
        registry.register_with_unit(name, help, Unit::Seconds, gauge);
    }
    let mut text = String::with_capacity(16 * 1024);
    encode(&mut text, &registry)?;
    Ok(text)
}

/// `GET /metrics`
pub async fn metrics(app: AppData) -> Answer {
    let now = app.clock.now();
    let numbers = numbers::gather(&app.db, now).await?;
    let text = text(&numbers, &app.timing, now).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text))
}
