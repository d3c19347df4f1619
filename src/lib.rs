//! Afterfare: what happens to an airline ticket after it is sold. The rooms, from the ground up; imports run upward only.

pub mod kernel;

pub mod config;
pub mod db;
pub mod web;

pub mod journal;

pub mod agencies;
