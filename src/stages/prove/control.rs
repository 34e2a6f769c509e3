//! The controls: the statements of a dump, restored by psql as they stand, dumped again.

use crate::files;
use crate::postgres::holding::Holding;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::postgres::{inventory, programs};
use crate::schema::Entry;
use crate::schema::inventory::Inventory;
use crate::stages::prove::{Kept, ProveError, Request};

/// A control of one dump.
pub struct Control {
    pub entries: Vec<Entry>,
    pub inventory: Inventory,
}

/// The controls at the heads, where revisions ran on top of the cut: what they made prints as on the
/// first trip there, what the baseline made as on the second. Both are sent on one more.
pub struct Controls {
    pub history: Control,
    pub baseline: Control,
}

/// The history at the cut, restored beside the history.
pub async fn at_the_cut(request: &Request<'_>) -> Result<Control, ProveError> {
    restored(request, request.history_server, "control", &request.dump.holding).await
}

/// The whole history, and the baseline with the kept revisions, each restored where its roles are.
pub async fn at_the_heads(
    request: &Request<'_>,
    kept: &Kept<'_>,
    heads: &Holding,
) -> Result<Controls, ProveError> {
    let (history, baseline) = tokio::try_join!(
        restored(request, request.history_server, "control_heads", kept.holding),
        restored(request, request.server, "control_heads", heads),
    )?;
    Ok(Controls { history, baseline })
}

async fn restored(
    request: &Request<'_>,
    server: &Server,
    purpose: &str,
    holding: &Holding,
) -> Result<Control, ProveError> {
    let database = ScratchDb::create(server, purpose).await?;
    let result = async {
        let mut connection = database.connect().await?;
        if request.dump.public_gone {
            sqlx::raw_sql("DROP SCHEMA public").execute(&mut connection).await?;
        }
        let script = server.folder().path().join(format!("{purpose}.sql"));
        files::write_scratch_pieces(&script, holding.script())?;
        let restored = programs::psql(server, &database, &script).await;
        // It is as large as all rows, and may lie in memory.
        files::remove_file_if_there(&script)?;
        restored.map_err(ProveError::Control)?;
        // The version table is there if a view needs it.
        let without = std::slice::from_ref(request.version_table);
        let dump = async { Ok(programs::dump(server, &database, without).await?) };
        let inventory = async {
            Ok::<_, ProveError>(inventory::read(&mut connection, request.version_table).await?)
        };
        let (dump, inventory) = tokio::try_join!(dump, inventory)?;
        let entries = dump.cut(Some(&holding.entries))?.entries;
        Ok(Control { entries, inventory })
    }
    .await;
    database.drop_scratch().await?;
    result
}
