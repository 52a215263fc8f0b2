import MillstreamJSON
import Testing

@Test func smoke() throws {
    let t = try JSONText(validating: " { \"a\" : [1, 2.50 , \"x\\u0041\"] } ".utf8)
    #expect(t.text == "{\"a\":[1,2.50,\"x\\u0041\"]}")
    #expect(t.member("a")?.elements()?[2].stringValue == "xA")
    let o = JSONText.object {
        $0.member("a", 1)
        $0.member("b", "x")
        $0.member("c", 1.5)
        $0.member("d", Optional<String>.none)
    }
    #expect(o.text == "{\"a\":1,\"b\":\"x\",\"c\":1.5,\"d\":null}")
}
