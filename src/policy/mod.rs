//! Policies in their files: what a stack does that others do not, with its timers, by name.
//!
//! [`tcp::Policy`](crate::tcp::Policy) is what an endpoint asks, in ticks of some clock. A file sets some of its
//! fields, in seconds or in segment lifetimes; every other field is as in RFC 9293 (`policies/rfc9293.toml`), or
//! as in the policy that the file extends.

mod clock;
mod field;
mod field_setting;
mod file;
mod library;
mod resolve;
mod shipped;
mod value;

pub use clock::{Clock, DEFAULT_MSL_MILLISECONDS};
pub(crate) use field::is_duration;
pub use field::{FieldScope, check_field, field_names, scope_of, value_in};
pub use field_setting::{FieldSetting, Origin};
pub use file::NamedPolicy;
pub use library::Policies;
pub use resolve::{Bounds, Mistake, resolve};
pub use value::{Duration, Value};
