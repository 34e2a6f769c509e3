//! Part of the proof: can a user who is no superuser run the baseline on a database of his own?
//!
//! Takes the dumped history and the second server; gives which blocks need a superuser. psql runs the
//! blocks in a transaction that is given up at the end, so that the server stays as it was: the roles that
//! the baseline makes are not there when it runs by itself.

use arcstr::Substr;
use std::collections::BTreeSet;

use crate::files;
use crate::postgres::identifier;
use crate::postgres::programs;
use crate::postgres::scratch::{Prelude, ScratchDb};
use crate::postgres::server::Server;
use crate::run::channel::Existing;
use crate::schema::plain::{self, Opening, PlainUser, Script};
use crate::stages::dump::{Block, SchemaDump};
use crate::stages::prove::ProveError;
use crate::stages::render::SETTINGS;

/// Above this many bytes of rows, the rows are left out: a table's owner may insert.
const MANY_ROWS: usize = 256 * 1024;

/// Runs the blocks of the dump as a plain user.
pub async fn plain_user(
    server: &Server,
    prelude: &Prelude,
    existing: &Existing,
    dump: &SchemaDump,
) -> Result<PlainUser, ProveError> {
    if !server.is_private() {
        return Ok(PlainUser::NotTried("a role is only made on a server of our own".to_owned()));
    }
    let database = ScratchDb::create(server, "plain").await?;
    database.prepare(prelude).await?;
    if dump.public_gone {
        let mut connection = database.connect().await?;
        sqlx::raw_sql("DROP SCHEMA public").execute(&mut connection).await?;
    }
    let schemas = existing.schemas.iter().filter(|schema| *schema != "public");
    let schemas = schemas.map(|s| format!("CREATE SCHEMA IF NOT EXISTS {}", identifier::quote(s)));
    let version_table =
        dump.holding.version_table.iter().flat_map(|e| &e.statements).map(ToString::to_string);
    let made = &dump.holding.made;
    let mut settings = SETTINGS.to_vec();
    settings.extend(dump.is_salted().then_some(("rebaseline.salt", "plain")));
    let opening = Opening {
        database: database.name(),
        roles: &dump.expected_roles,
        creates_roles: made.statements.iter().any(|s| !s.contains("current_database()")),
        there: schemas.chain(version_table).collect(),
        settings: &settings,
    };
    let rows = dump.holding.entries.iter().filter(|entry| entry.is_rows());
    let bytes: usize = rows.clone().flat_map(|entry| &entry.statements).map(Substr::len).sum();
    let left_out: BTreeSet<String> =
        rows.filter(|_| bytes > MANY_ROWS).map(|entry| entry.object.to_string()).collect();
    let parts: Vec<(String, &[Substr])> = dump.blocks.iter().flat_map(Block::parts).collect();
    let blocks = || {
        let is_out = |title| left_out.contains(title);
        parts.iter().map(move |(title, all)| if is_out(title) { &[] } else { *all })
    };
    // Most often all goes well: the longer script is for the rest.
    let mut said =
        told(server, &database, plain::script(&opening, blocks(), false, identifier::quote))
            .await?;
    if said.as_ref().map_or(true, |lacking| !lacking.is_empty()) {
        said = told(server, &database, plain::script(&opening, blocks(), true, identifier::quote))
            .await?;
    }
    Ok(match said {
        Ok(lacking) if lacking.is_empty() => PlainUser::Works,
        Ok(lacking) => PlainUser::NeedsSuperuser(
            lacking.into_iter().map(|part| parts[part].0.clone()).collect(),
        ),
        Err(reason) => PlainUser::NotTried(reason),
    })
}

async fn told(
    server: &Server,
    database: &ScratchDb,
    script: Script,
) -> Result<Result<Vec<usize>, String>, ProveError> {
    let file = server.folder().path().join("plain.sql");
    files::write_scratch(&file, script.text.as_bytes())?;
    let stderr = programs::psql_told(server, database, &file).await.map_err(ProveError::Control)?;
    Ok(script.said(&stderr))
}
