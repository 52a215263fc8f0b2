import MillstreamJSON
import MillstreamJournal
import MillstreamLoop
import MillstreamRuntime

// `demo.publish`: events on channels at a steady rate, for load. The times are planned from the start, so that a slow server gets
// no rest from a slow publisher (open loop): what is late is sent at once. Runs on the handlers' threads.

struct DemoPublish: JobHandler {
    static let kind = "demo.publish"

    private struct Plan {
        var channels: [String]
        var rate: Double
        var count: Int
        var dataBytes: Int

        init(_ input: JSONText) throws(JobFailure) {
            let input = try DemoInput(input, known: ["channel", "channels", "rate", "count", "data_bytes"])
            let name = try input.optionalString("channel") ?? "c"
            let number = try input.int("channels", default: 1, in: 1...20_000)
            guard ChannelName.isValid(name), name.utf8.count <= 120 else {
                throw DemoInput.refusal("channel must be 1 to 120 characters out of [A-Za-z0-9._-], and not . or ..")
            }
            channels = number == 1 ? [name] : (0..<number).map { "\(name)-\($0)" }
            rate = try input.double("rate", default: 5, in: 0.001...1_000_000)
            count = try input.int("count", default: 100, in: 0...1_000_000_000)
            dataBytes = try input.int("data_bytes", default: 200, in: 0...200_000)
        }

        /// When the event of that number is due.
        func time(of number: Int, from start: MonotonicTime) -> MonotonicTime {
            MonotonicTime(nanoseconds: start.nanoseconds + UInt64(Double(number) / rate * 1e9))
        }
    }

    func run(_ job: JobContext) async throws -> JSONText? {
        let plan = try Plan(job.input)
        let start = MonotonicTime.current()
        var worstNs: UInt64 = 0
        for number in 0..<plan.count {
            let due = plan.time(of: number, from: start)
            if MonotonicTime.current() < due { try await job.sleep(until: due) }
            let now = MonotonicTime.current()
            worstNs = max(worstNs, now.nanoseconds > due.nanoseconds ? now.nanoseconds - due.nanoseconds : 0)
            let channel = plan.channels[number % plan.channels.count]
            try await job.publish(channel: channel, "message", data(number, plan))
        }
        let elapsedMs = MonotonicTime.current().milliseconds(since: start)
        return JSONText.object { writer in
            writer.member("published", plan.count)
            writer.member("elapsed_ms", elapsedMs)
            writer.member("latest_start_ms", (Double(worstNs) / 10_000).rounded() / 100)
        }
    }

    private func data(_ number: Int, _ plan: Plan) -> JSONText {
        PaddedObject.make(byteCount: plan.dataBytes) { writer in
            writer.member("t", MonotonicTime.current().nanoseconds)
            writer.member("n", number)
        }
    }
}
