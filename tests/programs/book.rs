//! The book as mdBook builds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::chromium::Browser;
use crate::folder::Folder;
use crate::{Missing, needs};

/// The values of an attribute on a page, as in `<a href="…">`.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    page.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// A relative path from a page's folder on, without `..`.
fn resolved(page: &Path, target: &str) -> PathBuf {
    let mut path = page.parent().unwrap().to_owned();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    path
}

/// All pages below a folder.
fn pages(folder: &Path, into: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            pages(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            let text = fs::read_to_string(&path).unwrap();
            into.insert(path, text);
        }
    }
}

/// The book, in a folder of this name, without a warning.
fn built(name: &str) -> Folder {
    let folder = Folder::new(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let output = Command::new("mdbook").arg("build").arg(source).arg("-d").arg(&folder.0).output().unwrap();
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && !printed.contains("WARN") && !printed.contains("ERROR"), "{printed}");
    folder
}

pub(crate) fn the_book_is_built_and_its_links_lead_somewhere() -> Result<(), Missing> {
    needs("mdbook")?;
    let folder = built("book");

    let mut all = BTreeMap::new();
    pages(&folder.0, &mut all);
    // Its links begin where the site does.
    all.remove(&folder.0.join("404.html"));
    assert!(all.len() > 50, "{}", all.len());
    let ids: BTreeMap<&PathBuf, BTreeSet<&str>> =
        all.iter().map(|(path, page)| (path, attributes(page, "id").into_iter().collect())).collect();
    let mut dead = BTreeSet::new();
    for (path, page) in &all {
        for target in [attributes(page, "href"), attributes(page, "src")].concat() {
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let leads_to = if file.is_empty() { path.clone() } else { resolved(path, file) };
            let has_heading = ids.get(&leads_to).is_none_or(|ids| fragment.is_empty() || ids.contains(fragment));
            let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
            if !is_elsewhere && (!leads_to.exists() || !has_heading) {
                dead.insert(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
    Ok(())
}

/// The sections that the book's search finds, each with its page, and what is highlighted in them.
fn found(browser: &mut Browser, query: &str) -> (Vec<String>, BTreeSet<String>) {
    let bar = "document.getElementById('mdbook-searchbar')";
    browser.value(&format!("{bar}.value = {query:?}; {bar}.dispatchEvent(new Event('keyup'))"));
    browser.wait(&format!(
        "document.getElementById('mdbook-searchresults-header').innerText.includes({:?})",
        format!("'{query}'")
    ));
    let mut texts = |selector: &str| {
        let texts = browser.value(&format!(
            "[...document.querySelectorAll('#mdbook-searchresults {selector}')].map((one) => one.innerText)"
        ));
        serde_json::from_value::<Vec<String>>(texts).unwrap()
    };
    (texts("a"), texts("em").into_iter().collect())
}

/// Chinese is found in the middle of a phrase, what has it in its title first; and English as before.
pub(crate) fn the_search_finds_chinese() -> Result<(), Missing> {
    needs("mdbook")?;
    needs("chromium")?;
    let folder = built("searched");
    let mut browser = Browser::start(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("chromium-search"));
    let page = folder.0.join("zh/questions.html");
    browser
        .open(&format!("file://{}", page.display()), "document.readyState === 'complete' && window.elasticlunr");
    browser.value("document.getElementById('mdbook-search-toggle').click()");
    browser.wait("!document.getElementById('mdbook-searchbar-outer').classList.contains('searching')");

    let (sections, highlighted) = found(&mut browser, "最后一个");
    assert_eq!(sections.first().unwrap(), "最后一个 ACK » 最后一个 ACK", "{sections:?}");
    // There it is in "我的最后一个 ACK 到了吗？".
    assert!(sections.contains(&"问题 » TIME_WAIT".to_owned()), "{sections:?}");
    assert_eq!(highlighted, BTreeSet::from(["最后一个".to_owned()]));
    let (sections, _) = found(&mut browser, "防火墙 丢弃复位");
    assert!(sections.contains(&"问题 » 一直不消失的套接字".to_owned()), "{sections:?}");
    assert!(found(&mut browser, "量子纠缠").0.is_empty());
    let (sections, _) = found(&mut browser, "assassinat");
    assert!(sections.contains(&"Gallery » time-wait-assassination".to_owned()), "{sections:?}");
    Ok(())
}
