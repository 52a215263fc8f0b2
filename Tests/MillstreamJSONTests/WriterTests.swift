// Golden text of the writer, and values that come back after writing.

import MillstreamJSON
import MillstreamTestSupport
import Testing

@Suite struct WriterTests {
    @Test func commasStandBetweenMembersAndElementsOnly() {
        var writer = JSONWriter(reserving: 0)
        writer.beginObject()
        writer.member("a", 1)
        writer.name("b")
        writer.beginArray()
        writer.beginArray()
        writer.endArray()
        writer.beginObject()
        writer.endObject()
        writer.int(-2)
        writer.string("s")
        writer.bool(true)
        writer.null()
        writer.raw(.emptyObject)
        writer.endArray()
        writer.name("c")
        writer.beginObject()
        writer.member("d", false)
        writer.endObject()
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == #"{"a":1,"b":[[],{},-2,"s",true,null,{}],"c":{"d":false}}"#
        )
    }

    @Test func eachMemberKindIsWritten() {
        let object = JSONText.object { writer in
            writer.member("s", "x")
            writer.member("i", 5)
            writer.member("l", Int64.min)
            writer.member("u", UInt64.max)
            writer.member("d", 42.0)
            writer.member("b", true)
            writer.member("j", JSONText.null)
            writer.member("s0", String?.none)
            writer.member("s1", String?.some("y"))
            writer.member("i0", Int?.none)
            writer.member("i1", Int?.some(0))
            writer.member("l0", Int64?.none)
            writer.member("d0", Double?.none)
            writer.member("d1", Double?.some(0.1))
            writer.member("j0", JSONText?.none)
            writer.member("j1", JSONText?.some(.emptyObject))
            writer.nullMember("n")
        }
        let expected =
            #"{"s":"x","i":5,"l":-9223372036854775808,"u":18446744073709551615,"d":42.0,"b":true,"j":null,"#
            + #""s0":null,"s1":"y","i0":null,"i1":0,"l0":null,"d0":null,"d1":0.1,"j0":null,"j1":{},"n":null}"#
        #expect(object.text == expected)
    }

    @Test func controlsQuotesAndBackslashesAreEscapedAndNothingElse() {
        let controls = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0) }))
        let escaped =
            #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
            + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f""#
        #expect(JSONText.string(controls).text == escaped)
        #expect(JSONText.string("a\"b\\c/d\u{7F}é\u{2028}𝄞").text == "\"a\\\"b\\\\c/d\u{7F}é\u{2028}𝄞\"")
        #expect(JSONText.object { $0.member("a\"\n", 1) }.text == #"{"a\"\n":1}"#)
    }

    @Test func aPlainNameIsWrittenLikeAnyOther() {
        // Longer than the room at first, to make it grow.
        var plain = JSONWriter(reserving: 1)
        var usual = JSONWriter()
        plain.beginObject()
        usual.beginObject()
        for number in 0..<20 {
            plain.member(plain: "a_name_of_some_length", number)
            usual.member("a_name_of_some_length", number)
            plain.member(plain: "n", number.isMultiple(of: 2) ? "text" : nil)
            usual.member("n", number.isMultiple(of: 2) ? "text" : nil)
            plain.member(plain: "", nil as Int?)
            usual.member("", nil as Int?)
        }
        plain.endObject()
        usual.endObject()
        #expect(plain.finish() == usual.finish())
    }

    @Test func doublesAreTheShortestThatComeBackAndNonFiniteOnesAreNull() throws {
        var random = SeededRandom()
        for _ in 0..<2000 {
            let value = Double(bitPattern: random.next())
            var writer = JSONWriter()
            writer.double(value)
            let text = try JSONText(validating: writer.bytes)
            if value.isFinite { #expect(text.doubleValue == value) } else { #expect(text.isNull) }
        }
    }

    @Test func hundredthsAreWrittenAsTheirDouble() {
        for value in Array(0...10_000) + [123_456, 1_000_000_000] {
            var hundredths = JSONWriter()
            hundredths.hundredths(value)
            var double = JSONWriter()
            double.double(Double(value) / 100)
            #expect(hundredths.bytes == double.bytes)
        }
    }

    @Test func integersComeBack() throws {
        var random = SeededRandom()
        for shift in 0..<64 {
            let value = Int(bitPattern: UInt(random.next() >> UInt64(shift)))
            for value in [value, -value] {
                var writer = JSONWriter()
                writer.int(value)
                #expect(try JSONText(validating: writer.bytes).intValue == value)
                #expect(writer.bytes == Array(String(value).utf8))
            }
        }
    }

    @Test func anyStringComesBack() throws {
        var random = SeededRandom()
        for _ in 0..<500 {
            let count = random.int(0...40)
            let bytes = (0..<count).map { _ in
                UInt8(truncatingIfNeeded: random.next() >> (random.chance(oneIn: 3) ? 3 : 0))
            }
            let value = String(decoding: bytes, as: UTF8.self)
            let text = try JSONText(validating: JSONText.string(value).bytes)
            #expect(try #require(text.stringValue).utf8.elementsEqual(value.utf8), "seed \(random.seed)")
        }
    }
}
