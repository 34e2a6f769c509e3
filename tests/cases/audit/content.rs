//! The rules on what a revision does: each with what triggers it, as the user sees it, and with what looks like it and
//! does not.

use super::{audit, one, revision, rules};
use crate::support::project::Project;

/// Asserts that this is what the rule finds, that nothing of it refuses the history, and shows it.
#[track_caller]
fn found(rule: &str, imports: &str, upgrade: &str) -> String {
    let project = one(imports, upgrade);
    project.write("app/models.py", "class Base: pass\n");
    project.write("app/__init__.py", "");
    assert!(rules(&project).contains(rule), "{rule}: {}", audit(&project, &[]).stdout);
    let text = audit(&project, &["-v"]).exits(0).stdout;
    assert_eq!(
        project.rebaseline(&["audit", "--structure"]).exits(0).stdout,
        "1 revision, 1 base, 1 head: no error\n"
    );
    text
}

#[track_caller]
fn not_found(rule: &str, imports: &str, upgrade: &str) {
    let project = one(imports, upgrade);
    project.write("app/models.py", "class Base: pass\n");
    project.write("app/__init__.py", "");
    let found = rules(&project);
    assert!(!found.contains(rule), "{}", audit(&project, &["-v"]).stdout);
}

#[test]
fn imports_application() {
    let text = found(
        "imports-application",
        "from app.models import Base\nimport app\n",
        "Base.metadata.bind = op.get_bind()",
    );
    insta::assert_snapshot!("imports_application", text);
    for imports in [
        "import json\nfrom sqlalchemy.dialects import postgresql\nimport app_of_somebody_else\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.models import Base\n",
        "# from app import models\nX = 'import app'\n",
    ] {
        not_found("imports-application", imports, "pass");
    }
    // Only what runs: the downgrade is not looked at.
    let project = one("", "pass");
    let text = revision("a1", None, "", "pass") + "    from app import models\n";
    project.write("migrations/versions/a1_.py", text);
    project.write("app/__init__.py", "");
    assert!(rules(&project).is_empty());
}

#[test]
fn create_all() {
    let text = found(
        "create-all",
        "from app.models import Base\n",
        "Base.metadata.create_all(op.get_bind())",
    );
    insta::assert_snapshot!("create_all", text);
    not_found(
        "create-all",
        "meta = sa.MetaData()\nsa.Table('room', meta, sa.Column('id', sa.Integer))\n",
        "meta.create_all(op.get_bind())",
    );
    let own = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n";
    not_found("create-all", own, "Base.metadata.create_all(op.get_bind())");
    let own =
        "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n";
    not_found("create-all", own, "Base.metadata.create_all(op.get_bind())");
}

#[test]
fn data_change() {
    let text = found(
        "data-change",
        "ROOMS = [\"INSERT INTO room (id) VALUES (1)\",\n         \"SELECT 1\"]\n",
        "for statement in ROOMS:\n    op.execute(statement)\n\
         op.bulk_insert(sa.table('room', sa.column('id')), [{'id': 2}])\n\
         room = sa.table('room', sa.column('id'))\nop.execute(room.update().values(id=3))\n\
         conn = op.get_bind()\nconn.execute(sa.text('''\n    DELETE FROM room\n     WHERE id = 4'''))",
    );
    insta::assert_snapshot!("data_change", text);
    for upgrade in [
        "def run(sql):\n    op.execute(sql)\nrun('UPDATE room SET id = 1')",
        "table = 'room'\nop.execute(f'DELETE FROM {table} WHERE id = 1')",
        "op.execute('INSERT INTO {} VALUES (1)'.format('room'))",
        "op.execute('INSERT INTO %s VALUES (1)' % 'room')",
        "op.execute('INSERT INTO room ' + 'VALUES (1)')",
        "op.execute(\"DO $$ BEGIN INSERT INTO room VALUES (1); END $$\")",
        "from sqlalchemy import insert\nop.get_bind().execute(insert(sa.table('room')).values(id=1))",
        "from sqlalchemy.orm import Session\nsession = Session(bind=op.get_bind())\nsession.add(object())",
        "from sqlalchemy.orm import Session\nwith Session(bind=op.get_bind()) as session:\n    session.query(1).delete()",
    ] {
        found("data-change", "", upgrade);
    }
    for upgrade in [
        "op.execute('SELECT 1')",
        "print('INSERT INTO the log')",
        "op.create_table('t', sa.Column('a', sa.Text, comment='update this set by hand'))",
        "op.execute(\"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM t; RETURN NULL; END$$\")",
        "values = {}\nvalues.update({'a': 1})\nnames = set()\nnames.add('b')",
        "op.execute('GRANT INSERT, UPDATE, DELETE ON t TO x')",
    ] {
        not_found("data-change", "", upgrade);
    }
    // What upgrade() does not call does not run.
    not_found("data-change", "def unused():\n    op.execute('DELETE FROM room')\n", "pass");
    found("data-change", "def used():\n    op.execute('DELETE FROM room')\n", "used()");
}

#[test]
fn volatile_value() {
    let text = found(
        "volatile-value",
        "import uuid\nfrom datetime import datetime as dt\n",
        "op.execute(\"INSERT INTO room (id, made) VALUES (1, now())\")\nkey = uuid.uuid4()\n\
         made = dt.utcnow()",
    );
    insta::assert_snapshot!("volatile_value", text);
    found("volatile-value", "import secrets\n", "token = secrets.token_hex(8)");
    for upgrade in [
        "op.create_table('t', sa.Column('at', sa.DateTime, server_default=sa.func.now()))",
        "op.create_table('t', sa.Column('at', sa.DateTime, server_default=sa.text('now()')))",
        "op.execute('CREATE TABLE t (at timestamptz DEFAULT now(), id uuid DEFAULT gen_random_uuid())')",
        "op.execute('DELETE FROM t WHERE at < now()')",
        "import time\nbegan = time.time()\nprint(time.time() - began)",
        "from datetime import datetime\nprint(f'begins at {datetime.now()}')",
        "import uuid\nop.add_column('t', sa.Column('id', sa.Uuid, default=uuid.uuid4))",
        "import uuid\nop.add_column('t', sa.Column('id', sa.Uuid, default=lambda: uuid.uuid4()))",
    ] {
        not_found("volatile-value", "", upgrade);
    }
}

#[test]
fn reads_environment() {
    let text = found(
        "reads-environment",
        "import os\nTENANT = os.environ.get('TENANT', 'public')\n",
        "if os.getenv('SEED') == '1':\n    pass",
    );
    insta::assert_snapshot!("reads_environment", text);
    found("reads-environment", "from os import environ\n", "name = environ['NAME']");
    found(
        "reads-environment",
        "from alembic import context\n",
        "context.get_x_argument(as_dictionary=True)",
    );
    not_found("reads-environment", "import os\n", "path = os.path.join('a', 'b')");
    not_found("reads-environment", "environ = {}\n", "name = environ.get('os.environ')");
}

#[test]
fn uses_network() {
    let text = found(
        "uses-network",
        "import requests\n",
        "requests.get('https://example.org/rooms').json()",
    );
    insta::assert_snapshot!("uses_network", text);
    found("uses-network", "import subprocess\n", "subprocess.run(['true'])");
    found("uses-network", "from urllib.request import urlopen\n", "urlopen('https://example.org')");
    not_found("uses-network", "from urllib.parse import quote\n", "quote('a b')");
    not_found("uses-network", "requests = {}\n", "requests.get('a')");
}

#[test]
fn reads_files() {
    let text = found(
        "reads-files",
        "from pathlib import Path\nHERE = Path(__file__).parent\n",
        "op.execute((HERE / 'rooms.sql').read_text())\nwith open('rooms.csv') as file:\n    pass",
    );
    insta::assert_snapshot!("reads_files", text);
    not_found("reads-files", "import os\n", "name = os.path.basename(__file__)");
    not_found("reads-files", "class Door:\n    def open(self):\n        pass\n", "Door().open()");
}

#[test]
fn destructive_change() {
    let text = found(
        "destructive-change",
        "",
        "op.drop_column('room', 'beds')\nwith op.batch_alter_table('room') as batch_op:\n    batch_op.drop_column('door')\n\
         op.execute('ALTER TABLE room DROP COLUMN IF EXISTS view; DROP TABLE hall')",
    );
    insta::assert_snapshot!("destructive_change", text);
    for upgrade in [
        "op.drop_index('i')",
        "op.drop_constraint('c', 't')",
        "op.execute('DROP INDEX i')",
        "op.execute('ALTER TABLE t ALTER c DROP DEFAULT, DROP CONSTRAINT k')",
    ] {
        not_found("destructive-change", "", upgrade);
    }
}

#[test]
fn dialect_branch() {
    let text = found(
        "dialect-branch",
        "",
        "bind = op.get_bind()\nif bind.dialect.name == 'postgresql':\n    op.execute('SELECT 1')",
    );
    insta::assert_snapshot!("dialect_branch", text);
    found("dialect-branch", "", "if op.get_context().dialect.name != 'sqlite':\n    pass");
    found("dialect-branch", "", "if op.get_bind().engine.name == 'mysql':\n    pass");
    not_found("dialect-branch", "", "column = sa.Column('a')\nprint(column.name)");
}

#[test]
fn concurrently() {
    let text = found(
        "concurrently",
        "",
        "with op.get_context().autocommit_block():\n    op.create_index('i', 't', ['a'], postgresql_concurrently=True)\n    \
         op.execute('CREATE INDEX CONCURRENTLY j ON t (a)')",
    );
    insta::assert_snapshot!("concurrently", text);
    not_found(
        "concurrently",
        "",
        "op.create_index('i', 't', ['a'], postgresql_concurrently=False)",
    );
    not_found("concurrently", "", "op.execute('-- not CONCURRENTLY\\nCREATE INDEX i ON t (a)')");
}

#[test]
fn autocommit_block() {
    let text = found(
        "autocommit-block",
        "",
        "op.execute('COMMIT')\nop.execute(\"ALTER TYPE x ADD VALUE 'y'\")",
    );
    insta::assert_snapshot!("autocommit_block", text);
    found("autocommit-block", "", "with op.get_context().autocommit_block():\n    pass");
    found("autocommit-block", "", "op.get_bind().execution_options(isolation_level='AUTOCOMMIT')");
    not_found("autocommit-block", "", "op.execute('CREATE TABLE t (a int) ON COMMIT DROP')");
    not_found(
        "autocommit-block",
        "",
        "op.get_bind().execution_options(isolation_level='SERIALIZABLE')",
    );
}

#[test]
fn empty_downgrade() {
    let empty = |downgrade: &str, upgrade: &str| {
        let project = Project::bare();
        let text = revision("a1", None, "", upgrade);
        let (head, _) = text.split_once("def downgrade").unwrap();
        project.write("migrations/versions/a1_.py", format!("{head}{downgrade}"));
        project
    };
    let work = "op.execute('SELECT 1')";
    let project = empty("def downgrade():\n    \"\"\"Nothing.\"\"\"\n    pass\n", work);
    insta::assert_snapshot!("empty_downgrade", audit(&project, &[]).exits(0).stdout);
    assert!(rules(&empty("", work)).contains("empty-downgrade"));
    // A merge does nothing either way; a line of Alembic's template is no work.
    assert!(rules(&empty("def downgrade():\n    pass\n", "pass")).is_empty());
    assert!(rules(&empty("def downgrade():\n    raise NotImplementedError\n", work)).is_empty());
    assert!(rules(&empty("from elsewhere import downgrade\n", work)).is_empty());
    assert!(rules(&empty("downgrade = upgrade\n", work)).is_empty());
}

#[test]
fn many_infos_are_told_in_short() {
    let project = Project::bare();
    let mut parent: Option<String> = None;
    for number in 1..=12 {
        let id = format!("r{number:02}");
        let text = revision(&id, parent.as_deref(), "", "op.drop_table('t')");
        project.write(&format!("migrations/versions/{id}_.py"), text);
        parent = Some(id);
    }
    insta::assert_snapshot!("in_short", audit(&project, &[]).exits(0).stdout);
    let all = audit(&project, &["-v"]).exits(0).stdout;
    assert_eq!(all.matches("info[destructive-change]").count(), 12);
}
