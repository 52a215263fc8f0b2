// The one line that shows a job on a terminal. A value; draws nothing itself.

/// What is known of a running job, as a line.
struct ProgressBar: Equatable {
    var kind: String
    var state: String
    /// 0 to 100; nil while the job says nothing.
    var percent: Double?
    /// The job's own word on what it does.
    var stage: String = ""
    var queuePosition: Int?

    /// `resize  [#######·······]  50 %  in_progress  0:07  decoding`, at most `columns` wide.
    func line(columns: Int, elapsedMs: Int) -> String {
        let head = kind.isEmpty ? "" : TerminalText.safe(kind) + "  "
        var tail = "  \(stateText)  \(Self.time(elapsedMs))"
        if !stage.isEmpty { tail += "  " + TerminalText.safe(stage) }
        guard let percent else {
            return TerminalText.cut(head + stateText + tail.dropFirst(stateText.count + 2), columns: columns)
        }
        let number = Self.padded(Self.whole(percent), 3) + " %"
        // The bar gets what the words leave, within reason; on a very narrow terminal it goes first.
        let room = min(40, columns - head.count - number.count - tail.count - 4)
        let bar = room >= 8 ? Self.bar(percent, width: room) + " " : ""
        return TerminalText.cut(head + bar + number + tail, columns: columns)
    }

    private var stateText: String {
        queuePosition.map { state == "queued" ? "queued (\($0))" : state } ?? state
    }

    private static func bar(_ percent: Double, width: Int) -> String {
        let filled = width * whole(percent) / 100
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
    }

    /// Whole percent from 0 to 100, whatever a job says: it may say 1e300.
    static func whole(_ percent: Double) -> Int {
        percent >= 0 ? Int(min(percent, 100).rounded(.down)) : 0
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// `0:07`, `12:34`, `1:02:03`.
    static func time(_ milliseconds: Int) -> String {
        let seconds = max(0, milliseconds) / 1000
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        let two: (Int) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }
}
