//! What a project's `lastack.toml` has set.

use std::fmt::Write;
use std::path::PathBuf;

use indicatif::{HumanBytes, HumanCount};

use crate::configuration::Configuration;
use crate::report::terminal::Terminal;
use crate::text::visible;

/// The column at which values begin.
const INDENT: usize = 14;

/// What the project's file has set, and which file it is.
#[must_use]
pub fn configuration(configuration: &Configuration, terminal: Terminal) -> String {
    let Configuration { file, scenarios, properties, policies, own, threads, max_states, max_memory, timeout } =
        configuration;
    let mut text = format!("{}\n", visible(&file.path));
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {key:<12}{}", terminal.prose(&value, INDENT));
        }
    };
    let listed = |paths: &[PathBuf]| {
        let names: Vec<String> =
            paths.iter().map(|path| visible(&path.display().to_string()).into_owned()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    line("scenarios", listed(scenarios));
    line("properties", listed(properties));
    line("policies", listed(policies));
    line("own", own.then(|| "true".to_owned()));
    line("threads", threads.map(|threads| threads.to_string()));
    line("max_states", max_states.map(|states| HumanCount(states).to_string()));
    line("max_memory", max_memory.map(|bytes| HumanBytes(bytes as u64).to_string()));
    line("timeout", timeout.map(|time| humantime::format_duration(time).to_string()));
    text
}
