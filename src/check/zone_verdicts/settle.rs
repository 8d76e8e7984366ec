//! What an exploration leaves open of the properties of states, decided by others.

use super::results::Results;
use super::{Task, stopped_by};
use crate::explore::Stopped;
use crate::invariant::invariant;
use crate::model::Limit;
use crate::property::Known;
use crate::realtime::{Ended, KeptCopies, Question, SearchOptions};

impl Task<'_> {
    /// Decides what an exploration has left open. Where the exact world refuses a long run, it may accept a
    /// shortest one. If it refuses that, too, more copies may show that there is none. What they leave open is
    /// decided where nothing is found that is not there: by any run first, for to go breadth first takes long
    /// there.
    pub(super) fn settle(&self, results: &mut Results) -> Result<(), Stopped> {
        let every = KeptCopies::Every;
        self.settle_by(SearchOptions { shortest_runs: true, ..SearchOptions::default() }, results)?;
        if let Some(kept_copies) = self.more_copies() {
            match self.settle_by(SearchOptions { shortest_runs: false, kept_copies }, results) {
                // What is asked may be revealed with every copy before that limit is hit.
                Ok(()) | Err(Stopped::Limit(Limit::Copies) | Stopped::MaxStates | Stopped::MaxMemory) => {}
                Err(stopped) => return Err(stopped),
            }
        }
        self.settle_by(SearchOptions { shortest_runs: false, kept_copies: every }, results)?;
        self.settle_by(SearchOptions { shortest_runs: true, kept_copies: every }, results)
    }

    /// One copy more than there are losses, if there is room: all that are kept arrive, and not all of the answers
    /// can be lost. `None` if that is not more than the oldest and the youngest.
    fn more_copies(&self) -> Option<KeptCopies> {
        // More leave no room for other segments.
        const MOST: u8 = 6;
        let one_more = self.scenario.config.losses.filter(|losses| *losses > 1)?.saturating_add(1);
        self.network_is_set().then_some(KeptCopies::AtMost(one_more.min(MOST)))
    }

    /// Decides the open instances by an exploration of their own; those that need another run stay open.
    fn settle_by(&self, options: SearchOptions, results: &mut Results) -> Result<(), Stopped> {
        let mut numbers = self.open_states(results);
        // What is revealed is not vacuous.
        let may_be_vacuous = |results: &Results, number: usize| {
            let known = &results.each[number];
            known.revealed != Known::Found && known.exercised == Known::Open
        };
        let has_more_copies = options.kept_copies != KeptCopies::default();
        let may_do_more = self.network_is_set() && options.kept_copies != KeptCopies::Every;
        if has_more_copies {
            numbers.extend((0..self.instances.len()).filter(|number| may_be_vacuous(results, *number)));
            numbers.sort_unstable();
            numbers.dedup();
        }
        if numbers.is_empty() {
            return Ok(());
        }
        let all = self.questions();
        let questions: Vec<Question<'_>> = numbers.iter().map(|number| all[*number]).collect();
        let explored = &self.explore(&questions, options)?;
        let mut is_cut_short = false;
        let open = self.open_states(results);
        for (place, number) in numbers.into_iter().enumerate() {
            if open.contains(&number) && explored.reveals(place) {
                match self.witness(explored, place, number) {
                    Ok(trace) if options.shortest_runs => results.reveal_by_shortest(number, trace),
                    Ok(trace) if self.wants_shortest[number] => {
                        results.each[number].longer = Some(trace).filter(|_| self.any_run_if_stopped);
                    }
                    Ok(trace) => results.reveal(number, trace),
                    Err(fault) => self.refused(number, fault, may_do_more)?,
                }
            } else if open.contains(&number) && explored.ended == Ended::Exhausted {
                invariant!(has_more_copies, "what was revealed once is revealed by a shortest run, too");
                results.each[number].revealed = Known::Absent;
            } else if open.contains(&number) {
                is_cut_short = true;
            }
            if has_more_copies && may_be_vacuous(results, number) {
                results.each[number].exercised = self.exercised(explored, place, number, may_do_more)?;
                is_cut_short |= results.each[number].exercised == Known::Open;
            }
        }
        explored.stopped().filter(|_| is_cut_short).map_or(Ok(()), |stop| Err(stopped_by(stop, self.limits)))
    }
}
