import Foundation
import Load

// What goes beside the page for everybody: the same figures, and in the command lines nothing of where somebody keeps the repository or
// the output. Pure.

enum Publishing {
    private static let output = "OUT"
    /// Folders of the repository that a command may name.
    private static let folders = ["/Benchmarks/", "/.build/", "/Config/"]

    /// `/home/me/millstream/.build/release/millstream` becomes `.build/release/millstream`, what a run wrote `OUT/scratch/…`, and an
    /// absolute directory behind `--out` becomes `OUT`. Relative paths and those of the system stay.
    static func shortened(_ command: [String]) -> [String] {
        command.enumerated().map { place, word in
            let isOutput = place > 0 && command[place - 1] == "--out"
            return word.hasPrefix("/") ? isOutput ? output : shortened(word) : word
        }
    }

    private static func shortened(_ path: String) -> String {
        if let scratch = path.range(of: "/\(Workbench.scratch)/") { return output + path[scratch.lowerBound...] }
        let places = folders.compactMap { path.range(of: $0)?.lowerBound }
        guard let first = places.min() else { return path }
        return String(path[path.index(after: first)...])
    }
}

extension LoadReport {
    fileprivate var published: LoadReport {
        var report = self
        report.command = Publishing.shortened(command)
        return report
    }
}

extension Results {
    package var published: Results {
        var results = self
        results.command = Publishing.shortened(command)
        for index in results.measurements.indices {
            let run = results.measurements[index]
            results.measurements[index].serverCommand = Publishing.shortened(run.serverCommand)
            results.measurements[index].loadCommand = Publishing.shortened(run.loadCommand)
            results.measurements[index].report = run.report?.published
        }
        return results
    }
}

extension SoakReport {
    package var published: SoakReport {
        var soak = self
        soak.load = load.published
        soak.soak.server.command = Publishing.shortened(self.soak.server.command)
        return soak
    }
}
