//! A trace, in each form that it is drawn or written in.

pub mod itf;
pub mod json;
pub mod ladder;
pub mod mermaid;
mod observations;
pub mod pcap;
pub mod svg;
