//! The hash tree over a range of entries, in the shape of RFC 6962: root, inclusion path, and
//! what a path proves.
//!
//! A leaf's hash begins with the byte 0 and a node's with the byte 1, so that neither can be
//! passed off as the other.

use super::digest::Hash;

/// Set before the bytes of a leaf.
pub(super) const LEAF: u8 = 0;
/// Set before the two hashes of a node.
const NODE: u8 = 1;

fn node(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[NODE], &left.0, &right.0])
}

/// Grows a tree leaf by leaf and keeps only its complete subtrees: memory is logarithmic.
#[derive(Debug, Default)]
pub struct Tree {
    /// Roots of complete subtrees from left to right; their sizes are the one-bits of `size`.
    peaks: Vec<Hash>,
    size: u64,
}

impl Tree {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let merges = self.size.trailing_ones();
        for _ in 0..merges {
            hash = self.peaks.pop().map_or(hash, |left| node(left, hash));
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root; of an empty tree the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        let last = peaks.next().unwrap_or_else(|| Hash::of(&[]));
        peaks.fold(last, |right, left| node(left, right))
    }
}

/// The root over these leaves.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The hashes that lead from leaf `index` to the root, lowest first; `None` when there is no such
/// leaf.
#[must_use]
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut rest, mut index) = (leaves, index);
    while rest.len() > 1 {
        let (left, right) = rest.split_at(split(rest.len()));
        if index < left.len() {
            path.push(root(right));
            rest = left;
        } else {
            path.push(root(left));
            index -= left.len();
            rest = right;
        }
    }
    path.reverse();
    Some(path)
}

/// The greatest power of two below `size`, which is at least 2: how many leaves go left.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

/// The root that `path` leads to from `leaf`, the leaf `index` of a tree of `size` leaves; `None`
/// when no such path has this length (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn climb(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut index, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if index & 1 == 1 || index == last {
            hash = node(*sibling, hash);
            // The right edge: levels without a sibling add nothing.
            while index & 1 == 0 && index != 0 {
                (index, last) = (index >> 1, last >> 1);
            }
        } else {
            hash = node(hash, *sibling);
        }
        (index, last) = (index >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves of the examples that implementations of RFC 6962 share.
    fn leaves() -> Vec<Hash> {
        [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .iter()
        .map(|text| Hash::of(&[&[LEAF], &hex::decode(text).unwrap()]))
        .collect()
    }

    #[test]
    fn roots_are_those_of_rfc_6962() {
        let leaves = leaves();
        for (size, expected) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(root(&leaves[..size]).to_string(), expected, "{size} leaves");
        }
    }

    #[test]
    fn every_leaf_of_every_tree_is_proved_and_nothing_else_is() {
        let leaves: Vec<Hash> = (0..33_u8).map(|n| Hash::of(&[&[LEAF, n]])).collect();
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            let expected = Some(root(tree));
            for index in 0..size {
                let path = path(tree, index).unwrap();
                let (at, of) = (index as u64, size as u64);
                assert_eq!(climb(tree[index], at, of, &path), expected, "{index} of {size}");
                assert_ne!(climb(Hash::of(&[b"other"]), at, of, &path), expected);
                for other in (0..of).filter(|other| *other != at) {
                    assert_ne!(climb(tree[index], other, of, &path), expected);
                }
                if let Some((_, shorter)) = path.split_last() {
                    assert_ne!(climb(tree[index], at, of, shorter), expected);
                }
                let longer: Vec<Hash> =
                    path.iter().chain(&path).copied().chain([leaves[0]]).collect();
                assert_ne!(climb(tree[index], at, of, &longer), expected);
            }
            assert_eq!(path(tree, size), None);
            assert_eq!(climb(tree[0], size as u64, size as u64, &[]), None);
        }
    }
}
