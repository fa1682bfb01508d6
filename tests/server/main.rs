//! The server as its clients see it: every scenario through the public API, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

mod access;
mod audit;
mod bad_input;
mod catalog;
mod desk;
mod every_page;
mod health;
mod idempotency;
mod inventory;
mod languages;
mod openapi;
mod orders;
mod overload;
mod races;
mod shop;
mod stop;
mod telemetry;
mod traces;
mod window;
