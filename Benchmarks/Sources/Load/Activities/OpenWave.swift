import CLoad

/// Streams that are opened one after the other, so many under way at once. Tells its owner nothing: who observes the group passes on
/// what it hears. Engine's thread only.
final class OpenWave {
    private let engine: LoadEngine
    private let slots: [Int]
    private let window: Int
    private let resuming: Bool
    private var next = 0
    private(set) var underWay = 0
    private(set) var opened = 0
    private(set) var errors = 0
    private(set) var non200 = 0
    private(set) var lastStatus = 0
    private(set) var lastError: Int32 = 0
    private(set) var latency = LatencyHistogram.make()
    private(set) var lastOpenAt: UInt64 = 0

    init(_ engine: LoadEngine, slots: [Int], window: Int, resuming: Bool) {
        self.engine = engine
        self.slots = slots
        self.window = window
        self.resuming = resuming
    }

    var isDone: Bool { next == slots.count && underWay == 0 }

    var wanted: Int { slots.count }

    /// Whether another may be opened now.
    var canPump: Bool { next < slots.count && underWay < window }

    /// Opens as many as may be under way, and at most so many. An open may fail before it returns.
    func pump(atMost limit: Int = .max) {
        var rest = limit
        while canPump, rest > 0 {
            let slot = slots[next]
            next += 1
            rest -= 1
            underWay += 1
            engine.open(slot, resuming: resuming)
        }
    }

    func didOpen(_ slot: Int, now: UInt64) {
        underWay -= 1
        opened += 1
        lastOpenAt = now
        latency.add(ns: now - engine.stream(slot).pointee.connectedAt)
    }

    func didFail(_ slot: Int, error: Int32, status: Int) {
        underWay -= 1
        if status > 0 {
            non200 += 1
            lastStatus = status
        } else {
            errors += 1
            lastError = error
        }
        engine.group(of: slot).failed += 1
    }
}

/// The opening of the readers' groups before the first phase.
final class Opening: StreamObserver {
    let wave: OpenWave

    init(_ context: RunContext) {
        // In turn from all groups, so that none is alone with an empty server.
        let slots = context.readers.flatMap { group in
            group.slots.map { (Double($0 - group.slots.lowerBound) / Double(group.slots.count), $0) }
        }
        wave = OpenWave(
            context.engine, slots: slots.sorted { $0.0 < $1.0 }.map(\.1), window: context.scenario.openWindow,
            resuming: false)
        for group in context.readers { group.observer = self }
    }

    func streamDidOpen(_ slot: Int, now: UInt64) { wave.didOpen(slot, now: now) }

    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64) {
        wave.didFail(slot, error: error, status: status)
    }
}
