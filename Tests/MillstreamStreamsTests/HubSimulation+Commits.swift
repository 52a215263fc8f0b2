// The journal's part in a random life: what happens to jobs and channels, gathered into commits as a busy lane gathers them. The store
// has it at once, the hub is told later, a commit at a time and in order.

import MillstreamJournal

@testable import MillstreamStreams

extension HubSimulation {
    /// Mostly a thing or a few, now and then all that waited for a slow disk.
    mutating func commit() {
        let size =
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<60: 1
            case 60..<95: Int.random(in: 2...8, using: &random)
            default: Int.random(in: 2...(2 * names.count), using: &random)
            }
        // Many bring nothing but events, and those of more logs than the hub looks ahead for.
        let kinds = chance(30) ? 0..<25 : 0..<37
        var commit = TestCommit()
        for _ in 0..<size {
            switch Int.random(in: kinds, using: &random) {
            case 0..<25: append(to: &commit)
            case 25..<29: changeState(in: &commit)
            case 29..<32: end(in: &commit)
            case 32..<35: trim(in: &commit)
            default: remove(in: &commit)
            }
        }
        if commit.runCount > 1 { wideCommitCount += 1 }
        if !commit.isEmpty { commits.append(commit) }
    }

    mutating func tell() { tell(Int.random(in: 1...4, using: &random)) }

    mutating func tell(_ count: Int) {
        for commit in commits.prefix(count) { commit.tell(hub) }
        commits.removeFirst(min(commits.count, count))
    }

    // MARK: What a commit is made of

    private mutating func append(to commit: inout TestCommit) {
        let name = names.randomElement(using: &random)!
        let run = store.run(name) ?? create(name, in: &commit)
        guard !run.hasEnded else {
            if chance(20) { _ = create(name, in: &commit) }
            return
        }
        var records: [EventRecord] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let event = chance(60) ? "progress" : "step"
            let bytes = chance(10) ? Int.random(in: 0..<3000, using: &random) : 5
            records.append(store.append(event, "\"\(String(repeating: "x", count: bytes))\"", to: run))
        }
        commit.add(records, to: run, name)
    }

    private mutating func create(_ name: LogName, in commit: inout TestCommit) -> TestStore.Run {
        let run = store.create(name)
        if case .job = name { commit.add(state("queued", of: run, name)) }
        return run
    }

    private mutating func state(_ word: String, of run: TestStore.Run, _ name: LogName) -> TestCommit.Notice {
        run.snapshot = Array("{\"state\":\"\(word)\",\"n\":1\(UInt16.random(in: 0..<999, using: &random))}".utf8)
        return .status(name, run.extent, snapshot: run.snapshot)
    }

    /// Of a job that has not ended.
    private mutating func anyJob() -> (LogName, TestStore.Run)? {
        let name = names[Int.random(in: 0..<jobCount, using: &random)]
        guard let run = store.run(name), !run.hasEnded else { return nil }
        return (name, run)
    }

    private mutating func changeState(in commit: inout TestCommit) {
        guard let (name, run) = anyJob() else { return }
        commit.add(state("in_progress", of: run, name))
    }

    /// One commit tells the state and the terminal event, in either order, and nothing comes between them. The journal tells the state
    /// first, as it was before the terminal event.
    private mutating func end(in commit: inout TestCommit) {
        guard let (name, run) = anyJob() else { return }
        let isStateFirst = chance(50)
        run.hasEnded = true
        if isStateFirst { commit.add(state("completed", of: run, name)) }
        commit.add([store.append("completed", "{}", to: run)], to: run, name)
        if !isStateFirst { commit.add(state("completed", of: run, name)) }
    }

    private mutating func trim(in commit: inout TestCommit) {
        let name = names.randomElement(using: &random)!
        guard let run = store.run(name), run.trimmedThrough < run.events.count else { return }
        run.trimmedThrough = Int64.random(in: run.trimmedThrough...Int64(run.events.count), using: &random)
        commit.add(.trimmed(name, run.ref, through: run.trimmedThrough))
    }

    private mutating func remove(in commit: inout TestCommit) {
        let name = names.randomElement(using: &random)!
        guard let run = store.run(name) else { return }
        if case .job = name, !run.hasEnded { return }
        run.isRemoved = true
        store.names[name] = nil
        commit.add(.removed(name, run.ref))
    }
}
