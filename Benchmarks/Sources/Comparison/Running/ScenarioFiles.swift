import Foundation
import Load

package enum ScenarioFiles {
    /// All scenarios of a directory, sorted by name; a file that cannot be read is named in the error.
    package static func read(_ directory: URL) throws -> [Scenario] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".json") }
            .sorted()
        return try names.map { try read(file: directory.appendingPathComponent($0)) }
    }

    package static func read(file: URL) throws -> Scenario {
        do {
            return try JSONDecoder().decode(Scenario.self, from: Data(contentsOf: file))
        } catch {
            throw RunnerError("\(file.path): \(error)")
        }
    }
}
