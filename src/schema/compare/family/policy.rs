//! Row security policies.

use pg_query::protobuf::CreatePolicyStmt;

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `CREATE POLICY`
pub fn create(policy: &CreatePolicyStmt, text: &str) -> Part {
    let known = ["policy_name", "table", "cmd_name", "permissive", "roles", "qual", "with_check"];
    Part::object()
        .fact("table", tree::relation(policy.table.as_ref()))
        .either("kind", policy.permissive, "permissive", "restrictive")
        .fact("command", &policy.cmd_name)
        .list("roles", &tree::roles(&policy.roles))
        .expression("using", policy.qual.as_deref())
        .expression("check", policy.with_check.as_deref())
        .rest(policy, &known, text)
}
