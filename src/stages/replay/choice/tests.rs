use super::*;
use crate::postgres::live::Marked;
use crate::postgres::programs::Table;
use crate::schema::Statements;

fn relation(schema: &str, name: &str, kind: &str, owner: &str) -> Relation {
    let text = str::to_owned;
    Relation {
        schema: text(schema),
        name: text(name),
        kind: text(kind),
        owner: text(owner),
        ..Relation::default()
    }
}

fn facts() -> Facts {
    let schemas = [("public", "app"), ("audit", "auditor")];
    Facts {
        version: "15.1".to_owned(),
        table: Table { schema: "public".to_owned(), name: "alembic_version".to_owned() },
        rows: Vec::new(),
        owner: "app".to_owned(),
        schemas: schemas.map(|(s, o)| (s.to_owned(), o.to_owned())).into(),
        relations: vec![
            relation("public", "alembic_version", "r", "app"),
            relation("public", "dish", "r", "app"),
            relation("public", "Guest", "r", "other"),
            relation("public", "spatial_ref", "r", "app"),
            relation("audit", "log", "r", "auditor"),
        ],
        beside: Vec::new(),
        roles: vec!["auditor".to_owned(), "other".to_owned()],
    }
}

fn entry(kind: &str, schema: Option<&str>, name: &str, owner: &str) -> Entry {
    let schema = schema.map(str::to_owned);
    let object = Object { kind: kind.to_owned(), schema, name: name.to_owned() };
    Entry { object, owner: Some(owner.to_owned()), statements: Statements::default() }
}

#[test]
fn what_is_asked_for_is_taken_and_the_version_table_always() {
    let facts = facts();
    let asked = Asked { owners: vec!["other".to_owned()], ..Asked::default() };
    let choice = Choice::new(&asked, &facts).unwrap();
    let takes = |kind, schema, name, owner| choice.takes_entry(&entry(kind, schema, name, owner));
    assert!(takes("TABLE", Some("public"), "Guest", "other"));
    assert!(!takes("TABLE", Some("public"), "dish", "app"));
    assert!(!takes("FUNCTION", Some("public"), "f()", "app"));
    assert!(takes("TABLE", Some("public"), "alembic_version", "app"));
    assert!(takes("CONSTRAINT", Some("public"), "alembic_version alembic_version_pkc", "app"));
    assert!(!takes("TABLE", Some("public"), "alembic_version2", "app"));
    assert!(takes("SCHEMA", None, "audit", "auditor"));
    assert_eq!(
        choice.without().relations,
        [("public", "dish"), ("public", "spatial_ref"), ("audit", "log")]
            .map(|(s, n)| (s.to_owned(), n.to_owned()))
    );
    let asked = Asked { schemas: vec!["audit".to_owned()], ..Asked::default() };
    let choice = Choice::new(&asked, &facts).unwrap();
    assert!(choice.takes_entry(&entry("TABLE", Some("audit"), "log", "auditor")));
    assert!(!choice.takes_entry(&entry("TABLE", Some("public"), "dish", "app")));
    assert!(!choice.takes_entry(&entry("PUBLICATION", None, "p", "app")));
    assert!(choice.takes_entry(&entry("EXTENSION", None, "citext", "")));
}

#[test]
fn rows_are_taken_of_named_tables_only() {
    let facts = facts();
    let pattern = |text| glob::Pattern::new(text).unwrap();
    let asked = Asked { seed_tables: vec![pattern("public.di*")], ..Asked::default() };
    let choice = Choice::new(&asked, &facts).unwrap();
    assert_eq!(choice.seeded(), ["public.dish"]);
    assert!(!choice.without().rows.contains(&("public".to_owned(), "dish".to_owned())));
    assert!(choice.without().rows.contains(&("audit".to_owned(), "log".to_owned())));
    let asked = Asked { seed_tables: vec![pattern("nothing")], ..Asked::default() };
    assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::SeedTable { .. })));
    let asked = Asked { schemas: vec!["gone".to_owned()], ..Asked::default() };
    assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::Schema { .. })));
    let asked = Asked { owners: vec!["nobody".to_owned()], ..Asked::default() };
    assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::Owner { .. })));
}

#[test]
fn partitions_go_with_their_table_and_positions_with_the_rows() {
    let mut facts = facts();
    let pair = |name: &str| ("public".to_owned(), name.to_owned());
    let part = relation("public", "dish_1", "r", "app");
    let ancestors = vec![pair("dish_half"), pair("menu")];
    let shared = relation("public", "ids", "S", "app");
    let used_by = vec![pair("dish_1"), pair("Guest")];
    facts.relations.extend([
        relation("public", "menu", "p", "app"),
        Relation { ancestors, ..part },
        Relation { used_by, ..shared },
        relation("public", "lonely", "S", "app"),
    ]);
    let seeds = |pattern: &str| Asked {
        seed_tables: vec![glob::Pattern::new(pattern).unwrap()],
        ..Asked::default()
    };
    let position = |name| entry("SEQUENCE SET", Some("public"), name, "app");
    let rows = |name| entry("TABLE DATA", Some("public"), name, "app");
    let (menu, dish, lonely) = (seeds("public.menu"), seeds("dish"), seeds("lonely"));
    let choice = Choice::new(&menu, &facts).unwrap();
    assert_eq!(choice.seeded(), ["public.menu", "public.dish_1"]);
    assert!(!choice.without().rows.contains(&pair("dish_1")));
    assert!(choice.takes_entry(&rows("dish_1")) && !choice.takes_entry(&rows("dish")));
    assert!(choice.takes_entry(&position("ids")) && !choice.takes_entry(&position("lonely")));
    assert_eq!(choice.untaken_rows(&[position("ids")]), Vec::<String>::new());
    assert_eq!(choice.untaken_rows(&[]), ["position of sequence `public.ids`"]);
    let choice = Choice::new(&dish, &facts).unwrap();
    assert_eq!(choice.seeded(), ["public.dish"]);
    assert!(!choice.takes_entry(&position("ids")));
    let choice = Choice::new(&lonely, &facts).unwrap();
    assert_eq!(choice.seeded(), ["public.lonely"]);
    assert!(choice.takes_entry(&position("lonely")));
}

#[test]
fn rows_of_an_extension_are_taken_if_they_are_named() {
    let mut facts = facts();
    let of = |name, member| Relation {
        member: Some(member),
        ..relation("public", name, "r", "postgres")
    };
    facts.relations.extend([of("jobs", Marked::Configuration), of("inner", Marked::No)]);
    let rows = entry("TABLE DATA", Some("public"), "jobs", "postgres");
    let asked = Asked::default();
    let choice = Choice::new(&asked, &facts).unwrap();
    assert!(!choice.takes_entry(&rows));
    assert!(choice.without().rows.contains(&("public".to_owned(), "jobs".to_owned())));
    let told = ["rows of `public.jobs`, which an extension keeps as its configuration"];
    assert_eq!(choice.untaken_rows(&[]), told);
    let pattern = |text| vec![glob::Pattern::new(text).unwrap()];
    let asked = Asked { seed_tables: pattern("jobs"), ..Asked::default() };
    let choice = Choice::new(&asked, &facts).unwrap();
    assert!(choice.takes_entry(&rows));
    assert_eq!(choice.untaken_rows(&[]), Vec::<String>::new());
    let asked = Asked { seed_tables: pattern("inner"), ..Asked::default() };
    assert!(matches!(Choice::new(&asked, &facts), Err(AskedError::SeedTable { .. })));
}

#[test]
fn what_is_ignored_is_left_out() {
    let facts = facts();
    let ignore = vec![glob::Pattern::new("public.spatial*").unwrap()];
    let asked = Asked { ignore, ..Asked::default() };
    let choice = Choice::new(&asked, &facts).unwrap();
    let left = choice.without().relations;
    assert_eq!(left, [("public".to_owned(), "spatial_ref".to_owned())]);
}
