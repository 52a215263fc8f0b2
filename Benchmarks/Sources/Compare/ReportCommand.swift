import ArgumentParser
import Comparison
import Foundation

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract:
            "Makes the results page out of a results file: README.md, pictures, and the JSON that they are made from.",
        discussion: """
            In the copies of the JSON command lines have no path of this machine. Pictures of an earlier page that this one does not have are removed.
            """)

    @Argument(help: "The results.json of a run.", completion: .file())
    var results: String

    @Option(
        help: "The soak.json of `compare soak`; otherwise the one that lies in the page's directory, if there is one.",
        completion: .file())
    var soak: String?

    @Option(name: .customLong("out"), help: "Directory for the page.", completion: .directory)
    var output = "Benchmarks/Results"

    func run() throws {
        let directory = URL(fileURLWithPath: output)
        let kept = directory.appendingPathComponent("soak.json")
        let results = try Results.read(URL(fileURLWithPath: results)).published
        let soak = try (soak.map { URL(fileURLWithPath: $0) } ?? existing(kept)).map {
            try SoakReport.read($0).published
        }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let page = ResultsPage(results, soak: soak).files
        for file in page {
            let path = directory.appendingPathComponent(file.name)
            try file.text.write(to: path, atomically: true, encoding: .utf8)
            print(path.path)
        }
        for name in ResultsPage.pictureFiles.subtracting(page.map(\.name)).sorted() {
            if let picture = existing(directory.appendingPathComponent(name)) {
                try FileManager.default.removeItem(at: picture)
                print("removed \(picture.path)")
            }
        }
        try results.write(to: directory.appendingPathComponent("results.json"))
        try soak?.write(to: kept)
    }

    private func existing(_ file: URL) -> URL? { FileManager.default.fileExists(atPath: file.path) ? file : nil }
}
