import MillstreamJobs
import Testing

@testable import Millstream

@Suite struct KindConfigurationTests {
    private func read(_ yaml: String) -> ConfigurationDraft {
        var draft = ConfigurationDraft()
        ConfigurationFile(path: "/etc/m/millstream.yaml").read(yaml, into: &draft)
        return draft
    }

    @Test func kindOfTheContractIsRead() {
        let draft = read(
            """
            kinds:
              resize:
                worker:
                  exec: ["./resize.sh", "--fast"]     # no shell; relative to the configuration file
                concurrency: 4                        # running at once
                timeout: 10m                          # of one attempt
                retries: { attempts: 3, backoff: 1s, max_backoff: 1m }
                on_crash: retry
                cancel_grace: 5s
            """)
        #expect(draft.problems == [])
        #expect(
            draft.configuration.kinds == [
                "resize": JobKind(
                    name: "resize", worker: .exec(arguments: ["/etc/m/resize.sh", "--fast"], directory: "/etc/m"),
                    concurrency: 4, timeoutMs: 600_000,
                    retries: RetryPolicy(attempts: 3, backoffMs: 1000, maxBackoffMs: 60_000), onCrash: .retry,
                    cancelGraceMs: 5000)
            ])
        #expect(
            draft.warnings.map(\.description) == [
                "/etc/m/millstream.yaml:2: kinds.resize.worker.exec: /etc/m/resize.sh is not there"
            ])
    }

    @Test func omittedMembersHaveTheContractsDefaults() {
        let draft = read("kinds: { a: { worker: { exec: [ffmpeg] } }, b: { worker: swift } }")
        #expect(draft.problems == [])
        #expect(draft.warnings == [])
        let kind = draft.configuration.kinds["a"]
        #expect(kind?.concurrency == 16)
        #expect(kind?.timeoutMs == nil)
        #expect(kind?.retries == RetryPolicy(attempts: 1, backoffMs: 1000, maxBackoffMs: 60_000))
        #expect(kind?.onCrash == .fail)
        #expect(kind?.cancelGraceMs == 5000)
        // Without a slash it is looked for in PATH.
        #expect(kind?.worker == .exec(arguments: ["ffmpeg"], directory: "/etc/m"))
        #expect(draft.configuration.kinds["b"]?.worker == .swift)
    }

    @Test(arguments: [
        (
            "a: { worker: { exec: [x] }, concurency: 1 }",
            "kinds.a.concurency: is no member of it; did you mean concurrency?"
        ),
        (
            "a: { worker: { exec: [x] }, concurrency: 0 }",
            "kinds.a.concurrency: must be a whole number from 1 to 100000, not '0'"
        ),
        ("a: { worker: { exec: [x] }, timeout: 10 }", "kinds.a.timeout: must be a duration from 1ms to 365d, not '10'"),
        ("a: { worker: { exec: [x] }, on_crash: maybe }", "kinds.a.on_crash: must be retry or fail, not 'maybe'"),
        (
            "a: { worker: { exec: [x] }, retries: 3 }",
            "kinds.a.retries: must hold attempts, backoff, max_backoff, not '3'"
        ),
        ("a: { worker: { exec: [x] }, retries: { attempts: 0 } }", "kinds.a.retries.attempts: must be a whole number"),
        (
            "a: { worker: { exec: [x] }, retries: { backoff: 2m, max_backoff: 1m } }",
            "kinds.a.retries.max_backoff: must not be less than backoff"
        ),
        (
            "a: { worker: { exec: ./x.sh } }",
            "kinds.a.worker.exec: must be a list [program, argument, …] (there is no shell)"
        ),
        ("a: { worker: { exec: [] } }", "kinds.a.worker.exec: must be 1 to 1024 texts"),
        ("a: { worker: { shell: x } }", "kinds.a.worker.shell: is no member of it; there are exec"),
        ("a: { worker: {} }", "kinds.a.worker: needs exec"),
        ("a: { concurrency: 1 }", "kinds.a: needs a worker"),
        ("a: 1", "kinds.a: must hold worker"),
        ("\"a b\": { worker: swift }", "kinds.a b: a kind's name is 1 to 64 characters"),
        ("demo.x: { worker: swift }", "kinds.demo.x: names with demo. are the server's own"),
    ])
    func faultyKindIsRefused(_ declaration: String, _ reason: String) {
        let problems = read("kinds:\n  \(declaration)\n").problems.map(\.description)
        #expect(problems.contains { $0.hasPrefix("/etc/m/millstream.yaml:2: ") && $0.contains(reason) }, "\(problems)")
    }

    @Test func nameOf64CharactersFitsAndOneOf65DoesNot() {
        for (count, fits) in [(64, true), (65, false)] {
            let name = String(repeating: "k", count: count)
            #expect(read("kinds: { \(name): { worker: swift } }").problems.isEmpty == fits)
        }
    }
}
