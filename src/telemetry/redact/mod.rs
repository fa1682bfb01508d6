//! What never leaves the process: redaction by name and by pattern, before any sink.
