//! Settings of the command line, which lie over a scenario's file.

use std::sync::Arc;

use toml::Table;
use toml::de::DeTable;

use super::document::Document;
use super::keys::NOT_SET;
use super::shape::{Shape, key_that_ends_with};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};

/// One `KEY=VALUE` of the command line.
#[derive(Clone, Debug)]
pub struct Setting {
    pub(super) document: Document,
}

impl Setting {
    /// Reads settings, which may stand in any order: no key may be set twice.
    ///
    /// # Errors
    /// Each mistake, and a key that is set twice.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let settings: Vec<Self> = texts.iter().filter_map(|text| mistakes.take(Self::parse(text))).collect();
        mistakes.0.extend(Self::set_twice(&settings));
        mistakes.or(settings)
    }

    /// Each key that one of the settings sets again, as a mistake.
    #[must_use]
    pub fn set_twice(settings: &[Self]) -> Vec<Diagnostic> {
        let repeated = |(place, setting): (usize, &Self)| {
            settings.iter().take(place).find_map(|earlier| setting.repeats(earlier))
        };
        settings.iter().enumerate().filter_map(repeated).collect()
    }

    /// The keys that it sets, each behind its tables: `network.losses`.
    pub(super) fn keys(&self) -> Vec<String> {
        keys_of(&self.document.table)
    }

    /// Its text, and the span of all of it.
    pub(super) fn whole(&self) -> (&Arc<SourceFile>, Span) {
        let source = &self.document.source;
        (source, 0..source.text.len())
    }

    /// The mistake, if an earlier one sets the same key.
    fn repeats(&self, earlier: &Self) -> Option<Diagnostic> {
        let known = earlier.keys();
        let key = self.keys().into_iter().find(|key| known.contains(key))?;
        let mistake = Diagnostic::new(format!("`{key}` is set twice"));
        let (source, whole) = self.whole();
        let (of_earlier, whole_of_earlier) = earlier.whole();
        // The same text is one place to a reader.
        Some(if of_earlier == source {
            mistake.at(source, whole, "expected once")
        } else {
            mistake.at(source, whole, "set here").also(of_earlier, whole_of_earlier, "and here")
        })
    }

    /// Reads `KEY=VALUE`, as in `network.losses=2` or `b.closes=never`: words need no quotes.
    ///
    /// # Errors
    /// If it is no setting, or no scenario has the key.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        Self::parse_from("--set", text)
    }

    /// Reads `KEY=VALUE` as [`Setting::parse`], of an option other than `--set`; diagnostics name it.
    ///
    /// # Errors
    /// If it is no setting, or no scenario has the key.
    pub fn parse_from(option: &str, text: &str) -> Result<Self, Diagnostics> {
        let source = SourceFile::new(option, text);
        let refused = |label: &str| {
            Diagnostic::new("a setting is a key and a value").at(&source, 0..text.len(), label).into()
        };
        let Some((key, value)) = text.split_once('=') else {
            return Err(refused("expected KEY=VALUE, as in network.losses=2"));
        };
        if text.contains(['\n', '\r']) {
            return Err(refused("expected one line"));
        }
        if value.trim().is_empty() {
            return Err(refused("expected a value behind the `=`"));
        }
        let keys = toml::from_str::<Table>(&format!("{key} = 0")).unwrap_or_default();
        if let Some(name) = keys.keys().find(|name| NOT_SET.contains(&name.as_str())) {
            return Err(Diagnostic::new(format!("`{name}` cannot be set"))
                .at(&source, 0..key.len(), "expected a field of the world, as in network.losses=2")
                .into());
        }
        // A word needs no quotes here.
        let is_word = value.contains(char::is_alphabetic)
            && value.chars().all(|char| char.is_alphanumeric() || " -".contains(char));
        let parse = |source: &Arc<SourceFile>| Document::new(source, &DeTable::parse(&source.text)?);
        let document = match parse(&source) {
            Ok(document) => document,
            Err(error) => {
                let quoted = SourceFile::new(option, format!("{key} = {}", toml::Value::from(value.trim())));
                match parse(&quoted) {
                    Ok(document) if is_word => document,
                    _ => return Err(Diagnostic::from_toml(&source, &error).into()),
                }
            }
        };
        match toml::from_str::<Shape>(&document.source.text) {
            Ok(_) => Ok(Self { document }),
            Err(error) => {
                let mistake = Diagnostic::from_toml(&document.source, &error);
                Err(match meant(key.trim(), &mistake) {
                    Some(meant) => mistake.help(format!("there is `{meant}`")),
                    None => mistake,
                }
                .into())
            }
        }
    }
}

/// The key that was meant where one of this name is in another table than the key says, or where it says none: of
/// an end, that of the same end.
fn meant(key: &str, mistake: &Diagnostic) -> Option<String> {
    let unknown = mistake.title.strip_prefix("unknown field `")?.split('`').next()?;
    let known = key_that_ends_with(unknown)?;
    let end = key.split_once('.').map(|(table, _)| table.trim()).filter(|table| ["a", "b"].contains(table));
    Some(match (end, known.split_once('.')) {
        (Some(end), Some(("tcp", _))) => format!("{end}.{known}"),
        (Some(end), Some(("a", rest))) => format!("{end}.{rest}"),
        _ => known,
    })
}

/// The keys that a table sets, each behind its tables: `network.losses`.
pub(super) fn keys_of(table: &Table) -> Vec<String> {
    let of_key = |(key, value): (&String, &toml::Value)| match value {
        toml::Value::Table(inner) => keys_of(inner).into_iter().map(|inner| format!("{key}.{inner}")).collect(),
        _ => vec![key.clone()],
    };
    table.iter().flat_map(of_key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn no_key_is_set_twice() {
        let refused = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().copied().map(str::to_owned).collect();
            Setting::parse_all(&texts).err().map(|mistakes| mistakes.0[0].title.clone())
        };
        let twice = Some("`network.losses` is set twice".to_owned());
        assert_eq!(refused(&["network.losses=1", "a.sends=1", "network.losses=2"]), twice);
        assert_eq!(refused(&["network.losses=1", "network.losses=1"]), twice);
        assert_eq!(refused(&["network={ msl = 3, losses = 1 }", "network.losses=2"]), twice);
        assert_eq!(refused(&["network.losses=1", "network.msl=2", "tcp.rto=1", "a.tcp.rto=2"]), None);
    }

    #[test]
    fn a_setting_with_a_mistake_is_shown_as_it_was_typed() {
        let mistake = |text: &str| {
            let mistake = Setting::parse(text).unwrap_err().0.remove(0);
            (mistake.primary.unwrap().file.text.clone(), mistake.help)
        };
        let as_typed = |text: &str| (text.to_owned(), None);
        assert_eq!(mistake("tcp.rto=99999999999999999999"), as_typed("tcp.rto=99999999999999999999"));
        assert_eq!(mistake("a.closes=ne\"ver"), as_typed("a.closes=ne\"ver"));
        assert_eq!(mistake("world=5"), as_typed("world=5"));
        let help = Some("there is `network.losses`".to_owned());
        assert_eq!(mistake("losses=5"), ("losses=5".to_owned(), help));
    }

    #[test]
    fn a_key_that_another_table_has_is_named_with_it() {
        let help = |text: &str| Setting::parse(text).unwrap_err().0.remove(0).help.unwrap_or_default();
        for (text, known) in [
            ("a.policy=lwip", "a.tcp.policy"),
            ("b.tcp.sends=1", "b.sends"),
            ("tcp.delays=any", "network.delays"),
            ("a.losses=1", "network.losses"),
            ("policy=lwip", "tcp.policy"),
        ] {
            assert_eq!(help(text), format!("there is `{known}`"), "{text}");
        }
    }

    #[test]
    fn settings_that_are_none() {
        for text in [
            "",
            "a",
            "=1",
            "a.sends=",
            "a.sends=1\nb.sends=1",
            "extends=x",
            "expect.p.verdict=holds",
            "a.sends=-1",
        ] {
            assert!(Setting::parse(text).is_err(), "{text:?}");
        }
    }
}
