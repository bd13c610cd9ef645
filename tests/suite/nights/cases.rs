//! The sentences of the contract about nights, one after another, each with the smallest
//! nights that show it: a table.

use super::judge::judge;
use super::model::{Last, Mode, State, tell};
use super::program::{Chain, has, keeps_a_history};
use super::script::{Said, Step, facts, step};

/// How the nights of a case are held together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Both,
    History,
    Since,
}

struct Case {
    sentence: &'static str,
    by: By,
    nights: &'static [&'static str],
    /// What the last night says.
    says: &'static str,
}

const fn case(sentence: &'static str, nights: &'static [&'static str], says: &'static str) -> Case {
    by(By::Both, sentence, nights, says)
}

const fn by(
    by: By,
    sentence: &'static str,
    nights: &'static [&'static str],
    says: &'static str,
) -> Case {
    Case {
        sentence,
        by,
        nights,
        says,
    }
}

const CASES: &[Case] = &[
    // What is found tonight.
    by(
        By::History,
        "everything is open on a first night, because of the first run",
        &["a=f b=t"],
        "first-run:a first-seen:a=0 exit=1",
    ),
    case(
        "what was found and is found again is open",
        &["a=f", "a=f"],
        "open:a first-seen:a=0",
    ),
    case(
        "another reason is a change",
        &["a=m", "a=n"],
        "changed:a first-seen:a=0",
    ),
    case(
        "another status is a change",
        &["a=f", "a=?"],
        "changed:a status:a=error exit=3",
    ),
    case(
        "another severity is a change",
        &["a=f", "a=f rule:mfa=low"],
        "changed:a",
    ),
    case(
        "another observed value is a change",
        &["a=t,plan=x rule:gold=low", "a=t,plan=y rule:gold=low"],
        "changed:gold/a",
    ),
    case(
        "a field that no rule asks of changes nothing",
        &["a=f,plan=x", "a=f,plan=y"],
        "open:a",
    ),
    case(
        "a customer who failed nothing and fails now has changed",
        &["a=t b=t", "a=f b=t"],
        "new:a=customer-changed first-seen:a=1",
    ),
    by(
        By::Since,
        "without a history, a customer is new whose creation is later than last night",
        &["b=t", "a=f,born=1 b=t day:2"],
        "new:a=customer-new",
    ),
    by(
        By::Since,
        "without a history, a customer is not new who was created at the instant of last night",
        &["b=t", "a=f,born=0 b=t day:2"],
        "new:a=customer-changed",
    ),
    by(
        By::Since,
        "without a history, a customer without a time of creation is not new",
        &["b=t", "a=f b=t"],
        "new:a=customer-changed",
    ),
    by(
        By::History,
        "with a history, a customer is new whose id is not known",
        &["b=t", "a=f b=t"],
        "new:a=customer-new",
    ),
    by(
        By::History,
        "with a history, a customer is known whatever the time of creation says",
        &["a=t b=t", "a=f,born=1 b=t"],
        "new:a=customer-changed",
    ),
    by(
        By::History,
        "a night that was not read whole forgets no customer",
        &[
            "a=t b=t c=t d=t e=t",
            "b=t c=t d=t e=t !",
            "a=f b=t c=t d=t e=t",
        ],
        "new:a=customer-changed",
    ),
    by(
        By::History,
        "a night that was read whole forgets who is not in it",
        &[
            "a=t b=t c=t d=t e=t",
            "b=t c=t d=t e=t",
            "a=f b=t c=t d=t e=t",
        ],
        "new:a=customer-new",
    ),
    by(
        By::History,
        "a customer who is out of scope is known",
        &["a=f,panel=f b=t scope", "a=f b=t scope"],
        "new:a=customer-changed",
    ),
    case(
        "a finding of a rule that last night had not is new by the rule",
        &["a=f,sso=f", "a=f,sso=f rule:sso=low"],
        "open:a new:sso/a=rule-new",
    ),
    case(
        "a finding of a rule that last night left out is new by the rule",
        &[
            "a=f,sso=f rule:sso=low skip:p/sso",
            "a=f,sso=f rule:sso=low",
        ],
        "open:a new:sso/a=rule-new",
    ),
    case(
        "a finding of a rule that asks something else is new by the change of the rule",
        &["a=t,sso=f", "a=t,sso=f ask:mfa=sso"],
        "new:a=rule-changed",
    ),
    case(
        "that the rule is new comes before that the customer is",
        &["b=t", "b=t a=t,sso=f,born=1 rule:sso=low day:2"],
        "new:sso/a=rule-new",
    ),
    case(
        "that the rule changed comes before that the customer is new",
        &["b=t", "b=t a=t,sso=f,born=1 ask:mfa=sso day:2"],
        "new:a=rule-changed",
    ),
    case(
        "of several records with one id the worst counts",
        &["a=? a=f b=t", "a=f a=? b=t"],
        "open:a status:a=fail exit=3",
    ),
    case(
        "of several records with one id the worst is compared",
        &["a=?", "a=? a=f"],
        "changed:a status:a=fail",
    ),
    case(
        "a record without an id is compared with nothing",
        &["_=f b=f", "_=f b=f"],
        "open:b",
    ),
    // What is found no more.
    case(
        "a customer who passes is fixed",
        &["a=f b=f", "a=t b=f"],
        "fixed:a open:b",
    ),
    case(
        "a customer is fixed who passes in a run that was not whole",
        &["a=f b=f", "a=t b=f !"],
        "fixed:a open:b exit=3",
    ),
    case(
        "a customer is fixed who passes in every record that was read",
        &["a=f b=f", "a=t a=t b=f"],
        "fixed:a open:b",
    ),
    case(
        "a customer is not fixed of whom one record fails",
        &["a=f b=f", "a=t a=f b=f"],
        "open:a open:b",
    ),
    case(
        "a pass that rests on a field missing from every record fixes nothing",
        &["a=f b=t absence-passes:mfa", "a=m b=m absence-passes:mfa"],
        "unknown:a",
    ),
    case(
        "a pass by an absent field fixes where others have that field",
        &["a=f b=t absence-passes:mfa", "a=m b=t absence-passes:mfa"],
        "fixed:a",
    ),
    case(
        "a customer who is out of scope has left",
        &["a=f b=f scope", "a=f,panel=f b=f scope"],
        "left:a open:b",
    ),
    case(
        "a customer of whom the rule asks nothing has left",
        &["a=f b=f only-pci:mfa", "a=f,pci=f b=f only-pci:mfa"],
        "left:a open:b",
    ),
    case(
        "a customer who passes a rule that changed is not fixed",
        &["a=f b=t", "a=f b=t ask:mfa=sso"],
        "rule-changed:a",
    ),
    case(
        "a customer who is out of a scope that changed has not left",
        &["a=f,panel=f b=f", "a=f,panel=f b=f scope"],
        "rule-changed:a open:b",
    ),
    case(
        "a customer who is not there is gone where the exports were read whole",
        &["a=f b=t c=t d=t e=t", "b=t c=t d=t e=t"],
        "gone:a",
    ),
    case(
        "gone comes before that the rule changed",
        &["a=f b=t c=t d=t e=t", "b=t c=t d=t e=t ask:mfa=sso"],
        "gone:a",
    ),
    case(
        "nobody is gone where a record was rejected",
        &["a=f b=t c=t d=t e=t", "b=t c=t d=t e=t !"],
        "unknown:a exit=3",
    ),
    case(
        "nobody is gone where an export is cut",
        &["a=f b=t c=t d=t e=t", "b=t c=t d=t e=t cut"],
        "unknown:a exit=3",
    ),
    case(
        "nobody is gone where there are fewer exports",
        &["a=f b=t c=t / d=t e=t", "b=t c=t d=t e=t"],
        "unknown:a exit=0",
    ),
    case(
        "who is not there is gone where there are more exports",
        &["a=f b=t c=t d=t e=t", "b=t c=t / d=t e=t"],
        "gone:a",
    ),
    case(
        "nobody is gone where an export is empty",
        &["a=f b=t c=t d=t e=t / f=t", "b=t c=t d=t e=t f=t /"],
        "unknown:a exit=3",
    ),
    case(
        "nobody is gone where a record is without an id",
        &["a=f b=t c=t d=t e=t", "b=t c=t d=t e=t _=t"],
        "unknown:a exit=0",
    ),
    case(
        "nobody is gone where an export has no record with an id",
        &["a=f b=t c=t d=t e=t / _=t", "b=t c=t d=t e=t / _=t"],
        "unknown:a exit=3",
    ),
    case(
        "nobody is gone where less than 80 percent of the records are left",
        &["a=f b=t c=t d=t", "b=t c=t d=t"],
        "unknown:a exit=0",
    ),
    case(
        "who is not there is gone where exactly 80 percent of the records are left",
        &["a=f b=t c=t d=t e=t", "b=t c=t d=t e=t"],
        "gone:a",
    ),
    case(
        "nobody is gone where less than 80 percent are left in scope",
        &[
            "a=f b=t c=t d=t e=t scope",
            "b=t c=t d=t,panel=f e=t,panel=f f=t g=t,panel=f scope",
        ],
        "unknown:a",
    ),
    case(
        "an empty night closes nothing",
        &["a=f b=t", "nothing"],
        "unknown:a first-seen:a=0 exit=3",
    ),
    case(
        "an empty night closes nothing where it may be empty",
        &["a=f b=t", "nothing allow-empty"],
        "unknown:a first-seen:a=0",
    ),
    case(
        "what is unknown is carried on with its age",
        &["a=f b=t", "b=t !", "a=f b=t"],
        "open:a first-seen:a=0",
    ),
    case(
        "what is carried is carried until a night knows",
        &[
            "a=f b=t c=t d=t e=t",
            "b=t c=t d=t e=t !",
            "b=t c=t d=t e=t !",
            "b=t c=t d=t e=t f=t",
        ],
        "gone:a first-seen:a=0",
    ),
    case(
        "what is carried is fixed when it passes",
        &["a=f b=t", "b=t !", "a=t b=t"],
        "fixed:a first-seen:a=0",
    ),
    case(
        "what comes back with another value after it was carried has changed",
        &["a=m b=t", "b=t !", "a=f b=t"],
        "changed:a first-seen:a=0",
    ),
    case(
        "what is carried was found by the rule as it asked then",
        &["a=f b=t", "b=t ! ask:mfa=sso", "a=f b=t ask:mfa=sso"],
        "rule-changed:a",
    ),
    // Rules and policies.
    case(
        "a rule that its policy has no more ends its findings",
        &["a=f,sso=f rule:sso=low", "a=f,sso=f"],
        "open:a rule-removed:sso/a",
    ),
    case(
        "a rule that was removed ends the findings of a customer who is not there",
        &["a=f,sso=f b=t rule:sso=low", "b=t !"],
        "unknown:a rule-removed:sso/a",
    ),
    case(
        "a policy that replaces another ends its findings",
        &["a=f q", "a=f q:replaces-p without-p"],
        "open:q/mfa/a rule-removed:a",
    ),
    case(
        "a policy that is not in the run is unknown",
        &["a=f q", "a=f q without-p"],
        "open:q/mfa/a unknown:a",
    ),
    case(
        "a policy that is back finds what it found",
        &["a=f q", "a=f q without-p", "a=f q"],
        "open:q/mfa/a open:a first-seen:a=0",
    ),
    case(
        "a rule that is left out is unknown",
        &[
            "a=f,sso=f rule:sso=low",
            "a=t,sso=t rule:sso=low skip:p/sso",
        ],
        "fixed:a unknown:sso/a",
    ),
    case(
        "a rule that is left out is unknown of a customer who is not there",
        &[
            "a=t,sso=f b=t c=t d=t e=t rule:sso=low",
            "b=t c=t d=t e=t rule:sso=low skip:p/sso",
        ],
        "unknown:sso/a",
    ),
    // Rules over all records.
    case(
        "a rule over all records is fixed where the exports were read whole",
        &["a=t records:2", "a=t b=t records:2"],
        "fixed:records/*",
    ),
    case(
        "a rule over all records is not fixed where they were not",
        &["a=t records:2", "a=t b=t ! records:2"],
        "unknown:records/*",
    ),
    case(
        "a value that was shared is not fixed where the exports were not read whole",
        &[
            "a=t,contact=s b=t,contact=s c=t shared:1",
            "a=t,contact=s b=t,contact=r c=t ! shared:1",
        ],
        "unknown:shared/a unknown:shared/b",
    ),
    case(
        "a value that was shared is fixed where the exports were read whole",
        &[
            "a=t,contact=s b=t,contact=s c=t shared:1",
            "a=t,contact=s b=t,contact=r c=t shared:1",
        ],
        "fixed:shared/a fixed:shared/b",
    ),
    case(
        "an id that was twice is fixed where it is there once",
        &[
            "a=t a=t b=t c=t d=t e=t unique",
            "a=t b=t c=t d=t e=t unique",
        ],
        "fixed:unique/a",
    ),
    case(
        "a rule over all records that changed is not fixed",
        &["a=t records:2", "a=t records:1"],
        "rule-changed:records/*",
    ),
    // Waivers.
    case(
        "what is waived is a change",
        &["a=f b=t", "a=f b=t waive:a=any@9"],
        "changed:a status:a=waived exit=0",
    ),
    case(
        "what was waived and is still waived is open",
        &["a=f b=t waive:a=any@9", "a=f b=t waive:a=any@9"],
        "open:a status:a=waived exit=0",
    ),
    case(
        "what was waived is new where its waiver has expired",
        &["a=f b=t waive:a=any@1", "a=f b=t waive:a=any@1"],
        "new:a=waiver-ended first-seen:a=0",
    ),
    case(
        "what was waived is new where its waiver is no longer there",
        &["a=f b=t waive:a=any@9", "a=f b=t no-waivers"],
        "new:a=waiver-ended first-seen:a=0",
    ),
    case(
        "what was waived is a change where the waiver does not hold for the value",
        &["a=f b=t waive:a=f@9", "a=m b=t waive:a=f@9"],
        "changed:a status:a=fail",
    ),
    case(
        "what was waived and is undecided where the waiver is no longer there is new",
        &["a=f b=t waive:a=any@9", "a=? b=t no-waivers"],
        "new:a=waiver-ended status:a=error exit=3",
    ),
    case(
        "what was waived and passes is fixed",
        &["a=f b=t waive:a=any@9", "a=t b=t waive:a=any@9"],
        "fixed:a",
    ),
    case(
        "what was waived and carried is new where its waiver has ended since",
        &[
            "a=f b=t waive:a=any@1",
            "b=t ! waive:a=any@1",
            "a=f b=t waive:a=any@1",
        ],
        "new:a=waiver-ended first-seen:a=0",
    ),
    case(
        "a waived record beside one that fails waives nothing",
        &["a=f a=m b=t waive:a=f@9", "a=f a=m b=t waive:a=f@9"],
        "open:a",
    ),
    // Deadlines.
    case(
        "a finding is due so many days after it was first seen",
        &["a=f b=t deadline:high=3", "a=f b=t deadline:high=3"],
        "open:a due:a=3",
    ),
    case(
        "a severity without a deadline has none",
        &["a=f b=t deadline:low=3", "a=f b=t deadline:low=3"],
        "open:a due:a=none",
    ),
    case(
        "a finding is overdue from the instant on which it is due",
        &["a=f deadline:high=3", "a=f day:3 deadline:high=3"],
        "open:a due:a=3 overdue:a",
    ),
    case(
        "what is waived is never due",
        &[
            "a=f b=t deadline:high=1",
            "a=f b=t waive:a=any@9 deadline:high=1",
        ],
        "changed:a due:a=none",
    ),
    case(
        "after a waiver the deadline begins with the night on which it was seen again",
        &[
            "a=f b=t deadline:high=3",
            "a=f b=t waive:a=any@5 deadline:high=3",
            "a=f b=t waive:a=any@5 day:6 deadline:high=3",
            "a=f b=t waive:a=any@5 day:7 deadline:high=3",
        ],
        "open:a first-seen:a=0 due:a=9",
    ),
    case(
        "a finding that was fixed and is back has a deadline of its own",
        &[
            "a=f b=t deadline:high=3",
            "a=t b=t deadline:high=3",
            "a=f b=t deadline:high=3",
        ],
        "new:a=customer-changed first-seen:a=2 due:a=5",
    ),
    case(
        "a severity that rose has its own deadline from the first night on",
        &[
            "a=f rule:mfa=low deadline:low=9 deadline:critical=1",
            "a=f rule:mfa=critical deadline:low=9 deadline:critical=1",
        ],
        "changed:a due:a=1 overdue:a",
    ),
    case(
        "what is carried becomes overdue",
        &["a=f b=t deadline:high=1", "b=t ! day:2 deadline:high=1"],
        "unknown:a due:a=1 overdue:a",
    ),
    // An earlier life.
    by(
        By::History,
        "a finding that was fixed once is reopened",
        &["a=f b=t", "a=t b=t", "a=f b=t"],
        "new:a=customer-changed reopened:a first-seen:a=2",
    ),
    by(
        By::History,
        "a finding is reopened on every night of its life",
        &["a=f b=t", "a=t b=t", "a=t b=t", "a=f b=t", "a=f b=t"],
        "open:a reopened:a first-seen:a=3",
    ),
    by(
        By::History,
        "a customer who was gone and is back is new, and the finding reopened",
        &[
            "a=f b=t c=t d=t e=t",
            "b=t c=t d=t e=t",
            "a=f b=t c=t d=t e=t",
        ],
        "new:a=customer-new reopened:a",
    ),
    by(
        By::History,
        "a history that was lost knows no earlier life",
        &["a=f b=t", "a=t b=t", "lost a=f b=t"],
        "first-run:a first-seen:a=2",
    ),
    by(
        By::History,
        "the same night again changes nothing",
        &["a=f b=f", "a=t b=f again", "a=f b=f"],
        "new:a=customer-changed open:b reopened:a",
    ),
    // Exit codes.
    by(
        By::History,
        "on a first night every finding counts as new",
        &["a=f b=t fail-on-new:high"],
        "first-run:a exit=1",
    ),
    case(
        "what is open does not count as new",
        &["a=f b=t", "a=f b=t fail-on-new:low"],
        "open:a exit=0",
    ),
    case(
        "what is new counts",
        &["a=f b=t", "a=f b=f fail-on-new:high"],
        "open:a new:b=customer-changed exit=1",
    ),
    case(
        "what is new and less severe does not count",
        &["a=f b=t", "a=f b=f fail-on-new:critical"],
        "open:a new:b=customer-changed exit=0",
    ),
    case(
        "beside a severity of all findings both count",
        &["a=f b=t", "a=f b=t fail-on-new:low fail-on:low"],
        "open:a exit=1",
    ),
    case(
        "a change counts where the severity rose",
        &["a=f rule:mfa=low", "a=f fail-on-new:low"],
        "changed:a exit=1",
    ),
    case(
        "a change does not count where the severity fell",
        &["a=f", "a=f rule:mfa=low fail-on-new:low"],
        "changed:a exit=0",
    ),
    case(
        "a change counts where the status became a fail",
        &["a=?", "a=f fail-on-new:low"],
        "changed:a exit=1",
    ),
    case(
        "a change of the value alone does not count",
        &["a=m", "a=f fail-on-new:low"],
        "changed:a exit=0",
    ),
    case(
        "a finding without an id counts every night",
        &["_=f b=t", "_=f b=t fail-on-new:low"],
        "exit=1",
    ),
    case(
        "a waiver that does not hold counts as new",
        &["a=f b=t waive:a=f@9", "a=m b=t waive:a=f@9 fail-on-new:low"],
        "changed:a exit=1",
    ),
    case(
        "a waived finding does not count as new",
        &["a=t b=t", "a=f b=t waive:a=any@9 fail-on-new:low"],
        "new:a=customer-changed exit=0",
    ),
    case(
        "an incomplete night is incomplete whatever is new",
        &["a=f b=t", "a=f b=f ! fail-on-new:low"],
        "open:a new:b=customer-changed exit=3",
    ),
    case(
        "what is overdue counts if it is asked for",
        &[
            "a=f b=t deadline:high=1",
            "a=f b=t day:2 deadline:high=1 fail-on:critical fail-on-overdue",
        ],
        "open:a exit=1",
    ),
    case(
        "what is carried and overdue counts",
        &[
            "a=f b=t c=t d=t deadline:high=1",
            "b=t c=t d=t day:2 deadline:high=1 fail-on:critical fail-on-overdue",
        ],
        "unknown:a exit=1",
    ),
    case(
        "what is not yet overdue does not count",
        &[
            "a=f b=t deadline:high=3",
            "a=f b=t day:2 deadline:high=3 fail-on:critical fail-on-overdue",
        ],
        "open:a exit=0",
    ),
];

fn steps(case: &Case) -> Vec<Step> {
    let nights = case.nights.iter().enumerate();
    nights.map(|(place, text)| step(text, place)).collect()
}

fn modes(case: &Case) -> Vec<Mode> {
    match case.by {
        By::Both => vec![Mode::Since, Mode::History],
        By::Since => vec![Mode::Since],
        By::History => vec![Mode::History],
    }
}

/// What the model says of the last night of a case.
fn by_model(case: &Case, mode: Mode) -> Said {
    let mut last: Option<Last> = None;
    let mut said = Said::default();
    for Step { night, is_lost, .. } in steps(case) {
        let last_night = last.take().filter(|_| !is_lost);
        let is_whole = tell(&night, mode, None, &Default::default()).is_whole;
        let facts = facts(&night, &judge(&night), is_whole);
        let told = tell(&night, mode, last_night.as_ref(), &facts);
        said = Said::by_model(&told);
        last = Some(told.then(|_, ended| -> State { ended.state[0] }));
    }
    said
}

#[test]
fn the_model_says_what_each_sentence_says() {
    let mut wrong = Vec::new();
    for case in CASES {
        for mode in modes(case) {
            if let Some(differs) = by_model(case, mode).differs(case.says) {
                wrong.push(format!("{} ({mode:?}): {differs}", case.sentence));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_says_nothing_twice() {
    let mut sentences: Vec<_> = CASES.iter().map(|case| case.sentence).collect();
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), CASES.len());
    assert!(CASES.len() >= 40);
}

fn by_program(case: &Case, mode: Mode) -> Result<(), String> {
    let mut chain = Chain::new(mode);
    let mut done = None;
    for step in steps(case) {
        if step.is_lost {
            chain.lose();
        }
        done = Some(chain.night(&step.night)?);
        if step.is_again && mode == Mode::History {
            chain.again(&step.night, false)?;
        }
    }
    let done = done.expect("a night");
    let differs = Said::by_report(&done.report, done.code).differs(case.says);
    differs.map_or(Ok(()), Err)
}

#[test]
fn the_program_says_what_each_sentence_says() {
    let mut wrong = Vec::new();
    for case in CASES {
        let needs = |word: &str| case.nights.iter().any(|night| night.contains(word));
        let lacks = |word, option| needs(word) && !has(option);
        if lacks("waive", "--waivers") || lacks("deadline", "--deadline") {
            continue;
        }
        for mode in modes(case) {
            if mode == Mode::History && !keeps_a_history() {
                continue;
            }
            if let Err(differs) = by_program(case, mode) {
                wrong.push(format!("## {} ({mode:?})\n{differs}", case.sentence));
            }
        }
    }
    let count = wrong.len();
    assert!(
        wrong.is_empty(),
        "{count} sentences\n{}",
        wrong.join("\n\n")
    );
}

#[test]
fn the_same_night_again_keeps_its_manifest() {
    let mut chain = Chain::new(Mode::History);
    let step = step("a=f b=t", 0);
    chain.night(&step.night).unwrap();
    chain.again(&step.night, true).unwrap();
}
