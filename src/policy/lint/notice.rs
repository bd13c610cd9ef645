//! One thing in a policy that is most likely not meant.

use super::warning::Warning;
use crate::diagnostic::Diagnostic;
use crate::policy::rule::Location;

/// Describes one thing that is most likely not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Notice {
    pub(in crate::policy) warning: Warning,
    /// The place of the value at fault.
    pub(in crate::policy) location: Location,
    pub(in crate::policy) message: String,
    /// What would be right.
    pub(in crate::policy) help: Option<String>,
    /// The rule that it is about, if it is about one as a whole.
    pub(in crate::policy) rule: Option<String>,
}

impl Notice {
    pub(in crate::policy) fn new(
        warning: Warning,
        location: &Location,
        message: impl Into<String>,
    ) -> Self {
        Self {
            warning,
            location: location.clone(),
            message: message.into(),
            help: None,
            rule: None,
        }
    }

    pub(in crate::policy) fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    pub(super) fn of_rule(self, rule: &str) -> Self {
        Self {
            rule: Some(rule.to_owned()),
            ..self
        }
    }

    pub(in crate::policy) fn diagnostic(&self) -> Diagnostic {
        let span = self.location.span.clone();
        Diagnostic::warning(self.warning.code(), span, &self.message, self.help.clone())
    }
}
