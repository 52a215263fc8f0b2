// Events as lines on standard output, for `tail`. One thread.

import MillstreamJSON
import MillstreamSSE

/// Prints each event: `ID NAME DATA`, or JSON.
struct EventPrinter {
    let json: Bool

    /// Prints what is an event and tells of what is not. Returns the event.
    mutating func show(_ notice: EventFollower.Notice) -> ServerSentEvent? {
        switch notice {
        case .waiting(let reason, let milliseconds):
            Output.note("\(reason); trying again in \(Double(milliseconds / 100) / 10) s")
            return nil
        case .resumed:
            Output.note("connected again")
            return nil
        case .event(let event):
            Output.out(json ? JobReporter.json(event, try? JSONText(validating: event.data.utf8)) : Self.line(event))
            return event
        }
    }

    /// `status` and its like have no id of their own: `-` stands for it.
    static func line(_ event: ServerSentEvent) -> String {
        let isNumbered = !["status", "gap", "closing"].contains(event.name) && !event.id.isEmpty
        return TerminalText.safe("\(isNumbered ? event.id : "-") \(event.name) \(event.data)")
    }
}
