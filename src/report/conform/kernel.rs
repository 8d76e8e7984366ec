//! The running kernel beside the endpoint, for people.

use std::fmt::Write;

use crate::conform::ListCheck;
use crate::conform::kernel::Compared;
use crate::report::terminal::Terminal;

const INDENT: usize = 6;

/// The comparison with the kernel: the differences with their reasons, and how they deviate from the list of known
/// ones.
#[must_use]
pub fn compared(release: &str, compared: &Compared, checked: &ListCheck<'_>, terminal: Terminal) -> String {
    let Compared { comparison, transitions, missing, cases: _ } = compared;
    let ListCheck { listed, unlisted, unseen } = checked;
    let mut text = format!(
        "Linux {release} beside the endpoint: {} paths, {} of {} transitions (2MSL's expiry is left out), {} known \
         differences\n",
        comparison.paths(),
        transitions.len() - missing.len(),
        transitions.len(),
        listed.len(),
    );
    let mut reasons: Vec<&str> = Vec::new();
    for (_, reason) in listed {
        if !reasons.contains(reason) {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        text.push('\n');
        for (difference, _) in listed.iter().filter(|(_, of)| *of == reason) {
            let _ = writeln!(text, "  {difference}");
        }
        let _ = writeln!(text, "      {}", terminal.prose(reason, INDENT));
    }
    for (difference, path, divergence) in unlisted {
        let _ = writeln!(text, "\nnot known: {difference}\n  on the path: {path}\n  {divergence}");
    }
    for difference in unseen {
        let _ = writeln!(text, "\nknown, and not seen: {difference}");
    }
    for transition in missing {
        let _ = writeln!(text, "\nnot compared: {transition}");
    }
    text
}
