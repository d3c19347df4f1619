//! Lists that walk an index from one end, page by page.
//!
//! PostgreSQL makes the plan of a prepared statement once only if it thinks that one plan serves all values, and making it
//! takes longer than a page of a list. Of `agency_id = $1 ORDER BY created_at` one plan does not serve all: the index of
//! everybody's newest has that order too, and where one agency has most of the rows it looks as good. Therefore a walk names
//! the whole index there: its columns are compared as one key, and the rows are wanted in the order of that key, which no
//! other index has. To SQLite, which knows no such plans, it says the same as equations.

use super::select::Value;

/// A condition, and the values of its question marks.
pub(super) type Condition = (String, Vec<Value>);

/// One end of what is walked, in the columns of its order.
#[derive(Debug, Clone)]
struct End {
    comparison: &'static str,
    values: Vec<Value>,
}

/// Which index is walked, and between which ends.
#[derive(Debug, Clone)]
pub struct Walk {
    same: Vec<(&'static str, Value)>,
    order: [&'static str; 2],
    descending: bool,
    lower: Option<End>,
    upper: Option<End>,
    shared: bool,
}

impl Walk {
    const fn new(order: [&'static str; 2], descending: bool) -> Self {
        Self { same: Vec::new(), order, descending, lower: None, upper: None, shared: false }
    }

    /// From the greatest of a column and of the id that decides between equals.
    #[must_use]
    pub const fn newest_first(order: [&'static str; 2]) -> Self {
        Self::new(order, true)
    }

    /// From the least.
    #[must_use]
    pub const fn earliest_first(order: [&'static str; 2]) -> Self {
        Self::new(order, false)
    }

    /// Only the rows with this value, when there is one. The index has these columns first, in the order in which they are
    /// told.
    #[must_use]
    pub fn same<V: Into<Value>>(mut self, column: &'static str, value: Option<V>) -> Self {
        self.same.extend(value.map(|value| (column, value.into())));
        self
    }

    /// From this value of the order on, when there is one.
    #[must_use]
    pub fn since<V: Into<Value>>(mut self, value: Option<V>) -> Self {
        self.lower = value.map(|value| End { comparison: ">=", values: vec![value.into()] });
        self
    }

    /// Up to, and without, this value of the order, when there is one.
    #[must_use]
    pub fn until<V: Into<Value>>(mut self, value: Option<V>) -> Self {
        self.upper = value.map(|value| End { comparison: "<", values: vec![value.into()] });
        self
    }

    /// After this row, when there is one: its value of the order, and its id. A row beyond the ends leaves them as they are.
    #[must_use]
    pub fn after(mut self, row: Option<[String; 2]>) -> Self {
        let Some(row) = row else { return self };
        let (end, comparison) = if self.descending { (&mut self.upper, "<") } else { (&mut self.lower, ">") };
        let told = end.as_ref().and_then(|end| end.values.first());
        let is_beyond = |told: &Value| matches!(told, Value::Text(told) if if self.descending { *told <= row[0] } else { *told > row[0] });
        if !told.is_some_and(is_beyond) {
            *end = Some(End { comparison, values: row.map(Value::Text).to_vec() });
        }
        self
    }

    /// Whether one plan serves whatever the values are: nothing else is asked of the rows, and what is walked is the whole
    /// index. Otherwise each values' own plan may be the better one, and they get it.
    #[must_use]
    pub const fn shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// The conditions with their values, and the order that follows them. `as_one_key`: for PostgreSQL, where one plan serves.
    pub(super) fn laid(&self, as_one_key: bool) -> (Vec<Condition>, String) {
        if as_one_key { self.as_one_key() } else { self.as_equations() }
    }

    /// Whether one plan serves all.
    pub(super) const fn is_shared(&self) -> bool {
        self.shared
    }

    fn as_equations(&self) -> (Vec<Condition>, String) {
        let mut conditions: Vec<Condition> =
            self.same.iter().map(|(column, value)| (format!("{column} = ?"), vec![value.clone()])).collect();
        let ends = self.lower.iter().chain(&self.upper);
        conditions.extend(ends.map(|end| (compared(&[], &self.order, end), end.values.clone())));
        (conditions, self.in_order(&[]))
    }

    fn as_one_key(&self) -> (Vec<Condition>, String) {
        let (columns, values): (Vec<&'static str>, Vec<Value>) = self.same.iter().cloned().unzip();
        // One condition for each end, since the server begins at only one of several. How many rows an end leaves is reckoned
        // from the first column and the comparison alone: of those less than an agency, or between two values that might be
        // any, it expects few, and then makes the plan of a large agency anew each time. So both ends belong to the rows, a
        // row after which one begins is left out by its id, and the lower end names a column of the order even where it is open.
        let open = |comparison, values| (!columns.is_empty()).then_some(End { comparison, values });
        let ends = [self.lower.clone().or_else(|| open(">=", vec!["".into()])), self.upper.clone().or_else(|| open("<=", Vec::new()))];
        let mut conditions = Vec::new();
        for mut end in ends.into_iter().flatten() {
            let row = end.values.get(1).cloned();
            if end.comparison == "<" && row.is_none() {
                end.values.push("".into());
            }
            end.comparison = if end.comparison.starts_with('<') { "<=" } else { ">=" };
            conditions.push((compared(&columns, &self.order, &end), values.iter().cloned().chain(end.values).collect()));
            conditions.extend(row.map(|id| (format!("{} <> ?", self.order[1]), vec![id])));
        }
        (conditions, self.in_order(&columns))
    }

    fn in_order(&self, columns: &[&'static str]) -> String {
        let direction = if self.descending { " DESC" } else { "" };
        let columns: Vec<String> = columns.iter().chain(&self.order).map(|column| format!("{column}{direction}")).collect();
        format!("ORDER BY {}", columns.join(", "))
    }
}

/// A comparison of the columns that are the same, and of as many of the order as the end has values, with those values.
fn compared(same: &[&'static str], order: &[&'static str], end: &End) -> String {
    let columns: Vec<&str> = same.iter().chain(order.iter().take(end.values.len())).copied().collect();
    let marks = vec!["?"; columns.len()].join(", ");
    if columns.len() == 1 {
        return format!("{} {} ?", columns[0], end.comparison);
    }
    format!("({}) {} ({marks})", columns.join(", "), end.comparison)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text((conditions, order): (Vec<Condition>, String)) -> String {
        let conditions: Vec<String> =
            conditions.into_iter().map(|(text, values)| format!("{text} {values:?}").replace("Text", "")).collect();
        format!("{} {order}", conditions.join(" AND "))
    }

    fn row(sorted: &str) -> [String; 2] {
        [sorted.to_owned(), "x".to_owned()]
    }

    #[test]
    fn a_walk_is_a_key_or_equations() {
        let walk = || Walk::newest_first(["at", "id"]).same("a", Some("1")).same("b", None::<&str>).same("c", Some("2"));
        assert_eq!(text(walk().laid(false)), r#"a = ? [("1")] AND c = ? [("2")] ORDER BY at DESC, id DESC"#);
        let key =
            r#"(a, c, at) >= (?, ?, ?) [("1"), ("2"), ("")] AND (a, c) <= (?, ?) [("1"), ("2")] ORDER BY a DESC, c DESC, at DESC, id DESC"#;
        assert_eq!(text(walk().laid(true)), key);
        let page = r#"(a, c, at) >= (?, ?, ?) [("1"), ("2"), ("2025")] AND (a, c, at, id) <= (?, ?, ?, ?) [("1"), ("2"), ("2026"), ("x")] AND id <> ? [("x")] ORDER BY a DESC, c DESC, at DESC, id DESC"#;
        assert_eq!(text(walk().since(Some("2025")).after(Some(row("2026"))).laid(true)), page);
        let nobody = Walk::earliest_first(["at", "id"]).after(Some(row("2026")));
        assert_eq!(text(nobody.laid(true)), r#"(at, id) >= (?, ?) [("2026"), ("x")] AND id <> ? [("x")] ORDER BY at, id"#);
        let week = Walk::newest_first(["at", "id"]).same("a", Some("1")).until(Some("2026"));
        let key =
            r#"(a, at) >= (?, ?) [("1"), ("")] AND (a, at, id) <= (?, ?, ?) [("1"), ("2026"), ("")] ORDER BY a DESC, at DESC, id DESC"#;
        assert_eq!(text(week.laid(true)), key);
    }

    #[test]
    fn a_row_beyond_the_ends_moves_none_of_them() {
        let newest = |row| Walk::newest_first(["at", "id"]).until(Some("2026")).after(Some(row));
        assert_eq!(text(newest(row("2027")).laid(false)), r#"at < ? [("2026")] ORDER BY at DESC, id DESC"#);
        assert_eq!(text(newest(row("2025")).laid(false)), r#"(at, id) < (?, ?) [("2025"), ("x")] ORDER BY at DESC, id DESC"#);
        let earliest = |row| Walk::earliest_first(["at", "id"]).since(Some("2026")).after(Some(row));
        assert_eq!(text(earliest(row("2025")).laid(false)), r#"at >= ? [("2026")] ORDER BY at, id"#);
        assert_eq!(text(earliest(row("2026")).laid(false)), r#"(at, id) > (?, ?) [("2026"), ("x")] ORDER BY at, id"#);
    }
}
