// What swift-log holds for each logger: metadata of its own, and the shared output. A value, any thread.

import Logging

/// Sends events of one logger to a ``ServerLog``. The server's level applies unless the logger was given one of its
/// own.
struct ServerLogHandler: LogHandler {
    let log: ServerLog
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var ownLevel: Logger.Level?

    init(log: ServerLog) {
        self.log = log
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? log.minimumLevel }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, later in later } }
        if let own = event.metadata { fields.merge(own) { _, later in later } }
        if let error = event.error, fields["error"] == nil { fields["error"] = "\(error)" }
        log.write(LogLine(time: LogLine.now, level: event.level, message: event.message.description, fields: fields))
    }
}
