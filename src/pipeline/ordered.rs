//! Results that are finished in any order and handed on in theirs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Hands items on in the order of their indexes, whoever brings them when. Nobody
/// waits: who brings the next item hands on all that are ready.
pub(super) struct Ordered<T> {
    queue: Mutex<Queue<T>>,
}

struct Queue<T> {
    next: u64,
    ready: BTreeMap<u64, T>,
    /// Somebody is handing items on.
    busy: bool,
}

impl<T> Ordered<T> {
    /// Returns an order that begins with index 0.
    pub(super) fn new() -> Self {
        let queue = Queue {
            next: 0,
            ready: BTreeMap::new(),
            busy: false,
        };
        Self {
            queue: Mutex::new(queue),
        }
    }

    /// Brings the item of this index, and calls `hand_on` for each item whose turn
    /// it is: never for two at a time.
    pub(super) fn bring(&self, index: u64, item: T, mut hand_on: impl FnMut(T)) {
        {
            let mut queue = lock(&self.queue);
            queue.ready.insert(index, item);
            if std::mem::replace(&mut queue.busy, true) {
                return;
            }
        }
        while let Some(item) = self.next() {
            hand_on(item);
        }
    }

    fn next(&self) -> Option<T> {
        let mut queue = lock(&self.queue);
        let next = queue.next;
        let item = queue.ready.remove(&next);
        match item {
            Some(_) => queue.next += 1,
            None => queue.busy = false,
        }
        item
    }
}

/// Locks a mutex, whatever became of the thread that held it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere ends the run; what it left is not looked at.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_are_handed_on_in_their_order(order in Just((0..20u64).collect::<Vec<_>>()).prop_shuffle()) {
            let ordered = Ordered::new();
            let mut handed_on = Vec::new();
            for index in &order {
                ordered.bring(*index, *index, |item| handed_on.push(item));
            }
            prop_assert_eq!(handed_on, (0..20).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_item_that_comes_while_another_is_handed_on_is_not_forgotten() {
        let ordered = Ordered::new();
        let handed_on = Mutex::new(Vec::new());
        ordered.bring(0, 0, |item| {
            lock(&handed_on).push(item);
            if item == 0 {
                ordered.bring(1, 1, |_| unreachable!("one at a time"));
            }
        });
        assert_eq!(*lock(&handed_on), [0, 1]);
    }
}
