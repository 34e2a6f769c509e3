//! `reads-environment`: what the revision does depends on variables, or on `-x` arguments.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::content::{Seen, Subject};
use super::rule::{Group, Rule};
use crate::format::alembic::code::bytes;
use crate::history::Severity;

pub(super) const RULE: Rule = Rule {
    code: "reads-environment",
    group: Group::Content,
    severity: Severity::Warning,
    fixed: false,
    summary: "a revision that reads environment variables, or `-x` arguments",
    why: "The history builds one database here and another one there. A squash takes the one of the machine it \
          runs on, and puts it into the baseline for all.",
    mend: "Squash with the variables of production set, and look at what the baseline holds; or write the value \
           into the revision.",
};

pub(super) fn see(subject: &Subject<'_>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for read in subject.code.reads() {
        let ends = match read {
            Expr::Attribute(attribute) => matches!(attribute.attr.as_str(), "environ" | "environb"),
            Expr::Name(name) => subject.code.binds(name.id.as_str()),
            _ => false,
        };
        if ends
            && subject
                .code
                .dotted(read)
                .is_some_and(|name| name == "os.environ" || name == "os.environb")
        {
            seen.push(Seen::new(bytes(read.range()), "reads the environment"));
        }
    }
    for call in &subject.code.calls {
        match call.name.as_str() {
            "os.getenv" | "os.getenvb" => {
                seen.push(Seen::new(call.place(), "reads the environment"));
            }
            name if name.starts_with("alembic.context.get_x_argument") => {
                seen.push(Seen::new(call.place(), "reads `-x` arguments"));
            }
            "decouple.config" | "dotenv.load_dotenv" => {
                seen.push(Seen::new(call.place(), "reads the environment"));
            }
            _ => {}
        }
    }
    seen
}
