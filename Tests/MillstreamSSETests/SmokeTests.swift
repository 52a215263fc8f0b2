import MillstreamSSE
import Testing

@Test func smoke() throws {
    var out: [UInt8] = []
    try SSEEncoder.appendEvent(id: "e-1".utf8, name: "progress", data: Array("{}".utf8), to: &out)
    try SSEEncoder.appendEvent(id: nil, name: nil, data: [], retryMs: 5, to: &out)
    #expect(String(decoding: out, as: UTF8.self) == "id: e-1\nevent: progress\ndata: {}\n\nretry: 5\ndata: \n\n")
}
