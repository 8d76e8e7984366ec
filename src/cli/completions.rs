//! The arguments of `completions`.

use clap::Args;
use clap_complete::Shell;

/// What stands below the help of `completions`.
pub(super) const HELP: &str = "\
Examples:
  lastack completions bash > ~/.local/share/bash-completion/completions/lastack
  lastack completions zsh > ~/.zfunc/_lastack    with fpath+=~/.zfunc in ~/.zshrc
  lastack completions fish > ~/.config/fish/completions/lastack.fish";

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}
