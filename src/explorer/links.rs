//! The text on the terminal beside the explorer: verdicts, and links to their paths.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use indicatif::HumanCount;

use crate::check::{Decision, Decisions, Evidence};
use crate::model::MAX_STATE_PROPERTIES;
use crate::property::Verdict;
use crate::report::terminal::Terminal;
use crate::scenario::Scenario;

/// The column at which the text about a verdict begins.
const INDENT: usize = 14;

/// The text that is printed once the explorer can be used.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a> {
    /// The scenario that is explored.
    pub scenario: &'a Scenario,
    /// What was found in it.
    pub decisions: &'a Decisions,
    /// Of a scenario of real time, how far the world of whole ticks was explored that the page shows.
    pub in_ticks: Option<&'a Decisions>,
    /// Where the explorer listens.
    pub address: SocketAddr,
    /// Why stateright's own run was not begun.
    pub not_run: Option<&'static str>,
}

impl Summary<'_> {
    /// The verdicts, the address, and a link to each counterexample and example.
    #[must_use]
    pub fn text(&self, terminal: Terminal) -> String {
        let Self { scenario, decisions, in_ticks, not_run, .. } = self;
        let stats = decisions.stats;
        let mut text = format!("{}: {} {}s\n", scenario.name, HumanCount(stats.states as u64), scenario.unit());
        let mut row = |what: &str, is: &str| {
            let _ = writeln!(text, "  {what:<12}{is}");
        };
        if scenario.is_changed() {
            row("set", &terminal.wrapped(scenario.changes.iter().map(String::as_str), ", ", INDENT));
        }
        if let Some(ticks) = in_ticks {
            let number = HumanCount(ticks.stats.states as u64);
            let size = match decisions.ticks_per_tick {
                1 => "whole ticks".to_owned(),
                parts => format!("ticks of 1/{parts}"),
            };
            let page =
                format!("{number} states of {size}; the verdicts are those of real time, which no ticks prove");
            row("on the page", &terminal.prose(&page, INDENT));
        }
        for verdict in
            [Verdict::Holds, Verdict::Vacuous, Verdict::Possible, Verdict::Impossible, Verdict::Violated]
        {
            let number = decisions.each.iter().filter(|decision| decision.verdict == verdict).count();
            if number > 0 {
                row(verdict.name(), &number.to_string());
            }
        }
        let undecided = decisions.each.iter().filter(|decision| decision.verdict == Verdict::Undecided);
        let undecided: Vec<String> = undecided.map(|decision| decision.instance.name()).collect();
        let decided = decisions.each.iter().filter(|decision| decision.verdict != Verdict::Undecided);
        let unlisted: Vec<String> =
            decided.skip(MAX_STATE_PROPERTIES).map(|decision| decision.instance.name()).collect();
        for (what, names) in [("undecided", undecided), ("not listed", unlisted)] {
            if !names.is_empty() {
                row(what, &terminal.wrapped(names.iter().map(String::as_str), ", ", INDENT));
            }
        }
        let is_shown = |one: &Decision| matches!(one.verdict, Verdict::Violated | Verdict::Possible);
        let too_fine = decisions.each.iter().filter(|one| is_shown(one) && one.evidence.is_none());
        let too_fine: Vec<String> = too_fine.map(|one| one.instance.name()).collect();
        if !too_fine.is_empty() {
            row("too fine", &terminal.wrapped(too_fine.iter().map(String::as_str), ", ", INDENT));
        }
        if let Some(stopped) = decisions.stopped {
            row("stopped", &stopped.to_string());
        }
        if let Some(why) = not_run {
            row("not run", &terminal.prose(why, INDENT));
        }
        let url = self.url();
        let links: Vec<[String; 3]> = decisions
            .each
            .iter()
            .filter_map(|Decision { instance, verdict, evidence }| {
                let link = deep_link(&url, evidence.as_ref()?);
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

/// stateright's address of a path: the place of the initial state, there is one, and then of each action.
fn deep_link(url: &str, evidence: &Evidence) -> String {
    let mut link = format!("{url}#/steps/0");
    for place in &evidence.places {
        let _ = write!(link, "/{place}");
    }
    link
}
