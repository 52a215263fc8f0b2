import Foundation
import Load

/// One comparison, whole: what was measured, where and how, and every run with all that the generator said. The page is made from
/// this file alone. Written anew after each measurement, so that an aborted comparison keeps what it has.
package struct Results: Codable, Sendable, Equatable {
    /// The command that makes it again.
    package var command: [String]
    package var startedAt: String
    package var finishedAt: String?
    package var rounds: Int
    /// Shrunk scenarios: proves that everything works and says nothing of speed.
    package var isQuick: Bool
    /// Whether the cores were kept from halting (``AwakeCores``); nil in files from before that could be.
    package var isKeptAwake: Bool?
    package var host: Host
    package var revision: Revision
    package var disk: DiskProbe
    /// What was compared, by the names in `measurements`.
    package var servers: [ServerFacts]
    package var binary: BinaryFacts?
    package var measurements: [MeasuredRun]

    package static func read(_ file: URL) throws -> Results {
        try LoadReport.decoder().decode(Results.self, from: Data(contentsOf: file))
    }

    package func write(to file: URL) throws {
        try LoadReport.encoder().encode(self).write(to: file, options: .atomic)
    }

    package func runs(of scenario: String, by server: String) -> [MeasuredRun] {
        measurements.filter { $0.scenario == scenario && $0.server == server }.sorted { $0.round < $1.round }
    }
}

package struct ServerFacts: Codable, Sendable, Equatable {
    package var name: String
    package var title: String
    package var version: String
}

/// One server under one scenario in one round.
package struct MeasuredRun: Codable, Sendable, Equatable {
    package var scenario: String
    package var server: String
    /// From 1.
    package var round: Int
    package var startedAt: String
    /// /proc/loadavg right before: somebody else's work on the machine shows here.
    package var loadAverage: String
    package var serverCommand: [String]
    package var serverCores: CoreSet
    package var loadCommand: [String]
    package var loadCores: CoreSet
    /// Names of the server's threads, as `report.phases[].server_cpu_by_thread` uses them.
    package var threads: [String]
    package var wallS: Double
    /// Of the time that the server's and the generator's cores asked for, what the host took away: 0 to 1.
    package var stolenShare: Double?
    /// What the slowest flush of the disk took meanwhile, ms (``DiskFlushes``); nil where the kernel does not tell.
    package var slowestFlushMs: Double?
    /// And what one took on average, ms.
    package var meanFlushMs: Double?
    /// Nil when it failed, and for `start`.
    package var report: LoadReport?
    /// For `start` only: from exec to the first 200, ms, one for each start.
    package var startsMs: [Double]?
    /// In words, with the end of the server's or generator's output; nil when all went well.
    package var failure: String?
}
