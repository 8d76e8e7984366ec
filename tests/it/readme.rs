//! The README and the book are what really happens: transcripts, files that are shown, links, paths and
//! translations.
//!
//! `INSTA_UPDATE=always cargo test --test it readme` writes the transcripts and pictures anew.

#[cfg(unix)]
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;

#[cfg(unix)]
use crate::generated;
#[cfg(unix)]
use crate::run::without_seconds;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// Every page: those at the root, and those in `docs/` and its folders, by their paths from the root.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    let mut folders = vec![String::new(), "docs/".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(Path::new(ROOT).join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                pages.push(format!("{folder}{name}"));
            } else if !folder.is_empty() && entry.file_type().unwrap().is_dir() {
                folders.push(format!("{folder}{name}/"));
            }
        }
    }
    pages.sort();
    pages
}

/// The blocks of a Markdown text that are fenced as this.
fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    let open = format!("```{fence}\n");
    text.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A Markdown text without its fenced blocks.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// They are a shell's.
#[cfg(unix)]
#[test]
fn the_transcripts_are_what_happens() {
    let is_update = crate::writes_what_is_new();
    let mut commands = Vec::new();
    // They write into it, and cargo may have been told to use another folder.
    fs::create_dir_all(Path::new(ROOT).join("target")).unwrap();
    // Translations show the same.
    let mut outputs = BTreeMap::new();
    for page in pages() {
        let text = read(&page);
        let mut current = text.clone();
        for transcript in blocks(&text, "console").iter().flat_map(|block| transcripts(block)) {
            let happened: &String =
                outputs.entry(transcript.command.to_owned()).or_insert_with_key(|command| run(command));
            if without_seconds(happened) == without_seconds(transcript.output) {
                commands.push(page.clone());
                continue;
            }
            assert!(is_update, "{page}: $ {}\n{happened}", transcript.command);
            let shown = |output: &str| format!("$ {}\n{output}", transcript.command);
            current = current.replacen(shown(transcript.output).trim_end(), shown(happened).trim_end(), 1);
        }
        if current != text {
            fs::write(Path::new(ROOT).join(&page), current).unwrap();
        }
    }
    let of = |prefix: &str| commands.iter().filter(|page| page.starts_with(prefix)).count();
    assert!(is_update || of("README.md") == 2 && of("docs/") >= 10, "{commands:?}");
}

/// A command, and what it writes.
#[cfg(unix)]
struct Transcript<'a> {
    command: &'a str,
    output: &'a str,
}

#[cfg(unix)]
fn transcripts(block: &str) -> Vec<Transcript<'_>> {
    let parts = block.strip_prefix("$ ").unwrap().split("\n$ ");
    parts
        .map(|part| {
            let (command, output) = part.split_once('\n').unwrap_or((part, ""));
            Transcript { command, output: output.trim_end() }
        })
        .collect()
}

/// What a shell command writes.
#[cfg(unix)]
fn run(command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_lastack"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("({}) 2>&1", command.replace("cargo run --release", "lastack"))])
        .env("PATH", &path)
        .env("LC_ALL", "C.UTF-8")
        .env_remove("COLUMNS")
        .current_dir(ROOT)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Each row of the table of states names a capture, and quotes the report on it that stands below.
#[cfg(unix)]
#[test]
fn the_table_of_states_quotes_the_reports() {
    for page in ["docs/why-stuck.md", "docs/zh/why-stuck.md"] {
        let text = read(page);
        let shown: Vec<Transcript> =
            blocks(&text, "console").iter().flat_map(|block| transcripts(block)).collect();
        let quoted: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| {
                line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once("| `")?.1.split_once("`: ")
            })
            .collect();
        assert!(quoted.len() > 10, "{page}: {quoted:?}");
        for (capture, words) in quoted {
            let command = format!(" replay tests/captures/{capture} ");
            let report = shown.iter().find(|transcript| transcript.command.contains(&command));
            let report = report.unwrap_or_else(|| panic!("{page} does not show the report on {capture}"));
            let report: Vec<&str> = report.output.split_whitespace().collect();
            assert!(report.join(" ").contains(words), "{page}: the report on {capture} has no `{words}`");
        }
    }
}

/// A command `lastack … --format svg -o NAME` of the book has drawn the picture of that name in `docs/pictures/`.
/// Those of the gallery are of a test of their own.
#[cfg(unix)]
#[test]
fn the_pictures_are_what_the_commands_draw() {
    let mut drawn: BTreeMap<PathBuf, (String, String)> = BTreeMap::new();
    let mut shown = Vec::new();
    for page in pages().into_iter().filter(|page| page != "docs/gallery.md") {
        let text = read(&page);
        for line in blocks(&text, "sh").iter().flat_map(|block| block.lines()) {
            let Some((command, name)) = line.split_once(" -o ").filter(|(command, _)| command.ends_with(" svg"))
            else {
                continue;
            };
            let path = Path::new("pictures").join(name.split(' ').next().unwrap());
            if let Some((other, _)) = drawn.get(&path) {
                assert_eq!(command, other, "{page}");
            } else {
                drawn.insert(path, (command.to_owned(), run(command) + "\n"));
            }
        }
        shown.extend(links(&prose(&text)).into_iter().map(|(target, _)| resolved(&page, &target)));
    }
    let shown =
        shown.iter().filter_map(|path| path.strip_prefix("docs/").filter(|path| path.starts_with("pictures/")));
    let not_drawn: Vec<&str> = shown.filter(|path| !drawn.contains_key(Path::new(path))).collect();
    assert!(not_drawn.is_empty(), "no command of the book draws {not_drawn:?}");
    let pictures = drawn.into_iter().map(|(path, (_, picture))| (path, picture)).collect();
    generated::assert_current("pictures", &pictures);
}

#[test]
fn the_files_that_are_shown_are_the_examples() {
    for (page, file) in [
        ("docs/tutorial/what-may-go-wrong.md", "examples/my-project/properties/the-last-ack-is-lost.toml"),
        ("docs/tutorial/your-own.md", "examples/my-project/properties/first-to-close-leaves-last.toml"),
        ("docs/tutorial/your-own.md", "examples/my-project/scenarios/my-network.toml"),
        ("docs/tutorial/your-own.md", "examples/my-project/policies/my-device.toml"),
        ("docs/tutorial/your-own.md", "examples/my-project/scenarios/my-device.toml"),
        ("docs/tutorial/your-own.md", "examples/my-project/lastack.toml"),
        ("docs/properties.md", "examples/properties/both-reach-time-wait.toml"),
        ("docs/scenarios.md", "examples/scenarios/slow-retransmission.toml"),
        ("docs/scenarios.md", "examples/scenarios/firewall-forgets.toml"),
    ] {
        let text = read(page);
        assert!(blocks(&text, "toml").contains(&read(file).as_str()), "{page} does not show {file} as it is");
    }
}

/// Two commands are promised, and the second is what CI calls.
#[test]
fn ci_calls_the_test_command() {
    let readme = read("README.md");
    let commands: Vec<&str> = blocks(&readme, "sh").first().unwrap().lines().collect();
    assert_eq!(commands.len(), 2);
    assert!(commands[0].starts_with("cargo run --release check"));
    let test = commands[1].split('#').next().unwrap().trim();
    assert!(read(".ci/run").lines().any(|line| line == test), "{test}");
}

/// Who opens the README wants to know within some screens what this is.
#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 200, "{lines} lines: what is more belongs into docs/");
}

#[test]
fn the_readme_names_the_minimal_rust_version() {
    let manifest = read("Cargo.toml");
    let version = manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(read("README.md").contains(&format!("Rust {version} or later")), "the README does not name {version}");
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for (target, fragment) in links(&prose(&text)) {
            let path = match target.as_str() {
                "" => page.clone(),
                target => resolved(&page, target),
            };
            let is_there = Path::new(ROOT).join(&path).exists();
            let leads = fragment.is_empty() || is_there && headings(&read(&path)).contains(&fragment);
            if !is_there || !leads {
                broken.push(format!("{page}: {target}#{fragment}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Links to other files, each as path and fragment.
fn links(text: &str) -> Vec<(String, String)> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let inner = targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    inner
        .map(|target| {
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            (path.to_owned(), fragment.to_owned())
        })
        .collect()
}

/// A link of a page, as a path from the root.
fn resolved(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The fragments that GitHub gives the headings of a page.
fn headings(text: &str) -> Vec<String> {
    let text = prose(text);
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_');
    headings
        .map(|line| line.to_lowercase().replace(' ', "-").chars().filter(|char| kept(*char)).collect())
        .collect()
}

/// Those that `docs/SUMMARY.md` lists, in its order, which is the book's.
fn chapters() -> Vec<String> {
    let links = links(&read("docs/SUMMARY.md"));
    links.into_iter().map(|(target, _)| resolved("docs/SUMMARY.md", &target)).collect()
}

#[test]
fn every_page_is_a_chapter_of_the_book_once() {
    let mut chapters = chapters();
    chapters.sort();
    let is_page = |page: &String| page.starts_with("docs/") && page != "docs/SUMMARY.md";
    assert_eq!(chapters, pages().into_iter().filter(is_page).collect::<Vec<_>>());
}

/// The book is published without the rest of the repository. Its `README.md` becomes `index.html` there, which
/// links that name the file do not reach.
#[test]
fn the_book_links_to_nothing_outside_of_it() {
    let mut outside = Vec::new();
    for page in chapters() {
        for (target, _) in links(&prose(&read(&page))) {
            let path = if target.is_empty() { page.clone() } else { resolved(&page, &target) };
            if !path.starts_with("docs/") || path == "docs/README.md" {
                outside.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(outside.is_empty(), "{}", outside.join("\n"));
}

/// What stands at the head of a translation that was made from an earlier original.
const OLDER: &str = "> **本页译自较早的英文版**，英文版此后有改动。\n\n";

/// A page of another language.
struct Translation {
    page: String,
    original: String,
    /// Of the original's prose, when it was translated.
    hash: String,
}

/// The translations by their first lines, `<!-- Translates docs/questions.md, whose prose is 0123456789abcdef
/// -->`.
fn translations() -> Vec<Translation> {
    let of = |page: String| {
        let text = read(&page);
        let rest = text.strip_prefix("<!-- Translates ")?;
        let (original, hash) = rest.split_once(" -->")?.0.split_once(", whose prose is ")?;
        Some(Translation { original: original.to_owned(), hash: hash.to_owned(), page })
    };
    pages().into_iter().filter_map(of).collect()
}

/// FNV-1a, of the words alone: a number in a transcript, or where a line ends, needs no translation.
fn hash(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let prose = prose(text);
    let bytes = prose.split_whitespace().flat_map(str::bytes);
    format!("{:016x}", bytes.fold(0xcbf2_9ce4_8422_2325, step))
}

#[test]
fn a_translation_that_is_older_says_so() {
    let mut wrong = Vec::new();
    for Translation { page, original, hash: translated } in translations() {
        let (text, now) = (read(&page), hash(&read(&original)));
        let (is_older, says_so) = (translated != now, text.contains(OLDER));
        if is_older != says_so && crate::writes_what_is_new() {
            let title = text.find("\n# ").unwrap() + 1;
            let text = if is_older {
                let (head, rest) = text.split_at(title + text[title..].find("\n\n").unwrap() + 2);
                format!("{head}{OLDER}{rest}")
            } else {
                text.replacen(OLDER, "", 1)
            };
            fs::write(Path::new(ROOT).join(&page), text).unwrap();
        } else if is_older != says_so {
            wrong.push(format!("{page}: the prose of {original} is {now}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nTranslate what has changed and write the new number into the first line, or mark the page as older: \
         INSTA_UPDATE=always cargo test --test it readme::a_translation",
        wrong.join("\n")
    );
}

/// A new number alone does not make a translation current: each section has the paragraphs of the original.
#[test]
fn a_translation_has_as_many_paragraphs() {
    let paragraphs = |page: &str| -> Vec<usize> {
        let text = format!("\n{}", prose(&read(page)));
        let of = |section: &str| section.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()).count();
        text.split("\n#").skip(1).map(of).collect()
    };
    for Translation { page, original, .. } in translations() {
        if !read(&page).contains(OLDER) {
            assert_eq!(paragraphs(&page), paragraphs(&original), "{page}");
        }
    }
}

/// Its commands, files and pictures are those of the original, in the same order.
#[test]
fn a_translation_shows_what_its_original_shows() {
    let translations = translations();
    assert!(translations.iter().any(|translation| translation.page == "README.zh.md"));
    for page in pages() {
        let is_chinese = page.starts_with("docs/zh/") || page == "README.zh.md";
        assert_eq!(is_chinese, translations.iter().any(|translation| translation.page == page), "{page}");
    }
    for Translation { page, original, .. } in translations {
        let fenced = |text: &str| text.split("\n```").skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        let pictures = |page: &str| {
            let text = prose(&read(page));
            let targets = text.split("![").skip(1).filter_map(|rest| rest.split("](").nth(1)?.split(')').next());
            targets.map(|target| resolved(page, target)).collect::<Vec<_>>()
        };
        let [translated, shown] = [&page, &original].map(|page| read(page));
        // Both are written at once.
        if !crate::writes_what_is_new() {
            assert_eq!(fenced(&translated), fenced(&shown), "{page}");
        }
        assert_eq!(pictures(&page), pictures(&original), "{page}");
    }
}

/// A path in `code` that begins with a folder of the repository is one that exists; a `*` or a `<name>` stands for
/// anything.
#[test]
fn paths_that_are_named_exist() {
    const FOLDERS: [&str; 11] = [
        "src/",
        "tests/",
        "docs/",
        "properties/",
        "scenarios/",
        "policies/",
        "examples/",
        "benches/",
        "fuzz/",
        ".ci/",
        ".github/",
    ];
    let mut missing = Vec::new();
    for page in pages() {
        let text = prose(&read(&page));
        for code in text.split('`').skip(1).step_by(2).filter(|code| !code.contains(char::is_whitespace)) {
            let is_pattern = |part: &&str| part.contains(['*', '<', '…', '{']);
            let is_path = FOLDERS.iter().any(|folder| code.starts_with(folder));
            let path: PathBuf = code.split('/').take_while(|part| !is_pattern(part)).collect();
            if is_path && !Path::new(ROOT).join(&path).exists() {
                missing.push(format!("{page}: {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
