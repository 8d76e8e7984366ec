//! A mistake in a formula, and where that is in the file that the formula stands in.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile, Span};

/// A mistake; spans count from the formula's first byte.
#[derive(Debug)]
pub(super) struct Problem {
    title: String,
    span: Span,
    label: String,
    related: Vec<(Span, String)>,
    help: Option<String>,
}

impl Problem {
    pub(super) fn new(title: impl Into<String>, span: &Span, label: impl Into<String>) -> Self {
        Self { title: title.into(), span: span.clone(), label: label.into(), related: Vec::new(), help: None }
    }

    pub(super) fn also(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.related.push((span.clone(), label.into()));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Where a formula stands: as a rule in a string of a TOML file.
pub(super) struct Place<'a> {
    file: &'a Arc<SourceFile>,
    literal: Span,
    formula: &'a str,
    /// Where the formula's first byte is, if the file has all of it letter by letter.
    start: Option<usize>,
}

impl<'a> Place<'a> {
    /// `literal` is the TOML string with its quotes, `formula` what it stands for.
    pub(super) fn new(file: &'a Arc<SourceFile>, literal: Span, formula: &'a str) -> Self {
        let start = verbatim(file, &literal, formula);
        Self { file, literal, formula, start }
    }

    /// The part of the file that this part of the formula is in.
    pub(super) fn span(&self, span: &Span) -> Span {
        match self.start {
            Some(start) => start + span.start..start + span.end,
            None => self.literal.clone(),
        }
    }

    pub(super) fn diagnostic(&self, problem: Problem) -> Diagnostic {
        let Problem { title, span, mut label, related, help } = problem;
        let mut diagnostic = Diagnostic::new(title);
        diagnostic.help = help;
        if self.start.is_some() {
            for (span, label) in related {
                diagnostic = diagnostic.also(self.file, self.span(&span), label);
            }
        } else {
            // The text between the quotes is not what the parser saw, so it cannot be pointed into.
            let part = self.formula.get(span.clone()).unwrap_or_default();
            label = format!("at `{}` of the formula `{}`: {label}", one_line(part), one_line(self.formula));
        }
        diagnostic.at(self.file, self.span(&span), label)
    }
}

/// Where the string's value begins, unless escapes or line ends make it differ from the text.
fn verbatim(file: &SourceFile, literal: &Span, value: &str) -> Option<usize> {
    let text = file.text.get(literal.clone())?;
    let delimiter = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(quote));
    let mut start = delimiter.map_or(0, str::len);
    if start == 3 {
        // TOML drops a line end right behind the opening quotes.
        let rest = text.get(start..)?;
        start += ["\r\n", "\n"].into_iter().find(|end| rest.starts_with(end)).map_or(0, str::len);
    }
    let inner = text.get(start..text.len().checked_sub(delimiter.map_or(0, str::len))?)?;
    (inner == value).then_some(literal.start + start)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
