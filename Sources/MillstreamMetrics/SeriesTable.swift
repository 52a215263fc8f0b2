// Which series there are, by name and labels. A value behind the registry's lock.

/// What Prometheus calls the type of a family.
enum MetricType: String, Sendable {
    case counter, gauge, histogram
}

/// One rendered line or, for a histogram, one set of lines.
protocol MetricSeries: AnyObject, Sendable {
    /// `a="1",b="2"`, escaped; empty for none.
    var labels: String { get }
    func write(_ name: String, to writer: inout ExpositionWriter)
}

/// The families with their series.
struct SeriesTable {
    struct Family {
        var name: String
        var type: MetricType
        var series: [any MetricSeries]
    }

    private struct Entry {
        var type: MetricType
        var series: [String: any MetricSeries] = [:]
    }

    private let maxSeries: Int
    private var count = 0
    private var entries: [String: Entry] = [:]
    /// Names that lines of a family carry, by the family: a histogram `x` owns `x_sum` too.
    private var owners: [String: String] = [:]

    init(maxSeries: Int) {
        self.maxSeries = maxSeries
    }

    func series(_ name: String, _ labels: String) -> (any MetricSeries)? {
        entries[name]?.series[labels]
    }

    /// Gives the name to a family that has no series yet.
    mutating func reserve(_ name: String, _ type: MetricType) {
        entries[name] = Entry(type: type)
        for line in Self.lineNames(name, type) { owners[line] = name }
    }

    /// False when there is no room, or when the name is taken by another type.
    mutating func insert(_ series: any MetricSeries, _ name: String, _ type: MetricType, _ labels: String) -> Bool {
        guard count < maxSeries else { return false }
        if let entry = entries[name] {
            guard entry.type == type else { return false }
        } else {
            guard Self.lineNames(name, type).allSatisfy({ owners[$0] == nil }) else { return false }
            reserve(name, type)
        }
        entries[name]?.series[labels] = series
        count += 1
        return true
    }

    mutating func remove(_ series: any MetricSeries) {
        for (name, entry) in entries where entry.series[series.labels] === series {
            entries[name]?.series[series.labels] = nil
            count -= 1
        }
    }

    /// Sorted by name and labels, so that two renderings compare.
    var families: [Family] {
        entries.sorted { $0.key < $1.key }.map { name, entry in
            Family(
                name: name, type: entry.type, series: entry.series.sorted { $0.key < $1.key }.map(\.value))
        }
    }

    private static func lineNames(_ name: String, _ type: MetricType) -> [String] {
        type == .histogram ? [name, name + "_bucket", name + "_sum", name + "_count"] : [name]
    }
}
