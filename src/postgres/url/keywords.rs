//! The keywords of libpq: the variable that gives each its default, and what a connection of ours makes of it.
//!
//! What cannot be done is refused by name: a setting that guards a connection must never be passed over.

/// What we do with a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It is followed.
    Followed,
    /// It changes nothing that matters to connections as short as ours, or our driver does it anyway.
    WithoutEffect,
    /// Only these values are what our driver does; others are refused.
    Only(&'static [&'static str]),
}

/// A keyword of libpq.
#[derive(Debug, Clone, Copy)]
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// The variable that gives its default.
    pub variable: Option<&'static str>,
    /// What we do with it.
    pub meaning: Meaning,
}

const fn followed(name: &'static str, variable: &'static str) -> Keyword {
    Keyword { name, variable: Some(variable), meaning: Meaning::Followed }
}

const fn without_effect(name: &'static str, variable: Option<&'static str>) -> Keyword {
    Keyword { name, variable, meaning: Meaning::WithoutEffect }
}

const fn only(
    name: &'static str,
    variable: Option<&'static str>,
    values: &'static [&'static str],
) -> Keyword {
    Keyword { name, variable, meaning: Meaning::Only(values) }
}

/// All keywords of libpq 18 (PostgreSQL documentation, "Parameter Key Words").
pub const KEYWORDS: [Keyword; 50] = [
    followed("host", "PGHOST"),
    followed("hostaddr", "PGHOSTADDR"),
    followed("port", "PGPORT"),
    followed("dbname", "PGDATABASE"),
    followed("user", "PGUSER"),
    followed("password", "PGPASSWORD"),
    followed("passfile", "PGPASSFILE"),
    followed("service", "PGSERVICE"),
    followed("servicefile", "PGSERVICEFILE"),
    followed("options", "PGOPTIONS"),
    followed("application_name", "PGAPPNAME"),
    Keyword { name: "fallback_application_name", variable: None, meaning: Meaning::Followed },
    followed("connect_timeout", "PGCONNECT_TIMEOUT"),
    followed("target_session_attrs", "PGTARGETSESSIONATTRS"),
    followed("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    followed("sslmode", "PGSSLMODE"),
    followed("sslrootcert", "PGSSLROOTCERT"),
    followed("sslcert", "PGSSLCERT"),
    followed("sslkey", "PGSSLKEY"),
    only("sslcrl", Some("PGSSLCRL"), &[]),
    only("sslcrldir", Some("PGSSLCRLDIR"), &[]),
    only("sslpassword", None, &[]),
    only("sslcertmode", Some("PGSSLCERTMODE"), &["allow"]),
    only("sslsni", Some("PGSSLSNI"), &["1"]),
    only("sslnegotiation", Some("PGSSLNEGOTIATION"), &["postgres"]),
    only(
        "ssl_min_protocol_version",
        Some("PGSSLMINPROTOCOLVERSION"),
        &["TLSv1", "TLSv1.1", "TLSv1.2"],
    ),
    only("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION"), &["TLSv1.3"]),
    only("sslkeylogfile", None, &[]),
    only("requiressl", Some("PGREQUIRESSL"), &["0"]),
    without_effect("sslcompression", Some("PGSSLCOMPRESSION")),
    only("gssencmode", Some("PGGSSENCMODE"), &["prefer", "disable"]),
    only("gssdelegation", Some("PGGSSDELEGATION"), &["0"]),
    without_effect("krbsrvname", Some("PGKRBSRVNAME")),
    without_effect("gsslib", Some("PGGSSLIB")),
    only("channel_binding", Some("PGCHANNELBINDING"), &["prefer", "disable"]),
    only("require_auth", Some("PGREQUIREAUTH"), &[]),
    only("requirepeer", Some("PGREQUIREPEER"), &[]),
    only("scram_client_key", None, &[]),
    only("scram_server_key", None, &[]),
    only("min_protocol_version", Some("PGMINPROTOCOLVERSION"), &["3.0"]),
    without_effect("max_protocol_version", Some("PGMAXPROTOCOLVERSION")),
    only("replication", None, &["false", "off", "no", "0"]),
    only("oauth_issuer", None, &[]),
    only("oauth_client_id", None, &[]),
    without_effect("client_encoding", Some("PGCLIENTENCODING")),
    without_effect("keepalives", None),
    without_effect("keepalives_idle", None),
    without_effect("keepalives_interval", None),
    without_effect("keepalives_count", None),
    without_effect("tcp_user_timeout", None),
];

/// The keyword of this name.
pub fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// Names that drivers and their wrappers have for keywords of libpq.
pub const ALIASES: [(&str, &str); 9] = [
    ("ssl", "sslmode"),
    ("ssl-mode", "sslmode"),
    ("ssl-root-cert", "sslrootcert"),
    ("ssl-ca", "sslrootcert"),
    ("ssl-cert", "sslcert"),
    ("ssl-key", "sslkey"),
    ("database", "dbname"),
    ("timeout", "connect_timeout"),
    ("unix_sock", "host"),
];

/// Parameters of a URL that tune one driver or a pool and say nothing about where the database is.
pub const OF_DRIVERS: [&str; 17] = [
    "async_fallback",
    "autocommit",
    "command_timeout",
    "connection_limit",
    "executemany_mode",
    "max_cacheable_statement_size",
    "max_cached_statement_lifetime",
    "max_overflow",
    "pgbouncer",
    "pool_size",
    "pool_timeout",
    "prepare_threshold",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "statement-cache-capacity",
    "statement_cache_size",
    "use_native_hstore",
];
