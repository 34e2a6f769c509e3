//! Indexes.

use pg_query::NodeEnum;
use pg_query::protobuf::{IndexStmt, Node, RangeVar};

use crate::schema::compare::facts::Part;
use crate::schema::compare::tree;

/// `CREATE INDEX`
pub fn create(index: &IndexStmt, text: &str) -> Part {
    let known = [
        "idxname",
        "relation",
        "access_method",
        "table_space",
        "index_params",
        "index_including_params",
        "options",
        "where_clause",
        "unique",
        "nulls_not_distinct",
    ];
    let only = index.relation.as_ref().is_some_and(|relation| !relation.inh);
    Part::object()
        .either("uniqueness", index.unique, "unique", "not unique")
        .fact("table", tree::relation(index.relation.as_ref()))
        .either("partitions", only, "without partitions", "with partitions")
        .fact("method", &index.access_method)
        .fact("columns", columns(&index.index_params))
        .fact("included columns", columns(&index.index_including_params))
        .either("nulls", index.nulls_not_distinct, "nulls not distinct", "nulls distinct")
        .expression("predicate", index.where_clause.as_deref())
        .list("storage parameters", &super::expressions(&index.options))
        .fact("tablespace", &index.table_space)
        .rest(index, &known, text)
}

/// The list of columns, printed in an index that has nothing else.
fn columns(columns: &[Node]) -> String {
    if columns.is_empty() {
        return String::new();
    }
    let relation = RangeVar {
        relname: "t".to_owned(),
        inh: true,
        relpersistence: "p".to_owned(),
        ..RangeVar::default()
    };
    let bare = IndexStmt {
        idxname: "i".to_owned(),
        relation: Some(relation),
        index_params: columns.to_vec(),
        ..IndexStmt::default()
    };
    let text = tree::statement(NodeEnum::IndexStmt(Box::new(bare))).unwrap_or_default();
    let list = text.find('(').and_then(|at| text.get(at + 1..text.len() - 1));
    list.unwrap_or("expressions").to_owned()
}
