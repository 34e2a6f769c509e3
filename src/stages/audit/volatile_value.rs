//! `volatile-value`: a value that is another one in each run, and that goes into a row or into the schema.
//!
//! A default of a column (`server_default=sa.func.now()`) is no value: PostgreSQL works it out for each row.

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::sql::Kind;
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "volatile-value",
    group: Group::Content,
    severity: Severity::Info,
    fixed: false,
    summary: "a value that differs from run to run: the clock, random numbers, new ids, secrets",
    why: "Each database that ran the revision has another value there. `squash` replays the history twice and finds the \
          rows that differ; it writes them as `now()` or as new ids where it can, and asks you where it cannot. This \
          finding tells where they come from.",
    mend: "Nothing must be done. A value that should be the same everywhere belongs into the revision as a literal.",
};

const CALLS: [&str; 15] = [
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid.uuid6",
    "uuid.uuid7",
    "os.urandom",
    "time.time_ns",
    "pendulum.now",
    "arrow.utcnow",
    "arrow.now",
    "django.utils.timezone.now",
    "bcrypt.gensalt",
];

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    // A default that is worked out later is no value of this run.
    for call in subject.code.calls.iter().filter(|call| !call.aside) {
        let name = call.name.as_str();
        let random = ["random.", "secrets.", "numpy.random.", "faker."];
        let volatile = CALLS.contains(&name)
            || random.iter().any(|module| name.starts_with(module)) && !name.contains("()");
        if volatile && name != "random.seed" {
            seen.push(Seen::new(
                call.place(),
                format!("uses `{name}()`, which differs from run to run"),
            ));
        }
    }
    for sent in subject.code.sent(Kind::Volatile) {
        let what = format!("writes `{}`, which differs from run to run", sent.fact.what);
        seen.push(Seen::new(sent.range.clone(), what));
    }
    seen
}
