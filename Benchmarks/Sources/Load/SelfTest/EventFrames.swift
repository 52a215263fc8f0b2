/// Events as a server frames them, with ids and times, for the self-test and the tests. Made anew on each call: not for hot paths.
public enum EventFrames {
    /// One event of about 200 bytes of data; every other one with CRLF line ends.
    public static func event(_ number: Int, time: UInt64, epoch: String = "k3f9", crlf: Bool = false) -> [UInt8] {
        let end = crlf ? "\r\n" : "\n"
        let data = #"{"t":\#(time),"n":\#(number),"pad":"\#(String(repeating: "x", count: 160))"}"#
        return Array("id: \(epoch)-\(number)\(end)event: message\(end)data: \(data)\(end)\(end)".utf8)
    }

    /// One HTTP chunk.
    public static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [0x0D, 0x0A]
    }

    public static let lastChunk: [UInt8] = Array("0\r\n\r\n".utf8)
    public static let comment: [UInt8] = Array(": heartbeat\n".utf8)
    public static let head: [UInt8] = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
}
