//! The structure of the sources: which way imports run, how long files are, and that a public name stands for one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

/// The rooms of `src/`, from the lowest up: each imports from those before it only. `main.rs` and `lib.rs` are outside.
const ROOMS: [&str; 21] = [
    "invariant",
    "text",
    "diagnostic",
    "source",
    "tcp",
    "policy",
    "model",
    "scenario",
    "property",
    "explore",
    "realtime",
    "liveness",
    "trace",
    "check",
    "conform",
    "capture",
    "report",
    "explorer",
    "process",
    "cli",
    "commands",
];

/// No file has more lines than this before its tests.
const MAX_LINES: usize = 500;

/// A file's text without its tests, by its module's path (`check::gate`).
fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let module = |path: &Path| {
        let path = path.strip_prefix(&root).unwrap().with_extension("");
        let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).filter(|part| *part != "mod").collect();
        parts.join("::")
    };
    let text =
        |path: &Path| fs::read_to_string(path).unwrap().split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
    let all = files.iter().filter(|path| is_source(path)).map(|path| (module(path), text(path)));
    all.filter(|(module, _)| !["main", "lib"].contains(&module.as_str())).collect()
}

/// The paths that a `use` names, each whole: `a::{b, c::d}` are `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let (mut depth, mut parts, mut part) = (0, Vec::new(), String::new());
    for char in rest.trim().strip_suffix('}').unwrap().chars() {
        match char {
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            _ => {
                depth += i32::from(char == '{') - i32::from(char == '}');
                part.push(char);
            }
        }
    }
    parts.push(part);
    let prefix = prefix.trim();
    parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .flat_map(expanded)
        .map(|part| format!("{prefix}{part}").replace("::self", ""))
        .collect()
}

/// A path from the crate's root on; `None` if it is of another crate.
fn absolute(path: &str, module: &str) -> Option<String> {
    let mut within: Vec<&str> = module.split("::").collect();
    let mut parts = path.split("::").peekable();
    match *parts.peek()? {
        "crate" => within.clear(),
        "self" | "super" => {}
        _ => return None,
    }
    for part in parts {
        match part {
            "crate" | "self" => {}
            "super" => drop(within.pop()),
            name => within.push(name),
        }
    }
    Some(within.join("::"))
}

/// All `use` of a text, with whether they are re-exports.
fn uses(text: &str) -> Vec<(bool, String)> {
    let mut all = Vec::new();
    for statement in text.split(';') {
        let start = statement.rfind("\nuse ").map(|at| (false, at + 5));
        let public = statement
            .rfind("\npub use ")
            .or_else(|| statement.rfind("\npub(crate) use "))
            .map(|at| (true, at + statement[at..].find("use ").unwrap() + 4));
        if let Some((is_public, at)) = public.or(start) {
            all.extend(expanded(&statement[at..].replace('\n', " ")).into_iter().map(|path| (is_public, path)));
        }
    }
    all
}

/// Which file needs which: by its imports, those through a parent's re-exports taken to where a name is from.
fn imports(sources: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    let mut exported = BTreeMap::new();
    for (module, text) in sources {
        for (_, path) in uses(text).into_iter().filter(|(is_public, _)| *is_public) {
            let path = if path.starts_with("crate") { path } else { format!("self::{path}") };
            let from = absolute(&path, module).unwrap();
            exported.insert(format!("{module}::{}", from.rsplit("::").next().unwrap()), from);
        }
    }
    let file_of = |path: &str| {
        let mut path = path.to_owned();
        while let Some(from) = exported.get(&path).filter(|from| **from != path) {
            path.clone_from(from);
        }
        loop {
            if sources.contains_key(&path) {
                return Some(path);
            }
            path.truncate(path.rfind("::")?);
        }
    };
    let mut all = BTreeSet::new();
    for (module, text) in sources {
        let paths = uses(text).into_iter().filter(|(is_public, _)| !is_public);
        let needed = paths.filter_map(|(_, path)| file_of(&absolute(&path, module)?));
        all.extend(needed.filter(|needed| needed != module).map(|needed| (module.clone(), needed)));
    }
    all
}

#[test]
fn imports_run_one_way() {
    let sources = sources();
    let imports = imports(&sources);
    assert!(imports.len() > 300, "{}", imports.len());
    let room = |module: &str| {
        let name = module.split("::").next().unwrap();
        ROOMS.iter().position(|room| *room == name).unwrap_or_else(|| panic!("{name} is no room"))
    };
    let upwards: Vec<_> = imports.iter().filter(|(from, to)| room(from) < room(to)).collect();
    assert!(upwards.is_empty(), "imports upwards: {upwards:#?}");
    let number = |module: &String| u32::try_from(sources.keys().position(|name| name == module).unwrap()).unwrap();
    let graph = DiGraph::<(), ()>::from_edges(imports.iter().map(|(from, to)| (number(from), number(to))));
    let circles = tarjan_scc(&graph).into_iter().filter(|component| component.len() > 1);
    let name = |node: petgraph::graph::NodeIndex| sources.keys().nth(node.index()).unwrap();
    let circles: Vec<Vec<_>> = circles.map(|component| component.into_iter().map(name).collect()).collect();
    assert!(circles.is_empty(), "files that need each other: {circles:#?}");
}

#[test]
fn no_file_is_two_ideas() {
    let long = sources().into_iter().map(|(module, text)| (text.lines().count(), module));
    let long: Vec<_> = long.filter(|(lines, _)| *lines > MAX_LINES).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn a_public_type_name_stands_for_one_thing() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (module, text) in sources() {
        for line in text.lines() {
            let declared = ["pub struct ", "pub enum ", "pub trait ", "pub type "]
                .iter()
                .find_map(|start| line.strip_prefix(start));
            if let Some(rest) = declared {
                let name: String = rest.chars().take_while(|char| char.is_alphanumeric()).collect();
                places.entry(name).or_default().push(module.clone());
            }
        }
    }
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}
