import Foundation

/// The lines of a Millstream server's output that somebody should have a look at. It must log JSON: text of others may hold any word.
struct ServerLog: Equatable {
    private(set) var errors: [String] = []
    private(set) var warnings: [String] = []

    private struct Line: Decodable {
        var level: String
    }

    /// What is no JSON counts as an error, the line that tells the address aside: a crash writes such lines.
    init(_ output: String) {
        for line in output.split(separator: "\n") {
            guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) else {
                let isGreeting = line.hasPrefix("millstream ") && line.contains(" listening on ")
                if !isGreeting { errors.append(String(line)) }
                continue
            }
            switch entry.level {
            case "error", "critical": errors.append(String(line))
            case "warning": warnings.append(String(line))
            default: break
            }
        }
    }
}
