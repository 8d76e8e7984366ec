//! The clock of a replayed case, and the timers that expire by it.

use super::Host;
use crate::conform::recorded::case::CaseTimer;
use crate::conform::recorded::number::TimeSpan;
use crate::model::EndpointEvent;
use crate::tcp::{Endpoint, Sending, Timer};

/// No case takes longer, in milliseconds: a day.
const MAX_CASE_MILLISECONDS: u64 = 86_400_000;

/// In no case do timers expire more often while time passes.
const MOST_EXPIRIES: usize = 10_000;

impl Host {
    /// The timers that run, and how many milliseconds are left of each.
    pub(in crate::conform::recorded) fn timers(&self) -> Vec<(CaseTimer, u64)> {
        let all = Timer::ALL.into_iter().map(CaseTimer::Of).chain([CaseTimer::Persist, CaseTimer::UserTimeout]);
        all.filter_map(|timer| Some((timer, self.due_at(timer)?.saturating_sub(self.now)))).collect()
    }

    /// Lets a timer expire if it runs. The others do not, even if they were due before: they are late.
    pub(in crate::conform::recorded) fn expire(&mut self, timer: CaseTimer) {
        if let Some(due) = self.due_at(timer) {
            self.now = self.now.max(due);
            match timer {
                CaseTimer::Of(timer) => self.on_timeout(timer),
                CaseTimer::Persist => self.on_timeout(Timer::Retransmission),
                CaseTimer::UserTimeout => self.on_user_timeout(),
            }
        }
    }

    /// Lets time pass, and timers expire as they are due; the mistake is that it is too long, or too much happens.
    pub(in crate::conform::recorded) fn wait(&mut self, span: &TimeSpan) -> Result<(), String> {
        self.wait_until(self.now.saturating_add(span.milliseconds(&self.policy)))
    }

    /// Lets time pass until so many milliseconds after the start, unless it is later.
    pub(in crate::conform::recorded) fn wait_until(&mut self, until: u64) -> Result<(), String> {
        if until > MAX_CASE_MILLISECONDS {
            return Err("a case of more than a day".to_owned());
        }
        while let Some((_, timer)) = self.next_due().filter(|(due, _)| *due <= until) {
            self.expire_in_time(timer)?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// Lets time pass until something is sent, at most until so many milliseconds after the start, or for as long
    /// as a timer runs. A stack that is polled is polled.
    pub(in crate::conform::recorded) fn wait_for_a_segment(&mut self, until: Option<u64>) -> Result<(), String> {
        let last = until.unwrap_or(MAX_CASE_MILLISECONDS).min(MAX_CASE_MILLISECONDS);
        loop {
            self.poll_if_polled();
            if !self.sent.is_empty() {
                return Ok(());
            }
            let Some((_, timer)) = self.next_due().filter(|(due, _)| *due <= last) else { break };
            self.expire_in_time(timer)?;
        }
        until.map_or(Ok(()), |until| self.wait_until(until))
    }

    fn poll_if_polled(&mut self) {
        if self.policy.transmission.sending != Sending::AtOnce {
            self.poll(u32::MAX);
        }
    }

    /// The timer that is due next, and when.
    fn next_due(&self) -> Option<(u64, CaseTimer)> {
        let timers = Timer::ALL.into_iter().map(CaseTimer::Of);
        let all = [CaseTimer::UserTimeout, CaseTimer::Persist].into_iter().chain(timers);
        all.filter_map(|timer| self.due_at(timer).map(|due| (due, timer))).min_by_key(|(due, _)| *due)
    }

    fn expire_in_time(&mut self, timer: CaseTimer) -> Result<(), String> {
        self.expiries += 1;
        if self.expiries > MOST_EXPIRIES {
            return Err(format!("a case in which timers expire more than {MOST_EXPIRIES} times"));
        }
        self.expire(timer);
        Ok(())
    }

    fn on_timeout(&mut self, timer: Timer) {
        // It has expired: unless it is set again it does not run any more.
        *timer.of_mut(&mut self.due) = None;
        self.take(Some(EndpointEvent::Timeout(timer)), |endpoint, policy| endpoint.on_timeout(timer, policy));
    }

    fn on_user_timeout(&mut self) {
        self.take(None, Endpoint::on_user_timeout);
    }

    /// RFC 9293 §3.9.1: the user timeout runs while something is unacknowledged, or waits to be sent.
    fn user_timeout_at(&self) -> Option<u64> {
        let (_, since) = self.outstanding?;
        self.user_timeout.map(|timeout| since.saturating_add(timeout))
    }

    fn due_at(&self, timer: CaseTimer) -> Option<u64> {
        let retransmission = Timer::Retransmission.of(&self.due);
        match timer {
            CaseTimer::Of(Timer::Retransmission) => {
                retransmission.filter(|_| !self.endpoint.transfer.persist.runs)
            }
            CaseTimer::Persist => retransmission.filter(|_| self.endpoint.transfer.persist.runs),
            CaseTimer::Of(timer) => *timer.of(&self.due),
            CaseTimer::UserTimeout => self.user_timeout_at(),
        }
    }
}
