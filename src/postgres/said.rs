//! What PostgreSQL or the driver said of a failure, in words for people. Pure.
//!
//! The driver's own text adds "at line 3211" to the server's sentence: that is a line of PostgreSQL's source, which
//! nobody can look up and everybody takes for a line of theirs.

use sqlx::error::DatabaseError;

/// The server's own sentence where it has told one; else what the system or the driver said.
pub fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(told) => told.message().to_owned(),
        sqlx::Error::Io(system) => system.to_string(),
        other => other.to_string(),
    }
}

/// Whether the connection broke: the network, or a server that ends its sessions. Another try may succeed.
pub fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        // 08: connection exceptions. 57P01 to 57P05: the server shuts down, or ends this session.
        sqlx::Error::Database(told) => told.code().is_some_and(|code| ends_the_session(&code)),
        _ => false,
    }
}

fn ends_the_session(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P")
}

/// The code of an error that the server told, from PostgreSQL's table of error codes.
pub fn code(error: &sqlx::Error) -> Option<String> {
    let told = error.as_database_error();
    told.and_then(DatabaseError::code).map(std::borrow::Cow::into_owned)
}

/// Errors of a server, for tests: the driver's own cannot be made.
#[cfg(test)]
pub mod tests {
    use std::borrow::Cow;
    use std::error::Error;
    use std::fmt;

    use sqlx::error::ErrorKind;

    use super::*;

    /// A message with a code, printed as the driver prints one.
    #[derive(Debug)]
    struct Served(&'static str, &'static str);

    impl fmt::Display for Served {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{} at line 3211", self.1)
        }
    }

    impl Error for Served {}

    impl DatabaseError for Served {
        fn message(&self) -> &str {
            self.1
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(Cow::Borrowed(self.0))
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    /// What a server tells with this code.
    pub fn served(code: &'static str, message: &'static str) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Served(code, message)))
    }

    #[test]
    fn the_servers_sentence_without_the_line_of_its_source() {
        let error = served("42P01", "relation \"x\" does not exist");
        assert!(error.to_string().contains("at line 3211"));
        assert_eq!(said(&error), "relation \"x\" does not exist");
        assert_eq!(code(&error).as_deref(), Some("42P01"));
        let reset = std::io::Error::other("connection reset by peer");
        assert_eq!(said(&sqlx::Error::Io(reset)), "connection reset by peer");
        assert_eq!(
            said(&sqlx::Error::Protocol("odd".to_owned())),
            sqlx::Error::Protocol("odd".to_owned()).to_string()
        );
    }

    #[test]
    fn what_a_lost_connection_is() {
        for code in ["57P01", "57P02", "57P03", "57P05", "08006"] {
            assert!(is_lost(&served(code, "")), "{code}");
        }
        for code in ["42P01", "55P03", "57014", "40001"] {
            assert!(!is_lost(&served(code, "")), "{code}");
        }
        assert!(is_lost(&sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into())));
        assert!(!is_lost(&sqlx::Error::RowNotFound));
    }
}
