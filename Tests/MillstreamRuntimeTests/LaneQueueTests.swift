import Foundation
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop
import MillstreamTestSupport
import Testing

@testable import MillstreamRuntime

// The bounds of the lane's queue and the order of those who wait.

struct LaneQueueTests {
    private func emission(_ number: Int64, bytes: Int = 2) -> LaneEntry {
        let run = JobRun(ref: LogRef(number), id: JobID(trusted: "j"), attempt: 1)
        let data = JSONText(trusted: [UInt8](repeating: 0x31, count: bytes))
        return LaneEntry(.emit(run, DraftEvent(name: "e", data: data)), share: .emission)
    }

    private func refs(_ entries: [LaneEntry]) -> [Int64] {
        entries.compactMap { if case .emit(let run, _) = $0.command { run.ref.number } else { nil } }
    }

    @Test func roomIsFreeAfterTheCommitAndNotBefore() {
        var limits = LaneLimits()
        limits.maxEmissions = 2
        let queue = LaneQueue(limits: limits)
        #expect(queue.tryOffer(emission(1)) == .accepted)
        #expect(queue.tryOffer(emission(2)) == .accepted)
        #expect(queue.tryOffer(emission(3)) == nil)
        let taken = queue.take(until: .never)
        #expect(queue.tryOffer(emission(3)) == nil)
        queue.settle(taken)
        #expect(queue.tryOffer(emission(3)) == .accepted)
    }

    @Test func reportIsOwedFromTheFirstEntryToTheReportOnIt() {
        let queue = LaneQueue(limits: LaneLimits())
        #expect(!queue.owesReport)
        #expect(queue.tryOffer(emission(1)) == .accepted)
        #expect(queue.owesReport)
        let taken = queue.take(until: .never)
        #expect(queue.owesReport)
        queue.settle(taken)
        #expect(queue.owesReport)
        queue.willReport()
        #expect(!queue.owesReport)
        // What came meanwhile is the next one's.
        #expect(queue.tryOffer(emission(2)) == .accepted)
        _ = queue.take(until: .never)
        #expect(queue.tryOffer(emission(3)) == .accepted)
        queue.willReport()
        #expect(queue.owesReport)
        _ = queue.take(until: .never)
        queue.willReport()
        _ = queue.take(until: MonotonicTime(nanoseconds: 0))
        #expect(!queue.owesReport)
    }

    @Test func whoWaitsComesInFirstComeFirstServed() {
        var limits = LaneLimits()
        limits.maxEmissions = 2
        let queue = LaneQueue(limits: limits)
        let admitted = Locked<[Int64]>([])
        for number in Int64(1)...9 {
            _ = queue.offer(emission(number)) { _ in admitted.withLock { $0.append(number) } }
        }
        // A newcomer does not pass those in line, even when there is room for it.
        #expect(queue.tryOffer(emission(10)) == nil)
        var order: [Int64] = []
        while order.count < 9 {
            let batch = queue.take(until: .never)
            order += refs(batch)
            queue.settle(batch)
        }
        #expect(order == Array(1...9))
        #expect(queue.hits.emissions == 7 && queue.hits.emissionBytes == 0, "each that had to wait counts once")
        #expect(admitted.withLock { $0 } == Array(3...9))
    }

    @Test func bytesAreBoundedAndOneLargeEntryStillPasses() {
        var limits = LaneLimits()
        limits.maxEmissionBytes = 1000
        let queue = LaneQueue(limits: limits)
        #expect(queue.tryOffer(emission(1, bytes: 5000)) == .accepted)
        #expect(queue.tryOffer(emission(2)) == nil)
        queue.settle(queue.take(until: .never))
        #expect(queue.tryOffer(emission(2, bytes: 500)) == .accepted)
        #expect(queue.tryOffer(emission(3, bytes: 800)) == nil)
        let rest = 1000 - emission(2, bytes: 500).byteCount
        let overhead = emission(3, bytes: 100).byteCount - 100
        #expect(queue.tryOffer(emission(3, bytes: rest - overhead + 1)) == nil)
        #expect(queue.tryOffer(emission(3, bytes: rest - overhead)) == .accepted, "to the byte")
        #expect(queue.offer(emission(4, bytes: 1)) { _ in } == .waiting(1))
        #expect(queue.hits.emissionBytes == 1 && queue.hits.emissions == 0)
    }

    @Test func commandsOfRequestsAreBoundedInNumberAndBytes() {
        var limits = LaneLimits()
        limits.maxCallerCommands = 2
        limits.maxCallerBytes = 1000
        let queue = LaneQueue(limits: limits)
        let command = { (bytes: Int) in
            let data = JSONText.string(String(repeating: "x", count: bytes))
            return LaneEntry(.publish(.channel("c"), [DraftEvent(name: "e", data: data)]), share: .caller)
        }
        let rest = 1000 - command(500).byteCount
        let overhead = command(500).byteCount - 500
        #expect(queue.submit(command(500)))
        #expect(!queue.submit(command(rest - overhead + 1)))
        #expect(queue.hits.commandBytes == 1)
        #expect(queue.submit(command(rest - overhead)))
        #expect(!queue.submit(command(0)))
        #expect(queue.hits.commands == 1 && queue.hits.commandBytes == 1)
        queue.settle(queue.take(until: .never))
        #expect(queue.submit(command(0)))
    }

    @Test func aFloodOfEmissionsLeavesTheLoopItsShareAndItsPlace() {
        var limits = LaneLimits()
        limits.maxEmissions = 100
        limits.maxCallerCommands = 2
        limits.maxBatchCommands = 10
        let queue = LaneQueue(limits: limits)
        for number in Int64(1)...100 { #expect(queue.tryOffer(emission(number)) == .accepted) }
        let create = { (ticket: UInt64) in
            LaneEntry(.create(NewJob(kind: "k", input: .null)), share: .caller, ticket: LaneTicket(ticket))
        }
        #expect(queue.submit(create(1)) && queue.submit(create(2)) && !queue.submit(create(3)))
        let batch = queue.take(until: .never)
        #expect(batch.count == 10)
        #expect(batch.prefix(2).map { $0.ticket?.number } == [1, 2])
        #expect(refs(batch) == Array(1...8))
    }

    @Test func endsOfRunsAreNeverRefusedNorMadeToWait() {
        var limits = LaneLimits()
        limits.maxEmissions = 1
        let queue = LaneQueue(limits: limits)
        #expect(queue.tryOffer(emission(1)) == .accepted)
        let run = JobRun(ref: LogRef(1), id: JobID(trusted: "j"), attempt: 1)
        for _ in 0..<1000 { #expect(queue.post(.finish(run, .stopped))) }
        #expect(queue.take(until: .never).count == 1001)
    }

    @Test func aPlaceInTheLineCanBeGivenUp() {
        var limits = LaneLimits()
        limits.maxEmissions = 1
        let queue = LaneQueue(limits: limits)
        #expect(queue.tryOffer(emission(1)) == .accepted)
        let fate = Locked<LaneQueue.Admission?>(nil)
        guard
            case .waiting(let number) = queue.offer(
                emission(2), decided: { admission in fate.withLock { $0 = admission } })
        else {
            Issue.record("it did not wait")
            return
        }
        queue.withdraw(number)
        queue.withdraw(number)
        #expect(fate.withLock { $0 } == .withdrawn)
        queue.settle(queue.take(until: .never))
        #expect(queue.take(until: MonotonicTime.current()).isEmpty)
    }

    @Test func closingTurnsAwayWhoWaitsAndKeepsWhatIsQueued() {
        var limits = LaneLimits()
        limits.maxEmissions = 1
        let queue = LaneQueue(limits: limits)
        #expect(queue.tryOffer(emission(1)) == .accepted)
        let fate = Locked<LaneQueue.Admission?>(nil)
        _ = queue.offer(emission(2)) { admission in fate.withLock { $0 = admission } }
        queue.close()
        #expect(fate.withLock { $0 } == .closed)
        #expect(queue.tryOffer(emission(3)) == .closed)
        #expect(!queue.post(.drain) && !queue.submit(LaneEntry(.drain, share: .control)))
        #expect(refs(queue.take(until: .never)) == [1])
        #expect(queue.take(until: .never).isEmpty)
    }

    @Test func aQueueKeepsItsOrderWhenItMoves() {
        var queue = FIFO<Int>()
        var next = 0
        var expected = 0
        var random = SeededRandom(seed: 7)
        for _ in 0..<10_000 {
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                queue.append(next)
                next += 1
            }
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                guard let value = queue.popFirst() else { break }
                #expect(value == expected)
                expected += 1
            }
            #expect(queue.count == next - expected)
        }
    }

    @Test func whatIsGivenBackIsLetGoOfAfterTheNextReport() {
        final class Spent: Sendable {}
        weak var given: Spent?
        let queue = LaneQueue(limits: LaneLimits())
        do {
            let spent = Spent()
            given = spent
            queue.giveBack(spent)
        }
        #expect(queue.post(.drain))
        _ = queue.take(until: .never)
        #expect(given != nil, "not while a batch waits to be stored")
        queue.didReport()
        #expect(given == nil)
        struct Weak { weak var object: Spent? }
        let many = (0..<100).map { _ in
            let spent = Spent()
            queue.giveBack(spent)
            return Weak(object: spent)
        }
        let kept = many.count { $0.object != nil }
        #expect((1...4).contains(kept), "a few wait for the lane, the rest is let go of at once")
    }
}
