//! Tools: the refund calculator, the pages of rule sets and of the no-go airports.

pub mod answer;
mod calculator_base;
mod calculator_fields;
pub mod calculator_form;
pub mod calculator_pages;
pub mod ladder;
pub mod no_go_pages;
pub mod preview;
pub mod rule_set_pages;
