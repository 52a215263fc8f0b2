// A job as JSON: the one renderer for replies, lists, `status` and terminal events. A pure function, on any thread.

import MillstreamJSON
import MillstreamJournal

public enum JobObject {
    /// A result longer than this is left out of events.
    public static let maxResultBytesInEvents = 16_384
    /// Room for the usual object; those with long names, a result or an error grow once.
    private static let bytesWithoutTexts = 640

    /// The job object of the contract, its members in the contract's order.
    ///
    /// - Parameters:
    ///   - record: its `input` and `result` texts should be loaded; one that is not is written as null.
    ///   - queuePosition: 1 for the next to start; nil when the job is not queued.
    ///   - includeInput: true in replies. False in events, where the input is left out, and a result over 16 KiB is null with a
    ///     `result_url`. A result whose text is not loaded gets a `result_url` in either.
    public static func render(_ record: JobRecord, queuePosition: Int?, includeInput: Bool) -> JSONText {
        var writer = JSONWriter(reserving: bytesWithoutTexts + (includeInput ? record.input.text?.bytes.count ?? 0 : 0))
        writer.beginObject()
        writer.member(plain: "id", record.id.text)
        writer.member(plain: "kind", record.kind)
        writer.member(plain: "state", record.state.word)
        writer.member(plain: "attempt", record.attempt)
        writer.member("progress", record.progress)
        if includeInput { writer.member("input", record.input.text) }
        write(result: record, includeInput, to: &writer)
        write(error: record.error, to: &writer)
        writer.member(plain: "owner", record.owner)
        writer.name(plain: "viewers")
        writer.beginArray()
        for viewer in record.viewers { writer.string(viewer) }
        writer.endArray()
        writer.member(plain: "priority", record.priority)
        write("created_at", record.createdAt, to: &writer)
        write("run_at", record.runAt, to: &writer)
        write("started_at", record.startedAt, to: &writer)
        write("finished_at", record.finishedAt, to: &writer)
        writer.member(plain: "queue_position", queuePosition)
        write("last_event_id", record.lastEventID, to: &writer)
        RoutePath.write("stream_url", .events, record.id, to: &writer)
        RoutePath.write("status_url", .read, record.id, to: &writer)
        RoutePath.write("cancel_url", .cancel, record.id, to: &writer)
        writer.endObject()
        return writer.finish()
    }

    /// `{"code","message","stderr"?}`: also the member `error` of a `retrying` event.
    public static func render(_ error: JobError) -> JSONText {
        JSONText.object { writer in
            writer.member("code", error.code)
            writer.member("message", error.message)
            guard !error.stderr.isEmpty else { return }
            writer.name("stderr")
            writer.beginArray()
            for line in error.stderr { writer.string(line) }
            writer.endArray()
        }
    }

    private static func write(_ name: StaticString, _ time: Timestamp?, to writer: inout JSONWriter) {
        writer.name(plain: name)
        guard let time else { return writer.null() }
        writer.beginPlainString()
        time.withText { writer.appendPlain($0) }
        writer.endPlainString()
    }

    private static func write(_ name: StaticString, _ id: EventID?, to writer: inout JSONWriter) {
        writer.name(plain: name)
        guard let id else { return writer.null() }
        writer.beginPlainString()
        writer.appendPlain(id.epoch.text)
        writer.appendPlain("-")
        writer.appendPlain(id.sequence)
        writer.endPlainString()
    }

    private static func write(result record: JobRecord, _ includeInput: Bool, to writer: inout JSONWriter) {
        guard let result = record.result else { return writer.nullMember("result") }
        if let text = result.text, includeInput || result.byteCount <= maxResultBytesInEvents {
            return writer.member("result", text)
        }
        writer.nullMember("result")
        RoutePath.write("result_url", .read, record.id, to: &writer)
    }

    private static func write(error: JobError?, to writer: inout JSONWriter) {
        guard let error else { return writer.nullMember("error") }
        writer.member("error", render(error))
    }
}
