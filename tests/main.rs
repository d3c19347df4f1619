//! Every test, through the front door where there is one, on SQLite and on PostgreSQL.

mod world;

mod access;
mod books;
mod browser;
mod calculation;
mod command_line;
mod crash;
mod importing;
mod languages;
mod plans;
mod races;
mod road;
mod sign_in;
mod tidy;
