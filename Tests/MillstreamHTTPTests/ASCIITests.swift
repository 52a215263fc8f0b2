import Testing

@testable import MillstreamHTTP

@Suite struct ASCIITests {
    @Test func tokenCharactersAreThoseOfRFC9110() {
        let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { $0 }
        let allowed = Set("!#$%&'*+-.^_`|~0123456789".utf8).union(letters).union(letters.map { $0 - 32 })
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isToken(byte) == allowed.contains(byte), "byte \(byte)")
        }
    }

    @Test func hostCharactersAreThoseOfNamesAndIPv4() {
        let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { $0 }
        let allowed = Set("-._~%0123456789".utf8).union(letters).union(letters.map { $0 - 32 })
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isHostCharacter(byte) == allowed.contains(byte), "byte \(byte)")
        }
    }
}
