//! How a connection is closed, and aborted. RFC 9293 §3.10.4, §3.10.5.

use serde::{Deserialize, Serialize};

use crate::tcp::state::State;

/// When a FIN is sent, and what `close()` and an abort do. RFC 9293 §3.10.4, §3.10.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosePolicy {
    /// `close()` with text that was not read sends a reset instead of a FIN. RFC 9293 §3.6.1 (RFC 2525 §2.17).
    /// FreeBSD discards the text and sends a FIN (`tcp_disconnect`), and so do those whose `close` is RFC 9293's
    /// CLOSE.
    pub reset_unread: bool,
    /// The peer's FIN in ESTABLISHED closes this direction, too, without a call. Zephyr, `tcp_in`.
    pub closes_on_fin: bool,
    /// The condition for sending the FIN.
    pub fin_sending: FinSending,
    /// In which states an abort sends a reset.
    pub abort_resets: AbortResets,
    /// An abort ends `TIME_WAIT`. RFC 9293 §3.10.5. In Linux (measured on 6.18), FreeBSD and gVisor what waits
    /// belongs to no application any more.
    pub abort_ends_time_wait: bool,
}

impl ClosePolicy {
    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self {
        reset_unread: true,
        closes_on_fin: false,
        fin_sending: FinSending::WithText,
        abort_resets: AbortResets::WhileOpen,
        abort_ends_time_wait: true,
    };

    /// Whether the peer's FIN, which has led to this state, closes our direction, too. RFC 9293 §3.10.7.4: not
    /// before the application's CLOSE.
    pub(in crate::tcp) fn closes_with_peer(self, state: State) -> bool {
        self.closes_on_fin && state == State::CloseWait
    }

    /// Whether an abort in this state sends a reset. RFC 9293 §3.10.5.
    #[must_use]
    pub fn abort_resets_in(self, state: State) -> bool {
        match (self.abort_resets, state) {
            (_, State::Closed | State::Listen | State::SynSent)
            | (AbortResets::WhileOpen, State::Closing | State::LastAck | State::TimeWait)
            | (AbortResets::UnlessTimeWait, State::TimeWait) => false,
            (AbortResets::WhileOpen | AbortResets::UnlessTimeWait | AbortResets::Always, _) => true,
        }
    }

    /// Whether an abort in this state ends the connection. RFC 9293 §3.10.5.
    #[must_use]
    pub fn abort_ends_in(self, state: State) -> bool {
        match state {
            State::Closed => false,
            State::TimeWait => self.abort_ends_time_wait,
            _ => true,
        }
    }
}

/// The condition for sending a FIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FinSending {
    /// For nothing: it rides on the last of the text. RFC 9293 §3.10.4.
    WithText,
    /// It is a segment of its own and never rides on text that waits. gVisor (`sendData`, issue 13393).
    Alone,
    /// Until all text is acknowledged, or the peer's FIN is there. Zephyr (`net_tcp_put`, `tcp_in`: `in_close`).
    AfterAcks,
}

/// In which states an abort sends a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbortResets {
    /// Where a direction is still open: not in CLOSING, `LAST_ACK` and `TIME_WAIT`. RFC 9293 §3.10.5;
    /// Linux (`tcp_need_reset`), gVisor, netstack3.
    WhileOpen,
    /// Everywhere but in `TIME_WAIT`. FreeBSD (`tcp_drop`), lwIP (`tcp_abandon`).
    UnlessTimeWait,
    /// Everywhere. smoltcp (`abort`).
    Always,
}
