//! The endpoint as a stateright actor.

use std::borrow::Cow;
use std::time::Duration;

use stateright::actor::{Actor, Id, Out};

use super::endpoint::Endpoint;
use super::event::{Call, Effects, Timer, TimerChange};
use super::policy::Policy;
use super::segment::Segment;

/// How long one tick is for an actor's timers: a choice without consequence, since durations are only ever
/// counted in ticks.
pub const TICK: Duration = Duration::from_secs(1);

/// One endpoint of a connection with one peer.
///
/// A segment is a message, a timer a timer of real duration, and a call of the application a random choice:
/// the model that runs the actor decides which calls there are to choose from.
#[derive(Clone, Copy, Debug)]
pub struct TcpActor {
    /// Where the segments go.
    pub peer: Id,
    /// How the endpoint behaves where the RFC leaves a choice.
    pub policy: Policy,
}

impl Actor for TcpActor {
    type Msg = Segment;
    type Timer = Timer;
    type State = Endpoint;
    type Storage = ();
    type Random = Call;

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Endpoint {
        Endpoint::established()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Endpoint>, _: Id, segment: Segment, out: &mut Out<Self>) {
        self.apply(state, out, |endpoint, policy| endpoint.on_segment(&segment, policy));
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, Endpoint>, timer: &Timer, out: &mut Out<Self>) {
        self.apply(state, out, |endpoint, policy| endpoint.on_timeout(*timer, policy));
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, Endpoint>, call: &Call, out: &mut Out<Self>) {
        self.apply(state, out, |endpoint, policy| endpoint.on_call(*call, policy));
    }
}

impl TcpActor {
    fn apply(
        &self,
        state: &mut Cow<'_, Endpoint>,
        out: &mut Out<Self>,
        event: impl FnOnce(&mut Endpoint, &Policy) -> Effects,
    ) {
        // A state that is borrowed stays so if nothing changes: that is how stateright distinguishes a step from
        // none.
        let effects = match state {
            Cow::Owned(endpoint) => event(endpoint, &self.policy),
            Cow::Borrowed(before) => {
                let mut endpoint = before.clone();
                let effects = event(&mut endpoint, &self.policy);
                if endpoint != **before {
                    *state = Cow::Owned(endpoint);
                }
                effects
            }
        };
        if let Some(segment) = effects.segment {
            out.send(self.peer, segment);
        }
        for (timer, change) in Timer::ALL.into_iter().zip(effects.timers) {
            match change {
                TimerChange::Keep => {}
                TimerChange::Set(ticks) => {
                    out.set_timer(timer, TICK * ticks..TICK * self.policy.timers.latest(ticks));
                }
                TimerChange::Cancel => out.cancel_timer(timer),
            }
        }
    }
}
