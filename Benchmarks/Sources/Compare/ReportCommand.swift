import ArgumentParser
import Comparison
import Foundation
import Load

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Makes the results page out of a results file: README.md and pictures.")

    @Argument(help: "The results.json of a run.", completion: .file())
    var results: String

    @Option(help: "The report of a soak that was run apart (compare soak).", completion: .file())
    var soak: String?

    @Option(name: .customLong("out"), help: "Directory for the page.", completion: .directory)
    var output = "Benchmarks/Results"

    func run() throws {
        let results = try Results.read(URL(fileURLWithPath: results))
        let soak = try soak.map {
            try LoadReport.decoder().decode(LoadReport.self, from: Data(contentsOf: URL(fileURLWithPath: $0)))
        }
        let directory = URL(fileURLWithPath: output)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for file in ResultsPage(results, soak: soak).files {
            let path = directory.appendingPathComponent(file.name)
            try file.text.write(to: path, atomically: true, encoding: .utf8)
            print(path.path)
        }
    }
}
