//! A formula, ready to be evaluated.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, SourceFile, Span};
use crate::world::{End, Observe};

use super::parser::parse;
use super::predicate::Predicate;
use super::problem::Place;
use super::resolve::{Resolved, resolve};
use super::syntax::{Sentence, Temporal};
use super::vocabulary::Observation;

/// A temporal formula whose names are known and whose types are right.
///
/// It displays in its canonical form: one space around operators, and no more parentheses than needed.
#[derive(Clone, Debug)]
pub struct Formula {
    sentence: Sentence,
    predicate: Predicate,
    mentions: Vec<(Observation, Span)>,
    is_about_an_end: bool,
}

impl Formula {
    /// Parses a formula that stands in a file: `literal` is the TOML string with its quotes, `text` its value.
    ///
    /// A text without quotes around it, such as a command-line argument, may stand for itself.
    pub fn parse(file: &Arc<SourceFile>, literal: Span, text: &str) -> Result<Self, Diagnostics> {
        let place = Place::new(file, literal, text);
        let sentence = parse(text).map_err(|problem| Diagnostics::from(place.diagnostic(problem)))?;
        let resolved = resolve(&sentence.predicate).map_err(|problems| {
            Diagnostics(problems.into_iter().map(|problem| place.diagnostic(problem)).collect())
        })?;
        let Resolved { predicate, mut mentions, is_about_an_end } = resolved;
        for (_, span) in &mut mentions {
            *span = place.span(span);
        }
        Ok(Self { sentence, predicate, mentions, is_about_an_end })
    }

    /// What it says about the worlds in which its predicate is true.
    #[must_use]
    pub fn temporal(&self) -> Temporal {
        self.sentence.temporal
    }

    /// Its predicate, without the temporal operator.
    #[must_use]
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Whether it says `self` or `peer`, and so has an instance for each end.
    #[must_use]
    pub fn is_about_an_end(&self) -> bool {
        self.is_about_an_end
    }

    /// Where in its file it first mentions the observation, if it does.
    #[must_use]
    pub fn mentions(&self, observation: Observation) -> Option<Span> {
        let (_, span) = self.mentions.iter().find(|(mentioned, _)| *mentioned == observation)?;
        Some(span.clone())
    }

    /// Whether its predicate is true in the world, for the instance about this end.
    #[must_use]
    pub fn condition<W: Observe + ?Sized>(&self, world: &W, this: End) -> bool {
        self.predicate.holds(world, this)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{any_predicate, any_world, is_true};
    use super::*;

    fn parsed(text: &str) -> Formula {
        let file = SourceFile::new("a formula", text);
        Formula::parse(&file, 0..text.len(), text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    #[test]
    fn a_formula_with_self_or_peer_has_two_instances() {
        assert!(parsed("always self.fin_sent").is_about_an_end());
        assert!(parsed("always A.fin_sent or in_flight(FIN, peer)").is_about_an_end());
        assert!(!parsed("always A.state == B.state or in_flight(ANY, A) or losses == 0").is_about_an_end());
    }

    #[test]
    fn mentions_are_where_the_file_has_them() {
        let text = "formula = \"never losses > 1 and losses < self.retransmissions\"\n";
        let file = SourceFile::new("p.toml", text);
        let value = &text[11..text.len() - 2];
        let formula = Formula::parse(&file, 10..text.len() - 1, value).unwrap();
        let of = |observation| formula.mentions(observation).map(|span| &text[span]);
        assert_eq!(of(Observation::Losses), Some("losses"));
        assert_eq!(formula.mentions(Observation::Losses).unwrap().start, text.find("losses").unwrap());
        assert_eq!(of(Observation::Retransmissions), Some("self.retransmissions"));
        assert_eq!(of(Observation::Duplicates), None);
    }

    #[test]
    fn the_premise_of_an_implication_is_at_hand() {
        let formula = parsed("always self.left == TIME_WAIT implies not in_flight(FIN, self)");
        assert_eq!(formula.temporal(), Temporal::Always);
        assert!(matches!(formula.predicate(), Predicate::Implies(..)));
    }

    proptest! {
        #[test]
        fn evaluation_agrees_with_a_naive_one(
            predicate in any_predicate(),
            worlds in prop::collection::vec(any_world(), 8),
        ) {
            let text = format!("always {predicate}");
            // A formula cannot be longer.
            prop_assume!(text.len() <= 4096);
            let formula = parsed(&text);
            for (world, this) in worlds.iter().flat_map(|world| End::BOTH.map(|this| (world, this))) {
                prop_assert_eq!(formula.condition(world, this), is_true(&predicate, world, this), "{}", text);
            }
        }
    }
}
