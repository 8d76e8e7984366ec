//! What `list` prints of formulas.

use insta::assert_snapshot;

use crate::folder::Folder;

#[test]
fn vocabulary() {
    assert_snapshot!(Folder::new("vocabulary").run(&["list", "--vocabulary"]).transcript());
}
