import MillstreamJSON

// Event data of an exact size: an object whose last member `pad` fills it up. Pure.

enum PaddedObject {
    /// The object that `write` writes and `"pad":"xxx…"`, together exactly `byteCount` bytes of JSON; when the object without any
    /// `x` is longer than that, just it.
    static func make(byteCount: Int, _ write: (inout JSONWriter) -> Void) -> JSONText {
        // A little more than what comes: the writer wants room for the most that a token may take.
        var writer = JSONWriter(reserving: max(byteCount, 128) + 8)
        writer.beginObject()
        write(&writer)
        writer.name(plain: "pad")
        writer.beginPlainString()
        let end = #""}"#.utf8.count
        pad(&writer, by: byteCount - writer.byteCount - end)
        writer.endPlainString()
        writer.endObject()
        return writer.finish()
    }

    /// From one piece of memory for all events: a string of repeated characters grows by one at a time, which took more of a worker's
    /// time than all else in an event.
    private static func pad(_ writer: inout JSONWriter, by count: Int) {
        var rest = count
        while rest > 0 {
            let length = min(rest, filling.count)
            filling.withUnsafeBufferPointer { writer.appendPlain(UnsafeBufferPointer(rebasing: $0[..<length])) }
            rest -= length
        }
    }

    private static let filling = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
}
