//! The filters of Incident Management: as they stand in the URL, and as the search they mean.

use serde::{Deserialize, Serialize};

use super::model::{IncidentKind, Status};
use crate::kernel::time::Timestamp;
use crate::web::filter_fields::{from, identifier, until};
use crate::web::form::Problems;
use crate::web::paging::Cursor;

/// What the form holds, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    pub order_no: String,
    pub airline: String,
    pub kind: String,
    pub status: String,
    pub from: String,
    pub to: String,
    pub after: String,
}

/// What is searched for. The day "to" is included: `until` is its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    pub order_no: Option<String>,
    pub airline: Option<String>,
    pub kind: Option<IncidentKind>,
    pub status: Option<Status>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub after: Option<Cursor>,
}

impl Filters {
    /// The search; a filter that means nothing is noted and left out. Days are days in `zone_name`.
    #[must_use]
    pub fn parse(&self, zone_name: &str, problems: &mut Problems) -> Search {
        Search {
            order_no: identifier(&self.order_no),
            airline: identifier(&self.airline),
            kind: self.kind.parse().ok(),
            status: self.status.parse().ok(),
            from: from(&self.from, "from", zone_name, problems),
            until: until(&self.to, "to", zone_name, problems),
            after: Cursor::parse(&self.after),
        }
    }
}
