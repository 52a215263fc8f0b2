import ArgumentParser
import Load

/// `sse-load self-test`: what the generator itself can take.
struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "self-test",
        abstract:
            "Checks the parser on hostile splits and measures how many events a second the generator reads on one core.",
        discussion: """
            A second thread writes framed events with ids and times to many streams over loopback sockets; what is reported is \
            the CPU time of the reading thread for each event, reading, checking and timing included. How many events come with a read \
            decides: with one it is the price of a read.
            """)

    @Option(help: "Streams.")
    var streams = 1000

    @Option(help: "Events to each stream.")
    var events = 2000

    @Option(help: "Events that a write brings: 1 costs a read for each event.")
    var batch: [Int] = [1, 10, 100]

    @Option(
        help: "Fails when an event of the last batch costs more nanoseconds of CPU; 1000: a million events/s a core.")
    var atMostNs: Int?

    func validate() throws {
        guard (1...15_000).contains(streams), (1...1_000_000).contains(events), !batch.isEmpty,
            batch.allSatisfy({ (1...200).contains($0) }), atMostNs.map({ (1...1_000_000).contains($0) }) ?? true
        else { throw ValidationError("streams 1 to 15000, events and at-most-ns 1 to 1000000, batch 1 to 200") }
    }

    func run() throws {
        var isRight = true
        for check in ParserCheck.all() {
            print(check.line)
            isRight = isRight && check.isRight
        }
        var lastNs = 0.0
        for batch in batch {
            do throws(LoadError) {
                let result = try ReadingTest(streams: streams, eventsPerStream: events, batch: batch).run()
                print(result.line)
                isRight = isRight && result.isRight
                lastNs = result.cpuUsPerEvent * 1000
            } catch {
                throw Output.failure(error.description, status: error.exitStatus)
            }
        }
        if let atMostNs, lastNs > Double(atMostNs) {
            throw Output.failure("an event costs \(Int(lastNs)) ns, \(atMostNs) are allowed", status: 1)
        }
        if !isRight { throw ExitCode(1) }
    }
}
