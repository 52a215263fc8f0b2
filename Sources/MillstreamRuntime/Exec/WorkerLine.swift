import MillstreamJSON
import MillstreamJournal

// What a line of a program's standard output means, and how lines become `log` events. Pure functions.

enum WorkerLine {
    /// An event of the program when the line is an object with a string `event` that a worker may use; else a `log` event.
    static func draft(_ line: OutputLine) -> (name: String, data: JSONText) {
        guard !line.isTruncated, let object = parse(line), let name = object.member("event")?.stringValue,
            EventName.isValid(name), !EventName.isReserved(name)
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

    /// The same with as much of the line as makes data of at most this many bytes: what the line means is lost with its rest.
    static func cutLog(stream: String, _ line: OutputLine, toBytes maxBytes: Int) -> JSONText {
        var cut = OutputLine(bytes: Array(line.bytes.prefix(maxBytes)), isTruncated: true)
        while true {
            let data = log(stream: stream, cut)
            guard data.bytes.count > maxBytes, !cut.bytes.isEmpty else { return data }
            // In proportion, because escapes may make several bytes of one; each round takes one byte at least.
            let kept = min(cut.bytes.count - 1, cut.bytes.count * maxBytes / data.bytes.count)
            cut.bytes.removeSubrange(cut.endOfWholeCharacters(upTo: kept)...)
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
