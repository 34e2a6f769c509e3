//! Comments and security labels.

use pg_query::protobuf::{CommentStmt, SecLabelStmt};

use crate::postgres::identifier;
use crate::schema::compare::facts::Part;

/// `COMMENT ON`
pub fn comment(comment: &CommentStmt) -> Part {
    Part::object().word("comment", shown(&comment.comment))
}

/// `SECURITY LABEL`
pub fn label(label: &SecLabelStmt) -> Part {
    Part::object().fact(&format!("label of {}", label.provider), shown(&label.label))
}

/// A text of one line in its quotes; of several lines only one is shown, without.
fn shown(text: &str) -> String {
    if text.contains('\n') { text.to_owned() } else { identifier::literal(text) }
}
