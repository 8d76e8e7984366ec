//! Diagnostics: a mistake in a file, its place, and what was expected instead.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::text::{visible, visible_lines};

/// So many names are listed in the title of a mistake.
const MOST_NAMES: usize = 16;

/// A part of a file, in bytes.
pub type Span = Range<usize>;

/// A text that diagnostics point into: a file, or one that is compiled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// What the reader calls it, as a rule its path.
    pub path: String,
    /// All of its text.
    pub text: String,
}

impl SourceFile {
    /// A text and what to call it.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// Whether it is what an option of the command line was given, as in `--set`, and no file.
    #[must_use]
    pub fn is_of_an_option(&self) -> bool {
        self.path.starts_with("--")
    }

    /// The file's name without folders and extension: properties and scenarios are named after it.
    #[must_use]
    pub fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or(&self.path)
    }

    /// The number, from 1, of the line that the byte is in.
    #[must_use]
    pub fn line_of(&self, byte: usize) -> usize {
        let newlines = self.text.bytes().take(byte).filter(|&byte| byte == b'\n').count();
        newlines + 1
    }

    /// The line, and the column in characters, of the character that the byte is in, both from 1.
    #[must_use]
    pub fn place_of(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..self.text.floor_char_boundary(byte)).unwrap_or_default();
        let in_line = before.rsplit('\n').next().unwrap_or_default();
        (self.line_of(byte), in_line.chars().count() + 1)
    }

    /// The nearest span that lies within the text and between characters.
    fn clamp(&self, span: &Span) -> Span {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.ceil_char_boundary(span.end.max(span.start));
        start..end
    }

    /// The same span in the text as it is shown.
    fn visible_span(&self, span: &Span) -> Span {
        let Span { start, end } = self.clamp(span);
        let length = |part: Option<&str>| visible_lines(part.unwrap_or_default()).len();
        let before = length(self.text.get(..start));
        before..before + length(self.text.get(start..end))
    }
}

/// A part of a file with a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The part of it; out of bounds is no error, the nearest part is shown.
    pub span: Span,
    /// The label; may be empty.
    pub label: String,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in a line.
    pub title: String,
    /// Where, unless it is in no file's text.
    pub primary: Option<Annotation>,
    /// Other places that have to do with it.
    pub related: Vec<Annotation>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake that is, so far, nowhere in particular.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), primary: None, related: Vec::new(), help: None }
    }

    /// Says where the mistake is.
    #[must_use]
    pub fn at(mut self, file: &Arc<SourceFile>, span: Span, label: impl Into<String>) -> Self {
        self.primary = Some(Annotation { file: Arc::clone(file), span, label: label.into() });
        self
    }

    /// Adds a place that has to do with it, in the same file or another.
    #[must_use]
    pub fn also(mut self, file: &Arc<SourceFile>, span: Span, label: impl Into<String>) -> Self {
        self.related.push(Annotation { file: Arc::clone(file), span, label: label.into() });
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong with a TOML file, according to the parser or to the shape the file should have.
    #[must_use]
    pub fn from_toml(file: &Arc<SourceFile>, error: &toml::de::Error) -> Self {
        Self::of_value(file, error.message(), error.span().unwrap_or(0..0))
    }

    /// What is wrong with a value in a TOML file, according to a parser's message, and where the value stands.
    #[must_use]
    pub fn of_value(file: &Arc<SourceFile>, message: &str, span: Span) -> Self {
        let mut message = in_words_of_files(&message.trim().replace('\n', "; "));
        let mut help = None;
        if message.starts_with("unknown ") {
            let mut names = message.split('`').skip(1).step_by(2);
            let unknown = names.next().unwrap_or_default();
            let expected: Vec<&str> = names.collect();
            help = nearest(unknown, expected.iter().copied()).map(|name| format!("there is `{name}`"));
            // Nobody reads so many names where the mistake stands.
            if let Some((title, rest)) = message.split_once(", expected ").filter(|_| expected.len() > MOST_NAMES)
            {
                help = help.or(Some(format!("expected {rest}")));
                message.truncate(title.len());
            }
        }
        // A key that is missing from a table is reported of all its text; its first line suffices.
        let first_line = if message.starts_with("missing field") {
            let text = file.text.get(file.clamp(&span)).unwrap_or_default();
            span.start..span.start + text.lines().next().map_or(0, str::len)
        } else {
            span
        };
        Self { help, ..Self::new(message).at(file, first_line, "") }
    }

    /// Says which of these names is near the one that is unknown, or something else if none is.
    #[must_use]
    pub fn nearest_or<'a>(
        self,
        name: &str,
        candidates: impl IntoIterator<Item = &'a str>,
        otherwise: &str,
    ) -> Self {
        match nearest(name, candidates) {
            Some(near) => self.help(format!("there is `{near}`")),
            None => self.help(otherwise),
        }
    }

    /// The text for people, with colours if `styled`.
    #[must_use]
    pub fn render(&self, styled: bool) -> String {
        let mut group = Level::ERROR.primary_title(visible(&self.title)).elements(self.snippets());
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(visible(help)));
        }
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// One snippet a file, that of the primary place first.
    fn snippets(&self) -> Vec<Snippet<'_, annotate_snippets::Annotation<'_>>> {
        let mut snippets: Vec<(&SourceFile, Snippet<'_, _>)> = Vec::new();
        let primary = self.primary.iter().map(|place| (place, AnnotationKind::Primary));
        let related = self.related.iter().map(|place| (place, AnnotationKind::Context));
        for (place, kind) in primary.chain(related) {
            let file = place.file.as_ref();
            let mut annotation = kind.span(file.visible_span(&place.span));
            if !place.label.is_empty() {
                annotation = annotation.label(visible(&place.label));
            }
            let known = snippets.iter().position(|(other, _)| *other == file);
            let snippet = match known {
                Some(index) => snippets.remove(index).1,
                None => Snippet::source(visible_lines(&file.text)).path(visible(&file.path)),
            };
            let index = known.unwrap_or(snippets.len());
            snippets.insert(index, (file, snippet.annotation(annotation)));
        }
        snippets.into_iter().map(|(_, snippet)| snippet).collect()
    }
}

/// All the mistakes that were found in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// The text for people, with colours if `styled`.
    #[must_use]
    pub fn render(&self, styled: bool) -> String {
        let rendered: Vec<String> = self.0.iter().map(|one| one.render(styled)).collect();
        rendered.join("\n\n")
    }

    /// The value, unless there are mistakes.
    ///
    /// # Errors
    /// The mistakes, if there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// What a result has; its mistakes, if it has those, join these.
    pub fn take<T>(&mut self, result: Result<T, impl Into<Self>>) -> Option<T> {
        result.map_err(|more| self.0.extend(more.into().0)).ok()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Error for Diagnostics {}

/// serde's message about a value, in the words of the file's format instead of those of Rust's types.
pub(crate) fn in_words_of_files(message: &str) -> String {
    // So toml refuses what is no word where there are some to choose from.
    if ["wanted ", "expected table", "expected empty", "expected tuple"].iter().any(|how| message.starts_with(how))
    {
        return "invalid type: expected a word in quotes".to_owned();
    }
    let ours = [
        ("unknown variant ", "unknown value "),
        ("invalid type: map,", "invalid type: a table,"),
        ("invalid type: sequence,", "invalid type: a list,"),
        ("invalid value: map,", "invalid value: a table,"),
        ("invalid value: sequence,", "invalid value: a list,"),
    ];
    let ends = [
        ("u8", "an integer from 0 to 255".to_owned()),
        ("u16", "an integer from 0 to 65535".to_owned()),
        ("u32", format!("an integer from 0 to {}", u32::MAX)),
        ("i64", "an integer".to_owned()),
        ("a boolean", "`true` or `false`".to_owned()),
        ("a sequence", "a list".to_owned()),
        ("a map", "a table".to_owned()),
        // TOML's own integers have 64 bits.
        ("any valid TOML value", "an integer of at most 64 bits".to_owned()),
    ];
    let begin = ours.iter().find(|(rust, _)| message.starts_with(rust));
    let text = begin
        .map_or(message.to_owned(), |(rust, ours)| message.replacen(rust, ours, 1))
        .replace("` as i128,", "`,");
    let end = ends.iter().find_map(|(rust, ours)| Some((text.strip_suffix(&format!("expected {rust}"))?, ours)));
    match end {
        Some((start, ours)) => format!("{start}expected {ours}"),
        None => text,
    }
}

/// The candidate that was most likely meant, if any is near; upper and lower case are the same.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    // A third of the letters may be wrong; a comparison with something very long is futile and slow.
    let tolerance = (name.chars().count() / 3).max(1);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let misspelt = candidates
        .iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * tolerance.min(16))
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), *candidate))
        .filter(|&(distance, _)| distance <= tolerance)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate);
    let begun = || candidates.iter().filter(|candidate| candidate.to_lowercase().starts_with(&name));
    misspelt.or_else(|| {
        begun().min_by_key(|candidate| candidate.len()).copied().filter(|_| name.len() >= MIN_BEGINNING)
    })
}

/// A beginning of fewer letters says too little of a name.
const MIN_BEGINNING: usize = 3;

/// The candidate of which a name is surely a misspelling, where any other name would be allowed, too: one letter
/// is wrong, or two of a long name, and no digit.
#[must_use]
pub fn misspelt<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let tolerance = match name.chars().count() {
        0..4 => return None,
        4..14 => 1,
        _ => 2,
    };
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    candidates.into_iter().find(|candidate| {
        candidate.len().abs_diff(name.len()) <= 4 * tolerance
            && digits(candidate) == digits(name)
            && strsim::damerau_levenshtein(name, candidate) <= tolerance
    })
}

/// The mistake, for each name that several have, that only one can have it.
///
/// `what` is what bears the names, in the plural; each comes with the place that gives it.
///
/// # Errors
/// One mistake for each such name.
pub fn unique_names<'a>(
    what: &str,
    named: impl IntoIterator<Item = (&'a str, &'a Arc<SourceFile>, Span)>,
) -> Result<(), Diagnostics> {
    let named: Vec<_> = named.into_iter().collect();
    let mut seen = HashSet::new();
    let mut mistakes = Diagnostics::default();
    for (name, file, span) in &named {
        if seen.insert(*name) {
            continue;
        }
        let mut mistake = Diagnostic::new(format!("two {what} are named `{name}`"))
            .at(file, span.clone(), "defined here")
            .help("a file's name is the name of what it defines: rename one of them");
        if let Some((_, first, span)) = named.iter().find(|(other, ..)| other == name) {
            mistake = mistake.also(first, span.clone(), "also defined here");
        }
        mistakes.0.push(mistake);
    }
    mistakes.or(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let states = ["CLOSED", "CLOSING", "CLOSE_WAIT", "TIME_WAIT"];
        assert_eq!(nearest("timewait", states), Some("TIME_WAIT"));
        assert_eq!(nearest("CLOSD", states), Some("CLOSED"));
        assert_eq!(nearest("ESTABLISHED", states), None);
        assert_eq!(nearest("", states), None);
        assert_eq!(nearest("time_", states), Some("TIME_WAIT"));
        assert_eq!(nearest("ti", states), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), states), None);
        assert_eq!(nearest("a", []), None);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let file = SourceFile::new("x/some-name.toml", "a\nb\r\nc");
        assert_eq!([0, 1, 2, 5, 99].map(|byte| file.line_of(byte)), [1, 1, 2, 3, 3]);
        assert_eq!(file.stem(), "some-name");
    }

    #[test]
    fn places_in_several_files_are_shown_by_file() {
        let one = SourceFile::new("one.toml", "first = 1\nsecond = 2\n");
        let two = SourceFile::new("two.toml", "\r\n\tfirst = \"\u{1F980}\" # é\r\n");
        let diagnostic = Diagnostic::new("two are named `first`")
            .at(&two, 3..8, "defined here")
            .also(&one, 0..5, "also defined here")
            .also(&one, 10..16, "this is another")
            .help("rename one of them");
        insta::assert_snapshot!("several-files", diagnostic.render(false));
        assert!(diagnostic.render(true).contains("\u{1b}["));
        assert_eq!(Diagnostics::from(diagnostic.clone()).to_string(), diagnostic.render(false));
    }

    #[test]
    fn toml_errors_point_into_the_file() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Outer {
            #[serde(rename = "network")]
            _network: Inner,
        }
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Inner {
            #[serde(rename = "losses")]
            _losses: u8,
            #[serde(rename = "closes")]
            _closes: Option<Closes>,
        }
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Closes {
            AnyTime,
            AfterEof,
        }
        let said = |text: &str| {
            let error = toml::from_str::<Outer>(text).unwrap_err();
            Diagnostic::from_toml(&SourceFile::new("scenario.toml", text), &error).render(false)
        };
        let _ = (Closes::AnyTime, Closes::AfterEof);
        let all = [
            said("[network]\nloses = 1\n"),
            said("[network]\n# none\n\n[other]\n"),
            said("[network]\nlosses = 300\n"),
            said("[network]\nlosses = 1\ncloses = \"after_eof\"\n"),
            said("network = [\n"),
            said(""),
        ];
        insta::assert_snapshot!("toml", all.join("\n\n"));
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_can_be_shown(
            text in prop_oneof![any::<String>(), "[ab\r\n\t\u{0}\u{1b}\u{9b}\u{202e}\u{200f}é\u{1F980}]{0,40}"],
            spans in prop::collection::vec((0..50_usize, 0..50_usize), 1..4),
            label in any::<String>(),
        ) {
            let file = SourceFile::new("file", text);
            let mut diagnostic = Diagnostic::new(&*label).help(&*label);
            for (start, end) in spans {
                diagnostic = match diagnostic.primary {
                    None => diagnostic.at(&file, start..end, &*label),
                    Some(_) => diagnostic.also(&file, start..end, &*label),
                };
            }
            let _ = diagnostic.render(true);
            // No character of it controls the terminal.
            let plain = diagnostic.render(false).replace('\n', "");
            prop_assert_eq!(visible(&plain), plain.as_str());
        }

        #[test]
        fn any_mistake_in_toml_can_be_shown(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Err(error) = toml::from_str::<toml::Table>(&text) {
                let _ = Diagnostic::from_toml(&SourceFile::new("file", text), &error).render(false);
            }
        }
    }
}
