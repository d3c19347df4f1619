//! Lists that page by key: the next page begins after the last row seen, however long the list is.

use serde::{Deserialize, Serialize};

/// The key of the last row of a page: its sorted column and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub sorted: String,
    pub id: String,
}

impl Cursor {
    /// As it stands in a URL.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}~{}", self.sorted, self.id)
    }

    /// Reads it from a URL; anything else is no cursor.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sorted, id) = text.split_once('~')?;
        (!sorted.is_empty() && !id.is_empty() && text.len() <= 100).then(|| Self { sorted: sorted.to_owned(), id: id.to_owned() })
    }
}

/// One page of rows and the way to the next.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of at most `limit` rows out of an answer that asked for one more.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> Cursor) -> Self {
        let limit = usize::try_from(limit).unwrap_or(50);
        let next = (rows.len() > limit).then(|| {
            rows.truncate(limit);
            rows.last().map(|row| key(row).text())
        });
        Self { rows, next: next.flatten() }
    }
}

/// Where the rows after these begin, when there may be more of them: these are as many as were asked for.
#[must_use]
pub fn after_full<T, C>(rows: &[T], asked: i64, key: impl Fn(&T) -> C) -> Option<C> {
    let full = i64::try_from(rows.len()).is_ok_and(|count| count >= asked);
    rows.last().filter(|_| full).map(key)
}

/// The query string of the same list with another cursor.
#[must_use]
pub fn with_cursor<T: Serialize>(filters: &T, after: &str) -> String {
    let mut pairs = pairs(filters);
    pairs.retain(|(name, _)| name != "after");
    pairs.push(("after".to_owned(), after.to_owned()));
    serde_html_form::to_string(pairs).unwrap_or_default()
}

/// The query string of filters, without the empty ones and the cursor.
#[must_use]
pub fn query_of<T: Serialize>(filters: &T) -> String {
    let mut pairs = pairs(filters);
    pairs.retain(|(name, _)| name != "after");
    serde_html_form::to_string(pairs).unwrap_or_default()
}

fn pairs<T: Serialize>(filters: &T) -> Vec<(String, String)> {
    let text = serde_html_form::to_string(filters).unwrap_or_default();
    let mut pairs: Vec<(String, String)> = serde_html_form::from_str(&text).unwrap_or_default();
    pairs.retain(|(_, value)| !value.is_empty());
    pairs
}
