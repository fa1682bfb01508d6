//! Calls between modules, as the remembered traces show them: in one process the spans tell what
//! between services the network would.

use std::collections::{BTreeMap, HashMap};

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;

use super::pipeline;
use super::store::Store;
use super::trace::is_local_root;
use super::view::{MODULE, module, whole_micros};

/// Who calls from outside.
const CLIENTS: &str = "clients";
/// Spans of the database stand between the caller of a transaction and what runs inside it.
const BETWEEN: &str = "db";

/// All calls between modules.
#[derive(Debug, Clone, Default)]
pub struct ModuleMap {
    /// By caller and called.
    pub calls: Vec<ModuleCalls>,
    /// How many traces they were counted in.
    pub traces: usize,
}

/// The calls of one module to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleCalls {
    /// Who calls; `clients` for requests.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// How many calls there were.
    pub calls: usize,
    /// How many failed.
    pub errors: usize,
    /// The median of their times, in microseconds.
    pub p50_us: u64,
    /// Of a hundred calls, one took longer, in microseconds.
    pub p99_us: u64,
}

/// The calls between modules in all remembered traces.
#[must_use]
pub fn module_calls() -> ModuleMap {
    pipeline().map(|pipeline| counted(&pipeline.store)).unwrap_or_default()
}

/// The calls between modules in the traces of a store.
pub(super) fn counted(store: &Store) -> ModuleMap {
    let traces = store.all();
    let mut tally = Tally::default();
    for trace in &traces {
        let steps: Vec<Step<'_>> = trace.spans.iter().map(Step::of).collect();
        tally.count(&steps);
    }
    ModuleMap { calls: tally.told(), traces: traces.len() }
}

/// A span, as far as calls go.
#[derive(Debug, Clone, Copy)]
struct Step<'a> {
    id: [u8; 8],
    above: [u8; 8],
    module: &'a str,
    took_us: u64,
    failed: bool,
    /// Somebody outside asked for it.
    asked: bool,
}

impl<'a> Step<'a> {
    fn of(span: &'a SpanData) -> Self {
        let named = span.attributes.iter().find(|attribute| attribute.key.as_str() == MODULE);
        let named = named.and_then(|attribute| match &attribute.value {
            opentelemetry::Value::String(name) => Some(name.as_str()),
            _ => None,
        });
        let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
        Self {
            id: span.span_context.span_id().to_bytes(),
            above: span.parent_span_id.to_bytes(),
            module: module(named, &span.name),
            took_us: whole_micros(took),
            failed: matches!(span.status, Status::Error { .. }),
            asked: span.span_kind == SpanKind::Server && is_local_root(span),
        }
    }
}

/// Times of all calls between two modules, and how many failed.
#[derive(Debug, Default)]
struct Tally<'a>(BTreeMap<(&'a str, &'a str), (Vec<u64>, usize)>);

impl<'a> Tally<'a> {
    /// Counts the calls of one trace.
    fn count(&mut self, steps: &[Step<'a>]) {
        let by_id: HashMap<[u8; 8], &Step<'a>> = steps.iter().map(|step| (step.id, step)).collect();
        for step in steps {
            let from = if step.asked { Some(CLIENTS) } else { caller(step, &by_id) };
            let Some(from) = from.filter(|from| *from != step.module) else { continue };
            let (times, failed) = self.0.entry((from, step.module)).or_default();
            times.push(step.took_us);
            *failed += usize::from(step.failed);
        }
    }

    fn told(self) -> Vec<ModuleCalls> {
        let told = |((from, to), (mut times, errors)): ((&str, &str), (Vec<u64>, usize))| {
            times.sort_unstable();
            let at = |percent: usize| {
                let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
                times.get(place).copied().unwrap_or_default()
            };
            let (p50_us, p99_us) = (at(50), at(99));
            let (from, to) = (from.to_owned(), to.to_owned());
            ModuleCalls { from, to, calls: times.len(), errors, p50_us, p99_us }
        };
        self.0.into_iter().map(told).collect()
    }
}

/// The module above a step. As many steps up as there are steps at most: what links in a circle
/// ends there.
fn caller<'a>(step: &Step<'a>, by_id: &HashMap<[u8; 8], &Step<'a>>) -> Option<&'a str> {
    let mut above = by_id.get(&step.above)?;
    for _ in 0..by_id.len() {
        if above.module != BETWEEN || step.module == BETWEEN {
            return Some(above.module);
        }
        above = by_id.get(&above.above)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: u8, above: u8, module: &'static str, took_us: u64) -> Step<'static> {
        let (id, above) = ([id; 8], [above; 8]);
        Step { id, above, module, took_us, failed: false, asked: false }
    }

    fn calls(steps: &[Step<'static>]) -> Vec<ModuleCalls> {
        let mut tally = Tally::default();
        tally.count(steps);
        tally.told()
    }

    fn arrows(calls: &[ModuleCalls]) -> Vec<(&str, &str, usize)> {
        calls.iter().map(|call| (&*call.from, &*call.to, call.calls)).collect()
    }

    #[test]
    fn who_opens_a_transaction_calls_what_runs_inside_it() {
        let found = calls(&[
            Step { asked: true, ..step(1, 0, "http", 90) },
            step(2, 1, "orders", 80),
            step(3, 2, "db", 40),
            Step { failed: true, ..step(4, 3, "inventory", 10) },
            step(5, 3, "inventory", 20),
            step(6, 5, "inventory", 5),
        ]);
        let expected = [
            ("clients", "http", 1),
            ("http", "orders", 1),
            ("orders", "db", 1),
            ("orders", "inventory", 2),
        ];
        assert_eq!(arrows(&found), expected);
        assert_eq!((found[3].errors, found[3].p50_us, found[3].p99_us), (1, 10, 20));
    }

    #[test]
    fn a_span_without_its_parent_was_called_by_nobody() {
        assert_eq!(calls(&[step(2, 1, "orders", 1), step(4, 3, "db", 1)]), []);
        assert_eq!(calls(&[]), []);
    }

    #[test]
    fn spans_that_are_above_each_other_end_the_search() {
        let circle = [step(1, 2, "db", 1), step(2, 1, "db", 1), step(3, 1, "audit", 1)];
        assert_eq!(calls(&circle), []);
    }

    #[test]
    fn five_thousand_calls_have_a_median_and_a_tail() {
        let mut steps = vec![step(1, 0, "orders", 1)];
        for (took, id) in (1..=5_000_u64).zip(10_u64..) {
            let step = Step { id: id.to_be_bytes(), ..step(0, 1, "audit", took) };
            steps.push(step);
        }
        let found = calls(&steps);
        assert_eq!((found[0].calls, found[0].p50_us, found[0].p99_us), (5_000, 2_500, 4_950));
    }
}
