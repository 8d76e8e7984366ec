//! A policy's file.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::clock::Clock;
use super::field::{check_field, durations, field_names, policy_of, table};
use super::field_setting::{FieldSetting, Origin};
use super::resolve::{Bounds, Mistake, resolve};
use super::value::{Duration, Value};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};
use crate::invariant::broken;
use crate::source::is_kebab_case;
use crate::tcp::Policy;

/// The keys of a file besides the fields of a policy.
const ABOUT: &str = "about";
const EXTENDS: &str = "extends";
const SOURCES: &str = "sources";
const OMITS: &str = "omits";

/// The fields besides lengths of time that [`NamedPolicy::untimed`] leaves as RFC 9293 has them.
const NOT_IN_UNTIMED: [&str; 5] = ["backoff", "retries", "orphan_retries", "sending", "repacketizes"];

/// A policy that has a name: that of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPolicy {
    /// Its name, in kebab-case.
    pub name: String,
    /// Whose policy it is, and how it is known.
    pub about: String,
    /// Where it is written down as a whole; a field may have a source of its own.
    pub sources: Vec<String>,
    /// What the stack does that no field describes: neither verdicts nor recorded cases know of it. Those of what
    /// it extends come first.
    pub omits: Vec<String>,
    /// Its file.
    pub file: Arc<SourceFile>,
    /// Every field that is set, the last setting of a field being the one that counts: those of RFC 9293, of the
    /// policy that it extends, and its own.
    pub fields: Vec<FieldSetting>,
    policy: Policy,
}

impl NamedPolicy {
    /// Its rules, with its own durations in ticks of one millisecond.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Its choices, with the base's timers and retries for an MSL of so many ticks: for paths that depend on no
    /// time. No driver polls an endpoint there, and each segment takes one number.
    #[must_use]
    pub fn untimed(&self, msl: u32) -> Policy {
        let (mut fields, base) = (table(&self.policy), table(&Policy::rfc9293(msl)));
        for name in durations().map(|(name, _)| name).chain(NOT_IN_UNTIMED) {
            fields.remove(name);
            fields.extend(base.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        policy_of(fields)
            .unwrap_or_else(|error| broken(format_args!("`{}` without its times: {error}", self.name)))
    }

    /// Each field once, in the order of [`Policy`], as it is set last.
    pub fn each_field(&self) -> impl Iterator<Item = &FieldSetting> {
        field_names().iter().filter_map(|name| self.field(name))
    }

    /// What a field is set to.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldSetting> {
        self.fields.iter().rfind(|field| field.name == name)
    }
}

/// A file, of the right shape, without what it extends.
#[derive(Clone, Debug)]
pub(super) struct PolicyFile {
    pub(super) source: Arc<SourceFile>,
    pub(super) extends: Option<(String, Span)>,
    about: String,
    sources: Vec<String>,
    omits: Vec<String>,
    fields: Vec<FieldSetting>,
}

impl PolicyFile {
    /// Reads a file and checks each of its values by itself.
    pub(super) fn parse(source: Arc<SourceFile>) -> Result<Self, Diagnostics> {
        let document = DeTable::parse(&source.text).map_err(|error| Diagnostic::from_toml(&source, &error))?;
        let mut mistakes = Diagnostics::default();
        let name = source.stem();
        if !is_kebab_case(name) {
            let help = "name the file in lower case with hyphens, as in `my-stack.toml`";
            let title = format!("`{name}` is no name for a policy");
            mistakes.0.push(Diagnostic::new(title).at(&source, 0..0, "").help(help));
        }
        let (mut about, mut extends) = (String::new(), None);
        let (mut sources, mut omits, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        let mut entries: Vec<_> = document.into_inner().into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let span = value.span();
            let read = match key.get_ref().as_ref() {
                ABOUT => text(&source, value, "expected a sentence").map(|text| about = text),
                EXTENDS => {
                    text(&source, value, "expected the name of a policy").map(|name| extends = Some((name, span)))
                }
                SOURCES => list(&source, value, "expected the source of the value").map(|list| sources = list),
                OMITS => list(&source, value, "expected a sentence").map(|list| omits = list),
                name => field(&source, name, key.span(), value).map(|field| fields.push(field)),
            };
            if let Err(mistake) = read {
                mistakes.0.push(mistake);
            }
        }
        if about.is_empty() && mistakes.0.is_empty() {
            let label = "expected `about = \"…\"`: the stack, and where its choices are known from";
            mistakes.0.push(Diagnostic::new("the policy has no `about`").at(&source, 0..0, label));
        }
        mistakes.or(Self { source, extends, about, sources, omits, fields })
    }

    /// The policy that it is on top of RFC 9293's fields and those of what it extends.
    pub(super) fn named(&self, base: &[FieldSetting], extended: Option<&Self>) -> Result<NamedPolicy, Diagnostic> {
        let of = |fields: &[FieldSetting], origin: Origin| -> Vec<FieldSetting> {
            fields.iter().cloned().map(|field| FieldSetting { origin, ..field }).collect()
        };
        let mut fields = of(base, Origin::Base);
        fields.extend(extended.map(|extended| of(&extended.fields, Origin::Extended)).unwrap_or_default());
        fields.extend(self.fields.iter().cloned());
        let policy = resolve(&fields, Clock::OF_MILLISECONDS, Bounds::NONE).map_err(
            |Mistake { field, title, label }| {
                let place = fields.iter().rfind(|set| set.name == field);
                let (file, span) = place.map_or((&self.source, 0..0), |set| (&set.file, set.span.clone()));
                Diagnostic::new(format!("{title} ms")).at(file, span, format!("{label} ms"))
            },
        )?;
        Ok(NamedPolicy {
            name: self.source.stem().to_owned(),
            about: self.about.clone(),
            sources: self.sources.clone(),
            omits: extended.iter().flat_map(|extended| &extended.omits).chain(&self.omits).cloned().collect(),
            file: Arc::clone(&self.source),
            fields,
            policy,
        })
    }

    /// Its own fields.
    pub(super) fn fields(&self) -> &[FieldSetting] {
        &self.fields
    }
}

/// A field, as in `rto = "1 s"` or `rto = { value = "1 s", source = "RFC 6298 section 2.1" }`.
fn field(
    file: &Arc<SourceFile>,
    key: &str,
    key_span: Span,
    value: Spanned<DeValue<'_>>,
) -> Result<FieldSetting, Diagnostic> {
    if !field_names().contains(&key) {
        let known = field_names().iter().copied().chain([ABOUT, EXTENDS, SOURCES, OMITS]);
        let unknown = Diagnostic::new(format!("a policy has no field `{key}`")).at(file, key_span, "");
        return Err(unknown.nearest_or(key, known, "`lastack list --policy rfc9293` shows every field"));
    }
    let whole = value.span();
    let (value, source) = match value.into_inner() {
        DeValue::Table(table) => with_source(file, &whole, table)?,
        value => (Spanned::new(whole, value), None),
    };
    let span = value.span();
    let plain = toml::Value::deserialize(ValueDeserializer::from(value))
        .map_err(|error| Diagnostic::from_toml(file, &error))?;
    let (name, value) = check_field(key, &plain).map_err(|message| {
        let message = message.replace(Duration::EXPECTED, Duration::EXPECTED_OF_A_POLICY);
        Diagnostic::of_value(file, &message, span.clone())
    })?;
    if let Value::Duration(Duration::Ticks(ticks)) = value {
        let label = format!("expected a time, as in \"{ticks} s\", or segment lifetimes, as in \"{ticks} msl\"");
        return Err(Diagnostic::new("a policy has no ticks: it is of no scenario").at(file, span, label));
    }
    Ok(FieldSetting { name, value, source, origin: Origin::Policy, file: Arc::clone(file), span })
}

fn with_source<'a>(
    file: &Arc<SourceFile>,
    whole: &Span,
    table: DeTable<'a>,
) -> Result<(Spanned<DeValue<'a>>, Option<String>), Diagnostic> {
    let (mut value, mut source) = (None, None);
    for (key, of) in table {
        match key.get_ref().as_ref() {
            "value" => value = Some(of),
            "source" => source = Some(text(file, of, "expected the source of the value")?),
            other => {
                let unknown = Diagnostic::new(format!("a field has no `{other}`")).at(file, key.span(), "");
                return Err(unknown.nearest_or(other, ["value", "source"], "it has a `value` and a `source`"));
            }
        }
    }
    let missing =
        || Diagnostic::new("`value` is missing").at(file, whole.clone(), "expected { value = …, source = … }");
    Ok((value.ok_or_else(missing)?, source))
}

/// A string that is not empty.
fn text(file: &Arc<SourceFile>, value: Spanned<DeValue<'_>>, expected: &str) -> Result<String, Diagnostic> {
    let span = value.span();
    match value.into_inner() {
        DeValue::String(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        other => {
            let title = if other.is_str() { "this text is empty".to_owned() } else { not_a_string(&other) };
            Err(Diagnostic::new(title).at(file, span, expected))
        }
    }
}

/// A list of such strings.
fn list(file: &Arc<SourceFile>, value: Spanned<DeValue<'_>>, expected: &str) -> Result<Vec<String>, Diagnostic> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(items) => items.into_iter().map(|item| text(file, item, expected)).collect(),
        other => {
            Err(Diagnostic::new(not_a_string(&other)).at(file, span, "expected a list, as in [\"RFC 9293\"]"))
        }
    }
}

fn not_a_string(value: &DeValue<'_>) -> String {
    format!("this is of the type {}", value.type_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::Policies;

    fn read(text: &str) -> Result<Arc<NamedPolicy>, Diagnostics> {
        let policies = Policies::with(SourceFile::new("policies/mine.toml", text))?;
        Ok(Arc::clone(policies.named("mine")?))
    }

    #[test]
    fn a_file_is_laid_over_what_it_extends() {
        let mine = read(
            "about = 'Mine.'\nextends = 'linux'\nsources = ['mine.c']\ntime_wait = { value = '2 msl', source = 'mine.h' }\n\
             fin_wait_2_timeout = 'none'\nretries = 3\nlate_text = 'abort'",
        )
        .unwrap();
        let linux = Policies::shipped().unwrap().named("linux").unwrap().clone();
        let expected = (*linux.policy()).with(|policy| {
            policy.wait.time_wait = 240_000;
            policy.wait.fin_wait_2_timeout = None;
            policy.retransmission.retries = Some(3);
            policy.text.late_text = crate::tcp::LateText::Abort;
        });
        assert_eq!(*mine.policy(), expected);
        assert_eq!((mine.about.as_str(), mine.sources.as_slice()), ("Mine.", &["mine.c".to_owned()][..]));
        let said = |name: &str| {
            let field = mine.field(name).unwrap();
            (field.value.to_string(), field.source.clone(), field.origin, field.file.stem().to_owned())
        };
        let source = |text: &str| Some(text.to_owned());
        assert_eq!(said("time_wait"), ("2 msl".to_owned(), source("mine.h"), Origin::Policy, "mine".to_owned()));
        assert_eq!(said("retries"), ("3".to_owned(), None, Origin::Policy, "mine".to_owned()));
        assert_eq!(
            said("rto"),
            ("200 ms".to_owned(), source("include/net/tcp.h, TCP_RTO_MIN"), Origin::Extended, "linux".to_owned())
        );
        assert_eq!(said("fin_wait_2_timeout").0, "none");
        assert_eq!((said("last_ack_answers").2, said("last_ack_answers").3), (Origin::Base, "rfc9293".to_owned()));
        assert_eq!(mine.each_field().count(), field_names().len());
    }

    /// What no field describes of a stack is not described of one that extends it, either.
    #[test]
    fn what_a_policy_omits_is_inherited() {
        let lwip = Policies::shipped().unwrap().named("lwip").unwrap().clone();
        assert!(!lwip.omits.is_empty());
        let mine = read("about = 'Mine.'\nextends = 'lwip'\nomits = ['It forgets.']").unwrap();
        let all: Vec<&str> = lwip.omits.iter().map(String::as_str).chain(["It forgets."]).collect();
        assert_eq!(mine.omits, all);
    }

    #[test]
    fn timers_alone_are_not_taken_where_there_is_no_clock() {
        let linux = Policies::shipped().unwrap().named("linux").unwrap().untimed(2);
        let base = Policy::rfc9293(2);
        assert_eq!(
            (linux.retransmission.rto, linux.retransmission.retries, linux.wait.time_wait),
            (base.retransmission.rto, None, base.wait.time_wait)
        );
        assert!(linux.wait.fin_wait_2_without_socket);
    }

    /// Every length of time is the base's, whatever a stack has; what it does otherwise is its own.
    #[test]
    fn without_its_times_no_policy_has_any_of_its_own() {
        let base = table(&Policy::rfc9293(2));
        for named in Policies::shipped().unwrap().iter() {
            let (untimed, own) = (table(&named.untimed(2)), table(named.policy()));
            for name in field_names() {
                let is_of_base = durations().any(|(of_time, _)| of_time == *name) || NOT_IN_UNTIMED.contains(name);
                let expected = if is_of_base { base.get(*name) } else { own.get(*name) };
                assert_eq!(untimed.get(*name), expected, "{name} of {}", named.name);
            }
        }
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let texts = [
            "",
            "about = ''",
            "about = 3",
            "about = 'x'\nsources = 'x'",
            "about = 'x'\nsources = ['']",
            "about = 'x'\nomits = 'x'",
            "about = 'x'\nomits = [3]",
            "about = 'x'\nextends = 'linx'",
            "about = 'x'\nextends = 'windows'",
            "about = 'x'\nextends = 'mine'",
            "about = 'x'\nextends = 'rfc793'",
            "about = 'x'\ntime_wiat = '60 s'",
            "about = 'x'\ncolour = 'blue'",
            "about = 'x'\nrto = 3",
            "about = 'x'\nrto = '3 h'",
            "about = 'x'\nrto = '0 s'",
            "about = 'x'\nrto = 'none'",
            "about = 'x'\nretries = 'some'",
            "about = 'x'\nretries = -1",
            "about = 'x'\nbackoff = 'yes'",
            "about = 'x'\nbackoff = true\nrto = '2 s'\nrto_max = '1 s'",
            "about = 'x'\npersist_max = '0 s'",
            "about = 'x'\npersist_min = '3 s'\npersist_max = '2 s'",
            "about = 'x'\nclosing_silence = '0 s'",
            "about = 'x'\nretries = 99999999999999999999",
            "about = 'x'\nrto = '1 s'\nrto = '2 s'",
            "about = 'x'\nrst_in_window = 'ignore'",
            "about = 'x'\nrto = { value = '1 s', sauce = 'x' }",
            "about = 'x'\nrto = { source = 'x' }",
            "about = 'x'\nrto = { value = '1 s', source = 3 }",
            "about = 'x'\n[rto]\nvalue = [1]",
            "about = 'x'\nrto = ",
        ];
        let mistakes: Vec<String> = texts.map(|text| read(text).unwrap_err().render(false)).into();
        insta::assert_snapshot!(mistakes.join("\n\n"));
        let misnamed = Policies::with(SourceFile::new("My_Stack.toml", "about = 'x'")).unwrap_err();
        assert!(misnamed.to_string().contains("`My_Stack` is no name for a policy"));
        let twice = Policies::with(SourceFile::new("mine/linux.toml", "about = 'x'")).unwrap_err();
        assert!(twice.to_string().contains("two policies are named `linux`"));
    }

    /// Pieces of policy files, right and wrong.
    fn any_text() -> impl Strategy<Value = String> {
        let key = prop::sample::select(field_names());
        let value = prop_oneof![
            Just("'none'"),
            Just("true"),
            Just("3"),
            Just("'200 ms'"),
            Just("'2 msl'"),
            Just("'close'"),
            Just("[]"),
            Just("{ value = 3, source = 'x' }"),
            Just("'4294967295 ms'"),
            Just("4294967295"),
        ];
        let piece = prop_oneof![
            1 => Just("about = 'x'\n".to_owned()),
            1 => Just("extends = 'linux'\n".to_owned()),
            4 => (key, value).prop_map(|(key, value)| format!("{key} = {value}\n")),
            1 => ".{0,12}",
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_text_is_a_policy_or_a_mistake(text in any_text()) {
            match read(&text) {
                Ok(policy) => prop_assert!(policy.policy().retransmission.rto > 0),
                Err(mistakes) => prop_assert!(!mistakes.render(true).is_empty()),
            }
        }
    }
}
