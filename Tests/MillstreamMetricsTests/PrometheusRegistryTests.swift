import CoreMetrics
import Dispatch
import Testing

@testable import MillstreamMetrics

@Suite struct PrometheusRegistryTests {
    @Test func expositionIsGolden() throws {
        let registry = PrometheusRegistry(
            descriptions: [
                MetricDescription("requests_total", help: "Requests\nwith \\ in it."),
                MetricDescription("latency_seconds", help: "Latency.", buckets: [0.001, 0.01, 1]),
            ])
        let ok = Counter(
            label: "requests_total", dimensions: [("status", "200"), ("method", "GET")], factory: registry)
        let failed = Counter(label: "requests_total", dimensions: [("status", "500")], factory: registry)
        ok.increment(by: 3)
        failed.increment()
        let latency = Timer(label: "latency_seconds", dimensions: [], factory: registry)
        latency.recordNanoseconds(1_000_000)
        latency.recordNanoseconds(1_000_001)
        latency.recordNanoseconds(2_000_000_000)
        Gauge(label: "open", dimensions: [], factory: registry).record(2.5)
        let text = String(decoding: registry.render(), as: UTF8.self)
        #expect(
            text == """
                # HELP latency_seconds Latency.
                # TYPE latency_seconds histogram
                latency_seconds_bucket{le="0.001"} 1
                latency_seconds_bucket{le="0.01"} 2
                latency_seconds_bucket{le="1"} 2
                latency_seconds_bucket{le="+Inf"} 3
                latency_seconds_sum 2.002000001
                latency_seconds_count 3
                # HELP millstream_metric_series_dropped_total Series refused by the bound or for their name.
                # TYPE millstream_metric_series_dropped_total counter
                millstream_metric_series_dropped_total 0
                # TYPE open gauge
                open 2.5
                # HELP requests_total Requests\\nwith \\\\ in it.
                # TYPE requests_total counter
                requests_total{method="GET",status="200"} 3
                requests_total{status="500"} 1

                """)
    }

    @Test func whateverNamesAndLabelsAreTheExpositionIsValid() throws {
        let registry = PrometheusRegistry()
        let words = [
            "", "a b", "9lives", "naïve", "a:b", "__x", "le", "x\"y\\z\nw", "🙂", String(repeating: "é", count: 400),
        ]
        for name in words {
            for label in words {
                Counter(label: "c." + name, dimensions: [(label, label), (name, name)], factory: registry).increment()
                Recorder(label: "r." + name, dimensions: [(label, label)], aggregate: true, factory: registry).record(7)
                Gauge(label: "g." + name, dimensions: [(label, label)], factory: registry).record(Double.infinity)
                Timer(label: "t." + name, dimensions: [(label, label)], factory: registry).recordNanoseconds(-1)
                FloatingPointCounter(label: "f." + name, dimensions: [(label, label)], factory: registry).increment(
                    by: 0.1)
            }
        }
        let parsed = try Exposition(registry.render())
        #expect(parsed.samples.count > 100)
        #expect(parsed.samples.contains { $0.labels.values.contains("x\"y\\z\nw") })
    }

    @Test func orderOfDimensionsMakesNoNewSeries() throws {
        let registry = PrometheusRegistry()
        Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(try Exposition(registry.render()).value("c", ["a": "1", "b": "2"]) == 2)
    }

    @Test func seriesAtTheBoundIsKeptAndOnePastItIsCounted() throws {
        let registry = PrometheusRegistry(maxSeries: 3)
        for number in 0..<3 { Counter(label: "c", dimensions: [("n", "\(number)")], factory: registry).increment() }
        #expect(try Exposition(registry.render()).value(PrometheusRegistry.droppedSeriesName) == 0)
        let past = Counter(label: "c", dimensions: [("n", "3")], factory: registry)
        past.increment()
        let parsed = try Exposition(registry.render())
        #expect(parsed.value(PrometheusRegistry.droppedSeriesName) == 1)
        #expect(parsed.value("c", ["n": "2"]) == 1)
        #expect(parsed.value("c", ["n": "3"]) == nil)
    }

    @Test func destroyedSeriesIsGoneAndItsPlaceIsFree() throws {
        let registry = PrometheusRegistry(maxSeries: 1)
        let first = Counter(label: "c", dimensions: [("n", "1")], factory: registry)
        first.increment()
        registry.destroyCounter(registry.makeCounter(label: "c", dimensions: [("n", "1")]))
        Counter(label: "c", dimensions: [("n", "2")], factory: registry).increment()
        let parsed = try Exposition(registry.render())
        #expect(parsed.value("c", ["n": "1"]) == nil)
        #expect(parsed.value("c", ["n": "2"]) == 1)
    }

    @Test func nameOfAnotherTypeIsRefused() throws {
        let registry = PrometheusRegistry()
        Recorder(label: "x", dimensions: [], aggregate: true, factory: registry).record(1)
        Counter(label: "x", dimensions: [], factory: registry).increment()
        Counter(label: "x_sum", dimensions: [], factory: registry).increment()
        let parsed = try Exposition(registry.render())
        #expect(parsed.types["x"] == "histogram")
        #expect(parsed.value(PrometheusRegistry.droppedSeriesName) == 2)
    }

    @Test func counterNeverGoesBack() throws {
        let registry = PrometheusRegistry()
        let counter = registry.makeCounter(label: "c", dimensions: [])
        counter.increment(by: 5)
        counter.increment(by: -3)
        #expect(try Exposition(registry.render()).value("c") == 5)
    }

    @Test func meterGoesUpAndDown() throws {
        let registry = PrometheusRegistry()
        let meter = Meter(label: "m", dimensions: [], factory: registry)
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement(by: 5)
        #expect(try Exposition(registry.render()).value("m") == 7.5)
    }

    @Test func timerCountsInSeconds() throws {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "db.query", dimensions: [], factory: registry)
        timer.recordMilliseconds(250)
        #expect(try Exposition(registry.render()).value("db_query_seconds_sum") == 0.25)
    }

    @Test func noCountIsLostBetweenThreads() throws {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "c", dimensions: [], factory: registry)
        let recorder = Recorder(label: "r", dimensions: [], aggregate: true, factory: registry)
        DispatchQueue.concurrentPerform(iterations: 4) { index in
            for value in 0..<5000 {
                counter.increment()
                recorder.record(Int64(value % 3))
                if value % 1000 == 0 {
                    Counter(label: "d", dimensions: [("n", "\(index)-\(value)")], factory: registry).increment()
                    _ = registry.render()
                }
            }
        }
        let parsed = try Exposition(registry.render())
        #expect(parsed.value("c") == 20_000)
        #expect(parsed.value("r_count") == 20_000)
        #expect(parsed.samples.filter { $0.name == "d" }.count == 20)
    }

    @Test func durationsAlikeCountAsIfRecordedOneByOne() throws {
        let (together, alone) = (PrometheusRegistry(), PrometheusRegistry())
        let timers = [together, alone].map { $0.makeTimer(label: "t", dimensions: []) }
        for (nanoseconds, times) in [(Int64(2_000_000), 3), (1, 1), (0, 2), (-4_000_000, 2), (9_000_000, 0)] {
            PrometheusRegistry.record(nanoseconds: nanoseconds, times: times, in: timers[0])
            for _ in 0..<times { timers[1].recordNanoseconds(nanoseconds) }
        }
        // Sums of these values in another order end in other digits.
        func counts(_ registry: PrometheusRegistry) -> [Substring] {
            String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").filter { !$0.contains("_sum") }
        }
        #expect(counts(together) == counts(alone))
        #expect(counts(together).contains("t_seconds_count 8"))
    }

    @Test func timersOfOtherBackendsGetEachOfTheDurationsAlike() {
        final class Counted: TimerHandler, @unchecked Sendable {
            // Sendable: the test's thread alone uses it.
            var seen: [Int64] = []
            func recordNanoseconds(_ duration: Int64) { seen.append(duration) }
        }
        let timer = Counted()
        PrometheusRegistry.record(nanoseconds: 7, times: 3, in: timer)
        #expect(timer.seen == [7, 7, 7])
    }
}
