// Reply headers that are the same in many replies: their lines are checked and made once, and copied whole. A value; usable
// on every thread.

/// Header lines of a reply. Made of names and values of the program's own: a forbidden character is a programmer's mistake.
public struct HeaderBlock: Sendable {
    /// Each line behind the end of the one before.
    let lines: [UInt8]

    public init(_ headers: [(String, String)]) {
        var lines: [UInt8] = []
        for (name, value) in headers {
            precondition(!ReplyText.isReserved(name), "\(name) is written by the HTTP layer")
            precondition(ReplyText.append(name, value, to: &lines), "\(name) holds a forbidden character")
        }
        self.lines = lines
    }
}
