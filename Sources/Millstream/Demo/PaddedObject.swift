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
        let missing = byteCount - writer.bytes.count - frame
        writer.member("pad", missing > 0 ? String(repeating: "x", count: missing) : "")
        writer.endObject()
        return writer.finish()
    }
}
