//! Hypotheses: the states in which an end may be, each with the simplest account of how it came there.

use super::cost;
use crate::tcp::{Endpoint, Seq, State};

/// More hypotheses than this are given up: no real connection comes near.
const MOST_HYPOTHESES: usize = 512;

/// The cause of a change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It was so when the closing phase began.
    Start,
    /// It sent this packet.
    Sent,
    /// It received what was captured as the packet with this index.
    Received(usize),
    /// It received or sent something that is not in the capture.
    Unseen,
    /// 2MSL have passed.
    TimeWait,
    /// Nobody read any more, and `FIN_WAIT_2` lasted too long.
    FinWait2,
    /// It retransmitted without an acknowledgment, until it gave up.
    GaveUp,
    /// It knows of the connection no more: it aborted, and its reset is not in the capture, or it was restarted,
    /// or something on the way answers for it.
    Gone,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The state that was entered.
    pub state: State,
    /// The index of the packet at which it was entered, or at which it shows that it was.
    pub index: usize,
    /// What led to it.
    pub cause: Cause,
}

/// A state that an end may be in.
#[derive(Clone, Debug)]
pub(super) struct Hypothesis {
    /// The endpoint, as far as it is known: see [`canonical`].
    pub(super) endpoint: Endpoint,
    /// The cost: how much must have happened otherwise than the capture shows at first sight.
    pub(super) cost: u32,
    /// How it came there.
    pub(super) path: Vec<Change>,
}

/// An account, and who had closed by it before the capture began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedBefore {
    /// The states that the end went through.
    pub changes: Vec<Change>,
    /// The end itself had sent its FIN.
    pub(super) own: bool,
    /// The other had: the end has received a FIN that is not in the capture, or had received it at the beginning.
    pub(super) peers: bool,
}

impl Hypothesis {
    /// The account, and who had closed by it before the capture began.
    pub(super) fn closed_before(&self, peers_fin_is_captured: bool) -> ClosedBefore {
        let begins_in =
            |states: [State; 3]| self.path.first().is_some_and(|change| states.contains(&change.state));
        ClosedBefore {
            changes: self.path.clone(),
            own: begins_in([State::FinWait1, State::LastAck, State::Closing]),
            peers: begins_in([State::CloseWait, State::LastAck, State::Closing])
                || self.endpoint.fin_received && !peers_fin_is_captured,
        }
    }

    /// The hypothesis after a step to `endpoint`.
    pub(super) fn then(&self, endpoint: &Endpoint, cost: u32, index: usize, cause: Cause) -> Self {
        let endpoint = canonical(endpoint);
        let mut path = self.path.clone();
        if endpoint.state != self.endpoint.state {
            path.push(Change { state: endpoint.state, index, cause });
        }
        Self { endpoint, cost: self.cost.saturating_add(cost), path }
    }
}

/// There are too many possibilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// Hypotheses, each endpoint once, with its cheapest account.
#[derive(Clone, Debug, Default)]
pub(super) struct Hypotheses(pub(super) Vec<Hypothesis>);

impl Hypotheses {
    /// Adds a hypothesis; true if it is new or cheaper than what was known.
    pub(super) fn add(&mut self, hypothesis: Hypothesis) -> Result<bool, TooMany> {
        if let Some(known) = self.0.iter_mut().find(|known| known.endpoint == hypothesis.endpoint) {
            let is_cheaper = hypothesis.cost < known.cost;
            if is_cheaper {
                *known = hypothesis;
            }
            return Ok(is_cheaper);
        }
        if self.0.len() >= MOST_HYPOTHESES {
            return Err(TooMany);
        }
        self.0.push(hypothesis);
        Ok(true)
    }

    /// A FIN comes again, or nothing comes for long: where one had arrived, the end would have acknowledged it,
    /// and `acked` is the latest number that it is known to have acknowledged.
    pub(super) fn doubt_unanswered_fin(&mut self, acked: Option<Seq>) {
        for hypothesis in &mut self.0 {
            let mut fins = hypothesis.path.windows(2).rev().filter_map(|pair| match pair {
                [from, to] if brings_fin(from.state, to.state) => Some(to),
                _ => None,
            });
            let received = fins.next().filter(|change| matches!(change.cause, Cause::Received(_)));
            let unanswered = acked.is_none_or(|acked| acked.precedes(hypothesis.endpoint.rcv_nxt));
            if received.is_some()
                && unanswered
                && hypothesis.endpoint.fin_received
                && hypothesis.endpoint.state != State::Closed
            {
                hypothesis.cost = hypothesis.cost.saturating_add(cost::UNANSWERED_FIN);
            }
        }
    }

    /// Unacknowledged numbers were not sent again for so long that they must have been acknowledged.
    pub(super) fn doubt_not_sent_again(&mut self) {
        for hypothesis in &mut self.0 {
            let Endpoint { state, fin_sent, .. } = hypothesis.endpoint;
            if fin_sent && !hypothesis.endpoint.fin_acked() && state != State::Closed {
                hypothesis.cost = hypothesis.cost.saturating_add(cost::NOT_SENT_AGAIN);
            }
        }
    }

    /// The accounts in which an end had closed before the capture began, and in the best it had not, and which
    /// cost no more but for that; of those with the same last states, the cheapest. `peers_fin_is_captured` if any
    /// FIN of the peer is.
    pub(super) fn closed_before(&self, best: &Hypothesis, peers_fin_is_captured: bool) -> Vec<ClosedBefore> {
        let limit = best.cost.saturating_add(cost::UNSEEN + cost::MARGIN);
        let mut others: Vec<&Hypothesis> = self.0.iter().filter(|one| one.cost <= limit).collect();
        others.sort_by_key(|other| other.cost);
        let known = best.closed_before(peers_fin_is_captured);
        let mut accounts: Vec<ClosedBefore> = Vec::new();
        for other in others {
            let account = other.closed_before(peers_fin_is_captured);
            let is_more = account.own && !known.own || account.peers && !known.peers;
            let ends =
                |path: &[Change]| path.iter().rev().take(2).map(|change| change.state).collect::<Vec<State>>();
            if is_more && !accounts.iter().any(|one| ends(&one.changes) == ends(&account.changes)) {
                accounts.push(account);
            }
        }
        accounts
    }

    /// The cheapest; of several, the one that was found first.
    pub(super) fn best(&self) -> Option<&Hypothesis> {
        self.0.iter().min_by_key(|hypothesis| hypothesis.cost)
    }
}

/// The peer's FIN leads from one state to the other.
fn brings_fin(from: State, to: State) -> bool {
    match to {
        State::CloseWait | State::Closing => true,
        State::TimeWait => from != State::Closing,
        _ => false,
    }
}

/// The number before.
pub(super) fn before(number: Seq) -> Seq {
    number + u32::MAX
}

/// The endpoint without what a capture does not tell and what can be supposed when it is needed.
///
/// Of what is unacknowledged it only counts whether there is any; whether the application has read and whether
/// it will read is open, and so is whether an ACK is due. Nothing is held beyond a hole: what arrived
/// early can be delivered later, since every captured segment may arrive again.
pub(super) fn canonical(endpoint: &Endpoint) -> Endpoint {
    let Endpoint { state, left, ended_by, snd_nxt, rcv_nxt, fin_sent, fin_received, .. } = *endpoint;
    Endpoint {
        state,
        left,
        ended_by,
        snd_una: if endpoint.fin_acked() { snd_nxt } else { before(snd_nxt) },
        snd_nxt,
        rcv_nxt,
        fin_sent,
        fin_received,
        close_called: fin_sent,
        unread: u32::from(state != State::Closed),
        ..Endpoint::established()
    }
}
