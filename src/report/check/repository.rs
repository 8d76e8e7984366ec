//! Files as a repository names them: from its root on, with slashes.

use std::path::{Component, Path};

/// A file that is named from the working folder, as it is named from the root of the repository. `working_folder`
/// leads from there to the working folder; it is empty where they are the same.
pub(super) fn in_repository(file: &str, working_folder: &Path) -> String {
    let file = file.replace('\\', "/");
    if Path::new(&file).is_absolute() {
        return file;
    }
    let mut names: Vec<String> = Vec::new();
    for component in working_folder.join(&file).components() {
        match component {
            Component::ParentDir if names.last().is_some_and(|name| name != "..") => drop(names.pop()),
            Component::ParentDir => names.push("..".to_owned()),
            Component::Normal(name) => names.push(name.to_string_lossy().into_owned()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    names.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_root_on() {
        let of = |file, folder| in_repository(file, Path::new(folder));
        assert_eq!(of("./mine/a.toml", ""), "mine/a.toml");
        assert_eq!(of("mine\\a.toml", "sub"), "sub/mine/a.toml");
        assert_eq!(of("../mine/a.toml", "sub/deep"), "sub/mine/a.toml");
        assert_eq!(of("../a.toml", ""), "../a.toml");
        assert_eq!(of("/tmp/a.toml", "sub"), "/tmp/a.toml");
    }
}
