import MillstreamJSON

// Event data of an exact size: an object whose last member `pad` fills it up. Pure.

enum PaddedObject {
    /// The object that `write` writes and `"pad":"xxx…"`, together exactly `byteCount` bytes of JSON; when the object without any
    /// `x` is longer than that, just it.
    static func make(byteCount: Int, _ write: (inout JSONWriter) -> Void) -> JSONText {
        var writer = JSONWriter(reserving: max(byteCount, 128))
        writer.beginObject()
        write(&writer)
        let frame = #","pad":""}"#.utf8.count
        let missing = byteCount - writer.byteCount - frame
        writer.member("pad", padding(max(0, missing)))
        writer.endObject()
        return writer.finish()
    }

    /// A string of so many `x`. As bytes: a Swift string of repeated characters grows by one at a time, which took more of a
    /// worker's time than all else in an event.
    private static func padding(_ count: Int) -> JSONText {
        guard count > 0 else { return noPadding }
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: count + 2)
        bytes[0] = UInt8(ascii: "\"")
        bytes[count + 1] = UInt8(ascii: "\"")
        return JSONText(trusted: bytes)
    }

    private static let noPadding = JSONText.string("")
}
