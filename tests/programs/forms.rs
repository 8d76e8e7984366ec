//! The forms of a counterexample, read by what they are for: Apalache's traces by itf-py, Mermaid by its own
//! parser, captures by tshark.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use lastack::model::{Event, InFlightSegment};
use lastack::report::trace::pcap;
use lastack::trace::Trace;
use pcap_file::pcap::PcapReader;
use serde_json::{Value, json};

use crate::shown::{GALLERY, Shown};
use crate::{Missing, needs, variable};

/// Reads traces, and writes them again as it has understood them; it takes an empty record for a missing value.
const READ_ITF: &str = r##"
import json, sys
from itf_py import trace_from_json, trace_to_json
traces = json.load(sys.stdin)
for trace in traces:
    read = trace_to_json(trace_from_json(trace))
    for state in read["states"]:
        if state["action"]["value"] is None:
            state["action"]["value"] = {}
    assert read["states"] == trace["states"], trace["#meta"]
    assert read["vars"] == trace["vars"] and read.get("loop") == trace.get("loop"), trace["#meta"]
print(len(traces))
"##;

pub(crate) fn a_reader_of_itf_understands_every_trace() -> Result<(), Missing> {
    let folder = variable("ITF_PY", "a folder into which pip has installed itf-py")?;
    needs("python3")?;
    let traces: Vec<Value> = GALLERY.iter().map(Shown::itf).collect();
    let mut python = Command::new("python3");
    python.args(["-c", READ_ITF]).env("PYTHONPATH", folder);
    let read = piped(&mut python, json!(traces).to_string().as_bytes());
    assert_eq!(read.trim(), GALLERY.len().to_string());
    Ok(())
}

/// Parses every diagram, and prints of each what goes from whom to whom, without the names of copies.
const READ_MERMAID: &str = r"
import { JSDOM } from 'jsdom';
import { text } from 'node:stream/consumers';
globalThis.window = new JSDOM('').window;
globalThis.document = window.document;
const mermaid = (await import('mermaid')).default;
const read = [];
for (const source of JSON.parse(await text(process.stdin))) {
    await mermaid.parse(source);
    const diagram = await mermaid.mermaidAPI.getDiagramFromText(source);
    const { SOLID, SOLID_CROSS } = diagram.db.LINETYPE;
    const arrows = diagram.db.getMessages().filter(({ type }) => [SOLID, SOLID_CROSS].includes(type));
    read.push({
        title: diagram.db.getDiagramTitle(),
        arrows: arrows.map(({ from, to, type, message }) => {
            // It keeps the names of characters in a disguise until it draws them.
            const label = message.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCharCode(code)).split('<br/>')[0];
            return `${from} ${type === SOLID ? 'to' : 'not to'} ${to}: ${label.match(/^(?:old )?#\d+′* (.+)$/)?.[1]}`;
        }),
    });
}
console.log(JSON.stringify(read));
";

pub(crate) fn mermaid_understands_every_diagram() -> Result<(), Missing> {
    let folder = variable("MERMAID", "a folder into which npm has installed mermaid and jsdom")?;
    needs("node")?;
    let diagrams: Vec<String> = GALLERY.iter().map(Shown::mermaid).collect();
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", READ_MERMAID]).current_dir(folder);
    let read: Value = serde_json::from_str(&piped(&mut node, json!(diagrams).to_string().as_bytes())).unwrap();
    for (shown, read) in GALLERY.iter().zip(read.as_array().unwrap()) {
        assert_eq!(read["arrows"], json!(arrows(&shown.trace)), "{}", shown.name());
        let title = read["title"].as_str().unwrap();
        assert!(title.starts_with(&shown.instance.name()) && title.ends_with(&shown.scenario.name), "{title}");
    }
    assert_eq!(read.as_array().unwrap().len(), GALLERY.len());
    Ok(())
}

/// What arrives and what does not, in order.
fn arrows(trace: &Trace) -> Vec<String> {
    let arrives =
        |InFlightSegment { to, segment, .. }: InFlightSegment| format!("{} to {to}: {segment}", to.peer());
    let is_lost = |InFlightSegment { to, segment, .. }: InFlightSegment| {
        format!("{} not to {to}: {segment} is lost", to.peer())
    };
    let mut arrows = Vec::new();
    for step in &trace.steps {
        arrows.extend(step.expired.iter().copied().map(is_lost));
        match step.event {
            Event::Deliver(copy) => arrows.push(arrives(copy)),
            Event::Lose(copy) => arrows.push(is_lost(copy)),
            _ => {}
        }
    }
    arrows
}

/// The least severity of what Wireshark calls an error; a retransmission, for example, is a note to it.
const ERROR: u32 = 0x0080_0000;

/// Wireshark sees every segment, each with good checksums, nothing that is malformed, and no error.
pub(crate) fn tshark_has_no_complaints() -> Result<(), Missing> {
    needs("tshark")?;
    let captures: BTreeSet<Vec<u8>> = GALLERY.iter().map(|shown| pcap::capture(&shown.trace).unwrap()).collect();
    for capture in captures {
        let mut tshark = Command::new("tshark");
        tshark.args(["-r", "-", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields"]);
        for field in ["ip.checksum.status", "tcp.checksum.status", "_ws.malformed", "_ws.expert.severity"] {
            tshark.args(["-e", field]);
        }
        let output = piped(&mut tshark, &capture);
        for packet in output.lines() {
            let fields: Vec<&str> = packet.split('\t').collect();
            assert_eq!(fields[..3], ["1", "1", ""], "{packet}");
            let mut severities = fields[3].split(',').filter(|severity| !severity.is_empty());
            assert!(severities.all(|severity| severity.parse::<u32>().unwrap() < ERROR), "{packet}");
        }
        assert_eq!(output.lines().count(), packets(&capture));
    }
    Ok(())
}

fn packets(capture: &[u8]) -> usize {
    let mut reader = PcapReader::new(capture).unwrap();
    std::iter::from_fn(|| reader.next_packet().map(|packet| drop(packet.unwrap()))).count()
}

/// What a command writes that reads this and succeeds.
fn piped(command: &mut Command, input: &[u8]) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // One that fails stops reading; its exit code shows that.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
