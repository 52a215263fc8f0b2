import CLoad

/// Reads streams at the pace that their group has: a tenth of a second's bytes ten times a second.
struct SlowReading {
    private static let periodNs: UInt64 = 100_000_000
    private let engine: LoadEngine
    private let groups: [StreamGroup]
    private(set) var nextDue: UInt64

    init(engine: LoadEngine, groups: [StreamGroup], start: UInt64) {
        self.engine = engine
        self.groups = groups.filter { $0.reading == .slow }
        nextDue = self.groups.isEmpty ? .max : start
    }

    mutating func turn(now: UInt64) {
        guard now >= nextDue else { return }
        nextDue = now + Self.periodNs
        for group in groups {
            for slot in group.slots where engine.stream(slot).pointee.phase == .body {
                engine.read(slot, limit: max(1, group.bytesPerS / 10))
            }
        }
    }
}
