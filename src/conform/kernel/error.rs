//! What can go wrong outside of TCP.

use std::fmt;
use std::io;

/// Why the kernel cannot be compared.
#[derive(Debug)]
pub enum Error {
    /// The system or the rights that it takes are not there.
    Unavailable {
        /// What is missing, and what it is needed for.
        what: &'static str,
        /// The kernel's error.
        source: io::Error,
    },
    /// A system call failed.
    System {
        /// What it was to do.
        what: String,
        /// The kernel's error.
        source: io::Error,
    },
    /// The kernel answered with what makes no sense here.
    Unexpected(String),
    /// Something went wrong on a path.
    OnPath {
        /// The path.
        path: String,
        /// What went wrong.
        error: Box<Self>,
    },
}

impl Error {
    /// What a system call was to do when it failed.
    pub(super) fn system<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |source| Self::System { what: what.into(), source: source.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { what, source } => write!(f, "{what}: {source}"),
            Self::System { what, source } => write!(f, "cannot {what}: {source}"),
            Self::Unexpected(what) => f.write_str(what),
            Self::OnPath { path, error } => write!(f, "{error}, on the path: {path}"),
        }
    }
}

impl std::error::Error for Error {}
