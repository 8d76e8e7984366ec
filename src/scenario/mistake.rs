//! A value of a scenario that does not fit.

use std::sync::Arc;

use crate::diagnostic::{SourceFile, Span};

/// A value that does not fit, and the keys that lead to it.
#[derive(Debug)]
pub(super) struct KeyMistake {
    /// The keys, outermost first; `a.tcp.x` may also be set as `tcp.x`.
    pub(super) path: Vec<&'static str>,
    /// What is wrong.
    pub(super) title: String,
    /// What was expected.
    pub(super) label: String,
    /// Where it is set, if that is not in the scenario's layers.
    pub(super) place: Option<(Arc<SourceFile>, Span)>,
    /// What to do about it.
    pub(super) help: Option<String>,
}

impl KeyMistake {
    pub(super) fn new(path: Vec<&'static str>, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self { path, title: title.into(), label: label.into(), place: None, help: None }
    }
}
