import MillstreamJSON
import MillstreamSSE
import Testing

@testable import MillstreamCLI

@Suite struct EventFollowerTests {
    /// What one run told, as short texts.
    private func follow(
        _ server: ScriptedServer, cursor: String? = nil
    ) throws -> (told: [String], end: EventFollower.End, cursor: String?) {
        var follower = EventFollower(
            client: MillstreamClient(address: server.address), path: "/v1/jobs/a/events", cursor: cursor)
        var told: [String] = []
        let end = try follower.run { notice in
            switch notice {
            case .event(let event):
                told.append("\(event.id) \(event.name) \(event.data)")
                return event.name != "completed"
            case .waiting: told.append("waiting")
            case .resumed: told.append("resumed")
            }
            return true
        }
        return (told, end, follower.cursor)
    }

    @Test func lostConnectionIsResumedBehindTheLastEvent() throws {
        let server = try ScriptedServer([
            .stream(
                ["retry: 1\n\n: heartbeat\n", "event: progress\nid: e-1\ndata: 1\n\n", "event: progress\nid: e-2\nda"],
                isComplete: false),
            .reset,
            .stream(["event: closing\ndata: {}\nretry: 2\n\n"]),
            .stream(["event: progress\nid: e-2\ndata: 2\n\n", "event: completed\nid: e-3\ndata: {}\n\n"]),
        ]).start()
        let run = try follow(server)
        #expect(
            run.told.filter { $0 != "waiting" && $0 != "resumed" } == [
                "e-1 progress 1", "e-1 closing {}", "e-2 progress 2", "e-3 completed {}",
            ])
        #expect(run.told.filter { $0 == "waiting" }.count == 3)
        #expect(run.told.filter { $0 == "resumed" }.count == 2)
        #expect(run.end == .stopped)
        #expect(run.cursor == "e-3")
        let cursors = server.requests.map { $0.contains("Last-Event-ID: e-1\r\n") }
        #expect(cursors == [false, true, true, true])
    }

    @Test func firstConnectionThatFailsIsAFailure() throws {
        let server = try ScriptedServer([.reset]).start()
        let failure = #expect(throws: ClientFailure.self) { try follow(server) }
        #expect(failure?.exitStatus == 69)
    }

    @Test func nothingLeftEndsIt() throws {
        let server = try ScriptedServer([.init(pieces: ["HTTP/1.1 204 No Content\r\n\r\n"])]).start()
        let run = try follow(server, cursor: "e-9")
        #expect(run.end == .nothingLeft)
        #expect(server.requests.first?.contains("Last-Event-ID: e-9\r\n") == true)
    }

    @Test func refusalIsToldInTheProblemsWords() throws {
        let problem = "{\"title\":\"Not found\",\"status\":404,\"detail\":\"there is no job a\"}"
        let server = try ScriptedServer([.json(404, problem, type: "application/problem+json")]).start()
        let failure = #expect(throws: ClientFailure.self) { try follow(server) }
        #expect(failure == .refused(status: 404, text: "Not found: there is no job a"))
        #expect(failure?.exitStatus == 65)
    }

    @Test func serverThatIsBusyAfterALossIsTriedAgain() throws {
        let server = try ScriptedServer([
            .stream(["retry: 1\n\n"], isComplete: false), .json(503, "{}"),
            .stream(["event: completed\nid: e-1\ndata: {}\n\n"]),
        ]).start()
        #expect(try follow(server).end == .stopped)
    }

    @Test func answerThatIsNoStreamIsRefused() throws {
        let server = try ScriptedServer([.json(200, "{}")]).start()
        let failure = #expect(throws: ClientFailure.self) { try follow(server) }
        #expect(failure?.exitStatus == 76)
    }
}
