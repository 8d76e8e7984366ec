//! JSON that is written: documents and lines.
//!
//! Only maps with other keys than strings, and failing writers, can fail. What is written here has neither.

use serde::Serialize;

use crate::invariant::broken;

/// A document of several lines, with a final line break.
pub(crate) fn document(value: &impl Serialize) -> String {
    written(serde_json::to_string_pretty(value)) + "\n"
}

/// One line, without its end.
pub(crate) fn line(value: &impl Serialize) -> String {
    written(serde_json::to_string(value))
}

fn written(text: serde_json::Result<String>) -> String {
    text.unwrap_or_else(|error| broken(format_args!("JSON cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_document_ends_with_a_line_break_and_a_line_does_not() {
        assert_eq!(document(&[1]), "[\n  1\n]\n");
        assert_eq!(line(&[1]), "[1]");
    }

    #[test]
    #[should_panic(expected = "JSON cannot be written: key must be a string")]
    fn what_cannot_be_written_is_no_document() {
        document(&BTreeMap::from([([0], 0)]));
    }
}
