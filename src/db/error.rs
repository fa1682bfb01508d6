//! What a failed statement means to the caller: the one place that reads database errors.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Error;

impl From<DieselError> for Error {
    fn from(failure: DieselError) -> Self {
        if let DieselError::DatabaseError(kind, information) = &failure {
            let message = information.message();
            if is_contention(kind, message) {
                return Self::Contention(message.to_owned());
            }
            if is_outage(kind, message) {
                tracing::error!(error = message, "the database cannot take this now");
                return Self::Unavailable("The database cannot take this now; try again shortly.");
            }
        }
        Self::internal("database", failure)
    }
}

/// Lost races: 40001, 40P01 and 23505 on PostgreSQL, a lock that stayed taken on SQLite. Where a
/// row may be there already the statements say ON CONFLICT, so a unique violation means that it
/// came meanwhile.
fn is_contention(kind: &DatabaseErrorKind, message: &str) -> bool {
    matches!(kind, DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::UniqueViolation)
        || message.contains("deadlock detected")
        || message.contains("lock timeout")
        || message.contains("database is locked")
        || message.contains("database table is locked")
}

/// Full or failing disks, and databases that went away.
fn is_outage(kind: &DatabaseErrorKind, message: &str) -> bool {
    matches!(kind, DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::ReadOnlyTransaction)
        || message.contains("disk is full")
        || message.contains("No space left on device")
        || message.contains("disk I/O error")
        || message.contains("terminating connection")
        || message.contains("server closed the connection")
        || message.contains("could not connect")
}

/// Whether a write, a read or a sync of SQLite failed; a full disk has its own words.
pub(super) fn is_of_the_disk(failure: &DieselError) -> bool {
    matches!(failure, DieselError::DatabaseError(_, information)
        if information.message().contains("disk I/O error"))
}
