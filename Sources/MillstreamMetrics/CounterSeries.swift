// Counters. Any thread; one atomic addition each.

import CoreMetrics
import Synchronization

/// A whole number that only grows.
final class CounterSeries: MetricSeries, CounterHandler {
    let labels: String
    private let value = Atomic<Int64>(0)

    init(labels: String) {
        self.labels = labels
    }

    /// Amounts below 1 are ignored: a counter that goes back looks like a restart. Past Int64.max it wraps, which looks
    /// so too.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        value.store(0, ordering: .relaxed)
    }

    func write(_ name: String, to writer: inout ExpositionWriter) {
        writer.line(name, labels, value.load(ordering: .relaxed))
    }
}

/// A number with a fraction that only grows.
final class FloatingPointCounterSeries: MetricSeries, FloatingPointCounterHandler {
    let labels: String
    private let value = AtomicDouble()

    init(labels: String) {
        self.labels = labels
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.add(amount)
    }

    func reset() {
        value.set(0)
    }

    func write(_ name: String, to writer: inout ExpositionWriter) {
        writer.line(name, labels, value.value)
    }
}
