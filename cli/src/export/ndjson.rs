//! One JSON object a line: the event as it was sent, with `receivedAt`.

use std::io::Write;

use crate::store::Event;

/// JSON allows a line break only between tokens, so each can become a space.
///
/// # Errors
/// Those of the output.
pub fn write(out: &mut dyn Write, event: &Event) -> std::io::Result<()> {
    let raw = event.raw.replace(['\n', '\r'], " ");
    let fields = raw.trim_end().strip_suffix('}').unwrap_or(&raw).trim_end();
    // A reader takes the last of two equal names, which is ours.
    let received = jiff::Timestamp::from_millisecond(event.received_ms).map_err(std::io::Error::other)?;
    writeln!(out, "{fields},\"receivedAt\":\"{received:.3}\"}}")
}
