//! `[waivers]`: how far findings may be waived.

use toml::Spanned;
use toml::de::DeValue;

use super::file::FileReader;
use crate::policy::keys::{MostDaysKey, WaiversKey};
use crate::policy::waiver_limits::{MAX_DAYS, MostDays, MustSay};
use crate::toml_reader::{Word, whole_number};

impl FileReader<'_> {
    /// Reads `[waivers]`.
    pub(super) fn waivers(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some((table, _)) = self.toml.table(value, "`[waivers]`") else {
            return;
        };
        let keys = self.toml.keys::<WaiversKey>(table, "`[waivers]`");
        if let Some(most_days) = keys.value(WaiversKey::MostDays) {
            let most_days = self.most_days(most_days);
            self.draft.waiver_limits.most_days.extend(most_days);
        }
        let Some(must_say) = keys.get(WaiversKey::MustSay) else {
            return;
        };
        let (key, list) = must_say;
        for item in self.toml.list(list, "`must-say`", r#"write ["ticket"]"#) {
            let word = self.toml.word::<MustSay>((key, item), "part of a waiver");
            let known = &mut self.draft.waiver_limits.must_say;
            known.extend(word.filter(|word| !known.contains(word)));
        }
    }

    fn most_days(&mut self, value: &Spanned<DeValue<'_>>) -> Option<MostDays> {
        let (table, span) = self.toml.table(value, "`most-days`")?;
        let keys = self.toml.keys::<MostDaysKey>(table, "`most-days`");
        if keys.all().is_empty() {
            let help = "write { critical = 30, other = 90 }".to_owned();
            let message = "`most-days` bounds nothing";
            self.toml.complain(span, message, Some(help));
        }
        let mut most_days = MostDays::default();
        for (key, (_, value)) in keys.all() {
            let Some(days) = self.days(key.word(), value) else {
                continue;
            };
            match key.severity() {
                Some(severity) => most_days.by_severity.push((severity, days)),
                None => most_days.other = Some(days),
            }
        }
        Some(most_days)
    }

    fn days(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<u16> {
        let days = whole_number(value.get_ref()).and_then(|days| u16::try_from(days).ok());
        let days = days.filter(|days| (1..=MAX_DAYS).contains(days));
        if days.is_none() {
            let message = format!("`{name}` is a number of days from 1 to {MAX_DAYS}");
            let help = Some("`waivable = false` on a rule allows none".to_owned());
            self.toml.complain(value.span(), message, help);
        }
        days
    }
}
