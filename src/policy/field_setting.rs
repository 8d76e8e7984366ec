//! A field of a policy, as a file or an option sets it.

use std::sync::Arc;

use super::value::Value;
use crate::diagnostic::{SourceFile, Span};

/// A field of a policy, set somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSetting {
    /// Its name.
    pub name: &'static str,
    /// What it is set to.
    pub value: Value,
    /// The source of the value.
    pub source: Option<String>,
    /// How near to the endpoint it is set.
    pub origin: Origin,
    /// The file that sets it.
    pub file: Arc<SourceFile>,
    /// Where the file sets it.
    pub span: Span,
}

/// The origin of a field's value; the greater wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// `policies/rfc9293.toml`.
    Base,
    /// A policy that another extends.
    Extended,
    /// A policy's own file.
    Policy,
    /// A scenario, or the command line.
    Scenario,
}
