//! The applications: when they send, close and abort.

use serde::Deserialize;

use super::Observed;
use crate::tcp::{Call, State};

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
}

impl Application {
    /// The calls that it may make now.
    pub fn calls(self, end: &Observed) -> impl Iterator<Item = Call> {
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
        let abort = (self.aborts && end.state != State::Closed).then_some(Call::Abort);
        [send, close, abort].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::{Endpoint, Flags, Policy, Segment, Seq};

    #[test]
    fn calls_follow_the_promise() {
        let policy = Policy::rfc1337(2);
        let application =
            Application { closes: Closes::AfterEof, closes_with: ClosesWith::Shutdown, sends: 1, aborts: false };
        let calls = |endpoint: &Endpoint| application.calls(&Observed::of(endpoint)).collect::<Vec<_>>();

        let mut endpoint = Endpoint::established();
        assert_eq!(calls(&endpoint), [Call::Send]);
        endpoint.on_call(Call::Send, &policy);
        assert_eq!(calls(&endpoint), []);
        endpoint.on_segment(&Segment { flags: Flags::FIN_ACK, seq: Seq(1), ack: Seq(1), len: 0 }, &policy);
        assert_eq!(calls(&endpoint), [Call::Shutdown]);
        endpoint.on_call(Call::Shutdown, &policy);
        assert_eq!(calls(&endpoint), []);

        let aborting = Application { closes: Closes::Never, aborts: true, ..application };
        let calls = |endpoint: &Endpoint| aborting.calls(&Observed::of(endpoint)).collect::<Vec<_>>();
        assert_eq!(calls(&endpoint), [Call::Abort]);
        endpoint.on_call(Call::Abort, &policy);
        assert_eq!(calls(&endpoint), []);
    }
}
