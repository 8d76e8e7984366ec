//! Pages of docs/ that a test writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// That a page is as it stands in docs/. `INSTA_UPDATE=always` writes it.
pub(crate) fn assert_page_is_current(page: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    if crate::writes_what_is_new() {
        fs::write(path, text).unwrap();
        return;
    }
    let is_current = fs::read_to_string(path).is_ok_and(|current| current == text);
    let name = page.trim_end_matches(".md").replace('-', "_");
    assert!(is_current, "not current; INSTA_UPDATE=always cargo test --test it {name} writes docs/{page}");
}

/// The same of a part of a page, between two comments `<!-- NAME: … -->` and `<!-- end of NAME -->`.
pub(crate) fn assert_part_is_current(page: &str, name: &str, part: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = fs::read_to_string(path).unwrap();
    let begin = text.find(&format!("<!-- {name}: ")).unwrap();
    let begin = begin + text[begin..].find("-->\n").unwrap() + "-->\n".len();
    let end = text.find(&format!("<!-- end of {name} -->")).unwrap();
    if text[begin..end] != *part {
        assert_page_is_current(page, &format!("{}{part}{}", &text[..begin], &text[end..]));
    }
}

/// That the pages are as they stand in docs/, and that the folder has no others. `INSTA_UPDATE=always` writes
/// them.
pub(crate) fn assert_current(folder: &str, pages: &BTreeMap<PathBuf, String>) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let there: Vec<PathBuf> = fs::read_dir(docs.join(folder))
        .map(|entries| entries.map(|entry| Path::new(folder).join(entry.unwrap().file_name())).collect())
        .unwrap_or_default();
    let superfluous: Vec<&PathBuf> = there.iter().filter(|path| !pages.contains_key(*path)).collect();
    let is_current =
        |path: &PathBuf, text: &String| fs::read_to_string(docs.join(path)).ok().as_ref() == Some(text);
    let outdated: Vec<_> = pages.iter().filter(|(path, text)| !is_current(path, text)).collect();
    if crate::writes_what_is_new() {
        fs::create_dir_all(docs.join(folder)).unwrap();
        for path in superfluous {
            fs::remove_file(docs.join(path)).unwrap();
        }
        for (path, text) in outdated {
            fs::write(docs.join(path), text).unwrap();
        }
        return;
    }
    let outdated: Vec<_> = outdated.into_iter().map(|(path, _)| path).chain(superfluous).collect();
    assert!(
        outdated.is_empty(),
        "not current: {outdated:?}; INSTA_UPDATE=always cargo test --test it {folder} writes them"
    );
}
