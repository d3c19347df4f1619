//! The BSP refund form: filled from the ticket, completed by an agent, reckoned by the shared calculation, reported.

pub mod answering;
pub mod batch_pages;
pub mod batch_store;
pub mod checking;
pub mod command;
pub mod coupon_store;
pub mod filling;
pub mod form_pages;
pub mod form_store;
pub mod host;
pub mod life;
pub mod line_pages;
pub mod lists;
pub mod model;
pub mod office_actions;
pub mod office_pages;
pub mod office_store;
pub mod report;
pub mod report_pages;
pub mod sales_store;
pub mod ticket_import;
pub mod ticket_number;
pub mod ticket_record;
pub mod ticket_store;
pub mod transmitting;
pub mod typed;
