//! The running Linux kernel, in a network namespace where a TUN device is all that there is.

mod capture;
mod comparison;
mod connection;
mod device;
mod error;
mod isolated;
mod namespace;
mod run;
mod sock_diag;
mod worlds;

use std::fs;

pub use capture::CaptureFile;
pub use comparison::{Compared, compare, known};
pub use connection::{ADDRESS, KernelConnection};
pub use error::Error;
pub use isolated::Kernel;
pub use worlds::policy;

/// The version of the kernel, as `uname -r` prints it.
///
/// # Errors
/// If `/proc` cannot be read.
pub fn release() -> Result<String, Error> {
    let path = "/proc/sys/kernel/osrelease";
    let text = fs::read_to_string(path).map_err(Error::system(format!("read {path}")))?;
    Ok(text.trim().to_owned())
}
