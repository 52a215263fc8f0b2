// Digits without a string in between: an id line is written for each event. Pure functions.

enum DecimalText {
    /// Writes the number in decimal to the start of `memory`, which has room for 19 digits; negative ones count as 0. How many digits.
    static func write(_ value: Int64, to memory: UnsafeMutableRawBufferPointer) -> Int {
        var rest = UInt64(max(0, value))
        var count = 1
        var limit: UInt64 = 10
        while count < 19, rest >= limit {
            count += 1
            limit &*= 10
        }
        for place in (0..<count).reversed() {
            memory[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        return count
    }

    /// Appends the number in decimal; negative ones do not occur and count as 0.
    static func append(_ value: Int64, to output: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: 19, alignment: 1) { memory in
            let count = write(value, to: memory)
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        }
    }
}
