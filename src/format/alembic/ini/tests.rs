//! Configurations as projects have them, in folders of their own.
#![expect(clippy::disallowed_methods, reason = "the tests make the folders that they read")]

use std::error::Error;

use super::*;

struct Project(tempfile::TempDir);

impl Project {
    /// Files by path and text; a path that ends in `/` is an empty folder.
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            if path.to_str().unwrap().ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
        }
        Self(folder)
    }

    fn load(&self, config: Option<&str>, section: &str) -> Result<AlembicConfig, ConfigError> {
        load(self.0.path(), config.map(Path::new), section)
    }

    fn config(&self) -> AlembicConfig {
        self.load(None, DEFAULT_SECTION).unwrap()
    }

    /// A path as seen from the project.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.0.path()).unwrap_or(path).display().to_string()
    }

    fn locations(&self, config: &AlembicConfig) -> String {
        let shown: Vec<_> = config.version_locations.iter().map(|path| self.shown(path)).collect();
        shown.join("|")
    }

    /// Error, causes and hints, with the project's own folder left out.
    fn error(&self, config: Option<&str>, section: &str) -> String {
        let error = self.load(config, section).unwrap_err();
        let mut lines = vec![error.to_string()];
        lines
            .extend(error.source().map(|cause| format!("caused by: {}", cause.to_string().trim())));
        lines.extend(error.hints().into_iter().map(|hint| format!("hint: {hint}")));
        lines.join("\n").replace(self.0.path().to_str().unwrap(), "/project")
    }
}

#[test]
fn the_generic_template() {
    let project = Project::with(&[
        (
            "alembic.ini",
            "[alembic]\n# path to migration scripts.\nscript_location = %(here)s/alembic\n\
             file_template = %%(year)d_%%(rev)s_%%(slug)s\nprepend_sys_path = .\n\
             path_separator = os\ntruncate_slug_length = 20\ntimezone = UTC\n\
             sqlalchemy.url = postgresql://u:50%off@h/d\n[loggers]\nkeys = root\n",
        ),
        ("alembic/versions/", ""),
    ]);
    let config = project.config();
    assert_eq!(project.shown(&config.script_location), "alembic");
    assert_eq!(project.locations(&config), "alembic/versions");
    assert_eq!(config.file_template, "%(year)d_%(rev)s_%(slug)s");
    assert_eq!(config.truncate_slug_length, 20);
    assert_eq!(config.timezone.as_deref(), Some("UTC"));
    assert_eq!(config.prepend_sys_path, ["."]);
    assert_eq!(config.here, config.project);
    assert_eq!(project.shown(config.file()), "alembic.ini");
    assert!(
        !config.recursive_version_locations && !config.sourceless && config.pyproject.is_none()
    );
}

#[test]
fn pyproject_alone_and_beside_an_ini_file() {
    let table = "[tool.alembic]\nscript_location = \"%(here)s/db\"\n\
                 version_locations = [\"%(here)s/a\", \"b\"]\nrecursive_version_locations = true\n\
                 file_template = \"%%(rev)s\"\ntruncate_slug_length = 9\n";
    let project = Project::with(&[("pyproject.toml", table), ("db/", "")]);
    let config = project.config();
    assert_eq!(project.shown(&config.script_location), "db");
    assert_eq!(project.locations(&config), "a|b");
    assert!(config.recursive_version_locations && config.ini.is_none());
    assert_eq!((config.file_template.as_str(), config.truncate_slug_length), ("%(rev)s", 9));

    let ini = "[alembic]\nscript_location = own\n";
    let files = [("pyproject.toml", table), ("alembic.ini", ini), ("db/", ""), ("own/", "")];
    let project = Project::with(&files);
    let config = project.config();
    assert_eq!(project.shown(&config.script_location), "own");
    assert_eq!(project.locations(&config), "a|b");
    assert_eq!(project.shown(config.file()), "alembic.ini");
    assert!(config.pyproject.is_some());

    // Without its section, the `.ini` file says nothing and the table is enough.
    let project =
        Project::with(&[("pyproject.toml", table), ("alembic.ini", "[x]\n"), ("db/", "")]);
    assert_eq!(project.shown(&project.config().script_location), "db");
}

#[test]
fn version_locations_are_split_as_configured() {
    let locations = |text: &str| {
        let ini = format!("[alembic]\nscript_location = db\nversion_locations = {text}\n");
        let project = Project::with(&[("alembic.ini", &ini), ("db/", "")]);
        project.locations(&project.config())
    };
    assert_eq!(locations("a b, c"), "a|b|c");
    assert_eq!(locations("%(here)s/a:b : c\npath_separator = os"), "a|b|c");
    assert_eq!(locations("a;b\nversion_path_separator = ;"), "a|b");
    assert_eq!(locations("a b\npath_separator = space\nversion_path_separator = ;"), "a|b");
    assert_eq!(locations("\n    a b\n    # no\n\n    c\npath_separator = newline"), "a b|c");
    assert_eq!(locations(""), "db/versions");
}

#[test]
fn a_named_section_and_defaults() {
    let ini = "[DEFAULT]\nroot = %(here)s/db\n[tenants]\nscript_location = %(root)s/t\n\
               recursive_version_locations = True\n";
    let project = Project::with(&[("conf/my.ini", ini), ("conf/db/t/", "")]);
    let config = project.load(Some("conf/my.ini"), "tenants").unwrap();
    assert_eq!(project.shown(&config.script_location), "conf/db/t");
    assert_eq!(project.shown(&config.here), "conf");
    // Alembic compares with `true`, small letters.
    assert!(!config.recursive_version_locations);
}

#[test]
fn a_package_location() {
    let ini = "[alembic]\nscript_location = shop.db:migrations\nprepend_sys_path = backend\n";
    for folder in ["backend/shop/db/migrations/", "shop/db/migrations/", "src/shop/db/migrations/"]
    {
        let project = Project::with(&[("alembic.ini", ini), (folder, "")]);
        assert_eq!(project.shown(&project.config().script_location) + "/", folder);
    }
    let project = Project::with(&[("alembic.ini", ini)]);
    insta::assert_snapshot!(project.error(None, "alembic"), @r"
    the package `shop.db` of the location `shop.db:migrations` is not in `/project/backend`, `/project`, `/project/src`
    hint: name the folder that holds `shop.db` in `prepend_sys_path`, or write `script_location` as a path
    ");
}

#[test]
fn flask_migrate() {
    let files = [
        ("migrations/alembic.ini", "[alembic]\n# file_template = x\n[loggers]\nkeys = root\n"),
        ("migrations/env.py", ""),
        ("migrations/versions/", ""),
    ];
    let project = Project::with(&files);
    for config in [None, Some("migrations/alembic.ini")] {
        let config = project.load(config, "alembic").unwrap();
        assert_eq!(project.shown(&config.script_location), "migrations");
        assert_eq!(project.locations(&config), "migrations/versions");
        assert_eq!(project.shown(config.file()), "migrations/alembic.ini");
    }
    let table = ("pyproject.toml", "[tool.alembic]\nscript_location = \"db\"\n");
    let project = Project::with(&[files[0], files[1], files[2], table, ("db/", "")]);
    assert_eq!(project.shown(project.config().file()), "pyproject.toml");
}

#[test]
fn what_cannot_be_used_is_told_with_a_hint() {
    let error = |ini: &str| Project::with(&[("alembic.ini", ini)]).error(None, "alembic");
    insta::assert_snapshot!(Project::with(&[]).error(None, "alembic"), @r"
    no Alembic configuration found; looked for `/project/alembic.ini`, `/project/pyproject.toml`, `/project/migrations/alembic.ini`
    hint: start rebaseline in the project's folder, or name the file: `--config PATH`
    ");
    insta::assert_snapshot!(Project::with(&[]).error(Some("a/b.ini"), "alembic"), @r"
    no Alembic configuration found; looked for `/project/a/b.ini`
    hint: start rebaseline in the project's folder, or name the file: `--config PATH`
    ");
    insta::assert_snapshot!(error("script_location = x\n"), @r"
    `/project/alembic.ini` is not a valid configuration file
    caused by: line 1: an option before the first `[section]`
    ");
    insta::assert_snapshot!(error("[alembic]\nscript_location = x\n"), @r"
    `script_location` of `/project/alembic.ini` does not exist: `/project/x`
    hint: relative locations begin in the folder that Alembic is started in: start there, or write `%(here)s/...`
    ");
    insta::assert_snapshot!(error("[alembic]\n"), @r"
    `/project/alembic.ini` sets no `script_location` in section `[alembic]`
    hint: add `script_location = %(here)s/alembic` with the folder of your `env.py`
    ");
    insta::assert_snapshot!(error("[app]\nscript_location = x\n[loggers]\nkeys = root\n"), @r"
    `/project/alembic.ini` has no section `[alembic]`
    hint: sections that have a `script_location`: `app`
    ");
    insta::assert_snapshot!(error("[alembic]\nscript_location = %(hier)s/x\n"), @r"
    the value of `script_location` in `/project/alembic.ini` cannot be used
    caused by: `%(hier)s` names an option that is not there
    hint: write a literal `%` as `%%`
    ");
    let slug = "[alembic]\nscript_location = %(here)s\ntruncate_slug_length = many\n";
    insta::assert_snapshot!(error(slug), @"`truncate_slug_length = many` is not a number");
    let separator = "[alembic]\nscript_location=%(here)s\nversion_locations=a\npath_separator=,\n";
    insta::assert_snapshot!(error(separator), @"`path_separator = ,` is not `space`, `newline`, `os`, `:` or `;`");

    let toml = |text: &str| Project::with(&[("pyproject.toml", text)]).error(None, "alembic");
    insta::assert_snapshot!(toml("[project]\nname = \"x\"\n"), @r"
    no Alembic configuration found; looked for `/project/alembic.ini`, `/project/pyproject.toml`, `/project/migrations/alembic.ini`
    hint: start rebaseline in the project's folder, or name the file: `--config PATH`
    ");
    insta::assert_snapshot!(toml("[tool.alembic]\nsourceless = 1\n"), @r#"
    `/project/pyproject.toml` sets no `script_location` in `[tool.alembic]`
    hint: add `script_location = "%(here)s/alembic"` with the folder of your `env.py`
    "#);
    insta::assert_snapshot!(toml("[tool.alembic]\nscript_location = \"%(rev)s\"\n"), @r"
    the value of `script_location` in `/project/pyproject.toml` cannot be used
    caused by: `%(rev)` names nothing that can be filled in
    hint: write a literal `%` as `%%`
    ");
    let text = "[tool.alembic]\nscript_location = \"%(here)s\"\nversion_locations = \"a\"\n";
    insta::assert_snapshot!(toml(text), @r#"`version_locations = "a"` is not a list of strings"#);
    insta::assert_snapshot!(toml("[tool.alembic\n"), @r"
    `/project/pyproject.toml` is not valid TOML
    caused by: TOML parse error at line 1, column 14
      |
    1 | [tool.alembic
      |              ^
    unclosed table, expected `]`
    ");
}
