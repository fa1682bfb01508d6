//! Who looks through the window.

use serde_json::Value;

use crate::audit::Readings;
use crate::error::Error;
use crate::kernel::Origin;
use crate::web::frame::Frame;
pub(super) use crate::web::visitor::Visitor as Reader;

/// What surrounds every page of the window.
pub(super) fn frame(reader: &Reader) -> Frame {
    reader.frame(0)
}

/// Where what the reader changes comes from.
pub(super) fn origin(reader: &Reader) -> &Origin {
    &reader.origin
}

/// Whether this reader may change which lines are written.
pub(super) fn may_change(_reader: &Reader) -> Result<(), Error> {
    Ok(())
}

/// Puts on record that the logs were read, and what of them.
pub(super) fn note(_readings: &Readings, _reader: &Reader, _what: Value) {}
