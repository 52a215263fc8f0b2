// How many jobs of each kind are in each state: for metrics. A plain value.

import MillstreamJournal

public struct JobCensus: Sendable, Hashable {
    private var byKind: [String: [Int]] = [:]

    public init() {}

    /// Kinds of which there is or was a job since the start, sorted.
    public var kinds: [String] { byKind.keys.sorted() }

    /// For live states: jobs in it now. For terminal ones: jobs that came to it since the start (ended ones that were read from
    /// the store not counted).
    public func count(_ kind: String, _ state: JobState) -> Int { byKind[kind]?[Int(state.rawValue)] ?? 0 }

    /// All kinds together.
    public func count(_ state: JobState) -> Int { byKind.values.reduce(0) { $0 + $1[Int(state.rawValue)] } }

    mutating func move(_ kind: String, from old: JobState?, to new: JobState) {
        guard old != new else { return }
        if let old, !old.isTerminal { byKind[kind]?[Int(old.rawValue)] -= 1 }
        byKind[kind, default: Array(repeating: 0, count: JobState.allCases.count)][Int(new.rawValue)] += 1
    }

    /// A live job is gone without having ended.
    mutating func forget(_ kind: String, _ state: JobState) { byKind[kind]?[Int(state.rawValue)] -= 1 }
}
