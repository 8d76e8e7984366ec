//! What people see of a large capture, and of one connection.

use insta::assert_snapshot;
use roxmltree::Document;

use super::{records, replay};

fn stdout(arguments: &[&str]) -> (String, Option<i32>) {
    let output = replay(arguments);
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (text, output.status.code())
}

const PORT_REUSE: &str = "tests/captures/reference/port-reuse.pcap";

#[test]
fn the_summary_comes_first_and_then_what_is_wrong() {
    let (text, code) = stdout(&[PORT_REUSE]);
    assert_eq!(code, Some(0));
    assert_snapshot!("summary", text);
    let (all, _) = stdout(&[PORT_REUSE, "--verbose"]);
    assert!(all.contains("\n6: A 192.0.2.10:50000"), "{all}");
    let numbers: Vec<usize> = all.lines().filter_map(|line| line.split_once(": A ")?.0.parse().ok()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn connections_are_selected() {
    let shown = |arguments: &[&str]| -> Vec<usize> {
        let (text, code) = stdout(&[&[PORT_REUSE], arguments].concat());
        assert_eq!(code, Some(0), "{text}");
        text.lines().filter_map(|line| line.split_once(": A ")?.0.parse().ok()).collect()
    };
    assert_eq!(shown(&["--only", "clean"]), [1, 6]);
    assert_eq!(shown(&["--only", "clean,too-early,not-established"]), [2, 3, 4, 5, 7, 1, 6]);
    assert_eq!(shown(&["--only", "stuck"]), [0_usize; 0]);
    assert_eq!(shown(&["--port", "80"]), [7]);
    assert_eq!(
        shown(&["--host", "203.0.113.1", "--host", "192.0.2.10", "--port", "50000", "-v"]),
        [1, 2, 3, 4, 5, 6]
    );
    assert_eq!(shown(&["--since", "70"]), [7, 6]);
    assert_eq!(shown(&["--since", "70.04", "-v"]), [6, 7]);
    assert_eq!(shown(&["--since", "71s"]), [7]);
    for (arguments, says) in [
        (&["--port", "81"][..], "no connection has these ends"),
        (&["--only", "stock"], "stuck"),
        (&["--since", "soon"], "expected seconds"),
        (&["--connection", "8"], "there is no connection 8, only 7"),
        (&["--format", "svg"], "--connection"),
    ] {
        let (text, code) = stdout(&[&[PORT_REUSE], arguments].concat());
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(says), "{says}: {text}");
    }
}

/// The answer to a FIN was not captured; the state that it leads to follows the FIN all the same.
#[test]
fn a_change_that_is_not_captured_stands_below_what_it_answers() {
    let (ladder, code) = stdout(&["tests/captures/reference/only-second-closer.pcap", "--connection", "1"]);
    assert_eq!(code, Some(0), "{ladder}");
    let at = |what: &str| ladder.lines().position(|line| line.contains(what)).unwrap();
    let fin = at("FIN seq=3001");
    assert_eq!([at("CLOSE_WAIT") + 1, at("LAST_ACK"), at("CLOSED") - 1], [fin; 3], "{ladder}");
}

#[test]
fn a_connection_is_drawn() {
    let (ladder, code) = stdout(&["tests/captures/reference/text-after-reset.pcap", "--connection", "1"]);
    assert_eq!(code, Some(1));
    assert_snapshot!("ladder", ladder);
    let (svg, code) =
        stdout(&["tests/captures/reference/text-after-reset.pcap", "--connection", "1", "--format", "svg"]);
    assert_eq!(code, Some(1));
    let document = Document::parse(&svg).unwrap();
    let texts: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text())
        .map(str::trim)
        .collect();
    for expected in ["CLOSE_WAIT", "FIN_WAIT_1", "not explained", "RST seq=1121 ack=20", "1.171 s #21"] {
        assert!(texts.contains(&expected), "{expected}: {texts:?}");
    }
}

/// A number of which a digit is missing would be another number.
#[test]
fn labels_are_not_cut_off() {
    let arguments = ["tests/captures/large.pcap", "--connection", "1"];
    let (ladder, _) = stdout(&arguments);
    assert!(ladder.lines().all(|line| line.chars().count() <= 80), "{ladder}");
    let broken: Vec<&str> = ladder.lines().filter(|line| line.contains('…')).collect();
    assert!(broken.len() > 2 && broken.len().is_multiple_of(2), "{ladder}");
    let words: Vec<&str> = ladder.split([' ', '\n', '│', '├', '┤', '─']).collect();
    let (svg, _) = stdout(&[&arguments[..], &["--format", "svg"]].concat());
    let document = Document::parse(&svg).unwrap();
    let labels = document.descendants().filter_map(|node| node.text()).filter(|text| text.contains(" seq="));
    let mut count = 0;
    for word in labels.flat_map(str::split_whitespace) {
        count += 1;
        assert!(words.contains(&word), "{word}\n{ladder}");
    }
    assert!(count > 20);
}

/// Times are to scale up to a pause that is broken: packets of one instant are closest, later ones further down.
#[test]
fn times_run_downwards() {
    for name in ["half-close", "lost-last-ack", "gave-up", "simultaneous"] {
        let (svg, _) = stdout(&[&format!("tests/captures/{name}.pcap"), "--connection", "1", "--format", "svg"]);
        let document = Document::parse(&svg).unwrap();
        let times = document
            .descendants()
            .filter(|node| node.has_tag_name("text") && node.text().is_some_and(|text| text.contains(" s #")));
        let heights: Vec<f64> = times.map(|node| node.attribute("y").unwrap().parse().unwrap()).collect();
        assert!(heights.windows(2).all(|pair| pair[0] + 20. < pair[1]), "{name}: {heights:?}");
        assert!(heights.len() <= records(name).len() && heights.len() > 5, "{name}");
    }
}
