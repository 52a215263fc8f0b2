import Foundation
import Load

/// What a soak found: the generator's report with some members more, `soak` first of all, so that whatever reads such reports reads this
/// one. Written as JSON by `compare soak`.
package struct SoakReport: Codable, Sendable, Equatable {
    package var load: LoadReport
    package var soak: SoakVerdict
    /// What was loaded. This and all that follows is nil in files from before it was recorded.
    package var revision: Revision?
    package var host: Host?
    /// Of the time that the cores asked for during the load, what the host took away: 0 to 1.
    package var stolenShare: Double?
    /// What the slowest flush of the disk took meanwhile, ms, and one on average (``DiskFlushes``); nil also where the kernel does not tell.
    package var slowestFlushMs: Double?
    package var meanFlushMs: Double?

    private enum CodingKeys: String, CodingKey {
        case soak, revision, host, stolenShare, slowestFlushMs, meanFlushMs
    }

    init(load: LoadReport, soak: SoakVerdict) {
        self.load = load
        self.soak = soak
    }

    package init(from decoder: any Decoder) throws {
        load = try LoadReport(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        soak = try container.decode(SoakVerdict.self, forKey: .soak)
        revision = try container.decodeIfPresent(Revision.self, forKey: .revision)
        host = try container.decodeIfPresent(Host.self, forKey: .host)
        stolenShare = try container.decodeIfPresent(Double.self, forKey: .stolenShare)
        slowestFlushMs = try container.decodeIfPresent(Double.self, forKey: .slowestFlushMs)
        meanFlushMs = try container.decodeIfPresent(Double.self, forKey: .meanFlushMs)
    }

    package func encode(to encoder: any Encoder) throws {
        try load.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(soak, forKey: .soak)
        try container.encodeIfPresent(revision, forKey: .revision)
        try container.encodeIfPresent(host, forKey: .host)
        try container.encodeIfPresent(stolenShare, forKey: .stolenShare)
        try container.encodeIfPresent(slowestFlushMs, forKey: .slowestFlushMs)
        try container.encodeIfPresent(meanFlushMs, forKey: .meanFlushMs)
    }

    package static func read(_ file: URL) throws -> SoakReport {
        try LoadReport.decoder().decode(SoakReport.self, from: Data(contentsOf: file))
    }

    /// On one line: 1,800 samples are read by nobody, and take a third of the room so.
    package func write(to file: URL) throws {
        let encoder = LoadReport.encoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: file, options: .atomic)
    }

    package var picture: Drawing? { Picture.soak(load)?.drawing }
}

package struct SoakVerdict: Codable, Sendable, Equatable {
    package var passed: Bool
    package var findings: [SoakFinding]
    package var limits: SoakLimits
    package var server: SoakedServer
}

/// One thing that was looked at.
package struct SoakFinding: Codable, Sendable, Equatable {
    package var name: String
    /// In words and figures, with the limit.
    package var text: String
    package var holds: Bool
    /// False: told, and no reason to fail.
    package var isJudged: Bool
    package var trend: Trend?

    package var line: String { "\(holds ? "ok    " : isJudged ? "FAILED" : "note  ") \(name): \(text)" }
}

/// What the server looked like around the load.
package struct SoakedServer: Codable, Sendable, Equatable {
    package var command: [String]
    package var descriptorsBefore: Int
    /// Some time after the last stream was gone.
    package var descriptorsAfter: Int
    /// Lines of its log of level error and above, the first ones.
    package var errorLines: [String]
    package var errorCount: Int
    package var warningCount: Int
    /// It ended before it was asked to: how.
    package var endedByItself: String?
    /// How it ended when it was asked to.
    package var ending: String
    package var endedCleanly: Bool
}
