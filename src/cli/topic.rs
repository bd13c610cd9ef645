//! The topics of `audit help`: pages that lead through a task.

use strum::{EnumMessage, IntoStaticStr, VariantArray};

/// Lists the topics. The name of one is that of its variant, in kebab case; what it is
/// about is the variant's doc line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum Topic {
    /// The nightly job: what is new, waivers, history, tickets, schedule
    Nights,
    /// Reports by control, the outcome of every record, and signed evidence
    Controls,
    /// Runs in parts: on Spark, Dask, Kubernetes or by hand, and one merge
    ManyMachines,
}

impl Topic {
    /// Returns the topic of a name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::VARIANTS.iter().copied();
        all.find(|topic| topic.name() == name)
    }

    /// Returns the name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns what it is about, in a line.
    pub fn summary(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// Returns the page, as Markdown.
    pub fn page(self) -> &'static str {
        match self {
            Self::Nights => include_str!("topic/nights.md"),
            Self::Controls => include_str!("topic/controls.md"),
            Self::ManyMachines => include_str!("topic/many-machines.md"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    #[test]
    fn no_topic_is_called_as_a_command() {
        let command = cli::command();
        for topic in Topic::VARIANTS {
            assert!(command.find_subcommand(topic.name()).is_none());
            assert!(!topic.summary().is_empty());
        }
    }
}
