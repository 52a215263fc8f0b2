import Foundation
import Load

/// What is measured in which order. Pure.
package struct RunPlan: Sendable {
    package struct Step: Sendable, Equatable {
        package var scenario: String
        package var round: Int
        package var server: String
    }

    package let steps: [Step]

    /// Servers of one scenario and round follow each other, so that those that are divided by each other share the machine's mood. In
    /// every second round they come in reverse: what drifts with time then weighs on none of them.
    package init(
        scenarios: [String], rounds: Int, servers: [String], runs: (_ server: String, _ scenario: String) -> Bool
    ) {
        steps = scenarios.flatMap { scenario in
            (1...max(rounds, 1)).flatMap { round in
                (round % 2 == 1 ? servers : servers.reversed()).filter { runs($0, scenario) }
                    .map { Step(scenario: scenario, round: round, server: $0) }
            }
        }
    }
}
