//! Gauges of ages that go on growing between two looks: a job that hangs must not leave a healthy
//! number behind.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::{MetricFamily, MetricType};

use super::registrar::family;
use crate::kernel::Stopwatch;

/// An age as it was, and the time since.
type Look = Option<(Duration, Stopwatch)>;

/// Ages in seconds, by the value of a label, or one without a label.
#[derive(Clone)]
pub(super) struct Ages {
    name: &'static str,
    help: &'static str,
    label: Option<&'static str>,
    desc: Desc,
    looks: Arc<Mutex<BTreeMap<&'static str, Look>>>,
}

impl Ages {
    /// One age without a label.
    pub(super) fn one(name: &'static str, help: &'static str) -> prometheus::Result<Self> {
        let ages = Self::new(name, help, None)?;
        ages.set("", None);
        Ok(ages)
    }

    /// An age for each of these values of a label.
    pub(super) fn each(
        name: &'static str,
        help: &'static str,
        (label, values): (&'static str, &[&'static str]),
    ) -> prometheus::Result<Self> {
        let ages = Self::new(name, help, Some(label))?;
        values.iter().for_each(|value| ages.set(value, None));
        Ok(ages)
    }

    fn new(
        name: &'static str,
        help: &'static str,
        label: Option<&'static str>,
    ) -> prometheus::Result<Self> {
        let labels = label.iter().map(|&name| name.to_owned()).collect();
        let desc = Desc::new(name.into(), help.into(), labels, HashMap::new())?;
        Ok(Self { name, help, label, desc, looks: Arc::default() })
    }

    /// The age now; `None` when there is nothing that ages.
    pub(super) fn set(&self, value: &'static str, age: Option<Duration>) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.insert(value, age.map(|age| (age, Stopwatch::start())));
    }
}

impl Collector for Ages {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds =
            |look: &Look| look.map_or(0.0, |(age, since)| (age + since.elapsed()).as_secs_f64());
        let series = looks.iter().map(|(value, look)| (*value, seconds(look)));
        vec![family((self.name, self.help, MetricType::GAUGE), self.label, series)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(ages: &Ages) -> Vec<f64> {
        let families = ages.collect();
        families[0].get_metric().iter().map(|metric| metric.get_gauge().get_value()).collect()
    }

    #[test]
    fn an_age_grows_until_the_next_look() {
        let ages = Ages::each("late_seconds", "Late", ("job", &["a", "b"])).unwrap();
        assert_eq!(seconds(&ages), [0.0, 0.0]);
        ages.set("b", Some(Duration::from_secs(5)));
        let first = seconds(&ages);
        assert_eq!(first[0], 0.0);
        assert!(first[1] >= 5.0, "{first:?}");
        let began = Stopwatch::start();
        while seconds(&ages)[1] <= first[1] {
            assert!(began.elapsed() < Duration::from_secs(10), "it does not grow");
        }
        ages.set("b", None);
        assert_eq!(seconds(&ages), [0.0, 0.0]);
    }
}
