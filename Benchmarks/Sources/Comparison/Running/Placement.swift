/// Who runs where.
package struct Placement: Sendable, Equatable {
    package var server: CoreSet
    package var load: CoreSet

    /// The cores that any scenario uses.
    package static let all = CoreSet([0, 1])

    /// The server has core 0 for itself and the generator core 1: neither takes the other's time. Whole jobs are quoted for both cores
    /// together, as the stacks they are compared with were.
    package static func of(_ scenario: String) -> Placement {
        ScenarioNames.onBothCores.contains(scenario)
            ? Placement(server: CoreSet([0, 1]), load: CoreSet([0, 1]))
            : Placement(server: CoreSet([0]), load: CoreSet([1]))
    }
}
