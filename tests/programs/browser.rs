//! The explorer's page in Chromium: what it shows, by keys and by links, in both themes and at both widths.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::chromium::Browser;
use crate::running::Explorer;
use crate::{Missing, needs, variable};

/// The page has drawn what its address names.
const READY: &str = "document.body?.dataset.ready !== undefined && document.body?.dataset.ready === location.hash";

/// A world of real time whose shortest counterexample has its moments in thirds of a tick.
const THIRDS: [&str; 9] = [
    "sequential",
    "--property",
    "nothing-outlives-time-wait",
    "--set",
    "network.msl=4",
    "--set",
    "network.duplicates=0",
    "--set",
    "tcp.time_wait=11",
];

/// What stands in front of a person: a verdict of each kind, and a path.
const SIGHTS: [(&str, &[&str], &str); 5] = [
    ("violated", &["one-msl"], "no-premature-closed@A"),
    ("lasso", &["dead-network", "--property", "both-close"], "both-close"),
    ("real-time", &THIRDS, "nothing-outlives-time-wait@A"),
    ("possible", &["simultaneous", "--property", "closing-is-reached"], "closing-is-reached@A"),
    ("unexpected", &["sequential", "--set", "tcp.time_wait=1"], ""),
];

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

/// Where pictures are kept: CI has them for people.
fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn browser(test: &str) -> Browser {
    Browser::start(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium-{test}")))
}

/// Nothing was asked for elsewhere, nothing broke, and the policy has forbidden nothing.
fn is_clean(browser: &mut Browser, explorer: &Explorer) {
    let own = format!("http://{}/", explorer.address);
    for event in std::mem::take(&mut browser.events) {
        let params = &event["params"];
        match event["method"].as_str().unwrap() {
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap();
                assert!(url.starts_with(&own) || url == "about:blank", "{url}");
            }
            "Runtime.exceptionThrown" => panic!("{params}"),
            "Log.entryAdded" => assert_ne!(params["entry"]["level"], "error", "{params}"),
            _ => {}
        }
    }
}

/// Every link of the terminal shows its verdict, its last step and its ladder; a lasso's cycle is marked, with why
/// it is fair.
pub(crate) fn links_show_what_they_promise() -> Result<(), Missing> {
    needs("chromium")?;
    let mut browser = browser("links");
    browser.looks(1280, 800, "light");
    let mut lassos = 0;
    for (scenario, properties) in [
        ("one-msl", ["no-premature-closed", "no-reset", "both-close"]),
        ("dead-network", ["last-ack-ends", "both-close", "closed-is-final"]),
        ("simultaneous", ["both-reach-closing", "stale-fin-meets-closed", "time-wait-ends"]),
    ] {
        let args: Vec<&str> = properties.iter().flat_map(|property| ["--property", property]).collect();
        let explorer = Explorer::start(&[&[scenario], &*args].concat());
        let links = links(&explorer.printed);
        assert!(!links.is_empty(), "{}", explorer.printed);
        for Link { instance, verdict, url } in &links {
            browser.open(url, READY);
            let shown = browser.text("#shown");
            assert!(shown.contains(&format!("is {verdict}")), "{instance}: {shown}");
            assert!(shown.contains(instance.as_str()), "{instance}: {shown}");
            assert_eq!(browser.count("#path [aria-current]"), 1);
            assert!(browser.count("#ladder svg text") > 10);
            assert_eq!(browser.count(&format!("#ladder .lastack-band-{verdict}")), 1);
            assert!(browser.count("nav a[aria-current]") >= 1, "{instance}");
            let cycle = browser.count("#path .cycle");
            if cycle > 0 {
                lassos += 1;
                assert!(browser.count("#fair li") > 0, "{shown}");
                assert_eq!(browser.count("#ladder .lastack-bracket"), 1);
            }
        }
        is_clean(&mut browser, &explorer);
    }
    assert!(lassos > 0);
    Ok(())
}

/// By keys alone: actions are taken and undone, the path is gone along, and a formula is asked about it.
pub(crate) fn keys_are_enough() -> Result<(), Missing> {
    needs("chromium")?;
    let mut browser = browser("keys");
    browser.looks(1280, 800, "dark");
    let explorer = Explorer::start(&["one-msl", "--property", "no-premature-closed"]);
    browser.open(&format!("http://{}/#/steps/0", explorer.address), READY);
    let first = browser.text("#next li:first-child button span:nth-of-type(1)");
    assert_eq!(first, "A calls shutdown");
    let taken = |browser: &mut Browser, key: &str, steps: u64| {
        browser.press(key);
        browser.wait(&format!("document.querySelectorAll('#path button').length === {}", steps + 1));
        browser.wait(READY);
    };
    taken(&mut browser, "1", 1);
    assert_eq!(browser.value("location.hash"), "#/steps/0/0");
    assert!(browser.text("#state td.changed").contains("FIN_WAIT_1"), "{}", browser.text("#state"));
    assert!(browser.text("#state li").contains("FIN seq=1"), "{}", browser.text("#state"));
    taken(&mut browser, "1", 2);
    taken(&mut browser, "u", 1);
    taken(&mut browser, "2", 2);
    browser.press("ArrowUp");
    browser.wait("document.querySelector('#path li:nth-child(2) button[aria-current]')");
    browser.wait(READY);
    assert_eq!(browser.count("#path .later"), 1);
    assert_eq!(browser.count("#ladder .explorer-later"), 1);
    // From the middle another way is taken.
    taken(&mut browser, "1", 2);
    assert_eq!(browser.value("location.hash"), "#/steps/0/0/0");
    browser.press("Home");
    browser.wait("document.querySelector('#path li:first-child button[aria-current]')");

    browser.press("f");
    assert_eq!(browser.value("document.activeElement.id"), "formula");
    browser.call("Input.insertText", &json!({ "text": "self.state == FIN_WAIT_1" }));
    browser.value("document.getElementById('ask').requestSubmit()");
    browser.wait("document.querySelectorAll('#truth .strip').length === 2");
    let truth = browser.text("#truth");
    assert!(truth.contains("where self is A: the path is an example: p is true after step 1"), "{truth}");
    browser.value("document.getElementById('formula').value = 'always A.state == FIN_WAIT'");
    browser.value("document.getElementById('ask').requestSubmit()");
    browser.wait("document.querySelector('#truth pre')");
    let mistake = browser.text("#truth");
    assert!(mistake.contains("FIN_WAIT") && mistake.contains('^'), "{mistake}");
    // The mistake is an answer of its own.
    browser.events.retain(|event| !event.to_string().contains("422"));
    is_clean(&mut browser, &explorer);

    browser.open(&format!("http://{}/#/steps/0/0/99", explorer.address), READY);
    assert!(browser.text("#shown").contains("There is no such path"), "{}", browser.text("#shown"));
    // Of a former path nothing is left, not even where the address was cut off within a character.
    let shown = |browser: &mut Browser, selector: &str| {
        browser.value(&format!("document.querySelector('{selector}').checkVisibility()")) == true
    };
    browser.open(&format!("http://{}/#/steps/0/0", explorer.address), READY);
    assert!(shown(&mut browser, "aside") && shown(&mut browser, "#ladder"));
    browser.value("location.hash = '#/run/%E0%A4%A'");
    browser.wait(READY);
    assert!(browser.text("#shown").contains("There is no such path"), "{}", browser.text("#shown"));
    assert!(!shown(&mut browser, "aside") && !shown(&mut browser, "#ladder") && !shown(&mut browser, "#own"));
    browser.press("ArrowUp");
    assert_eq!(browser.value("location.hash"), "#/run/%E0%A4%A");
    browser.value("document.querySelector('#shown a').click()");
    browser.wait(READY);
    assert!(shown(&mut browser, "aside") && shown(&mut browser, "#ladder"));
    Ok(())
}

/// In light and dark, at 390 and at 1280 pixels, nothing is wider than the page, and the ladder stands before what
/// explains it. With axe-core at hand, the page is accessible.
pub(crate) fn it_looks_right_everywhere() -> Result<(), Missing> {
    needs("chromium")?;
    let axe = variable("AXE", "a folder with axe-core");
    let axe =
        axe.map(|folder| fs::read_to_string(Path::new(&folder).join("node_modules/axe-core/axe.min.js")).unwrap());
    let mut browser = browser("looks");
    for (sight, args, name) in SIGHTS {
        let explorer = Explorer::start(args);
        for (width, height) in [(390, 844), (1280, 800)] {
            for theme in ["light", "dark"] {
                browser.looks(width, height, theme);
                browser.open(&format!("http://{}/", explorer.address), READY);
                assert!(browser.text("#shown h2").contains(name), "{}", browser.text("#shown h2"));
                let is_wide = browser.value("document.documentElement.scrollWidth > innerWidth");
                assert_eq!(is_wide, false, "{sight} at {width}");
                let top = |browser: &mut Browser, selector: &str| {
                    browser.value(&format!("document.querySelector('{selector}').getBoundingClientRect().top"))
                };
                let ladder = top(&mut browser, "#ladder").as_f64().unwrap();
                assert!(ladder < top(&mut browser, "#path").as_f64().unwrap() + 500.);
                assert!(
                    ladder < f64::from(height),
                    "{sight}: the ladder begins at {ladder}, at {width} in {theme}"
                );
                browser.picture(&pictures().join(format!("{sight}-{width}-{theme}.png")), width == 390);
                if let Ok(axe) = &axe {
                    browser.value(&format!("{axe}; true"));
                    let report = browser.value(
                        "axe.run().then((found) => found.violations.map((one) => \
                         [one.id, one.help, one.nodes.slice(0, 3).map((node) => node.html)]))",
                    );
                    assert_eq!(report, Value::Array(Vec::new()), "{sight} at {width} in {theme}: {report:#}");
                }
            }
        }
        is_clean(&mut browser, &explorer);
    }
    // The test has been passed without it.
    axe.map(drop)
}

/// stateright's own page works on the same states.
pub(crate) fn stateright_page_works() -> Result<(), Missing> {
    needs("chromium")?;
    let mut browser = browser("stateright");
    browser.looks(1280, 800, "light");
    let explorer = Explorer::start(&["one-msl", "--property", "no-premature-closed"]);
    let link = links(&explorer.printed).remove(0);
    let url = link.url.replace("/#/", "/stateright/#/");
    browser.open(&url, "document.querySelectorAll('.path-list li').length > 3 && document.querySelector('svg')");
    let text = browser.text("main");
    let statement = format!("Example found: Sometimes a counterexample to {}", link.instance);
    assert!(text.contains(&statement), "{text}");
    assert!(browser.text(".path-list li:last-child").contains("timer expires"), "{}", browser.text(".path-list"));
    browser.picture(&pictures().join("stateright.png"), false);
    Ok(())
}
