//! How much memory a run may take.

use sysinfo::System;

/// How much address space a thread takes besides what it works on: its stack, and what glibc reserves for its
/// allocations.
const ADDRESSES_PER_THREAD: usize = 72 << 20;

/// How much a thread takes of it: its stack.
const BYTES_PER_THREAD: usize = 4 << 20;

/// Threads besides those that the option asks for: the first, and stateright's.
const OTHER_THREADS: usize = 2;

/// How much memory this process could still take, in bytes, as far as the system reports it: the free memory, in
/// its control group and at all.
pub(crate) fn available() -> Option<usize> {
    let mut system = System::new();
    system.refresh_memory();
    let within_group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    let available = system.available_memory().min(within_group);
    usize::try_from(available).ok().filter(|available| *available > 0)
}

/// How much more memory this process may take, in bytes, besides that of so many threads, where it has a limit of
/// its own (`ulimit -v`, `ulimit -d`): an allocation beyond it fails.
pub(crate) fn allowed(threads: usize) -> Option<usize> {
    let less = |left: usize, each: usize| left.saturating_sub(each.saturating_mul(threads + OTHER_THREADS));
    let addresses = addresses_left().map(|left| less(left, ADDRESSES_PER_THREAD));
    let data = data_left().map(|left| less(left, BYTES_PER_THREAD));
    addresses.into_iter().chain(data).min()
}

/// So many threads leave at least half of what this process may take for what they work on.
pub(crate) fn most_threads() -> usize {
    let threads = |left: usize, each: usize| (left / 2 / each).saturating_sub(OTHER_THREADS).max(1);
    let addresses = addresses_left().map(|left| threads(left, ADDRESSES_PER_THREAD));
    let data = data_left().map(|left| threads(left, BYTES_PER_THREAD));
    addresses.into_iter().chain(data).min().unwrap_or(usize::MAX)
}

#[cfg(target_os = "linux")]
fn addresses_left() -> Option<usize> {
    left(nix::sys::resource::Resource::RLIMIT_AS, "VmSize")
}

#[cfg(target_os = "linux")]
fn data_left() -> Option<usize> {
    left(nix::sys::resource::Resource::RLIMIT_DATA, "VmData")
}

/// The rest of a limit, in bytes, if there is one; the line has the amount taken.
#[cfg(target_os = "linux")]
fn left(resource: nix::sys::resource::Resource, taken: &str) -> Option<usize> {
    use nix::sys::resource::{RLIM_INFINITY, getrlimit};

    let (limit, _) = getrlimit(resource).ok().filter(|(limit, _)| *limit != RLIM_INFINITY)?;
    let kibibytes: u64 = of_process(taken)?.strip_suffix("kB")?.trim().parse().ok()?;
    usize::try_from(limit.saturating_sub(kibibytes << 10)).ok()
}

/// Not known.
#[cfg(not(target_os = "linux"))]
fn addresses_left() -> Option<usize> {
    None
}

/// Not known.
#[cfg(not(target_os = "linux"))]
fn data_left() -> Option<usize> {
    None
}

/// A line of Linux's `/proc/self/status`; `None` elsewhere.
#[cfg(unix)]
pub(crate) fn of_process(name: &str) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}
