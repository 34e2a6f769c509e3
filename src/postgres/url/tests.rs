use super::*;

#[test]
fn a_password_never_shows() {
    let url =
        Url::parse("postgresql+asyncpg://u:s3cret@h:6432/db?password=s3cret&ssl=require").unwrap();
    assert_eq!(url.to_string(), "postgresql://u:***@h:6432/db?password=***&ssl=require");
    assert!(!format!("{url:?}").contains("s3cret"));
    let url = Url::parse("host=h password='s3 cret' dbname='my db'").unwrap();
    assert_eq!(url.to_string(), "host=h password=*** dbname='my db'");
    let surroundings = Surroundings::of(|name| (name == "PGPASSWORD").then(|| "s3cret".into()));
    assert!(!format!("{surroundings:?}").contains("s3cret"));
    let url = url.within(&surroundings).unwrap();
    assert!(!format!("{url:?}").contains("s3cret"));
}

#[test]
fn forms_that_people_write() {
    let (address, database) = Url::parse("postgresql+psycopg://me@/app?host=/run/pg&port=6000")
        .unwrap()
        .address()
        .unwrap();
    assert_eq!((address.host.as_str(), address.port, database.as_str()), ("/run/pg", 6000, "app"));
    let (address, database) = Url::parse("postgres:///x").unwrap().address().unwrap();
    assert_eq!((address.host.as_str(), database.as_str()), ("localhost", "x"));
    let (address, _) = Url::parse("postgres://a%40b:p%3Aw@h/x").unwrap().address().unwrap();
    assert_eq!((address.user.as_str(), address.password.as_deref()), ("a@b", Some("p:w")));
}

#[test]
fn other_databases_are_refused() {
    assert_eq!(
        Url::parse("mysql+pymysql://u:p@h/x"),
        Err(UrlError::OtherDatabase { scheme: "mysql".to_owned() })
    );
    assert!(matches!(Url::parse("app.db"), Err(UrlError::Malformed { .. })));
}

#[test]
fn what_is_written_wins_over_the_variables() {
    let variables = [("PGHOST", "other"), ("PGUSER", "me"), ("PGSSLMODE", "require")];
    let surroundings = Surroundings::of(|name| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, v)| (*v).to_owned())
    });
    let url =
        Url::parse("postgresql://h/x?sslmode=disable").unwrap().within(&surroundings).unwrap();
    let found = ["host", "user", "sslmode", "port"].map(|keyword| url.get(keyword));
    assert_eq!(found, [Some("h"), Some("me"), Some("disable"), None]);
    assert_eq!(url.with_database("a b").to_string(), "postgresql://h/a%20b?sslmode=disable");
}

#[test]
fn what_cannot_be_followed_is_refused_by_name() {
    for (text, word) in [
        ("postgresql://h/x?sslmod=require", "`sslmod` is no connection parameter"),
        ("postgresql://h/x?gssencmode=require", "`gssencmode` can only be prefer or disable"),
        ("postgresql://h/x?sslcrl=/a", "`sslcrl` cannot be followed"),
        ("host=h channel_binding=require", "`channel_binding` can only be"),
    ] {
        let error = Url::parse(text).unwrap_err();
        assert!(error.to_string().contains(word), "{text}: {error}");
    }
    assert!(Url::parse("postgresql://h/x?gssencmode=disable&keepalives=1").is_ok());
    let kerberos = Surroundings::of(|name| (name == "PGGSSENCMODE").then(|| "require".into()));
    assert!(Url::parse("postgresql://h/x").unwrap().within(&kerberos).is_err());
}

#[test]
fn programs_of_libpq_get_all_of_it_by_variables() {
    let surroundings = Surroundings::of(|name| match name {
        "PGUSER" => Some("me".to_owned()),
        "PGSERVICEFILE" => Some("/no/such/file".to_owned()),
        _ => None,
    });
    let url = Url::parse("postgresql://:s3cret@a:1,b:2/x?sslmode=require").unwrap();
    let url = url.within(&surroundings).unwrap();
    let mut variables = std::collections::BTreeMap::new();
    for (name, value) in url.libpq_environment() {
        variables.insert(name.into_string().unwrap(), value.map(|v| v.into_string().unwrap()));
    }
    for (name, value) in [
        ("PGHOST", Some("a,b")),
        ("PGPORT", Some("1,2")),
        ("PGUSER", Some("me")),
        ("PGPASSWORD", Some("s3cret")),
        ("PGDATABASE", Some("x")),
        ("PGSSLMODE", Some("require")),
        ("PGAPPNAME", Some("rebaseline")),
        ("PGSERVICEFILE", None),
        ("PGHOSTADDR", None),
    ] {
        assert_eq!(variables[name].as_deref(), value, "{name}");
    }
}

#[test]
fn two_spellings_of_one_database() {
    let identity = |text: &str| Url::parse(text).unwrap().identity();
    assert_eq!(
        identity("postgresql+psycopg://a:b@DB.example/x"),
        identity("host=db.example port=5432 dbname=x sslmode=require")
    );
    assert_ne!(identity("postgresql://h/x"), identity("postgresql://h:6432/x"));
    assert_eq!(identity("postgresql:///x?host=/run/pg/"), identity("host=/run/pg dbname=x"));
    assert_ne!(identity("host=/run/Pg dbname=x"), identity("host=/run/pg dbname=x"));
}
