// The table of logs by their numbers, against a dictionary.

import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamStreams

@Suite struct RefTableTests {
    @Test(arguments: [1, 2, 3]) func findsWhatWasPutInAndNothingElse(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let table = RefTable()
        var model: [Int64: LiveLog] = [:]
        for _ in 0..<20_000 {
            let number = Int64(random.int(0...2_000)) + 1
            if let log = model[number] {
                #expect(table.find(LogRef(number))?.takeUnretainedValue() === log)
                if random.int(0...1) == 0 {
                    table.remove(log)
                    model[number] = nil
                }
            } else {
                #expect(table.find(LogRef(number)) == nil)
                let log = log(number)
                table.insert(log)
                model[number] = log
            }
        }
        for (number, log) in model {
            #expect(table.find(LogRef(number))?.takeUnretainedValue() === log)
        }
    }

    @Test func removingWhatIsNotThereChangesNothing() {
        let table = RefTable()
        let seven = log(7)
        table.insert(seven)
        table.remove(log(8))
        table.remove(log(7))
        table.remove(LiveLog(name: .channel("c"), index: 0, run: 1))
        #expect(table.find(LogRef(7))?.takeUnretainedValue() === seven)
    }

    @Test func ofTwoLogsWithOneNumberTheFirstStays() {
        let table = RefTable()
        let (first, second) = (log(7), log(7))
        table.insert(first)
        table.insert(second)
        table.remove(second)
        #expect(table.find(LogRef(7))?.takeUnretainedValue() === first)
        table.remove(first)
        #expect(table.find(LogRef(7)) == nil)
    }

    private func log(_ number: Int64) -> LiveLog {
        let log = LiveLog(name: .channel("c"), index: 0, run: 1)
        log.ref = LogRef(number)
        return log
    }
}
