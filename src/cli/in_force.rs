//! Which value of an option is in force: that of the command line, of the configuration,
//! or neither.

use crate::config::Placed;
use crate::config::keys::Key;
use crate::toml_reader::Word;

/// Holds a value in force, for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The key in a configuration, or a key and a name.
    pub key: String,
    /// The value.
    pub value: String,
    /// Where it is from.
    pub origin: Origin,
}

/// Says where a value is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    CommandLine,
    /// This line of the configuration.
    Config(usize),
    /// Nobody says otherwise.
    Default,
}

/// Chooses values, and notes where each is from.
#[derive(Debug, Default)]
pub(super) struct Chooser {
    pub(super) chosen: Vec<InForce>,
}

impl Chooser {
    /// Chooses one value. `usual` says what holds without any.
    pub(super) fn one<T>(
        &mut self,
        key: Key,
        given: Option<T>,
        config: Option<Placed<T>>,
        usual: &str,
        show: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let (value, origin) = match (given, config) {
            (Some(value), _) => (Some(value), Origin::CommandLine),
            (None, Some(Placed { value, line })) => (Some(value), Origin::Config(line)),
            (None, None) => (None, Origin::Default),
        };
        let shown = value.as_ref().map_or_else(|| usual.to_owned(), show);
        self.note(key.word(), shown, origin);
        value
    }

    /// Chooses a list: that of the command line is instead of that of the configuration.
    pub(super) fn list<T>(
        &mut self,
        key: Key,
        given: Vec<T>,
        config: Option<Placed<Vec<T>>>,
        usual: &str,
        show: impl Fn(&T) -> String,
    ) -> Vec<T> {
        let given = (!given.is_empty()).then_some(given);
        let all = |list: &Vec<T>| list.iter().map(&show).collect::<Vec<_>>().join(", ");
        let list = self.one(key, given, config, usual, all);
        list.unwrap_or_default()
    }

    /// Chooses values by name: one of the command line is instead of those that the
    /// configuration has under the same name.
    pub(super) fn named<N: PartialEq, V>(
        &mut self,
        key: Key,
        given: Vec<(N, V)>,
        config: Option<Placed<Vec<(N, V)>>>,
        show: impl Fn(&N, &V) -> (String, String),
    ) -> Vec<(N, V)> {
        let is_default = given.is_empty() && config.is_none();
        let (line, kept) = match config {
            Some(Placed { value, line }) => (line, value),
            None => (0, Vec::new()),
        };
        let is_free = |name: &N| given.iter().all(|(other, _)| other != name);
        let kept: Vec<_> = kept.into_iter().filter(|(name, _)| is_free(name)).collect();
        let from_config = kept.iter().map(|one| (one, Origin::Config(line)));
        let from_given = given.iter().map(|one| (one, Origin::CommandLine));
        for ((name, value), origin) in from_config.chain(from_given) {
            let (name, value) = show(name, value);
            self.note(&format!("{}.{name}", key.word()), value, origin);
        }
        if is_default {
            self.note(key.word(), "none".to_owned(), Origin::Default);
        }
        kept.into_iter().chain(given).collect()
    }

    pub(super) fn note(&mut self, key: &str, value: String, origin: Origin) {
        self.chosen.push(InForce {
            key: key.to_owned(),
            value,
            origin,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed<T>(value: T) -> Option<Placed<T>> {
        Some(Placed { value, line: 3 })
    }

    #[test]
    fn the_command_line_wins_and_a_list_of_it_is_instead_of_the_other() {
        let mut chooser = Chooser::default();
        let show = |text: &&str| (*text).to_owned();
        let mut list = |given, config| chooser.list(Key::Only, given, config, "all", show);
        assert_eq!(list(vec!["a"], placed(vec!["b", "c"])), ["a"]);
        assert_eq!(list(vec![], placed(vec!["b", "c"])), ["b", "c"]);
        assert_eq!(list(vec![], None), [""; 0]);
        let chosen = chooser.chosen.iter();
        let chosen: Vec<_> = chosen.map(|one| (one.value.as_str(), one.origin)).collect();
        let expected = [
            ("a", Origin::CommandLine),
            ("b, c", Origin::Config(3)),
            ("all", Origin::Default),
        ];
        assert_eq!(chosen, expected);
    }

    #[test]
    fn of_values_by_name_only_those_are_replaced_that_are_given() {
        let mut chooser = Chooser::default();
        let show = |name: &&str, value: &i32| ((*name).to_owned(), value.to_string());
        let config = placed(vec![("a", 1), ("b", 2)]);
        let chosen = chooser.named(Key::Set, vec![("b", 3)], config, show);
        assert_eq!(chosen, [("a", 1), ("b", 3)]);
        let shown = chooser.chosen.iter();
        let shown: Vec<_> = shown.map(|one| (one.key.as_str(), one.origin)).collect();
        let expected = [("set.a", Origin::Config(3)), ("set.b", Origin::CommandLine)];
        assert_eq!(shown, expected);
    }
}
