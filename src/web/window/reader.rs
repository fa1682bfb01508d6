//! Who looks through the window: anyone at the desk.

use serde_json::Value;

use crate::audit::{Readings, Subject};
use crate::web::admin::{Anyone, Changers, Desk, Section, Staff};
use crate::web::frame::Frame;

/// Who looks.
pub(super) type Reader = Staff<Anyone>;

/// What surrounds every page of the window.
pub(super) fn surroundings<R>(reader: &Staff<R>) -> (Frame, Desk)
where
    R: crate::web::admin::Roles,
{
    reader.surroundings(Section::Telemetry)
}

/// Whether this reader may change which lines are written.
pub(super) fn may_change<R>(reader: &Staff<R>) -> bool
where
    R: crate::web::admin::Roles,
{
    reader.may::<Changers>()
}

/// Puts on record that the logs were read, and what of them.
pub(super) fn note(readings: &Readings, reader: &Reader, what: Value) {
    readings.note(Subject::Staff(reader.person.id), "telemetry.read", what);
}
