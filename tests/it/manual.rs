//! The pages of the manual, and the scripts of shells.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use clap::CommandFactory;
use clap_mangen::Man;
use lastack::cli::Cli;

use crate::generated;

fn page(command: clap::Command) -> String {
    let mut page = Vec::new();
    let version = format!("lastack {}", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(version).render(&mut page).unwrap();
    String::from_utf8(page).unwrap()
}

/// `docs/man` has a page for the program and one for each command; a package puts them into `man1`.
#[test]
fn the_pages_of_the_manual_are_current() {
    let mut program = Cli::command();
    // What is global is an option of each command, too.
    program.build();
    let mut pages = BTreeMap::from([(PathBuf::from("man/lastack.1"), page(program.clone()))]);
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("lastack-{}", command.get_name());
        let file = PathBuf::from(format!("man/{name}.1"));
        pages.insert(file, page(command.clone().display_name(name)));
    }
    assert!(pages.len() > 6);
    generated::assert_current("man", &pages);
}

#[test]
fn each_shell_has_its_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = Command::new(env!("CARGO_BIN_EXE_lastack")).args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains("cross-check"), "{shell}");
    }
}

/// The shell takes the script, and completes a command's option with it.
#[test]
#[cfg(target_os = "linux")]
fn bash_completes_an_option() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_lastack")).parent().unwrap();
    let script = r#"
        source <(lastack completions bash)
        COMP_WORDS=(lastack check --cross) COMP_CWORD=2
        _lastack lastack --cross check
        echo "${COMPREPLY[@]}"
    "#;
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash").args(["-c", script]).env("PATH", path).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "--cross-check");
}
