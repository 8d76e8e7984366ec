//! Scenario files: one closed world to explore, and what is expected of it.
//!
//! A file is checked for its shape by itself, so that a mistake is shown where it stands; then the layers are
//! merged and resolved.

use std::sync::Arc;

use toml::de::DeTable;

use super::command_line::Setting;
use super::document::Document;
use super::layers::{Layers, of_the_timed_world};
use super::resolve::resolve;
use super::resolved::{Expectation, NamedProperty, Scenario};
use super::shape::{Delays, ExpectationShape, Expected, Shape, WorldKind, with_its_table};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span, nearest};
use crate::invariant::broken;
use crate::policy::Policies;
use crate::source::{is_kebab_case, names};

/// A scenario's file, of the right shape but not resolved.
#[derive(Clone, Debug)]
pub struct ScenarioFile {
    document: Document,
    shape: Shape,
    about: String,
    properties: Option<Vec<NamedProperty>>,
}

impl ScenarioFile {
    /// Reads a file and checks its shape.
    ///
    /// # Errors
    /// Each mistake, with its place.
    #[expect(clippy::needless_pass_by_value, reason = "it is kept; what is parsed borrows from it meanwhile")]
    pub fn parse(source: Arc<SourceFile>) -> Result<Self, Diagnostics> {
        let parsed = DeTable::parse(&source.text).map_err(|error| Diagnostic::from_toml(&source, &error))?;
        let read = || Ok((Shape::of(&parsed)?, Document::new(&source, &parsed)?));
        let (shape, document) = read().map_err(|error| match parsed.get_ref().get("formula") {
            Some(formula) => Diagnostic::new(format!("`{}` is a property, not a scenario", source.path))
                .at(&source, formula.span(), "only properties have a formula")
                .help("give a property with `--property`, a folder of them with `--properties`"),
            None => with_its_table(Diagnostic::from_toml(&source, &error)),
        })?;
        let mut mistakes = Diagnostics::default();
        let name = source.stem();
        if !is_kebab_case(name) {
            let mistake = Diagnostic::new(format!("`{name}` is no name for a scenario")).at(&source, 0..0, "");
            let help = "a scenario is named after its file, in kebab-case: `my-scenario.toml`";
            mistakes.0.push(mistake.help(help));
        }
        let about = shape.about.clone().unwrap_or_default();
        if about.trim().is_empty() {
            mistakes.0.push(Diagnostic::new("the scenario has no `about`").at(
                &source,
                0..0,
                "expected `about = \"…\"`: the one insight that it is there for",
            ));
        }
        let of_properties = "the properties that the scenario is about";
        let named = names(&source, parsed.get_ref(), "properties", of_properties).unwrap_or_else(|mistake| {
            mistakes.0.push(mistake);
            None
        });
        let property = |(property, span)| NamedProperty { property, span };
        let properties = named.map(|named| named.into_iter().map(property).collect());
        let file = Self { document, shape, about, properties };
        let expectations = file.shape.expect.iter();
        mistakes.0.extend(expectations.flat_map(|(name, expectation)| file.misstated(name, expectation)));
        mistakes.or(file)
    }

    /// The name of the scenario: the stem of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        self.document.source.stem()
    }

    /// Where the scenario comes from.
    #[must_use]
    pub fn source(&self) -> &Arc<SourceFile> {
        &self.document.source
    }

    /// Resolves the scenario among all that it may extend and the policies that it may name, with settings on top
    /// and every duration multiplied by `scale`, which is at least 1; where it is more, delays are whole ticks.
    ///
    /// # Errors
    /// A base or a policy that does not exist, a setting without effect, a value outside its range.
    pub fn resolve(
        &self,
        all: &[Self],
        policies: &Policies,
        settings: &[Setting],
        scale: u32,
    ) -> Result<Scenario, Diagnostics> {
        let base = self.base(all)?;
        let layers = Self::layers(base, self, settings);
        if let Some((key, setting)) = layers.overridden() {
            let title = format!("in `{}`, `{key}` sets neither end", self.name());
            let (source, whole) = setting.whole();
            return Err(Diagnostic::new(title)
                .at(source, whole, "A and B have their own")
                .help(format!("there are `a.{key}` and `b.{key}`"))
                .into());
        }

        let mut merged = layers.merged();
        // Of what a scenario extends, only the world is taken over: another world has other exceptions.
        merged.remove("expect");
        merged.remove("properties");
        let foreign = of_the_timed_world(&merged);
        let shape: Shape =
            merged.try_into().map_err(|error: toml::de::Error| Diagnostic::from_toml(self.source(), &error))?;
        let find = |path: &[&str]| layers.find(path);
        if let Some(key) = foreign.filter(|_| shape.world == WorldKind::Asynchronous) {
            let label =
                "it loses and duplicates without bound or fairness, and has no clock: name the scenarios to check";
            let mistake = Diagnostic::new(format!("the asynchronous world has no `{key}`"));
            return Err(match find(&key.split('.').collect::<Vec<_>>()) {
                Some((source, span)) => mistake.at(&source, span, label),
                None => mistake.help(label),
            }
            .into());
        }
        let (config, policies) = resolve(&shape, policies, scale, &find).map_err(|mistake| {
            // An end's own policy may also be set for both.
            let place = mistake.place.or_else(|| find(&mistake.path)).or_else(|| match mistake.path.as_slice() {
                ["a" | "b", shared @ ..] => find(shared),
                _ => None,
            });
            let scaled = if scale == 1 { String::new() } else { format!(" after scaling by {scale}") };
            let diagnostic = Diagnostic::new(mistake.title + &scaled);
            match place {
                Some((source, span)) => {
                    Diagnostic { help: mistake.help, ..diagnostic.at(&source, span, mistake.label) }
                }
                None => diagnostic.help(format!("in `{}` it has its default; {}", self.name(), mistake.label)),
            }
        })?;
        let (fairness, delays) = (shape.fairness(), shape.delays(scale));
        if scale != 1 && delays == Delays::Any {
            let title = format!("`{}` has no ticks to scale", self.name());
            let any = find(&["network", "delays"]);
            let label = "expected `\"whole-ticks\"`, or no `--scale`";
            let mistake = Diagnostic::new(title);
            return Err(any.map_or(mistake.clone(), |(source, span)| mistake.at(&source, span, label)).into());
        }
        let scaled = (scale != 1).then(|| format!("scale {scale}"));
        let changes: Vec<String> =
            settings.iter().map(|setting| setting.document.source.text.clone()).chain(scaled).collect();
        let expectations = if changes.is_empty() { self.expectations() } else { Vec::new() };
        Ok(Scenario {
            name: self.name().to_owned(),
            about: self.about.clone(),
            source: Arc::clone(self.source()),
            kind: shape.world,
            delays,
            config,
            policies,
            fairness,
            properties: self.properties.clone(),
            expectations,
            changes,
        })
    }

    /// Why a key of the settings changes nothing in the scenario's world, if there is one: the asynchronous world
    /// has no network and no fairness to set, and an end's own policy overrides that of both.
    ///
    /// # Errors
    /// A base that does not exist.
    pub fn lacks(&self, all: &[Self], settings: &[Setting]) -> Result<Option<String>, Diagnostics> {
        let layers = Self::layers(self.base(all)?, self, settings);
        let unknown = layers.of_another_world().map(|key| format!("has no `{key}`"));
        Ok(unknown.or_else(|| layers.overridden().map(|(key, _)| format!("sets `{key}` for each end"))))
    }

    fn layers<'a>(base: Option<&'a Self>, own: &'a Self, settings: &'a [Setting]) -> Layers<'a> {
        Layers::new(base.into_iter().chain([own]).map(|file| &file.document).collect(), settings)
    }

    fn base<'a>(&self, all: &'a [Self]) -> Result<Option<&'a Self>, Diagnostics> {
        let Some(name) = &self.shape.extends else {
            return Ok(None);
        };
        let span = self.span_of(&["extends"]);
        let Some(base) = all.iter().find(|file| file.name() == name) else {
            let unknown =
                Diagnostic::new(format!("there is no scenario `{name}`")).at(self.source(), span, "extends it");
            return Err(match nearest(name, all.iter().map(Self::name)) {
                Some(near) => unknown.help(format!("there is `{near}`")),
                None => unknown.help("add its file, or the folder that it is in, with `--scenarios`"),
            }
            .into());
        };
        if base.shape.extends.is_some() {
            return Err(Diagnostic::new(format!("`{name}` extends another scenario itself"))
                .at(self.source(), span, "expected a scenario that extends none")
                .also(base.source(), base.span_of(&["extends"]), "here")
                .into());
        }
        Ok(Some(base))
    }

    fn expectations(&self) -> Vec<Expectation> {
        let expectation = |(property, shape): (&String, &ExpectationShape)| Expectation {
            property: property.clone(),
            verdict: shape.verdict,
            because: shape.because.clone(),
            steps: shape.steps.map(|steps| usize::try_from(steps).unwrap_or(usize::MAX)),
            span: self.span_of(&["expect", property]),
        };
        self.shape.expect.iter().map(expectation).collect()
    }

    /// The mistakes in an expectation that do not depend on the properties that exist.
    fn misstated(&self, name: &str, expectation: &ExpectationShape) -> Vec<Diagnostic> {
        let at = |title: String, key: &[&str], label: &str| {
            Diagnostic::new(title).at(self.source(), self.span_of(key), label)
        };
        let mut mistakes = Vec::new();
        if expectation.because.trim().is_empty() {
            let label = "expected why this is TCP's doing and not the model's";
            mistakes.push(at("an expectation has a reason".to_owned(), &["expect", name, "because"], label));
        }
        let has_trace = matches!(expectation.verdict, Expected::Violated | Expected::Possible);
        if expectation.steps.is_some() && !has_trace {
            let title = "only a verdict `violated` or `possible` has a trace with a number of steps".to_owned();
            mistakes.push(at(title, &["expect", name, "steps"], "expected no `steps` here"));
        }
        let both = name.split_once('@').map(|(property, _)| property);
        if let Some(both) = both.filter(|both| self.shape.expect.contains_key(*both)) {
            let title = format!("`{both}` is expected of both ends, and `{name}` of one of them");
            let label = format!("expected `[expect.\"{both}@A\"]` and `[expect.\"{both}@B\"]`");
            let mistake = at(title, &["expect", name], &label);
            mistakes.push(mistake.also(self.source(), self.span_of(&["expect", both]), "of both ends"));
        }
        mistakes
    }

    /// The place of a value that the file has been read for.
    fn span_of(&self, path: &[&str]) -> Span {
        let span = self.document.span(path);
        span.unwrap_or_else(|| broken(format_args!("`{}` has no place in {}", path.join("."), self.source().path)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::shape::keys;

    fn file(path: &str, text: &str) -> ScenarioFile {
        ScenarioFile::parse(SourceFile::new(path, text)).unwrap()
    }

    fn policies() -> Policies {
        Policies::shipped().unwrap()
    }

    fn files() -> [ScenarioFile; 2] {
        [
            file(
                "base.toml",
                "about = 'Base.'\nnetwork = { msl = 3, losses = 0 }\nb.sends = 2\n
                 [expect.p]\nverdict = 'violated'\nbecause = 'Of the base.'",
            ),
            file(
                "child.toml",
                "about = 'Child.'\nextends = 'base'\nnetwork.losses = 4\n
                 [expect.q]\nverdict = 'possible'\nbecause = 'Of the child.'",
            ),
        ]
    }

    #[test]
    fn a_world_is_taken_over_key_by_key_and_expectations_are_not() {
        let [base, child] = files();
        let scenario = child.resolve(&[base, child.clone()], &policies(), &[], 1).unwrap();
        assert_eq!((scenario.name.as_str(), scenario.about.as_str()), ("child", "Child."));
        assert_eq!(
            (scenario.config.msl, scenario.config.losses, scenario.config.b.application.sends),
            (3, Some(4), 2)
        );
        let stated: Vec<_> = scenario.expectations.iter().map(|stated| stated.property.as_str()).collect();
        assert_eq!((stated, scenario.is_changed()), (vec!["q"], false));
    }

    #[test]
    fn settings_win_and_expectations_are_dropped() {
        let [base, child] = files();
        let settings = ["network.losses=6", "a.closes=never", "tcp.rto=2 msl"].map(str::to_owned);
        let settings = Setting::parse_all(&settings).unwrap();
        let all = [base, child];
        let scenario = all[1].resolve(&all, &policies(), &settings, 1).unwrap();
        let config = scenario.config;
        assert_eq!((config.msl, config.losses, config.a.policy.retransmission.rto), (3, Some(6), 6));
        assert_eq!(config.a.application.closes, crate::model::Closes::Never);
        assert!(scenario.expectations.is_empty() && scenario.is_changed());
        let scaled = all[1].resolve(&all, &policies(), &[], 2).unwrap();
        assert!(scaled.expectations.is_empty() && scaled.is_changed() && scaled.config.msl == 6);
    }

    /// As properties and policies are: in kebab-case, from a letter on.
    #[test]
    fn a_scenario_is_named_like_a_property() {
        let named = |path: &str| ScenarioFile::parse(SourceFile::new(path, "about = 'x'")).is_ok();
        assert_eq!(["losses-2.toml", "2-losses.toml", "Losses.toml"].map(named), [true, false, false]);
    }

    /// A mistake is shown in the layer that made it.
    #[test]
    fn a_value_that_does_not_fit_is_shown_where_it_stands() {
        let own = file("own.toml", "about = 'Own.'\na.tcp.rto = 9999");
        let setting = Setting::parse("tcp.rto=3").unwrap();
        let place = |result: Result<Scenario, Diagnostics>| {
            let place = result.unwrap_err().0.remove(0).primary.unwrap();
            (place.file.path.clone(), place.file.text[place.span].to_owned())
        };
        let shown = place(own.resolve(&[], &policies(), std::slice::from_ref(&setting), 1));
        assert_eq!(shown, ("own.toml".to_owned(), "9999".to_owned()));
        let late = Setting::parse("b.tcp.rto=8888").unwrap();
        let own = file("own.toml", "about = 'Own.'");
        assert_eq!(
            place(own.resolve(&[], &policies(), &[setting, late], 1)),
            ("--set".to_owned(), "8888".to_owned())
        );
    }

    #[test]
    fn a_setting_that_changes_neither_end_is_refused() {
        let pair = file("pair.toml", "about = 'Pair.'\na.tcp.policy = 'linux'\nb.tcp = { rto = 2, retries = 3 }");
        let said = |texts: &[&str]| {
            let settings: Vec<Setting> = texts.iter().map(|text| Setting::parse(text).unwrap()).collect();
            let title = pair.resolve(&[], &policies(), &settings, 1).err().map(|mut all| all.0.remove(0).title);
            assert_eq!(title.is_some(), pair.lacks(&[], &settings).unwrap().is_some(), "{texts:?}");
            title
        };
        assert_eq!(said(&["tcp.rto=4"]), Some("in `pair`, `tcp.rto` sets neither end".to_owned()));
        assert_eq!(said(&["tcp = { retries = 2 }"]), Some("in `pair`, `tcp.retries` sets neither end".to_owned()));
        assert_eq!(said(&["tcp.time_wait=4"]), None);
        assert_eq!(said(&["tcp.policy=smoltcp"]), None);
        let named = ["tcp.policy=smoltcp", "b.tcp.policy=lwip"];
        assert_eq!(said(&named), Some("in `pair`, `tcp.policy` sets neither end".to_owned()));
    }

    #[test]
    fn the_asynchronous_world_has_no_network_and_no_fairness_to_set() {
        let base = file("base.toml", "about = 'Base.'\nnetwork.losses = 1");
        let refused = |text: &str| {
            let own = file("own.toml", &format!("about = 'Own.'\nworld = 'asynchronous'\n{text}"));
            let resolved = own.resolve(std::slice::from_ref(&base), &policies(), &[], 1);
            resolved.err().map(|mut mistakes| mistakes.0.remove(0).title)
        };
        for key in keys().filter(|key| key.starts_with("network.") || key.starts_with("fairness.")) {
            let value = match key.as_str() {
                "network.delays" => "'any'",
                key if key.starts_with("fairness.") => "true",
                _ => "1",
            };
            let said = Some(format!("the asynchronous world has no `{key}`"));
            assert_eq!(refused(&format!("{key} = {value}")), said);
        }
        assert_eq!(refused("extends = 'base'"), Some("the asynchronous world has no `network.losses`".to_owned()));
        assert_eq!(refused("tcp.rto = 3"), None);
        let setting = Setting::parse("network.msl=3").unwrap();
        let own = file("own.toml", "about = 'Own.'\nworld = 'asynchronous'");
        assert_eq!(own.lacks(&[], std::slice::from_ref(&setting)), Ok(Some("has no `network.msl`".to_owned())));
        assert_eq!(base.lacks(&[], &[setting]), Ok(None));
    }

    /// A value of another type than expected: the message is in the words of files.
    #[test]
    fn no_type_of_rust_is_spoken_of() {
        let values = [
            "1",
            "-1",
            "2.5",
            "true",
            "'x'",
            "[]",
            "[1]",
            "{}",
            "{ x = 1 }",
            "{ any-time = 1 }",
            "1979-05-27",
            "99999999999",
        ];
        let tables = [
            "network",
            "fairness",
            "a",
            "a.tcp",
            "tcp",
            "expect",
            "expect.x",
            "expect.x.verdict",
            "about",
            "extends",
        ];
        let words =
            ["struct", "enum", "variant", "Shape", "map", "sequence", "tuple", "unit", "Option", "newtype"];
        let types = ["u8", "u16", "u32", "u64", "i64", "f64", "usize", "char", "str"];
        for key in keys().chain(tables.map(str::to_owned)) {
            for value in values {
                let text = format!("about = 'x'\n{key} = {value}\n");
                let Err(mistakes) = ScenarioFile::parse(SourceFile::new("mine.toml", text)) else {
                    continue;
                };
                let said: Vec<String> = mistakes.0.iter().map(|mistake| mistake.title.clone()).collect();
                let said = said.join("\n");
                let spoken = said.split(|char: char| !char.is_alphanumeric());
                let leak = spoken.into_iter().find(|word| words.contains(word) || types.contains(word));
                assert_eq!(leak, None, "{key} = {value}: {said}");
            }
        }
        let of_expectation =
            ScenarioFile::parse(SourceFile::new("mine.toml", "about = 'x'\nexpect.x = 'violated'"));
        let said = of_expectation.unwrap_err().0.remove(0).title;
        assert_eq!(said, "invalid type: string \"violated\", expected a table with `verdict` and `because`");
    }

    /// Pieces of scenario files, right and wrong.
    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("about = 'x'\n".to_owned()),
            Just("extends = 'fuzzed'\n".to_owned()),
            Just("[network]\n".to_owned()),
            Just("[a.tcp]\n".to_owned()),
            Just("[expect.p]\nverdict = 'holds'\nbecause = 'x'\n".to_owned()),
            "(msl|losses|duplicates|rto|time_wait|sends|closes|retries) = (-?[0-9]{1,12}|'[0-9a-z ]{0,8}'|true)\n",
            ".{0,12}",
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_text_is_a_scenario_or_a_mistake(text in any_text(), setting in any_text(), scale in 1..=16u32) {
            let settings: Vec<_> = Setting::parse(&setting).into_iter().collect();
            let resolved = ScenarioFile::parse(SourceFile::new("fuzzed.toml", text))
                .and_then(|file| file.resolve(std::slice::from_ref(&file), &policies(), &settings, scale));
            match resolved {
                Ok(scenario) => prop_assert!(scenario.config.msl <= crate::model::MAX_DURATION),
                Err(mistakes) => prop_assert!(!mistakes.render(false).is_empty()),
            }
        }
    }
}
