//! Results that are finished in any order and handed on in theirs.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Hands items on in the order of their indexes, whoever brings them when. Nobody
/// need wait: who brings the next item hands on all that are ready.
pub(super) struct Ordered<T> {
    queue: Mutex<Queue<T>>,
    /// Is notified when nobody hands items on any more.
    idle: Condvar,
}

struct Queue<T> {
    next: u64,
    ready: BTreeMap<u64, T>,
    /// Somebody is handing items on.
    busy: bool,
    /// An item will never be brought.
    broken: bool,
}

/// Says that an item will never be brought if the thread that is to bring it panics: those
/// who wait for their turn would wait for ever.
pub(super) struct Promise<'o, T>(&'o Ordered<T>);

impl<T> Drop for Promise<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(&self.0.queue).broken = true;
            self.0.idle.notify_all();
        }
    }
}

impl<T> Ordered<T> {
    /// Returns an order that begins with index 0.
    pub(super) fn new() -> Self {
        let queue = Queue {
            next: 0,
            ready: BTreeMap::new(),
            busy: false,
            broken: false,
        };
        Self {
            queue: Mutex::new(queue),
            idle: Condvar::new(),
        }
    }

    /// Promises to bring an item.
    pub(super) fn promise(&self) -> Promise<'_, T> {
        Promise(self)
    }

    /// Waits until all items before this index are handed on; from then on nothing is
    /// handed on before the item of this index is brought. Returns whether that is so: it
    /// never will be if the thread of an earlier item panicked.
    #[must_use]
    pub(super) fn wait_for_turn(&self, index: u64) -> bool {
        let queue = lock(&self.queue);
        let waits = |queue: &mut Queue<T>| !queue.broken && (queue.next != index || queue.busy);
        let queue = self.idle.wait_while(queue, waits);
        !queue.unwrap_or_else(PoisonError::into_inner).broken
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
            None => {
                queue.busy = false;
                self.idle.notify_all();
            }
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
    fn a_turn_comes_once_all_before_are_handed_on() {
        let (ordered, handed_on) = (&Ordered::new(), &Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            let bring = |index| ordered.bring(index, index, |item| lock(handed_on).push(item));
            scope.spawn(move || {
                assert!(ordered.wait_for_turn(2));
                assert_eq!(*lock(handed_on), [0, 1]);
                bring(2);
            });
            bring(3);
            bring(1);
            bring(0);
        });
        assert_eq!(*lock(handed_on), [0, 1, 2, 3]);
    }

    #[test]
    fn nobody_waits_for_an_item_that_never_comes() {
        let ordered = Ordered::<u8>::new();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| ordered.wait_for_turn(1));
            let panics = scope.spawn(|| {
                let _promise = ordered.promise();
                std::panic::resume_unwind(Box::new(()));
            });
            assert!(panics.join().is_err());
            assert_eq!(waits.join().ok(), Some(false));
        });
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
