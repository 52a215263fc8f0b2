// All metrics of a process, kept for Prometheus to fetch. Any thread. Making a series takes a lock; counting in one
// does not: handlers are atomics, and hot paths keep theirs. Holds at most `maxSeries` series, whatever label values
// its callers invent.

import CoreMetrics
import Synchronization

/// A swift-metrics backend that renders the Prometheus text format.
///
/// Counters stay counters; recorders that aggregate become histograms; other recorders and meters become gauges; timers
/// become histograms in seconds. The same label and dimensions always give the same series.
public final class PrometheusRegistry: MetricsFactory, Sendable {
    /// Of what ``render()`` makes (Prometheus exposition formats, text format 0.0.4).
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// Counts series that were refused because there were too many, or because their name belongs to another type.
    public static let droppedSeriesName = "millstream_metric_series_dropped_total"

    private let table: LockedTable
    private let descriptions: [String: MetricDescription]
    private let dropped = CounterSeries(labels: "")

    /// - Parameters:
    ///   - maxSeries: series at a time. One more works for its holder and is not rendered.
    ///   - descriptions: help texts and buckets, by name. Others get buckets after the end of their name.
    public init(maxSeries: Int = 10_000, descriptions: [MetricDescription] = []) {
        table = LockedTable(SeriesTable(maxSeries: maxSeries))
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { first, _ in first }
        table.withLock { $0.reserve(Self.droppedSeriesName, .counter) }
    }

    /// Everything, as Prometheus reads it. Any thread; linear in the number of series.
    public func render() -> [UInt8] {
        var writer = ExpositionWriter()
        let families = table.withLock { $0.families }
        for family in families {
            let help = descriptions[family.name]?.help
            if family.name == Self.droppedSeriesName {
                writer.header(family.name, .counter, help: "Series refused by the bound or for their name.")
                dropped.write(family.name, to: &writer)
            } else {
                writer.header(family.name, family.type, help: help)
                for one in family.series { one.write(family.name, to: &writer) }
            }
        }
        return writer.bytes
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { CounterSeries(labels: $0) }
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { FloatingPointCounterSeries(labels: $0) }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { GaugeSeries(labels: $0) }
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, .gauge) { GaugeSeries(labels: $0) } }
        let buckets = buckets(MetricName.sanitized(label))
        return series(label, dimensions, .histogram) { HistogramSeries(labels: $0, bounds: buckets) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        var name = MetricName.sanitized(label)
        if !name.hasSuffix("_seconds") { name += "_seconds" }
        let buckets = buckets(name)
        return series(name, dimensions, .histogram) { HistogramSeries(labels: $0, bounds: buckets) }
    }

    /// Records a duration that so many things took alike, as one search and two additions when the timer is a registry's. Any thread.
    public static func record(nanoseconds: Int64, times: Int, in timer: any TimerHandler) {
        if let series = timer as? HistogramSeries {
            series.recordNanoseconds(nanoseconds, times: times)
        } else {
            for _ in 0..<times { timer.recordNanoseconds(nanoseconds) }
        }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    // MARK: Parts

    private func series<Kept: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], _ type: MetricType, make: (String) -> Kept
    ) -> Kept {
        let name = MetricName.sanitized(label)
        let labels = MetricName.labels(dimensions)
        let kept = table.withLock { table -> Kept? in
            if let known = table.series(name, labels) { return known as? Kept }
            let made = make(labels)
            return table.insert(made, name, type, labels) ? made : nil
        }
        if let kept { return kept }
        // The holder counts on, in a series that nobody is shown.
        dropped.increment(by: 1)
        return make(labels)
    }

    private func buckets(_ name: String) -> [Double] {
        descriptions[name]?.buckets ?? MetricDescription.defaultBuckets(for: name)
    }

    private func remove(_ handler: AnyObject) {
        guard let series = handler as? any MetricSeries else { return }
        table.withLock { $0.remove(series) }
    }
}
