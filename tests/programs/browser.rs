//! The explorer in Chromium.

use std::fs;
use std::path::Path;
use std::process::Command;

use lastack::check::Library;
use lastack::model::{TimedWorld, WorldState};
use lastack::property::Verdict;

use crate::running::Explorer;
use crate::{Missing, needs};

/// A line of an explorer's output.
struct Link {
    instance: String,
    verdict: String,
    url: String,
}

fn links(printed: &str) -> Vec<Link> {
    let links = printed.lines().filter_map(|line| {
        let (rest, path) = line.split_once("  http://")?;
        let (instance, verdict) = rest.split_once("  ")?;
        let [instance, verdict] = [instance, verdict].map(|word| word.trim().to_owned());
        Some(Link { instance, verdict, url: format!("http://{path}") })
    });
    links.collect()
}

/// Where the places of a deep link lead, and what is done last, by the world itself.
fn walk(scenario: &str, link: &Link) -> (WorldState, String) {
    let library = Library::read(&[], &[]).unwrap();
    let scenario = library.scenarios(&[scenario.to_owned()], &[], 1).unwrap().remove(0);
    let world = TimedWorld::new(scenario.config);
    let places = link.url.split_once("/#/steps/0/").unwrap().1.split('/');
    let mut state = world.initial().unwrap();
    let mut last = String::new();
    for place in places {
        let mut enabled = Vec::new();
        world.enabled(&state, &mut enabled);
        let action = enabled[place.parse::<usize>().unwrap()];
        last = action.to_string();
        state = world.step(&state, action).unwrap();
    }
    (state, last)
}

/// A page as a browser has it once everything is loaded, and its picture.
fn browse(url: &str, picture: &Path, profile: &Path) -> String {
    let output = Command::new("chromium")
        // In a container there are often no namespaces for its sandbox; the pages are our own.
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
        .args(["--window-size=1500,1500", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(url)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What is to be read on a page, words one blank apart.
fn text(html: &str) -> String {
    let without_tags: Vec<&str> =
        html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    let text = without_tags.join(" ").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} in {rest}")).0
}

/// Every deep link shows, in a real browser, its statement, its last action and its ladder; and no page says of a
/// property that it holds which `lastack` refutes.
pub(crate) fn a_browser_shows_what_the_links_promise() -> Result<(), Missing> {
    needs("chromium")?;
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    fs::create_dir_all(&pictures).unwrap();
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explorer-profile");
    let mut seen = Vec::new();
    for (scenario, properties) in [
        ("one-msl", ["no-premature-closed", "no-reset", "both-close"]),
        ("dead-network", ["last-ack-ends", "both-close", "closed-is-final"]),
        ("simultaneous", ["both-reach-closing", "stale-fin-meets-closed", "time-wait-ends"]),
    ] {
        let args: Vec<&str> = properties.iter().flat_map(|property| ["--property", property]).collect();
        let explorer = Explorer::start(&[&[scenario], &*args].concat());
        assert_eq!(explorer.status()["done"], true);
        let links = links(&explorer.printed);
        let refuted = links.iter().filter(|link| link.verdict == Verdict::Violated.name());
        let refuted: Vec<&str> = refuted.map(|link| link.instance.as_str()).collect();
        for link in &links {
            let picture = pictures.join(format!("{scenario}-{}.png", link.instance));
            let page = browse(&link.url, &picture, &profile);
            let (_, last) = walk(scenario, link);
            let text = text(&page);
            let global = between(&text, "Global", "Path of Actions");
            let statement = match &*link.verdict {
                "violated" => format!("✅ Example found: Sometimes a counterexample to {}", link.instance),
                "possible" => format!("✅ Example found: Sometimes {}", link.instance),
                other => panic!("{other} has a link"),
            };
            assert!(global.contains(&statement), "{statement} is not in {global}");
            for instance in &refuted {
                for claim in ["Always", "Eventually"] {
                    assert!(!global.contains(&format!("{claim} {instance}")), "{global}");
                }
            }
            assert!(!global.contains("Searching") && !global.contains("Counterexample found"), "{global}");
            let path = between(&text, "Path of Actions", "Next Action Choices");
            assert!(path.trim_end().ends_with(&last), "{last} is not the last of {path}");
            let ladder = between(&page, "<svg", "</svg>");
            assert!(ladder.contains("ESTABLISHED"), "{ladder}");
            assert!(fs::metadata(&picture).unwrap().len() > 10_000, "{}", picture.display());
            seen.push((scenario, link.verdict.clone()));
        }
    }
    let _ = fs::remove_dir_all(&profile);
    let has = |scenario: &str, verdict: &str| seen.iter().any(|(one, other)| *one == scenario && other == verdict);
    assert!(
        has("one-msl", "violated") && has("dead-network", "violated") && has("simultaneous", "possible"),
        "{seen:?}"
    );
    Ok(())
}
