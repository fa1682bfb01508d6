//! Workers that find due work and do it, each on its own beat.
//!
//! Invariants: a job that must run in one copy only holds a lease in the very transaction of its
//! work, so two copies never do it at once; a failing run is logged and counted and tried again on
//! the next beat. This room knows no job: `app` registers them. Owns the table `job_leases`.

mod lease;
mod runner;

pub use lease::{Holder, hold, release};
pub use runner::{Job, Workers};
