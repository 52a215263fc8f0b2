// Which log's recent events go first, and how much all of them hold.

import MillstreamJSON
import MillstreamJournal
import Testing

@testable import MillstreamStreams

@Suite struct RecentLogsTests {
    private let epoch: Epoch

    init() throws {
        epoch = try #require(Epoch("e1"))
    }

    private func makeLogs(_ count: Int) -> [LiveLog?] {
        (0..<count).map { LiveLog(name: .channel("c\($0)"), index: UInt32($0), run: 1) }
    }

    private func give(_ log: LiveLog, _ size: Int) {
        let data = JSONText(trusted: Array("\"\(String(repeating: "x", count: size))\"".utf8))
        let event = EventRecord(
            sequence: log.recent.last + 1, name: "step", data: data, time: Timestamp(milliseconds: 0))
        var texts = CommitTexts()
        texts.append(log.name, LogRef(1), epoch, [event])
        texts.withPieces { _ = log.append($0.runs[0], $0) }
    }

    @Test func ofAFewLogsTheOneThatGotNothingForLongestGoes() throws {
        let logs = makeLogs(RecentLogs.sampleCount)
        var recent = RecentLogs()
        let none = recent.oldest(in: logs)
        #expect(none == nil)
        for index in [3, 0, 5, 3, 1, 0] {
            let log = try #require(logs[index])
            give(log, 10)
            recent.touch(log, in: logs)
        }
        for expected in [5, 3, 1, 0] {
            let found = recent.oldest(in: logs)
            let oldest = try #require(found)
            #expect(oldest.index == expected)
            recent.remove(oldest, in: logs)
        }
        let rest = recent.oldest(in: logs)
        #expect(recent.heldBytes == 0 && rest == nil)
    }

    /// A log that gets events all the time is never in the way of one that does not: of many, one of the oldest goes.
    @Test func aBusyLogStays() throws {
        let logs = makeLogs(100)
        var recent = RecentLogs()
        for log in logs.compactMap({ $0 }) {
            give(log, 10)
            recent.touch(log, in: logs)
        }
        let busy = try #require(logs[50])
        for _ in 0..<90 {
            recent.touch(busy, in: logs)
            let found = recent.oldest(in: logs)
            let oldest = try #require(found)
            #expect(oldest.index != 50)
            recent.remove(oldest, in: logs)
        }
    }

    @Test(arguments: 1...20) func whatIsHeldIsTheSumOverItsLogs(seed: UInt64) throws {
        var random = SpreadSource(seed: seed)
        let logs = makeLogs(30)
        var recent = RecentLogs()
        var held: [UInt32: Int] = [:]
        for _ in 0..<500 {
            let log = try #require(logs.randomElement(using: &random) ?? nil)
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                recent.remove(log, in: logs)
                log.recent = EncodedEvents()
                held[log.index] = nil
            case 1:
                if let oldest = recent.oldest(in: logs) {
                    #expect(held[oldest.index] != nil)
                    recent.remove(oldest, in: logs)
                    oldest.recent = EncodedEvents()
                    held[oldest.index] = nil
                } else {
                    #expect(held.isEmpty)
                }
            case 2:
                log.recent.shrink(toBytes: Int.random(in: 0...2_000, using: &random))
                recent.touch(log, in: logs)
                held[log.index] = log.recent.isEmpty ? nil : log.recent.heldBytes + LiveLog.overheadBytes
            default:
                give(log, Int.random(in: 0...400, using: &random))
                recent.touch(log, in: logs)
                held[log.index] = log.recent.heldBytes + LiveLog.overheadBytes
            }
            #expect(recent.heldBytes == held.values.reduce(0, +))
        }
    }
}
