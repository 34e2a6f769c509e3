//! `rebaseline repair`: its command line.

use std::path::PathBuf;

use clap::Args;

/// `rebaseline repair`
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Repair {
    /// Make the changes; without this, they are only shown
    #[arg(long)]
    pub write: bool,
    /// Decide what the files do not: the answers are told with each question (several: one flag each)
    #[arg(long, value_name = "REVISION=ANSWER", value_parser = answer)]
    pub choose: Vec<(String, String)>,
    /// Join several heads by a merge revision
    #[arg(long)]
    pub merge_heads: bool,
    /// The merge revision's message; its file is named after it
    #[arg(short, long, default_value = "merge heads", value_name = "TEXT")]
    pub message: String,
    /// Folder with a template of your own (merge.py.tera)
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Folder for the archives; the old files go into repairs/ in it [default: archive/ beside the versions
    /// folder]
    #[arg(long, value_name = "DIR")]
    pub archive_dir: Option<PathBuf>,
    /// Go on though git knows of uncommitted changes in the versions folder
    #[arg(long)]
    pub allow_dirty: bool,
    /// Do not ask before files are changed (questions are still asked: --choose answers them)
    #[arg(short, long)]
    pub yes: bool,
}

fn answer(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((revision, answer)) if !revision.is_empty() && !answer.is_empty() => {
            Ok((revision.to_owned(), answer.to_owned()))
        }
        _ => Err("not of the form REVISION=ANSWER".to_owned()),
    }
}
