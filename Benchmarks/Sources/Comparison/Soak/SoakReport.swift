import Load

/// What a soak found: the generator's report with a member `soak` more, so that whatever reads such reports reads this one. Written as
/// JSON by `compare soak`.
package struct SoakReport: Codable, Sendable, Equatable {
    package var load: LoadReport
    package var soak: SoakVerdict

    private enum CodingKeys: String, CodingKey { case soak }

    init(load: LoadReport, soak: SoakVerdict) {
        self.load = load
        self.soak = soak
    }

    package init(from decoder: any Decoder) throws {
        load = try LoadReport(from: decoder)
        soak = try decoder.container(keyedBy: CodingKeys.self).decode(SoakVerdict.self, forKey: .soak)
    }

    package func encode(to encoder: any Encoder) throws {
        try load.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(soak, forKey: .soak)
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
