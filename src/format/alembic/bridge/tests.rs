//! Patterns of `env.py`, and what the bridge makes of them.

use similar::TextDiff;

use super::{Unusual, install, is_as_generated, is_module, module, parse, remove};

/// The lines that an install changes; taking it out again must give the same bytes.
fn changed(text: &str) -> String {
    let installed = match install(text) {
        Ok(Some(installed)) => installed,
        Ok(None) => return "already there".to_owned(),
        Err(error) => return error.to_string(),
    };
    assert_eq!(install(&installed), Ok(None));
    assert_eq!(remove(&installed), Ok(Some(text.to_owned())));
    let diff = TextDiff::from_lines(text, &installed);
    let lines = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    let lines: Vec<_> = lines.map(|change| format!("{}{}", change.tag(), change.value())).collect();
    lines.concat()
}

const SYNC: &str = r#""""Docstring."""
from logging.config import fileConfig

from sqlalchemy import engine_from_config
from alembic import context

config = context.config


def run_migrations_offline():
    context.configure(url="x", literal_binds=True)

    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    with engine_from_config({}).connect() as connection:
        context.configure(connection=connection)

        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"#;

#[test]
fn the_usual_one() {
    insta::assert_snapshot!(changed(SYNC), @r#"
    +from alembic.util import load_python_file
    +
    +rebaseline_bridge = load_python_file(context.script.dir, "rebaseline_bridge.py")
    -            context.run_migrations()
    +            rebaseline_bridge.run_migrations(context)
    "#);
    // With its line ends, and without one at the end.
    let windows = SYNC.replace('\n', "\r\n");
    assert_eq!(changed(&windows), changed(SYNC).replace('\n', "\r\n"));
    let cut = SYNC.trim_end();
    assert_eq!(changed(cut), changed(SYNC));
    assert_eq!(remove(SYNC), Ok(None));
}

#[test]
fn other_names_arguments_and_places() {
    let told: Vec<String> = [
        "import alembic\nalembic.context.configure(connection=c)\nalembic.context.run_migrations()\n",
        "import alembic.context as c\nfor name in names:\n\tc.configure(connection=x, **more)\n\tc.run_migrations( engine_name=name, **more )  # all\n",
        "from alembic import context as ctx; import os\nwork = lambda: ctx.run_migrations(\n    a=1,\n)\n",
        "from alembic import context\nwith context.begin_transaction(): context.run_migrations()",
        "from alembic import context\ndef one(c, url):\n    context.configure(connection=c, url=url)\n    context.run_migrations(\n    )\n",
        "\u{feff}from alembic import (\n    context,  # ours\n)\nimport os\nx = 1\ncontext.run_migrations()\n",
    ]
    .into_iter()
    .map(changed)
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_too_unusual() {
    let told: Vec<String> = [
        "from alembic import context\ncontext.run_migrations(\n",
        "try:\n    from alembic import context\nexcept ImportError:\n    raise\ncontext.run_migrations()\n",
        "from alembic import context\ncontext.configure(url=u)\ncontext.run_migrations()\n",
        "from alembic import context\nawait connection.run_sync(context.run_migrations)\n",
        "from alembic import context\nself.environment.run_migrations()\n",
        "from alembic import context\ncontext . run_migrations()\n",
        "from alembic import context\ncontext.run_migrations(*arguments)\n",
        "from alembic import context\nrebaseline_bridge = 1\ncontext.run_migrations()\n",
        "from alembic import context; x = (\n1)\ncontext.run_migrations()\n",
        "from alembic import context\rcontext.run_migrations()\r",
    ]
    .into_iter()
    .map(changed)
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_bridge_that_a_formatter_moved_comes_out_too() {
    let moved = "from alembic import context\nfrom alembic.util import load_python_file\nimport os\n\n\
                 rebaseline_bridge = load_python_file(\n    context.script.dir, \"rebaseline_bridge.py\"\n)\n\
                 rebaseline_bridge.run_migrations(\n    context,\n    a=1,\n)\n";
    insta::assert_snapshot!(remove(moved).unwrap().unwrap(), @r"
    from alembic import context
    import os

    context.run_migrations(
        a=1,
    )
    ");
    // A call that was added later is bridged too, and nothing else changes.
    let more = format!("{moved}context.run_migrations()\n");
    let bridged = install(&more).unwrap().unwrap();
    assert_eq!(bridged, format!("{moved}rebaseline_bridge.run_migrations(context)\n"));
    let shared = "from alembic.util import load_python_file\nx = load_python_file('a', 'b'); \
                  rebaseline_bridge = load_python_file(a, 'rebaseline_bridge.py')\n";
    assert!(matches!(remove(shared), Err(Unusual::Written { line: 2 })));
}

#[test]
fn the_module_knows_its_folders() {
    let text = module("../data \"x\"", "..").unwrap();
    assert!(text.contains("os.path.join(HERE, '../data \"x\"')"), "{text}");
    assert!(is_module(&text) && !is_module(SYNC));
    parse(&text).unwrap();
}

#[test]
fn an_edited_module_is_told_from_one_that_is_as_generated() {
    let text = module("../archive", "..").unwrap();
    assert!(is_module(&text) && is_as_generated(&text));
    assert!(is_as_generated(&text.replace('\n', "\r\n")));
    let (body, seal) = text.trim_end().rsplit_once('\n').unwrap();
    for edited in [
        text.replacen("import json", "import json  # ours", 1),
        format!("{text}# ours\n"),
        format!("{text}\n"),
        format!("{body}\n"),
        format!("{body}\n\n{seal}\n"),
        format!("{body}\n{seal}0\n"),
        text.trim_end().to_owned(),
        String::new(),
    ] {
        assert!(edited != text && !is_as_generated(&edited), "{edited}");
    }
}
