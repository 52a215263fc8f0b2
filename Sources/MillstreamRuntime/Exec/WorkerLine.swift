import MillstreamJSON
import MillstreamJournal

// What a line of a program's standard output means, and how lines become `log` events. Pure functions.

enum WorkerLine {
    /// An event of the program when the line is an object with a string `event` that a worker may use; else a `log` event.
    static func draft(_ line: OutputLine) -> (name: String, data: JSONText) {
        guard !line.isTruncated, let object = parse(line), let name = object.member("event")?.stringValue,
            EventName.isValid(name), !EventName.reserved.contains(name)
        else { return (logName, log(stream: "stdout", line)) }
        return (name, object.member("data") ?? .null)
    }

    static let logName = "log"

    /// `{"stream":…,"line":…}`, and `"truncated":true` for a line that was cut.
    static func log(stream: String, _ line: OutputLine) -> JSONText {
        JSONText.object { writer in
            writer.member("stream", stream)
            writer.member("line", line.text)
            if line.isTruncated { writer.member("truncated", true) }
        }
    }

    /// Tells of lines that were left out.
    static func suppressedLog(stream: String, count: Int) -> JSONText {
        JSONText.object { writer in
            writer.member("stream", stream)
            writer.member("line", count == 1 ? "(1 line was left out)" : "(\(count) lines were left out)")
            writer.member("suppressed", count)
        }
    }

    private static func parse(_ line: OutputLine) -> JSONText? {
        // Most lines that are no events do not even look like one.
        guard line.bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "{") else { return nil }
        if let object = try? JSONText(validating: line.bytes) { return object }
        // A program with another encoding than UTF-8 still means an event.
        let repaired = Array(line.text.utf8)
        return repaired == line.bytes ? nil : try? JSONText(validating: repaired)
    }
}
