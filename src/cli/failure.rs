//! How a command ends.

use std::process::ExitCode;

use crate::catalog::RowError;
use crate::config::ConfigError;
use crate::db::{BackupError, MigrationError};
use crate::error::Error;
use crate::telemetry;

/// What a command answers.
pub(super) type Outcome = Result<ExitCode, Failure>;

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// It did not work.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// It was asked for something that cannot be.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// Says why, on standard error, which a service manager keeps: a configuration that cannot be
    /// read is quoted in the message.
    pub(super) fn tell(self) -> ExitCode {
        eprintln!("docket: {}", telemetry::scrub(&self.message));
        ExitCode::from(self.code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => Self::new(refusal.detail),
            Error::Unavailable(detail) => Self::new(detail),
            other => Self::new(other.to_string()),
        }
    }
}

macro_rules! from {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.to_string())
            }
        }
    )+};
}

from!(
    BackupError,
    ConfigError,
    MigrationError,
    RowError,
    reqwest::Error,
    serde_json::Error,
    std::io::Error,
    Box<dyn std::error::Error + Send + Sync>,
);
