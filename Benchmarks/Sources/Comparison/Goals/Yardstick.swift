/// A server that does nothing but what cannot be saved: what it takes is the machine's price of the work. Its raw value is its name in
/// the catalogue. Pure.
package enum Yardstick: String, Sendable, CaseIterable {
    /// A `send()` for each stream and event: the kernel's price.
    case epoll
    /// Each event on the disk before it is sent, with one flush for all that came meanwhile: the disk's price.
    case durable

    /// For a sentence and a table's cell.
    package var title: String {
        switch self {
        case .epoll: "bare epoll"
        case .durable: "bare durable"
        }
    }

    /// The one that pays for the same work; nil where a quotient would say nothing: of memory the yardsticks hold what they began with.
    package init?(for metric: Metric, under scenario: String) {
        guard !metric.isOfTheMachine else { return nil }
        let waitsForTheDisk = ScenarioNames.durable.contains(scenario)
        guard (waitsForTheDisk ? ["ms", "µs", "jobs/s", "events/s", "×"] : ["µs", "/s"]).contains(metric.unit) else {
            return nil
        }
        self = waitsForTheDisk ? .durable : .epoll
    }
}
