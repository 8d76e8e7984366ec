//! What people and machines are shown: one pure function a format.

pub mod caption;
pub mod capture;
pub mod conform;
mod copies;
pub mod coverage;
pub mod explorer;
pub mod github;
pub mod hint;
pub mod human;
pub mod itf;
pub mod json;
pub mod junit;
#[cfg(target_os = "linux")]
pub mod kernel;
pub mod ladder;
pub mod list;
pub mod mermaid;
mod observations;
pub mod pcap;
pub mod progress;
mod remark;
pub mod show_json;
pub mod svg;
pub mod terminal;
