//! The arguments of `explore`.

use std::net::SocketAddr;

use clap::Args;

use super::common::{LibraryArgs, LimitArgs, WorldArgs};
use super::values::address;

/// What stands below the help of `explore`.
pub(super) const HELP: &str = "\
Examples:
  lastack explore one-msl                                          at http://127.0.0.1:3000
  lastack explore sequential -p no-reset --address localhost:8080  one property

Exit codes:
  0  Ctrl-C ended the server; the verdicts do not matter
  2  the command line or a file is wrong, the address cannot be listened at, or the exploration was
     ended by Ctrl-C or a limit";

/// Arguments of `explore`.
#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    /// List only this property, by its name or file, or one of its two instances, as in `no-premature-closed@A`;
    /// repeatable
    #[arg(short, long = "property", value_name = "NAME")]
    pub properties: Vec<String>,

    /// Address to listen at; port 0 is any that is free
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3000", value_parser = address)]
    pub address: SocketAddr,

    /// Allow an address that other computers can reach; anybody who can reach it can browse
    #[arg(long)]
    pub allow_remote: bool,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}
