// Histograms with fixed buckets. Any thread; an observation is a search over a few bounds and two atomic additions.

import CoreMetrics
import Synchronization

/// How often values fell between fixed bounds.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler, @unchecked Sendable {
    // Sendable: the pointer never changes after init, and what it points to is reached through atomic operations only.
    let labels: String
    private let bounds: [Double]
    /// One for each bound, and one for what is above all.
    private let counts: UnsafeMutablePointer<Atomic<Int64>>
    private let sum = AtomicDouble()

    init(labels: String, bounds: [Double]) {
        self.labels = labels
        self.bounds = Set(bounds.filter(\.isFinite)).sorted()
        counts = .allocate(capacity: self.bounds.count + 1)
        for index in 0...self.bounds.count { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: bounds.count + 1)
        counts.deallocate()
    }

    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }
    func recordNanoseconds(_ duration: Int64) { recordNanoseconds(duration, times: 1) }

    func recordNanoseconds(_ duration: Int64, times: Int) {
        observe(Double(duration) / 1_000_000_000, times: times)
    }

    private func observe(_ value: Double, times: Int = 1) {
        // One NaN would make the sum useless for good.
        guard value.isFinite else { return }
        counts[bucket(of: value)].wrappingAdd(Int64(times), ordering: .relaxed)
        sum.add(value * Double(times))
    }

    /// The first bucket whose upper bound is not below the value: bounds are inclusive.
    private func bucket(of value: Double) -> Int {
        bounds.withUnsafeBufferPointer { bounds in
            var (low, high) = (0, bounds.count)
            while low < high {
                let middle = (low + high) / 2
                if bounds[middle] < value { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    /// The count is the sum of the buckets that were read, so that it always agrees with the last of them.
    func write(_ name: String, to writer: inout ExpositionWriter) {
        var total: Int64 = 0
        let separator = labels.isEmpty ? "" : ","
        for index in 0...bounds.count {
            total &+= counts[index].load(ordering: .relaxed)
            let bound = index < bounds.count ? ExpositionWriter.number(bounds[index]) : "+Inf"
            writer.line(name + "_bucket", "\(labels)\(separator)le=\"\(bound)\"", total)
        }
        writer.line(name + "_sum", labels, sum.value)
        writer.line(name + "_count", labels, total)
    }
}
