// A second opinion: the standard's algorithm over the whole decoded stream at once, without bounds, and a comparison of
// events by their bytes (Swift strings compare by canonical equivalence, which would hide differences).

import MillstreamSSE

struct Bytes: Equatable {
    let id: [UInt8]
    let name: [UInt8]
    let data: [UInt8]

    init(_ event: ServerSentEvent) {
        id = Array(event.id.utf8)
        name = Array(event.name.utf8)
        data = Array(event.data.utf8)
    }
}

struct ReferenceParser {
    private(set) var events: [ServerSentEvent] = []
    private(set) var lastEventID = ""
    private(set) var reconnectionTimeMs: Int?
    private var data = String.UnicodeScalarView()
    private var name = ""
    private var id = ""

    init(_ stream: [UInt8]) {
        var scalars = String(decoding: stream, as: UTF8.self).unicodeScalars[...]
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        while let end = scalars.firstIndex(where: { $0 == "\n" || $0 == "\r" }) {
            line(scalars[..<end])
            let isPair = scalars[end...].starts(with: ["\r", "\n"])
            scalars = scalars[scalars.index(end, offsetBy: isPair ? 2 : 1)...]
        }
    }

    private mutating func line(_ line: Substring.UnicodeScalarView) {
        guard !line.isEmpty else { return dispatch() }
        guard let colon = line.firstIndex(of: ":") else { return field(String(line), [].prefix(0)) }
        if colon == line.startIndex { return }
        var value = line[line.index(after: colon)...]
        if value.first == " " { value.removeFirst() }
        field(String(line[..<colon]), ArraySlice(value))
    }

    private mutating func field(_ field: String, _ value: ArraySlice<Unicode.Scalar>) {
        let text = String(String.UnicodeScalarView(value))
        switch Array(field.utf8) {
        case Array("data".utf8): data.append(contentsOf: value + ["\n"])
        case Array("event".utf8): name = text
        case Array("id".utf8): if !value.contains("\0") { id = text }
        case Array("retry".utf8):
            if !value.isEmpty, value.allSatisfy({ ("0"..."9").contains($0) }) {
                reconnectionTimeMs = min(Int(text) ?? .max, SSEParser.maxReconnectionTimeMs)
            }
        default: break
        }
    }

    private mutating func dispatch() {
        lastEventID = id
        if !data.isEmpty {
            data.removeLast()
            events.append(ServerSentEvent(id: id, name: name.isEmpty ? "message" : name, data: String(data)))
        }
        data = String.UnicodeScalarView()
        name = ""
    }
}
