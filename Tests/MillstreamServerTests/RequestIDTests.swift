import Testing

@testable import MillstreamServer

@Suite struct RequestIDTests {
    @Test func namesCountInBase36() {
        var names = RequestIDs(prefix: 35)
        for number in 1...50_000 { #expect(names.next() == "z-\(String(number, radix: 36))") }
    }
}
