//! The policies there are: those compiled in, and those in the folders of a user.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use super::file::{NamedPolicy, PolicyFile};
use super::shipped;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, unique_names};
use crate::source::read_sources;

/// The policy that every other is on top of.
const BASE: &str = "rfc9293";

/// All policies, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    all: Vec<Arc<NamedPolicy>>,
    shipped: usize,
}

impl Policies {
    /// The policies that are compiled in.
    ///
    /// # Errors
    /// The mistakes in them; a test excludes any.
    pub fn shipped() -> Result<Self, Diagnostics> {
        Self::read(&[])
    }

    /// The policies that are compiled in, and those of these folders.
    ///
    /// # Errors
    /// The mistakes in the files of the folders.
    pub fn read(folders: &[PathBuf]) -> Result<Self, Diagnostics> {
        let (mut sources, mut mistakes) = (Vec::new(), Diagnostics::default());
        for folder in folders {
            sources.extend(mistakes.take(read_sources(folder, "policies")).into_iter().flatten());
        }
        Self::of(sources, mistakes)
    }

    /// The policies that are compiled in, and that of one more file.
    ///
    /// # Errors
    /// The mistakes in the file.
    pub fn with(source: Arc<SourceFile>) -> Result<Self, Diagnostics> {
        Self::of(vec![source], Diagnostics::default())
    }

    fn of(own: Vec<Arc<SourceFile>>, mistakes: Diagnostics) -> Result<Self, Diagnostics> {
        let shipped = SHIPPED.as_ref().map_err(Clone::clone)?;
        let mut all = shipped.policies.clone();
        all.extend(Files::read(own, &shipped.files, mistakes)?.policies);
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self { all, shipped: shipped.policies.len() })
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<NamedPolicy>> {
        self.all.iter()
    }

    /// How many are compiled in.
    #[must_use]
    pub fn shipped_count(&self) -> usize {
        self.shipped
    }

    /// The one with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<NamedPolicy>> {
        self.all.iter().find(|policy| policy.name == name)
    }

    /// The one with this name; the mistake, which has no place yet, names the nearest one.
    ///
    /// # Errors
    /// If no policy has it.
    pub fn named(&self, name: &str) -> Result<&Arc<NamedPolicy>, Diagnostic> {
        self.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.all.iter().map(|policy| policy.name.as_str()).collect();
            let unknown = Diagnostic::new(format!("there is no policy `{name}`"));
            let all = format!("there are {}; `--policies DIR` adds those of a folder", names.join(", "));
            unknown.nearest_or(name, names.iter().copied(), &all)
        })
    }
}

/// Files, and the policies that they are.
struct Files {
    files: Vec<PolicyFile>,
    policies: Vec<Arc<NamedPolicy>>,
}

/// Those that are compiled in are read once.
static SHIPPED: LazyLock<Result<Files, Diagnostics>> = LazyLock::new(|| {
    let sources = shipped::POLICIES.iter().map(|(path, text)| SourceFile::new(*path, *text));
    Files::read(sources.collect(), &[], Diagnostics::default())
});

impl Files {
    /// Reads these files, which may extend others.
    fn read(
        sources: Vec<Arc<SourceFile>>,
        others: &[PolicyFile],
        mut mistakes: Diagnostics,
    ) -> Result<Self, Diagnostics> {
        let parsed = sources.into_iter().filter_map(|source| mistakes.take(PolicyFile::parse(source)));
        let files: Vec<PolicyFile> = parsed.collect();
        let all: Vec<&PolicyFile> = others.iter().chain(&files).collect();
        let named = all.iter().map(|file| (file.source.stem(), &file.source, 0..0));
        mistakes.take(unique_names("policies", named));
        let base = all.iter().find(|file| file.source.stem() == BASE).map_or(&[][..], |file| file.fields());
        let mut policies = Vec::new();
        for file in &files {
            let policy = extended(file, &all).and_then(|extended| file.named(base, extended));
            policies.extend(mistakes.take(policy).map(Arc::new));
        }
        mistakes.or(Self { files, policies })
    }
}

/// The file that another extends.
fn extended<'a>(file: &PolicyFile, all: &[&'a PolicyFile]) -> Result<Option<&'a PolicyFile>, Diagnostic> {
    let Some((name, span)) = &file.extends else {
        return Ok(None);
    };
    let title = |what: &str| Diagnostic::new(format!("`{name}` {what}")).at(&file.source, span.clone(), "");
    let Some(base) = all.iter().copied().find(|one| one.source.stem() == name) else {
        let unknown =
            Diagnostic::new(format!("there is no policy `{name}`")).at(&file.source, span.clone(), "extends it");
        let names: Vec<&str> = all.iter().map(|file| file.source.stem()).collect();
        let help = format!("there are {}", names.join(", "));
        return Err(unknown.nearest_or(name, names, &help));
    };
    if base.source.stem() == file.source.stem() {
        return Err(title("extends itself"));
    }
    if let Some((_, other)) = &base.extends {
        return Err(title("extends another policy itself")
            .also(&base.source, other.clone(), "here")
            .help("a policy extends one that extends none"));
    }
    Ok(Some(base))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, *};

    use super::*;
    use crate::policy::{Bounds, Clock, Origin, Value, field_names, resolve};
    use crate::tcp::{Call, Endpoint, Flags, Policy, Segment, Seq, State, Timer, TimerChange};

    fn shipped() -> Policies {
        Policies::shipped().unwrap()
    }

    #[test]
    fn every_file_of_the_folder_is_compiled_in() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("policies/{}", entry.unwrap().file_name().to_str().unwrap()))
            .collect();
        there.sort();
        assert_eq!(shipped::POLICIES.iter().map(|(path, _)| *path).collect::<Vec<_>>(), there);
    }

    /// The base is written down twice: as an endpoint without files has it, and as the file that people read.
    #[test]
    fn rfc_9293_sets_every_field_to_what_it_is_anyway_and_says_why() {
        let policies = shipped();
        let rfc9293 = policies.get(BASE).unwrap();
        let set: Vec<&str> = rfc9293.each_field().map(|field| field.name).collect();
        assert_eq!(set, field_names());
        assert!(rfc9293.each_field().all(|field| field.source.is_some()));
        for msl in [1, 7, 120_000] {
            let clock = Clock { msl, msl_milliseconds: 1, scale: 1 };
            let rules = resolve(&rfc9293.fields, clock, Bounds::NONE).unwrap();
            assert_eq!(rules, Policy::rfc9293(msl));
            let rfc1337 = policies.get("rfc1337").unwrap();
            assert_eq!(resolve(&rfc1337.fields, clock, Bounds::NONE), Ok(Policy::rfc1337(msl)));
        }
    }

    /// What a stack does not have from a source it has by accident.
    #[test]
    fn every_stack_has_sources_and_sets_nothing_that_is_so_anyway() {
        for policy in shipped().iter() {
            assert!(!policy.sources.is_empty(), "{}", policy.name);
            for field in policy.fields.iter().filter(|field| field.origin == Origin::Policy && policy.name != BASE)
            {
                let without: Vec<_> = policy.fields.iter().filter(|other| *other != field).cloned().collect();
                let is_timer = matches!(field.value, Value::Duration(_));
                let same = resolve(&without, Clock::OF_MILLISECONDS, Bounds::NONE);
                assert!(is_timer || same.as_ref() != Ok(policy.policy()), "{}: {}", policy.name, field.name);
            }
        }
    }

    fn any_policy() -> impl Strategy<Value = Arc<NamedPolicy>> {
        prop::sample::select(shipped().all)
    }

    fn any_number() -> impl Strategy<Value = u32> {
        prop_oneof![0..8u32, 65_530..65_545u32, Just(1 << 31), (u32::MAX - 65_540)..=u32::MAX, any::<u32>()]
    }

    proptest! {
        /// Whatever arrives, in whatever order: no overflow, and the variables keep their order.
        #[test]
        fn no_segment_confuses_an_endpoint(
            events in prop::collection::vec(
                (any_number(), any_number(), prop_oneof![0..4u32, 0..=65_535u32], any::<[bool; 4]>(), 0..12u8), 0..30),
            delayed_ack in prop::option::of(1..3u32),
            backoff: bool,
            stack in any_policy(),
            (rcv_buffer, size) in (prop_oneof![0..9u32, Just(65_535)], prop_oneof![0..9u32, Just(65_535)]),
        ) {
            let policy = stack.policy().with(|policy| {
                policy.acks.delayed_ack = delayed_ack;
                policy.retransmission.backoff = backoff;
                policy.retransmission.retries = Some(9);
                policy.wait.fin_wait_2_timeout = Some(3);
                policy.wait.last_ack_timeout = Some(2);
            });
            let mut endpoint = Endpoint::established();
            endpoint.transfer.rcv_buffer = rcv_buffer;
            endpoint.transfer.send_window.size = size;
            for (seq, number, len, [syn, fin, rst, ack], event) in events {
                let before = endpoint.clone();
                let effects = match event {
                    0 => endpoint.on_call(Call::Send, &policy),
                    1 => endpoint.on_call(Call::Shutdown, &policy),
                    2 => endpoint.on_call(Call::Close, &policy),
                    3 => endpoint.on_timeout(Timer::Retransmission, &policy),
                    4 => endpoint.on_timeout(Timer::DelayedAck, &policy),
                    5 if len < 4 => endpoint.send_text(len, &policy),
                    6 if len < 4 => endpoint.poll(len, &policy),
                    7 if len < 4 => {
                        endpoint.receive(len);
                        endpoint.shutdown_read(&policy)
                    }
                    8 => endpoint.on_segment_offering(
                        &Segment { flags: Flags { fin, ..Flags::ACK }, seq: Seq(seq), ack: Seq(number), len: len % 9 },
                        len,
                        &policy,
                    ),
                    _ => {
                        let flags = Flags { syn: syn && event == 5, fin, rst: rst && event == 6, ack: ack || event > 6 };
                        endpoint.on_segment(&Segment { flags, seq: Seq(seq), ack: Seq(number), len }, &policy)
                    }
                };
                prop_assert!(!endpoint.snd_nxt.precedes(endpoint.snd_una));
                prop_assert!(!endpoint.snd_una.precedes(before.snd_una));
                prop_assert!(!endpoint.rcv_nxt.precedes(before.rcv_nxt));
                prop_assert!(endpoint.held.text().iter().all(|(start, _)| endpoint.rcv_nxt.precedes(*start)));
                prop_assert!(endpoint.held.fin().is_none_or(|fin| endpoint.rcv_nxt.precedes(fin)));
                prop_assert_eq!(endpoint.left.is_some(), endpoint.state == State::Closed);
                if before.state == State::Closed {
                    prop_assert_eq!(&endpoint, &before);
                    prop_assert_eq!(effects.timers, [TimerChange::Keep; Timer::ALL.len()]);
                }
            }
        }
    }
}
