//! docket: the order server in one binary.
//!
//! The modules, from the top down; an arrow points only downwards (see ARCHITECTURE.md):
//! `cli → app → web → insight, check → carts → orders → payments, inventory → catalog → identity →
//! events, jobs → audit → idempotency → http → db, telemetry → config, error → kernel`.

pub mod app;
pub mod audit;
pub mod carts;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod http;
pub mod idempotency;
pub mod identity;
pub mod insight;
pub mod inventory;
pub mod jobs;
pub mod kernel;
pub mod orders;
pub mod payments;
pub mod telemetry;
pub mod web;
