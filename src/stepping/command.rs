//! What a line asks for.

use std::fmt::Write;
use std::path::PathBuf;

use strum::{EnumMessage, IntoStaticStr, VariantArray};

use super::answer::Choice;
use crate::invariant::broken;
use crate::report::quantity::counted;
use crate::report::terminal::Terminal;
use crate::trace::Ticks;

/// The commands, in the order of `help` and of docs/step.md. Each comment is the command's line in `help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumMessage, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum CommandName {
    /// show the state, and what may happen
    State,
    /// list what may happen
    List,
    /// let so many ticks pass: 2, 1/2, 1 1/2 or 1½
    Pass,
    /// let time pass to the next timer, or until just before a copy has to arrive
    Timer,
    /// go one step back, or N
    Undo,
    /// go one step on again, or N, until something else is chosen
    Redo,
    /// go to the state after step N; 0 is the initial state
    Goto,
    /// draw the steps so far
    Path,
    /// list what the steps so far violate, and what they do not
    Properties,
    /// evaluate a formula along the steps so far
    Eval,
    /// write the steps so far as JSON, which `load` and `show --replay` take
    Save,
    /// open a trace of `show` or of `save`, at its end or after step N
    Load,
    /// list the commands
    Help,
    /// end; so does the end of the input
    Quit,
}

impl CommandName {
    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What follows the name; in brackets what may be left out.
    #[must_use]
    pub fn arguments(self) -> &'static str {
        match self {
            Self::Pass => "TIME",
            Self::Undo | Self::Redo => "[N]",
            Self::Goto => "N",
            Self::Eval => "FORMULA",
            Self::Save => "FILE",
            Self::Load => "FILE [N]",
            Self::State | Self::List | Self::Timer | Self::Path | Self::Properties | Self::Help | Self::Quit => "",
        }
    }

    /// What it does, in a line of `help`.
    fn about(self) -> &'static str {
        self.get_documentation().unwrap_or_else(|| broken(format_args!("{self:?} is not documented")))
    }

    /// The name and what follows it.
    fn usage(self) -> String {
        format!("{} {}", self.name(), self.arguments()).trim_end().to_owned()
    }
}

/// A command, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Take the choice at this place.
    Choose(usize),
    State,
    List,
    Pass(Ticks),
    Timer,
    Undo(usize),
    Redo(usize),
    Goto(usize),
    Path,
    Properties,
    Eval(String),
    Save(PathBuf),
    /// From a file; the state after so many steps, or the last.
    Load(PathBuf, Option<usize>),
    Help,
    Quit,
}

impl Command {
    /// Understands a line: a number or the beginning of a choice's text chooses, the beginning of a command's name
    /// is enough where no other begins so.
    pub(super) fn parse(line: &str, choices: &[Choice]) -> Result<Self, String> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match line {
            "" | "?" => return Ok(Self::Help),
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) && rest.is_empty() => {
                return number(word, choices);
            }
            _ => {}
        }
        let chosen = chosen(line, choices);
        let names = CommandName::VARIANTS.iter().copied();
        let exact = names.clone().find(|command| command.name() == word);
        let begun: Vec<CommandName> = names.filter(|command| command.name().starts_with(word)).collect();
        let command = match begun.as_slice() {
            [only] => Some(*only),
            _ => exact,
        };
        match (command, chosen.as_slice()) {
            // What is longer than a word is rather what may happen: `time passes` than `timer`.
            (_, [place]) if !rest.is_empty() => Ok(Self::Choose(*place)),
            (_, [_, _, ..]) if !rest.is_empty() && exact.is_none() => {
                Err(format!("`{line}` may be {}", places(&chosen)))
            }
            (Some(command), _) => Self::of(command, rest),
            (None, _) if !begun.is_empty() => {
                let names: Vec<&str> = begun.into_iter().map(CommandName::name).collect();
                Err(format!("`{word}` may be {}", listed(&names)))
            }
            (None, [place]) => Ok(Self::Choose(*place)),
            (None, []) => {
                Err(format!("`{line}` is no command, and not what may happen; `help` lists the commands"))
            }
            (None, several) => Err(format!("`{line}` may be {}", places(several))),
        }
    }

    fn of(name: CommandName, rest: &str) -> Result<Self, String> {
        let expected = || format!("expected `{}`", name.usage());
        let count = |text: &str| text.parse::<usize>().map_err(|_| expected());
        let steps = || if rest.is_empty() { Ok(1) } else { count(rest) };
        let alone = |command| if rest.is_empty() { Ok(command) } else { Err(expected()) };
        let text = || if rest.is_empty() { Err(expected()) } else { Ok(rest.to_owned()) };
        match name {
            CommandName::State => alone(Self::State),
            CommandName::List => alone(Self::List),
            CommandName::Pass => text()?.parse().map(Self::Pass),
            CommandName::Timer => alone(Self::Timer),
            CommandName::Undo => steps().map(Self::Undo),
            CommandName::Redo => steps().map(Self::Redo),
            CommandName::Goto => count(rest).map(Self::Goto),
            CommandName::Path => alone(Self::Path),
            CommandName::Properties => alone(Self::Properties),
            CommandName::Eval => text().map(Self::Eval),
            CommandName::Save => text().map(|file| Self::Save(file.into())),
            CommandName::Load => match text()?.rsplit_once(char::is_whitespace) {
                Some((file, step)) if step.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Ok(Self::Load(file.trim().into(), Some(count(step)?)))
                }
                _ => Ok(Self::Load(rest.into(), None)),
            },
            CommandName::Help => alone(Self::Help),
            CommandName::Quit => alone(Self::Quit),
        }
    }
}

/// What lines may say, and each command.
pub(super) fn help() -> String {
    let mut text =
        "A number, or the beginning of what may happen, chooses it. Commands, of which a beginning is enough:\n"
            .to_owned();
    for command in CommandName::VARIANTS {
        let _ = writeln!(text, "  {:<16}{}", command.usage(), command.about());
    }
    text
}

fn number(word: &str, choices: &[Choice]) -> Result<Command, String> {
    let place = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let place = place.filter(|place| *place < choices.len());
    place.map(Command::Choose).ok_or_else(|| match choices.len() {
        0 => format!("there is no choice {word}: nothing may happen"),
        number => format!("there is no choice {word}, only {}", counted(number, "choice")),
    })
}

/// The places of the choices whose text this is, or else of those whose text begins with it; in ASCII, too.
fn chosen(line: &str, choices: &[Choice]) -> Vec<usize> {
    let ascii = |text: &str| Terminal { utf8: false, ..Terminal::PLAIN }.shown(text);
    let wanted = ascii(line);
    let texts = || choices.iter().map(|choice| ascii(&choice.text)).enumerate();
    let is_it: Vec<usize> = texts().filter(|(_, text)| *text == wanted).map(|(place, _)| place).collect();
    if !is_it.is_empty() {
        return is_it;
    }
    texts().filter(|(_, text)| text.starts_with(&wanted)).map(|(place, _)| place).collect()
}

fn places(places: &[usize]) -> String {
    let numbers: Vec<String> = places.iter().map(|place| (place + 1).to_string()).collect();
    listed(&numbers.iter().map(String::as_str).collect::<Vec<_>>())
}

/// `one, two or three`.
fn listed(names: &[&str]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Event;

    fn parse(line: &str) -> Result<Command, String> {
        let texts =
            ["A calls shutdown", "A calls close", "#1′ FIN seq=1 ack=1 arrives at B", "time passes: 1 tick"];
        let choice = |text: &str| Choice { event: Event::Pass(1), text: text.to_owned(), note: String::new() };
        Command::parse(line, &texts.map(choice))
    }

    #[test]
    fn a_beginning_is_enough_where_no_other_begins_so() {
        for (line, command) in [
            ("1", Command::Choose(0)),
            (" 4 ", Command::Choose(3)),
            ("A calls s", Command::Choose(0)),
            ("#1' FIN", Command::Choose(2)),
            ("#", Command::Choose(2)),
            ("time passes: 1 tick", Command::Choose(3)),
            ("time passes", Command::Choose(3)),
            ("t", Command::Timer),
            ("u", Command::Undo(1)),
            ("undo 3", Command::Undo(3)),
            ("g 0", Command::Goto(0)),
            ("load a b.json", Command::Load("a b.json".into(), None)),
            ("load a b.json 12", Command::Load("a b.json".into(), Some(12))),
            ("load 12", Command::Load("12".into(), None)),
            ("pass 1 1/2", Command::Pass(Ticks { parts: 3, per_tick: 2 })),
            ("eval never A.state == CLOSED", Command::Eval("never A.state == CLOSED".to_owned())),
            ("", Command::Help),
            ("?", Command::Help),
            ("q", Command::Quit),
        ] {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (line, why) in [
            ("0", "there is no choice 0, only 4 choices"),
            ("5", "there is no choice 5, only 4 choices"),
            ("99999999999999999999", "there is no choice 99999999999999999999, only 4 choices"),
            ("A calls", "`A calls` may be 1 or 2"),
            ("p", "`p` may be pass, path or properties"),
            ("walk", "`walk` is no command, and not what may happen; `help` lists the commands"),
            ("a calls close", "`a calls close` is no command, and not what may happen; `help` lists the commands"),
            ("undo x", "expected `undo [N]`"),
            ("undo -1", "expected `undo [N]`"),
            ("goto", "expected `goto N`"),
            ("save", "expected `save FILE`"),
            ("state 3", "expected `state`"),
            ("pass soon", "expected ticks, as in 2, 1/2 or 1 1/2"),
        ] {
            assert_eq!(parse(line), Err(why.to_owned()), "{line}");
        }
        assert_eq!(Command::parse("1", &[]), Err("there is no choice 1: nothing may happen".to_owned()));
    }
}
