//! The gallery: a picture of one counterexample for each scenario that has one, and the page that shows them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use lastack::check::{Library, Which, shortest_trace};
use lastack::explore::Limits;
use lastack::report::trace::svg;
use lastack::scenario::{Expectation, Expected, Scenario};

use crate::generated;

const HEAD: &str = "\
# Gallery

<!-- Written by tests/it/gallery.rs: INSTA_UPDATE=always cargo test --test it gallery -->

One counterexample for each scenario that has one, to the first property in its file that is expected to be violated.
Each is a shortest one; `lastack` has drawn them, and a test keeps them current.

Time runs downwards, and the two lifelines are endpoint A and endpoint B. An arrow leads from where a copy of a segment
is sent to where it is delivered: the more slanted, the later. A cross is a copy that is lost, a dot on an arrow the
place where the network duplicates it, a dashed line a copy that is still in flight at the end. A diamond is a call of
the application, a clock a timer that expires. At the left is time, in ticks and to scale: the thick parts of the axis
are instants, in which things happen one after another but no time passes. Beside each lifeline are the states that its
end is in, `TIME_WAIT` in yellow; a dotted lifeline is CLOSED. The violation is shaded: the last step, or the steps that
are repeated forever.
";

/// What is to be in `docs`, by path.
fn gallery() -> BTreeMap<PathBuf, String> {
    let library = Library::shipped().unwrap();
    let mut files = BTreeMap::new();
    let mut page = HEAD.to_owned();
    let mut without = Vec::new();
    for scenario in library.scenarios(Which::All, &[], 1).unwrap() {
        // What becomes of stacks in pairs is in words, in docs/stacks.md.
        if scenario.source.path.starts_with("scenarios/pairs/") {
            continue;
        }
        let Some(stated) = first_violated(&scenario) else {
            without.push(format!("`{}`", scenario.name));
            continue;
        };
        let (name, property) = (&scenario.name, &stated.property);
        let instances = library.instances(property).unwrap();
        let (instance, trace) =
            shortest_trace(&scenario, &instances, Limits::NONE).unwrap().found().expect("it is violated");
        let _ = write!(
            page,
            "\n## {name}\n\n{about}\n\nThe property `{property}`: {property_about}\n\nWhy it is violated: {because}\n\n\
             ```sh\nlastack show {name} {property} --format svg -o {name}.svg\n```\n\n\
             ![{instance} is violated in {name}](gallery/{name}.svg)\n",
            about = scenario.about,
            property_about = instance.property.about,
            because = stated.because,
            instance = instance.name(),
        );
        files.insert(PathBuf::from(format!("gallery/{name}.svg")), svg::draw(&scenario, &instance, &trace) + "\n");
    }
    let _ = write!(
        page,
        "\n## Scenarios without a counterexample\n\nNothing is violated in {}.\n",
        without.join(", ")
    );
    files.insert(PathBuf::from("gallery.md"), page);
    files
}

/// The first in the file that is expected to be violated.
fn first_violated(scenario: &Scenario) -> Option<&Expectation> {
    let violated = scenario.expectations.iter().filter(|stated| stated.verdict == Expected::Violated);
    violated.min_by_key(|stated| stated.span.start)
}

#[test]
fn the_gallery_is_current() {
    generated::assert_current("gallery", &gallery());
}

/// The README shows a picture of the gallery.
#[test]
fn the_readme_shows_one() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let shown: Vec<&str> =
        readme.split("](docs/gallery/").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    let gallery = gallery();
    assert!(
        !shown.is_empty() && shown.iter().all(|name| gallery.contains_key(&Path::new("gallery").join(name))),
        "{shown:?}"
    );
}
