//! The arguments of `replay`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::values::{Since, kind, since};
use crate::capture::FindingKind;
use crate::report::capture::ReplayFormat;

/// What stands below the help of `replay`.
pub(super) const HELP: &str = "\
Examples:
  lastack replay stuck.pcap                                     every connection with a fault
  lastack replay stuck.pcap --only stuck --port 8080            some of them
  lastack replay stuck.pcap --connection 7                      one, drawn
  tcpdump -i any -s 96 -w - 'tcp port 8080' | lastack replay -  a live capture, until Ctrl-C

Exit codes:
  0  nothing contradicts TCP: gaps of the capture are noted; how connections ended does not matter
  1  a packet contradicts TCP
  2  the command line or the file is wrong, no connection is in it or selected, or there was too much to explain";

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The capture, pcap or pcapng, compressed with gzip or not; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Show connections of these kinds only
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = kind())]
    pub only: Vec<FindingKind>,

    /// Look only at connections that have this port at either end; repeatable
    #[arg(long = "port", value_name = "PORT")]
    pub ports: Vec<u16>,

    /// Look only at connections that have this address at either end; repeatable
    #[arg(long = "host", value_name = "ADDRESS")]
    pub hosts: Vec<IpAddr>,

    /// Look only at connections with a packet this many seconds after the beginning of the capture, or later
    #[arg(long, value_name = "SECONDS", value_parser = since)]
    pub since: Option<Since>,

    /// Show every connection, in the order of their first packets
    #[arg(short, long)]
    pub verbose: bool,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ReplayFormat,

    /// Draw this connection, by its number in the report; with `--format text`, which is then the default, or
    /// `svg`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), required_if_eq_any([("format", "text"), ("format", "svg")]))]
    pub connection: Option<u32>,
}
