//! A session: the run so far, where on it one stands, and what a line does to it.

use std::fmt::Write;
use std::path::PathBuf;

use super::answer::{self, Choice};
use super::command::{Command, help};
use crate::check::{Forever, evaluate, is_true_of};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::invariant::broken;
use crate::model::Event;
use crate::property::Instance;
use crate::realtime::{Moment, Refusal};
use crate::report::quantity::counted;
use crate::report::terminal::Terminal;
use crate::report::trace::saved::{SavedReplay, SavedTrace};
use crate::report::trace::{json, ladder};
use crate::scenario::Scenario;
use crate::trace::{
    MAX_CHOSEN_PARTS, NotForever, RunEnding, Stepwise, Ticks, Trace, exact_ending, greatest_common_divisor,
    too_long,
};

/// No run has more steps: nobody reads one that is longer.
const MAX_STEPS: usize = 1000;

/// What a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// What to show.
    Text(String),
    /// A file to be read and given to [`Session::load`], with the step to go to.
    Load(PathBuf, Option<usize>),
    /// A file to be written, its text, and what to show then.
    Save(PathBuf, String, String),
    /// The session is over.
    Quit,
}

/// A world that is walked by hand.
#[derive(Clone, Debug)]
pub struct Session<'s> {
    scenario: &'s Scenario,
    /// What each state is looked at for.
    instances: Vec<Instance>,
    terminal: Terminal,
    /// All steps, also those that were undone.
    run: Stepwise<'s>,
    /// After so many of its steps one stands.
    at: usize,
    /// How the run goes on forever, as long as it is one that was loaded and does.
    ending: RunEnding,
}

impl<'s> Session<'s> {
    /// A scenario of the timed world in its initial state.
    #[must_use]
    pub fn new(scenario: &'s Scenario, instances: Vec<Instance>, terminal: Terminal) -> Self {
        let run = Stepwise::new(&scenario.config, 1);
        Self { scenario, instances, terminal, run, at: 0, ending: RunEnding::Open }
    }

    /// What is shown at first: the scenario, what it is about, the state, and what may happen; or, where a trace
    /// was opened, what that has come to.
    #[must_use]
    pub fn greeting(&self, opened: Option<&str>) -> String {
        let Scenario { name, about, changes, .. } = self.scenario;
        let mut text = self.terminal.prose(&format!("{name}: {about}"), 0) + "\n";
        if self.scenario.is_changed() {
            let _ = writeln!(text, "set {}", self.terminal.prose(&changes.join(", "), 4));
        }
        self.shown(&(text + "\n" + opened.unwrap_or(&self.here())))
    }

    /// Does what a line says.
    ///
    /// # Errors
    /// If it is not understood or cannot be done; then nothing is changed.
    pub fn obey(&mut self, line: &str) -> Result<Reply, Diagnostics> {
        let choices = answer::choices(&self.so_far(), self.scenario);
        let text = match Command::parse(line, &choices).map_err(Diagnostic::new)? {
            Command::Choose(place) => {
                let choice =
                    choices.get(place).unwrap_or_else(|| broken(format_args!("there is no choice {place}")));
                self.take(choice)?
            }
            Command::Pass(time) => self.pass(time)?,
            Command::Timer => self.pass_to_next_timer()?,
            Command::Undo(steps) => self.go_to(self.at.checked_sub(steps), "back")?,
            Command::Redo(steps) => self.go_to(self.at.checked_add(steps), "on")?,
            Command::Goto(step) => self.go_to(Some(step), "there")?,
            Command::State => self.here(),
            Command::List => answer::list(&choices, self.terminal),
            Command::Path => ladder::path(&self.trace(), self.terminal),
            Command::Properties => {
                answer::properties(&self.instances, &self.so_far().worlds(), self.goes_on(), self.terminal)
            }
            Command::Eval(formula) => {
                let view = evaluate(self.scenario, &formula, &self.so_far().worlds(), self.goes_on())?;
                answer::formula(&view)
            }
            Command::Load(file, step) => return Ok(Reply::Load(file, step)),
            Command::Save(file) => return Ok(self.save(file)),
            Command::Help => help(),
            Command::Quit => return Ok(Reply::Quit),
        };
        Ok(Reply::Text(self.shown(&text)))
    }

    /// Opens a trace that was saved, at its end or after a step; what it does to the session, which has its steps
    /// then and no others.
    ///
    /// # Errors
    /// If it is no run of this world, or is one only up to a step before that which is asked for.
    pub fn load(&mut self, saved: &SavedTrace, step: Option<usize>) -> Result<String, Diagnostics> {
        let SavedReplay { mut trace, saved: length, parted, .. } = saved.replay(self.scenario, None);
        if let Some((number, differences)) = parted {
            let usable = number.saturating_sub(1);
            if step.is_none_or(|step| step > usable) {
                let title = format!(
                    "it parts from {} at step {number} of {length}: {}",
                    self.scenario.name,
                    differences.join("; ")
                );
                let mistake = Diagnostic::new(title);
                let help = format!("`--step {usable}`, or `load FILE {usable}`, opens what is before");
                return Err(if usable > 0 { mistake.help(help) } else { mistake }.into());
            }
            trace.steps.truncate(usable);
        }
        let repeats_from = saved.repeats_from().filter(|_| trace.steps.len() == length);
        self.open(&trace, repeats_from, step)
    }

    /// Opens a trace that was found in the scenario, at its end or after a step.
    ///
    /// # Errors
    /// If the exact world refuses it, as it may one of a network that is a set.
    pub fn open_found(&mut self, trace: &Trace, step: Option<usize>) -> Result<String, Diagnostics> {
        let repeats_from = match trace.ending {
            RunEnding::Open => None,
            RunEnding::Stops { .. } => Some(trace.steps.len()),
            RunEnding::Repeats { from, .. } => Some(from),
        };
        self.open(trace, repeats_from, step)
    }

    fn open(
        &mut self,
        trace: &Trace,
        repeats_from: Option<usize>,
        step: Option<usize>,
    ) -> Result<String, Diagnostics> {
        let length = trace.steps.len();
        let step = step.unwrap_or(length);
        if step > length {
            return Err(Diagnostic::new(format!("it has only {}", counted(length, "step"))).into());
        }
        if length > MAX_STEPS {
            return Err(Diagnostic::new(format!("it has {length} steps, more than {MAX_STEPS}")).into());
        }
        if trace.parts > MAX_CHOSEN_PARTS {
            let title = format!("its moments are finer than 1/{MAX_CHOSEN_PARTS} of a tick");
            return Err(Diagnostic::new(title).into());
        }
        if trace.parts > 1 && !self.scenario.is_real_time() {
            return Err(Diagnostic::new(self.whole_ticks()).into());
        }
        let mut run = Stepwise::new(&self.scenario.config, trace.parts);
        for (number, step) in (1..).zip(&trace.steps) {
            let refused = |why: String| Diagnostic::new(format!("step {number} of it cannot happen: {why}"));
            run.take(&step.event).map_err(|why| refused(why.to_string()))?;
            if run.trace().last().ends != step.after.ends {
                return Err(refused("the ends come to other states".to_owned()).into());
            }
        }
        let mut text = format!("Opened {}.", counted(length, "step"));
        let ending = match repeats_from {
            None => RunEnding::Open,
            Some(from) => match exact_ending(&run.worlds(), run.trace(), from, self.scenario.fairness) {
                Ok(ending) => {
                    let _ = match length - from {
                        0 => write!(text, " Nothing happens after them."),
                        1 => write!(text, " Step {length} is repeated forever."),
                        _ => write!(text, " Steps {} to {length} are repeated forever.", from + 1),
                    };
                    ending
                }
                // The steps are a run for all that, which may go on in another way.
                Err(NotForever::IsUnfair) => {
                    text.push_str(" Fairness rules out here that they are repeated forever.");
                    RunEnding::Open
                }
                Err(NotForever::GoesOn) => {
                    text.push_str(" They do not end a run here: more has to happen.");
                    RunEnding::Open
                }
                Err(NotForever::DoesNotComeBack) => {
                    return Err(
                        Diagnostic::new("its ending does not hold: the run does not repeat as it says").into()
                    );
                }
            },
        };
        (self.run, self.at, self.ending) = (run, step, ending);
        Ok(self.shown(&format!("{text}\n{}", self.here())))
    }

    fn take(&mut self, choice: &Choice) -> Result<String, Diagnostics> {
        self.happen(choice.event)?;
        Ok(self.after(&choice.text))
    }

    /// Adds a step to those so far; what had been undone is gone.
    fn happen(&mut self, event: Event) -> Result<(), Diagnostic> {
        if self.at >= MAX_STEPS {
            return Err(Diagnostic::new(format!("no run has more than {MAX_STEPS} steps")));
        }
        let mut run = self.so_far();
        if let Event::Pass(parts) = event {
            run.can_last(parts).map_err(Diagnostic::new)?;
        }
        run.take(&event).map_err(|why| Diagnostic::new(why.to_string()))?;
        (self.run, self.at, self.ending) = (run, self.at + 1, RunEnding::Open);
        Ok(())
    }

    fn pass(&mut self, time: Ticks) -> Result<String, Diagnostics> {
        let common = greatest_common_divisor(time.parts, time.per_tick);
        let Ticks { parts, per_tick } = Ticks { parts: time.parts / common, per_tick: time.per_tick / common };
        if parts == 0 {
            return Err(Diagnostic::new("no time is no step").into());
        }
        if per_tick > 1 && !self.scenario.is_real_time() {
            return Err(Diagnostic::new(self.whole_ticks()).into());
        }
        let has = self.run.trace().parts;
        let finer = per_tick / greatest_common_divisor(has, per_tick);
        let run = self.so_far();
        if has.saturating_mul(finer) > MAX_CHOSEN_PARTS {
            let title = format!("no run has moments finer than 1/{MAX_CHOSEN_PARTS} of a tick");
            return Err(Diagnostic::new(title).into());
        }
        let refined_parts = has * finer;
        let is_counted = answer::parts_of(run.world().now()).checked_mul(finer).is_some();
        let length = parts.checked_mul(refined_parts / per_tick).filter(|_| is_counted);
        let length = length.ok_or_else(|| Diagnostic::new(too_long(refined_parts)))?;
        let refined = Self { run: run.refined(finer), ..self.clone() };
        let kept = std::mem::replace(self, refined);
        if let Err(why) = self.happen(Event::Pass(length)) {
            *self = kept;
            return Err(why.into());
        }
        Ok(self.after(&format!("time passes: {}", answer::ticks(time))))
    }

    /// Lets time pass until the next timer is due, or short of the MSL of a copy that cannot be lost.
    fn pass_to_next_timer(&mut self) -> Result<String, Diagnostics> {
        let run = self.so_far();
        let (world, parts) = (run.world(), run.trace().parts);
        let length = |moment: Moment| answer::parts_of(moment - world.now());
        let pass = |session: &mut Self, length: u32| {
            session.happen(Event::Pass(length))?;
            Ok::<_, Diagnostics>(
                session.after(&format!("time passes: {}", answer::ticks(run.trace().time(length)))),
            )
        };
        let Some((due, end, timer)) = answer::next_timer(world) else {
            // What keeps time from passing is the reason, if anything does.
            let why = world.clone().pass_until(world.now() + 1).err();
            let why = why.map_or_else(|| "no timer runs".to_owned(), |why| why.to_string());
            return Err(Diagnostic::new(why).into());
        };
        let mut reached = world.clone();
        let Err(Refusal::CannotExpire(copy)) = reached.pass_until(due) else {
            return pass(self, length(due));
        };
        // Until then time may pass: what expires before can be lost.
        let expires = answer::expiry(&copy, parts, self.scenario);
        let kept = format!(
            "{} to {} reaches the MSL at tick {}, and no loss is left for it; {end}'s {} timer is due at {}",
            copy.segment,
            copy.to,
            answer::moment(&run, expires),
            timer.name(),
            answer::moment(&run, due)
        );
        if expires - 1 <= world.now() {
            let less = if self.scenario.is_real_time() { ", or let less time pass, as in `pass 1/2`" } else { "" };
            return Err(Diagnostic::new(kept).help(format!("deliver it first{less}")).into());
        }
        let text = pass(self, length(expires - 1))?;
        Ok(format!("{kept}: time stops short of that.\n{text}"))
    }

    fn go_to(&mut self, step: Option<usize>, way: &str) -> Result<String, Diagnostics> {
        let length = self.run.trace().steps.len();
        let Some(step) = step.filter(|step| *step <= length) else {
            let title = match way {
                "back" => format!("there is no way back so far: this is after step {}", self.at),
                _ => format!(
                    "there is no such step: the run has {}, this is after step {}",
                    counted(length, "step"),
                    self.at
                ),
            };
            return Err(Diagnostic::new(title).into());
        };
        self.at = step;
        Ok(self.here())
    }

    fn save(&self, file: PathBuf) -> Reply {
        let (run, trace) = (self.so_far(), self.trace());
        let by_state = answer::violated(run.world(), &self.instances).first().copied();
        let violated = by_state.or_else(|| {
            let (worlds, goes_on) = (run.worlds(), self.goes_on()?);
            let is_false = |instance: &&Instance| {
                instance.is_liveness() && is_true_of(instance, &worlds, goes_on) == Some(false)
            };
            self.instances.iter().find(is_false)
        });
        let text = match violated {
            Some(instance) => json::document(self.scenario, instance, &trace),
            None => json::path(self.scenario, &trace),
        };
        let what = match (violated, by_state) {
            (Some(one), Some(_)) => format!(", after which {} is violated", one.name()),
            (Some(one), None) => format!(", which violate {} forever", one.name()),
            (None, _) => String::new(),
        };
        let done = format!("Saved {}{what}, to {}.\n", counted(self.at, "step"), file.display());
        Reply::Save(file, text, self.shown(&done))
    }

    /// The run up to where one stands.
    fn so_far(&self) -> Stepwise<'s> {
        self.run.up_to(self.at)
    }

    /// The same as a trace, with how it goes on.
    fn trace(&self) -> Trace {
        let trace = self.so_far().trace().clone();
        if self.at == self.run.trace().steps.len() {
            Trace { ending: self.ending.clone(), ..trace }
        } else {
            trace
        }
    }

    /// How the run goes on forever, if one stands at the end of one that does.
    fn goes_on(&self) -> Option<Forever> {
        Forever::of(&self.trace())
    }

    /// The step that was taken, the state after it, and what may happen.
    fn after(&self, choice: &str) -> String {
        format!("{}{}", answer::last_step(&self.so_far(), choice), self.here())
    }

    /// The state, and what may happen.
    fn here(&self) -> String {
        let run = self.so_far();
        let violated = answer::violated(run.world(), &self.instances);
        let violated: Vec<String> = violated.into_iter().map(Instance::name).collect();
        let state = answer::state(&run, self.scenario, &violated, self.terminal);
        state + &answer::list(&answer::choices(&run, self.scenario), self.terminal)
    }

    fn whole_ticks(&self) -> String {
        format!("delays are whole ticks in {}", self.scenario.name)
    }

    /// A text in characters that the terminal has.
    fn shown(&self, text: &str) -> String {
        text.lines().flat_map(|line| [self.terminal.shown(line), "\n".to_owned()]).collect()
    }
}

#[cfg(test)]
mod tests;
