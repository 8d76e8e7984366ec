//! Words in lines.

/// How wide text for a terminal may be, in columns.
pub(super) const WIDTH: usize = 80;

/// The words, `separator` after each but the last, broken into lines that are `indent` columns in and end before
/// [`WIDTH`]; the first line is to follow a text of that width.
pub(super) fn wrapped<'a>(words: impl IntoIterator<Item = &'a str>, separator: &str, indent: usize) -> String {
    let mut text = String::new();
    let mut column = indent;
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let separator = if words.peek().is_some() { separator } else { "" };
        let width = word.chars().count() + separator.trim_end().chars().count();
        if column > indent && column + width > WIDTH {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        }
        text.push_str(word);
        text.push_str(separator);
        column += word.chars().count() + separator.chars().count();
    }
    text
}

/// A text, its words broken into lines like [`wrapped`].
pub(super) fn prose(text: &str, indent: usize) -> String {
    wrapped(text.split_whitespace(), " ", indent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_time() {
        let names = vec!["some-property"; 12];
        let text = wrapped(names, ", ", 12);
        for (number, line) in text.lines().enumerate() {
            let width = line.chars().count() + if number == 0 { 12 } else { 0 };
            assert!(width <= WIDTH, "{line}");
            assert_eq!(line.trim_end(), line);
        }
        assert_eq!(text.split_whitespace().count(), 12);
        assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(12))));
        assert_eq!(prose("one  two\nthree", 4), "one two three");
    }
}
