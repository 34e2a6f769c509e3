//! What goes into the archive: every file, and the manifest that tells of them.

use rebaseline_archive::{
    ArchivePath, BaselineRecord, FORMAT_VERSION, FileRecord, FileRole, HistoryRecord,
    InventoryRecord, Manifest, RevisionRecord, SchemaRecord, Sha256, Tool, WrittenRecord,
};
use serde_json::json;

use crate::files;
use crate::history::RevisionId;
use crate::journal::Write;
use crate::schema::inventory::Forms;
use crate::stages::prove::Proof;
use crate::stages::render::Baseline;
use crate::stages::swap::{Request, SwapError};

/// Files with their content, in any order.
type Contents = Vec<(ArchivePath, Vec<u8>)>;

/// Reads every file that goes into the archive, and checks that revisions are what they were. Gives the
/// manifest, the inventory and the files.
pub(super) fn collect(
    request: &Request<'_>,
    written: &[Write],
    proof: &Proof,
) -> Result<(Manifest, Vec<u8>, Contents), SwapError> {
    let mut records = Vec::new();
    let mut contents = Vec::new();
    let mut revisions = Vec::new();
    for revision in request.history.iter() {
        let squashed = request.cut.squashed().contains(&revision.id);
        for file in &revision.files {
            let path = ArchivePath::from_relative(&file.path)?;
            let bytes = files::read(&path.under(request.root))?;
            if Sha256::of(&bytes).to_string() != file.sha256 {
                return Err(SwapError::Changed { path });
            }
            if squashed {
                let executable = files::is_executable(&path.under(request.root));
                let record = FileRecord::new(path.clone(), &bytes, FileRole::Revision, true);
                records.push(FileRecord { executable, ..record });
                contents.push((path, bytes));
            }
        }
        let Some(file) = revision.files.first() else { continue };
        revisions.push(RevisionRecord {
            id: revision.id.to_string(),
            parents: revision.parents.iter().map(ToString::to_string).collect(),
            depends_on: revision.depends_on.clone(),
            labels: revision.labels.clone(),
            message: revision.message.clone(),
            created: revision.created.clone(),
            file: ArchivePath::from_relative(&file.path)?,
        });
    }
    for file in request.beside {
        let path = ArchivePath::from_relative(file)?;
        let bytes = files::read(&path.under(request.root))?;
        records.push(FileRecord::new(path.clone(), &bytes, FileRole::Beside, false));
        contents.push((path, bytes));
    }
    for change in request.changes() {
        let Some(old) = &change.old else { continue };
        let path = ArchivePath::from_relative(&change.path)?;
        let bytes = files::read(&path.under(request.root))?;
        if Sha256::of(&bytes).to_string() != *old {
            return Err(SwapError::Changed { path });
        }
        let executable = files::is_executable(&path.under(request.root));
        let record = FileRecord::new(path.clone(), &bytes, FileRole::Rewritten, false);
        records.push(FileRecord { executable, ..record });
        contents.push((path, bytes));
    }
    let mut baselines =
        request.baselines.iter().map(baseline_record).collect::<Result<Vec<_>, _>>()?;
    if baselines.is_empty() {
        return Err(SwapError::NotProved);
    }
    let inventory = match request.found {
        Some(found) => Forms { history: found.clone(), ..proof.inventory().clone() }.to_json(),
        None => proof.inventory().to_json(),
    };
    let (_, also_written) = written.split_at(request.baselines.len());
    let text = |ids: &[RevisionId]| ids.iter().map(ToString::to_string).collect();
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        readable_by: request.dump.origin.readable_by(),
        tool: Tool { name: "rebaseline".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        created: request.created.clone(),
        history: HistoryRecord {
            format: "alembic".to_owned(),
            heads: text(&request.history.heads()),
            bases: text(&request.history.bases()),
            revisions,
            kept: text(request.cut.kept()),
        },
        files: records,
        baseline: baselines.remove(0),
        more_baselines: baselines,
        also_written: also_written.iter().map(WrittenRecord::from).collect(),
        version_table: request.version_table.clone(),
        schema: SchemaRecord {
            sha256: proof.schema_sha256().parse()?,
            counts: request.dump.counts.by_name(),
            inventory: Some(InventoryRecord::of(&inventory)),
        },
        origin: request.dump.origin.clone(),
        proof: json!({
            "equal": true,
            "compared": proof.compared(),
            "roundtrip_drift": proof.roundtrip_drift(),
            "roundtrip_changes": proof.roundtrip_changes(),
            "offline": proof.offline(),
        }),
        environment: request.environment.clone(),
    };
    Ok((manifest, inventory, contents))
}

fn baseline_record(baseline: &Baseline) -> Result<BaselineRecord, SwapError> {
    Ok(BaselineRecord {
        revision: baseline.revision.to_string(),
        file: ArchivePath::from_relative(&baseline.file)?,
        sha256: Sha256::of(&baseline.bytes),
        bytes: baseline.bytes.len() as u64,
        replaces: baseline.replaces.iter().map(ToString::to_string).collect(),
    })
}
