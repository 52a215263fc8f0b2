// Gauges. Any thread; the last value wins.

import CoreMetrics

/// A number that goes up and down.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    let labels: String
    private let value = AtomicDouble()

    init(labels: String) {
        self.labels = labels
    }

    func set(_ value: Int64) { self.value.set(Double(value)) }
    func set(_ value: Double) { self.value.set(value) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(_ name: String, to writer: inout ExpositionWriter) {
        writer.line(name, labels, value.value)
    }
}
