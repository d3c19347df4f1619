//! Every test, through the front door where there is one, on SQLite and on PostgreSQL.

#![allow(clippy::expect_used, clippy::needless_pass_by_value, reason = "a test that cannot go on says why and stops")]

mod world;

mod access;
mod attachments;
mod backup;
mod batches;
mod books;
mod browser;
mod bsp;
mod calculation;
mod chance;
mod claims;
mod command_line;
mod compensations;
mod crash;
mod faults;
mod files_hostile;
mod fuzz;
mod hostile;
mod importing;
mod incidents;
mod instances;
mod killed;
mod languages;
mod migrations;
mod model;
mod money;
mod notices;
mod plans;
mod printing;
mod races;
mod remittances;
mod requests;
mod road;
mod sign_in;
mod storage;
mod system;
mod tidy;
mod together;
mod tools;
mod transitions;
mod trouble;
mod voids;
