//! The picture of `docs/law.md`: for each number of losses the shortest `TIME_WAIT` that the checker accepts.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::generated;

/// A curve, in the default world of the scenario: an MSL of 2 ticks, and as long a timeout.
struct Curve {
    label: &'static str,
    class: &'static str,
    scenario: &'static str,
    property: &'static str,
    settings: &'static [&'static str],
    /// The law: the shortest wait for 0, 1, 2 and 3 losses, in ticks.
    waits: [u32; 4],
}

const FIN: &str = "no-premature-closed@A";

const CURVES: [Curve; 4] = [
    Curve {
        label: "no FIN is left, timeouts double",
        class: "backoff",
        scenario: "sequential",
        property: FIN,
        settings: &["tcp.backoff=true", "tcp.rto_max=100"],
        waits: [4, 4, 8, 16],
    },
    Curve {
        label: "no FIN is left, with an octet of B's",
        class: "octet",
        scenario: "half-close",
        property: FIN,
        settings: &[],
        waits: [4, 6, 8, 10],
    },
    Curve {
        label: "nothing is left",
        class: "nothing",
        scenario: "sequential",
        property: "nothing-outlives-time-wait@A",
        settings: &[],
        waits: [6, 6, 6, 8],
    },
    Curve {
        label: "no FIN is left",
        class: "fin",
        scenario: "sequential",
        property: FIN,
        settings: &[],
        waits: [4, 4, 6, 8],
    },
];

/// Whether the checker accepts that wait.
fn holds(curve: &Curve, losses: usize, wait: u32) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    command.args(["check", curve.scenario, "--property", curve.property, "--set", "network.duplicates=0"]);
    for setting in curve.settings {
        command.args(["--set", setting]);
    }
    command.args(["--set", &format!("network.losses={losses}"), "--set", &format!("tcp.time_wait={wait}")]);
    match command.stdout(Stdio::null()).status().unwrap().code() {
        Some(0) => true,
        Some(1) => false,
        code => panic!("{code:?}: {command:?}"),
    }
}

const HEAD: &str = r#"<svg class="law" height="420" role="img" style="max-width: 100%; height: auto" viewBox="0 0 760 420" width="760" xmlns="http://www.w3.org/2000/svg">
<title>The shortest TIME_WAIT that is long enough, by the number of losses</title>
<style>
.law { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.law text { fill: #1f2328; }
.law .page { fill: #ffffff; }
.law .grid { stroke: #d1d9e0; }
.law .two { stroke: #eac54f; stroke-width: 3px; }
.law polyline { fill: none; stroke-width: 2px; }
.law .fin { stroke: #0550ae; }
.law .nothing { stroke: #6e7781; stroke-dasharray: 2 3; }
.law .octet { stroke: #1a7f37; stroke-dasharray: 8 3; }
.law .backoff { stroke: #cf222e; stroke-dasharray: 8 3 2 3; }
.law .point { fill: #ffffff; stroke-width: 2px; stroke-dasharray: none; }
@media (prefers-color-scheme: dark) {
.law text { fill: #f0f6fc; }
.law .page, .law .point { fill: #0d1117; }
.law .grid { stroke: #3d444d; }
.law .two { stroke: #9e6a03; }
.law .fin { stroke: #79c0ff; }
.law .nothing { stroke: #9198a1; }
.law .octet { stroke: #56d364; }
.law .backoff { stroke: #ff7b72; }
}
</style>
<rect class="page" height="420" width="760" x="0" y="0"/>
"#;

/// Where a number of losses, and a wait in ticks, are drawn.
fn place(losses: usize, wait: u32) -> (u32, u32) {
    (70 + 120 * u32::try_from(losses).unwrap(), 372 - 20 * wait)
}

fn picture() -> String {
    let mut svg = HEAD.to_owned();
    for msls in 0..=8 {
        let (left, y) = place(0, 2 * msls);
        let (right, _) = place(3, 0);
        let class = if msls == 2 { "two" } else { "grid" };
        let _ = writeln!(svg, r#"<line class="{class}" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>"#);
        let _ = writeln!(svg, r#"<text text-anchor="end" x="{}" y="{}">{msls} MSL</text>"#, left - 12, y + 4);
    }
    for losses in 0..4 {
        let (x, y) = place(losses, 0);
        let _ = writeln!(svg, r#"<text text-anchor="middle" x="{x}" y="{}">{losses}</text>"#, y + 18);
    }
    let _ =
        writeln!(svg, r#"<text text-anchor="middle" x="250" y="410">losses, with a timeout of one MSL</text>"#);
    let _ = writeln!(svg, r#"<text x="20" y="24">the shortest TIME_WAIT that is long enough</text>"#);
    for (index, Curve { label, class, waits, .. }) in CURVES.iter().enumerate() {
        let points = waits.iter().enumerate().map(|(losses, wait)| place(losses, *wait));
        let line: Vec<String> = points.clone().map(|(x, y)| format!("{x},{y}")).collect();
        let _ = writeln!(svg, r#"<polyline class="{class}" points="{}"/>"#, line.join(" "));
        for (x, y) in points {
            let _ = writeln!(svg, r#"<circle class="{class} point" cx="{x}" cy="{y}" r="4"/>"#);
        }
        let y = 60 + 24 * index;
        let _ = writeln!(svg, r#"<polyline class="{class}" points="450,{y} 490,{y}"/>"#);
        let _ = writeln!(svg, r#"<text x="500" y="{}">{label}</text>"#, y + 4);
    }
    svg + "</svg>\n"
}

#[test]
fn the_picture_of_the_law_is_what_the_checker_finds() {
    for curve in &CURVES {
        for (losses, wait) in curve.waits.into_iter().enumerate() {
            assert!(holds(curve, losses, wait), "{}, {losses} losses: {wait} ticks are too short", curve.label);
            assert!(!holds(curve, losses, wait - 1), "{}, {losses} losses: less is enough", curve.label);
        }
    }
    generated::assert_current("law", &BTreeMap::from([(PathBuf::from("law/law.svg"), picture())]));
}
