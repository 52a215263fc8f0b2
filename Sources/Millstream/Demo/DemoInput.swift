import MillstreamJSON
import MillstreamRuntime

// Reads the input of a demo job: an object whose members all have defaults. What is unknown, of another type or out of range fails
// the job with code `input` and says what was wrong; another attempt would not help.

struct DemoInput {
    private let members: [(name: String, value: JSONText)]

    /// - Parameters:
    ///   - input: an object, or null for all defaults.
    ///   - known: the members that there are.
    init(_ input: JSONText, known: [String]) throws(JobFailure) {
        guard !input.isNull else {
            members = []
            return
        }
        do throws(JSONSyntaxError) {
            members = try input.members()
        } catch {
            throw Self.refusal("the input must be an object whose members are named once")
        }
        if let stranger = members.first(where: { !known.contains($0.name) }) {
            let list = known.joined(separator: ", ")
            throw Self.refusal("unknown member \"\(stranger.name.prefix(64))\"; there are \(list)")
        }
    }

    func int(_ name: String, default value: Int, in range: ClosedRange<Int>) throws(JobFailure) -> Int {
        guard let given = self.value(of: name) else { return value }
        guard let number = given.intValue, range.contains(number) else {
            throw Self.refusal("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func double(_ name: String, default value: Double, in range: ClosedRange<Double>) throws(JobFailure) -> Double {
        guard let given = self.value(of: name) else { return value }
        guard let number = given.doubleValue, range.contains(number) else {
            throw Self.refusal("\(name) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func bool(_ name: String, default value: Bool) throws(JobFailure) -> Bool {
        guard let given = self.value(of: name) else { return value }
        guard let answer = given.boolValue else { throw Self.refusal("\(name) must be true or false") }
        return answer
    }

    /// Nil when it is absent or null.
    func optionalInt(_ name: String, in range: ClosedRange<Int>) throws(JobFailure) -> Int? {
        value(of: name) == nil ? nil : try int(name, default: 0, in: range)
    }

    /// Nil when it is absent or null.
    func optionalString(_ name: String) throws(JobFailure) -> String? {
        guard let given = value(of: name) else { return nil }
        guard let text = given.stringValue else { throw Self.refusal("\(name) must be a string") }
        return text
    }

    static func refusal(_ message: String) -> JobFailure {
        JobFailure(code: "input", message: message, isRetryable: false)
    }

    /// A member that is null counts as absent.
    private func value(of name: String) -> JSONText? {
        members.first { $0.name == name && !$0.value.isNull }?.value
    }
}
