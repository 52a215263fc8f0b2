// What a row of the memory store is counted as against its bound: payload bytes, and a flat sum for the structures around them.

enum MemoryCost {
    static func of(_ event: EventRecord) -> Int {
        112 + event.data.bytes.count + (event.name.utf8.count > 15 ? event.name.utf8.count : 0)
    }

    static func of(_ job: JobRecord) -> Int {
        var bytes = 768 + job.id.text.utf8.count + job.kind.utf8.count
        bytes += (job.input.text?.bytes.count ?? 0) + (job.result?.text?.bytes.count ?? 0)
        bytes += (job.owner?.utf8.count ?? 0)
        for text in job.viewers + job.uploads + (job.error?.stderr ?? []) { bytes += 32 + text.utf8.count }
        if let error = job.error { bytes += error.code.utf8.count + error.message.utf8.count }
        return bytes
    }

    static func of(_ channel: ChannelRecord) -> Int { 256 + channel.name.utf8.count }
    static func of(_ message: MessageRecord) -> Int { 64 + message.body.bytes.count }
    static func of(_ key: IdempotencyRecord) -> Int { 256 + key.key.utf8.count }
    static func of(_ upload: UploadRecord) -> Int { 256 + upload.name.utf8.count + upload.contentType.utf8.count }
    static let publication = 96
    static let name = 64
}
