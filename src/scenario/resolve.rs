//! From the keys of a scenario to its world: the defaults, the ranges, and every duration in ticks.

use std::ops::RangeInclusive;

use super::mistake::KeyMistake;
use super::shape::{Delays, EndShape, Shape, WorldKind};
use super::tcp::{EndPolicy, Places, policy};
use super::values::{AfterTicks, Limited, MAX_BUDGET, Seconds};
use crate::model::{
    Application, Closes, ClosesWith, Config, EndConfig, MAX_DURATION, Opening, Opens, SegmentCopy, Timers,
};
use crate::policy::{Bounds, Clock, DEFAULT_MSL_MILLISECONDS, Policies};

/// The world that a scenario comes to, with every duration multiplied by `scale`, and the policies of A and B.
pub(super) fn resolve(
    shape: &Shape,
    policies: &Policies,
    scale: u32,
    places: Places<'_>,
) -> Result<(Config, [EndPolicy; 2]), KeyMistake> {
    let network = &shape.network;
    let msl = network.msl.unwrap_or(2).saturating_mul(scale);
    // What fits into a state.
    let (longest, ticks) = match shape.delays(scale) {
        Delays::Any => (MAX_DURATION, MAX_DURATION),
        Delays::WholeTicks => (SegmentCopy::MAX_AGE + 1, Timers::MAX),
    };
    let bounds = Bounds { ticks, retries: SegmentCopy::MAX_NUMBER };
    let msl = within("msl", msl, 1..=longest, &["network"])?;
    let budget = |key: &'static str, budget: Option<Limited>| match budget {
        None => Ok(Some(1)),
        Some(Limited(None)) => Ok(None),
        Some(Limited(Some(most))) => {
            let counted = u8::try_from(most).map(Some);
            counted.map_err(|_| out_of_range(key, most, &(0..=u32::from(MAX_BUDGET)), &["network"]))
        }
    };
    let losses = budget("losses", network.losses)?;
    let duplicates = budget("duplicates", network.duplicates)?;
    let msl_milliseconds =
        network.msl_seconds.map_or(DEFAULT_MSL_MILLISECONDS, |Seconds(milliseconds)| milliseconds);
    let clock = Clock { msl, msl_milliseconds, scale };
    let opens = [&shape.a, &shape.b].into_iter().any(|end| end.opens.is_some_and(|opens| opens != Opens::Never));
    let end = |name: &'static str, end: &EndShape| -> Result<(EndConfig, EndPolicy), KeyMistake> {
        // The last octet has number `sends`, the FIN the next, and what acknowledges it the one after that.
        let sends = within("sends", end.sends.unwrap_or(0), 0..=SegmentCopy::MAX_NUMBER - 2, &[name])?;
        let application = Application {
            closes: end.closes.unwrap_or(Closes::AnyTime),
            closes_with: end.closes_with.unwrap_or(ClosesWith::Shutdown),
            sends,
            aborts: end.aborts.unwrap_or(false),
            opening: Opening::NEVER,
        };
        let policy = policy(&shape.tcp, (name, &end.tcp), policies, (clock, bounds, opens), places)?;
        let opening = opening(shape, (name, end), policy.policy.wait.time_wait, scale)?;
        let application = Application { opening, ..application };
        Ok((EndConfig { policy: policy.policy, application }, policy))
    };
    let ((a, of_a), (b, of_b)) = (end("a", &shape.a)?, end("b", &shape.b)?);
    Ok((Config { msl, losses, duplicates, a, b }, [of_a, of_b]))
}

/// How an end opens a new connection, where its `TIME_WAIT` lasts so many ticks.
fn opening(
    shape: &Shape,
    (name, end): (&'static str, &EndShape),
    time_wait: u32,
    scale: u32,
) -> Result<Opening, KeyMistake> {
    let opens = end.opens.unwrap_or_default();
    let mistake = |key, title: String, label| Err(KeyMistake::new(vec![name, key], title, label));
    if opens != Opens::Never && shape.world == WorldKind::Asynchronous {
        let title = "the asynchronous world opens no new connection".to_owned();
        // A copy never leaves it: one SYN would open a listener again and again, each time with another number.
        return mistake("opens", title, "expected `\"never\"`: without a clock a SYN stays in flight forever");
    }
    let of_connecting = [("iss", end.iss.is_some()), ("reuse_time_wait", end.reuse_time_wait.is_some())];
    if let Some((key, _)) = of_connecting.into_iter().find(|(_, is_set)| *is_set && opens != Opens::Connect) {
        let title = match opens {
            Opens::Listen => format!("`{key}` says how an end connects, and this one answers a SYN"),
            _ => format!("`{key}` says how an end connects, and this one does not"),
        };
        return mistake(key, title, "expected `opens = \"connect\"` beside it");
    }
    let reuse = end.reuse_time_wait.and_then(|AfterTicks(ticks)| ticks);
    let reuse = reuse.map(|ticks| within("reuse_time_wait", ticks.saturating_mul(scale), 0..=time_wait, &[name]));
    Ok(Opening { opens, iss: end.iss.unwrap_or_default(), reuse_time_wait: reuse.transpose()? })
}

fn within(
    key: &'static str,
    value: u32,
    range: RangeInclusive<u32>,
    path: &[&'static str],
) -> Result<u32, KeyMistake> {
    if range.contains(&value) { Ok(value) } else { Err(out_of_range(key, value, &range, path)) }
}

fn out_of_range(key: &'static str, value: u32, range: &RangeInclusive<u32>, path: &[&'static str]) -> KeyMistake {
    KeyMistake::new(
        path.iter().copied().chain([key]).collect(),
        format!("`{key}` is out of range: {value}"),
        format!("expected {} to {}", range.start(), range.end()),
    )
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::scenario::document::Document;
    use crate::scenario::keys::{KEYS, KeyValues, Unset};
    use crate::scenario::layers::Layers;
    use crate::tcp::{
        OutOfOrder, Policy, Repacketizing, RetransmissionPolicy, RstInTimeWait, Sending, WaitPolicy,
    };

    fn resolved(text: &str, scale: u32) -> Result<(Config, [EndPolicy; 2]), KeyMistake> {
        let file = SourceFile::new("test.toml", text);
        let refused = |error: toml::de::Error| {
            KeyMistake::new(Vec::new(), error.message().to_owned(), error.message().to_owned())
        };
        let parsed = DeTable::parse(&file.text).map_err(refused)?;
        let shape = Shape::of(&parsed).map_err(refused)?;
        let document = Document::new(&file, &parsed).map_err(refused)?;
        let layers = Layers::new(vec![&document], &[]);
        resolve(&shape, &Policies::shipped().unwrap(), scale, &|path| layers.find(path))
    }

    fn config(text: &str, scale: u32) -> Result<Config, String> {
        let resolved = resolved(text, scale);
        resolved
            .map(|(config, _)| config)
            .map_err(|mistake| format!("{}: {}", mistake.path.join("."), mistake.label))
    }

    fn policy(text: &str) -> Policy {
        config(text, 1).unwrap().a.policy
    }

    /// The base of every scenario, as the table of keys has it.
    #[test]
    fn what_is_not_set_has_its_default() {
        let end = EndConfig {
            // The table of keys has its fields, and a test below holds it to them.
            policy: Policy::rfc1337(2),
            application: Application {
                closes: Closes::AnyTime,
                closes_with: ClosesWith::Shutdown,
                sends: 0,
                aborts: false,
                opening: Opening::NEVER,
            },
        };
        assert_eq!(config("", 1), Ok(Config { msl: 2, losses: Some(1), duplicates: Some(1), a: end, b: end }));
        insta::assert_debug_snapshot!(end.policy);
    }

    #[test]
    fn every_key_does_what_it_is_named_after() {
        let base = config("", 1).unwrap();
        let a = base.a;
        let cases = [
            ("network.msl = 3", Config { msl: 3, ..base }),
            ("network.losses = 255", Config { losses: Some(255), ..base }),
            ("network.losses = 'unlimited'", Config { losses: None, ..base }),
            ("network.duplicates = 7", Config { duplicates: Some(7), ..base }),
            ("network.duplicates = 'unlimited'", Config { duplicates: None, ..base }),
        ];
        for (text, expected) in cases {
            let Config { msl, losses, duplicates, .. } = config(text, 1).unwrap();
            assert_eq!((msl, losses, duplicates), (expected.msl, expected.losses, expected.duplicates), "{text}");
        }
        let cases = [
            ("a.closes = 'after-eof'", Application { closes: Closes::AfterEof, ..a.application }),
            ("a.closes = 'never'", Application { closes: Closes::Never, ..a.application }),
            ("a.closes_with = 'close'", Application { closes_with: ClosesWith::Close, ..a.application }),
            ("a.sends = 13", Application { sends: 13, ..a.application }),
            ("a.aborts = true", Application { aborts: true, ..a.application }),
        ];
        for (text, application) in cases {
            assert_eq!(config(text, 1), Ok(Config { a: EndConfig { application, ..a }, ..base }), "{text}");
        }
        let base = a.policy;
        let cases = [
            ("policy = 'rfc9293'", base.with(|policy| policy.wait.rst_in_time_wait = RstInTimeWait::Close)),
            ("policy = 'rfc1337'", base),
            ("rto = 3", base.with(|policy| policy.retransmission.rto = 3)),
            ("rto = '3 msl'", base.with(|policy| policy.retransmission.rto = 6)),
            ("backoff = true", base.with(|policy| policy.retransmission.backoff = true)),
            ("rto_max = 1", base.with(|policy| policy.retransmission.rto_max = 1)),
            ("retries = 15", base.with(|policy| policy.retransmission.retries = Some(15))),
            ("retries = 0", base.with(|policy| policy.retransmission.retries = Some(0))),
            ("time_wait = 0", base.with(|policy| policy.wait.time_wait = 0)),
            ("restart_time_wait = false", base.with(|policy| policy.wait.restart_time_wait = false)),
            (
                "rst_in_time_wait = 'close'",
                base.with(|policy| policy.wait.rst_in_time_wait = RstInTimeWait::Close),
            ),
            ("out_of_order = 'drop'", base.with(|policy| policy.text.out_of_order = OutOfOrder::Drop)),
            ("fin_wait_2_timeout = 254", base.with(|policy| policy.wait.fin_wait_2_timeout = Some(254))),
            ("delayed_ack = '1msl'", base.with(|policy| policy.acks.delayed_ack = Some(2))),
            ("timer_slack = 3", base.with(|policy| policy.timers.timer_slack = 3)),
            ("timer_slack = '1 msl'", base.with(|policy| policy.timers.timer_slack = 2)),
            ("delayed_ack = 'none'", base),
            ("retries = 'none'", base),
        ];
        for (setting, expected) in cases {
            assert_eq!(policy(&format!("tcp.{setting}")), expected, "{setting}");
            let own = format!("a.tcp.{setting}");
            assert_eq!(policy(&own), expected, "{own}");
            assert_eq!(config(&own, 1).unwrap().b.policy, base, "{own}");
            let other = format!("b.tcp.{setting}");
            assert_eq!(config(&other, 1).unwrap().b.policy, expected, "{other}");
        }
    }

    /// Linux, with an MSL of 30 s and ticks of 15 s; and with one of 1 s, and ticks of half a second.
    #[test]
    fn a_stack_brings_its_timers_in_seconds() {
        let timers = |text: &str| {
            let Policy { retransmission, wait, .. } = policy(text);
            let RetransmissionPolicy { rto, backoff, rto_max, retries, orphan_retries, .. } = retransmission;
            let WaitPolicy { time_wait, fin_wait_2_timeout, .. } = wait;
            (rto, backoff, rto_max, retries, orphan_retries, time_wait, fin_wait_2_timeout)
        };
        let linux = "tcp.policy = 'linux'";
        assert_eq!(timers(linux), (1, true, 8, Some(15), Some(8), 4, Some(4)));
        let fast = format!("{linux}\nnetwork.msl_seconds = 1");
        assert_eq!(timers(&fast), (1, true, 240, Some(15), Some(8), 120, Some(120)));
        let own = format!("{linux}\nnetwork.msl_seconds = 1\ntcp.time_wait = '2 msl'\ntcp.rto = '1.5 s'");
        assert!(config(&own, 1).is_err());
        let own = format!(
            "{linux}\nnetwork.msl_seconds = 0.1\ntcp = {{ time_wait = '2 msl', rto_max = '12 s', fin_wait_2_timeout = 'none' }}"
        );
        let own = own.replace("tcp.policy = 'linux'\n", "").replace("tcp = {", "tcp = { policy = 'linux',");
        assert_eq!(timers(&own), (4, true, 240, Some(15), Some(8), 4, None));
        // Each rounding is reported, by the name of its field.
        let (_, [a, _]) = resolved(linux, 1).unwrap();
        assert_eq!(a.rounded().map(|field| field.name).collect::<Vec<_>>(), ["rto"]);
        let (_, [a, _]) = resolved("", 1).unwrap();
        assert_eq!((a.rounded().count(), a.name.as_str()), (0, "rfc1337"));
    }

    #[test]
    fn a_timer_that_a_state_cannot_hold_is_refused() {
        let refused = |text: &str| {
            let mistake = resolved(&format!("tcp.policy = 'linux'\n{text}"), 1).unwrap_err();
            let (file, span) = mistake.place.unwrap();
            (mistake.title, file.text[span].to_owned())
        };
        let (title, place) = refused("network.msl_seconds = 0.5\nnetwork.delays = 'whole-ticks'");
        assert_eq!(title, "`rto_max` is out of range: 480, the ticks of 250 ms in 120 s");
        assert_eq!(place, "\"120 s\"");
        let mistake = resolved("tcp.rto = '0 s'", 1).unwrap_err();
        assert_eq!(mistake.title, "`rto` is out of range: 0, the ticks of 15 s in 0 s");
    }

    #[test]
    fn what_means_nothing_in_a_world_is_left_out_or_refused() {
        let smoltcp = policy("tcp.policy = 'smoltcp'");
        assert_eq!(
            (smoltcp.transmission.sending, smoltcp.transmission.repacketizes),
            (Sending::AtOnce, Repacketizing::Never)
        );
        for text in ["tcp.sending = 'polled'", "b.tcp.repacketizes = 'octets'", "tcp.persist_min = 1"] {
            assert!(config(text, 1).unwrap_err().contains("no window closes there"), "{text}");
        }
    }

    /// Each default is what a scenario has that does not set the key, each word is a value, and a range is the
    /// whole of it.
    #[test]
    fn the_table_of_keys_is_right() {
        for key in KEYS.iter().filter(|key| matches!(key.unset, Unset::Default(_))) {
            let path = key.path;
            for path in [path.to_owned(), path.replacen("a.", "b.", usize::from(path.starts_with("a.")))] {
                // What gives the key its meaning, or its range all of its room.
                let needed = match path.as_str() {
                    "a.iss" | "a.reuse_time_wait" => "a.opens = 'connect'\ntcp.time_wait = 8191\n",
                    "b.iss" | "b.reuse_time_wait" => "b.opens = 'connect'\ntcp.time_wait = 8191\n",
                    "tcp.timer_slack" => "tcp.rto = 1\ntcp.time_wait = 0\n",
                    _ => "",
                };
                let set = |value: &str| config(&format!("{needed}{path} = {value}"), 1);
                let Unset::Default(default) = key.unset else { continue };
                assert_eq!(set(default), config(needed, 1), "{path} = {default}");
                let (words, range) = match &key.values {
                    KeyValues::Bool => (["true", "false"].map(str::to_owned).to_vec(), None),
                    KeyValues::Words(words) => (words.iter().map(|word| format!("'{word}'")).collect(), None),
                    KeyValues::Segments => (["true", "false", "['SYN to B']"].map(str::to_owned).to_vec(), None),
                    KeyValues::Count(range, word)
                    | KeyValues::Ticks(range, word)
                    | KeyValues::Duration(range, word) => {
                        let range = f64::from(*range.start())..=f64::from(*range.end());
                        (word.iter().map(|word| format!("'{word}'")).collect(), Some(range))
                    }
                    KeyValues::Seconds(range) => (Vec::new(), Some(range.clone())),
                    KeyValues::Text | KeyValues::Names => (Vec::new(), None),
                };
                for word in words {
                    assert!(set(&word).is_ok(), "{path} = {word}");
                }
                let Some((least, most)) = range.map(|range| (*range.start(), *range.end())) else { continue };
                for (number, is_within) in [(least - 1.0, false), (least, true), (most, true), (most + 1.0, false)]
                {
                    assert_eq!(set(&number.to_string()).is_ok(), is_within, "{path} = {number}");
                }
            }
        }
    }

    #[test]
    fn an_end_overrides_what_is_set_for_both() {
        let text = "
            tcp = { policy = 'rfc9293', rto = 3, backoff = true, rto_max = 9, retries = 1, time_wait = 9,
                    restart_time_wait = false, rst_in_time_wait = 'close', out_of_order = 'drop',
                    fin_wait_2_timeout = 9, delayed_ack = 9 }
            a.tcp = { policy = 'rfc1337', rto = 4, backoff = false, rto_max = 8, retries = 'none', time_wait = 8,
                      restart_time_wait = true, rst_in_time_wait = 'ignore', out_of_order = 'hold',
                      fin_wait_2_timeout = 'none', delayed_ack = 8 }";
        let own = Policy::rfc1337(2).with(|policy| {
            policy.retransmission.rto = 4;
            policy.wait.time_wait = 8;
            policy.acks.delayed_ack = Some(8);
        });
        assert_eq!(policy(text), own);
    }

    /// Whose word counts, each against the weaker ones.
    #[test]
    fn a_stack_that_an_end_names_is_all_of_it() {
        let retries = |text: &str| {
            let Config { a, b, .. } = config(text, 1).unwrap();
            [a.policy, b.policy]
                .map(|policy| (policy.retransmission.retries, policy.wait.time_wait, policy.wait.rst_in_time_wait))
        };
        let (ignore, close) = (RstInTimeWait::Ignore, RstInTimeWait::Close);
        let both = "tcp = { policy = 'linux', retries = 2, time_wait = 3 }";
        assert_eq!(retries(both), [(Some(2), 3, close); 2]);
        let named = format!("{both}\na.tcp.policy = 'rfc1337'");
        assert_eq!(retries(&named), [(None, 4, ignore), (Some(2), 3, close)]);
        let own = format!("{both}\na.tcp = {{ policy = 'rfc1337', time_wait = 5 }}");
        assert_eq!(retries(&own), [(None, 5, ignore), (Some(2), 3, close)]);
        let field = format!("{both}\na.tcp.time_wait = 5");
        assert_eq!(retries(&field), [(Some(2), 5, close), (Some(2), 3, close)]);
        // An unknown name is a mistake, even if both ends override it.
        let unknown = "tcp.policy = 'lunix'\na.tcp.policy = 'linux'\nb.tcp.policy = 'linux'";
        assert!(config(unknown, 1).is_err());
    }

    #[test]
    fn a_scale_multiplies_every_duration_and_nothing_else() {
        let text = "network.msl = 3\nnetwork.losses = 2\na.sends = 3\n
            tcp = { rto = 5, rto_max = '7 msl', retries = 4, time_wait = '2 msl', fin_wait_2_timeout = 6, \
            delayed_ack = 1, timer_slack = 2 }";
        let (one, three) = (config(text, 1).unwrap(), config(text, 3).unwrap());
        let scaled = one.a.policy.with(|policy| {
            policy.retransmission.rto = 15;
            policy.retransmission.rto_max = 63;
            policy.persist.persist_max = 36;
            policy.wait.time_wait = 18;
            policy.wait.fin_wait_2_timeout = Some(18);
            policy.acks.delayed_ack = Some(3);
            policy.timers.timer_slack = 6;
        });
        assert_eq!((three.msl, three.a.policy, three.b.policy), (9, scaled, scaled));
        assert_eq!((three.losses, three.duplicates), (one.losses, one.duplicates));
        assert_eq!(three.a.application, one.a.application);
        // Defaults are durations, too.
        let policy = config("", 2).unwrap().a.policy;
        assert_eq!((policy.retransmission.rto, policy.retransmission.rto_max, policy.wait.time_wait), (4, 16, 8));
    }

    #[test]
    fn ranges_end_where_a_state_ends() {
        let cases = [
            ("network.msl = 2047", "network.msl = 8192"),
            ("network.msl = 1", "network.msl = 0"),
            ("network.losses = 255", "network.losses = 256"),
            ("network.duplicates = 255", "network.duplicates = 256"),
            ("b.sends = 13", "b.sends = 14"),
            ("tcp.rto = 8191", "tcp.rto = 8192"),
            ("tcp.rto = 1", "tcp.rto = 0"),
            ("tcp.rto_max = 8191", "tcp.rto_max = 8192"),
            ("tcp.rto_max = 1", "tcp.rto_max = 0"),
            ("tcp.backoff = true\ntcp.rto_max = 2", "tcp.backoff = true\ntcp.rto_max = 1"),
            ("tcp.retries = 15", "tcp.retries = 16"),
            ("tcp.time_wait = '4095 msl'", "tcp.time_wait = '4096 msl'"),
            ("tcp.fin_wait_2_timeout = 1", "tcp.fin_wait_2_timeout = 0"),
            ("tcp.delayed_ack = 1", "tcp.delayed_ack = 0"),
            ("tcp.delayed_ack = 8191", "tcp.delayed_ack = 8192"),
            ("tcp.orphan_retries = 15", "tcp.orphan_retries = 16"),
            ("network.msl_seconds = 86400", "network.msl_seconds = 86401"),
            ("network.msl_seconds = 0.001", "network.msl_seconds = 0"),
            ("network.msl_seconds = 0.1", "network.msl_seconds = 0.0001"),
            ("network.msl_seconds = 86399.999", "network.msl_seconds = 1e30"),
        ];
        // Whole ticks have room for less.
        let of_ticks = [
            ("network.msl = 16", "network.msl = 17"),
            ("tcp.rto = 254", "tcp.rto = 255"),
            ("tcp.rto_max = 254", "tcp.rto_max = 255"),
            ("tcp.time_wait = '127 msl'", "tcp.time_wait = '128 msl'"),
            ("tcp.delayed_ack = 254", "tcp.delayed_ack = 255"),
        ];
        let in_ticks = |text: &str| format!("network.delays = 'whole-ticks'\n{text}");
        let of_ticks = of_ticks.map(|(good, bad)| (in_ticks(good), in_ticks(bad)));
        let all = cases.map(|(good, bad)| (good.to_owned(), bad.to_owned())).into_iter().chain(of_ticks);
        for (good, bad) in all {
            assert!(config(&good, 1).is_ok(), "{good}: {:?}", config(&good, 1));
            assert!(config(&bad, 1).is_err(), "{bad}");
        }
        assert_eq!(config("tcp.rto = 100", 3), Err("a.tcp.rto: expected 1 to 254".to_owned()));
        assert_eq!(config("network.msl = 4294967295", 16), Err("network.msl: expected 1 to 16".to_owned()));
    }
}
