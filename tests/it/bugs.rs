//! Public bug reports about closing, one test each, with the answer that is right. Their worlds and questions are
//! in `tests/bugs`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// `check` of one of the worlds.
fn check(scenario: &str, arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bugs");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    command.args(["check", scenario, "--scenarios"]).arg(folder.join("scenarios"));
    command.arg("--properties").arg(folder.join("properties")).args(arguments).output().unwrap()
}

/// Asserts the verdict on a property, or on an instance of it (`name@A`), with these settings on top of a
/// scenario.
fn decides(scenario: &str, settings: &[&str], instance: &str, verdict: &str) {
    decides_all(scenario, settings, &[(instance, verdict)]);
}

/// The same for several, in one check.
fn decides_all(scenario: &str, settings: &[&str], expected: &[(&str, &str)]) {
    fn property_and_end(instance: &str) -> (&str, Option<&str>) {
        instance.split_once('@').map_or((instance, None), |(name, end)| (name, Some(end)))
    }
    let mut arguments = vec!["--format", "json"];
    arguments.extend(expected.iter().flat_map(|(instance, _)| ["--property", property_and_end(instance).0]));
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let output = check(scenario, &arguments);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let decided = report["scenarios"][0]["properties"].as_array().unwrap();
    for (instance, verdict) in expected {
        let (property, end) = property_and_end(instance);
        let decided = decided.iter().find(|one| one["name"] == property).unwrap();
        let decided = match end {
            None => &decided["verdict"],
            Some(end) => {
                let instances = decided["instances"].as_array().unwrap();
                &instances.iter().find(|instance| instance["end"] == end).unwrap()["verdict"]
            }
        };
        assert_eq!(decided, verdict, "{instance} in {scenario} with {settings:?}");
    }
}

#[test]
fn what_the_scenarios_expect_is_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bugs/scenarios");
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let text: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
        let expected = text["expect"].as_table().unwrap();
        let names = expected.keys().map(|name| name.split('@').next().unwrap());
        let arguments: Vec<&str> = names.flat_map(|name| ["--property", name]).collect();
        let output = check(file.file_stem().unwrap().to_str().unwrap(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// robur-coop/utcp#24: what is sent in `CLOSE_WAIT` is sent again until it is acknowledged, so that `LAST_ACK` is
/// reached.
#[test]
fn utcp_24_text_of_close_wait_is_sent_again() {
    decides("half-close", &[], "half-close-drains", "holds");
    decides("half-close", &[], "last-ack-is-reached@B", "possible");
}

/// FreeRTOS/FreeRTOS-Plus-TCP#1235: a reset in the window draws a challenge ACK, which draws the reset that is
/// believed; but a reset is never sent again.
#[test]
fn freertos_1235_challenge_and_reset_come_to_an_end() {
    let scenario = "abort-with-text-in-flight";
    decides(scenario, &[], "challenge-then-reset", "possible");
    decides(scenario, &[], "abort-is-noticed@A", "holds");
    decides(scenario, &["network.losses=1"], "abort-is-noticed@A", "violated");
    decides(scenario, &[], "time-passes", "holds");
    decides(scenario, &[], "both-close", "violated");
}

/// nodejs/node-v0.x-archive#3613: the timeout of `FIN_WAIT_2` helps only after `close()`.
#[test]
fn node_3613_fin_wait_2_after_shutdown_has_no_timeout() {
    decides("end-then-silent-peer", &[], "fin-wait-2-ends@A", "violated");
    decides("end-then-silent-peer", &["a.closes_with=close"], "fin-wait-2-ends@A", "holds");
}

/// picotcp#10, zephyr#67067: without a limit of retransmissions nothing ends `LAST_ACK`.
#[test]
fn picotcp_10_a_limit_of_retransmissions_ends_last_ack() {
    decides("last-ack-zombie", &[], "last-ack-ends@B", "violated");
    decides("last-ack-zombie", &["tcp.retries=2"], "last-ack-ends@B", "holds");
}

/// cisco/exanic-software#50: a peer that is dead leaves `FIN_WAIT_1` to the same limit.
#[test]
fn exanic_50_a_limit_of_retransmissions_ends_fin_wait_1() {
    decides("last-ack-zombie", &[], "fin-is-answered@A", "violated");
    decides("last-ack-zombie", &["tcp.retries=2"], "fin-is-answered@A", "holds");
}

/// FreeBSD D30451: two ends acknowledge each other forever, at one instant. What is no question of time is decided
/// all the same, and once time passes the text is sent again and both close.
#[test]
fn freebsd_d30451_an_ack_war_stops_time() {
    let expected = [
        ("time-passes", "violated"),
        ("both-close", "holds"),
        ("closed-is-final", "holds"),
        ("no-premature-closed", "violated"),
    ];
    decides_all("ack-war", &[], &expected);
    decides("ack-war", &["b.sends=0"], "time-passes", "holds");
    decides("ack-war", &["tcp.policy=rfc9293"], "time-passes", "holds");
}

/// Linux 9603d47bad46: a FIN that overtakes the ACK acknowledges as well, so no end is stuck in `FIN_WAIT_2`.
#[test]
fn linux_9603d47b_a_fin_may_overtake_the_ack() {
    decides("ack-and-fin-reordered", &[], "fin-overtakes-ack", "possible");
    decides("ack-and-fin-reordered", &[], "fin-wait-2-ends@A", "holds");
    decides("ack-and-fin-reordered", &[], "both-close", "holds");
    decides("ack-and-fin-reordered", &[], "half-open-is-reached", "impossible");
}

/// holepunchto/libudx#36: without `TIME_WAIT` the peer keeps sending its last FIN.
#[test]
fn libudx_36_without_time_wait_the_peer_waits_for_nobody() {
    decides("no-time-wait", &[], "nobody-waits-for-the-gone@B", "violated");
}

/// aws/s2n-quic#2476: with `SO_LINGER` 0, what was sent may be lost.
#[test]
fn s2n_quic_2476_an_abort_loses_text() {
    decides("linger-zero", &[], "nothing-sent-is-lost", "violated");
    decides("linger-zero", &["a.aborts=false", "a.closes=any-time"], "nothing-sent-is-lost", "holds");
    decides("linger-zero", &[], "both-close", "violated");
}

/// tailscale/tailcat#83: a FIN that is lost is sent again, so the peer reads its EOF, unless the sender gives up.
#[test]
fn tailcat_83_an_eof_arrives_unless_its_sender_gives_up() {
    decides("proxy-half-closes-then-closes", &[], "eof-arrives@B", "holds");
    decides("proxy-half-closes-then-closes", &["tcp.retries=2"], "eof-arrives@B", "violated");
}
