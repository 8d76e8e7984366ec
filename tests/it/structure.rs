//! The structure of the sources: which way imports run, how long files are, and that a public name stands for one
//! thing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The rooms of `src/`, from the lowest up: each imports from those before it only. `main.rs` and `lib.rs` are
/// outside.
const ROOMS: [&str; 26] = [
    "invariant",
    "json",
    "text",
    "diagnostic",
    "source",
    "configuration",
    "tcp",
    "policy",
    "model",
    "scenario",
    "property",
    "explore",
    "realtime",
    // The replay does not know the search that it judges.
    "trace",
    "liveness",
    "check",
    "sweep",
    "simulation",
    "conform",
    "capture",
    "report",
    "stepping",
    "explorer",
    "process",
    "cli",
    "commands",
];

/// No file of `src/` has more lines than this before its tests.
const MAX_LINES: usize = 400;

/// No file of tests has more lines than this.
const MAX_LINES_OF_TESTS: usize = 500;

/// No comment is wider than the code: what `rustfmt.toml` has.
const MAX_WIDTH: usize = 115;

/// The folders with code.
const CODE: [&str; 5] = ["src", "tests", "benches", "examples", "fuzz"];

/// A file of `src/` without its tests, and what it needs.
struct Source {
    text: String,
    /// It is a `mod.rs`: the files beside it are its own.
    is_folder: bool,
    /// The modules that it declares.
    children: Vec<String>,
    /// What it imports for itself: a path, and the name that it has here.
    imports: Vec<(String, String)>,
    /// What it exports again, in the same way.
    exports: Vec<(String, String)>,
    /// The paths in its code, wherever they stand.
    paths: Vec<String>,
}

impl Source {
    fn parse(text: &str) -> Self {
        let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
        let mut tokens = Vec::new();
        flatten(text.parse().unwrap(), &mut tokens);
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let (mut children, mut imports, mut exports, mut paths) = (vec![], vec![], vec![], vec![]);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let (before, rest) = tokens.split_at(at);
            at += match (*token, &rest[1..]) {
                ("use", [next, ..]) if *next != "<" => {
                    let length = rest.iter().position(|token| *token == ";").unwrap();
                    let is_public = before.last().is_some_and(|last| ["pub", ")"].contains(last));
                    let names = expanded(&rest[1..length].join(" ").replace(" :: ", "::"));
                    if is_public { &mut exports } else { &mut imports }
                        .extend(names.iter().map(|name| named(name)));
                    length
                }
                ("mod", [name, ";", ..]) if !before.ends_with(&["#", "[", "cfg", "(", "test", ")", "]"]) => {
                    children.push((*name).to_owned());
                    2
                }
                // `pub(in crate::model)` needs nothing.
                ("pub", ["(", ..]) => rest.iter().position(|token| *token == ")").unwrap(),
                (_, ["::", ..]) => {
                    let names = rest.chunks(2).take_while(|two| two.get(1) == Some(&"::")).count() + 1;
                    let is_name =
                        |token: &&str| token.starts_with(|first: char| first.is_alphabetic() || first == '_');
                    let path: Vec<&str> = rest.iter().step_by(2).take(names).copied().filter(is_name).collect();
                    paths.push(path.join("::"));
                    2 * names - 1
                }
                _ => 1,
            };
        }
        Self { text, is_folder: false, children, imports, exports, paths }
    }
}

/// The tokens of a code one after the other, `::` as one; without comments, and without what is in literals.
fn flatten(code: TokenStream, tokens: &mut Vec<String>) {
    for token in code {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket | Delimiter::None => ("[", "]"),
                };
                tokens.push(open.to_owned());
                flatten(group.stream(), tokens);
                tokens.push(close.to_owned());
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && tokens.last().is_some_and(|last| last == ":") => {
                "::".clone_into(tokens.last_mut().unwrap());
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => tokens.push(token.to_string()),
            TokenTree::Literal(_) => tokens.push("0".to_owned()),
        }
    }
}

/// The files of `src/` by their modules' paths (`check::gate`), without those that are for tests alone.
fn sources() -> BTreeMap<String, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let library = Source::parse(&fs::read_to_string(root.join("lib.rs")).unwrap());
    let mut all = BTreeMap::new();
    let mut modules = library.children;
    while let Some(module) = modules.pop() {
        let path = root.join(module.replace("::", "/"));
        let is_folder = path.join("mod.rs").exists();
        let path = if is_folder { path.join("mod.rs") } else { path.with_extension("rs") };
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{module}: {error}"));
        let source = Source { is_folder, ..Source::parse(&text) };
        modules.extend(source.children.iter().map(|child| format!("{module}::{child}")));
        all.insert(module, source);
    }
    all
}

/// The files with code in a folder of the package, and their text.
fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        // A package has no fuzz targets.
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

/// The paths that a `use` names, each whole: `a::{b, c::d}` are `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else {
        return vec![tree.trim().to_owned()];
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

/// A path that a `use` names, and its name here: its last word, or the one behind `as`.
fn named(path: &str) -> (String, String) {
    let (path, name) = path.split_once(" as ").unwrap_or((path, path.rsplit("::").next().unwrap()));
    (path.to_owned(), name.to_owned())
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

/// The names that modules export again, by their paths there, with where they are from.
fn exports(sources: &BTreeMap<String, Source>) -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    for (module, source) in sources {
        for (path, name) in &source.exports {
            let path = if path.starts_with("crate") { path.clone() } else { format!("self::{path}") };
            exported.insert(format!("{module}::{name}"), absolute(&path, module).unwrap());
        }
    }
    exported
}

/// Which file needs which, by every path in it; those through re-exports are taken to where a name is from.
fn imports(sources: &BTreeMap<String, Source>) -> BTreeSet<(String, String)> {
    let exported = exports(sources);
    let file_of = |path: &str| {
        let mut path = path.to_owned();
        loop {
            if sources.contains_key(&path) {
                return Some(path);
            }
            match exported.get(&path).filter(|from| **from != path) {
                Some(from) => path.clone_from(from),
                None => path.truncate(path.rfind("::")?),
            }
        }
    };
    let mut all = BTreeSet::new();
    for (module, source) in sources {
        let children = source.children.iter().map(|child| (child.clone(), format!("{module}::{child}")));
        let imported =
            source.imports.iter().filter_map(|(path, name)| Some((name.clone(), absolute(path, module)?)));
        let known: BTreeMap<String, String> = children.chain(imported).collect();
        let inline = source.paths.iter().filter_map(|path| {
            let (first, rest) = path.split_once("::")?;
            let known = known.get(first).map(|whole| format!("{whole}::{rest}"));
            known.or_else(|| absolute(path, module))
        });
        let elsewhere = source.exports.iter().filter_map(|(path, _)| absolute(path, module));
        let elsewhere = elsewhere.filter(|path| !path.starts_with(&format!("{module}::")));
        let imported = source.imports.iter().filter_map(|(path, _)| absolute(path, module));
        let needed = imported.chain(elsewhere).chain(inline).filter_map(|path| file_of(&path));
        all.extend(needed.filter(|needed| needed != module).map(|needed| (module.clone(), needed)));
    }
    all
}

#[test]
fn every_path_is_seen() {
    let source = Source::parse(
        "mod a; #[cfg(test)] mod tested; use super::b::{C, d::{self, E as F}}; pub(super) use a::G;
         /// See [`crate::h::I`]. fn in_words() {}
         pub(in crate::j) fn k<'s>(one: crate::l::M) -> impl Fn() + use<'s> { \"crate::n\"; a::o(super::P::<u8>::q, broken!(d::r)) }",
    );
    let named =
        |names: &[(String, String)]| names.iter().map(|(path, name)| format!("{path} {name}")).collect::<Vec<_>>();
    assert_eq!(source.children, ["a"]);
    assert_eq!(named(&source.imports), ["super::b::C C", "super::b::d d", "super::b::d::E F"]);
    assert_eq!(named(&source.exports), ["a::G G"]);
    assert_eq!(source.paths, ["crate::l::M", "a::o", "super::P", "q", "d::r"]);
}

#[test]
fn imports_run_one_way() {
    let sources = sources();
    let imports = imports(&sources);
    assert!(imports.len() > 1000, "{}", imports.len());
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

/// What files need through the `mod.rs` of their own folder: what it exports again, and what it declares itself.
fn through_the_folder(sources: &BTreeMap<String, Source>) -> Vec<(String, String)> {
    let exported = exports(sources);
    let mut found = Vec::new();
    for (module, source) in sources {
        let Some((folder, _)) = module.rsplit_once("::") else { continue };
        let imported = source.imports.iter().map(|(path, _)| path);
        for path in imported.chain(&source.paths).filter_map(|path| absolute(path, module)) {
            let Some(within) = path.strip_prefix(&format!("{folder}::")) else { continue };
            let (name, is_whole) = within.split_once("::").map_or((within, true), |(name, _)| (name, false));
            // `use super::*` is of a module in the file itself.
            if name == "*" {
                continue;
            }
            // A function may have the name of its module, and be exported; what follows is the module's then.
            let is_sibling = sources[folder].children.iter().any(|child| child == name);
            let is_exported = exported.contains_key(&format!("{folder}::{name}"));
            if is_exported && (is_whole || !is_sibling) || sources[folder].is_folder && !is_sibling {
                found.push((module.clone(), path));
            }
        }
    }
    found
}

/// Then the imports at the head of a file show which of its siblings it needs.
#[test]
fn siblings_import_from_each_other_and_not_through_their_folder() {
    let through_the_folder = through_the_folder(&sources());
    assert!(through_the_folder.is_empty(), "{through_the_folder:#?}");
}

#[test]
fn what_is_needed_through_the_folder_is_seen() {
    let folder = Source { is_folder: true, ..Source::parse("mod b; mod c; pub use b::{B, E}; pub struct D;") };
    let file = Source::parse("use super::b::B; use super::{b, D}; fn c(b: super::B, e: crate::a::E) -> b::F {}");
    let named = [("a", folder), ("a::b", Source::parse("")), ("a::c", file)];
    let sources = named.into_iter().map(|(module, source)| (module.to_owned(), source)).collect();
    let seen = ["a::D", "a::B", "a::E"].map(|path| ("a::c".to_owned(), path.to_owned()));
    assert_eq!(through_the_folder(&sources), seen);
}

/// Each departure of a stack is a question with a name there; a policy's fields are its answers.
#[test]
fn steps_ask_the_policy_and_do_not_read_it() {
    let mut reads = Vec::new();
    for (module, source) in sources().iter().filter(|(module, _)| module.starts_with("tcp::receive")) {
        let mut tokens = Vec::new();
        flatten(source.text.parse().unwrap(), &mut tokens);
        for six in tokens.windows(6) {
            if matches!([0, 1, 3].map(|at| six[at].as_str()), ["policy", ".", "."]) && six[5] != "(" {
                reads.push(format!("{module}: {}", six[..5].concat()));
            }
        }
    }
    assert!(reads.is_empty(), "{reads:#?}");
}

#[test]
fn no_file_is_two_ideas() {
    let long = sources().into_iter().map(|(module, source)| (source.text.lines().count(), module));
    let long: Vec<_> = long.filter(|(lines, _)| *lines > MAX_LINES).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn no_file_of_tests_is_two_ideas() {
    let long = files("tests").into_iter().map(|(path, text)| (text.lines().count(), path));
    let long: Vec<_> = long.filter(|(lines, _)| *lines > MAX_LINES_OF_TESTS).collect();
    assert!(long.is_empty(), "{long:#?}");
}

/// It has the size of stateright's own examples.
#[test]
fn the_example_for_stateright_is_short() {
    let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/close.rs")).unwrap();
    assert!(example.lines().count() <= 150);
}

#[test]
fn comments_fit_into_a_line() {
    let mut long = Vec::new();
    for (path, text) in CODE.into_iter().flat_map(files) {
        let comments = text.lines().filter(|line| line.trim_start().starts_with("//"));
        let wide = comments.filter(|line| line.chars().count() > MAX_WIDTH);
        long.extend(wide.map(|line| format!("{}: {line}", path.display())));
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn a_public_type_name_stands_for_one_thing() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (module, source) in sources() {
        for line in source.text.lines() {
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
