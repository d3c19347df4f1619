//! The filters of My Requests: as they stand in the URL, and as the search they mean.

use serde::{Deserialize, Serialize};

use super::model::{Category, Status};
use crate::kernel::time::Timestamp;
use crate::web::filter_fields::{from, identifier, until};
use crate::web::form::Problems;
use crate::web::paging::Cursor;

/// What the form holds, exactly as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    pub number: String,
    pub order_no: String,
    pub category: String,
    pub status: String,
    pub unread: String,
    pub modified_from: String,
    pub modified_to: String,
    pub after: String,
}

/// What is searched for. The day "to" is included: `modified_until` is its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    pub number: Option<String>,
    pub order_no: Option<String>,
    pub category: Option<Category>,
    pub status: Option<Status>,
    pub unread: bool,
    pub modified_from: Option<Timestamp>,
    pub modified_until: Option<Timestamp>,
    pub after: Option<Cursor>,
}

impl Filters {
    /// The search; a filter that means nothing is noted and left out. Days are days in `zone_name`.
    #[must_use]
    pub fn parse(&self, zone_name: &str, problems: &mut Problems) -> Search {
        Search {
            number: Some(self.number.trim().to_ascii_uppercase()).filter(|text| !text.is_empty()),
            order_no: identifier(&self.order_no),
            category: self.category.parse().ok(),
            status: self.status.parse().ok(),
            unread: self.unread == "yes",
            modified_from: from(&self.modified_from, "modified_from", zone_name, problems),
            modified_until: until(&self.modified_to, "modified_to", zone_name, problems),
            after: Cursor::parse(&self.after),
        }
    }
}
