//! How often each route is asked, and how long it takes.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::AppData;

/// What is told of a request: never who asked, nor for what.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Asked {
    /// The pattern of the route, such as `/refunds/{number}`; `other` where none fits.
    route: String,
    method: String,
    status: u32,
}

/// Seconds at which the buckets of a duration end.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// The durations of all requests since the start.
#[derive(Debug, Clone)]
pub struct Timing {
    pub requests: Family<Asked, Histogram, fn() -> Histogram>,
}

impl Default for Timing {
    fn default() -> Self {
        Self { requests: Family::new_with_constructor(histogram) }
    }
}

/// Notes how long a request took.
///
/// # Errors
/// Those of the request.
pub async fn measure(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let (began, app) = (Instant::now(), request.app_data::<AppData>().cloned());
    let route = request.match_pattern().unwrap_or_else(|| "other".to_owned());
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let answer = next.call(request).await;
    if let Some(app) = app {
        // What has no answer, such as a session that cannot be read, is told of as the error that it becomes.
        let status = answer.as_ref().map_or_else(|error| error.as_response_error().status_code(), ServiceResponse::status);
        let asked = Asked { route, method, status: u32::from(status.as_u16()) };
        app.timing.requests.get_or_create(&asked).observe(began.elapsed().as_secs_f64());
    }
    answer
}
