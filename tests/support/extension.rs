//! An extension of our own: the server's programs are copied, because they look for extensions beside
//! themselves.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::project::Project;
use super::target::Target;

/// A copy of the server with one more extension.
pub struct Share {
    folder: tempfile::TempDir,
    programs: PathBuf,
}

impl Share {
    /// Copies the server and adds an extension made by this script.
    pub async fn with(name: &str, script: &str) -> Self {
        let target = Target::start().await;
        let mut places = Vec::new();
        for what in ["BINDIR", "PKGLIBDIR", "SHAREDIR"] {
            let query = format!("select setting from pg_config where name = '{what}'");
            places.push(PathBuf::from(target.column("postgres", &query).await.remove(0)));
        }
        let [bin, lib, share] = &places[..] else { panic!("three places") };
        let folder = tempfile::tempdir().unwrap();
        // The server's user must be able to reach it.
        let open = PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let copied = |path: &Path| folder.path().join(path.strip_prefix("/").unwrap());
        std::fs::create_dir_all(copied(bin)).unwrap();
        for entry in std::fs::read_dir(bin).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copied(&path)).unwrap();
        }
        std::fs::create_dir_all(copied(lib).parent().unwrap()).unwrap();
        symlink(lib, copied(lib)).unwrap();
        std::fs::create_dir_all(copied(share).join("extension")).unwrap();
        for from in [share.clone(), share.join("extension")] {
            for entry in std::fs::read_dir(from).unwrap() {
                let path = entry.unwrap().path();
                if !copied(&path).exists() {
                    symlink(&path, copied(&path)).unwrap();
                }
            }
        }
        let extension = copied(share).join("extension");
        let control = extension.join(format!("{name}.control"));
        std::fs::write(control, "default_version = '1.0'\n").unwrap();
        std::fs::write(extension.join(format!("{name}--1.0.sql")), script).unwrap();
        Self { programs: copied(bin), folder }
    }

    /// Starts it for the user's databases.
    pub async fn start(&self) -> Target {
        let cache = self.folder.path().join("cache");
        Target::start_cached(Some(self.programs.clone()), Vec::new(), cache).await
    }

    /// Lets a project use it. What is cached of this server goes with it.
    pub fn used_by(&self, project: &mut Project) {
        let settings = format!("[scratch]\npg_bin = {:?}\n", self.programs.to_str().unwrap());
        project.write("rebaseline.toml", settings);
        project.set("REBASELINE_CACHE", self.folder.path().join("cache").to_str().unwrap());
    }
}
