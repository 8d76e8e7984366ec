//! Properties in their files.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use crate::diagnostic::{self, Diagnostic, Diagnostics, SourceFile, Span, nearest};
use crate::source::{is_kebab_case, names, read_sources};

use super::formula::Formula;
use super::requirement::Requirement;

/// A named formula and why it should be true.
#[derive(Clone, Debug)]
pub struct Property {
    /// The file's name without `.toml`.
    pub name: String,
    /// Its meaning, in one sentence.
    pub about: String,
    /// What must be true.
    pub formula: Formula,
    /// The documents that require it; none for some properties.
    pub sources: Vec<String>,
    /// What a scenario must have for it to mean anything there.
    pub applies_to: Vec<Requirement>,
    /// The file it was read from.
    pub file: Arc<SourceFile>,
    /// The formula's text in the file, with its quotes.
    pub formula_span: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct Shape {
    about: Spanned<String>,
    formula: Spanned<String>,
    /// What is shipped has some; a property of one's own needs none.
    #[serde(default)]
    sources: Vec<Spanned<String>>,
    /// Read apart: one name, or a list.
    #[serde(rename = "applies_to")]
    _applies_to: Option<IgnoredAny>,
}

impl Property {
    /// Reads a property from the text of its file.
    ///
    /// # Errors
    /// Each mistake, with its place.
    pub fn from_source(file: Arc<SourceFile>) -> Result<Self, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let name = file.stem().to_owned();
        if !is_kebab_case(&name) {
            let title = format!("`{name}` cannot name a property (in `{}`)", file.path);
            let help = "name the file in lower case with hyphens, such as `both-close.toml`";
            mistakes.0.push(Diagnostic::new(title).help(help));
        }
        let parsed = match DeTable::parse(&file.text) {
            Ok(parsed) => parsed,
            Err(error) => {
                mistakes.0.push(Diagnostic::from_toml(&file, &error));
                return Err(mistakes);
            }
        };
        let shape = match Shape::deserialize(Deserializer::from(parsed.clone())) {
            Ok(shape) => shape,
            Err(error) => {
                mistakes.0.push(match of_a_scenario(parsed.get_ref()) {
                    Some((key, span)) => Diagnostic::new(format!("`{}` is a scenario, not a property", file.path))
                        .at(&file, span, format!("only scenarios have `{key}`"))
                        .help("give a scenario by its name or file, a folder of them with `--scenarios`"),
                    None => Diagnostic::from_toml(&file, &error),
                });
                return Err(mistakes);
            }
        };
        if shape.about.get_ref().trim().is_empty() {
            let mistake = Diagnostic::new("the property has no `about`");
            mistakes.0.push(mistake.at(&file, shape.about.span(), "expected a sentence: what holds"));
        }
        for source in shape.sources.iter().filter(|source| source.get_ref().trim().is_empty()) {
            let mistake = Diagnostic::new("a source of the property is empty");
            mistakes.0.push(mistake.at(
                &file,
                source.span(),
                "expected where this is required, as in \"RFC 9293 section 3.6\"",
            ));
        }
        let applies_to = requirements(&file, parsed.get_ref()).unwrap_or_else(|mistake| {
            mistakes.0.push(mistake);
            Vec::new()
        });
        let formula_span = shape.formula.span();
        let formula = Formula::parse(&file, formula_span.clone(), shape.formula.get_ref());
        match formula {
            Ok(formula) => mistakes.or(Self {
                name,
                about: shape.about.into_inner(),
                formula,
                sources: shape.sources.into_iter().map(Spanned::into_inner).collect(),
                applies_to,
                file,
                formula_span,
            }),
            Err(more) => {
                mistakes.0.extend(more.0);
                Err(mistakes)
            }
        }
    }

    /// The number of the line of its file that the formula begins in.
    #[must_use]
    pub fn formula_line(&self) -> usize {
        self.file.line_of(self.formula_span.start)
    }
}

/// The requirements under `applies_to`.
fn requirements(file: &Arc<SourceFile>, table: &DeTable<'_>) -> Result<Vec<Requirement>, Diagnostic> {
    let named = names(file, table, "applies_to", "what a scenario must have")?.unwrap_or_default();
    let requirement = |(name, span): (String, Span)| {
        let all = || Requirement::ALL.iter().map(|one| one.name());
        name.parse().map_err(|_| {
            let mistake = Diagnostic::new(format!("a property cannot apply to `{name}`"));
            let mistake =
                mistake.at(file, span, format!("expected one of: {}", all().collect::<Vec<_>>().join(", ")));
            match nearest(&name, all()) {
                Some(near) => mistake.help(format!("there is `{near}`")),
                None => mistake,
            }
        })
    };
    named.into_iter().map(requirement).collect()
}

/// Reads every property of a folder, sorted by name.
///
/// # Errors
/// Each mistake, with its place, or a folder that cannot be read.
pub fn read_folder(path: &Path) -> Result<Vec<Property>, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let files = read_sources(path, "properties")?;
    let properties = files.into_iter().filter_map(|file| mistakes.take(Property::from_source(file))).collect();
    mistakes.or(properties)
}

/// Finds properties of one name, which come from different folders.
///
/// # Errors
/// One mistake for each name of several.
pub fn unique_names(properties: &[Property]) -> Result<(), Diagnostics> {
    let named =
        properties.iter().map(|property| (property.name.as_str(), &property.file, property.formula_span.clone()));
    diagnostic::unique_names("properties", named)
}

/// What a scenario has and no property, and where, if the file has no formula.
fn of_a_scenario(table: &DeTable<'_>) -> Option<(&'static str, Span)> {
    let keys = ["world", "extends", "network", "fairness", "tcp", "a", "b", "expect"];
    let (key, (name, _)) = keys.into_iter().find_map(|key| Some((key, table.get_key_value(key)?)))?;
    (!table.contains_key("formula")).then(|| (key, name.span()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::super::vocabulary::Observation;
    use super::*;

    fn read(path: &str, text: &str) -> Result<Property, Diagnostics> {
        Property::from_source(SourceFile::new(path, text))
    }

    fn mistakes_in(text: &str) -> String {
        match read("properties/example.toml", text) {
            Ok(property) => panic!("no mistake in `{}`", property.formula),
            Err(mistakes) => mistakes.render(false),
        }
    }

    fn mistakes_in_formula(formula: &str) -> String {
        mistakes_in(&format!(
            "about   = \"An example.\"\nformula = \"{formula}\"\nsources = [\"RFC 9293 section 3.6\"]\n"
        ))
    }

    /// A folder of its own for a test, gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
            let path = std::env::temp_dir().join(format!("lastack-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            for (file, bytes) in files {
                fs::write(path.join(file), bytes).unwrap();
            }
            Self(path)
        }

        fn mistakes(&self) -> String {
            let mistakes = read_folder(&self.0).unwrap_err().render(false);
            mistakes.replace(&self.0.display().to_string(), "FOLDER")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const GOOD: &[u8] = b"about = 'An example.'\nformula = 'always self.acked <= self.sent'\nsources = ['none']\n";

    #[test]
    fn a_property_has_what_its_file_says() {
        let text = "about = \"An example.\"\n\nformula = \"\"\"\nalways self.left == TIME_WAIT\n  implies not in_flight(FIN, self)\"\"\"\nsources = [\"RFC 1337\", \"RFC 9293 section 3.6.1\"]\n";
        let property = read("some/folder/no-fin-2-remains.toml", text).unwrap();
        assert_eq!(property.name, "no-fin-2-remains");
        assert_eq!(property.about, "An example.");
        let canonical = "always self.left == TIME_WAIT implies not in_flight(FIN, self)";
        assert_eq!(property.formula.to_string(), canonical);
        assert_eq!(property.sources, ["RFC 1337", "RFC 9293 section 3.6.1"]);
        assert_eq!(property.formula_line(), 3);
        let in_flight = property.formula.mentions(Observation::InFlight).unwrap();
        assert_eq!(&text[in_flight], "in_flight(FIN, self)");
    }

    #[test]
    fn sources_may_be_left_out() {
        for sources in ["", "sources = []\n"] {
            let property = read("p.toml", &format!("about = 'x'\nformula = 'always true'\n{sources}")).unwrap();
            assert_eq!(property.sources, Vec::<String>::new());
        }
    }

    #[test]
    fn names() {
        assert_snapshot!("unknown-observation", mistakes_in_formula("always self.stat == CLOSED"));
        assert_snapshot!(
            "unknown-names",
            mistakes_in_formula("never self.state == TIMEWAIT and per.acked < lossses")
        );
        assert_snapshot!("state-of-which-end", mistakes_in_formula("always state == CLOSED"));
        assert_snapshot!("end-by-itself", mistakes_in_formula("always self == CLOSED"));
        assert_snapshot!(
            "unknown-kind",
            mistakes_in_formula("never in_flight(PSH, self) or in_flight(fin, slef)")
        );
        assert_snapshot!("network-of-an-end", mistakes_in_formula("never self.in_flight > 0"));
        assert_snapshot!("kind-by-itself", mistakes_in_formula("never DATA > 0"));
        assert_snapshot!(
            "swapped",
            mistakes_in_formula("never in_flight(A, FIN) or in_flight(self, ANY) or state.peer == CLOSED")
        );
        assert_snapshot!(
            "misspelt-hyphens",
            ["never self.state == time-wait", "always self.left in {FIN-WAIT-3, LAST-ACK}"]
                .map(mistakes_in_formula)
                .join("\n\n")
        );
    }

    #[test]
    fn types() {
        assert_snapshot!("order-of-states", mistakes_in_formula("always self.state < 3"));
        assert_snapshot!("state-and-number", mistakes_in_formula("always self.state == 3"));
        assert_snapshot!("state-is-never-none", mistakes_in_formula("always self.state != NONE"));
        assert_snapshot!("number-as-truth", mistakes_in_formula("never self.sent and in_flight(ANY, self)"));
        assert_snapshot!("count-and-truth", mistakes_in_formula("never in_flight(FIN, self) == peer.fin_sent"));
        assert_snapshot!("mixed-set", mistakes_in_formula("always self.state in {CLOSED, FIN, NONE, 3}"));
    }

    #[test]
    fn syntax() {
        assert_snapshot!("unclosed", mistakes_in_formula("always (self.fin_sent or (peer.fin_sent)"));
        assert_snapshot!("unopened", mistakes_in_formula("always self.fin_sent) or peer.fin_sent"));
        assert_snapshot!("no-temporal", mistakes_in_formula("self.state == CLOSED"));
        assert_snapshot!("misspelt-temporal", mistakes_in_formula("evntually self.state == CLOSED"));
        assert_snapshot!("two-temporals", mistakes_in_formula("always never self.state == CLOSED"));
        assert_snapshot!("leads-where", mistakes_in_formula("self.fin_sent leads self.fin_acked"));
        assert_snapshot!(
            "leads-to-leads-to",
            mistakes_in_formula("self.fin_sent leads to self.fin_acked leads to self.state == CLOSED")
        );
        assert_snapshot!("always-leads-to", mistakes_in_formula("always self.fin_sent leads to self.fin_acked"));
        assert_snapshot!("assignment", mistakes_in_formula("always self.state = CLOSED"));
        assert_snapshot!("chained", mistakes_in_formula("always 0 <= self.sent <= 3"));
        assert_snapshot!("cut-off", mistakes_in_formula("always self.fin_sent implies"));
        assert_snapshot!("misspelt-operator", mistakes_in_formula("always self.fin_sent implise peer.fin_sent"));
        assert_snapshot!("too-large", mistakes_in_formula("always self.sent < 4294967296"));
        assert_snapshot!("empty-set", mistakes_in_formula("always self.state in {}"));
        assert_snapshot!("empty-formula", mistakes_in_formula(""));
    }

    /// Each points to the word that is meant here, or says that there is none.
    #[test]
    fn operators_of_other_languages() {
        let mistakes = [
            "[](self.state == CLOSED)",
            "<>self.fin_acked",
            "□◇ self.fin_acked",
            "G self.fin_acked",
            "F self.fin_acked",
            "X self.fin_acked",
            "self.fin_sent U self.fin_acked",
            "self.fin_sent ~> self.fin_acked",
            "A[] self.fin_acked",
            "E<> self.fin_acked",
            "sometimes self.fin_acked",
            "always self.fin_sent && self.fin_acked",
            "always self.fin_sent || self.fin_acked",
            "always !self.fin_sent",
            "always self.fin_sent => self.fin_acked",
            "always self.fin_sent -> self.fin_acked",
            "always self.sent <> 1",
            "always self.state in [CLOSED]",
            "always self.state == 'CLOSED'",
            "always (self.fin_sent implies eventually self.fin_acked)",
        ];
        assert_snapshot!("foreign", mistakes.map(mistakes_in_formula).join("\n\n"));
    }

    #[test]
    fn files() {
        assert_snapshot!("unknown-key", mistakes_in("about = \"x\"\nformla = \"always true\"\n"));
        assert_snapshot!("missing-formula", mistakes_in("about = \"x\"\nsources = [\"y\"]\n"));
        assert_snapshot!("no-about", mistakes_in("about = \" \"\nformula = \"always 1\"\nsources = [\"\"]\n"));
        for (name, value) in [("applies-to-unknown", "['counts-losses', 'retires']"), ("applies-to-kind", "[]")] {
            let file = format!("about = 'x'\nformula = 'always true'\nsources = ['y']\napplies_to = {value}\n");
            assert_snapshot!(name, mistakes_in(&file));
        }
        assert_snapshot!("no-toml", mistakes_in("about = \"x\nformula = \"always true\"\n"));
        assert_snapshot!(
            "wrong-kind-of-value",
            mistakes_in("about = 1\nformula = \"always true\"\nsources = []\n")
        );
        assert_snapshot!(
            "escapes-in-the-formula",
            mistakes_in("about = 'x'\nformula = \"\\u0061lways \\\"stat\\\" == CLOSED\"\nsources = ['y']\n")
        );
        assert_snapshot!(
            "folded-formula",
            mistakes_in("about = 'x'\nformula = \"\"\"always \\\n    stat == CLOSED\"\"\"\nsources = ['y']\n")
        );
        assert_snapshot!("a-scenario", mistakes_in("about = 'x'\n[network]\nlosses = 1\n"));
        let misnamed =
            read("properties/Both_Close.toml", "about = \"x\"\nformula = \"always true\"\nsources = [\"y\"]\n");
        assert_snapshot!("misnamed", misnamed.unwrap_err().render(false));
    }

    /// A value of another type than expected: the message is in the words of files.
    #[test]
    fn no_type_of_rust_is_spoken_of() {
        for value in ["1", "-1", "2.5", "true", "'x'", "[]", "[1]", "{}", "{ x = 1 }", "1979-05-27"] {
            for key in ["about", "formula", "sources", "sources.x"] {
                let others = [("about", "'x'"), ("formula", "'always true'")].map(|(other, value)| match key {
                    key if key == other => String::new(),
                    _ => format!("{other} = {value}\n"),
                });
                let Err(mistakes) = read("p.toml", &format!("{}{key} = {value}\n", others.concat())) else {
                    continue;
                };
                let said = &mistakes.0[0].title;
                let leak = ["struct", "Shape", "map", "sequence", "spanned", "Spanned", "variant", "u32", "i64"]
                    .into_iter()
                    .find(|word| said.split(|char: char| !char.is_alphanumeric()).any(|spoken| spoken == *word));
                assert_eq!(leak, None, "{key} = {value}: {said}");
            }
        }
    }

    #[test]
    fn folders() {
        let long = vec![b'#'; (1 << 20) + 1];
        let folder = Folder::new(
            "bad",
            &[
                ("a.toml", b"about = 1"),
                ("b.toml", b"# \xff"),
                ("c.toml", &long),
                ("d.toml", GOOD),
                ("e.txt", b""),
            ],
        );
        fs::create_dir(folder.0.join("f.toml")).unwrap();
        // Unreadable files are reported before anything is parsed.
        assert_snapshot!("unreadable-files", folder.mistakes());
        assert_snapshot!("empty-folder", Folder::new("empty", &[("README.md", b"")]).mistakes());
        let missing = read_folder(Path::new("no/such/folder")).unwrap_err().render(false);
        assert!(missing.contains("cannot read the folder of properties `no/such/folder`"), "{missing}");
    }

    #[test]
    fn properties_of_a_folder_are_sorted_and_names_are_unique() {
        let one = Folder::new("one", &[("b.toml", GOOD), ("a.toml", GOOD), ("c-d.toml", GOOD)]);
        let two = Folder::new("two", &[("b.toml", GOOD)]);
        let mut properties = read_folder(&one.0).unwrap();
        let names: Vec<&str> = properties.iter().map(|property| property.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c-d"]);
        unique_names(&properties).unwrap();
        properties.extend(read_folder(&two.0).unwrap());
        let mistakes = unique_names(&properties).unwrap_err().render(false);
        let mistakes = mistakes.replace(&one.0.display().to_string(), "ONE");
        assert_snapshot!("same-name", mistakes.replace(&two.0.display().to_string(), "TWO"));
    }

    proptest! {
        #[test]
        fn any_formula_in_any_quotes_is_read_or_refused(
            text in prop_oneof![any::<String>(), "(always|never)? ?[a-z.\\\\\"'\n\t() ={}é]{0,30}"],
        ) {
            let quoted = toml::Value::String(text.clone());
            for formula in [quoted.to_string(), format!("\"{text}\""), format!("\"\"\"\r\n{text}\"\"\"")] {
                let file = format!("about = 'x'\r\nformula = {formula}\r\nsources = ['y']\r\n");
                if let Err(mistakes) = read("p.toml", &file) {
                    prop_assert!(!mistakes.render(true).is_empty());
                }
            }
        }
    }
}
