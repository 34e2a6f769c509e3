//! Secrets in the options of foreign servers, user mappings and foreign tables.
//!
//! `pg_dump` writes them in clear, and a baseline is committed. So an option that looks like a secret is
//! found in the parsed statement: option names may be quoted, and are not the same in every wrapper.

use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, Node};

use crate::schema::Entry;

/// Entries whose statements have options.
const HAS_OPTIONS: [&str; 4] = ["FOREIGN DATA WRAPPER", "SERVER", "USER MAPPING", "FOREIGN TABLE"];

/// What the name of a secret holds, in any wrapper.
const SECRET: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
];

/// The names of the options that hold secrets.
pub fn options(entry: &Entry) -> Result<Vec<String>, pg_query::Error> {
    if !HAS_OPTIONS.contains(&entry.object.kind.as_str()) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for statement in entry.statements.iter().filter(|s| s.contains("OPTIONS")) {
        for raw in pg_query::parse(statement, 0)?.protobuf.stmts {
            let Some(node) = raw.stmt.and_then(|stmt| stmt.node) else { continue };
            let options = options_of(&node);
            found.extend(options.iter().filter(|o| is_secret(o)).map(|o| o.defname.clone()));
        }
    }
    found.dedup();
    Ok(found)
}

fn options_of(node: &NodeEnum) -> Vec<&DefElem> {
    match node {
        NodeEnum::CreateFdwStmt(made) => elements(&made.options),
        NodeEnum::CreateForeignServerStmt(made) => elements(&made.options),
        NodeEnum::CreateUserMappingStmt(made) => elements(&made.options),
        NodeEnum::CreateForeignTableStmt(made) => {
            let columns = made.base_stmt.iter().flat_map(|table| &table.table_elts);
            let of_columns = columns.filter_map(|column| match &column.node {
                Some(NodeEnum::ColumnDef(column)) => Some(elements(&column.fdwoptions)),
                _ => None,
            });
            elements(&made.options).into_iter().chain(of_columns.flatten()).collect()
        }
        NodeEnum::AlterTableStmt(altered) => {
            let commands = altered.cmds.iter().filter_map(|command| match &command.node {
                Some(NodeEnum::AlterTableCmd(command)) => command.def.as_ref()?.node.as_ref(),
                _ => None,
            });
            let lists = commands.filter_map(|definition| match definition {
                NodeEnum::List(list) => Some(elements(&list.items)),
                _ => None,
            });
            lists.flatten().collect()
        }
        _ => Vec::new(),
    }
}

fn elements(nodes: &[Node]) -> Vec<&DefElem> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::DefElem(element)) => Some(element.as_ref()),
            _ => None,
        })
        .collect()
}

/// By its name, or by a value that is a connection string with a password.
fn is_secret(option: &DefElem) -> bool {
    let value = match option.arg.as_ref().and_then(|arg| arg.node.as_ref()) {
        Some(NodeEnum::String(value)) => value.sval.as_str(),
        _ => return false,
    };
    let named = option.defname != "password_required" && is_secret_name(&option.defname);
    !value.is_empty() && (named || holds_password(&value.to_lowercase()))
}

fn is_secret_name(name: &str) -> bool {
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let name = name.to_lowercase();
    name == "pwd" || SECRET.iter().any(|secret| name.contains(secret))
}

/// Whether a setting of the project's own (`app.jwt_secret`) holds a secret. A number or a switch is
/// none, whatever it is called.
pub fn is_secret_setting(name: &str, value: &str) -> bool {
    let plain = ["", "on", "off", "true", "false"].contains(&value) || value.parse::<f64>().is_ok();
    name.contains('.') && !plain && (is_secret_name(name) || holds_password(&value.to_lowercase()))
}

fn holds_password(value: &str) -> bool {
    let in_url = value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split('/').next().unwrap_or(rest);
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    });
    let squeezed: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    in_url || squeezed.contains("password=") || squeezed.contains("pwd=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Object, Statements};

    fn found(kind: &str, statement: &str) -> Vec<String> {
        let object = Object { kind: kind.to_owned(), schema: None, name: "x".to_owned() };
        options(&Entry { object, owner: None, statements: Statements::one(statement) }).unwrap()
    }

    #[test]
    fn secrets_are_told_by_name_and_by_value() {
        let server = |options: &str| {
            let create = "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS";
            found("SERVER", &format!("{create} ({options})"))
        };
        assert_eq!(server("\"Pass Word\" 'x', host 'password''s'"), ["Pass Word"]);
        assert_eq!(
            server("api_key 'x', aws_secret_access_key 'y'"),
            ["api_key", "aws_secret_access_key"]
        );
        assert_eq!(server("uri 'mysql://u:p@h/d'"), ["uri"]);
        assert_eq!(server("odbc 'Driver=x; PWD = y'"), ["odbc"]);
        let harmless = "password_required 'false', passfile '/etc/x', sslkey '/k', host 'h', \
                        url 'https://h:80/a@b', password ''";
        assert_eq!(server(harmless), Vec::<String>::new());
    }

    #[test]
    fn a_setting_may_hold_a_secret() {
        assert!(is_secret_setting("app.settings.jwt_secret", "x"));
        assert!(is_secret_setting("app.url", "postgres://u:p@h/d"));
        assert!(!is_secret_setting("app.max_tokens", "500"));
        assert!(!is_secret_setting("password_encryption", "md5"));
    }

    #[test]
    fn a_foreign_table_has_options_in_three_places() {
        let table =
            "CREATE FOREIGN TABLE t (a int OPTIONS (token 'x')) SERVER s OPTIONS (secret 'y')";
        assert_eq!(found("FOREIGN TABLE", table), ["secret", "token"]);
        let altered = "ALTER FOREIGN TABLE ONLY t ALTER COLUMN a OPTIONS (credentials 'z')";
        assert_eq!(found("FOREIGN TABLE", altered), ["credentials"]);
    }
}
