//! An id that several files declare.
//!
//! What is the same program is there once too often: one of them goes. In another folder it is only the same
//! if it looks at no files, since those beside it may be others. Two different ones are two revisions,
//! and one needs an id of its own. Which one, and who means which of them, is clear in three cases: the
//! docstring still has the right id; one of them comes behind the other, so that it is a copy whose id was
//! forgotten; each is part of a chain in a folder of its own. All else is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rebaseline_archive::Sha256;

use super::same_code::{code, uses_files};
use super::tree::{Tree, among, is_named};
use super::{Candidate, File, Question, Reason};
use crate::format::alembic::mend;
use crate::history::RevisionId;

const RULE: &str = "duplicate-revision";

/// The longest id that fits into the version table.
const LONGEST: usize = 32;

pub(super) fn mend(tree: &mut Tree<'_>) {
    for id in twice(tree) {
        same_program(tree, &id);
        // Each of these makes the group smaller, or leaves it as it is.
        by_docstring(tree, &id);
        by_copy(tree, &id);
        by_folder(tree, &id);
        ask(tree, &id);
    }
}

/// The ids that more than one file declares.
fn twice(tree: &Tree<'_>) -> Vec<RevisionId> {
    let mut seen = BTreeSet::new();
    let ids = tree.live().map(|(_, node)| &node.now.id).filter(|id| !seen.insert((*id).clone()));
    ids.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The nodes of an id; none if there is only one.
fn group(tree: &Tree<'_>, id: &RevisionId) -> Vec<usize> {
    let group: Vec<usize> =
        tree.live().filter(|(_, node)| node.now.id == *id).map(|(at, _)| at).collect();
    if group.len() > 1 { group } else { Vec::new() }
}

/// Of files that are the same program, all but one go.
fn same_program(tree: &mut Tree<'_>, id: &RevisionId) {
    let mut left = group(tree, id);
    // The one that stays: a file of its own rather than a link, with its id in its name, which is short.
    left.sort_by_key(|at| {
        let file = tree.nodes[*at].file;
        (file.link, !is_named(&file.path, id.as_str()), file.path.as_os_str().len(), *at)
    });
    let mut kept: Vec<usize> = Vec::new();
    for at in left {
        let file = tree.nodes[at].file;
        let same = |other: &&usize| {
            let here = tree.nodes[**other].folder() == tree.nodes[at].folder();
            let other = tree.nodes[**other].file;
            is_same(file, other) && (here || !uses_files(&file.text))
        };
        let Some(twin) = kept.iter().find(same).copied() else {
            kept.push(at);
            continue;
        };
        let how = if tree.nodes[twin].file.sha256 == file.sha256 {
            "byte for byte"
        } else {
            "but for blank space, comments and the docstring"
        };
        let twin = tree.nodes[twin].shown();
        let text = format!("it declares `{id}` as {twin} does, and is the same {how}: removed");
        tree.remove(at, Reason { rule: RULE, text });
    }
}

fn is_same(one: &File, other: &File) -> bool {
    let equal = || {
        let code = code(&one.text);
        code.is_some() && code == self::code(&other.text)
    };
    one.sha256 == other.sha256 || equal()
}

/// A docstring that still has another id, which others miss or the file is named after: the code was copied.
fn by_docstring(tree: &mut Tree<'_>, id: &RevisionId) {
    let taken: BTreeSet<String> = tree.live().map(|(_, n)| n.now.id.to_string()).collect();
    let group = group(tree, id);
    let own: Vec<(usize, RevisionId)> = group
        .iter()
        .filter_map(|at| {
            let node = &tree.nodes[*at];
            let said = mend::said(&node.file.text, node.source).id?;
            let said = RevisionId::new(said).ok().filter(|said| !taken.contains(said.as_str()))?;
            let path = &node.file.path;
            let named = is_named(path, said.as_str()) && !is_named(path, id.as_str());
            let missed = tree.live().any(|(_, other)| other.names(said.as_str()));
            (named || missed).then_some((*at, said))
        })
        .collect();
    let different: BTreeSet<&RevisionId> = own.iter().map(|(_, id)| id).collect();
    // One must be left that the id belongs to.
    if different.len() != own.len() || own.len() >= group.len() {
        return;
    }
    for (at, new) in own {
        let text = format!(
            "it declares `{id}`, which is another revision's; its docstring says `{new}`, which no other file declares: \
             it gets this id"
        );
        tree.rename(at, &new, &Reason { rule: RULE, text }, |_, _| false);
    }
}

/// One that builds on the id that it declares, through others: a copy that was given no id of its own.
fn by_copy(tree: &mut Tree<'_>, id: &RevisionId) {
    let group = group(tree, id);
    let above: Vec<BTreeSet<RevisionId>> = group.iter().map(|at| above(tree, *at)).collect();
    let first: Vec<usize> = (0..group.len()).filter(|n| !above[*n].contains(id)).collect();
    let ([first], [one, other]) = (first.as_slice(), group.as_slice()) else { return };
    let (original, copy) = if *first == 0 { (*one, *other) } else { (*other, *one) };
    let between = &above[1 - first];
    // Whoever names the id must lie between the two: then he means the first.
    let clear = tree.live().all(|(at, node)| {
        group.contains(&at) || !node.names(id.as_str()) || between.contains(&node.now.id)
    });
    // Where the copy itself names the id, it means the first as well.
    if !clear {
        return;
    }
    let new = fresh(tree, id, copy, None);
    let text = format!(
        "it declares `{id}` as {} does, and builds on that one: it gets an id of its own, `{new}`",
        tree.nodes[original].shown()
    );
    tree.rename(copy, &new, &Reason { rule: RULE, text }, |_, _| false);
}

/// All that a node builds on. What is above a double id is not looked at.
fn above(tree: &Tree<'_>, at: usize) -> BTreeSet<RevisionId> {
    let by_id = tree.by_id();
    let own = &tree.nodes[at].now.id;
    let mut found = BTreeSet::new();
    let mut todo: Vec<&RevisionId> = tree.nodes[at].now.parents.iter().collect();
    while let Some(id) = todo.pop() {
        if found.insert(id.clone()) && id != own {
            let next = by_id.get(id.as_str()).map(|at| &tree.nodes[*at].now.parents);
            todo.extend(next.into_iter().flatten());
        }
    }
    found
}

/// Chains in folders of their own: the first folder keeps its ids.
fn by_folder(tree: &mut Tree<'_>, id: &RevisionId) {
    let group = group(tree, id);
    let folders: BTreeSet<&Path> = group.iter().map(|at| tree.nodes[*at].folder()).collect();
    if group.is_empty() || folders.len() != group.len() {
        return;
    }
    let here = |folder: &Path, id: &str| {
        tree.live().any(|(_, node)| node.folder() == folder && node.now.id.as_str() == id)
    };
    let own_chain = |at: &usize| {
        let node = &tree.nodes[*at];
        node.now.parents.iter().all(|parent| here(node.folder(), parent.as_str()))
            // One file alone is no chain.
            && tree.live().any(|(other, o)| other != *at && o.folder() == node.folder())
    };
    // A parent is one of its own chain. A dependency may well be one of another chain.
    let clear = tree.live().all(|(_, node)| {
        let depends = node.now.depends_on.iter().any(|name| name == id.as_str());
        !depends && (!node.names(id.as_str()) || folders.contains(node.folder()))
    });
    let clear = clear && !is_copied(tree, &folders);
    if !clear || !group[1..].iter().all(own_chain) {
        return;
    }
    let first = tree.nodes[group[0]].shown();
    for at in group[1..].iter().copied() {
        let folder = tree.nodes[at].folder().to_owned();
        let new = fresh(tree, id, at, Some(&folder));
        let text = format!(
            "it declares `{id}` as {first} does, and belongs to the chain in `{}`: it gets the id `{new}`",
            folder.display()
        );
        let reason = Reason { rule: RULE, text };
        tree.rename(at, &new, &reason, |_, node| node.folder() == folder);
    }
}

/// Whether these folders share a revision by message and Create Date: then one holds a copy of the other's,
/// however differently it is written by now, and not a chain of its own.
fn is_copied(tree: &Tree<'_>, folders: &BTreeSet<&Path>) -> bool {
    let mut seen: BTreeMap<(&str, Option<&str>), &Path> = BTreeMap::new();
    tree.live().filter(|(_, node)| folders.contains(node.folder())).any(|(_, node)| {
        let (message, created) = (node.source.message.trim(), node.source.created.as_deref());
        let tells = created.is_some() || !message.is_empty();
        let key = (message, created.map(str::trim));
        tells && *seen.entry(key).or_insert(node.folder()) != node.folder()
    })
}

/// An id that nobody has, always the same for the same files.
fn fresh(tree: &Tree<'_>, id: &RevisionId, at: usize, folder: Option<&Path>) -> RevisionId {
    let taken =
        |text: &str| tree.find(text).is_some() || tree.live().any(|(_, node)| node.names(text));
    let number = id.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let word = folder.and_then(word).filter(|_| number || id.len() < 8);
    let readable = match &word {
        Some(word) => vec![format!("{word}_{id}")],
        None if number => (2..100).map(|n| format!("{id}_{n}")).collect(),
        None => Vec::new(),
    };
    let fits = |text: &String| text.chars().count() <= LONGEST && !taken(text);
    let path = tree.nodes[at].file.path.display().to_string();
    // The first twelve digits, as Alembic's own ids have.
    let hashed = (0_u32..)
        .map(|n| Sha256::of(format!("{id}\n{path}\n{n}").as_bytes()).to_string()[..12].to_owned());
    let found =
        readable.into_iter().chain(hashed).filter(fits).find_map(|t| RevisionId::new(t).ok());
    found.unwrap_or_else(RevisionId::example)
}

/// What a folder of revisions is called: `billing` for `migrations/billing` and for `billing/versions`.
fn word(folder: &Path) -> Option<String> {
    let names = folder.iter().rev().map(|name| name.to_string_lossy().to_lowercase());
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let word = names.filter(|name| !["versions", "migrations", "alembic"].contains(&&**name));
    word.map(|name| name.chars().map(plain).collect()).next()
}

fn ask(tree: &mut Tree<'_>, id: &RevisionId) {
    let mut group = group(tree, id);
    if group.is_empty() {
        return;
    }
    group.sort_by_key(|at| {
        let node = &tree.nodes[*at];
        (node.created().is_none(), node.created(), node.file.path.clone())
    });
    let names = names(tree, &group);
    let (candidates, text) = candidates(tree, id, &group, &names);
    let fits = among(&candidates);
    let question = Question {
        rule: RULE,
        revision: id.to_string(),
        files: group.iter().map(|at| tree.nodes[*at].file.path.clone()).collect(),
        text,
        candidates,
    };
    let Some(answer) = tree.ask(question, &group, fits) else { return };
    let Some((how, name)) = answer.split_once(':') else { return };
    let Some(kept) = names.iter().position(|n| n == name) else { return };
    let chosen = |text: String| Reason { rule: RULE, text: format!("{text} (as chosen)") };
    let keeper = group.remove(kept);
    let shown = tree.nodes[keeper].shown();
    if how == "only" {
        for at in group {
            tree.remove(at, chosen(format!("`{id}` is {shown}: removed")));
        }
        return;
    }
    let together = is_fork(tree, keeper, &group);
    let to_keeper = above(tree, keeper);
    let mut before: Option<RevisionId> = None;
    for at in group {
        let new = fresh(tree, id, at, None);
        let reason = chosen(format!("`{id}` is {shown}: it gets an id of its own, `{new}`"));
        // Of two that stand in one line, what lies between them means the upper one, all else the lower one.
        let between = above(tree, at);
        tree.rename(at, &new, &reason, |other, node| {
            let lower = between.contains(id) && other != keeper && !between.contains(&node.now.id);
            let upper =
                to_keeper.contains(id) && (other == keeper || to_keeper.contains(&node.now.id));
            lower || upper
        });
        if together && let Some(before) = before.replace(new) {
            tree.nodes[at].now.parents = vec![before];
        }
    }
    if let (true, Some(before)) = (together, before) {
        let text = format!("the other revision that was called `{id}` runs first, as `{before}`");
        tree.nodes[keeper].now.parents = vec![before];
        tree.nodes[keeper].reasons.push(chosen(text));
    }
}

/// Whether all of them have the same parents: then one can run before the other.
fn is_fork(tree: &Tree<'_>, keeper: usize, others: &[usize]) -> bool {
    let parents = &tree.nodes[keeper].now.parents;
    others.iter().all(|at| tree.nodes[*at].now.parents == *parents)
}

fn candidates(
    tree: &Tree<'_>,
    id: &RevisionId,
    group: &[usize],
    names: &[String],
) -> (Vec<Candidate>, String) {
    let fork = is_fork(tree, group[0], &group[1..]);
    let mut order: Vec<usize> = (0..group.len()).collect();
    // In a fork the youngest keeps the id, so that they run in the order in which they were made; else the
    // one that is named after the id, or is the oldest.
    if fork {
        order.reverse();
    } else {
        order.sort_by_key(|n| !is_named(&tree.nodes[group[*n]].file.path, id.as_str()));
    }
    let created = |at: usize| {
        let created = tree.nodes[at].source.created.as_deref();
        created.map(|time| format!(", created {time}")).unwrap_or_default()
    };
    let mut candidates = Vec::new();
    for n in &order {
        let does = if fork {
            format!("{} keeps `{id}`; the rest gets ids of its own and runs before it", names[*n])
        } else {
            format!("{} keeps `{id}`; the rest gets ids of its own", names[*n])
        };
        let why = if n == &order[0] && fork { "it is the youngest" } else { "" };
        candidates.push(Candidate {
            answer: format!("both:{}", names[*n]),
            does,
            why: why.to_owned(),
        });
    }
    for n in &order {
        let does = format!("only {} stays; the rest is removed", names[*n]);
        candidates.push(Candidate {
            answer: format!("only:{}", names[*n]),
            does,
            why: String::new(),
        });
    }
    let told: Vec<String> =
        group.iter().map(|at| format!("{}{}", tree.nodes[*at].shown(), created(*at))).collect();
    let [first, rest @ ..] = group else { return (candidates, String::new()) };
    let file = |at: usize| tree.nodes[at].file;
    let how = if rest.iter().all(|at| is_same(file(*first), file(*at))) {
        "by the same program, which may find other files in another folder"
    } else {
        "with different content"
    };
    let text = format!("`{id}` is declared more than once, {how}: {}", told.join("; "));
    (candidates, text)
}

/// A short name for each file: its own, or its path where that is not enough.
fn names(tree: &Tree<'_>, group: &[usize]) -> Vec<String> {
    let name = |at: &usize| {
        let path = &tree.nodes[*at].file.path;
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let short: Vec<String> = group.iter().map(name).collect();
    if short.iter().collect::<BTreeSet<_>>().len() == short.len() {
        return short;
    }
    group.iter().map(|at| tree.nodes[*at].file.path.display().to_string()).collect()
}
