import Dispatch
import MillstreamJSON
import MillstreamJournal
import MillstreamLoop
import Testing

@testable import MillstreamRuntime

// Throttle, tail, back-off, and what /proc says.

struct SmallPartsTests {
    @Test func theThrottleLetsABurstPassAndThenARate() {
        let start = MonotonicTime(nanoseconds: 1_000_000_000)
        var throttle = LineThrottle(burst: 3, perSecond: 10, now: start)
        let first = (0..<5).map { _ in throttle.allows(now: start) }
        #expect(first == [true, true, true, false, false])
        let (suppressed, rest) = (throttle.takeSuppressed(), throttle.takeSuppressed())
        #expect(suppressed == 2 && rest == 0)
        let after100Ms = (0..<2).map { _ in throttle.allows(now: start.advanced(byMs: 100)) }
        #expect(after100Ms == [true, false])
        // A clock that seems to go back gives nothing and takes nothing.
        let earlier = throttle.allows(now: start)
        #expect(!earlier)
        let later = (0..<10).filter { _ in throttle.allows(now: start.advanced(byMs: 60_000)) }
        #expect(later.count == 3)
    }

    @Test func theTailKeepsTheLastLinesWithinItsBytes() {
        var tail = LineTail(maxLines: 3, maxBytes: 10)
        for line in ["one", "two", "three", "four"] { tail.append(line) }
        #expect(tail.lines == ["three", "four"])
        tail.append(String(repeating: "x", count: 50))
        #expect(tail.lines == [String(repeating: "x", count: 10)])
        tail.append("ééééééé")
        #expect(tail.lines == ["ééééé"])
    }

    @Test func theBackoffDoublesToItsBound() {
        var backoff = LaneBackoff(firstMs: 50, maxMs: 1000)
        let pauses = (0..<7).map { _ in backoff.next() }
        #expect(pauses == [50, 100, 200, 400, 800, 1000, 1000])
        backoff.reset()
        let again = backoff.next()
        #expect(again == 50)
    }

    @Test func aCommitEndsThePauseOfCommitsAndNotThatOfReads() {
        var limits = LaneLimits()
        limits.firstRetryMs = 50
        limits.maxRetryMs = 1000
        let fault = JournalError(.io, "the test says so")
        let now = MonotonicTime(nanoseconds: 1_000_000_000)
        var health = LaneHealth(limits: limits)
        for pauseMs in [50, 100, 200] {
            health.didFailCommit(fault, at: now)
            #expect(health.retryAt == now.advanced(byMs: pauseMs))
        }
        #expect(health.isFaulty && health.published(lastingFault: nil) == .faulty(fault))
        health.didCommit()
        #expect(!health.isFaulty && health.retryAt < now)
        health.didFailCommit(fault, at: now)
        #expect(health.retryAt == now.advanced(byMs: 50), "from the first pause again")
        health.didCommit()
        health.didFailRead(fault, at: now)
        health.didCommit()
        #expect(!health.isFaulty && health.published(lastingFault: nil) == .faulty(fault))
        #expect(health.retryAt == now.advanced(byMs: 1000))
        health.didRead()
        #expect(health.published(lastingFault: nil) == .ok)
    }

    @Test func aProgramsNameWithParenthesesDoesNotConfuseItsIdentity() {
        let stat = "42 (a) b) R (x) S 1 77 78 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 123456 1 1"
        let identity = ProcessIdentity(stat: Array(stat.utf8))
        #expect(identity?.group == 77 && identity?.session == 78 && identity?.startTicks == 123_456)
        for broken in ["", "1", "1 (a)", "1 (a) S 1 2", ")", "1 (a) S x y z 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"] {
            #expect(ProcessIdentity(stat: Array(broken.utf8)) == nil)
        }
    }

    @Test func aLineIsCutToTheBytesOfItsEvent() throws {
        for text in [String(repeating: "a", count: 300), String(repeating: "\"\u{1}\u{1F600}é", count: 80)] {
            for maxBytes in 64...300 {
                let line = OutputLine(bytes: Array(text.utf8))
                let data = WorkerLine.cutLog(stream: "stdout", line, toBytes: maxBytes)
                #expect(data.bytes.count <= maxBytes)
                let kept = try #require(data.member("line")?.stringValue)
                #expect(text.hasPrefix(kept) && data.member("truncated")?.boolValue == true)
            }
        }
    }

    @Test func whoFindsAllHandlerThreadsAtWorkIsCounted() async {
        let executor = HandlerExecutor(threads: 1)
        let release = DispatchSemaphore(value: 0)
        let isAtWork = DispatchSemaphore(value: 0)
        let first = Task(executorPreference: executor) {
            isAtWork.signal()
            release.wait()
        }
        DispatchQueue.global().sync { isAtWork.wait() }
        #expect(executor.waited == 0)
        let second = Task(executorPreference: executor) {}
        #expect(executor.waited == 1)
        release.signal()
        await first.value
        await second.value
    }

    @Test func linesOfOtherEncodingsAndShapesAreLogsOrEvents() {
        let draft = { (text: String) in WorkerLine.draft(OutputLine(bytes: Array(text.utf8))) }
        #expect(draft(#"{"event":"a","data":"x"}"#) == ("a", .string("x")))
        #expect(draft(#"{"event":"a","event":"b"}"#).name == "a")
        #expect(draft(#"{"event":"gap"}"#).name == "log")
        #expect(draft(#"["event"]"#).name == "log")
        #expect(draft(#"{"event":"a"} trailing"#).name == "log")
        #expect(draft(#"{"\u0065vent":"a"}"#).name == "a")
        #expect(WorkerLine.draft(OutputLine(bytes: Array(#"{"event":"a"}"#.utf8), isTruncated: true)).name == "log")
    }
}
