// Which of the offered forms a request wants (RFC 9110 section 12.5.1).

enum AcceptHeader {
    /// The media types that the server answers with on the routes of logs.
    enum Form: Equatable {
        case stream
        case json
    }

    /// The best of what the header names, the stream when it names nothing; nil when it wants neither.
    static func form(_ header: String?) -> Form? {
        // What EventSource sends needs no parser.
        if header == "text/event-stream" { return .stream }
        guard let header, header.contains(where: { $0 != " " && $0 != "," }) else { return .stream }
        let stream = quality("text/event-stream", in: header)
        let json = quality("application/json", in: header)
        if stream > 0, stream >= json { return .stream }
        return json > 0 ? .json : nil
    }

    /// 0 to 1 of a media type: by the most specific range that covers it.
    static func quality(_ type: String, in header: String) -> Double {
        let family = type.prefix { $0 != "/" } + "/*"
        var best = (specificity: 0, quality: 0.0)
        for range in header.split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first else { continue }
            let specificity = name == type ? 3 : name == family ? 2 : name == "*/*" ? 1 : 0
            guard specificity > best.specificity else { continue }
            var quality = 1.0
            for parameter in parts.dropFirst() where parameter.hasPrefix("q=") {
                quality = min(1, max(0, Double(parameter.dropFirst(2)) ?? 1))
            }
            best = (specificity, quality)
        }
        return best.quality
    }
}
