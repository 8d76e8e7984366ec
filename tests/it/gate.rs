//! The gate itself: every shipped scenario has the expected verdicts and its exact size.

use std::fmt::Write;

use lastack::check::{Checked, GateResult, Library, Options, Which, check, validate};

#[test]
fn every_verdict_is_expected_and_every_world_has_its_size() {
    let library = Library::shipped().unwrap();
    let scenarios = library.scenarios(Which::All, &[], 1).unwrap();
    validate(&library, &scenarios, &library.properties).unwrap();
    let mut sizes = String::new();
    let mut verdicts = String::new();
    check(
        &scenarios,
        &library.properties,
        &Options { threads: None, ..Options::PLAIN },
        &|_, _, _| {},
        |checked: Checked| {
            let (name, stats) = (&checked.scenario.name, checked.stats);
            assert_eq!(checked.stopped, None, "{name}");
            assert_eq!(checked.result(), GateResult::AsExpected, "{name}: {:#?}", checked.results);
            writeln!(sizes, "{name:<24} {:>8} {:>9}", stats.states, stats.transitions).unwrap();
            for outcome in &checked.results {
                let each: Vec<_> = outcome.instances.iter().map(|judged| judged.verdict.name()).collect();
                writeln!(verdicts, "{name:<24} {:<28} {}", outcome.property.name, each.join(", ")).unwrap();
            }
        },
    );
    insta::assert_snapshot!("sizes", sizes);
    insta::assert_snapshot!("verdicts", verdicts);
}

/// A property that can never say anything is no success where the scenario states that it holds; where it holds at
/// one end and says nothing at the other, it is.
#[test]
fn what_is_vacuous_at_both_ends_does_not_hold_as_stated() {
    let folder = crate::folder::Folder::new("gate-vacuous");
    let write = |file: &str, text: &str| std::fs::write(folder.0.join(file), text).unwrap();
    for inner in ["scenarios", "properties"] {
        std::fs::create_dir(folder.0.join(inner)).unwrap();
    }
    let state =
        |state: &str| format!("about = \"x\"\nformula = \"always (self.state == {state} implies losses == 0)\"\n");
    write("properties/never.toml", &state("LISTEN"));
    write("properties/one-end.toml", &state("LAST_ACK"));
    let expects = |property: &str| {
        format!(
            "about = \"x\"\nextends = \"sequential\"\nproperties = [\"{property}\"]\n[network]\nlosses = 0\n\
             [expect.{property}]\nverdict = \"holds\"\nbecause = \"It has to.\"\n"
        )
    };
    write("scenarios/both.toml", &expects("never"));
    write("scenarios/one.toml", &expects("one-end"));
    let check = |scenario: &str| {
        let args = ["check", scenario, "--scenarios", "scenarios", "--properties", "properties"];
        crate::run::Run::of(&mut folder.command(&args))
    };
    let (both, one) = (check("both"), check("one"));
    assert_eq!((both.code, one.code), (1, 0), "{}{}", both.stdout, one.stdout);
    assert!(
        both.stdout.contains("vacuous     never\n              expected holds: It has to."),
        "{}",
        both.stdout
    );
}
