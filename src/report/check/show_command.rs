//! The command that shows what a report speaks of.

use std::borrow::Cow;

use crate::scenario::Scenario;
use crate::text::visible;

/// The options that the commands of a report repeat, so that they read the same files and the same world: options
/// of the command line and their values, one after the other.
#[derive(Clone, Debug, Default)]
pub struct ShowCommand {
    /// The options, as they were given.
    pub options: Vec<String>,
}

impl ShowCommand {
    /// The command that draws a counterexample, or an example, of a property or an instance; a shell reads it as
    /// it is meant, unless a folder's name has control characters, which are shown as escapes.
    #[must_use]
    pub fn show(&self, scenario: &Scenario, name: &str) -> String {
        let words = ["lastack", "show", &scenario.name, name].into_iter();
        let words = words.chain(self.options.iter().map(String::as_str));
        // Only a NUL cannot be quoted, and no argument of a process has one.
        let quoted = words.map(|word| shlex::try_quote(word).unwrap_or(Cow::Borrowed(word)));
        visible(&quoted.collect::<Vec<_>>().join(" ")).into_owned()
    }
}
