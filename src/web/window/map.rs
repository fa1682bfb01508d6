//! The map of modules: where each stands and how its arrows run.
//!
//! Callers stand above those whom they call, as far as there are no circles; what stands on one
//! height is ordered by where its callers stand, so that few arrows cross.

use std::collections::{BTreeMap, BTreeSet};

use crate::telemetry::ModuleCalls;

pub(super) const NODE_WIDTH: i64 = 112;
pub(super) const NODE_HEIGHT: i64 = 36;
/// From one height to the next.
const STEP: i64 = 150;
const GAP: i64 = 88;
const MARGIN: i64 = 16;
/// What a label takes.
const LABEL_WIDTH: i64 = 100;
const LABEL_HEIGHT: i64 = 16;

/// Where a module stands: its upper left corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) module: String,
    pub(super) x: i64,
    pub(super) y: i64,
}

/// How an arrow runs, and where its label stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrow {
    /// The place among the calls.
    pub(super) call: usize,
    /// A path of SVG.
    pub(super) path: String,
    pub(super) label: (i64, i64),
}

/// The whole map.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) nodes: Vec<Node>,
    pub(super) arrows: Vec<Arrow>,
}

/// Lays out the modules of these calls.
pub(super) fn layout(calls: &[ModuleCalls]) -> Layout {
    let heights = heights(calls);
    let mut levels: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (module, height) in &heights {
        levels.entry(*height).or_default().push(module);
    }
    let widest = levels.values().map(Vec::len).max().unwrap_or_default();
    let width = 2 * MARGIN + size(widest) * (NODE_WIDTH + GAP);
    let mut nodes: Vec<Node> = Vec::new();
    for (level, mut modules) in levels.into_values().enumerate() {
        modules.sort_by_key(|module| (middle_of_callers(module, calls, &nodes), *module));
        let room = (width - 2 * MARGIN) / size(modules.len()).max(1);
        for (place, module) in modules.into_iter().enumerate() {
            let x = MARGIN + room * size(place) + (room - NODE_WIDTH) / 2;
            nodes.push(Node { module: module.to_owned(), x, y: MARGIN + STEP * size(level) });
        }
    }
    let height = nodes.iter().map(|node| node.y).max().unwrap_or_default() + NODE_HEIGHT + MARGIN;
    let arrows = arrows(calls, &nodes);
    Layout { width, height, nodes, arrows }
}

fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How far below the top each module stands: below all of its callers. Of a circle, whoever comes
/// first by name is taken to be called by none of it.
fn heights(calls: &[ModuleCalls]) -> BTreeMap<&str, usize> {
    let arrows: BTreeSet<(&str, &str)> =
        calls.iter().map(|call| (call.from.as_str(), call.to.as_str())).collect();
    let mut left: BTreeSet<&str> = arrows.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let mut heights: BTreeMap<&str, usize> = BTreeMap::new();
    while let Some(first) = left.first().copied() {
        let is_free = |module: &&str| {
            arrows.iter().all(|(from, to)| to != module || from == module || !left.contains(from))
        };
        let next = left.iter().copied().find(is_free).unwrap_or(first);
        let above = arrows.iter().filter(|(_, to)| *to == next);
        let above = above.filter_map(|(from, _)| heights.get(from)).max();
        heights.insert(next, above.map_or(0, |above| above + 1));
        left.remove(next);
    }
    heights
}

/// Where the callers that stand already stand, on average.
fn middle_of_callers(module: &str, calls: &[ModuleCalls], nodes: &[Node]) -> i64 {
    let callers = calls.iter().filter(|call| call.to == module);
    let places = callers.filter_map(|call| nodes.iter().find(|node| node.module == call.from));
    let places: Vec<i64> = places.map(|node| node.x).collect();
    places.iter().sum::<i64>() / size(places.len()).max(1)
}

/// A curve from below one module to above another, in a cubic of Bézier.
struct Curve {
    points: [(i64, i64); 4],
}

impl Curve {
    fn between(from: &Node, to: &Node) -> Self {
        let down = to.y > from.y;
        let (start, end) = match down {
            true => (from.y + NODE_HEIGHT, to.y),
            false => (from.y, to.y + NODE_HEIGHT),
        };
        // Where arrows leave and arrive they lean to the other end, so that they do not all meet.
        let lean = |node: &Node, other: &Node| {
            node.x
                + NODE_WIDTH / 2
                + ((other.x - node.x) / 8).clamp(-NODE_WIDTH / 3, NODE_WIDTH / 3)
        };
        let (x, to_x) = (lean(from, to), lean(to, from));
        let bend = (end - start) / 2;
        Self { points: [(x, start), (x, start + bend), (to_x, end - bend), (to_x, end)] }
    }

    /// The point at so many thirty-seconds of the way.
    fn at(&self, part: i64) -> (i64, i64) {
        let (t, u) = (part, 32 - part);
        let weights = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
        let sum = |pick: fn(&(i64, i64)) -> i64| {
            let parts =
                weights.iter().zip(&self.points).map(|(weight, point)| weight * pick(point));
            parts.sum::<i64>() / 32_768
        };
        (sum(|point| point.0), sum(|point| point.1))
    }

    fn path(&self) -> String {
        let [(a, b), (c, d), (e, f), (g, h)] = self.points;
        format!("M{a} {b}C{c} {d} {e} {f} {g} {h}")
    }
}

fn arrows(calls: &[ModuleCalls], nodes: &[Node]) -> Vec<Arrow> {
    let find = |module: &str| nodes.iter().find(|node| node.module == module);
    let mut taken: Vec<(i64, i64)> = Vec::new();
    let mut arrows = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let (Some(from), Some(to)) = (find(&call.from), find(&call.to)) else { continue };
        let curve = Curve::between(from, to);
        let label = free_place(&curve, &taken, nodes);
        taken.push(label);
        arrows.push(Arrow { call: place, path: curve.path(), label });
    }
    arrows
}

/// The place for a label on its curve that has least of anything else: the middle, if that is
/// free.
fn free_place(curve: &Curve, taken: &[(i64, i64)], nodes: &[Node]) -> (i64, i64) {
    let overlap = |apart: i64, room: i64| (room - apart.abs()).max(0);
    let covered = |(x, y): &(i64, i64)| {
        let of_labels = taken.iter().map(|(other_x, other_y)| {
            overlap(other_x - x, LABEL_WIDTH) * overlap(other_y - y, LABEL_HEIGHT)
        });
        let of_nodes = nodes.iter().map(|node| {
            let (middle_x, middle_y) = (node.x + NODE_WIDTH / 2, node.y + NODE_HEIGHT / 2);
            overlap(middle_x - x, (NODE_WIDTH + LABEL_WIDTH) / 2)
                * overlap(middle_y - y, (NODE_HEIGHT + LABEL_HEIGHT) / 2)
        });
        of_labels.chain(of_nodes).sum::<i64>()
    };
    let places = [16, 18, 14, 20, 12, 22, 10, 24, 8, 26, 6, 28, 5].map(|part| curve.at(part));
    places.into_iter().min_by_key(covered).unwrap_or_else(|| curve.at(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(arrows: &[(&str, &str)]) -> Vec<ModuleCalls> {
        let call = |(from, to): &(&str, &str)| ModuleCalls {
            from: (*from).into(),
            to: (*to).into(),
            calls: 1,
            errors: 0,
            p50_us: 1,
            p99_us: 1,
        };
        arrows.iter().map(call).collect()
    }

    #[track_caller]
    fn nothing_overlaps(layout: &Layout) {
        for (place, one) in layout.nodes.iter().enumerate() {
            assert!(one.x >= 0 && one.x + NODE_WIDTH <= layout.width, "{one:?}");
            assert!(one.y >= 0 && one.y + NODE_HEIGHT <= layout.height, "{one:?}");
            for other in &layout.nodes[place + 1..] {
                let apart = (one.x - other.x).abs() >= NODE_WIDTH || one.y != other.y;
                assert!(apart, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn callers_stand_above_those_whom_they_call() {
        let calls = calls(&[
            ("clients", "http"),
            ("http", "orders"),
            ("orders", "inventory"),
            ("orders", "payments"),
            ("payments", "audit"),
            ("orders", "audit"),
            ("http", "identity"),
        ]);
        let layout = layout(&calls);
        nothing_overlaps(&layout);
        let y = |module: &str| layout.nodes.iter().find(|node| node.module == module).unwrap().y;
        for call in &calls {
            assert!(y(&call.from) < y(&call.to), "{call:?}");
        }
        assert_eq!(layout.arrows.len(), calls.len());
    }

    #[test]
    fn circles_are_drawn_as_well() {
        let layout = layout(&calls(&[("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d")]));
        nothing_overlaps(&layout);
        assert_eq!((layout.nodes.len(), layout.arrows.len()), (4, 5));
    }

    #[test]
    fn nothing_is_an_empty_map() {
        let layout = layout(&[]);
        assert_eq!((layout.nodes.len(), layout.arrows.len()), (0, 0));
    }

    #[test]
    fn labels_of_a_fan_find_places_of_their_own() {
        let names: Vec<String> = (0..8).map(|n| format!("m{n}")).collect();
        let fan: Vec<(&str, &str)> = names.iter().map(|name| ("top", name.as_str())).collect();
        let layout = layout(&calls(&fan));
        let mut places: Vec<_> = layout.arrows.iter().map(|arrow| arrow.label).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 8);
    }
}
