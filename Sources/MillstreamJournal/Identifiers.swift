// The names by which jobs, logs and events are known outside and inside. Plain values, used on every thread.

/// The public name of a job: `[A-Za-z0-9._-]{1,64}`, the caller's own or made by the server.
public struct JobID: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// Nil when the text is not 1 to 64 characters out of `[A-Za-z0-9._-]`, or is `.` or `..`, which clients take out of a URL.
    public init?(_ text: String) {
        guard Self.isName(text, maxLength: 64), text != ".", text != ".." else { return nil }
        self.text = text
    }

    /// A name that was checked before it was stored.
    public init(trusted text: String) {
        self.text = text
    }

    public var description: String { text }

    /// Whether the text has 1 to `maxLength` characters, all out of `[A-Za-z0-9._-]`.
    public static func isName(_ text: String, maxLength: Int) -> Bool {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= maxLength else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x5F, 0x2D: true
            default: false
            }
        }
    }
}

/// Names of channels: `[A-Za-z0-9._-]{1,128}`, neither `.` nor `..`.
public enum ChannelName {
    /// Whether the text is such a name, and neither `.` nor `..`, which clients take out of a URL: nobody could publish to them.
    public static func isValid(_ text: String) -> Bool {
        JobID.isName(text, maxLength: 128) && text != "." && text != ".."
    }
}

/// The number of a log in the store, never reused. A new run of a job under an old id gets a new one.
public struct LogRef: Hashable, Sendable, Comparable {
    public let number: Int64

    public init(_ number: Int64) {
        self.number = number
    }

    public static func < (one: LogRef, other: LogRef) -> Bool { one.number < other.number }
}

/// The public name of a log: that of a job, or of a channel.
public enum LogName: Hashable, Sendable, CustomStringConvertible {
    case job(JobID)
    /// `[A-Za-z0-9._-]{1,128}`.
    case channel(String)

    /// `job:ID` or `channel:NAME`, the form of the member `source` on a stream of several logs.
    public var description: String {
        switch self {
        case .job(let id): "job:\(id.text)"
        case .channel(let name): "channel:\(name)"
        }
    }
}

/// Tells a log from an earlier one of the same name: 1 to 12 characters out of `[a-z0-9]`.
public struct Epoch: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    public init?(_ text: String) {
        let bytes = text.utf8
        guard (1...12).contains(bytes.count) else { return nil }
        guard bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }) else { return nil }
        self.text = text
    }

    /// Six random characters: 31 bits, enough to tell the runs of one name apart.
    public static func random(using generator: inout some RandomNumberGenerator) -> Epoch {
        let digits = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let bytes = (0..<6).map { _ in digits[Int.random(in: 0..<36, using: &generator)] }
        return Epoch(String(decoding: bytes, as: UTF8.self))!
    }

    public var description: String { text }
}

/// The `id:` of an event: `<epoch>-<seq>`. As a reader's cursor it names the last event that the reader has;
/// sequence 0 is the place before the first event.
public struct EventID: Hashable, Sendable, CustomStringConvertible {
    public let epoch: Epoch
    public let sequence: Int64

    public init(epoch: Epoch, sequence: Int64) {
        self.epoch = epoch
        self.sequence = sequence
    }

    /// Nil when the text has another form, or a number that does not fit 18 digits.
    public init?(_ text: some StringProtocol) {
        guard let dash = text.firstIndex(of: "-") else { return nil }
        let digits = text[text.index(after: dash)...]
        guard let epoch = Epoch(String(text[..<dash])), (1...18).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let sequence = Int64(digits)
        else { return nil }
        self.init(epoch: epoch, sequence: sequence)
    }

    public var description: String { "\(epoch.text)-\(sequence)" }
}
