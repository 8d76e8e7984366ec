//! What the tests of this module share.

pub(in crate::realtime) mod matrix;
mod points;
pub(in crate::realtime) mod reference;
mod worlds;

pub(crate) use worlds::any_config;
pub(in crate::realtime) use worlds::config;
