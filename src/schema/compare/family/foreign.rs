//! Foreign servers and user mappings.

use pg_query::protobuf::{CreateForeignServerStmt, CreateUserMappingStmt};

use crate::schema::compare::facts::Part;

/// `CREATE SERVER`
pub fn server(server: &CreateForeignServerStmt, text: &str) -> Part {
    let known = ["servername", "servertype", "version", "fdwname", "options"];
    Part::object()
        .fact("type", &server.servertype)
        .fact("version", &server.version)
        .fact("foreign data wrapper", &server.fdwname)
        .options(&server.options)
        .rest(server, &known, text)
}

/// `CREATE USER MAPPING`
pub fn user_mapping(mapping: &CreateUserMappingStmt) -> Part {
    Part::object().options(&mapping.options)
}
