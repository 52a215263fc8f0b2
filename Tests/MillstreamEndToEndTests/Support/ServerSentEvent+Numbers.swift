// What tests ask of the events that they received.

import Foundation
import MillstreamSSE

extension ServerSentEvent {
    /// The data as JSON; empty when it is no object.
    var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(data.utf8))) as? [String: Any] ?? [:]
    }

    /// The number behind the dash of the id; nil for an event without an id of its own.
    var sequence: Int? {
        id.split(separator: "-").last.flatMap { Int($0) }
    }
}

extension Sequence where Element == ServerSentEvent {
    /// The events of the log, without `status`, `gap` and `closing`, which carry no number.
    var numbered: [ServerSentEvent] {
        filter { !["status", "gap", "closing"].contains($0.name) }
    }

    var sequences: [Int] {
        numbered.compactMap(\.sequence)
    }

    var terminal: [ServerSentEvent] {
        filter { ["completed", "failed", "cancelled"].contains($0.name) }
    }

    func named(_ name: String) -> [ServerSentEvent] {
        filter { $0.name == name }
    }
}
