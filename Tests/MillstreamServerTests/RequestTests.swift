// What bodies, queries and headers are taken for. Pure functions.

import MillstreamJobs
import MillstreamJournal
import Testing

@testable import MillstreamServer

@Suite struct RequestTests {
    private func create(_ text: String, key: String? = nil) throws(Problem) -> NewJob {
        try CreateJobRequest.parse(Array(text.utf8), idempotencyKey: key)
    }

    @Test func aJobKeepsItsInputToTheDigit() throws {
        let job = try create(#"{ "kind" : "k" , "input" : { "n" : 1.500 , "s" : "é\n" } }"#)
        #expect(job.input.text == #"{"n":1.500,"s":"é\n"}"#)
        #expect(job.kind == "k")
    }

    @Test func membersThatAreNullCountAsAbsent() throws {
        let job = try create(
            #"{"kind":"k","id":null,"owner":null,"viewers":null,"priority":null,"run_at":null,"timeout_s":null}"#)
        #expect(job == NewJob(kind: "k", input: .emptyObject))
    }

    @Test(arguments: [
        (#"{"kind":"k","colour":1}"#, Problem.Code.unknownMember, "colour"),
        (#"{"kind":7}"#, .wrongType, "kind"),
        (#"{"input":{}}"#, .wrongType, "kind"),
        (#"{"kind":"k","priority":1.5}"#, .wrongType, "priority"),
        (#"{"kind":"k","viewers":"ann"}"#, .wrongType, "viewers"),
        (#"{"kind":"k","viewers":[1]}"#, .wrongType, "viewers"),
        (#"{"kind":"k","owner":"\ud800"}"#, .wrongType, "owner"),
        (#"{"kind":"k","viewers":["ann","\udc00\ud800"]}"#, .wrongType, "viewers"),
        (#"{"kind":"k","id":"a\udfff"}"#, .wrongType, "id"),
        (#"{"kind":"\ud800k"}"#, .wrongType, "kind"),
        (#"{"kind":"k","priority":101}"#, .invalidValue, "priority"),
        (#"{"kind":"k","id":"a b"}"#, .invalidValue, "id"),
        (#"{"kind":"k","id":""}"#, .invalidValue, "id"),
        (#"{"kind":"k","run_at":"tomorrow"}"#, .invalidValue, "run_at"),
        (#"{"kind":"k","timeout_s":0}"#, .invalidValue, "timeout_s"),
        (#"{"kind":"k","timeout_s":1e300}"#, .invalidValue, "timeout_s"),
        (#"{"kind":"k","input":{"upload":7}}"#, .invalidValue, "input"),
        (#"{"kind":"k","input":{"upload":"../etc/passwd"}}"#, .invalidValue, "input"),
    ])
    func aWrongMemberIsNamed(body: String, code: Problem.Code, field: String) {
        let problem = #expect(throws: Problem.self) { try create(body) }
        #expect(problem?.code == code)
        #expect(problem?.fields.first?.field == field)
    }

    /// Names with escapes: each look-up would unescape all of them.
    @Test func ofTooManyMembersTheFirstUnknownOneIsNamed() {
        let known = #""kind":"k","\u0069nput":{}"#
        for count in [FieldReader.maxMembers - 1, 10_000] {
            let others = (0..<count).map { "\"\\u0078\($0)\":0" }.joined(separator: ",")
            // The known ones before the others, and where nobody reads them any more.
            for body in ["{\(known),\(others)}", "{\(others),\(known)}"] {
                let problem = #expect(throws: Problem.self) { try create(body) }
                #expect(problem?.code == .unknownMember)
                #expect(problem?.fields == [Problem.FieldError(field: "x0", message: "is not a known member")])
            }
        }
        let others = (0..<FieldReader.maxMembers - 2).map { "\"\\u0078\($0)\":0" }.joined(separator: ",")
        let problem = #expect(throws: Problem.self) { try create("{\(others),\(known)}") }
        #expect(problem?.fields.count == FieldReader.maxMembers - 2)
    }

    @Test func aReplacementCharacterThatWasSentIsText() throws {
        let job = try create(#"{"kind":"k","owner":"\ufffd\ud834\udd1e","viewers":["\ufffd"]}"#)
        #expect(job.owner == "\u{FFFD}\u{1D11E}")
        #expect(job.viewers == ["\u{FFFD}"])
    }

    @Test func anIDThatClientsTakeOutOfAPathIsRefusedForThat() {
        for id in [".", ".."] {
            let problem = #expect(throws: Problem.self) { try create("{\"kind\":\"k\",\"id\":\"\(id)\"}") }
            #expect(problem?.code == .invalidValue)
            #expect(problem?.fields.first?.message == "must not be . or .., which clients take out of a URL's path")
        }
        #expect(throws: Never.self) { try create(#"{"kind":"k","id":"..."}"#) }
    }

    @Test(arguments: ["", "{", "[]", "null", "{\"kind\":\"k\",}", "{\"kind\":\"a\",\"kind\":\"b\"}", "\u{FEFF}{}"])
    func whatIsNoObjectIs400(body: String) {
        let problem = #expect(throws: Problem.self) { try create(body) }
        #expect(problem?.code.status == 400)
    }

    @Test func theFingerprintIgnoresWhiteSpaceOnly() throws {
        let one = try create(#"{"kind":"k","input":1}"#, key: "a").idempotency
        let spaced = try create(" { \"kind\" : \"k\" ,\n \"input\" : 1 } ", key: "a").idempotency
        let other = try create(#"{"kind":"k","input":1.0}"#, key: "a").idempotency
        #expect(one == spaced)
        #expect(one != other)
    }

    @Test func fnv1a128MatchesItsPublishedVectors() {
        #expect(Fingerprint.of([]) == 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D)
        #expect(Fingerprint.of(Array("a".utf8)) == 0xD228_CB69_6F1A_8CAF_7891_2B70_4E4A_8964)
        #expect(Fingerprint.of(Array("foobar".utf8)) == 0x343E_1662_793C_64BF_6F0D_3597_BA44_6F18)
    }

    @Test func linesOfEventsAreAllOrNone() throws {
        let two = Array("{\"event\":\"a\",\"data\":1}\r\n\n{\"event\":\"b\"}\n".utf8)
        let events = try PublishRequest.parse(two, isNDJSON: true, toChannel: false, maxEventBytes: 100)
        #expect(events.map(\.name) == ["a", "b"])
        #expect(events[1].data == .null)
        let broken = Array("{\"event\":\"a\"}\n{\"event\":\"b\"".utf8)
        let problem = #expect(throws: Problem.self) {
            try PublishRequest.parse(broken, isNDJSON: true, toChannel: false, maxEventBytes: 100)
        }
        #expect(problem?.detail.hasPrefix("line 2: ") == true)
    }

    @Test(arguments: [
        (#"{"event":"completed"}"#, false, Problem.Code.reservedEventName),
        (#"{"event":"a b"}"#, false, .invalidValue),
        (#"{"event":"a","sequence":1}"#, false, .invalidValue),
        (#"{"event":"a","attempt":1,"sequence":1}"#, true, .channelFencing),
        (#"{"event":"a","attempt":1}"#, true, .channelFencing),
        (#"{"event":"a","data":"0123456789"}"#, false, .invalidValue),
        (#"{"data":1}"#, false, .wrongType),
    ])
    func anEventThatIsNotTakenSaysWhy(body: String, toChannel: Bool, code: Problem.Code) {
        let problem = #expect(throws: Problem.self) {
            try PublishRequest.parse(Array(body.utf8), isNDJSON: false, toChannel: toChannel, maxEventBytes: 10)
        }
        #expect(problem?.code == code)
    }

    @Test(
        arguments: [
            ("wait=5", 5), ("respond-async, wait=7", 7), ("wait=\"3\"", 3), ("WAIT=4", 4), ("wait=9999", 60),
            ("wait=0", 0),
            ("wait", nil), ("wait=-1", nil), ("wait=x", nil), ("", nil), (";;,=", nil),
            ("wait=99999999999999999999", nil),
        ] as [(String, Int?)])
    func theWaitPreferenceIsReadLeniently(header: String, seconds: Int?) {
        #expect(Preference.waitSeconds(header, maxSeconds: 60) == seconds)
    }

    @Test(
        arguments: [
            (nil, .stream), ("", .stream), ("*/*", .stream), ("text/event-stream", .stream), ("text/*", .stream),
            ("application/json", .json), ("application/json, text/event-stream;q=0.5", .json),
            ("application/json;q=0.5, */*;q=0.1", .json), ("text/html", nil), ("text/event-stream;q=0", nil),
            ("text/html, */*;q=0.1", .stream), ("application/*", .json),
            ("text/event-stream, application/json", .stream),
        ] as [(String?, AcceptHeader.Form?)])
    func acceptChoosesTheForm(header: String?, form: AcceptHeader.Form?) {
        #expect(AcceptHeader.form(header) == form)
    }

    private func query(_ text: String) throws(Problem) -> Query {
        try Query(ArraySlice(text.utf8))
    }

    @Test(
        arguments: [
            ("limit=7", 7), ("limit=%37", 7), ("limit=007", 7), ("a=1&limit=1&b=2", 1), ("limit=500", 500), ("", nil),
            ("Limit=x", nil), ("_=1&_=2&bogus", nil),
        ] as [(String, Int?)])
    func aNumberOfTheQueryIsRead(text: String, value: Int?) throws {
        #expect(try query(text).integer("limit", in: 1...500) == value)
    }

    @Test(
        arguments: [
            ("limit=", .malformedRequest), ("limit", .malformedRequest), ("limit=abc", .malformedRequest),
            ("limit=%2B5", .malformedRequest), ("limit=+5", .malformedRequest), ("limit=5.0", .malformedRequest),
            ("limit=-", .malformedRequest), ("limit=%D9%A3", .malformedRequest), ("limit=0", .invalidValue),
            ("limit=501", .invalidValue), ("limit=-1", .invalidValue), ("limit=99999999999999999999", .invalidValue),
            ("limit=1&limit=2", .malformedRequest), ("limit=1&limit=1", .malformedRequest),
            ("limit=1&%6Cimit=1", .malformedRequest),
        ] as [(String, Problem.Code)])
    func aNumberOfTheQueryThatIsNoneOrTwoNamesTheMember(text: String, code: Problem.Code) {
        let problem = #expect(throws: Problem.self) { try query(text).integer("limit", in: 1...500) }
        #expect(problem?.code == code)
        #expect(problem?.fields.map(\.field) == ["limit"])
    }

    @Test func aListCursorIsReadInItsOwnSpellingOnly() {
        for number in [0, 1, 35, 36, 46_655, Int64.max] {
            let cursor = ListCursor(before: LogRef(number))
            #expect(ListCursor(cursor.description) == cursor)
            #expect(
                cursor.description.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                })
        }
        for text in [
            "", "zzz", "1", "before-", "before-ZZ", "before-01", "before-+1", "before--1", "before-1 ",
            "before-zzzzzzzzzzzzzzzz",
            "Before-1", "k3f9-17",
        ] {
            #expect(ListCursor(text) == nil, "\(text)")
        }
    }

    @Test(
        arguments: [
            ("a%20b", "a b"), ("%41", "A"), ("a+b", "a b"), ("%", nil), ("%4", nil), ("%zz", nil), ("%00", nil),
            ("%ff", nil),
        ]
            as [(String, String?)])
    func percentCodingIsStrict(text: String, decoded: String?) {
        #expect(PercentCoding.decode(ArraySlice(text.utf8), plusIsSpace: true) == decoded)
    }
}
