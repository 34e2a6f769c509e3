//! The controls: the raw text of a dump, restored by psql, dumped again.

use crate::files;
use crate::postgres::programs;
use crate::postgres::scratch::ScratchDb;
use crate::postgres::server::Server;
use crate::schema::Entry;
use crate::schema::toc;
use crate::stages::prove::{Holding, Kept, ProveError, Request};

/// A control of one dump.
pub struct Control {
    pub entries: Vec<Entry>,
}

/// The controls at the heads, where revisions ran on top of the cut: what they made prints as on the
/// first trip there, what the baseline made as on the second. Both are sent on one more.
pub struct Controls {
    pub history: Vec<Entry>,
    pub baseline: Vec<Entry>,
}

/// The history at the cut, restored beside the history.
pub async fn at_the_cut(request: &Request<'_>) -> Result<Control, ProveError> {
    let text = &request.dump.holding.text;
    let entries = restored(request, request.history_server, "control", text).await?;
    Ok(Control { entries })
}

/// The whole history, and the baseline with the kept revisions, each restored where its roles are.
pub async fn at_the_heads(
    request: &Request<'_>,
    kept: &Kept<'_>,
    heads: &Holding,
) -> Result<Controls, ProveError> {
    let (history, baseline) = tokio::try_join!(
        restored(request, request.history_server, "control_heads", &kept.holding.text),
        restored(request, request.server, "control_heads", &heads.text),
    )?;
    Ok(Controls { history, baseline })
}

async fn restored(
    request: &Request<'_>,
    server: &Server,
    purpose: &str,
    text: &str,
) -> Result<Vec<Entry>, ProveError> {
    let database = ScratchDb::create(server, purpose).await?;
    let result = async {
        if request.dump.public_gone {
            let mut connection = database.connect().await?;
            sqlx::raw_sql("DROP SCHEMA public").execute(&mut connection).await?;
        }
        let script = server.folder().path().join(format!("{purpose}.sql"));
        files::write_scratch(&script, text.as_bytes())?;
        programs::psql(server, &database, &script).await.map_err(ProveError::Control)?;
        // It is there if a view needs it.
        let without = std::slice::from_ref(request.version_table);
        Ok(toc::entries(&programs::dump(server, &database, without).await?)?)
    }
    .await;
    database.drop_scratch().await?;
    result
}
