//! What no baseline can carry is refused by name.

use super::history;
use crate::support::assert_same_tree;
use crate::support::project::Project;

#[track_caller]
fn refused(project: &Project, names: &[&str]) {
    let run = project.rebaseline(&["squash"]).exits(1);
    for name in names {
        assert!(run.stderr.contains(name), "{name}: {}", run.stderr);
    }
    assert!(run.stderr.contains("nothing was changed"), "{}", run.stderr);
}

#[test]
fn what_belongs_to_the_whole_server() {
    let statements = [
        "create database other",
        "alter database other set work_mem = '5MB'",
        "alter system set work_mem = '7MB'",
        "create tablespace fast location ''",
        "comment on database postgres is 'x'",
    ];
    let run: String = statements.iter().map(|s| format!("    op.execute({s:?})\n")).collect();
    let project = Project::chain(&[&format!("with op.get_context().autocommit_block():\n{run}")]);
    project.write("rebaseline.toml", "[scratch]\nsettings = ['allow_in_place_tablespaces=on']\n");
    let names = [
        "database `other`",
        "ALTER SYSTEM SET work_mem",
        "tablespace `fast`",
        "database `postgres`",
    ];
    refused(&project, &names);
}

#[test]
fn what_initdb_made() {
    let project = history(&[
        "comment on extension plpgsql is 'x'",
        "comment on function pg_catalog.now() is 'x'",
        "grant select on information_schema.tables to pg_monitor",
        "create view information_schema.mine as select 1 as one",
        "create function pg_catalog.mine() returns int language sql as 'select 1'",
    ]);
    let names = [
        "comment on extension plpgsql",
        "comment on function now()",
        "view information_schema.tables",
        "view information_schema.mine",
        "function mine() in pg_catalog",
    ];
    refused(&project, &names);
}

#[test]
fn an_index_that_pg_dump_passes_over() {
    let project = history(&[
        "create table t (i int)",
        "create index broken on t (i)",
        "update pg_index set indisvalid = false where indexrelid = 'broken'::regclass",
    ]);
    refused(&project, &["invalid index broken"]);
}

#[test]
fn secrets() {
    let project = history(&[
        "do $$ begin execute format('alter database %I set app.jwt_secret = ''sss0''', \
         current_database()); end $$",
        "create foreign data wrapper w options (api_token 'sss1')",
        "create server s foreign data wrapper w options (\"PASSWORD\" 'sss2', url 'https://u:sss3@h')",
        "create user mapping for public server s options (\"user\" 'u', \"Pass Word\" 'sss4')",
        "create foreign table f (i int options (secret 'sss5')) server s options (credentials 'sss6')",
    ]);
    let names = [
        "setting `app.jwt_secret` of ALL",
        "option `api_token` of foreign data wrapper `w`",
        "option `PASSWORD` of server `s`",
        "option `url` of server `s`",
        "option `Pass Word` of user mapping public SERVER s",
        "option `secret` of foreign table `public.f`",
        "option `credentials` of foreign table `public.f`",
        "ALTER USER MAPPING",
    ];
    refused(&project, &names);
    let told = project.rebaseline(&["squash"]).stderr;
    assert!(!told.contains("sss"), "{told}");
}

/// No provider of labels comes with Debian's packages, so the catalog is written by hand: then PostgreSQL itself
/// refuses the statement that carries the label, and that is told. It is never passed over.
#[test]
fn a_security_label_whose_provider_is_not_loaded() {
    let project = Project::chain(&["op.execute('CREATE TABLE dish (id int)')\n\
         op.execute('SET LOCAL allow_system_table_mods = on')\n\
         op.execute(\"INSERT INTO pg_seclabel VALUES ('dish'::regclass, 'pg_class'::regclass, 0, 'guard', 'secret')\")"]);
    let before = project.tree();
    let run = project.rebaseline(&["squash"]).exits(3);
    for words in
        ["security label provider \"guard\" is not loaded", "shared_preload_libraries=NAME"]
    {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert_same_tree(&before, &project.tree());
}
