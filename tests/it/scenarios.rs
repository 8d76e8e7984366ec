//! The table of keys in docs/scenarios.md, from that of `src/scenario/keys.rs`.

use std::ops::RangeInclusive;

use lastack::scenario::{KEYS, KeyValues, ScenarioKey, Unset};

use crate::generated;

#[test]
fn the_table_of_keys_is_current() {
    let head = "\n| key | meaning | values | default |\n|---|---|---|---|\n";
    let rest = "| `tcp.…` | Any other field of a policy: `lastack list --policy rfc9293` has them all, with their \
                sources. | as in the policy | as in the policy |\n\n";
    let rows: String = KEYS.iter().map(row).collect();
    generated::assert_part_is_current("scenarios.md", "keys", &format!("{head}{rows}{rest}"));
}

fn row(key: &ScenarioKey) -> String {
    let ScenarioKey { path, values, unset, meaning } = key;
    let paths = match path.strip_prefix("a.") {
        Some(own) => format!("`{path}`, `b.{own}`"),
        None => format!("`{path}`"),
    };
    let unset = match unset {
        Unset::Refused => "has to be there".to_owned(),
        Unset::Nothing => "none".to_owned(),
        Unset::Default(value) if value.parse::<u32>().is_ok() => (*value).to_owned(),
        Unset::Default(value) => format!("`{value}`"),
    };
    format!("| {paths} | {meaning} | {} | {unset} |\n", in_words(values))
}

fn in_words(values: &KeyValues) -> String {
    let numbers = |range: &RangeInclusive<u32>, unit: &str, word: Option<&str>| {
        let range = match (range.start(), range.end()) {
            (least, &u32::MAX) => format!("{least} or more"),
            (least, most) => format!("{least} to {most}"),
        };
        let word = word.map(|word| format!(", or `\"{word}\"`"));
        format!("{range}{unit}{}", word.unwrap_or_default())
    };
    match values {
        KeyValues::Bool => "`true`, `false`".to_owned(),
        KeyValues::Words(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
        KeyValues::Count(range, word) => numbers(range, "", *word),
        KeyValues::Ticks(range, word) => numbers(range, " ticks", *word),
        KeyValues::Duration(range, word) => format!("a duration, {}", numbers(range, " ticks", *word)),
        KeyValues::Seconds(range) => format!("{} to {} seconds", range.start(), range.end()),
        KeyValues::Segments => "`true`, `false`, or a list as in `[\"FIN to A\", \"ACK to B\"]`".to_owned(),
        KeyValues::Text => "text".to_owned(),
        KeyValues::Names => "a name, or a list of names".to_owned(),
    }
}
