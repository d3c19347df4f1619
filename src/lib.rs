//! Afterfare: what happens to an airline ticket after it is sold. The rooms, from the ground up; imports run upward only.

pub mod kernel;

pub mod config;
pub mod db;
pub mod refund_calculation;
pub mod web;

pub mod attachments;
pub mod journal;
pub mod ledger;
pub mod notices;
pub mod spreadsheets;

pub mod agencies;
pub mod backup;
pub mod batches;
pub mod bookings;
pub mod bsp;
pub mod compensations;
pub mod finance;
pub mod home;
pub mod incidents;
pub mod queue;
pub mod rates;
pub mod refunds;
pub mod remittances;
pub mod reports;
pub mod requests;
pub mod rule_sets;
pub mod statements;
pub mod system;
pub mod tools;
pub mod top_ups;

pub mod app;
pub mod commands;
pub mod demo;
pub mod routes;
pub mod worker;

/// A page, and a claim of a batch still more, is some hundred small texts that one thread makes and another lets go of. The
/// system's own allocator does that with locks: a fifth of the posting of a batch. `.cargo/config.toml` says how it is built.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
