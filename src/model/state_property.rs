//! Properties of single states, as stateright's own checker takes them.

use std::fmt;
use std::sync::Arc;

use stateright::{Expectation, Model, Property};

/// How many properties a model can list: so many conditions are written out below.
pub const MAX_STATE_PROPERTIES: usize = 128;

/// A property that single states of type `S` decide.
#[derive(Clone)]
pub struct StateProperty<S> {
    /// `Always`: it is violated by a state in which the condition is false. `Sometimes`: a state in which it is
    /// true is an example. stateright does not decide `Eventually` exactly, and it is not used.
    pub expectation: Expectation,
    /// How stateright lists it. stateright asks for names that live as long as the program.
    pub name: &'static str,
    /// What is true or false of a state.
    pub condition: Arc<dyn Fn(&S) -> bool + Send + Sync>,
}

impl<S> fmt::Debug for StateProperty<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.expectation, self.name)
    }
}

/// A model whose properties are values, of which stateright wants plain functions.
pub(crate) trait ListsProperties: Model {
    /// How stateright lists each of them.
    fn listed(&self) -> Vec<(Expectation, &'static str)>;

    /// Whether the condition of the property in this place of the list is true of a state.
    fn is_true(&self, place: usize, state: &Self::State) -> bool;

    /// The first [`MAX_STATE_PROPERTIES`] of the list.
    fn state_properties(&self) -> Vec<Property<Self>> {
        let each = self.listed().into_iter().zip(conditions::<Self>());
        each.map(|((expectation, name), condition)| Property { expectation, name, condition }).collect()
    }
}

/// A condition as stateright takes it: a plain function, which knows its property's place by its type alone.
fn condition<M: ListsProperties, const PLACE: usize>(model: &M, state: &M::State) -> bool {
    model.is_true(PLACE, state)
}

/// For each place in the list, its condition.
fn conditions<M: ListsProperties>() -> [fn(&M, &M::State) -> bool; MAX_STATE_PROPERTIES] {
    macro_rules! conditions {
        ($($place:literal)*) => {
            [$(condition::<M, $place>),*]
        };
    }
    conditions!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
        64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95
        96 97 98 99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120
        121 122 123 124 125 126 127
    )
}
