import Foundation

/// The files that a comparison needs and makes.
package struct Workbench: Sendable {
    package let repository: URL
    /// `sse-load`.
    package let generator: URL
    package let scenarios: URL
    /// Results, and everything that the servers write, so that the disk that is probed is the one that they use.
    package let output: URL

    package init(repository: URL, generator: URL, output: URL) {
        self.repository = repository
        self.generator = generator
        self.output = output
        scenarios = repository.appendingPathComponent("Benchmarks/Scenarios")
    }

    package var resultsFile: URL { output.appendingPathComponent("results.json") }

    /// Where a comparison and a soak write when nobody says where: on the repository's disk, and out of git.
    package static let outputBelowRepository = ".build/comparison"
    package static let soakBelowRepository = ".build/soak"

    /// The repository's root, from a directory inside it.
    package static func repository(from directory: URL) throws -> URL {
        var candidate = directory.standardizedFileURL
        while candidate.path != "/" {
            let marker = candidate.appendingPathComponent("Benchmarks/Scenarios").path
            if FileManager.default.fileExists(atPath: marker) { return candidate }
            candidate.deleteLastPathComponent()
        }
        throw RunnerError("run this inside Millstream's repository, or name it with --repository")
    }

    static let scratch = "scratch"

    /// An empty directory that is gone when `body` is done.
    func withScratch<Result>(_ name: String, _ body: (URL) throws -> Result) throws -> Result {
        let directory = output.appendingPathComponent("\(Self.scratch)/\(name)")
        try? FileManager.default.removeItem(at: directory)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(directory)
    }
}
