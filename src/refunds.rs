//! Refunds: quotes and cases, from the slide-out to the credit.

pub mod case_pages;
pub mod claim_pages;
pub mod claiming;
pub mod deadline_store;
pub mod desk_actions;
pub mod desk_forms;
pub mod desk_pages;
pub mod exchange;
pub mod explaining;
pub mod model;
pub mod quote_store;
pub mod quoting;
pub mod refusal;
pub mod registering;
pub mod selection;
pub mod slide_out_pages;
pub mod state;
pub mod store;
pub mod submitting;
pub mod taken_store;
pub mod terms;
pub mod void_pages;
pub mod voiding;
pub mod wording;
