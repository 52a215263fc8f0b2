// Reads the members of one JSON object strictly: each member is asked for by name and type, and what nobody asked for is an
// error. Unreadable things (unknown member, wrong type) are 400, refused values 422; all errors of one object come at once.

import MillstreamJSON
import MillstreamJournal

struct FieldReader {
    private let members: JSONMembers
    /// The places of the members that were asked for. No set of names: hashing them took as long as all else in a request's body.
    private var asked: [Int] = []
    private var unreadable: [Problem.FieldError] = []
    private var firstUnreadable: Problem.Code?
    private var refused: [Problem.FieldError] = []
    private var reached: ReachedLimit?
    private let prefix: String
    /// No request has so many members. One that has is not read further: each look-up passes all names, and unescapes those that
    /// need it, so 100,000 of them in one body would hold the loop, and come back as so many errors.
    static let maxMembers = 64

    init(_ text: JSONText, prefix: String = "") throws(Problem) {
        guard text.kind == .object else { throw Problem(.wrongType, prefix + "the body must be a JSON object") }
        do throws(JSONSyntaxError) {
            members = try JSONMembers(of: text, maxCount: Self.maxMembers + 1)
        } catch {
            throw Problem(.malformedJSON, prefix + error.reason)
        }
        asked.reserveCapacity(8)
        self.prefix = prefix
    }

    /// The raw value; a member that is `null` counts as absent except here.
    mutating func value(_ name: String) -> JSONText? {
        place(name).map { members.value(at: $0) }
    }

    private mutating func place(_ name: String) -> Int? {
        guard let index = members.firstIndex(of: name) else { return nil }
        if !asked.contains(index) { asked.append(index) }
        return index
    }

    private mutating func present(_ name: String) -> JSONText? {
        guard let value = value(name), !value.isNull else { return nil }
        return value
    }

    /// Texts are names of something, mostly: one that would be changed on its way in could become another's name.
    mutating func string(_ name: String) -> String? {
        guard let index = place(name), !members.isNull(at: index) else { return nil }
        guard let text = members.string(at: index) else { return wrongType(name, "must be a string") }
        // Without escapes it is as long as its literal, and nothing of it was replaced.
        if members.byteCount(at: index) != text.utf8.count + 2, members.value(at: index).hasLoneSurrogate {
            return wrongType(name, "must not hold half of a surrogate pair")
        }
        return text
    }

    mutating func integer(_ name: String) -> Int? {
        guard let value = present(name) else { return nil }
        guard let number = value.intValue else { return wrongType(name, "must be an integer") }
        return number
    }

    mutating func number(_ name: String) -> Double? {
        guard let value = present(name) else { return nil }
        guard let number = value.doubleValue else { return wrongType(name, "must be a number") }
        return number
    }

    mutating func strings(_ name: String) -> [String]? {
        guard let value = present(name) else { return nil }
        guard let elements = value.elements() else { return wrongType(name, "must be an array of strings") }
        var strings: [String] = []
        for element in elements {
            guard let text = element.stringValue else { return wrongType(name, "must be an array of strings") }
            if element.hasLoneSurrogate {
                return wrongType(name, "must not hold half of a surrogate pair")
            }
            strings.append(text)
        }
        return strings
    }

    mutating func time(_ name: String) -> Timestamp? {
        guard let text = string(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            refuse(name, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
            return nil
        }
        return time
    }

    mutating func refuse(_ name: String, _ message: String, by limit: ReachedLimit? = nil) {
        reached = reached ?? limit
        refused.append(Problem.FieldError(field: name, message: message))
    }

    mutating func missing(_ name: String) {
        unreadable.append(Problem.FieldError(field: name, message: "is missing"))
        firstUnreadable = firstUnreadable ?? .wrongType
    }

    private mutating func wrongType<Value>(_ name: String, _ message: String) -> Value? {
        unreadable.append(Problem.FieldError(field: name, message: message))
        firstUnreadable = firstUnreadable ?? .wrongType
        return nil
    }

    /// To be called last: throws when anything was wrong.
    mutating func finish() throws(Problem) {
        if members.count > Self.maxMembers { throw firstUnknown }
        if asked.count < members.count {
            for index in 0..<members.count where !asked.contains(index) {
                unreadable.append(
                    Problem.FieldError(field: members.name(at: index), message: "is not a known member"))
                firstUnreadable = firstUnreadable ?? .unknownMember
            }
        }
        let errors = unreadable.isEmpty ? refused : unreadable
        guard let first = errors.first else { return }
        var problem = Problem(firstUnreadable ?? .invalidValue, "\(prefix)\(first.field) \(first.message)")
        problem.fields = errors
        if unreadable.isEmpty { problem.limit = reached }
        throw problem
    }
    /// Of too many members. Alone: what was not found may stand among those that were not read.
    private var firstUnknown: Problem {
        let name = (0..<members.count).first { !asked.contains($0) }.map { members.name(at: $0) } ?? ""
        var problem = Problem(.unknownMember, "\(prefix)\(name) is not a known member")
        problem.fields = [Problem.FieldError(field: name, message: "is not a known member")]
        return problem
    }
}
