import MillstreamJSON
import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJobs

struct JobObjectTests {
    private var record: JobRecord {
        var record = JobRecord(
            ref: LogRef(7), id: JobID(trusted: "j-1"), kind: "resize", input: StoredValue(.emptyObject),
            epoch: Epoch("k3f9")!, createdAt: Timestamp(milliseconds: 1_800_000_000_000))
        record.state = .inProgress
        record.attempt = 1
        record.progress = 42
        record.owner = "ann"
        record.viewers = ["bob"]
        record.startedAt = Timestamp(milliseconds: 1_800_000_000_250)
        record.lastSequence = 17
        return record
    }

    @Test func objectHasTheMembersOfTheContractInTheirOrder() {
        let expected =
            #"{"id":"j-1","kind":"resize","state":"in_progress","attempt":1,"progress":42.0,"input":{},"result":null,"#
            + #""error":null,"owner":"ann","viewers":["bob"],"priority":0,"created_at":"2027-01-15T08:00:00.000Z","#
            + #""run_at":null,"started_at":"2027-01-15T08:00:00.250Z","finished_at":null,"queue_position":null,"#
            + #""last_event_id":"k3f9-17","stream_url":"/v1/jobs/j-1/events","status_url":"/v1/jobs/j-1","#
            + #""cancel_url":"/v1/jobs/j-1/cancel"}"#
        #expect(JobObject.render(record, queuePosition: nil, includeInput: true).text == expected)
    }

    @Test func eventsCarryNoInputAndNoLargeResult() throws {
        var record = record
        let small = JSONText.string(String(repeating: "x", count: 16_382))
        record.result = StoredValue(small)
        var object = JobObject.render(record, queuePosition: 3, includeInput: false)
        #expect(object.member("input") == nil)
        #expect(object.member("result") == small)
        #expect(object.member("result_url") == nil)
        #expect(object.member("queue_position")?.intValue == 3)
        record.result = StoredValue(JSONText.string(String(repeating: "x", count: 16_383)))
        object = JobObject.render(record, queuePosition: nil, includeInput: false)
        #expect(object.member("result")?.isNull == true)
        #expect(object.member("result_url")?.stringValue == "/v1/jobs/j-1")
        #expect(JobObject.render(record, queuePosition: nil, includeInput: true).member("result_url") == nil)
        _ = try object.members()
    }

    @Test func errorHasItsLastLinesWhenThereAreAny() {
        var error = JobError(code: "exit_status", message: "status 3")
        #expect(JobObject.render(error).text == #"{"code":"exit_status","message":"status 3"}"#)
        error.stderr = ["a", "b\n"]
        #expect(JobObject.render(error).text == #"{"code":"exit_status","message":"status 3","stderr":["a","b\n"]}"#)
    }
}

extension JobObjectTests {
    @Test func timesAreReadBackAsTheyWereWritten() {
        var random = SeededRandom(seed: 11)
        // From the year 1 to the end of 9999.
        for _ in 0..<2000 {
            let time = Timestamp(
                milliseconds: Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &random))
            #expect(Timestamp(rfc3339: time.description) == time)
        }
        #expect(Timestamp(milliseconds: .max / 2).description.utf8.count == 24)
    }
}
