//! The text on the terminal beside the explorer: verdicts, and links to their runs.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use indicatif::HumanCount;

use super::exploration::Exploration;
use super::protocol::encoded;
use crate::check::{Decision, Decisions, Evidence};
use crate::model::Layout;
use crate::property::Verdict;
use crate::report::terminal::Terminal;

/// The column at which the text about a verdict begins.
const INDENT: usize = 14;

/// The text that is printed once the explorer can be used.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a, L: Layout> {
    /// What is explored.
    pub exploration: &'a Exploration<L>,
    /// Where the explorer listens.
    pub address: SocketAddr,
}

impl<L: Layout> Summary<'_, L> {
    /// The verdicts, the address, and a link to each counterexample and example.
    #[must_use]
    pub fn text(&self, terminal: Terminal) -> String {
        let Exploration { scenario, decisions, model, .. } = self.exploration;
        let Decisions { stats, each, stopped, .. } = decisions;
        let mut text = format!("{}: {} {}s\n", scenario.name, HumanCount(stats.states as u64), scenario.unit());
        let mut row = |what: &str, is: &str| {
            let _ = writeln!(text, "  {what:<12}{is}");
        };
        if scenario.is_changed() {
            row("set", &terminal.wrapped(scenario.changes.iter().map(String::as_str), ", ", INDENT));
        }
        if scenario.is_real_time() {
            let page = match (model.world().initial(), model.ticks_per_tick()) {
                (Err(limit), _) => format!("no steps: {limit}"),
                (Ok(_), 1) => "steps of whole ticks; the verdicts are those of real time".to_owned(),
                (Ok(_), parts) => format!("steps of 1/{parts} tick; the verdicts are those of real time"),
            };
            row("on the page", &terminal.prose(&page, INDENT));
        }
        for verdict in
            [Verdict::Holds, Verdict::Vacuous, Verdict::Possible, Verdict::Impossible, Verdict::Violated]
        {
            let number = each.iter().filter(|decision| decision.verdict == verdict).count();
            if number > 0 {
                row(verdict.name(), &number.to_string());
            }
        }
        let named = |is: &dyn Fn(&Decision) -> bool| {
            each.iter().filter(|one| is(one)).map(|one| one.instance.name()).collect::<Vec<_>>()
        };
        let is_picture = |one: &Decision| one.evidence.as_ref().is_some_and(|evidence| evidence.places.is_none());
        let undecided = named(&|one| one.verdict == Verdict::Undecided);
        for (what, names) in [("undecided", undecided), ("no steps", named(&is_picture))] {
            if !names.is_empty() {
                row(what, &terminal.wrapped(names.iter().map(String::as_str), ", ", INDENT));
            }
        }
        if let Some(stopped) = stopped {
            row("stopped", &stopped.to_string());
        }
        let url = self.url();
        let links: Vec<[String; 3]> = each
            .iter()
            .filter_map(|Decision { instance, verdict, evidence, .. }| {
                let link = deep_link(&url, &instance.name(), evidence.as_ref()?);
                Some([instance.name(), verdict.to_string(), link])
            })
            .collect();
        let width = links.iter().map(|[name, ..]| name.len()).max().unwrap_or(0);
        text.push('\n');
        for [name, verdict, link] in &links {
            let _ = writeln!(text, "{name:<width$}  {verdict:<8}  {link}");
        }
        let _ = writeln!(
            text,
            "{}The explorer is at {url}; Ctrl-C ends it.",
            if links.is_empty() { "" } else { "\n" }
        );
        text
    }

    /// The address that a browser of this computer takes: where any address is listened at, the loopback one.
    fn url(&self) -> String {
        format!("http://{}/", reachable(self.address))
    }
}

/// An address to connect to, given one to listen at.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The address at which the page shows the run of the instance `name`: stateright's address of the path, and the
/// instance as a query, for a path may decide several; of a run that is no path, the instance alone.
fn deep_link(url: &str, name: &str, evidence: &Evidence) -> String {
    match &evidence.places {
        Some(places) => format!("{url}#/steps/{}?property={name}", encoded(places)),
        None => format!("{url}#/run/{name}"),
    }
}
