//! Text that others wrote, made fit to be shown.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character that controls what shows it, or that hides in it, as an escape: `\u{202e}`.
///
/// Text of a file is not trusted. Control characters would control the terminal, bidirectional ones
/// would show words in another order than they are read in (CVE-2021-42574), and those without width would make
/// two names look the same.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden)
}

/// As [`visible`], of a text with lines: these and tabs stay.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |char| is_hidden(char) && !matches!(char, '\n' | '\r' | '\t'))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut all = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if is_escaped(char) {
            let _ = write!(all, "{}", char.escape_unicode());
        } else {
            all.push(char);
        }
    }
    Cow::Owned(all)
}

/// Controls (Unicode's category Cc), those of format (Cf) that move or hide text, and the separators of lines.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_or_hides_is_escaped_and_nothing_else() {
        assert_eq!(visible("\u{1b}[31m \u{9b}2J \u{7f}"), "\\u{1b}[31m \\u{9b}2J \\u{7f}");
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{200f}d\u{2028}"), "a\\u{202e}b\\u{2066}c\\u{200f}d\\u{2028}");
        assert_eq!(visible("a\r\n\tb"), "a\\u{d}\\u{a}\\u{9}b");
        assert_eq!(visible_lines("a\r\n\tb\u{0}"), "a\r\n\tb\\u{0}");
        let harmless = "é → “…” שלום 🦀 \u{a0}";
        assert!(matches!(visible(harmless), Cow::Borrowed(text) if text == harmless));
    }
}
