//! The JSON Schemas of the documents, made from the types that read them.

use schemars::Schema;

use super::facts::Facts;
use super::rules::RuleSet;

/// The schema of a facts document.
#[must_use]
pub fn facts() -> Schema {
    schemars::schema_for!(Facts)
}

/// The schema of a rule set document.
#[must_use]
pub fn rules() -> Schema {
    schemars::schema_for!(RuleSet)
}
