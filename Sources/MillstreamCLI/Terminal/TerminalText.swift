// Text of others on a terminal of ours. Pure, but for the two questions to the system.

import Glibc

enum TerminalText {
    /// Whether a person is looking at standard error.
    static var isInteractive: Bool {
        guard isatty(STDERR_FILENO) == 1 else { return false }
        return getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// Columns of the terminal; 80 when it does not say.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Without control characters: a job's output must not move the cursor or set the window's title.
    static func safe(_ text: String) -> String {
        let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if !isControl(scalar) { result.append(scalar) } else { result.append(scalar == "\t" ? " " : "\u{FFFD}") }
        }
        return String(result)
    }

    /// At most so many columns, cut with `…`. Characters beyond ASCII count as two: too short is better than a broken
    /// line.
    static func cut(_ text: String, columns: Int) -> String {
        guard text.utf8.count > columns else { return text }
        var used = 0
        var result = ""
        for character in text {
            let width = character.isASCII ? 1 : 2
            guard used + width <= columns - 1 else { return result + "…" }
            used += width
            result.append(character)
        }
        return result
    }
}
