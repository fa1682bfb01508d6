//! The critical path: of all that was done, what the end was waiting for. Making anything else
//! faster would not have made the trace any shorter.

use super::Row;
use super::part::Part;

/// The parts of the critical path with the rows that they are of, from the end backwards.
///
/// From a span's end one goes back in time: what ended last before that moment is what was waited
/// for, then what ended last before its beginning, and between them it was the span's own work.
/// Begins with the longest of the topmost spans, as the one that somebody outside waited for.
pub(super) fn critical_path(rows: &[Row], inside: &[Vec<usize>]) -> Vec<(usize, Part)> {
    let topmost = (0..rows.len()).filter(|place| rows[*place].above.is_none());
    // Of equally long ones the first.
    let Some(root) = topmost.rev().max_by_key(|place| rows[*place].ran.us()) else {
        return Vec::new();
    };
    let mut path = Vec::new();
    let mut waiting = vec![(root, rows[root].ran)];
    while let Some((place, during)) = waiting.pop() {
        let mut ends: Vec<(usize, Part)> =
            inside[place].iter().map(|child| (*child, rows[*child].ran)).collect();
        ends.sort_by_key(|(_, ran)| std::cmp::Reverse((ran.to, ran.from)));
        let mut until = during.to;
        for (child, ran) in ends {
            let part = Part { from: ran.from.max(during.from), to: ran.to.min(until) };
            if part.to <= part.from {
                continue;
            }
            own(&mut path, place, Part { from: part.to, to: until });
            waiting.push((child, part));
            until = part.from;
        }
        own(&mut path, place, Part { from: during.from, to: until });
    }
    path
}

fn own(path: &mut Vec<(usize, Part)>, place: usize, part: Part) {
    if part.to > part.from {
        path.push((place, part));
    }
}
