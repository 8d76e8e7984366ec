//! The applications: when they send, close and abort.

use serde::Deserialize;

use super::observe::Observed;
use super::opening::Opening;
use crate::tcp::{Call, Policy, State};

/// When an application closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closes {
    /// At any moment from the start.
    AnyTime,
    /// At any moment after it has read the peer's FIN.
    AfterEof,
    /// Never.
    Never,
}

/// What an application closes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosesWith {
    /// It goes on reading.
    Shutdown,
    /// It does not read any more.
    Close,
}

/// The application of one end. It reads whatever is delivered, at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// When it closes.
    pub closes: Closes,
    /// What it closes with.
    pub closes_with: ClosesWith,
    /// How many octets it may send before it closes, one a call.
    pub sends: u32,
    /// It may abort at any moment.
    pub aborts: bool,
    /// How it opens a new connection.
    pub opening: Opening,
}

impl Application {
    /// The calls on a connection that it may make now, where `reader_gone` says that it has let go of the
    /// connection already: with sockets there is nothing left to call after `close()`. A call that would change
    /// nothing is none.
    pub fn calls(self, end: &Observed, reader_gone: bool, policy: &Policy) -> impl Iterator<Item = Call> + use<> {
        let open = matches!(end.state, State::Established | State::CloseWait);
        let send = (open && end.sent < self.sends).then_some(Call::Send);
        let may_close = match self.closes {
            Closes::AnyTime => true,
            Closes::AfterEof => end.fin_received,
            Closes::Never => false,
        };
        let close = (open && may_close).then_some(match self.closes_with {
            ClosesWith::Shutdown => Call::Shutdown,
            ClosesWith::Close => Call::Close,
        });
        let changes = policy.closing.abort_resets_in(end.state) || policy.closing.abort_ends_in(end.state);
        let is_connection = end.state != State::Listen;
        let abort = (self.aborts && is_connection && !reader_gone && changes).then_some(Call::Abort);
        [send, close, abort].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::{AbortResets, Endpoint, Flags, Segment, Seq};

    #[test]
    fn calls_follow_the_promise() {
        let policy = Policy::rfc1337(2);
        let application = Application {
            closes: Closes::AfterEof,
            closes_with: ClosesWith::Shutdown,
            sends: 1,
            aborts: false,
            opening: Opening::NEVER,
        };
        let calls_of = |application: Application, endpoint: &Endpoint, policy: &Policy| {
            application.calls(&Observed::of(endpoint), endpoint.reader_gone, policy).collect::<Vec<_>>()
        };
        let calls = |endpoint: &Endpoint| calls_of(application, endpoint, &policy);

        let mut endpoint = Endpoint::established();
        assert_eq!(calls(&endpoint), [Call::Send]);
        endpoint.on_call(Call::Send, &policy);
        assert_eq!(calls(&endpoint), []);
        endpoint.on_segment(&Segment { flags: Flags::FIN_ACK, seq: Seq(1), ack: Seq(1), len: 0 }, &policy);
        assert_eq!(calls(&endpoint), [Call::Shutdown]);
        endpoint.on_call(Call::Shutdown, &policy);
        assert_eq!(calls(&endpoint), []);

        let aborting = Application { closes: Closes::Never, aborts: true, ..application };
        let calls = |endpoint: &Endpoint| calls_of(aborting, endpoint, &policy);
        assert_eq!(calls(&endpoint), [Call::Abort]);
        endpoint.on_call(Call::Abort, &policy);
        assert_eq!(calls(&endpoint), []);

        // After close() there is no handle left to abort with.
        let mut closed = Endpoint::established();
        closed.on_call(Call::Close, &policy);
        assert_eq!((closed.state, calls(&closed)), (State::FinWait1, vec![]));
        // TIME_WAIT is ended by an abort (RFC 9293 §3.10.5), or is not, or answers it once with a reset.
        let waiting = || {
            let mut endpoint = Endpoint::established();
            endpoint.on_call(Call::Shutdown, &policy);
            endpoint.on_segment(&Segment { flags: Flags::FIN_ACK, seq: Seq(1), ack: Seq(2), len: 0 }, &policy);
            endpoint
        };
        let stays = policy.with(|policy| policy.closing.abort_ends_time_wait = false);
        let resets = stays.with(|policy| policy.closing.abort_resets = AbortResets::Always);
        assert_eq!(waiting().state, State::TimeWait);
        let offered = [policy, stays, resets].map(|policy| calls_of(aborting, &waiting(), &policy));
        assert_eq!(offered, [vec![Call::Abort], vec![], vec![Call::Abort]]);
        let mut once = waiting();
        assert!(once.on_call(Call::Abort, &resets).segment.is_some());
        assert_eq!((once.state, calls_of(aborting, &once, &resets)), (State::TimeWait, vec![]));
    }
}
