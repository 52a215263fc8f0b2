// `GET /v1/jobs/{id}` and the list: snapshots, entity tags, long polls, pages.

import Foundation
import Testing

@Suite struct JobSnapshotTests {
    @Test func anUnchangedJobIsNotSentAgain() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let stream = try server.client.events(id)
        try stream.until("began")
        let tag = try #require(try server.client.get("/v1/jobs/\(id)").headers["etag"])
        let same = try server.client.get("/v1/jobs/\(id)", ["If-None-Match": tag])
        #expect(same.status == 304)
        #expect(same.headers["etag"] == tag)
        #expect(same.body.isEmpty)
        #expect(try server.client.get("/v1/jobs/\(id)", ["If-None-Match": "\"other\", \(tag)"]).status == 304)
        try server.client.give(id)
        _ = try stream.rest()
        let changed = try server.client.get("/v1/jobs/\(id)", ["If-None-Match": tag])
        #expect(changed.status == 200)
        #expect(changed.string("state") == "completed")
        #expect(changed.headers["etag"] != tag)
    }

    @Test func aNewRunUnderAnOldIdIsNotTakenForTheOldOne() throws {
        let server = try HeldKinds.server()
        let body = "{\"kind\":\"demo.steps\",\"id\":\"same\",\"input\":{\"steps\":1,\"interval_ms\":1}}"
        let tags = try (0..<2).map { _ in
            try server.client.post("/v1/jobs", json: body, ["Prefer": "wait=30"]).headers["etag"]
        }
        #expect(tags[0] != tags[1])
    }

    @Test func aLongPollIsAnsweredByTheChange() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let stream = try server.client.events(id)
        try stream.until("began")
        let tag = try #require(try server.client.get("/v1/jobs/\(id)").headers["etag"])
        let wish = ["Prefer": "wait=60", "If-None-Match": tag]
        let waiting = try server.client.begin("GET", "/v1/jobs/\(id)", wish)
        // A second one ends by its own time, so the first was parked when the change came.
        let short = try server.client.get("/v1/jobs/\(id)", ["Prefer": "wait=1", "If-None-Match": tag])
        #expect(short.status == 304)
        try server.client.give(id)
        let answer = try waiting.response()
        #expect(answer.status == 200)
        #expect(answer.headers["etag"] != tag)
        _ = try stream.rest()
        // An ended job does not change any more: nobody waits for it.
        let ended = try #require(try server.client.get("/v1/jobs/\(id)").headers["etag"])
        let late = try server.client.get("/v1/jobs/\(id)", ["Prefer": "wait=60", "If-None-Match": ended])
        #expect(late.status == 304)
    }

    @Test func anUnknownJobIsNotFound() throws {
        let server = try HeldKinds.server()
        for path in ["/v1/jobs/none", "/v1/jobs/none/events", "/v1/events?job=none"] {
            let response = try server.client.get(path)
            #expect(response.status == 404, "\(path)")
            #expect(response.problem == "not-found", "\(path)")
        }
        for path in ["/v1/jobs/none/cancel", "/v1/jobs/none/input", "/v1/jobs/none/events"] {
            let body = path.hasSuffix("input") ? "{\"input\":1}" : path.hasSuffix("events") ? "{\"event\":\"e\"}" : "{}"
            let response = try server.client.post(path, json: body)
            #expect(response.status == 404, "\(path)")
            #expect(response.problem == "not-found", "\(path)")
        }
    }

    @Test func movesInTheQueueAreShownAndDoNotChangeTheTag() throws {
        let server = try HeldKinds.server()
        let running = try server.client.start("single")
        try server.client.events(running).until("began")
        let second = try server.client.start("single")
        let third = try server.client.start("single")
        let before = try server.client.get("/v1/jobs/\(third)")
        #expect(before.string("state") == "queued")
        #expect(before["queue_position"] as? Int == 2)
        #expect(try server.client.cancel(second).string("state") == "cancelled")
        let after = try server.client.get("/v1/jobs/\(third)")
        #expect(after["queue_position"] as? Int == 1)
        #expect(after.headers["etag"] == before.headers["etag"])
        try server.client.give(running)
        try server.client.events(third).until("began")
        #expect(try server.client.job(third)["queue_position"] is NSNull)
    }

    @Test func theListIsNewestFirstInPages() throws {
        let server = try HeldKinds.server()
        var ids: [String] = []
        for n in 0..<7 { ids.append(try server.client.start("held", more: ",\"owner\":\"user\(n % 2)\"")) }
        var listed: [String] = []
        var path = "/v1/jobs?limit=3"
        var pages = 0
        while true {
            let page = try server.client.get(path)
            #expect(page.status == 200)
            let jobs = try #require(page["jobs"] as? [[String: Any]])
            #expect(jobs.allSatisfy { Set($0.keys) == JobCreationTests.members })
            listed += jobs.compactMap { $0["id"] as? String }
            pages += 1
            // A job that comes while somebody turns pages moves nothing.
            _ = try server.client.start("held", more: ",\"owner\":\"late\"")
            guard let next = page["next_cursor"] as? String else { break }
            path = "/v1/jobs?limit=3&cursor=\(next)"
        }
        #expect(listed == ids.reversed())
        #expect(pages == 3)
        let owned = try server.client.get("/v1/jobs?owner=user1")["jobs"] as? [[String: Any]]
        #expect(owned?.compactMap { $0["id"] as? String } == [ids[5], ids[3], ids[1]])
    }

    /// The list reads the store, where the row of a running job does not move with its events.
    @Test func theListKeepsTheProgressOfARunningJob() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        try server.client.events(id).until("began")
        let event = #"{"event":"progress","data":{"progress":46}}"#
        #expect(try server.client.post("/v1/jobs/\(id)/events", json: event).status == 200)
        #expect(try eventually { try server.client.job(id)["progress"] as? Double == 46 })
        for _ in 0..<2 {
            let listed = try server.client.get("/v1/jobs")["jobs"] as? [[String: Any]]
            #expect(listed?.first?["progress"] as? Double == 46)
            #expect(try server.client.job(id)["progress"] as? Double == 46)
        }
    }

    @Test func theListHasWholeJobs() throws {
        let server = try HeldKinds.server(
            more: "  long:\n    worker: { exec: [\"./long.sh\"] }\n",
            files: [
                "long.sh": """
                #!/bin/sh
                read -r start
                printf '{"event":"result","data":"%s"}\\n' "$(head -c 20000 /dev/zero | tr '\\0' y)"

                """
            ])
        let input = String(repeating: "x", count: 20_000)
        let ended = try server.client.start("long", input: "\"\(input)\"")
        _ = try server.client.events(ended).rest()
        let running = try server.client.start("held", input: "\"\(input)\"")
        let jobs = try #require(try server.client.get("/v1/jobs")["jobs"] as? [[String: Any]])
        #expect(jobs.compactMap { $0["id"] as? String } == [running, ended])
        let areWhole = jobs.allSatisfy { $0["input"] as? String == input }
        #expect(areWhole)
        let hasResult = jobs.last?["result"] as? String == String(repeating: "y", count: 20_000)
        #expect(hasResult)
    }

    @Test func theListIsFilteredByStateAndKind() throws {
        let server = try HeldKinds.server()
        let ended = try server.client.start("demo.steps", input: "{\"steps\":1,\"interval_ms\":1}")
        _ = try server.client.events(ended).rest()
        let running = try server.client.start("held")
        try server.client.events(running).until("began")
        let ids = { (query: String) in
            (try server.client.get("/v1/jobs?" + query)["jobs"] as? [[String: Any]])?.compactMap { $0["id"] as? String }
        }
        #expect(try ids("state=completed") == [ended])
        #expect(try ids("state=in_progress") == [running])
        #expect(try ids("kind=held") == [running])
        #expect(try ids("kind=held&state=completed") == [])
        #expect(try ids("owner=nobody") == [])
    }

    @Test(arguments: [
        ("limit=0", 422), ("limit=501", 422), ("limit=x", 400), ("state=done", 422), ("cursor=%21", 400),
        ("owner=%zz", 400),
    ]) func badQueriesOfTheListAreRefused(query: String, status: Int) throws {
        let server = try HeldKinds.server()
        let response = try server.client.get("/v1/jobs?" + query)
        #expect(response.status == status)
        #expect(response.problem != nil)
    }
}
