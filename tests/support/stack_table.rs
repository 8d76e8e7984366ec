//! The table of what becomes of each stack in each scenario: `tests/slow/stacks.tsv`, a line a row, the columns
//! apart by tabs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What scenarios have anyway.
pub(crate) const BASE: &str = "rfc1337";

/// How many zones of a world are looked at; of a larger one, only what is found among these is known.
pub(crate) const MAX_STATES: usize = 1_000_000;

/// The property of a row for a world that is larger than that.
pub(crate) const TOO_LARGE: &str = "*";

/// A verdict that differs from the base's, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) scenario: String,
    pub(crate) property: String,
    pub(crate) base: String,
    pub(crate) stack: String,
    /// The fields that lead to it, as in `` `rto = 1 s` with `backoff = true` ``.
    pub(crate) cause: String,
}

/// It is so in a scenario with this stack at both ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) difference: Difference,
    pub(crate) policy: String,
}

/// The scenarios that the table has, and its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) scenarios: BTreeSet<String>,
    pub(crate) rows: BTreeSet<Row>,
}

/// Where it is.
pub(crate) fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slow/stacks.tsv")
}

impl Table {
    /// As it is in the file.
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(file()).unwrap();
        let (scenarios, text) = text.split_once('\n').unwrap_or_default();
        let row = |line: &str| {
            let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
            let [scenario, policy, property, base, stack, cause] = columns.try_into().unwrap();
            Row { difference: Difference { scenario, property, base, stack, cause }, policy }
        };
        let scenarios = scenarios.split_whitespace().map(str::to_owned).collect();
        Self { scenarios, rows: text.lines().map(row).collect() }
    }
}
