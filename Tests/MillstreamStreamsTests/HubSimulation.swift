// A random life of a hub: commits, states, retention, new runs, readers that come with any cursor, stall, drain and leave, a store
// that answers late, out of order or not at all. Everything follows from one seed.

import MillstreamJournal

@testable import MillstreamStreams

struct HubSimulation {
    struct Reader {
        var id: ReaderID
        var logs: [ReaderChecker.Log]
        var hasLeft = false
    }

    let seed: UInt64
    let fixture: HubFixture
    private var random: SpreadSource
    private(set) var readers: [Reader] = []
    /// What was committed and not told yet, in order.
    private var notices: [() -> Void] = []
    private let names: [LogName]
    private let faultPercent: Int
    private(set) var eventCount = 0
    private(set) var conflated = 0

    init(seed: UInt64) {
        self.seed = seed
        random = SpreadSource(seed: seed)
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
        let jobs = (0..<3).map { LogName.job(JobID(trusted: "j\($0)")) }
        names = jobs + [.news, .talk]
    }

    private var store: TestStore { fixture.store }
    private var hub: StreamHub { fixture.hub }
    private var output: TestOutput { fixture.output }

    mutating func run(steps: Int) {
        for _ in 0..<steps { step() }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: commit()
        case 25..<29: changeState()
        case 29..<32: end()
        case 32..<35: trim()
        case 35..<37: remove()
        case 37..<50: tell()
        case 50..<58: open()
        case 58..<63: if let reader = anyReader() { fixture.stall(reader) }
        case 63..<68: if let reader = anyReader() { fixture.unstall(reader) }
        case 68..<72: if let reader = anyReader() { fixture.drainOnce(reader) }
        case 72..<74: leave()
        case 74..<84: answer()
        case 84..<86: store.refusesQuestions = chance(30)
        case 86..<90: fixture.pass(ms: UInt64.random(in: 10..<400, using: &random))
        default: hub.flush()
        }
    }

    // MARK: The journal's part: the store has it at once, the hub is told later

    private mutating func commit() {
        let name = names.randomElement(using: &random)!
        let run = store.run(name) ?? create(name)
        guard !run.hasEnded else {
            if chance(20) { _ = create(name) }
            return
        }
        var records: [EventRecord] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let event = chance(60) ? "progress" : "step"
            let bytes = chance(10) ? Int.random(in: 0..<3000, using: &random) : 5
            records.append(store.append(event, "\"\(String(repeating: "x", count: bytes))\"", to: run))
        }
        let hub = hub
        notices.append { hub.commitEvents(name, run.ref, run.epoch, records) }
    }

    private mutating func create(_ name: LogName) -> TestStore.Run {
        let run = store.create(name)
        if case .job = name { noteState(name, run, "queued") }
        return run
    }

    private mutating func noteState(_ name: LogName, _ run: TestStore.Run, _ word: String) {
        run.snapshot = Array("{\"state\":\"\(word)\",\"n\":1\(UInt16.random(in: 0..<999, using: &random))}".utf8)
        let (extent, snapshot, hub) = (run.extent, run.snapshot, hub)
        notices.append { hub.statusChanged(name, extent) { snapshot } }
    }

    private mutating func changeState() {
        let name = names[Int.random(in: 0..<3, using: &random)]
        guard let run = store.run(name), !run.hasEnded else { return }
        noteState(name, run, "in_progress")
    }

    private mutating func end() {
        let name = names[Int.random(in: 0..<3, using: &random)]
        guard let run = store.run(name), !run.hasEnded else { return }
        let event = store.append("completed", "{}", to: run)
        run.hasEnded = true
        let hub = hub
        // One commit tells both, in either order, and nothing comes between them.
        let told = notices.count
        noteState(name, run, "completed")
        let status = notices.removeLast()
        let stateFirst = chance(50)
        precondition(notices.count == told)
        notices.append {
            if stateFirst { status() }
            hub.commitEvents(name, run.ref, run.epoch, [event])
            if !stateFirst { status() }
        }
    }

    private mutating func trim() {
        let name = names.randomElement(using: &random)!
        guard let run = store.run(name), run.trimmedThrough < run.events.count else { return }
        run.trimmedThrough = Int64.random(in: run.trimmedThrough...Int64(run.events.count), using: &random)
        let (through, hub) = (run.trimmedThrough, hub)
        notices.append { hub.logTrimmed(name, run.ref, through: through) }
    }

    private mutating func remove() {
        let name = names.randomElement(using: &random)!
        guard let run = store.run(name) else { return }
        if case .job = name, !run.hasEnded { return }
        run.isRemoved = true
        store.names[name] = nil
        let hub = hub
        notices.append { hub.logRemoved(name, run.ref) }
    }

    private mutating func tell() {
        let count = min(notices.count, Int.random(in: 1...5, using: &random))
        for notice in notices.prefix(count) { notice() }
        notices.removeFirst(count)
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
        for notice in notices { notice() }
        notices = []
        store.refusesQuestions = false
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
