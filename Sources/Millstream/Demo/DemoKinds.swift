import MillstreamJobs
import MillstreamRuntime

// The kinds that `serve --demo` adds: something to watch on the first day, and the load that the measurements are made with.
// Their inputs and events are part of the contract.

/// The kinds `demo.steps`, `demo.publish` and `demo.transcribe`.
enum DemoKinds {
    /// By name.
    static let kinds: [String: JobKind] = {
        let all = [
            JobKind(name: DemoSteps.kind, worker: .swift, concurrency: 4096),
            JobKind(name: DemoPublish.kind, worker: .swift, concurrency: 64),
            // Each keeps a core busy. A killed server begins the recording again: its readers see the second attempt go on in the log.
            JobKind(name: DemoTranscribe.kind, worker: .swift, concurrency: 2, onCrash: .retry, crashAttempts: 10),
        ]
        return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    }()

    /// By kind.
    /// - Parameter recording: the file that `demo.transcribe` takes when a job brings none; nil: what the set-up installed.
    static func handlers(recording: String?) -> [String: any JobHandler] {
        [
            DemoSteps.kind: DemoSteps(),
            DemoPublish.kind: DemoPublish(),
            DemoTranscribe.kind: DemoTranscribe(recording: recording),
        ]
    }
}
