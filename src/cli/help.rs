//! What stands below the options in `--help`: examples and exit codes.

pub(super) const ALL: &str = "\
Exit codes of check; the others have their own, which their --help lists:
  0  every verdict is the expected one
  1  some verdict is not
  2  the command line or a file is wrong, nothing was selected, or a verdict is undecided";

pub(super) const CHECK: &str = "\
Examples:
  lastack check                                                            the gate: all scenarios
  lastack check one-msl -p no-premature-closed                             one question
  lastack check sequential --set network.losses=2                          a changed world
  lastack check --own --scenarios my-scenarios --report junit=lastack.xml  in a CI

Exit codes:
  0  every verdict is the expected one
  1  some verdict is not
  2  the command line or a file is wrong, nothing was selected, or a verdict is undecided
Ctrl-C, SIGTERM and SIGHUP leave verdicts undecided. If the reader of its output goes away, SIGPIPE ends it.";

pub(super) const SHOW: &str = "\
Examples:
  lastack show one-msl no-premature-closed                                on the terminal
  lastack show one-msl no-premature-closed --format svg -o one-msl.svg    a picture
  lastack show one-msl no-premature-closed --format pcap -o one-msl.pcap  for Wireshark
  lastack show one-msl no-premature-closed --nth 2                        another one
  lastack show sequential closed-is-reached --avoid TIME_WAIT:CLOSED      without that transition
  lastack show --replay one-msl.json                                      one of an older version

Exit codes:
  0  the trace was written, or there is none; with --replay: it is a run of today's model
  1  with --replay: it is none, or decides nothing any more
  2  the command line or a file is wrong, or the search was stopped before it found one";

pub(super) const LIST: &str = "\
Examples:
  lastack list                   scenarios, properties and policies
  lastack list --policy linux    what a stack does, with the sources
  lastack list --vocabulary      what a formula may say";

pub(super) const COMPLETIONS: &str = "\
Examples:
  lastack completions bash > ~/.local/share/bash-completion/completions/lastack
  lastack completions zsh > ~/.zfunc/_lastack    with fpath+=~/.zfunc in ~/.zshrc
  lastack completions fish > ~/.config/fish/completions/lastack.fish";

pub(super) const EXPLORE: &str = "\
Examples:
  lastack explore one-msl                                          at http://127.0.0.1:3000
  lastack explore sequential -p no-reset --address localhost:8080  one property

Exit codes:
  0  Ctrl-C ended the server; the verdicts do not matter
  2  the command line or a file is wrong, the address cannot be listened at, or the exploration was
     ended by Ctrl-C or a limit";

pub(super) const CONFORM: &str = "\
Examples:
  lastack conform cases.jsonl                  recorded cases of a stack
  lastack conform close.pkt --policy linux -v  a packetdrill script, step by step
  sudo lastack conform --kernel                the running kernel

Exit codes:
  0  no difference was found; with --kernel: only listed ones
  1  a difference was found; with --kernel: an unlisted difference, or a listed one that no longer
     occurs
  2  the command line or a file is wrong, or the kernel cannot be driven";

pub(super) const REPLAY: &str = "\
Examples:
  lastack replay stuck.pcap                                     every connection with a fault
  lastack replay stuck.pcap --only stuck --port 8080            some of them
  lastack replay stuck.pcap --connection 7                      one, drawn
  tcpdump -i any -s 96 -w - 'tcp port 8080' | lastack replay -  a live capture, until Ctrl-C

Exit codes:
  0  nothing contradicts TCP: gaps of the capture are noted; how connections ended does not matter
  1  a packet contradicts TCP
  2  the command line or the file is wrong, no connection is in it or selected, or there was too much to explain";
