//! What a reader of a baseline must know of it, in sentences for its docstring and the report.

use rebaseline_archive::Origin;

use crate::schema::plain::PlainUser;
use crate::stages::dump::SchemaDump;

/// What a reader of the file must know.
pub fn notes(dump: &SchemaDump) -> Vec<String> {
    let mut notes = origin_notes(&dump.origin);
    if !dump.expected_roles.is_empty() {
        notes.push(format!(
            "It expects these roles to be there, as the history did: {}.",
            dump.expected_roles.join(", ")
        ));
    }
    if !dump.holding.made.with_password.is_empty() {
        notes.push(format!(
            "The history gave a password to: {}. A baseline holds no password: set it yourself.",
            dump.holding.made.with_password.join(", ")
        ));
    }
    if !dump.holding.made.changed.is_empty() {
        notes.push(format!(
            "The history also changed the user that ran it; this is not repeated here: {}.",
            dump.holding.made.changed.join(", ")
        ));
    }
    if let PlainUser::NeedsSuperuser(objects) = &dump.plain_user {
        notes.push(format!(
            "These need a superuser, or a member of the role that they belong to: {}.",
            objects.join(", ")
        ));
    }
    // What was read from a database changes from run to run in nothing.
    if dump.origin.database.is_none() {
        notes.extend(dump.volatile.notes());
    }
    notes
}

/// What a reader must know where the history was not replayed as it is.
fn origin_notes(origin: &Origin) -> Vec<String> {
    let mut notes = Vec::new();
    if !origin.skipped.is_empty() {
        notes.push(format!(
            "These revisions were not run (--skip), and what they do is not in it: {}.",
            origin.skipped.join(", ")
        ));
    }
    if origin.env.is_some() {
        notes.push(
            "The history was run by a plain env.py (--env builtin): without the naming conventions, \
             plug-in operations and objects of the project's own."
                .to_owned(),
        );
    }
    if let Some(database) = &origin.database {
        let rows = match &database.seed_tables[..] {
            [] => "without rows".to_owned(),
            tables => format!("with the rows of {}", tables.join(", ")),
        };
        notes.push(format!(
            "The history was not replayed: this is the schema of the database {} as it was then (--from-database), {rows}.",
            database.place
        ));
    }
    notes
}
