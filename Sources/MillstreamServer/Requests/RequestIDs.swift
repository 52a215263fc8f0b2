// Names of requests, for logs and for whoever reports a fault. A value of one server.

/// Counts in base 36 behind a random prefix, on the text itself: each request has one, and a number would be formatted anew
/// each time.
struct RequestIDs {
    /// The last name that was given: prefix, hyphen, digits.
    private var text: [UInt8]
    private let firstDigit: Int

    init(prefix: UInt32 = .random(in: .min ... .max)) {
        text = Array("\(String(prefix, radix: 36))-0".utf8)
        firstDigit = text.count - 1
    }

    mutating func next() -> String {
        var position = text.count - 1
        while position >= firstDigit, text[position] == UInt8(ascii: "z") {
            text[position] = UInt8(ascii: "0")
            position -= 1
        }
        if position < firstDigit {
            text.insert(UInt8(ascii: "1"), at: firstDigit)
        } else {
            text[position] = text[position] == UInt8(ascii: "9") ? UInt8(ascii: "a") : text[position] + 1
        }
        return String(decoding: text, as: UTF8.self)
    }
}
