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

    /// A command as results tell it: below the repository from there, what is below the output by the name OUT. Where somebody keeps
    /// either is nobody's business.
    func shortened(_ command: [String]) -> [String] {
        command.map { word in
            for (directory, name) in [(output, "OUT"), (repository, ".")] {
                let prefix = directory.standardizedFileURL.path
                if word == prefix { return name }
                if word.hasPrefix(prefix + "/") { return name + word.dropFirst(prefix.count) }
            }
            return word
        }
    }

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

    /// An empty directory that is gone when `body` is done.
    func withScratch<Result>(_ name: String, _ body: (URL) throws -> Result) throws -> Result {
        let directory = output.appendingPathComponent("scratch/\(name)")
        try? FileManager.default.removeItem(at: directory)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(directory)
    }
}
