import Foundation
import Load

/// A server that can be measured: how it is started and how the generator talks to it.
package struct ServerSpec: Sendable {
    package var name: String
    /// For tables and plots.
    package var title: String
    package var dialect: Dialect
    /// Scenarios that are run on it; nil: all whose needs its dialect meets.
    package var scenarios: Set<String>?
    /// What must be there, with the command that makes it.
    package var requirements: [Requirement]
    package var environment: [String: String] = [:]
    /// The command for a port and an empty directory of its own, in which it is started.
    package var command: @Sendable (_ port: UInt16, _ directory: URL) throws -> [String]
    package var version: @Sendable () -> String
    /// A GET that is 200 once it can serve; nil: it does when it accepts connections.
    package var readyPath: String?

    package struct Requirement: Sendable, Equatable {
        package var path: String
        package var madeBy: String
    }

    /// Throws, naming the command that builds it, when something is missing.
    package func checkRequirements() throws {
        for needed in requirements where !FileManager.default.fileExists(atPath: needed.path) {
            throw RunnerError("\(title): \(needed.path) is not there; make it with: \(needed.madeBy)")
        }
    }

    package func runs(_ scenario: Scenario) -> Bool {
        dialect.capabilities.isSuperset(of: scenario.needs) && (scenarios?.contains(scenario.name) ?? true)
    }
}
