//! The abilities of a terminal.

use std::borrow::Cow;
use std::env;
use std::io;

use terminal_size::terminal_size_of;

use crate::text::visible;
use crate::trace::fractions_in_ascii;

/// How wide text may be, and in which characters it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Columns, from 80 to 120.
    pub width: usize,
    /// It can show more than ASCII.
    pub utf8: bool,
}

impl Terminal {
    /// 80 columns of UTF-8: what is written where there is no terminal.
    pub const PLAIN: Self = Self { width: 80, utf8: true };

    /// The terminal of stdout. The width is `COLUMNS`, as for `--help`, or else the terminal's; the characters are
    /// those of the locale.
    #[must_use]
    pub fn of_stdout() -> Self {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let terminal = || terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
        Self::new(columns.or_else(terminal), locale.as_deref())
    }

    /// So many columns, or 80 if the number is unknown, in a locale. Where no locale is set, as in most
    /// containers, UTF-8 is shown all the same.
    #[must_use]
    fn new(columns: Option<usize>, locale: Option<&str>) -> Self {
        let is_utf8 = |locale: &str| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        };
        Self { width: columns.map_or(80, |columns| columns.clamp(80, 120)), utf8: locale.is_none_or(is_utf8) }
    }

    /// The text in characters that can be shown: none that control the terminal or hide on it, and ASCII alone
    /// where that is all there is.
    #[must_use]
    pub fn shown(self, text: &str) -> String {
        let text = visible(text);
        let text = if self.utf8 { text } else { Cow::Owned(fractions_in_ascii(&text)) };
        let mut shown = String::with_capacity(text.len());
        for char in text.chars() {
            match char {
                char if self.utf8 || char.is_ascii() => shown.push(char),
                '→' => shown.push_str("->"),
                '…' => shown.push_str("..."),
                '–' | '—' | '−' => shown.push('-'),
                '‘' | '’' | '′' => shown.push('\''),
                '“' | '”' => shown.push('"'),
                '\u{a0}' => shown.push(' '),
                _ => shown.push('?'),
            }
        }
        shown
    }

    /// The words, `separator` after each but the last, broken into lines that are `indent` columns in and end in
    /// time; the first line is to follow a text of that width.
    pub(crate) fn wrapped<'a>(
        self,
        words: impl IntoIterator<Item = &'a str>,
        separator: &str,
        indent: usize,
    ) -> String {
        let mut text = String::new();
        let mut column = indent;
        let mut words = words.into_iter().map(|word| self.shown(word)).peekable();
        while let Some(word) = words.next() {
            let separator = if words.peek().is_some() { separator } else { "" };
            let width = word.chars().count() + separator.trim_end().chars().count();
            if column > indent && column + width > self.width {
                text.truncate(text.trim_end().len());
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            }
            text.push_str(&word);
            text.push_str(separator);
            column += word.chars().count() + separator.chars().count();
        }
        text
    }

    /// A text, its words broken into lines like [`wrapped`](Self::wrapped).
    pub(crate) fn prose(self, text: &str, indent: usize) -> String {
        self.wrapped(text.split_whitespace(), " ", indent)
    }
}

/// The ASCII substitute for a character of the drawing.
pub(crate) fn in_ascii(char: char) -> char {
    match char {
        '│' => '|',
        '─' => '-',
        '├' | '┤' | '┼' => '+',
        '▸' => '>',
        '◂' => '<',
        '┄' => '.',
        '╪' | '║' => '#',
        '═' => '=',
        '✗' => 'x',
        '′' => '\'',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_time() {
        for width in [80, 97, 120] {
            let terminal = Terminal { width, utf8: true };
            let names = vec!["some-property"; 12];
            let text = terminal.wrapped(names, ", ", 12);
            let widest = text.lines().enumerate().map(|(number, line)| {
                assert_eq!(line.trim_end(), line);
                line.chars().count() + if number == 0 { 12 } else { 0 }
            });
            // Another name would not have fitted.
            let widest = widest.max().unwrap();
            assert!(widest <= width && widest + "some-property, ".len() > width, "{width}: {text}");
            assert_eq!(text.split_whitespace().count(), 12);
            assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(12))));
        }
        assert_eq!(Terminal::PLAIN.prose("one  two\nthree", 4), "one two three");
    }

    #[test]
    fn a_locale_says_whether_there_is_more_than_ascii() {
        let utf8 = |locale| Terminal::new(None, locale).utf8;
        assert!(
            [None, Some("C.UTF-8"), Some("de_AT.utf8"), Some("en_US.UTF-8@euro")].map(utf8).iter().all(|is| *is)
        );
        assert!(![Some("C"), Some("POSIX"), Some("en_US"), Some("ru_RU.KOI8-R")].map(utf8).contains(&true));
    }

    #[test]
    fn a_terminal_is_neither_narrow_nor_wide() {
        let width = |columns| Terminal::new(columns, None).width;
        assert_eq!([None, Some(0), Some(79), Some(101), Some(400)].map(width), [80, 80, 80, 101, 120]);
    }

    #[test]
    fn only_what_can_be_shown() {
        let ascii = Terminal { utf8: false, ..Terminal::PLAIN };
        let text = "a → b … “c’s” \u{1b}[31m é";
        assert_eq!(Terminal::PLAIN.shown(text), "a → b … “c’s” \\u{1b}[31m é");
        assert_eq!(ascii.shown(text), "a -> b ... \"c's\" \\u{1b}[31m ?");
        // A line that is longer in ASCII ends in time, too.
        assert!(ascii.prose(&"→ ".repeat(99), 0).lines().all(|line| line.len() <= 80));
    }
}
