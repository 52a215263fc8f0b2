// A random life of a hub: commits of one log or of dozens, with states, retention and new runs in between; readers that come with any
// cursor, stall, drain, leave and are sent away; a store that answers late, out of order or not at all. Everything follows from one seed.

import MillstreamJournal
import MillstreamTestSupport

@testable import MillstreamStreams

struct HubSimulation {
    struct Reader {
        var id: ReaderID
        var logs: [ReaderChecker.Log]
        var hasLeft = false
    }

    let seed: UInt64
    let fixture: HubFixture
    var random: SeededRandom
    private(set) var readers: [Reader] = []
    /// What was committed and not told yet, in order.
    var commits: [TestCommit] = []
    /// Jobs first.
    let names: [LogName]
    let jobCount: Int
    private let faultPercent: Int
    private(set) var eventCount = 0
    private(set) var conflated = 0
    /// Commits with events of more than one log.
    var wideCommitCount = 0

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = [0, 300, 2_000, 262_144].randomElement(using: &random)!
        settings.maxRecentBytes = [0, 4_000, 1 << 20].randomElement(using: &random)!
        settings.maxChunkBytes = [100, 1_000, 65_536].randomElement(using: &random)!
        settings.maxOwnChunkBytes = [50, 700, 16_384].randomElement(using: &random)!
        settings.maxReplayBytesPerTick = [1, 9_000, 1 << 19].randomElement(using: &random)!
        settings.maxPageEvents = [1, 3, 50].randomElement(using: &random)!
        settings.maxPageBytes = [1, 500, 50_000].randomElement(using: &random)!
        settings.maxPageRequests = [1, 2, 32].randomElement(using: &random)!
        settings.maxPageCacheBytes = [0, 2_000, 1 << 20].randomElement(using: &random)!
        settings.maxAgeMs = Int.random(in: 0..<5, using: &random) == 0 ? 20_000 : 0
        settings.maxAgeSpreadMs = 5_000
        faultPercent = Int.random(in: 0..<3, using: &random) == 0 ? 5 : 0
        fixture = HubFixture(settings, seed: seed)
        jobCount = [3, 3, 8, 50].randomElement(using: &random)!
        names = (0..<jobCount).map { LogName.job(JobID(trusted: "j\($0)")) } + [.news, .talk]
    }

    var store: TestStore { fixture.store }
    var hub: StreamHub { fixture.hub }
    private var output: TestOutput { fixture.output }

    mutating func run(steps: Int) {
        for _ in 0..<steps { step() }
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<32: commit()
        case 32..<47: tell()
        case 47..<50: hub.flush()
        case 50..<58: open()
        case 58..<63: if let reader = anyReader() { fixture.stall(reader) }
        case 63..<68: if let reader = anyReader() { fixture.unstall(reader) }
        case 68..<72: if let reader = anyReader() { fixture.drainOnce(reader) }
        case 72: leave()
        case 73: if chance(50) { leave() } else { sendAway() }
        case 74..<84: answer()
        case 84..<86: store.refusesQuestions = chance(30)
        case 86..<90: fixture.pass(ms: UInt64.random(in: 10..<400, using: &random))
        default: hub.flush()
        }
    }

    private mutating func answer() {
        guard !store.questions.isEmpty else { return }
        let index = Int.random(in: 0..<store.questions.count, using: &random)
        store.answer(at: index, to: hub, failing: chance(faultPercent))
    }

    // MARK: Readers

    private mutating func anyReader() -> ReaderID? {
        readers.filter { !$0.hasLeft && !fixture.isFinished($0.id) }.randomElement(using: &random)?.id
    }

    private mutating func leave() {
        guard let id = anyReader(), let index = readers.firstIndex(where: { $0.id == id }) else { return }
        readers[index].hasLeft = true
        output.leave(id)
        // Sometimes the slot is used again before the end is reported.
        if chance(50) { hub.readerDidClose(id) }
    }

    private mutating func sendAway() {
        if chance(90) {
            if let reader = anyReader() { hub.close(reader, .token) }
        } else {
            hub.closeAll(.overload)
        }
    }

    private mutating func open() {
        let existing = names.filter { name in
            if case .job = name { store.run(name) != nil } else { true }
        }
        let count = chance(60) ? 1 : Int.random(in: 2...4, using: &random)
        let chosen = Array(existing.shuffled(using: &random).prefix(count))
        guard !chosen.isEmpty else { return }
        let cursors = chosen.map { randomCursor(for: $0) }
        let cursor: StreamCursor? =
            if chosen.count > 1 {
                cursors.allSatisfy({ $0 == nil })
                    ? nil : .combined(CombinedCursor(positions: cursors.map { $0.flatMap { EventID($0) } }))
            } else {
                cursors[0].map { text in EventID(text).map(StreamCursor.event) ?? .sequence(Int64(text)!) }
            }
        let request = fixture.request(chosen, cursor: cursor)
        guard StreamAdmission.decide(request) == .stream else { return }
        let logs = chosen.enumerated().map { place, name in
            let run = store.run(name)
            let text = chosen.count > 1 ? cursors[place].flatMap { EventID($0)?.description } : cursors[place]
            return ReaderChecker.Log(
                name: name, place: .unresolved(text), runAtOpen: run, historyThrough: history(of: name, run))
        }
        let id = output.makeReader()
        if chance(15) { fixture.stall(id) }
        hub.open(id, request)
        readers.append(Reader(id: id, logs: logs))
    }

    /// What had become live when the reader came, as far as the hub could know.
    private func history(of name: LogName, _ run: TestStore.Run?) -> Int64 {
        if case .channel = name {
            guard let log = hub.find(name), log.head == .known, log.ref == run?.ref else { return 0 }
            return log.lastSequence
        }
        return Int64(run?.events.count ?? 0)
    }

    private mutating func randomCursor(for name: LogName) -> String? {
        guard chance(60) else { return nil }
        let last = Int64(store.run(name)?.events.count ?? 0)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return "zz-\(Int.random(in: 0...9, using: &random))"
        case 1: return "\(store.run(name)?.epoch.text ?? "zz")-\(last + 1 + Int64.random(in: 0...4, using: &random))"
        case 2: return String(Int64.random(in: 0...(last + 2), using: &random))
        default:
            guard let run = store.run(name) else { return nil }
            return "\(run.epoch)-\(Int64.random(in: 0...last, using: &random))"
        }
    }

    // MARK: The end

    /// Everything is told, answered and drained; then each reader is compared with the logs.
    mutating func finish() -> [String] {
        var problems: [String] = []
        tell(commits.count)
        store.refusesQuestions = false
        if chance(10) { problems += drain() }
        fixture.settle()
        for reader in readers where !reader.hasLeft { fixture.unstall(reader.id) }
        fixture.pass(ms: 2_000)
        fixture.settle()
        for reader in readers {
            let socket = output.sockets[reader.id]!
            var checker = ReaderChecker(store: store, logs: reader.logs, hasLagged: socket.hasLagged)
            checker.read(socket.received)
            if !reader.hasLeft { checker.expectEverything(isFinished: socket.isFinished) }
            if !socket.hasLagged, !reader.hasLeft, socket.longestSilenceMs > 16_500 {
                problems.append("reader \(reader.id) heard nothing for \(socket.longestSilenceMs) ms")
            }
            problems += checker.problems.map { "reader \(reader.id.slot).\(reader.id.generation): \($0)" }
            eventCount += checker.eventCount
            conflated += checker.conflated
        }
        problems += bookkeeping()
        return problems
    }

    /// The server stops: whoever is there is told, and whoever still comes.
    private mutating func drain() -> [String] {
        hub.closeAll(.drain)
        open()
        for reader in readers where !reader.hasLeft { fixture.unstall(reader.id) }
        let left = readers.filter { !$0.hasLeft && !fixture.isFinished($0.id) }
        return left.map { "reader \($0.id) is left behind the drain" }
    }

    private mutating func bookkeeping() -> [String] {
        var problems: [String] = []
        for reader in readers where reader.hasLeft { hub.readerDidClose(reader.id) }
        let open = readers.filter { !$0.hasLeft && !fixture.isFinished($0.id) }
        if hub.metrics.open != open.count { problems.append("\(hub.metrics.open) open, but \(open.count)") }
        if hub.metrics.lagging != 0 { problems.append("\(hub.metrics.lagging) lagging") }
        if !store.questions.isEmpty || hub.pages.count != 0 { problems.append("questions are left") }
        for reader in open {
            output.leave(reader.id)
            hub.readerDidClose(reader.id)
        }
        hub.flush()
        if hub.metrics.open != 0 || !hub.combined.isEmpty || !hub.prefaces.isEmpty || !hub.unresolved.isEmpty {
            problems.append("traces of readers are left")
        }
        for log in hub.logs.compactMap({ $0 }) where log.hasReaders || log.recent.isEmpty || log.isDirty {
            problems.append("\(log.name) is held for nothing")
        }
        if hub.recent.heldBytes > hub.settings.maxRecentBytes { problems.append("too many recent bytes") }
        return problems
    }
}
