import MillstreamRuntime

// The demo's handlers as the configuration wants them.

extension DemoKinds {
    static func handlers(_ configuration: ServerConfiguration) -> [String: any JobHandler] {
        handlers(recording: configuration.demoRecording)
    }
}
