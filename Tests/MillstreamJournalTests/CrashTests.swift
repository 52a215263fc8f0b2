// kill -9 of a process that writes: what it acknowledged is there, each batch is there whole or not at all, and the journal is
// sound. The writer is the executable JournalCrashWriter, built beside the tests.

import Foundation
import MillstreamJournal
import MillstreamJournalSQLite
import Testing

@Suite struct CrashTests {
    @Test(arguments: [Synchronous.off, .full])
    func whatAKilledWriterAcknowledgedIsThereInWholeBatches(_ synchronous: Synchronous) throws {
        try TemporaryDirectory.with { directory in
            var epochs: Set<Epoch> = []
            for round in 1...6 {
                let acknowledged = try CrashWriter.run(directory.journal, synchronous, batches: round * 15)
                let inspection = try JournalInspection(path: directory.journal)
                var report: [String] = []
                try inspection.check { report.append($0.description) }
                #expect(report == [])
                #expect(try !inspection.wasClean)
                var last: (batch: Int, index: Int, of: Int) = (0, 0, 0)
                try inspection.dump(.channel("log")) { event in
                    let members = ["batch", "index", "of"].map { event.data.member($0)?.intValue ?? -1 }
                    if members[1] == 0 {
                        #expect(last.index == last.of, "batch \(last.batch) is there in part")
                        #expect(members[0] == last.batch + 1)
                    } else {
                        #expect(members[0] == last.batch && members[1] == last.index)
                    }
                    last = (members[0], members[1] + 1, members[2])
                }
                #expect(last.index == last.of)
                // One batch may have been stored whose acknowledgement the kill cut off.
                #expect(last.batch == acknowledged || last.batch == acknowledged + 1)
                #expect(try inspection.reader.job(JobID("crash")!)?.revision == Int64(last.batch))
                epochs.insert(try #require(try inspection.reader.channel("log")).epoch)
                inspection.close()
            }
            // Seen after each kill: the first run's own epoch, then one for each unclean start.
            #expect(epochs.count == (synchronous == .full ? 1 : 6))
        }
    }
}

/// One run of the writer, killed after so many batches, at whatever it does then.
enum CrashWriter {
    /// - Returns: the number of the last batch that it acknowledged.
    static func run(_ path: String, _ synchronous: Synchronous, batches: Int) throws -> Int {
        let process = Process()
        let binary = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(filePath: binary).deletingLastPathComponent().appending(path: "JournalCrashWriter")
        process.arguments = [path, String(synchronous.rawValue)]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var output = Data()
        var killed = false
        // Ends when the killed process's end of the pipe is closed.
        while case let piece = pipe.fileHandleForReading.availableData, !piece.isEmpty {
            output += piece
            if !killed, output.count(where: { $0 == UInt8(ascii: "\n") }) >= batches {
                kill(process.processIdentifier, SIGKILL)
                killed = true
            }
        }
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
        let whole = String(decoding: output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast()
        return try #require(whole.last.flatMap { Int($0) })
    }
}
