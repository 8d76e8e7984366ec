//! What a scenario's file may say, and what it comes to: every default, every range.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::scenario_values::{Duration, Limited, Optional};
use super::{Application, Closes, ClosesWith, Config, Deliveries, EndConfig, Fairness, SegmentCopy, Timers};
use crate::tcp::{OutOfOrder, Policy, PolicyName, RstInTimeWait};

/// Which world a scenario runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorldKind {
    /// The network and the clock of `TimedWorld`.
    #[default]
    Timed,
    /// stateright's `ActorModel`: no clock, no budgets.
    Asynchronous,
}

/// A verdict that can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// The property is true of every behaviour.
    Holds,
    /// It is not.
    Violated,
    /// Some reachable state is such.
    Possible,
    /// None is.
    Impossible,
}

/// A scenario's file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct Shape {
    pub(super) about: Option<String>,
    pub(super) extends: Option<String>,
    /// Read apart: one name, or a list.
    #[serde(rename = "properties")]
    _properties: Option<IgnoredAny>,
    pub(super) world: WorldKind,
    network: NetworkShape,
    fairness: FairnessShape,
    tcp: TcpShape,
    a: EndShape,
    b: EndShape,
    pub(super) expect: BTreeMap<String, ExpectationShape>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table, as in `[network]`")]
struct NetworkShape {
    msl: Option<u32>,
    losses: Option<Limited>,
    duplicates: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table, as in `[fairness]`")]
struct FairnessShape {
    applications: Option<bool>,
    network: Option<Deliveries>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table, as in `[a]`")]
struct EndShape {
    closes: Option<Closes>,
    closes_with: Option<ClosesWith>,
    sends: Option<u32>,
    aborts: Option<bool>,
    tcp: TcpShape,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table, as in `[tcp]`")]
struct TcpShape {
    policy: Option<PolicyName>,
    rto: Option<Duration>,
    backoff: Option<bool>,
    rto_max: Option<Duration>,
    retries: Option<Optional<u32>>,
    time_wait: Option<Duration>,
    restart_time_wait: Option<bool>,
    rst_in_time_wait: Option<RstInTimeWait>,
    out_of_order: Option<OutOfOrder>,
    fin_wait_2_timeout: Option<Optional<Duration>>,
    delayed_ack: Option<Optional<Duration>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `verdict` and `because`")]
pub(super) struct ExpectationShape {
    pub(super) verdict: Expected,
    pub(super) because: String,
    pub(super) steps: Option<u32>,
}

/// Every key that can be set, those of one end for A alone.
pub(super) const KEYS: [&str; 21] = [
    "world",
    "network.msl",
    "network.losses",
    "network.duplicates",
    "fairness.applications",
    "fairness.network",
    "a.closes",
    "a.closes_with",
    "a.sends",
    "a.aborts",
    "tcp.policy",
    "tcp.rto",
    "tcp.backoff",
    "tcp.rto_max",
    "tcp.retries",
    "tcp.time_wait",
    "tcp.restart_time_wait",
    "tcp.rst_in_time_wait",
    "tcp.out_of_order",
    "tcp.fin_wait_2_timeout",
    "tcp.delayed_ack",
];

/// A value that does not fit, and the keys that lead to it.
pub(super) struct Mistake {
    /// The keys, outermost first; `a.tcp.x` may also be set as `tcp.x`.
    pub(super) path: Vec<&'static str>,
    /// What is wrong.
    pub(super) title: String,
    /// What was expected.
    pub(super) label: String,
}

impl Shape {
    /// What may not be postponed for ever.
    pub(super) fn fairness(&self) -> Fairness {
        let default = Fairness::default();
        Fairness {
            applications: self.fairness.applications.unwrap_or(default.applications),
            network: self.fairness.network.unwrap_or(default.network),
        }
    }
}

/// The world that a scenario comes to, with every duration multiplied by `scale`.
pub(super) fn resolve(shape: &Shape, scale: u32) -> Result<Config, Mistake> {
    let network = &shape.network;
    if shape.world == WorldKind::Asynchronous {
        let keys = [
            ("network", "msl", network.msl.is_some()),
            ("network", "losses", network.losses.is_some()),
            ("network", "duplicates", network.duplicates.is_some()),
            ("fairness", "applications", shape.fairness.applications.is_some()),
            ("fairness", "network", shape.fairness.network.is_some()),
        ];
        if let Some((table, key, _)) = keys.into_iter().find(|(.., is_set)| *is_set) {
            return Err(Mistake {
                path: vec![table, key],
                title: format!("the asynchronous world has no `{table}.{key}`"),
                label: "it loses and duplicates without bound or fairness, and has no clock: name the scenarios \
                        to check"
                    .to_owned(),
            });
        }
    }
    let msl = network.msl.unwrap_or(2).saturating_mul(scale);
    let msl = within("msl", msl, 1..=SegmentCopy::MAX_AGE + 1, &["network"])?;
    let losses = match network.losses.unwrap_or(Limited::To(1)) {
        Limited::To(most) => Some(small("losses", most, &["network"])?),
        Limited::Unlimited => None,
    };
    let duplicates = small("duplicates", network.duplicates.unwrap_or(1), &["network"])?;
    let end = |name: &'static str, end: &EndShape| -> Result<EndConfig, Mistake> {
        // The last octet has number `sends`, the FIN the next, and what acknowledges it the one after that.
        let sends = within("sends", end.sends.unwrap_or(0), 0..=SegmentCopy::MAX_NUMBER - 2, &[name])?;
        let application = Application {
            closes: end.closes.unwrap_or(Closes::AnyTime),
            closes_with: end.closes_with.unwrap_or(ClosesWith::Shutdown),
            sends,
            aborts: end.aborts.unwrap_or(false),
        };
        Ok(EndConfig { policy: policy(&shape.tcp, (name, &end.tcp), msl, scale)?, application })
    };
    Ok(Config { msl, losses, duplicates, a: end("a", &shape.a)?, b: end("b", &shape.b)? })
}

fn policy(
    both: &TcpShape,
    (name, own): (&'static str, &TcpShape),
    msl: u32,
    scale: u32,
) -> Result<Policy, Mistake> {
    let base = own.policy.or(both.policy).unwrap_or(PolicyName::Rfc1337).in_world(msl);
    let path: &[&'static str] = &[name, "tcp"];
    // Every limit applies to the product: what is set, times the scale.
    let ticks = |key, given: Option<Duration>, base: u32, least: u32| match given {
        None => within(key, base, least..=Timers::MAX, path),
        Some(duration) => within(key, duration.ticks(msl, scale), least..=Timers::MAX, path),
    };
    let optional_ticks = |key, given: Option<Optional<Duration>>, base: Option<u32>| match given {
        None => Ok(base),
        Some(Optional::None) => Ok(None),
        Some(Optional::Some(duration)) => ticks(key, Some(duration), 0, 1).map(Some),
    };
    let retries = match own.retries.or(both.retries) {
        None => base.retries,
        Some(Optional::None) => None,
        Some(Optional::Some(retries)) => Some(within("retries", retries, 0..=SegmentCopy::MAX_NUMBER, path)?),
    };
    let rto = ticks("rto", own.rto.or(both.rto), base.rto, 1)?;
    let backoff = own.backoff.or(both.backoff).unwrap_or(base.backoff);
    let least_max = if backoff { rto } else { 1 };
    Ok(Policy {
        rto,
        backoff,
        rto_max: ticks("rto_max", own.rto_max.or(both.rto_max), base.rto_max.max(least_max), least_max)?,
        retries,
        time_wait: ticks("time_wait", own.time_wait.or(both.time_wait), base.time_wait, 0)?,
        restart_time_wait: own.restart_time_wait.or(both.restart_time_wait).unwrap_or(base.restart_time_wait),
        rst_in_time_wait: own.rst_in_time_wait.or(both.rst_in_time_wait).unwrap_or(base.rst_in_time_wait),
        out_of_order: own.out_of_order.or(both.out_of_order).unwrap_or(base.out_of_order),
        fin_wait_2_timeout: optional_ticks(
            "fin_wait_2_timeout",
            own.fin_wait_2_timeout.or(both.fin_wait_2_timeout),
            base.fin_wait_2_timeout,
        )?,
        delayed_ack: optional_ticks("delayed_ack", own.delayed_ack.or(both.delayed_ack), base.delayed_ack)?,
        ..base
    })
}

fn within(
    key: &'static str,
    value: u32,
    range: RangeInclusive<u32>,
    path: &[&'static str],
) -> Result<u32, Mistake> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Mistake {
        path: path.iter().copied().chain([key]).collect(),
        title: format!("`{key}` is out of range: {value}"),
        label: format!("expected {} to {}", range.start(), range.end()),
    })
}

fn small(key: &'static str, value: u32, path: &[&'static str]) -> Result<u8, Mistake> {
    within(key, value, 0..=u32::from(u8::MAX), path).map(|value| u8::try_from(value).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::{
        AbortResets, AckOfUnsent, LateText, OldSegments, OldestAck, RstInWindow, Sending, ShutdownRead,
        SynInWindow, TimeWaitAnswers, WindowProbe, WithoutAck,
    };

    fn config(text: &str, scale: u32) -> Result<Config, String> {
        let shape: Shape = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        resolve(&shape, scale).map_err(|mistake| format!("{}: {}", mistake.path.join("."), mistake.label))
    }

    fn policy(text: &str) -> Policy {
        config(text, 1).unwrap().a.policy
    }

    /// The base of every scenario, as the README's table has it.
    #[test]
    fn what_is_not_set_has_its_default() {
        let end = EndConfig {
            policy: Policy {
                rto: 2,
                backoff: false,
                rto_max: 8,
                retries: None,
                time_wait: 4,
                restart_time_wait: true,
                unacceptable_restarts: false,
                rst_in_time_wait: RstInTimeWait::Ignore,
                time_wait_answers: TimeWaitAnswers::InOrder,
                rst_in_window: RstInWindow::Challenge,
                syn_in_window: SynInWindow::Challenge,
                rst_before_fin: false,
                without_ack: WithoutAck::DropAcceptable,
                window_includes_end: false,
                fin_without_room: false,
                probe_acknowledges: true,
                trims_text: true,
                old_segments: OldSegments::Answer,
                oldest_ack: OldestAck::WindowBack,
                drops_old_acks: false,
                ack_of_unsent: AckOfUnsent::Answer,
                last_ack_answers: false,
                fin_with_acks: false,
                out_of_order: OutOfOrder::Hold,
                orphan_retries: None,
                reset_on_giving_up: false,
                repacketizes: false,
                fin_wait_2_without_socket: false,
                reset_unread: true,
                late_text: LateText::Reset,
                reset_before_hole: false,
                reset_text_after_fin: false,
                closes_on_fin: false,
                shutdown_read: ShutdownRead::Nothing,
                reset_with_ack: false,
                closed_acknowledges: false,
                abort_resets: AbortResets::WhileOpen,
                abort_ends_time_wait: true,
                fin_needs_window: true,
                fin_alone: false,
                window_probe: WindowProbe::NextOctet,
                persist_min: 0,
                persist_max: 8,
                orphan_probes_end: false,
                closing_silence: None,
                epipe_after_fin: false,
                sending: Sending::AtOnce,
                fin_wait_2_timeout: None,
                delayed_ack: None,
            },
            application: Application {
                closes: Closes::AnyTime,
                closes_with: ClosesWith::Shutdown,
                sends: 0,
                aborts: false,
            },
        };
        assert_eq!(config("", 1), Ok(Config { msl: 2, losses: Some(1), duplicates: 1, a: end, b: end }));
    }

    #[test]
    fn every_key_does_what_it_is_named_after() {
        let base = config("", 1).unwrap();
        let a = base.a;
        let cases = [
            ("network.msl = 3", Config { msl: 3, ..base }),
            ("network.losses = 255", Config { losses: Some(255), ..base }),
            ("network.losses = 'unlimited'", Config { losses: None, ..base }),
            ("network.duplicates = 7", Config { duplicates: 7, ..base }),
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
            ("policy = 'rfc9293'", Policy { rst_in_time_wait: RstInTimeWait::Close, ..base }),
            ("policy = 'rfc1337'", base),
            ("rto = 3", Policy { rto: 3, ..base }),
            ("rto = '3 msl'", Policy { rto: 6, ..base }),
            ("backoff = true", Policy { backoff: true, ..base }),
            ("rto_max = 1", Policy { rto_max: 1, ..base }),
            ("retries = 15", Policy { retries: Some(15), ..base }),
            ("retries = 0", Policy { retries: Some(0), ..base }),
            ("time_wait = 0", Policy { time_wait: 0, ..base }),
            ("restart_time_wait = false", Policy { restart_time_wait: false, ..base }),
            ("rst_in_time_wait = 'close'", Policy { rst_in_time_wait: RstInTimeWait::Close, ..base }),
            ("out_of_order = 'drop'", Policy { out_of_order: OutOfOrder::Drop, ..base }),
            ("fin_wait_2_timeout = 254", Policy { fin_wait_2_timeout: Some(254), ..base }),
            ("delayed_ack = '1msl'", Policy { delayed_ack: Some(2), ..base }),
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

    #[test]
    fn everything_is_fair_unless_it_is_said() {
        let fairness = |text: &str| toml::from_str::<Shape>(text).unwrap().fairness();
        assert_eq!(fairness(""), Fairness { applications: true, network: Deliveries::ALL });
        assert_eq!(fairness("fairness.applications = false"), Fairness { applications: false, ..fairness("") });
        assert_eq!(fairness("fairness.network = false"), Fairness { network: Deliveries::NONE, ..fairness("") });
    }

    #[test]
    fn every_key_is_known() {
        for key in KEYS {
            let message = toml::from_str::<Shape>(&format!("{key} = 1.5")).unwrap_err().message().to_owned();
            assert!(!message.starts_with("unknown field"), "{key}: {message}");
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
        let own = Policy { rto: 4, time_wait: 8, delayed_ack: Some(8), ..Policy::rfc1337(2) };
        assert_eq!(policy(text), own);
    }

    #[test]
    fn a_scale_multiplies_every_duration_and_nothing_else() {
        let text = "network.msl = 3\nnetwork.losses = 2\na.sends = 3\n
            tcp = { rto = 5, rto_max = '7 msl', retries = 4, time_wait = '2 msl', fin_wait_2_timeout = 6, \
            delayed_ack = 1 }";
        let (one, three) = (config(text, 1).unwrap(), config(text, 3).unwrap());
        let scaled = Policy {
            rto: 15,
            rto_max: 63,
            persist_max: 36,
            time_wait: 18,
            fin_wait_2_timeout: Some(18),
            delayed_ack: Some(3),
            ..one.a.policy
        };
        assert_eq!((three.msl, three.a.policy, three.b.policy), (9, scaled, scaled));
        assert_eq!((three.losses, three.duplicates), (one.losses, one.duplicates));
        assert_eq!(three.a.application, one.a.application);
        // Defaults are durations, too.
        let policy = config("", 2).unwrap().a.policy;
        assert_eq!((policy.rto, policy.rto_max, policy.time_wait), (4, 16, 8));
    }

    #[test]
    fn ranges_end_where_a_state_ends() {
        let cases = [
            ("network.msl = 16", "network.msl = 17"),
            ("network.msl = 1", "network.msl = 0"),
            ("network.losses = 255", "network.losses = 256"),
            ("network.duplicates = 255", "network.duplicates = 256"),
            ("b.sends = 13", "b.sends = 14"),
            ("tcp.rto = 254", "tcp.rto = 255"),
            ("tcp.rto = 1", "tcp.rto = 0"),
            ("tcp.rto_max = 254", "tcp.rto_max = 255"),
            ("tcp.rto_max = 1", "tcp.rto_max = 0"),
            ("tcp.backoff = true\ntcp.rto_max = 2", "tcp.backoff = true\ntcp.rto_max = 1"),
            ("tcp.retries = 15", "tcp.retries = 16"),
            ("tcp.time_wait = '127 msl'", "tcp.time_wait = '128 msl'"),
            ("tcp.fin_wait_2_timeout = 1", "tcp.fin_wait_2_timeout = 0"),
            ("tcp.delayed_ack = 1", "tcp.delayed_ack = 0"),
            ("tcp.delayed_ack = 254", "tcp.delayed_ack = 255"),
            ("world = 'asynchronous'", "world = 'asynchronous'\nnetwork.msl = 2"),
            ("world = 'asynchronous'\ntcp.rto = 3", "world = 'asynchronous'\nnetwork.losses = 1"),
            ("world = 'timed'\nnetwork.duplicates = 1", "world = 'asynchronous'\nnetwork.duplicates = 1"),
            ("fairness.network = true", "world = 'asynchronous'\nfairness.network = true"),
            ("fairness.applications = true", "world = 'asynchronous'\nfairness.applications = true"),
        ];
        for (good, bad) in cases {
            assert!(config(good, 1).is_ok(), "{good}: {:?}", config(good, 1));
            assert!(config(bad, 1).is_err(), "{bad}");
        }
        assert_eq!(config("tcp.rto = 100", 3), Err("a.tcp.rto: expected 1 to 254".to_owned()));
        assert_eq!(config("network.msl = 4294967295", 16), Err("network.msl: expected 1 to 16".to_owned()));
    }
}
